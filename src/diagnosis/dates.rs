//! The times at which inventories were collected and logs exported, as far as the files show them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::files::FileIndex;
use crate::inventory::Source;

/// Longest time between the last record of a log and its export. A log file with a later date was copied without its date.
const MAX_EXPORT_DELAY: SignedDuration = SignedDuration::from_hours(36);

/// The dates of inventory and log files.
///
/// A file's date is an upper bound of the time when its content was collected, because a copy can only be newer.
#[derive(Debug, Clone, Default)]
pub struct FileDates {
    written: HashMap<Arc<str>, Option<Timestamp>>,
    logs: HashMap<FileIndex, LogDates>,
    now: Option<Timestamp>,
}

/// The end of a log and the date of its file.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogDates {
    /// Time of its last record.
    pub ends: Option<Timestamp>,
    /// Modification time of its file.
    pub written: Option<Timestamp>,
}

/// The end of the period for which it is known what a client logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogCoverage {
    pub(super) to: Timestamp,
    /// Modification time of the log's file.
    written: Option<Timestamp>,
}

impl LogCoverage {
    /// Does the log's file have the date of its export? Then the inventories next to it most likely have theirs, too.
    pub(super) fn has_export_date(self) -> bool {
        self.written.is_some_and(|written| written.duration_since(self.to).abs() <= MAX_EXPORT_DELAY)
    }

    /// The date of the log's file, if the file was copied without its original date.
    pub(super) fn copy_date(self) -> Option<Timestamp> {
        self.written.filter(|written| written.duration_since(self.to) > MAX_EXPORT_DELAY)
    }
}

/// When an inventory was collected, and how that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct CollectionTime {
    pub at: Option<Timestamp>,
    /// The inventory itself states the time (a column `collected`). Otherwise it is the date of the file.
    pub is_stated: bool,
}

impl FileDates {
    /// Starts with the dates of the inventory files. `now` is the time of the run: if events are later, the clocks differ and no
    /// date counts.
    pub fn new(written: impl IntoIterator<Item = (Arc<str>, Option<Timestamp>)>, now: Timestamp) -> Self {
        Self { written: written.into_iter().collect(), logs: HashMap::new(), now: Some(now) }
    }

    /// Adds the ends of the logs and the dates of their files.
    #[must_use]
    pub fn with_logs(mut self, logs: impl IntoIterator<Item = (FileIndex, LogDates)>) -> Self {
        self.logs.extend(logs);
        self
    }

    /// The latest end of the logs in these files; `None` if no end is known.
    pub(super) fn coverage(&self, files: &BTreeSet<FileIndex>) -> Option<LogCoverage> {
        let of = |file: &FileIndex| {
            let log = self.logs.get(file)?;
            Some(LogCoverage { to: log.ends?, written: log.written })
        };
        files.iter().filter_map(of).max_by_key(|coverage| coverage.to)
    }

    /// Is the event later than the clock of this machine, so that file dates show nothing about it?
    pub(super) fn clocks_contradict(&self, event: Timestamp, skew: SignedDuration) -> bool {
        self.now.is_none_or(|now| event.duration_since(now) > skew)
    }

    /// The time at which this source was collected. `None` if the source is a log, because events have their own time.
    pub(super) fn collection_time(&self, source: &Source) -> Option<CollectionTime> {
        let written = *self.written.get(&source.file)?;
        Some(CollectionTime { at: source.collected.or(written), is_stated: source.collected.is_some() })
    }
}
