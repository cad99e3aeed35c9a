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
            Self::Stdout => {
                let mut out = BufWriter::new(io::stdout().lock());
                let done = fill(&mut out).and_then(|()| out.flush());
                match done {
                    // Whoever reads has seen enough (`| head`): that is their decision and no error.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
                    Err(error) => Err(OutputError::Stdout(error)),
                    Ok(()) => Ok(None),
                }
            }
            Self::File(path) => write_file(path, fill).map(Some),
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

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn write_file(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, OutputError> {
    let failed = |source| OutputError::Write { path: path.to_path_buf(), source };
    let mut temporary =
        tempfile::Builder::new().prefix(".krbtriage-").tempfile_in(folder_of(path)).map_err(failed)?;
    {
        let mut out = BufWriter::new(temporary.as_file_mut());
        fill(&mut out).map_err(failed)?;
        out.flush().map_err(failed)?;
    }
    // The rename must not overtake the data: after a power cut there is the old report or the new one.
    temporary.as_file().sync_all().map_err(failed)?;
    readable(temporary.as_file(), path);
    match temporary.persist(path) {
        Ok(_) => Ok(path.to_path_buf()),
        Err(error) if is_locked(&error.error) && path.exists() => {
            let second = second_name(path);
            error.file.persist(&second).map_err(|e| failed(e.error))?;
            Ok(second)
        }
        Err(error) => Err(failed(error.error)),
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
