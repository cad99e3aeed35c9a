//! Reads the address inventories in files, folders and archives. Each file is recognised by its content.

use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::adapter_join::join;
use super::collector::{AddressCollector, AllAddresses, DefaultHost};
use super::format::{Format, Reader, Refusal, Sample};
use super::host_names::{host_of_archive, host_of_path};
use super::model::AddressInventory;
use super::powershell_json;
use super::registry::FORMATS;
use crate::files::archived_files::ArchivedFile;
use crate::files::unread;
use crate::inventory::InventoryFile;
use crate::inventory::foreign_file::ForeignFile;
use crate::inventory::input_files::{self, InventoryInput, OpenInput};
use crate::text::decode::decode;
use crate::text::{beginning, unquoted};

/// Maximum number of bytes of a text that is read into memory. Ten million rows of the project's CSV are about half of it.
/// Captures are streamed and have no limit.
const MAX_TEXT: u64 = 1 << 30;

/// Options for reading the inventories of a run.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `--host`: the host of rows without a host name. Without it, the file's name gives the host.
    pub host: Option<String>,
}

/// Largest file of an archive that is read, in bytes. It is unpacked in memory.
const MAX_MEMBER: u64 = 256 << 20;

/// Advice for a folder or an archive without any inventory.
const KINDS: &str = "give exports of addresses, see docs/inventories.md";

/// Reads the files at `paths` and those in folders and archives. A folder may also hold logs, account lists and reports,
/// which are skipped.
///
/// Never fails as a whole. [`AddressInventory::files`] has the files that could not be read, and what to do about each.
pub fn load(paths: &[PathBuf], options: &LoadOptions) -> AddressInventory {
    let mut all = AllAddresses::default();
    for input in input_files::inputs(paths, KINDS) {
        let unread = match input {
            InventoryInput::File(found) => {
                input_files::open(&found, KINDS, &mut |file, opened| match opened {
                    OpenInput::File(mut content, named) => {
                        let host = default_host(&found.path, options);
                        let origin = if named { Origin::Named } else { Origin::Folder };
                        read_guarded(&mut content, origin, file, host, &mut all);
                        true
                    }
                    OpenInput::Member(member) => read_member(member, &found.path, file, options, &mut all),
                })
            }
            InventoryInput::Error(file) => Some(file),
        };
        all.inventory.files.extend(unread);
    }
    join(&mut all);
    all.inventory.files.retain(|file| !file.has_nothing_to_report());
    all.inventory
}

/// Reads a file in an archive. A file that is not an address inventory is skipped, as in a folder. Returns whether it was one.
fn read_member(
    member: ArchivedFile<'_>,
    archive: &Path,
    mut file: InventoryFile,
    options: &LoadOptions,
    all: &mut AllAddresses,
) -> bool {
    let mut content = Vec::new();
    let mut read = member.reader.take(Sample::BYTES as u64).read_to_end(&mut content);
    // Most members are logs, which would fill memory.
    if read.is_ok() && ForeignFile::sniff(&content).is_some() {
        return false;
    }
    read = read.and_then(|_| member.reader.take(MAX_MEMBER).read_to_end(&mut content));
    let problem = match read {
        Err(error) => format!("it cannot be unpacked: {error}; copy or make the archive again"),
        Ok(n) if n as u64 == MAX_MEMBER => {
            format!("larger than {} MiB in an archive: unpack it", MAX_MEMBER >> 20)
        }
        Ok(_) => {
            // A file of an archive in an archive has both names; the last one is its own.
            let name = member.name.rsplit('!').next().unwrap_or_default();
            let suggested = host_of_path(Path::new(name)).or_else(|| host_of_archive(archive));
            let host = DefaultHost { stated: options.host.as_deref().map(Arc::from), suggested };
            read_guarded(&mut Cursor::new(content), Origin::Archive, file, host, all);
            return all.inventory.files.last().is_some_and(|file| !file.has_nothing_to_report());
        }
    };
    file.read_errors.push(problem);
    all.inventory.files.push(file);
    true
}

