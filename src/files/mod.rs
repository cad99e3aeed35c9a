//! Files: what the user named, searched and recognised by first bytes.

pub mod kind;
pub mod text_encoding;

pub use kind::Kind;

use std::path::PathBuf;

/// One file to read.
#[derive(Debug, Clone)]
pub struct Input {
    pub path: PathBuf,
    pub kind: Kind,
    /// Size when it was found; a file being written may have grown since.
    pub len: u64,
    /// Named on the command line itself, not found in a folder.
    pub named: bool,
}
