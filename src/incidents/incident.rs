//! The types of an incident and of a signal with its occurrences.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::activity::ActivityTimes;
use crate::events::{ApErrModified, Signal};
use crate::files::FileIndex;
use crate::names::fold;

/// All events 4 with one client, responder, target and pair of realms. The names are as in the log.
#[derive(Debug, Clone)]
pub struct Incident {
    pub client: Box<str>,
    pub answered_by: Box<str>,
    pub target: Box<str>,
    pub target_realm: Box<str>,
    pub client_realm: Box<str>,
    pub occurrences: Occurrences,
}

/// The number, times and files of the records of an event or signal.
#[derive(Debug, Clone)]
pub struct Occurrences {
    /// Number of events.
    pub events: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub activity: ActivityTimes,
    /// Times of events that an earlier run counted. They are evidence, but `events` does not count them. Empty
    /// once the results of all workers are merged, because `activity` then includes them.
    pub reported: ActivityTimes,
    /// Every file with one of the events or a duplicate of it.
    pub files: BTreeSet<FileIndex>,
    /// Number of events that only slack space has. It is negative in the result of a worker that read events
    /// live which another worker had read from slack space.
    pub from_slack: i64,
}

/// A signal and its occurrences.
#[derive(Debug, Clone)]
pub struct RecordedSignal {
    pub signal: Signal,
    pub occurrences: Occurrences,
}

/// ID of the incident to which an event belongs, equal to [`Incident::id`].
pub fn incident_id(event: &ApErrModified) -> String {
    stable_id('i', &event.names())
}

impl Incident {
    /// ID of the incident, the same in every run and on every machine: `i` and 12 hexadecimal digits of the
    /// SHA-256 over the names in lower case. Because of the letter, spreadsheets do not read it as a number.
    pub fn id(&self) -> String {
        stable_id('i', &self.names())
    }

    /// Keeps the smaller spelling of each name, so that the result does not depend on the order of the workers.
    pub(super) fn keep_smaller_names(&mut self, names: [&str; 5]) {
        let kept = [
            &mut self.client,
            &mut self.answered_by,
            &mut self.target,
            &mut self.target_realm,
            &mut self.client_realm,
        ];
        for (kept, name) in kept.into_iter().zip(names) {
            if *name < **kept {
                *kept = name.into();
            }
        }
    }

    pub(super) fn names(&self) -> [&str; 5] {
        [&self.client, &self.answered_by, &self.target, &self.target_realm, &self.client_realm]
    }
}

/// Makes an ID from a letter and 12 hexadecimal digits of the SHA-256 over `parts` in lower case.
pub fn stable_id(letter: char, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(fold(part));
        // No name contains this separator, so ("a", "bc") and ("ab", "c") differ.
        hash.update([0]);
    }
    let number = hash.finalize().into_iter().take(6).fold(0, |number, byte| number << 8 | u64::from(byte));
    format!("{letter}{number:012x}")
}

impl Occurrences {
    pub fn new(time: Timestamp, file: FileIndex) -> Self {
        Self {
            events: 0,
            first: time,
            last: time,
            activity: ActivityTimes::default(),
            reported: ActivityTimes::default(),
            files: BTreeSet::from([file]),
            from_slack: 0,
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.activity.merge(&other.activity);
        self.reported.merge(&other.reported);
        self.files.extend(&other.files);
        self.from_slack += other.from_slack;
    }
}
