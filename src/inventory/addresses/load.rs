//! Files and folders become rows: each file is recognised by its content and read once.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::AddressInventory;
use super::format::{FORMATS, Format, Reader, Refusal, Sample};
use super::join::join;
use super::rows::{Collected, Rows};
use crate::files::describe_read_error;
use crate::inventory::other::Other;
use crate::inventory::text::{beginning, decode};

/// Text read into memory at most; ten million rows of the project's CSV are about half of it.
/// Captures are streamed and have no limit.
const MAX_TEXT: u64 = 1 << 30;

/// What the user said about the inventories as a whole.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `--host`: the host of rows that name none. Without it, the file's name tells.
    pub host: Option<String>,
}

/// Reads every file named or found in a folder named, where logs, account lists and reports may lie beside the exports and
/// are passed over. Never fails as a whole: what could not be read is in
/// [`AddressInventory::files`], each with what to do about it.
pub fn load(paths: &[PathBuf], options: &LoadOptions) -> AddressInventory {
    let mut all = Collected::default();
    for path in paths {
        if !path.is_dir() {
            read_path(path, true, options, &mut all);
            continue;
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => read_path(entry.path(), false, options, &mut all),
                Ok(_) => {}
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_path_buf();
                    failed(&at, &error.to_string(), &mut all);
                }
            }
        }
    }
    join(&mut all);
    all.inventory.files.retain(|file| !file.is_passed_over());
    all.inventory
}

/// The same for one file's bytes under the name a file would have.
pub fn load_bytes(name: &str, bytes: &[u8], options: &LoadOptions) -> AddressInventory {
    let mut all = Collected::default();
    let rows = Rows::new(&mut all, Arc::from(name), default_host(Path::new(name), options));
    read_from(&mut Cursor::new(bytes), true, rows);
    join(&mut all);
    all.inventory
}

fn read_path(path: &Path, named: bool, options: &LoadOptions, all: &mut Collected) {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return failed(path, &describe_read_error(path, &error), all),
    };
    let rows = Rows::new(all, display(path), default_host(path, options));
    read_from(&mut file, named, rows);
}

fn failed(path: &Path, problem: &str, all: &mut Collected) {
    let mut rows = Rows::new(all, display(path), None);
    rows.problem(0, problem);
    rows.finish();
}

fn read_from(input: &mut (dyn Read + Send), named: bool, mut rows: Rows<'_>) {
    if let Err(refusal) = recognise_and_read(input, &mut rows) {
        if matches!(refusal, Refusal::LostData { .. }) {
            rows.discard();
        }
        if named || !matches!(refusal, Refusal::Other(_)) {
            rows.problem(0, refusal);
        }
    }
    rows.finish();
}

