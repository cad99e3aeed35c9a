use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Mutex;

use foldhash::HashMap;

use crate::files::FileIndex;
use crate::records::{Origin, Record};

/// Locks are taken per event; enough shards that two workers seldom meet.
const SHARDS: usize = 64;

/// Which records were seen, so that one that stands in two exports counts once.
///
/// A record is the same when computer, channel, record ID and TimeCreated are (record IDs start again when a log is
/// cleared). Memory: 16 bytes and a control byte per distinct event at a load of 7/8 to 7/16, so 20 to 40 bytes each;
/// a 64-bit fingerprint stands for the four values: over ten million events the chance that any two differ and collide
/// is 3 in a million.
pub struct DedupIndex {
    hasher: RandomState,
    /// The file that keeps the record, and (in the lowest bit) whether it was only seen in slack space so far.
    shards: Vec<Mutex<HashMap<u64, u64>>>,
}

impl Default for DedupIndex {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

/// The fingerprint of a log: computer and channel.
#[derive(Debug, Clone, Copy)]
pub struct LogFingerprint(u64);

/// What is to be done with a record that was offered to [`DedupIndex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    New,
    /// The record was seen before. It counts as the duplicate of this file: of two files that hold it,
    /// the one that comes first in the inputs keeps it, whichever worker was faster.
    Duplicate {
        duplicate_in: FileIndex,
        /// Until now it was only seen in slack space, and now it is live.
        now_live: bool,
    },
}

impl DedupIndex {
    /// Stands for the log that the record is of: the half of its fingerprint that records of one content share.
    pub fn log_fingerprint(&self, record: &Record) -> LogFingerprint {
        let mut h = self.hasher.build_hasher();
        let mut computer = record.computer.clone();
        computer.make_ascii_lowercase();
        computer.hash(&mut h);
        record.channel.hash(&mut h);
        LogFingerprint(h.finish())
    }

    pub fn insert(&self, source: LogFingerprint, record: &Record, file: FileIndex) -> Insertion {
        let mut h = self.hasher.build_hasher();
        h.write_u64(source.0);
        h.write_u64(record.record_id);
        h.write_i128(record.time.as_nanosecond());
        if record.record_id == 0 {
            // Copied text has no record ID: there the values tell events of one second apart.
            record.event_id.hash(&mut h);
            for datum in &record.data {
                datum.value.hash(&mut h);
            }
        }
        let fingerprint = h.finish();
        let shard = &self.shards[fingerprint as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slack = record.origin == Origin::Slack;
        match shard.entry(fingerprint) {
            Entry::Vacant(entry) => {
                entry.insert(file << 1 | u64::from(slack));
                Insertion::New
            }
            Entry::Occupied(mut entry) => {
                let (kept, only_slack) = (*entry.get() >> 1, *entry.get() & 1 == 1);
                entry.insert(kept.min(file) << 1 | u64::from(only_slack && slack));
                Insertion::Duplicate { duplicate_in: kept.max(file), now_live: only_slack && !slack }
            }
        }
    }
}
