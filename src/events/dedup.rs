use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::event::Event;
use crate::files::FileIndex;
use crate::names::fold;
use crate::records::{Origin, Record};

/// Locks are taken per event; enough shards that two workers seldom meet.
const SHARDS: usize = 64;

/// Records whose key another record has that says something else: of more, only the first ones are named.
const MAX_CONFLICTS: usize = 10_000;

/// Which records were seen, so that one that is in two exports counts once.
///
/// A record is the same when computer and channel (without case), record ID, TimeCreated to the second, and what it means
/// are. Record IDs start again when a log is cleared, and tools that export cut the digits of a second. Records of one key
/// that mean different things are both counted, and the files that hold them are reported: one of them was copied from
/// another machine, or made up.
///
/// Memory: 20 bytes and a control byte per distinct event at a load of 7/8 to 7/16, so 24 to 48 bytes each. A 64-bit
/// fingerprint stands for the key: over ten million events the chance that any two differ and collide is 3 in a million.
pub struct DedupIndex {
    hasher: RandomState,
    shards: Vec<Mutex<HashTable<Slot>>>,
    conflicts: Mutex<HashMap<u64, BTreeSet<FileIndex>>>,
}

/// A record: its fingerprint, the file that keeps it and (in the lowest bit) whether it was only seen in slack space so
/// far, and a hash of what it means. In words of 32 bits, which need no padding.
#[derive(Clone, Copy)]
struct Slot([u32; 5]);

impl Slot {
    fn new(fingerprint: u64, file: FileIndex, slack: bool, meaning: u32) -> Self {
        let file = file << 1 | u64::from(slack);
        Self([fingerprint as u32, (fingerprint >> 32) as u32, file as u32, (file >> 32) as u32, meaning])
    }

    fn fingerprint(self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 32
    }

    fn file(self) -> FileIndex {
        (u64::from(self.0[2]) | u64::from(self.0[3]) << 32) >> 1
    }

    fn only_slack(self) -> bool {
        self.0[2] & 1 == 1
    }

    fn meaning(self) -> u32 {
        self.0[4]
    }
}

impl Default for DedupIndex {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            conflicts: Mutex::default(),
        }
    }
}

/// What records of one content share: hashes of their log (computer and channel) and of what they mean.
#[derive(Debug, Clone, Copy)]
pub struct ContentFingerprint {
    log: u64,
    meaning: u32,
}

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
    /// The part of the key that all records of one content share. It may be kept and used again.
    pub fn content_fingerprint(&self, record: &Record, event: &Event) -> ContentFingerprint {
        let mut log = self.hasher.build_hasher();
        fold(&record.computer).hash(&mut log);
        fold(&record.channel).hash(&mut log);
        let mut meaning = self.hasher.build_hasher();
        record.event_id.hash(&mut meaning);
        event.each_name(&mut |name| fold(name).hash(&mut meaning));
        ContentFingerprint { log: log.finish(), meaning: meaning.finish() as u32 }
    }

    pub fn insert(&self, content: ContentFingerprint, record: &Record, file: FileIndex) -> Insertion {
        let fingerprint = self.fingerprint(content, record);
        let slack = record.origin == Origin::Slack;
        match self.insert_slot(Slot::new(fingerprint, file, slack, content.meaning)) {
            Ok(insertion) => insertion,
            // Another record of the same key. It is one of its own, and the next that means the same is its duplicate.
            Err(other) => {
                self.add_conflict(fingerprint, [other, file]);
                let own = self.hasher.hash_one((fingerprint, content.meaning));
                self.insert_slot(Slot::new(own, file, slack, content.meaning)).unwrap_or(Insertion::New)
            }
        }
    }

    fn fingerprint(&self, content: ContentFingerprint, record: &Record) -> u64 {
        let mut h = self.hasher.build_hasher();
        h.write_u64(content.log);
        h.write_u64(record.record_id);
        if record.record_id == 0 {
            // Copied text has no record ID: there the values tell events of one second apart.
            h.write_i128(record.time.as_nanosecond());
            record.event_id.hash(&mut h);
            for datum in &record.data {
                datum.value.hash(&mut h);
            }
        } else {
            h.write_i64(record.time.as_second());
        }
        h.finish()
    }

    /// The file of the record that has this key and means something else, as an error.
    fn insert_slot(&self, new: Slot) -> Result<Insertion, FileIndex> {
        let shard = &self.shards[new.fingerprint() as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |slot: &Slot| slot.fingerprint() == new.fingerprint();
        // The lowest bits chose the shard.
        let hash = |slot: &Slot| slot.fingerprint().rotate_right(6);
        match shard.entry(hash(&new), is_same, hash) {
            Entry::Vacant(entry) => {
                entry.insert(new);
                Ok(Insertion::New)
            }
            Entry::Occupied(mut entry) => {
                let kept = *entry.get();
                let (only_slack, slack) = (kept.only_slack(), new.only_slack());
                // What slack space left of a record may say less than the record did.
                if kept.meaning() != new.meaning() && !only_slack && !slack {
                    return Err(kept.file());
                }
                let meaning = if only_slack { new.meaning() } else { kept.meaning() };
                let file = kept.file().min(new.file());
                *entry.get_mut() = Slot::new(new.fingerprint(), file, only_slack && slack, meaning);
                let duplicate_in = kept.file().max(new.file());
                Ok(Insertion::Duplicate { duplicate_in, now_live: only_slack && !slack })
            }
        }
    }

    fn add_conflict(&self, fingerprint: u64, files: [FileIndex; 2]) {
        let mut conflicts = self.conflicts.lock().unwrap_or_else(PoisonError::into_inner);
        if conflicts.len() < MAX_CONFLICTS || conflicts.contains_key(&fingerprint) {
            conflicts.entry(fingerprint).or_default().extend(files);
        }
    }

    /// The files that hold different records of one key, and how many such keys they share.
    pub fn conflicts(&self) -> BTreeMap<Vec<FileIndex>, u64> {
        let conflicts = self.conflicts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counted = BTreeMap::new();
        for files in conflicts.values() {
            *counted.entry(files.iter().copied().collect()).or_default() += 1;
        }
        counted
    }
}
