//! The period and the record IDs that each log covers, from the records that triage reads.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::files::FileIndex;
use crate::names::fold;
use crate::records::Record;

/// Maximum number of logs kept by one worker. Real runs have some thousands.
const MAX_LOGS: usize = 100_000;

/// The time and ID of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    pub time: Timestamp,
    pub record_id: u64,
}

/// The part of a log that one file contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRange {
    pub oldest: RecordPosition,
    pub newest: RecordPosition,
    pub lowest_id: u64,
    pub highest_id: u64,
}

/// A log, named by `System/Computer` in lower case and by its channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName {
    pub computer: Box<str>,
    pub channel: Box<str>,
}

/// Longest time by which a record may be later than the start of the run. The clock of a computer with a later record was
/// wrong.
const MAX_CLOCK_LEAD: SignedDuration = SignedDuration::from_hours(24);

/// The part of each log that each file of a run contains.
#[derive(Debug, Clone)]
pub struct LogRanges {
    ranges: HashMap<(FileIndex, LogName), LogRange>,
    /// The latest record of each log with records after `latest`. It is not part of a range.
    future: HashMap<(FileIndex, LogName), RecordPosition>,
    latest: Timestamp,
}

impl Default for LogRanges {
    fn default() -> Self {
        Self::new(Timestamp::MAX)
    }
}

impl LogRanges {
    /// Starts without logs, for a run at the time `now`.
    pub fn new(now: Timestamp) -> Self {
        let latest = now.saturating_add(MAX_CLOCK_LEAD).unwrap_or(Timestamp::MAX);
        Self { ranges: HashMap::new(), future: HashMap::new(), latest }
    }

    /// The latest time that a record in a range may have.
    pub fn latest(&self) -> Timestamp {
        self.latest
    }

    pub fn add_record(&mut self, record: &Record, file: FileIndex) {
        if record.computer.is_empty() {
            return;
        }
        let log =
            LogName { computer: fold(&record.computer).into(), channel: record.channel.as_str().into() };
        let place = RecordPosition { time: record.time, record_id: record.record_id };
        if record.time > self.latest {
            self.add_future((file, log), place);
            return;
        }
        let log_range = LogRange {
            oldest: place,
            newest: place,
            lowest_id: place.record_id,
            highest_id: place.record_id,
        };
        self.add((file, log), log_range);
    }

    fn add_future(&mut self, key: (FileIndex, LogName), place: RecordPosition) {
        if self.future.len() < MAX_LOGS || self.future.contains_key(&key) {
            let latest = self.future.entry(key).or_insert(place);
            if (place.time, place.record_id) > (latest.time, latest.record_id) {
                *latest = place;
            }
        }
    }

    fn add(&mut self, key: (FileIndex, LogName), other: LogRange) {
        let full = self.ranges.len() >= MAX_LOGS;
        match self.ranges.entry(key) {
            Entry::Vacant(entry) if !full => {
                entry.insert(other);
            }
            Entry::Vacant(_) => {}
            Entry::Occupied(mut entry) => entry.get_mut().merge(&other),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.latest = self.latest.min(other.latest);
        for (key, log_range) in other.ranges {
            self.add(key, log_range);
        }
        for (key, place) in other.future {
            self.add_future(key, place);
        }
    }

    pub fn renumber_files(&mut self, name: &dyn Fn(FileIndex) -> FileIndex) {
        let ranges = std::mem::take(&mut self.ranges).into_iter();
        self.ranges = ranges.map(|((file, log), log_range)| ((name(file), log), log_range)).collect();
        let future = std::mem::take(&mut self.future).into_iter();
        self.future = future.map(|((file, log), place)| ((name(file), log), place)).collect();
    }

    /// Every computer with a record, in lower case.
    pub fn computers(&self) -> HashSet<Box<str>> {
        self.ranges.keys().chain(self.future.keys()).map(|(_, log)| log.computer.clone()).collect()
    }

    /// The latest record of each log with records in the future. Sorted by log and file.
    pub fn future(&self) -> Vec<(&LogName, FileIndex, RecordPosition)> {
        let mut all: Vec<_> = self.future.iter().map(|((file, log), place)| (log, *file, *place)).collect();
        all.sort_by_key(|(log, file, _)| (*log, *file));
        all
    }

    /// Groups the ranges by log. Both the logs and the files of each are sorted.
    pub fn by_log(self) -> Vec<(LogName, Vec<(FileIndex, LogRange)>)> {
        let mut all: Vec<_> =
            self.ranges.into_iter().map(|((file, log), log_range)| (log, file, log_range)).collect();
        all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let mut out: Vec<(LogName, Vec<(FileIndex, LogRange)>)> = Vec::new();
        for (log, file, log_range) in all {
            match out.last_mut() {
                Some((last, files)) if *last == log => files.push((file, log_range)),
                _ => out.push((log, vec![(file, log_range)])),
            }
        }
        out
    }
}

impl LogRange {
    fn merge(&mut self, other: &Self) {
        let key = |p: &RecordPosition| (p.time, p.record_id);
        if key(&other.oldest) < key(&self.oldest) {
            self.oldest = other.oldest;
        }
        if key(&other.newest) > key(&self.newest) {
            self.newest = other.newest;
        }
        self.lowest_id = self.lowest_id.min(other.lowest_id);
        self.highest_id = self.highest_id.max(other.highest_id);
    }
}
