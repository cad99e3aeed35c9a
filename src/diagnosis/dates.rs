//! When inventories were collected and logs exported, as far as the files show it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::files::FileIndex;
use crate::inventory::Source;

/// A log exported within this time after its last record has the date of its export.
const MAX_EXPORT_DELAY: SignedDuration = SignedDuration::from_hours(36);

/// When inventories and logs were written.
///
/// A file's date is an upper bound of when its content was collected: a copy can only make a file newer.
#[derive(Debug, Clone, Default)]
pub struct FileDates {
    written: HashMap<Arc<str>, Option<Timestamp>>,
    logs: HashMap<FileIndex, LogDates>,
    now: Option<Timestamp>,
}

/// How far a log goes, and when its file was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogDates {
    /// Time of its last record.
    pub ends: Option<Timestamp>,
    pub written: Option<Timestamp>,
}

/// Until when it is known what a client logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogCoverage {
    pub(super) to: Timestamp,
    /// When the file of that log was written, where it has a date.
    written: Option<Timestamp>,
}

impl LogCoverage {
    /// The log's file has the date of its export. The inventories next to it most likely have theirs, too.
    pub(super) fn has_export_date(self) -> bool {
        self.written.is_some_and(|written| written.duration_since(self.to).abs() <= MAX_EXPORT_DELAY)
    }

    /// The date of a log's file that was copied without its date.
    pub(super) fn copy_date(self) -> Option<Timestamp> {
        self.written.filter(|written| written.duration_since(self.to) > MAX_EXPORT_DELAY)
    }
}

/// When an inventory was collected.
#[derive(Debug, Clone, Copy)]
pub(super) struct CollectionTime {
    pub at: Option<Timestamp>,
    /// The inventory has the time itself (a column `collected`), and not only its file's date.
    pub is_stated: bool,
}

impl FileDates {
    /// The inventories, and when their files were written. `now` is the time of the run: where events are later, the clocks
    /// contradict each other and no date counts.
    pub fn new(written: impl IntoIterator<Item = (Arc<str>, Option<Timestamp>)>, now: Timestamp) -> Self {
        Self { written: written.into_iter().collect(), logs: HashMap::new(), now: Some(now) }
    }

    /// Adds how far the logs go.
    #[must_use]
    pub fn with_logs(mut self, logs: impl IntoIterator<Item = (FileIndex, LogDates)>) -> Self {
        self.logs.extend(logs);
        self
    }

    /// How far the logs in these files go.
    pub(super) fn coverage(&self, files: &BTreeSet<FileIndex>) -> Option<LogCoverage> {
        let of = |file: &FileIndex| {
            let log = self.logs.get(file)?;
            Some(LogCoverage { to: log.ends?, written: log.written })
        };
        files.iter().filter_map(of).max_by_key(|coverage| coverage.to)
    }

    /// No date of a file means anything for events at this time.
    pub(super) fn clocks_contradict(&self, event: Timestamp, skew: SignedDuration) -> bool {
        self.now.is_none_or(|now| event.duration_since(now) > skew)
    }

    /// `None` for a fact from a log, which has its own time.
    pub(super) fn collection_time(&self, source: &Source) -> Option<CollectionTime> {
        let written = *self.written.get(&source.file)?;
        Some(CollectionTime { at: source.collected.or(written), is_stated: source.collected.is_some() })
    }
}
