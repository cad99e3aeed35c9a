//! The host that an export is named after.

use std::path::Path;
use std::sync::Arc;

/// What people add to a host's name when they name an export after it.
const EXPORT_WORDS: &[&str] = &[
    "adapter",
    "adapters",
    "addresses",
    "all",
    "facts",
    "get",
    "interfaces",
    "inventory",
    "ip",
    "ipaddress",
    "ipconfig",
    "netadapter",
    "netip",
    "netipaddress",
    "nic",
    "nicconfig",
    "nics",
    "osquery",
    "setup",
    "wmic",
];

/// Endings of exports; anything else after a dot is the host's domain (`srv1.alpha.example.com`).
const EXTENSIONS: &[&str] =
    &["csv", "json", "jsonl", "log", "ndjson", "out", "pcap", "pcapng", "tsv", "txt", "xml"];

/// The host that a path suggests: the file's name, else the folder's (`SRV9/ipconfig.txt`).
pub fn host_of_path(path: &Path) -> Option<Arc<str>> {
    host_of_file_name(path)
}

/// The host an export is named after: `SRV1_ipconfig.txt`, `ipconfig-srv1.alpha.example.com.txt`, `srv1.csv`.
/// `None` when the name only says what the file is (`adapters.csv`).
fn host_of_file_name(path: &Path) -> Option<Arc<str>> {
    let name = path.file_name()?.to_string_lossy();
    let mut host: &str = &name;
    while let Some((stem, extension)) = host.rsplit_once('.') {
        if !EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension)) {
            break;
        }
        host = stem;
    }
    let is_word = |word: &str| EXPORT_WORDS.iter().any(|w| w.eq_ignore_ascii_case(word));
    let separators = ['-', '_', ' '];
    loop {
        if let Some((rest, word)) = host.rsplit_once(separators)
            && is_word(word)
        {
            host = rest;
        } else if let Some((word, rest)) = host.split_once(separators)
            && is_word(word)
        {
            host = rest;
        } else {
            break;
        }
    }
    let host = host.trim_matches(separators);
    (!host.is_empty() && !is_word(host)).then(|| Arc::from(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_file_names() {
        let cases = [
            ("SRV1.csv", Some("SRV1")),
            ("out/SRV1_ipconfig.txt", Some("SRV1")),
            ("ipconfig-all-srv1.alpha.example.com.txt", Some("srv1.alpha.example.com")),
            ("srv1.alpha.example.com", Some("srv1.alpha.example.com")),
            ("srv-ip-01.csv", Some("srv-ip-01")),
            ("Get-NetIPAddress.csv", None),
            ("adapters.csv", None),
            ("ip-addresses.txt", None),
            (".csv", None),
        ];
        for (name, host) in cases {
            assert_eq!(host_of_file_name(Path::new(name)).as_deref(), host, "{name}");
        }
    }
}
