//! The files in an archive, one after the other, for readers of inventories. The scan of logs reads archives
//! itself, because it shares their members between threads; limits and refusals are the same.
//!
//! Nothing is unpacked to disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::archive::{self, Budget, gunzip, spending, unzstd};
use super::kind::{Kind, SNIFF_LEN, sniff};
use super::modified;
use crate::io_util::read_full_at;

/// Archives inside archives that are opened: `logs.zip`, `SRV1.tar.gz` in it, the tape archive in that.
const MAX_DEPTH: usize = 3;

/// A file in an archive.
pub(crate) struct Member<'m> {
    /// `collected.zip!SRV1/ipconfig.txt`.
    pub path: PathBuf,
    /// `SRV1/ipconfig.txt`. It may contain anything, including control characters.
    pub name: String,
    /// When the file was written, as the archive has it.
    pub modified: Option<Timestamp>,
    pub reader: &'m mut dyn Read,
}

/// Takes a member.
pub(crate) type EachMember<'f> = &'f mut dyn FnMut(Member<'_>);

/// The kind of an archive or packed file; `None` for any other file.
pub(crate) fn archive_kind(file: &File) -> Option<Kind> {
    let mut head = [0; SNIFF_LEN];
    let n = read_full_at(file, &mut head, 0).ok()?;
    Some(sniff(head.get(..n).unwrap_or_default())).filter(|kind| kind.is_archive())
}

/// Passes each file in the archive at `path` to `each`. Returns why members were not read.
pub(crate) fn each_member(path: &Path, kind: Kind, each: EachMember<'_>) -> Vec<String> {
    let mut archive = Archive { path, written: None, problems: Vec::new(), each };
    if let Err(error) = archive.read(kind) {
        archive.problems.push(format!("it is not read: {error}"));
    }
    archive.problems
}

struct Archive<'a, 'f> {
    path: &'a Path,
    written: Option<Timestamp>,
    problems: Vec<String>,
    each: EachMember<'f>,
}

impl Archive<'_, '_> {
    fn read(&mut self, kind: Kind) -> Result<(), archive::ArchiveError> {
        let file = File::open(self.path)?;
        let metadata = file.metadata()?;
        self.written = modified(&metadata);
        if kind == Kind::Zip {
            return self.zip();
        }
        let name = unpacked_name(&self.path.file_name().unwrap_or_default().to_string_lossy());
        self.content(
            kind,
            name,
            self.written,
            &mut io::BufReader::new(file),
            &Budget::new(metadata.len()),
            0,
        );
        Ok(())
    }

    fn zip(&mut self) -> Result<(), archive::ArchiveError> {
        let listing = archive::list(self.path)?;
        self.problems.extend(listing.read_errors);
        let budget = &listing.budget;
        for member in &listing.members {
            for part in &member.parts {
                if let Some(refusal) = &part.refusal {
                    self.problems.push(format!("{}: it is not read: {refusal}", part.name));
                }
            }
            let path = self.path;
            member.read_all(path, budget, &mut |part, unpacked| {
                let Some(part) = member.parts.get(part) else { return };
                match unpacked {
                    Ok(reader) => {
                        self.content(part.kind, part.name.clone(), part.written, reader, budget, 1);
                    }
                    Err(error) => self.problems.push(format!("{}: it is not read: {error}", part.name)),
                }
            });
        }
        Ok(())
    }

    /// Passes on a file, or what is packed in it.
    fn content(
        &mut self,
        kind: Kind,
        name: String,
        written: Option<Timestamp>,
        reader: &mut dyn Read,
        budget: &Budget,
        depth: usize,
    ) {
        let is_deep = depth >= MAX_DEPTH || kind == Kind::Zip;
        match kind {
            kind if kind.is_archive() && is_deep => {
                self.problems
                    .push(format!("{name}: an archive in an archive is not read; unpack the outer one"));
            }
            Kind::Gzip => self.unpacked(name, written, &mut gunzip(reader, budget), budget, depth),
            Kind::Zstd => match unzstd(reader, budget) {
                Ok(mut content) => self.unpacked(name, written, &mut content, budget, depth),
                Err(error) => self.problems.push(format!("{name}: it cannot be unpacked: {error}")),
            },
            Kind::Tar => self.tar(&name, reader, budget, depth),
            Kind::OtherArchive => {
                let refusal = kind.refusal().unwrap_or_default();
                self.problems.push(format!("{name}: {refusal}"));
            }
            _ => {
                let path = self.path_of(&name);
                (self.each)(Member { path, name, modified: written, reader });
            }
        }
    }

    fn unpacked(
        &mut self,
        name: String,
        written: Option<Timestamp>,
        reader: &mut dyn Read,
        budget: &Budget,
        depth: usize,
    ) {
        let mut head = Vec::new();
        if let Err(error) = reader.take(SNIFF_LEN as u64).read_to_end(&mut head)
            && head.is_empty()
        {
            return self
                .problems
                .push(format!("{name}: it cannot be unpacked: {error}; copy or make it again"));
        }
        let kind = sniff(&head);
        let name = if depth > 0 { unpacked_name(&name) } else { name };
        self.content(kind, name, written, &mut head.as_slice().chain(reader), budget, depth + 1);
    }

    fn tar(&mut self, outer: &str, reader: &mut dyn Read, budget: &Budget, depth: usize) {
        let mut tape = tar::Archive::new(spending(reader, budget));
        let entries = match tape.entries() {
            Ok(entries) => entries,
            Err(error) => {
                return self
                    .problems
                    .push(format!("it is not a whole archive ({error}); copy or make it again"));
            }
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let why = format!("reading of the archive stopped: {error}; copy or make it again");
                    return self.problems.push(why);
                }
            };
            let kind = entry.header().entry_type();
            if !(kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous()) {
                continue;
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = if self.is_whole(outer) { name } else { format!("{outer}!{name}") };
            let seconds = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
            let written = seconds.filter(|s| *s > 0).and_then(|s| Timestamp::from_second(s).ok());
            let mut head = Vec::new();
            if let Err(error) = entry.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head) {
                let why = format!("{name}: reading stopped: {error}; copy or make it again");
                return self.problems.push(why);
            }
            let kind = sniff(&head);
            self.content(kind, name, written, &mut head.as_slice().chain(entry), budget, depth + 1);
        }
    }

    /// Is it the archive itself, perhaps unpacked, and not a member of it?
    fn is_whole(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|own| unpacked_name(&own.to_string_lossy()) == name)
    }

    fn path_of(&self, name: &str) -> PathBuf {
        match self.is_whole(name) {
            true => self.path.to_path_buf(),
            false => PathBuf::from(format!("{}!{name}", self.path.display())),
        }
    }
}

/// The name of what is in a packed file: without `.gz` or `.zst`.
fn unpacked_name(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, end)) if ["gz", "zst"].iter().any(|e| end.eq_ignore_ascii_case(e)) => stem.to_owned(),
        _ => name.to_owned(),
    }
}
