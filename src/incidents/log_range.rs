//! How far each log reaches, as its wanted records tell.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::files::FileIndex;
use crate::names::fold;
use crate::records::Record;

/// Logs kept by one worker: real runs have some thousands.
const MAX_LOGS: usize = 100_000;

/// A place in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPosition {
    pub time: Timestamp,
    pub record_id: u64,
}

/// What one file holds of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRange {
    pub oldest: RecordPosition,
    pub newest: RecordPosition,
    pub lowest_id: u64,
    pub highest_id: u64,
}

/// Which log: `System/Computer` in lower case, and the channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName {
    pub computer: Box<str>,
    pub channel: Box<str>,
}

/// The logs of a run, by file.
#[derive(Debug, Clone, Default)]
pub struct LogRanges(HashMap<(FileIndex, LogName), LogRange>);

impl LogRanges {
    pub fn note(&mut self, record: &Record, file: FileIndex) {
        if record.computer.is_empty() {
            return;
        }
        let log =
            LogName { computer: fold(&record.computer).into(), channel: record.channel.as_str().into() };
        let place = RecordPosition { time: record.time, record_id: record.record_id };
        let log_range = LogRange {
            oldest: place,
            newest: place,
            lowest_id: place.record_id,
            highest_id: place.record_id,
        };
        self.add((file, log), log_range);
    }

    fn add(&mut self, key: (FileIndex, LogName), other: LogRange) {
        let full = self.0.len() >= MAX_LOGS;
        match self.0.entry(key) {
            Entry::Vacant(entry) if !full => {
                entry.insert(other);
            }
            Entry::Vacant(_) => {}
            Entry::Occupied(mut entry) => entry.get_mut().join(&other),
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (key, log_range) in other.0 {
            self.add(key, log_range);
        }
    }

    pub fn rename_files(&mut self, name: &dyn Fn(FileIndex) -> FileIndex) {
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .map(|((file, log), log_range)| ((name(file), log), log_range))
            .collect();
    }

    /// Every computer that any record came from, in lower case.
    pub fn computers(&self) -> HashSet<Box<str>> {
        self.0.keys().map(|(_, log)| log.computer.clone()).collect()
    }

    /// In the order of their names, then of the files.
    pub fn by_log(self) -> Vec<(LogName, Vec<(FileIndex, LogRange)>)> {
        let mut all: Vec<_> =
            self.0.into_iter().map(|((file, log), log_range)| (log, file, log_range)).collect();
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
    fn join(&mut self, other: &Self) {
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
