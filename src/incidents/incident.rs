use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::activity::ActivityTimes;
use crate::events::{ApErrModified, Signal};
use crate::files::FileIndex;
use crate::names::fold;

/// One incident: a client connects to a target, and the account that answers cannot decrypt the ticket. Names
/// are as in the log.
#[derive(Debug, Clone)]
pub struct Incident {
    pub client: Box<str>,
    pub answered_by: Box<str>,
    pub target: Box<str>,
    pub target_realm: Box<str>,
    pub client_realm: Box<str>,
    pub occurrences: Occurrences,
}

/// Occurrences of an event or signal: how often, when, and in which files.
#[derive(Debug, Clone)]
pub struct Occurrences {
    pub events: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub activity: ActivityTimes,
    /// Times of events that an earlier run counted. They are evidence and not in `events`. Empty once all
    /// results are merged, because `activity` then includes them.
    pub reported: ActivityTimes,
    /// Every input with one of the events, duplicates included.
    pub files: BTreeSet<FileIndex>,
    /// Number of events read only from slack space. It may be negative for one worker, if another one read
    /// from slack space the event that this one read live.
    pub from_slack: i64,
}

/// A signal and its occurrences.
#[derive(Debug, Clone)]
pub struct RecordedSignal {
    pub signal: Signal,
    pub occurrences: Occurrences,
}

/// The ID of the incident to which an event belongs, as [`Incident::id`].
pub fn incident_id(event: &ApErrModified) -> String {
    stable_id('i', &event.names())
}

impl Incident {
    /// ID of the incident, the same in every run and on every machine: `i` and 12 hexadecimal digits of the
    /// SHA-256 over the names in lower case. Because of the letter, spreadsheets do not read it as a number.
    pub fn id(&self) -> String {
        stable_id('i', &self.names())
    }

    /// Keeps the smallest of several spellings, so that the result does not depend on the order of the
    /// workers.
    pub(super) fn keep_smaller_names(&mut self, names: [Box<str>; 5]) {
        let kept = [
            &mut self.client,
            &mut self.answered_by,
            &mut self.target,
            &mut self.target_realm,
            &mut self.client_realm,
        ];
        for (kept, name) in kept.into_iter().zip(names) {
            if name < *kept {
                *kept = name;
            }
        }
    }

    fn names(&self) -> [&str; 5] {
        [&self.client, &self.answered_by, &self.target, &self.target_realm, &self.client_realm]
    }
}

/// A letter and 12 hexadecimal digits that identify `parts`, ignoring case.
pub fn stable_id(letter: char, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(fold(part));
        // A separator no name can hold keeps ("a", "bc") and ("ab", "c") apart.
        hash.update([0]);
    }
    let mut id = String::with_capacity(13);
    id.push(letter);
    let digits = hash.finalize().into_iter().take(6).flat_map(|byte| [byte >> 4, byte & 0xf]);
    id.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    id
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