/// Reads a file's content. If the reader panics, only this file is lost.
fn read_guarded(
    content: &mut (dyn Read + Send),
    origin: Origin,
    file: InventoryFile,
    host: DefaultHost,
    all: &mut AllAddresses,
) {
    let path = Arc::clone(&file.path);
    let read = catch_unwind(AssertUnwindSafe(|| {
        read_from(content, origin, AddressCollector::new(all, file, host));
    }));
    if read.is_err() {
        all.inventory.files.push(InventoryFile::for_failed_reader(Path::new(&*path)));
    }
}

/// Reads bytes as the content of a file with this name.
pub fn load_bytes(name: &str, bytes: &[u8], options: &LoadOptions) -> AddressInventory {
    let mut all = AllAddresses::default();
    let path = Path::new(name);
    let to = AddressCollector::new(&mut all, InventoryFile::at(path), default_host(path, options));
    read_from(&mut Cursor::new(bytes), Origin::Named, to);
    join(&mut all);
    all.inventory
}

fn default_host(path: &Path, options: &LoadOptions) -> DefaultHost {
    DefaultHost { stated: options.host.as_deref().map(Arc::from), suggested: host_of_path(path) }
}

/// The origin of a file. It decides whether a file that is not an address inventory is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The user passed its path.
    Named,
    Folder,
    Archive,
}

impl Origin {
    fn skips(self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::Foreign(_) => self != Self::Named,
            Refusal::Unknown(_) => self == Self::Archive,
            Refusal::LostData { .. } | Refusal::Unreadable(_) => false,
        }
    }
}

fn read_from(input: &mut (dyn Read + Send), origin: Origin, mut to: AddressCollector<'_>) {
    if let Err(refusal) = recognise_and_read(input, &mut to) {
        if matches!(refusal, Refusal::LostData { .. }) {
            to.discard();
        }
        if !origin.skips(&refusal) {
            to.report(0, refusal);
        }
    }
    if to.is_silent() && to.kind() != "" {
        let problem =
            format!("it looks like {}, and no host, address or name could be read from it", to.kind());
        to.report(0, problem);
    }
    to.finish();
}

