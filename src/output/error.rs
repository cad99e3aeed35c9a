//! Why an output could not be written.

use std::io;
use std::path::PathBuf;

/// Each message names the output and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("{}: the folder does not exist; create it, or name another file", path.display())]
    NoFolder { path: PathBuf },
    #[error("{}: cannot be written: {source}", path.display())]
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
    #[error("{failed}\nAlready replaced: {}\nNot replaced: {}", list(replaced), list(not_replaced))]
    Partial { failed: Box<OutputError>, replaced: Vec<PathBuf>, not_replaced: Vec<PathBuf> },
}

impl OutputError {
    /// The command line asks for something impossible, whatever the inputs hold.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::IsInput { .. } | Self::Twice { .. } | Self::StdoutTwice)
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
