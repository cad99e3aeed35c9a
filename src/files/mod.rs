//! Files: finds the inputs and recognises them by their first bytes.
//!
//! A file imports only files listed before it: `read_error`, `list` and `walk` (paths), `event_form`, `kind` and `unread`
//! (recognition), `unpack`, `archive` and `archived_files` (archives).

pub mod archive;
pub(crate) mod archived_files;
pub(crate) mod event_form;
pub mod kind;
pub mod list;
mod read_error;
pub mod unpack;
pub(crate) mod unread;
pub mod walk;

pub use kind::FileKind;
pub(crate) use read_error::open_regular;
pub use read_error::{describe_read_error, read_regular};

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::io_util::read_full_at;
use kind::{read_head, sniff_open};
use walk::{FoundFile, WalkError, files_of};

/// Identifies a file in one run. For an input or archive member it is the index in
/// [`Scan::files`](crate::scan::Scan::files). For a log that was extracted elsewhere it is derived from the log's number
/// in the extraction, and is the same in every run.
pub type FileIndex = u64;

/// A file that was found, read or not.
#[derive(Debug, Clone)]
pub struct Input {
    pub path: PathBuf,
    pub kind: FileKind,
    /// Size in bytes when it was found. A file that is being written may have grown since.
    pub len: u64,
    /// Modification time in the file system, to the second.
    pub modified: Option<Timestamp>,
    /// Passed on the command line, not found in a folder.
    pub explicit: bool,
}

impl Input {
    /// Why the file is not read, and what to do about it. `None` for a file that is read.
    pub fn refusal(&self) -> Option<&'static str> {
        let refusal = self.kind.refusal()?;
        let is_unknown = matches!(self.kind, FileKind::OtherText | FileKind::Other);
        let described = || unread::describe(&read_head(&File::open(&self.path).ok()?).ok()?);
        Some(is_unknown.then(described).flatten().unwrap_or(refusal))
    }
}

/// Advice for a log that the event log service or another program keeps open.
const EXPORT_ADVICE: &str = "export the log and read the copy: wevtutil epl System System.evtx";

/// A path that could not be read, and why.
#[derive(Debug, thiserror::Error)]
pub struct FileError {
    pub path: PathBuf,
    reason: FileErrorReason,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            FileErrorReason::ReportedElsewhere(message) => f.write_str(message),
            reason => write!(f, "{}: {reason}", self.path.display()),
        }
    }
}

/// Why a path could not be read.
#[derive(Debug, thiserror::Error)]
enum FileErrorReason {
    #[error("there is no such file or folder")]
    Missing,
    #[error("no file matches this")]
    NoMatch,
    #[error(
        "access is denied; run as somebody who may read it (an administrator, for a live log), or {EXPORT_ADVICE}"
    )]
    Denied,
    #[error("another program has it open and locked; {EXPORT_ADVICE}")]
    InUse,
    #[error("this is neither a file nor a folder")]
    NotAFile,
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// The message, with its path, of the run that wrote an extraction.
    #[error("{0}")]
    ReportedElsewhere(String),
}

impl FileError {
    fn new(path: &Path, error: io::Error) -> Self {
        let reason = match error.kind() {
            // Windows refuses a pattern as a name, and its shells do not expand patterns.
            io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename
                if path.as_os_str().as_encoded_bytes().iter().any(|b| b"*?".contains(b)) =>
            {
                FileErrorReason::NoMatch
            }
            io::ErrorKind::NotFound => FileErrorReason::Missing,
            io::ErrorKind::PermissionDenied => FileErrorReason::Denied,
            _ if is_locked(&error) => FileErrorReason::InUse,
            _ => FileErrorReason::Unreadable(error),
        };
        Self { path: path.to_path_buf(), reason }
    }

    /// The error of a run that wrote an extraction; `message` also has the path.
    pub(crate) fn reported_elsewhere(path: PathBuf, message: String) -> Self {
        Self { path, reason: FileErrorReason::ReportedElsewhere(message) }
    }

    /// Replaces the path, except in an error of another run.
    #[must_use]
    pub fn with_path(mut self, path: &Path) -> Self {
        if !matches!(self.reason, FileErrorReason::ReportedElsewhere(_)) {
            self.path = path.to_path_buf();
        }
        self
    }
}