fn recognise_and_read(input: &mut (dyn Read + Send), to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let unreadable = |error: io::Error| Refusal::Unreadable(format!("cannot be read: {error}"));
    let mut head = Vec::new();
    input.take(Sample::BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    let empty = || Refusal::Unknown("the file is empty".to_owned());
    if head.is_empty() {
        return Err(empty());
    }
    let sample = Sample::new(&head, "");
    for format in FORMATS {
        if let Reader::Stream(read) = format.read
            && (format.recognise)(&sample)
        {
            to.set_kind(format.name);
            return read(&mut Cursor::new(&head).chain(input), to);
        }
    }
    // Check this before reading the whole file: a log may be larger than memory.
    if let Some(foreign) = ForeignFile::sniff(&head) {
        return Err(Refusal::Foreign(foreign.advice()));
    }
    input.take(MAX_TEXT).read_to_end(&mut head).map_err(unreadable)?;
    if head.len() as u64 > MAX_TEXT {
        return Err(Refusal::Unreadable(format!(
            "larger than {} MiB: split it, each part with its header",
            MAX_TEXT >> 20
        )));
    }
    let mut text = decode(&head);
    if text.trim().is_empty() {
        return Err(empty());
    }
    if let Some(of_mail) = unquoted(&text) {
        text = of_mail.into();
    }
    let Some((format, read)) = recognise(&head, &text) else {
        let head = head.get(..Sample::BYTES).unwrap_or(&head);
        if is_events(&Sample::new(head, beginning(&text, Sample::BYTES))) {
            return Err(Refusal::Foreign(ForeignFile::Events.advice()));
        }
        return Err(ForeignFile::recognise(head)
            .map_or_else(|| unknown_kind(head), |foreign| Refusal::Foreign(foreign.advice())));
    };
    to.set_kind(format.name);
    read(&text, to)
}

/// The reader of a text format.
type ReadText = fn(&str, &mut AddressCollector<'_>) -> Result<(), Refusal>;

fn recognise(bytes: &[u8], text: &str) -> Option<(&'static Format, ReadText)> {
    let head = bytes.get(..Sample::BYTES.min(bytes.len())).unwrap_or_default();
    let start = beginning(text, Sample::BYTES);
    let sample = Sample::new(head, start);
    FORMATS.iter().find_map(|format| match format.read {
        Reader::Text(read) if (format.recognise)(&sample) => Some((format, read)),
        _ => None,
    })
}

/// Does the text hold events as JSON or CSV, of any tool?
fn is_events(sample: &Sample<'_>) -> bool {
    let members = powershell_json::EVENT.iter().filter(|key| sample.has_key(key)).count();
    (sample.is_json() && members > 0) || sample.has(&["eventid"]) || sample.has(&["eventrecordid"])
}

fn unknown_kind(head: &[u8]) -> Refusal {
    if let Some(described) = unread::describe(head) {
        return Refusal::Unknown(described.to_owned());
    }
    let kinds: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    Refusal::Unknown(format!(
        "not an inventory of a known kind; give a CSV with the columns host and address, or one of: {}",
        kinds.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_kind_lists_the_kinds() {
        let inventory = load_bytes("notes.txt", b"hello\nworld\n", &LoadOptions::default());
        let problem = &inventory.files[0].read_errors[0];
        assert!(
            problem.starts_with(
                "not an inventory of a known kind; give a CSV with the columns host and address"
            ),
            "{problem}"
        );
        for format in FORMATS {
            assert!(problem.contains(format.name));
        }
        assert_eq!(inventory.files[0].kind, "");
    }

    #[test]
    fn what_belongs_elsewhere_is_passed_over_in_a_folder_and_named_with_where_it_belongs() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content, advice) in [
            ("System.evtx", &b"ElfFile\0"[..], "pass it without --interfaces"),
            ("spns.csv", b"account,domain,spn\nSRV1$,a.example,host/srv1\n", "pass it with --spns"),
            (
                "report.csv",
                b"incident_id,problem_id,status\n",
                "pass the files from which the report was made",
            ),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let named = load(&[path], &LoadOptions::default());
            assert!(named.files[0].read_errors[0].contains(advice), "{:?}", named.files);
        }
        std::fs::write(folder.path().join("a.csv"), "host,address\nSRV1,192.0.2.1\n").unwrap();
        let found = load(&[folder.path().to_path_buf()], &LoadOptions::default());
        assert_eq!(found.owned.len(), 1);
        assert_eq!(found.files.iter().map(|f| f.kind).collect::<Vec<_>>(), ["krbtriage CSV"]);
        std::fs::write(folder.path().join("notes.txt"), "hello\n").unwrap();
        let found = load(&[folder.path().to_path_buf()], &LoadOptions::default());
        assert_eq!(found.files.iter().map(|f| f.read_errors.len()).sum::<usize>(), 1, "{:?}", found.files);
    }

    #[test]
    fn an_empty_or_missing_file_is_named() {
        for nothing in [&b""[..], b"\r\n \r\n", b"\xff\xfe", b"\xff\xfe\r\0\n\0"] {
            let inventory = load_bytes("x.csv", nothing, &LoadOptions::default());
            assert_eq!(inventory.files[0].read_errors, ["the file is empty"]);
        }
        let missing = PathBuf::from("no-such-folder/no-such-file.csv");
        let inventory = load(&[missing], &LoadOptions::default());
        assert!(inventory.files[0].read_errors[0].starts_with("there is no such file; check"));
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