fn recognise_and_read(input: &mut (dyn Read + Send), rows: &mut Rows<'_>) -> Result<(), Refusal> {
    let unreadable = |error: io::Error| Refusal::Unreadable(format!("cannot be read: {error}"));
    let mut head = Vec::new();
    input.take(Sample::BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    let empty = || Refusal::Unreadable("the file is empty".to_owned());
    if head.is_empty() {
        return Err(empty());
    }
    let sample = Sample::new(&head, "");
    for format in FORMATS {
        if let Reader::Stream(read) = format.read
            && (format.detect)(&sample)
        {
            rows.set_kind(format.name);
            return read(&mut Cursor::new(&head).chain(input), rows);
        }
    }
    // Before it is read whole: a log may be larger than memory.
    if let Some(other) = Other::by_bytes(&head) {
        return Err(Refusal::Other(other));
    }
    input.take(MAX_TEXT).read_to_end(&mut head).map_err(unreadable)?;
    if head.len() as u64 > MAX_TEXT {
        return Err(Refusal::Unreadable(format!(
            "larger than {} MiB: split it, each part with its header",
            MAX_TEXT >> 20
        )));
    }
    let text = decode(&head);
    if text.trim().is_empty() {
        return Err(empty());
    }
    let Some((format, read)) = recognise(&head, &text) else {
        let head = head.get(..Sample::BYTES).unwrap_or(&head);
        return Err(Other::of(head).map_or_else(unknown_kind, Refusal::Other));
    };
    rows.set_kind(format.name);
    read(&text, rows)
}

type TextReader = fn(&str, &mut Rows<'_>) -> Result<(), Refusal>;

fn recognise(bytes: &[u8], text: &str) -> Option<(&'static Format, TextReader)> {
    let head = bytes.get(..Sample::BYTES.min(bytes.len())).unwrap_or_default();
    let start = beginning(text, Sample::BYTES);
    let sample = Sample::new(head, start);
    FORMATS.iter().find_map(|format| match format.read {
        Reader::Text(read) if (format.detect)(&sample) => Some((format, read)),
        _ => None,
    })
}

fn unknown_kind() -> Refusal {
    let kinds: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    Refusal::Unreadable(format!("not an inventory of a known kind; the kinds are: {}", kinds.join(", ")))
}

fn display(path: &Path) -> Arc<str> {
    Arc::from(path.to_string_lossy())
}

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

fn default_host(path: &Path, options: &LoadOptions) -> Option<Arc<str>> {
    options.host.as_deref().map(Arc::from).or_else(|| host_of_file_name(path))
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

    #[test]
    fn an_unknown_kind_lists_the_kinds() {
        let inventory = load_bytes("notes.txt", b"hello\nworld\n", &LoadOptions::default());
        let problem = &inventory.files[0].problems[0];
        assert!(problem.starts_with("not an inventory of a known kind; the kinds are: "), "{problem}");
        for format in FORMATS {
            assert!(problem.contains(format.name));
        }
        assert_eq!(inventory.files[0].kind, "");
    }

    #[test]
    fn what_belongs_elsewhere_is_passed_over_in_a_folder_and_named_with_where_it_belongs() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("System.evtx", &b"ElfFile\0"[..]),
            ("spns.csv", b"account,domain,spn\nSRV1$,a.example,host/srv1\n"),
            ("report.csv", b"incident_id,problem_id,status\n"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let named = load(&[path], &LoadOptions::default());
            assert!(named.files[0].problems[0].contains("name"), "{:?}", named.files);
        }
        std::fs::write(folder.path().join("a.csv"), "host,address\nSRV1,192.0.2.1\n").unwrap();
        let found = load(&[folder.path().to_path_buf()], &LoadOptions::default());
        assert_eq!(found.owned.len(), 1);
        assert_eq!(found.files.iter().map(|f| f.kind).collect::<Vec<_>>(), ["krbtriage CSV"]);
        std::fs::write(folder.path().join("notes.txt"), "hello\n").unwrap();
        let found = load(&[folder.path().to_path_buf()], &LoadOptions::default());
        assert_eq!(found.files.iter().map(|f| f.problems.len()).sum::<usize>(), 1, "{:?}", found.files);
    }

    #[test]
    fn an_empty_or_missing_file_is_named() {
        for nothing in [&b""[..], b"\r\n \r\n", b"\xff\xfe", b"\xff\xfe\r\0\n\0"] {
            let inventory = load_bytes("x.csv", nothing, &LoadOptions::default());
            assert_eq!(inventory.files[0].problems, ["the file is empty"]);
        }
        let missing = PathBuf::from("no-such-folder/no-such-file.csv");
        let inventory = load(&[missing], &LoadOptions::default());
        assert!(inventory.files[0].problems[0].starts_with("there is no such file; check"));
    }

    #[test]
    fn folders_are_searched_in_a_fixed_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for (name, host) in [("b/two.csv", "SRV2"), ("a.csv", "SRV1"), ("c.csv", "SRV3")] {
            std::fs::write(folder.path().join(name), format!("host,address\n{host},192.0.2.1\n")).unwrap();
        }
        let inventory = load(&[folder.path().to_path_buf()], &LoadOptions::default());
        let hosts: Vec<&str> = inventory.owned.iter().map(|o| &*o.host).collect();
        assert_eq!(hosts, ["SRV1", "SRV2", "SRV3"]);
    }
}
