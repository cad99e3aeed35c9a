//! Passes the files of an archive to readers of inventories, one after the other. Nothing is unpacked to disk.
//!
//! The scan of logs does not use this: it shares the members of an archive between threads. Limits and refusals are the
//! same.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::archive;
use super::kind::{FileKind, SNIFF_LEN, sniff, sniff_open};
use super::modified;
use super::unpack::{ArchiveError, Budget, each_tar_file, gunzip, unzstd};

/// Deepest nesting of archives that is read: `logs.zip`, `SRV1.tar.gz` in it, and the tape archive in that.
const MAX_DEPTH: usize = 3;

/// A file in an archive, ready to be read.
pub(crate) struct ArchivedFile<'m> {
    /// Path of the archive and name in it: `collected.zip!SRV1/ipconfig.txt`.
    pub path: PathBuf,
    /// Name in the archive: `SRV1/ipconfig.txt`. It may contain anything, including control characters.
    pub name: String,
    /// Modification time, as the archive states it.
    pub modified: Option<Timestamp>,
    pub reader: &'m mut dyn Read,
}

/// Receives the files of an archive.
pub(crate) type ArchivedFileCallback<'f> = &'f mut dyn FnMut(ArchivedFile<'_>);

/// The kind of an archive or packed file; `None` for any other file and for one that cannot be read.
pub(crate) fn archive_kind(file: &File) -> Option<FileKind> {
    sniff_open(file).ok().filter(|kind| kind.is_archive())
}

/// Passes each file in the archive at `path` to `callback`. Returns the errors of files that could not be read.
pub(crate) fn each_archived_file(
    path: &Path,
    kind: FileKind,
    callback: ArchivedFileCallback<'_>,
) -> Vec<String> {
    let mut archive = Archive { path, read_errors: Vec::new(), callback };
    if let Err(error) = archive.read(kind) {
        archive.read_errors.push(format!("it is not read: {error}"));
    }
    archive.read_errors
}

/// An archive that is being read.
struct Archive<'a, 'f> {
    path: &'a Path,
    read_errors: Vec<String>,
    callback: ArchivedFileCallback<'f>,
}

/// A file in an archive that may be an archive itself.
struct ArchiveEntry<'c> {
    kind: FileKind,
    name: String,
    modified: Option<Timestamp>,
    /// Number of archives that it is in.
    depth: usize,
    reader: &'c mut dyn Read,
}

impl Archive<'_, '_> {
    fn read(&mut self, kind: FileKind) -> Result<(), ArchiveError> {
        if kind == FileKind::Zip {
            return self.read_zip();
        }
        let file = File::open(self.path)?;
        let metadata = file.metadata()?;
        let entry = ArchiveEntry {
            kind,
            name: without_packed_extension(&self.path.file_name().unwrap_or_default().to_string_lossy()),
            modified: modified(&metadata),
            depth: 0,
            reader: &mut io::BufReader::new(file),
        };
        self.read_entry(entry, &Budget::new(metadata.len()));
        Ok(())
    }

    fn read_zip(&mut self) -> Result<(), ArchiveError> {
        let listing = archive::list_members(self.path)?;
        self.read_errors.extend(listing.read_errors);
        let budget = &listing.budget;
        for member in &listing.members {
            for file in &member.files {
                if let Some(refusal) = &file.refusal {
                    self.read_errors.push(format!("{}: it is not read: {refusal}", file.name));
                }
            }
            let path = self.path;
            member.read(path, budget, |_| true, &mut |index, content| {
                let Some(file) = member.files.get(index) else { return };
                let name = file.name.clone();
                match content {
                    Ok(reader) => {
                        let (kind, modified) = (file.kind, file.written);
                        self.read_entry(ArchiveEntry { kind, name, modified, depth: 1, reader }, budget);
                    }
                    Err(error) => self.read_errors.push(format!("{name}: it is not read: {error}")),
                }
            });
        }
        Ok(())
    }

    /// Passes a file to the callback. If the file is an archive, passes each file in it instead.
    fn read_entry(&mut self, entry: ArchiveEntry<'_>, budget: &Budget) {
        let ArchiveEntry { kind, name, modified, depth, reader } = entry;
        let is_too_deep = depth >= MAX_DEPTH || kind == FileKind::Zip;
        match kind {
            kind if kind.is_archive() && is_too_deep => {
                self.read_errors
                    .push(format!("{name}: an archive in an archive is not read; unpack the outer one"));
            }
            FileKind::Gzip => {
                let reader = &mut gunzip(reader, budget);
                self.read_unpacked(ArchiveEntry { kind, name, modified, depth, reader }, budget);
            }
            FileKind::Zstd => match unzstd(reader, budget) {
                Ok(mut unpacked) => {
                    let reader = &mut unpacked;
                    self.read_unpacked(ArchiveEntry { kind, name, modified, depth, reader }, budget);
                }
                Err(error) => self.read_errors.push(format!("{name}: it cannot be unpacked: {error}")),
            },
            FileKind::Tar => {
                let prefix = if self.is_outermost(&name) { String::new() } else { format!("{name}!") };
                let done = each_tar_file(reader, budget, &prefix, |file| {
                    let (kind, name, modified, reader) = (file.kind, file.name, file.written, file.content);
                    self.read_entry(ArchiveEntry { kind, name, modified, depth: depth + 1, reader }, budget);
                });
                self.read_errors.extend(done.err());
            }
            FileKind::OtherArchive => {
                self.read_errors.push(format!("{name}: {}", kind.refusal().unwrap_or_default()));
            }
            _ => {
                let path = match self.is_outermost(&name) {
                    true => self.path.to_path_buf(),
                    false => format!("{}!{name}", self.path.display()).into(),
                };
                (self.callback)(ArchivedFile { path, name, modified, reader });
            }
        }
    }

    /// Reads the content of a `.gz` or `.zst` file. `packed.reader` is already unpacked.
    fn read_unpacked(&mut self, packed: ArchiveEntry<'_>, budget: &Budget) {
        let ArchiveEntry { name, depth, reader, .. } = packed;
        let mut head = Vec::new();
        if let Err(error) = reader.take(SNIFF_LEN as u64).read_to_end(&mut head)
            && head.is_empty()
        {
            return self
                .read_errors
                .push(format!("{name}: it cannot be unpacked: {error}; copy or make it again"));
        }
        let entry = ArchiveEntry {
            kind: sniff(&head),
            name: if depth > 0 { without_packed_extension(&name) } else { name },
            depth: depth + 1,
            reader: &mut head.as_slice().chain(reader),
            ..packed
        };
        self.read_entry(entry, budget);
    }

    /// Is it the file at the archive's path, perhaps unpacked, and not a member of it?
    fn is_outermost(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|own| without_packed_extension(&own.to_string_lossy()) == name)
    }
}

/// Removes the extension `.gz` or `.zst`.
fn without_packed_extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, end)) if ["gz", "zst"].iter().any(|e| end.eq_ignore_ascii_case(e)) => stem.to_owned(),
        _ => name.to_owned(),
    }
}
