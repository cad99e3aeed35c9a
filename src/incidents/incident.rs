use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::activity::ActivityTimes;
use crate::events::{ApErrModified, Signal};
use crate::files::FileIndex;
use crate::names::fold;

/// One trouble: a client asks for a target and something answers that cannot decrypt. Names as the log has them.
#[derive(Debug, Clone)]
pub struct Incident {
    pub client: Box<str>,
    pub answered_by: Box<str>,
    pub target: Box<str>,
    pub target_realm: Box<str>,
    pub client_realm: Box<str>,
    pub occurrences: Occurrences,
}

/// How often and when something was seen, and where it stands.
#[derive(Debug, Clone)]
pub struct Occurrences {
    pub events: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    pub activity: ActivityTimes,
    /// When those happened that an earlier run counted: they are evidence, and not among `events`. Empty once all
    /// shares are merged, when `activity` has them too.
    pub reported: ActivityTimes,
    /// Every input that holds one of the events, duplicates too.
    pub files: BTreeSet<FileIndex>,
    /// How many of the events were read from slack space alone. One worker's share may be below zero: another one saw
    /// in slack space what this one saw live.
    pub from_slack: i64,
}

/// A signal and when it was seen.
#[derive(Debug, Clone)]
pub struct RecordedSignal {
    pub signal: Signal,
    pub occurrences: Occurrences,
}

/// The identity of the incident that an event belongs to, as [`Incident::id`].
pub fn id_of(event: &ApErrModified) -> String {
    stable_id('i', &event.names())
}

impl Incident {
    /// The same for the same incident in every run, on every machine: `i` and 12 hexadecimal digits of the SHA-256 over
    /// the names in lower case. The letter keeps spreadsheets from reading a number.
    pub fn id(&self) -> String {
        stable_id('i', &self.names())
    }

    /// Of several spellings of a name the smallest is shown, so that it does not depend on which worker came first.
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

/// A letter and 12 hexadecimal digits that stand for `parts`, compared without case.
pub fn stable_id(letter: char, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(fold(part));
        // A separator no name can hold keeps ("a", "bc") and ("ab", "c") apart.
        hash.update([0]);
    }
    let mut id = String::from(letter);
    for byte in hash.finalize().iter().take(6) {
        id.push_str(&format!("{byte:02x}"));
    }
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
