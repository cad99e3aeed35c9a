use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::files::{FileError, FileIndex};
use crate::records::extracted::LogLine;

/// The outcome of a scan.
pub struct Scan<C> {
    /// One per worker, in no particular order.
    pub visitors: Vec<C>,
    /// One per input in the inputs' order, then one per file in archives, in the archives' order.
    ///
    /// Behind them, logs that were extracted elsewhere, in the order of their paths.
    pub files: Vec<FileReport>,
    /// Paths that an extraction could not read.
    pub unread: Vec<FileError>,
}

/// Result of reading one file. Written as a line of `--summary`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileReport {
    #[serde(skip)]
    pub index: FileIndex,
    /// Path as the user passed it or as found in the folder; archive members as
    /// `archive.zip!inner/System.evtx`.
    pub path: Arc<str>,
    /// `evtx`, `xml`, `text`, `zip`, `gz`, or what it is instead.
    pub kind: &'static str,
    pub bytes: u64,
    pub chunks: u64,
    pub bad_checksums: u64,
    /// Records read (at least their headers).
    pub records: u64,
    /// Wanted records found.
    pub events: u64,
    /// Number of `events` that an earlier file (or an earlier part of this file) also contains.
    pub duplicates: u64,
    /// Lowest and highest record identifier in the record headers of intact chunks; `None` if there are none.
    #[serde(skip)]
    pub record_ids: Option<(u64, u64)>,
    /// When the earliest of these records was written; `None` for a log that was extracted elsewhere.
    #[serde(skip)]
    pub first_written: Option<Timestamp>,
    /// When the latest of these records was written.
    #[serde(skip)]
    pub last_written: Option<Timestamp>,
    /// When the file itself was written; `None` for a member of an archive.
    #[serde(skip)]
    pub modified: Option<Timestamp>,
    /// Errors, each with an offset; empty if everything was read.
    #[serde(rename = "problems")]
    pub read_errors: Vec<String>,
    /// Assumptions made to read it: the zone of times in copied text. Nothing was lost.
    pub notes: Vec<String>,
    /// Its line in an extraction, if it is a log that was extracted elsewhere.
    #[serde(skip)]
    pub extracted: Option<Box<LogLine>>,
}

impl FileReport {
    /// Was part of it read? Then it is a log, not another file found in a folder.
    pub fn was_read(&self) -> bool {
        self.chunks > 0 || self.records > 0 || self.events > 0
    }
}
