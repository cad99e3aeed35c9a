use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::files::{FileError, FileIndex};
use crate::records::extracted::LogLine;

/// The outcome of a scan.
pub struct Scan<C> {
    /// The visitors of all workers, in no particular order.
    pub visitors: Vec<C>,
    /// The inputs in their order, then the files in archives in the order of the archives, then the logs that were extracted
    /// elsewhere by path.
    pub files: Vec<FileReport>,
    /// Paths that an extraction could not read.
    pub unread: Vec<FileError>,
}

/// The result of reading one file, which is a line of `--summary`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileReport {
    #[serde(skip)]
    pub index: FileIndex,
    /// Path as the user passed it or as found in a folder. A file in an archive is `archive.zip!inner/System.evtx`.
    pub path: Arc<str>,
    /// Kind of the file, as [`FileKind::name`](crate::files::FileKind::name) gives it.
    pub kind: &'static str,
    pub bytes: u64,
    pub chunks: u64,
    /// Chunks with a wrong checksum.
    pub bad_checksums: u64,
    /// Records whose header was read, wanted or not.
    pub records: u64,
    /// Wanted records.
    pub events: u64,
    /// Number of `events` that an earlier file, or an earlier part of this file, also has.
    pub duplicates: u64,
    /// Lowest and highest record identifier in intact chunks; `None` if there is no record.
    #[serde(skip)]
    pub record_ids: Option<(u64, u64)>,
    /// When the earliest record in intact chunks was written; `None` for a log that was extracted elsewhere.
    #[serde(skip)]
    pub first_written: Option<Timestamp>,
    /// When the latest record in intact chunks was written.
    #[serde(skip)]
    pub last_written: Option<Timestamp>,
    /// Modification time of the file; `None` for a member of an archive.
    #[serde(skip)]
    pub modified: Option<Timestamp>,
    /// Read errors as sentences; empty if everything was read.
    #[serde(rename = "problems")]
    pub read_errors: Vec<String>,
    /// Assumptions of a reader, such as the zone of times in copied text. Nothing was lost.
    pub notes: Vec<String>,
    /// The line of a log that was extracted elsewhere.
    #[serde(skip)]
    pub extracted: Option<Box<LogLine>>,
}

impl FileReport {
    /// Was anything read from it? False for files in a folder that are not logs.
    pub fn was_read(&self) -> bool {
        self.chunks > 0 || self.records > 0 || self.events > 0
    }
}
