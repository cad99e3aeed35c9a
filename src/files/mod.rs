//! Files: finds the inputs and recognises them by their first bytes.

pub mod archive;
pub(crate) mod event_form;
pub mod kind;
pub mod list;
pub(crate) mod packed;
mod read_error;
pub mod walk;

pub use kind::Kind;
pub(crate) use read_error::open_regular;
pub use read_error::{describe_read_error, read_regular};

use std::fs::{File, Metadata};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::io_util::read_full_at;
use kind::{SNIFF_LEN, sniff};
use walk::{FoundFile, WalkError, files_of};

/// The index of a file in one run. A file that is read has its index in
/// [`Scan::files`](crate::scan::Scan::files); inside an archive every member has its own. A log that was
/// extracted elsewhere has bits of its own number, the same in every run.
pub type FileIndex = u64;

/// One file to read.
#[derive(Debug, Clone)]
pub struct Input {
    pub path: PathBuf,
    pub kind: Kind,
    /// Size when it was found; a file being written may have grown since.
    pub len: u64,
    /// Modification time from the file system.
    pub modified: Option<Timestamp>,
    /// Passed on the command line, not found in a folder.
    pub named: bool,
}

impl Input {
    /// Why the file is not read, and what to do about it. `None` for a file that is read.
    pub fn refusal(&self) -> Option<&'static str> {
        let refusal = self.kind.refusal()?;
        let is_unknown = matches!(self.kind, Kind::OtherText | Kind::Other);
        let described = || {
            let mut head = [0; SNIFF_LEN];
            let n = read_full_at(&File::open(&self.path).ok()?, &mut head, 0).ok()?;
            kind::describe_unread(head.get(..n).unwrap_or_default())
        };
        Some(is_unknown.then(described).flatten().unwrap_or(refusal))
    }
}

/// Advice for a log that the event log service (or another program) keeps open.
const EXPORT: &str = "export the log and read the copy: wevtutil epl System System.evtx";

/// A path that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: there is no such file or folder", path.display())]
    Missing { path: PathBuf },
    #[error("{}: no file matches this", path.display())]
    NoMatch { path: PathBuf },
    #[error("{}: access is denied; run as somebody who may read it (an administrator, for a live log), or {EXPORT}", path.display())]
    Denied { path: PathBuf },
    #[error("{}: another program has it open and locked; {EXPORT}", path.display())]
    InUse { path: PathBuf },
    #[error("{}: this is neither a file nor a folder", path.display())]
    NotAFile { path: PathBuf },
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// An extraction could not read it, and says so.
    #[error("{text}")]
    ReportedElsewhere { path: PathBuf, text: String },
}

impl FileError {
    fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            // Windows refuses a pattern as a name, and its shells do not expand patterns.
            io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename
                if path.as_os_str().as_encoded_bytes().iter().any(|b| b"*?".contains(b)) =>
            {
                Self::NoMatch { path }
            }
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ if is_locked(&source) => Self::InUse { path },
            _ => Self::Unreadable { path, source },
        }
    }

    /// The path the error is about, for `--summary`.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::NoMatch { path }
            | Self::Denied { path }
            | Self::InUse { path }
            | Self::NotAFile { path }
            | Self::Unreadable { path, .. }
            | Self::ReportedElsewhere { path, .. } => path,
        }
    }

    /// The same error under another file name.
    #[must_use]
    pub fn renamed(mut self, name: &Path) -> Self {
        match &mut self {
            Self::Missing { path }
            | Self::NoMatch { path }
            | Self::Denied { path }
            | Self::InUse { path }
            | Self::NotAFile { path }
            | Self::Unreadable { path, .. } => *path = name.to_path_buf(),
            Self::ReportedElsewhere { .. } => {}
        }
        self
    }
}

