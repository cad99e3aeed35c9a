//! Inventories: facts that do not come from logs. Who owns which address, what names resolve to, which
//! account owns which SPN.
//!
//! An input format is one file under [`addresses`] or [`accounts`] that converts content to the common rows.
//! Formats are recognised by their content, in one list per folder.

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
    /// The file as the user passed it, or as found in the folder.
    pub file: Arc<str>,
    /// 1-based; 0 if the format has no lines (a capture, a JSON document without positions).
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

/// Result of reading one inventory file: a line of the run's summary.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InventoryFile {
    pub path: Arc<str>,
    /// The format's name as in the documentation; empty if no format recognised the file.
    pub kind: &'static str,
    /// Rows accepted (addresses, names or SPNs).
    pub rows: u64,
    /// Different hosts or accounts in them.
    pub hosts: u64,
    /// Bad rows (`line 17: ...`), lost data, unknown format: each a sentence that says what to do.
    /// At most [`MAX_READ_ERRORS`] are kept, the last of them counting the rest.
    #[serde(rename = "problems")]
    pub read_errors: Vec<String>,
    /// Assumptions made to read it: the zone of times. Nothing was lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When the file was last written, read when it was opened; `None` if the path is not a file.
    #[serde(skip)]
    pub modified: Option<Timestamp>,
}

impl InventoryFile {
    fn at(path: &Path) -> Self {
        Self { path: path.to_string_lossy().into(), ..Self::default() }
    }

    /// A file whose reader panicked. What it had read before is kept.
    fn of_failed_reader(path: &Path) -> Self {
        Self::with_problem(
            path,
            "reading it failed inside krbtriage, which is a bug; report it with this file".to_owned(),
        )
    }

    fn with_problem(path: &Path, problem: String) -> Self {
        Self { read_errors: vec![problem], ..Self::at(path) }
    }

    /// A file in a folder that is of no requested kind: nothing to report.
    fn is_of_no_interest(&self) -> bool {
        self.kind.is_empty() && self.read_errors.is_empty()
    }
}

/// Most read errors kept per file: a broken export of a million rows must not give a million messages.
pub const MAX_READ_ERRORS: usize = 100;
