//! Writes outputs so that a file appears whole or not at all.

use std::io::{self, BufWriter, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::cleanup::{PREFIX, RANDOM_LEN, TempFileGuard, commit_lock};
use super::error::OutputError;
use super::protect::ProtectedPaths;
use super::target::{Output, ResolvedTarget, SECOND_NAMES, folder_of, second_name};
use crate::files;

impl Output {
    /// Writes what `fill` produces. A file is replaced when all of it is on disk, so a run that fails leaves the old file,
    /// or none. Returns the path written: `report-2.csv` instead of `report.csv` while a program such as Excel holds the
    /// latter open.
    pub fn write(
        &self,
        protected: &ProtectedPaths,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<PathBuf>, OutputError> {
        match self {
            Self::Stdout => write_stdout(fill).map(|_| None),
            Self::File(path) => StagedFile::new(path, fill)?.commit(protected).map(Some),
        }
    }
}

/// Writes to standard output. Returns false if the reader closed the pipe before the end (`| head`), which is not an error.
pub fn write_stdout(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<bool, OutputError> {
    let mut out = BufWriter::new(io::stdout().lock());
    allow_closed_pipe(catch_panic(fill, &mut out).and_then(|()| out.flush()))
}

/// Calls `fill` and returns its panic as an error: a bug in one writer is reported with the output's name and replaces
/// nothing.
fn catch_panic(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>, out: &mut dyn Write) -> io::Result<()> {
    catch_unwind(AssertUnwindSafe(|| fill(out))).unwrap_or_else(|_| {
        Err(io::Error::other("krbtriage failed, which is a bug; report it with these inputs"))
    })
}

/// Writes coloured text to standard output, and returns the same as [`write_stdout`]. Without a terminal there the colours
/// are removed. A console before Windows 10, which has no escape sequences, is coloured through its own interface.
pub fn write_terminal(text: &str) -> Result<bool, OutputError> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    allow_closed_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Returns false instead of an error if the reader closed the pipe.
fn allow_closed_pipe(written: io::Result<()>) -> Result<bool, OutputError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(OutputError::Stdout(error)),
        Ok(()) => Ok(true),
    }
}

/// An output of a run after it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// The path that the user passed.
    pub requested: PathBuf,
    /// The path of the file. It differs if another program held the requested one open.
    pub path: PathBuf,
}

/// An output that is complete on disk under a temporary name. Dropping it removes it.
pub struct StagedFile {
    /// The path that the user passed.
    path: PathBuf,
    target: ResolvedTarget,
    file: tempfile::NamedTempFile,
    _guard: TempFileGuard,
}

impl StagedFile {
    /// Writes what `fill` produces to a temporary file in the output's folder.
    pub fn new(
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Write { path: path.to_path_buf(), source };
        let target = ResolvedTarget::resolve(path);
        let folder = match &target {
            ResolvedTarget::File(file) => folder_of(file).to_path_buf(),
            ResolvedTarget::Device(_) => std::env::temp_dir(),
        };
        let make = || tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM_LEN).tempfile_in(folder);
        let (mut file, _guard) = TempFileGuard::create(make).map_err(failed)?;
        {
            let mut out = BufWriter::new(file.as_file_mut());
            catch_panic(fill, &mut out).map_err(failed)?;
            out.flush().map_err(failed)?;
        }
        if let ResolvedTarget::File(target) = &target {
            // The rename must not overtake the data: after a power cut there is the old file or the new one.
            file.as_file().sync_all().map_err(failed)?;
            set_usual_mode(file.as_file(), target);
        }
        Ok(Self { path: path.to_path_buf(), target, file, _guard })
    }

    fn is_device(&self) -> bool {
        matches!(self.target, ResolvedTarget::Device(_))
    }

    /// Replaces the output under the name that the user passed. Fails if another program holds it open.
    fn replace(self) -> Result<PathBuf, OutputError> {
        let Self { path, target, file, _guard } = self;
        let done = match target {
            ResolvedTarget::Device(device) => copy_to_device(file, &device),
            ResolvedTarget::File(target) => file.persist(target).map(drop).map_err(|e| e.error),
        };
        match done {
            Ok(()) => Ok(path),
            Err(source) => Err(not_replaced(path, source)),
        }
    }

    /// Replaces the output, or writes to a second name (`report-2.csv`) where another program holds it open. Returns the
    /// path written.
    pub(super) fn commit(self, protected: &ProtectedPaths) -> Result<PathBuf, OutputError> {
        let ResolvedTarget::File(target) = self.target.clone() else { return self.replace() };
        let Self { path, target: _, file, _guard } = self;
        let (first, mut file) = match file.persist(&target) {
            Ok(_) => return Ok(path),
            Err(e) if is_locked(&e.error) && target.exists() => (e.error, e.file),
            Err(e) => return Err(not_replaced(path, e.error)),
        };
        for n in SECOND_NAMES {
            let second = second_name(&target, n);
            if protected.contains(&second) {
                continue;
            }
            match file.persist(second) {
                Ok(_) => return Ok(second_name(&path, n)),
                Err(e) if is_locked(&e.error) => file = e.file,
                Err(e) => return Err(not_replaced(path, e.error)),
            }
        }
        Err(not_replaced(path, first))
    }
}