/// Another program has it open and shares it with nobody: ERROR_SHARING_VIOLATION (32) and ERROR_LOCK_VIOLATION (33).
pub fn is_locked(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

/// Why a log could not be read to its end, and what to do.
pub fn unreadable(error: &io::Error) -> String {
    if is_locked(error) {
        format!("another program has it open and locked; {EXPORT}")
    } else {
        format!("cannot be read: {error}")
    }
}

/// Finds the files of `paths`, see [`files_of`]. Files in a folder that are not read are in the list, too
/// (`named` is false): the scan skips them, and `-v` can show them.
pub fn find(paths: &[PathBuf]) -> (Vec<Input>, Vec<FileError>) {
    let (mut candidates, mut errors) = (Vec::new(), Vec::new());
    for found in files_of(paths) {
        match found {
            // Opening a pipe or a device might block forever.
            Ok(FoundFile { path, named: true }) if path.metadata().is_ok_and(|meta| !meta.is_file()) => {
                errors.push(FileError::NotAFile { path });
            }
            Ok(file) => candidates.push(file),
            Err(WalkError { path, source }) => errors.push(FileError::new(&path, source)),
        }
    }
    let mut inputs = Vec::with_capacity(candidates.len());
    for found in look_at_all(candidates, look_at) {
        match found {
            Ok(input) => inputs.push(input),
            Err(error) => errors.push(error),
        }
    }
    (inputs, errors)
}

/// The files that an output must not replace: logs, and all files passed explicitly. An earlier report in a
/// folder of logs is neither, and the next report replaces it.
pub fn to_spare(inputs: &[Input]) -> impl Iterator<Item = &Path> + Clone {
    inputs.iter().filter(|input| input.named || !input.kind.is_foreign()).map(|input| input.path.as_path())
}

/// If no log was found: the reasons, for all files passed explicitly and those that a user would miss.
pub fn no_log_among(inputs: &[Input], errors: &[FileError]) -> Vec<String> {
    let refused = inputs.iter().filter(|input| input.named || input.kind.is_missed(&input.path));
    let refused = refused.filter_map(|input| Some(format!("{}: {}", input.path.display(), input.refusal()?)));
    errors.iter().map(ToString::to_string).chain(refused).collect()
}

/// Number of files from which more threads are worth starting: sniffing one takes 5 us in memory, and a
/// network's round trips otherwise.
const LOOK_ALONE: usize = 64;

/// Opens every file and sniffs its first bytes, in the candidates' order.
fn look_at_all(
    candidates: Vec<FoundFile>,
    look: impl Fn(&Path, bool) -> io::Result<Input> + Sync,
) -> Vec<Result<Input, FileError>> {
    let look = |FoundFile { path, named }| {
        // A panic costs only this file.
        let found = catch_unwind(AssertUnwindSafe(|| look(&path, named)));
        let failed =
            |_| Err(io::Error::other("looking at it failed inside the program (please report this)"));
        found.unwrap_or_else(failed).map_err(|error| FileError::new(&path, error))
    };
    if candidates.len() < LOOK_ALONE {
        return candidates.into_iter().map(look).collect();
    }
    candidates.into_par_iter().with_min_len(LOOK_ALONE / 2).map(look).collect()
}

fn look_at(path: &Path, named: bool) -> io::Result<Input> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut head = [0; SNIFF_LEN];
    let n = read_full_at(&file, &mut head, 0)?;
    let mut kind = sniff(head.get(..n).unwrap_or_default());
    if kind.is_foreign() && named && holds_chunk(&file)? {
        kind = Kind::Evtx;
    }
    Ok(Input { path: path.to_path_buf(), kind, len: metadata.len(), modified: modified(&metadata), named })
}

/// The kind of a file by its first bytes; `None` where it cannot be read.
pub fn kind_of(path: &Path) -> Option<Kind> {
    let mut head = [0; SNIFF_LEN];
    let n = read_full_at(&File::open(path).ok()?, &mut head, 0).ok()?;
    Some(sniff(head.get(..n).unwrap_or_default()))
}

/// Modification time to the second: file systems and copy tools do not reliably keep fractions.
pub fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let time = Timestamp::try_from(metadata.modified().ok()?).ok()?;
    Timestamp::from_second(time.as_second()).ok()
}

/// Is there a chunk in the first megabyte? Called only for files passed explicitly: a carving tool's output
/// may start anywhere in a chunk.
fn holds_chunk(file: &File) -> io::Result<bool> {
    let mut buffer = vec![0; 1 << 20];
    let n = read_full_at(file, &mut buffer, 0)?;
    Ok(memchr::memmem::find(buffer.get(..n).unwrap_or_default(), kind::CHUNK_MAGIC).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_and_named_files_are_kept_as_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        for name in ["b.evtx", "a.log", "sub/c.bin"] {
            std::fs::write(dir.path().join(name), b"ElfFile\0").unwrap();
        }
        std::fs::write(dir.path().join("note.txt"), b"hello").unwrap();
        let missing = dir.path().join("missing.evtx");
        let named = dir.path().join("b.evtx");
        let (inputs, errors) = find(&[named.clone(), dir.path().into(), missing.clone()]);
        let names: Vec<_> =
            inputs.iter().map(|i| (i.path.file_name().unwrap().to_str().unwrap(), i.kind, i.named)).collect();
        assert_eq!(
            names,
            [
                ("b.evtx", Kind::Evtx, true),
                ("a.log", Kind::Evtx, false),
                ("b.evtx", Kind::Evtx, false),
                ("note.txt", Kind::OtherText, false),
                ("c.bin", Kind::Evtx, false),
            ]
        );
        assert!(matches!(&errors[..], [FileError::Missing { path }] if *path == missing));
    }

    #[test]
    fn many_files_keep_their_order() {
        let dir = tempfile::tempdir().unwrap();
        for i in 0..200 {
            std::fs::write(dir.path().join(format!("{i:03}.evtx")), b"ElfFile\0").unwrap();
        }
        let (inputs, errors) = find(&[dir.path().into()]);
        assert!(errors.is_empty());
        assert!(inputs.is_sorted_by(|a, b| a.path < b.path));
        assert_eq!(inputs.len(), 200);
    }

    #[test]
    fn a_panic_while_looking_at_one_file_loses_no_other() {
        for files in [10, 1000] {
            let candidates =
                (0..files).map(|i: usize| FoundFile { path: i.to_string().into(), named: true }).collect();
            let found = look_at_all(candidates, |path, named| {
                assert!(!path.ends_with("7"), "as if the program were wrong");
                Ok(Input { path: path.into(), kind: Kind::Evtx, len: 0, modified: None, named })
            });
            assert_eq!(found.len(), files);
            let lost: Vec<_> = found.iter().filter_map(|f| f.as_ref().err()).collect();
            assert_eq!(lost.len(), 1);
            assert!(lost[0].to_string().contains("inside the program"), "{}", lost[0]);
        }
    }

    #[test]
    fn a_chunk_behind_junk_is_found_in_a_named_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carved.bin");
        let mut bytes = vec![7; 300_000];
        bytes.extend_from_slice(kind::CHUNK_MAGIC);
        std::fs::write(&path, bytes).unwrap();
        let (inputs, _) = find(&[path]);
        assert_eq!(inputs[0].kind, Kind::Evtx);
    }
}
