//! Reads inventories, which show who owns which address, what names resolve to, and which account owns which SPN.
//!
//! An input format is one file in [`addresses`] or [`accounts`] that converts content to the common rows. A list in each
//! folder has the formats, which are recognised by their content.
//!
//! Order of the files: [`times`], [`input_files`] and [`foreign_file`]; [`addresses`] and [`accounts`]; [`from_events`]; then
//! [`host_index`], [`hosts`] and [`build_hosts`] for the hosts, and [`directory`] for the accounts.

pub mod accounts;
pub mod addresses;
pub(crate) mod build_hosts;
pub mod directory;
pub mod from_events;
mod host_index;
pub mod hosts;
mod input_files;
pub(crate) mod foreign_file;
pub(crate) mod times;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// Position of a fact in an input, so that a person can look it up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The path as the user passed it, or as found in the folder.
    pub file: Arc<str>,
    /// The line, from 1; 0 if the format has no lines, such as a capture.
    pub line: u64,
    /// When the fact was collected, if the source says so (a column `collected`).
    pub collected: Option<Timestamp>,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Result of reading one inventory file: a line of the run's summary.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InventoryFile {
    pub path: Arc<str>,
    /// The format's name as in the documentation; empty if no format recognised the file.
    pub kind: &'static str,
    /// Number of accepted rows (addresses, names or SPNs).
    pub rows: u64,
    /// Number of different hosts or accounts in them.
    pub hosts: u64,
    /// Errors such as a bad row (`line 17: ...`), lost data or an unknown format, with what to do about each. At most
    /// [`MAX_READ_ERRORS`], of which the last counts the rest.
    #[serde(rename = "problems")]
    pub read_errors: Vec<String>,
    /// Assumptions that were made to read the file, such as the zone of its times. Nothing was lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When the file was last written, read when it was opened; `None` if the path is not a file.
    #[serde(skip)]
    pub modified: Option<Timestamp>,
}

impl InventoryFile {
    /// The line of a file that is not read yet.
    fn at(path: &Path) -> Self {
        Self { path: path.to_string_lossy().into(), ..Self::default() }
    }

    /// A file whose reader panicked. What it had read before is kept.
    fn for_failed_reader(path: &Path) -> Self {
        Self::with_error(
            path,
            "reading it failed inside krbtriage, which is a bug; report it with this file".to_owned(),
        )
    }

    fn with_error(path: &Path, error: String) -> Self {
        Self { read_errors: vec![error], ..Self::at(path) }
    }

    /// Is it a file of a folder that no format recognised, which is not reported?
    fn has_nothing_to_report(&self) -> bool {
        self.kind.is_empty() && self.read_errors.is_empty()
    }
}

/// Maximum number of read errors that are kept per file. A broken export of a million rows must not give a million messages.
pub const MAX_READ_ERRORS: usize = 100;
