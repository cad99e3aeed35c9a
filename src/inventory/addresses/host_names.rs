//! Finds the host after which an export is named, and completes short names.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::collector::is_host_name;

/// Words that people add to a host's name in an export's name.
const EXPORT_WORDS: &[&str] = &[
    "adapter",
    "adapters",
    "addresses",
    "all",
    "clixml",
    "config",
    "facter",
    "facts",
    "get",
    "hosts",
    "interfaces",
    "inventory",
    "ip",
    "ipaddress",
    "ipconfig",
    "ipconfigall",
    "names",
    "net",
    "netadapter",
    "netip",
    "netipaddress",
    "netipconfiguration",
    "netsh",
    "network",
    "nic",
    "nicconfig",
    "nics",
    "nslookup",
    "ohai",
    "osquery",
    "ping",
    "resolve",
    "setup",
    "systeminfo",
    "wmic",
];

/// File extensions of exports. Anything else after a dot is the host's domain (`srv1.alpha.example.com`).
const EXTENSIONS: &[&str] =
    &["csv", "json", "jsonl", "log", "ndjson", "out", "pcap", "pcapng", "tsv", "txt", "xml"];

/// The host that a path suggests, by the name of the file, or else of the folder (`SRV9/ipconfig.txt`, as collectors write it).
pub(super) fn host_of_path(path: &Path) -> Option<Arc<str>> {
    host_of_file_name(path).or_else(|| host_of_folder(path.parent()?))
}

/// The host after which an archive of one host's exports is named: `SRV1.zip`.
pub(super) fn host_of_archive(path: &Path) -> Option<Arc<str>> {
    host_of_folder(Path::new(path.file_name()?.to_str()?.split('.').next()?))
}

/// Completes a short host name with its DNS domain. A full name stays as written. So does a short name if the domain has no dot,
/// because that is a workgroup.
pub(super) fn with_domain(host: &str, domain: &str) -> String {
    match host.is_empty() || host.contains('.') || !domain.contains('.') {
        true => host.to_owned(),
        false => format!("{host}.{domain}"),
    }
}

/// A folder is named after a host if it is a full name, or letters and a number of up to three digits.
/// `exports` and `2026-01-05` are not hosts.
fn host_of_folder(folder: &Path) -> Option<Arc<str>> {
    let name = folder.file_name()?.to_str()?;
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = (1..=3).contains(&(name.len() - stem.len())) && stem.starts_with(char::is_alphabetic);
    (is_host_name(name) && (numbered || name.contains('.'))).then(|| Arc::from(name))
}

/// Matches a date in a name, with an optional time of day: `2024-01-05`, `20240105_2359`, `05.01.2024`.
fn date() -> Option<&'static Regex> {
    static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let year_first = r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d";
        let year_last = r"[0-3]?\d[-_.][01]?\d[-_.](?:19|20)\d\d";
        let time = r"(?:[-_ T]?[0-2]\d[-_.]?[0-5]\d(?:[-_.]?[0-5]\d)?)?";
        Regex::new(&format!(r"(^|[-_ .])(?:{year_first}|{year_last}){time}(?:$|[-_ .])")).ok()
    });
    DATE.as_ref()
}

/// The host after which an export is named: `SRV1_ipconfig.txt`, `ipconfig-srv1.alpha.example.com.txt`,
/// `srv1.csv`. `None` if the name only says what the file is (`adapters.csv`).
fn host_of_file_name(path: &Path) -> Option<Arc<str>> {
    let name = path.file_name()?.to_string_lossy();
    let mut host: &str = &name;
    while let Some((stem, extension)) = host.rsplit_once('.') {
        if !EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension)) {
            break;
        }
        host = stem;
    }
    let undated = date().map_or(Cow::Borrowed(host), |date| date.replace(host, "$1"));
    host = &undated;
    let is_word = |word: &str| EXPORT_WORDS.iter().any(|w| w.eq_ignore_ascii_case(word));
    // `srv1.ipconfig`, `ipconfig.SRV1`.
    if let Some((rest, word)) = host.rsplit_once('.')
        && is_word(word)
    {
        host = rest;
    } else if let Some((word, rest)) = host.split_once('.')
        && is_word(word)
    {
        host = rest;
    }
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
    (is_host_name(host) && !is_word(host)).then(|| Arc::from(host))
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
            ("2024-01-05_SRV1_ipconfig.txt", Some("SRV1")),
            ("SRV1_20240105.txt", Some("SRV1")),
            ("SRV1-2024-01-05_2359.txt", Some("SRV1")),
            ("ipconfig_05.01.2024_srv1.alpha.example.com.txt", Some("srv1.alpha.example.com")),
            ("SRV_01.csv", Some("SRV_01")),
            ("20240105.txt", None),
            ("network.txt", None),
            ("ipconfigall.txt", None),
            ("ipconfig.SRV1.txt", Some("SRV1")),
            ("srv1.ipconfig", Some("srv1")),
            ("SRV9/ipconfig.txt", Some("SRV9")),
            ("srv9.alpha.example.com/ipconfig.txt", Some("srv9.alpha.example.com")),
            ("exports/ipconfig.txt", None),
            ("exports2026/ipconfig.txt", None),
            ("2026-01-05/ipconfig.txt", None),
        ];
        for (name, host) in cases {
            assert_eq!(host_of_path(Path::new(name)).as_deref(), host, "{name}");
        }
    }
}