/// Replaces all outputs of a run, devices first and `last` (the state) at the end, under its own name only. An interruption
/// waits meanwhile. Where one fails, the error lists which were replaced and which were not.
pub fn commit_all(
    files: Vec<StagedFile>,
    last: Option<StagedFile>,
    protected: &ProtectedPaths,
) -> Result<Vec<WrittenFile>, OutputError> {
    // A pipe may wait for its reader without end, and an interruption must not wait with it.
    let (devices, files): (Vec<_>, Vec<_>) = files.into_iter().partition(StagedFile::is_device);
    for device in devices {
        device.replace()?;
    }
    let _all = commit_lock();
    let mut written: Vec<WrittenFile> = Vec::new();
    let count = files.len();
    let mut files = files.into_iter().chain(last).enumerate();
    while let Some((i, file)) = files.next() {
        let requested = file.path.clone();
        let done = if i < count { file.commit(protected) } else { file.replace() };
        match done {
            Ok(path) if i < count => written.push(WrittenFile { requested, path }),
            Ok(_) => {}
            Err(failed) if written.is_empty() => return Err(failed),
            Err(failed) => {
                let replaced = written.into_iter().map(|w| w.path).collect();
                let not_replaced =
                    std::iter::once(requested).chain(files.map(|(_, f)| f.path.clone())).collect();
                return Err(OutputError::Partial { failed: Box::new(failed), replaced, not_replaced });
            }
        }
    }
    Ok(written)
}

fn copy_to_device(mut file: tempfile::NamedTempFile, device: &Path) -> io::Result<()> {
    file.as_file_mut().seek(io::SeekFrom::Start(0))?;
    let mut device = std::fs::File::options().write(true).open(device)?;
    match io::copy(file.as_file_mut(), &mut device) {
        // The reader of the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn not_replaced(path: PathBuf, source: io::Error) -> OutputError {
    if is_locked(&source) { OutputError::InUse { path } } else { OutputError::Write { path, source } }
}

/// Gives a temporary file, which is private to its owner, the mode of the file at `path`, or 0644 if there is none.
#[cfg(unix)]
fn set_usual_mode(file: &std::fs::File, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode() & 0o777);
    // Where the mode cannot be set the output is still complete, and its owner can read it.
    let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn set_usual_mode(_: &std::fs::File, _: &Path) {}

/// Reports whether another program holds the file open. Windows may refuse to replace such a file with
/// ERROR_ACCESS_DENIED (5).
fn is_locked(error: &io::Error) -> bool {
    files::is_locked(error) || (cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_report_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        let result = Output::File(path.clone()).write(&ProtectedPaths::default(), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(result.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// Attack 15 of the review.
    #[test]
    fn a_writer_that_panics_is_an_error_that_names_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        let output = Output::File(path.clone());
        let error = output.write(&ProtectedPaths::default(), |_| panic!("injected")).unwrap_err().to_string();
        assert!(error.contains("report.csv") && error.contains("a bug"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_complete_write_replaces_the_old_report() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        Output::File(path.clone()).write(&ProtectedPaths::default(), |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn the_second_name_keeps_the_extension() {
        assert_eq!(second_name(Path::new("a/report.csv"), 2), Path::new("a/report-2.csv"));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_named_as_output_is_written_to_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).unwrap()
        });
        Output::File(path.clone()).write(&ProtectedPaths::default(), |out| out.write_all(b"report")).unwrap();
        assert_eq!(reader.join().unwrap(), "report");
        assert!(std::fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("latest.csv"));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Output::File(link.clone()).write(&ProtectedPaths::default(), |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
