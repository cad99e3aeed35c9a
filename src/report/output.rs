//! Files that appear whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("{}: the folder does not exist; make it first, or name another place with --output", path.display())]
    NoFolder { path: PathBuf },
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{}: this file is read, and what is written would replace it; name another place with --output", path.display())]
    IsInput { path: PathBuf },
    #[error("standard output: {0}")]
    Stdout(io::Error),
}

/// Where something is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Writes through `fill`. A file is written beside its place and renamed when it is complete, so a run that fails
    /// leaves the old one, or nothing. Returns the path written, which is another one where the report is open in a
    /// program that locks it (Excel does): `report.csv` becomes `report-2.csv`.
    pub fn write(
        &self,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<PathBuf>, OutputError> {
        match self {
            Self::Stdout => write_stdout(fill).map(|_| None),
            Self::File(path) => Staged::new(path, fill)?.commit().map(Some),
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Can it be written, as far as one can tell before the work is done?
    pub fn check(&self) -> Result<(), OutputError> {
        match self {
            Self::File(path) if !folder_of(path).is_dir() => {
                Err(OutputError::NoFolder { path: path.clone() })
            }
            Self::File(path) if path.is_dir() => Err(OutputError::Write {
                path: path.clone(),
                source: io::Error::other("this is a folder; name a file in it"),
            }),
            _ => Ok(()),
        }
    }
}

/// Would one of `outputs` replace one of `inputs`? A log is evidence, and may be the only copy.
pub fn spare<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl Iterator<Item = &'a Path> + Clone,
) -> Result<(), OutputError> {
    for output in outputs {
        // An output that is not there yet replaces nothing.
        let Ok(there) = output.canonicalize() else { continue };
        // Asking where a file really stands costs a microsecond or ten, and there may be a million.
        let named_so = |input: &&Path| match (input.file_name(), there.file_name()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        if inputs.clone().filter(named_so).any(|input| input.canonicalize().is_ok_and(|i| i == there)) {
            return Err(OutputError::IsInput { path: output.to_path_buf() });
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes to standard output. Was all of it taken? Whoever reads may have seen enough (`| head`): that is their decision
/// and no error.
pub fn write_stdout(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<bool, OutputError> {
    let mut out = BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(OutputError::Stdout(error)),
        Ok(()) => Ok(true),
    }
}

/// A file that is complete and on disk, but not yet in its place. Several outputs of one run are all staged before the
/// first takes its place. Dropped, it leaves nothing.
pub struct Staged {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl Staged {
    pub fn new(
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Write { path: path.to_path_buf(), source };
        let mut file =
            tempfile::Builder::new().prefix(".krbtriage-").tempfile_in(folder_of(path)).map_err(failed)?;
        {
            let mut out = BufWriter::new(file.as_file_mut());
            fill(&mut out).map_err(failed)?;
            out.flush().map_err(failed)?;
        }
        // The rename must not overtake the data: after a power cut there is the old report or the new one.
        file.as_file().sync_all().map_err(failed)?;
        readable(file.as_file(), path);
        Ok(Self { path: path.to_path_buf(), file })
    }

    /// Puts it in its place and nowhere else.
    pub fn replace(self) -> Result<(), OutputError> {
        let Self { path, file } = self;
        match file.persist(&path) {
            Ok(_) => Ok(()),
            Err(error) => Err(OutputError::Write { path, source: error.error }),
        }
    }

    /// Puts it in its place; the path it got (see [`Output::write`]).
    pub fn commit(self) -> Result<PathBuf, OutputError> {
        let Self { path, file } = self;
        match file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) if is_locked(&error.error) && path.exists() => {
                let second = second_name(&path);
                match error.file.persist(&second) {
                    Ok(_) => Ok(second),
                    Err(e) => Err(OutputError::Write { path, source: e.error }),
                }
            }
            Err(error) => Err(OutputError::Write { path, source: error.error }),
        }
    }
}

/// Temporary files are for their owner alone; a report has the rights of the one it replaces, or the usual ones.
#[cfg(unix)]
fn readable(file: &std::fs::File, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode() & 0o777);
    // Where the rights cannot be set the report is still right, and its owner can read it.
    let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File, _: &Path) {}

/// ERROR_ACCESS_DENIED (5) and ERROR_SHARING_VIOLATION (32): another program has the file open.
fn is_locked(error: &io::Error) -> bool {
    cfg!(windows) && (error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(32))
}

fn second_name(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push("-2");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_report_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        let result = Output::File(path.clone()).write(|out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(result.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_complete_write_replaces_the_old_report() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        Output::File(path.clone()).write(|out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn the_second_name_keeps_the_extension() {
        assert_eq!(second_name(Path::new("a/report.csv")), Path::new("a/report-2.csv"));
    }
}
