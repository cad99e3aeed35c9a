//! Where results go: standard output, a device, or a file that appears whole or not at all.
//!
//! [`target`] decides what an argument means, `protect` refuses an output that would replace an input, [`atomic`] writes,
//! and [`cleanup`] removes temporary files when a run is interrupted or was killed.

mod atomic;
pub mod cleanup;
mod error;
mod protect;
mod target;

pub use atomic::{StagedFile, Written, commit_all, write_stdout, write_terminal};
pub use error::OutputError;
pub use protect::{ProtectedPaths, protect};
pub use target::{Output, ResolvedTarget, folder_of};
