//! Errors of outputs.

use std::io;
use std::path::PathBuf;

/// Why an output cannot be written. Each message names the output and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("{}: the folder does not exist; create it, or name another file", path.display())]
    NoFolder { path: PathBuf },
    #[error("{}: cannot be written: {}", path.display(), reason(source))]
    Write { path: PathBuf, source: io::Error },
    #[error("{}: this file is an input, and the output would replace it; name another file", path.display())]
    IsInput { path: PathBuf },
    #[error("{}: two outputs cannot go to one file; name another file for one of them", path.display())]
    Twice { path: PathBuf },
    #[error("two outputs cannot both go to standard output; name a file for one of them")]
    StdoutTwice,
    #[error(
        "{}: cannot be replaced: it is open in another program (as Excel does), or read-only; close it there, or name another file",
        path.display()
    )]
    InUse { path: PathBuf },
    #[error("standard output: {0}")]
    Stdout(io::Error),
    #[error(
        "{failed}\nAlready replaced: {}\nNot replaced: {}",
        join_paths(replaced),
        join_paths(not_replaced)
    )]
    Partial { failed: Box<OutputError>, replaced: Vec<PathBuf>, not_replaced: Vec<PathBuf> },
}

impl OutputError {
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::IsInput { .. } | Self::Twice { .. } | Self::StdoutTwice)
    }
}

/// Describes an I/O error and its remedy. Leaves out the name of the temporary file, which a user never sees.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "access is denied; name a file in a folder in which this account may write".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only; name a file elsewhere".to_owned(),
        io::ErrorKind::StorageFull => {
            "the disk is full; free some space, or name a file elsewhere".to_owned()
        }
        _ => error.to_string(),
    }
}

fn join_paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_output_is_named_without_the_temporary_file() {
        let source = io::Error::new(
            io::ErrorKind::PermissionDenied,
            "Permission denied (os error 13) at path \"/srv/.krbtriage-Klwe0d\"",
        );
        let error = OutputError::Write { path: "/srv/report.csv".into(), source }.to_string();
        assert_eq!(
            error,
            "/srv/report.csv: cannot be written: access is denied; name a file in a folder in which this account may write"
        );
    }
}
