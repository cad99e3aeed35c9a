//! Writes results to standard output, to a device, or to a file that appears whole or not at all.
//!
//! [`target`] resolves an output argument, `protect` refuses an output that would replace an input, [`atomic`] writes,
//! and [`cleanup`] removes the temporary files of runs that were interrupted or killed.

mod atomic;
pub mod cleanup;
mod error;
mod protect;
mod target;

pub use atomic::{StagedFile, WrittenFile, commit_all, write_stdout, write_terminal};
pub use error::OutputError;
pub use protect::{ProtectedPaths, protect};
pub use target::{Output, ResolvedTarget, folder_of};