/// Does another program lock the file? The system errors are ERROR_SHARING_VIOLATION (32) and ERROR_LOCK_VIOLATION (33).
pub fn is_locked(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

/// Describes why a log could not be read to its end, and what to do.
pub fn describe_log_error(error: &io::Error) -> String {
    if is_locked(error) {
        format!("another program has it open and locked; {EXPORT_ADVICE}")
    } else {
        format!("cannot be read: {error}")
    }
}

/// Finds and recognises the files of `paths`, as [`files_of`] does.
///
/// The list also has the files of folders that are not read: the scan skips them, and `-v` can show them.
pub fn find(paths: &[PathBuf]) -> (Vec<Input>, Vec<FileError>) {
    let (mut candidates, mut errors) = (Vec::new(), Vec::new());
    for found in files_of(paths) {
        match found {
            // Opening a pipe or a device might block forever.
            Ok(FoundFile { path, explicit: true }) if path.metadata().is_ok_and(|meta| !meta.is_file()) => {
                errors.push(FileError { path, reason: FileErrorReason::NotAFile });
            }
            Ok(file) => candidates.push(file),
            Err(WalkError { path, source }) => errors.push(FileError::new(&path, source)),
        }
    }
    let mut inputs = Vec::with_capacity(candidates.len());
    for found in sniff_all(candidates, sniff_input) {
        match found {
            Ok(input) => inputs.push(input),
            Err(error) => errors.push(error),
        }
    }
    (inputs, errors)
}

/// The files that an output must not replace: logs, and all files passed explicitly. The next report may replace an
/// earlier one in a folder of logs.
pub fn paths_to_protect(inputs: &[Input]) -> impl Iterator<Item = &Path> + Clone {
    inputs.iter().filter(|input| input.explicit || !input.kind.is_foreign()).map(|input| input.path.as_path())
}

/// Explains why no log was found: all errors, and why each file is not read that was passed explicitly or that a user
/// would miss.
pub fn reasons_without_log(inputs: &[Input], errors: &[FileError]) -> Vec<String> {
    let refused = inputs.iter().filter(|input| input.explicit || input.kind.is_missed(&input.path));
    let refused = refused.filter_map(|input| Some(format!("{}: {}", input.path.display(), input.refusal()?)));
    errors.iter().map(ToString::to_string).chain(refused).collect()
}

/// Number of files from which threads are worth starting. Recognising a cached file takes 5 us; on a network share it takes
/// several round trips.
const MIN_PARALLEL_FILES: usize = 64;

/// Recognises all files with `sniff_one`, and keeps their order.
fn sniff_all(
    candidates: Vec<FoundFile>,
    sniff_one: impl Fn(&Path, bool) -> io::Result<Input> + Sync,
) -> Vec<Result<Input, FileError>> {
    let sniff_safely = |FoundFile { path, explicit }| {
        // A panic costs only this file.
        catch_unwind(AssertUnwindSafe(|| sniff_one(&path, explicit)))
            .unwrap_or_else(|_| {
                Err(io::Error::other("looking at it failed inside the program (please report this)"))
            })
            .map_err(|error| FileError::new(&path, error))
    };
    if candidates.len() < MIN_PARALLEL_FILES {
        return candidates.into_iter().map(sniff_safely).collect();
    }
    candidates.into_par_iter().with_min_len(MIN_PARALLEL_FILES / 2).map(sniff_safely).collect()
}

fn sniff_input(path: &Path, explicit: bool) -> io::Result<Input> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut kind = sniff_open(&file)?;
    if kind.is_foreign() && explicit && holds_chunk(&file)? {
        kind = FileKind::Evtx;
    }
    Ok(Input { path: path.to_path_buf(), kind, len: metadata.len(), modified: modified(&metadata), explicit })
}

/// Recognises the file at `path`; `None` if it cannot be read.
pub fn sniff_file(path: &Path) -> Option<FileKind> {
    sniff_open(&File::open(path).ok()?).ok()
}

/// The modification time, cut to the second: file systems and copy tools do not reliably keep fractions.
pub fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let time = Timestamp::try_from(metadata.modified().ok()?).ok()?;
    Timestamp::from_second(time.as_second()).ok()
}

/// Does the first MiB contain the magic of a chunk? The output of a carving tool may start inside a chunk. Only files
/// passed explicitly are searched.
fn holds_chunk(file: &File) -> io::Result<bool> {
    let mut buffer = vec![0; 1 << 20];
    let n = read_full_at(file, &mut buffer, 0)?;
    Ok(memchr::memmem::find(buffer.get(..n).unwrap_or_default(), kind::CHUNK_MAGIC).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_and_explicit_files_keep_their_paths() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        for name in ["b.evtx", "a.log", "sub/c.bin"] {
            std::fs::write(dir.path().join(name), b"ElfFile\0").unwrap();
        }
        std::fs::write(dir.path().join("note.txt"), b"hello").unwrap();
        let missing = dir.path().join("missing.evtx");
        let named = dir.path().join("b.evtx");
        let (inputs, errors) = find(&[named.clone(), dir.path().into(), missing.clone()]);
        let names: Vec<_> = inputs
            .iter()
            .map(|i| (i.path.file_name().unwrap().to_str().unwrap(), i.kind, i.explicit))
            .collect();
        assert_eq!(
            names,
            [
                ("b.evtx", FileKind::Evtx, true),
                ("a.log", FileKind::Evtx, false),
                ("b.evtx", FileKind::Evtx, false),
                ("note.txt", FileKind::OtherText, false),
                ("c.bin", FileKind::Evtx, false),
            ]
        );
        assert!(
            matches!(&errors[..], [FileError { path, reason: FileErrorReason::Missing }] if *path == missing)
        );
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
                (0..files).map(|i: usize| FoundFile { path: i.to_string().into(), explicit: true }).collect();
            let found = sniff_all(candidates, |path, explicit| {
                assert!(!path.ends_with("7"), "as if the program were wrong");
                Ok(Input { path: path.into(), kind: FileKind::Evtx, len: 0, modified: None, explicit })
            });
            assert_eq!(found.len(), files);
            let lost: Vec<_> = found.iter().filter_map(|f| f.as_ref().err()).collect();
            assert_eq!(lost.len(), 1);
            assert!(lost[0].to_string().contains("inside the program"), "{}", lost[0]);
        }
    }

    #[test]
    fn a_chunk_after_junk_is_found_in_an_explicit_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carved.bin");
        let mut bytes = vec![7; 300_000];
        bytes.extend_from_slice(kind::CHUNK_MAGIC);
        std::fs::write(&path, bytes).unwrap();
        let (inputs, _) = find(&[path]);
        assert_eq!(inputs[0].kind, FileKind::Evtx);
    }
}
