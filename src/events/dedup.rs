//! The index of records that lets a record in two exports count once.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::event::Event;
use crate::files::FileIndex;
use crate::names::fold;
use crate::records::{Record, RecordOrigin};

/// Number of shards. Locks are taken per event, and with this many two workers rarely collide.
const SHARDS: usize = 64;

/// Number of low bits of a record ID that do not choose the shard. A worker reads neighbouring records one after the other,
/// and so finds their shard in its cache.
const RANGE_BITS: u32 = 10;

/// Maximum number of keys kept that records with different content share.
const MAX_CONFLICTS: usize = 10_000;

/// Index of the records read so far, so that a record in two exports counts once.
///
/// Two records are the same if computer and channel (without case), record ID, TimeCreated to the second, and
/// meaning are equal. Record IDs start again when a log is cleared, and some export tools truncate fractions
/// of a second. Records with one key and different meanings are both counted, and their files are reported:
/// one of them was copied from another machine, or forged.
///
/// Memory: 20 bytes and a control byte per distinct event at a load of 7/8 to 7/16, so 24 to 48 bytes each. A 64-bit
/// fingerprint replaces the key: over ten million events the chance that any two differ and collide is 3 in a million.
pub struct DedupIndex {
    hasher: RandomState,
    shards: Vec<Shard>,
    conflicts: Mutex<HashMap<u64, BTreeSet<FileIndex>>>,
}

/// A part of the index. The alignment keeps two parts out of one cache line, because workers write into them at the same
/// time.
#[derive(Default)]
#[repr(align(64))]
struct Shard(Mutex<HashTable<Slot>>);

/// Entry for one record: its fingerprint, the file that keeps it, whether it was only read from slack space so far (the lowest
/// bit), and a hash of its meaning. 32-bit words need no padding.
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
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            conflicts: Mutex::default(),
        }
    }
}

/// Hashes of a record's log (computer and channel) and of its meaning. Records that share a content share them.
#[derive(Debug, Clone, Copy)]
pub struct ContentFingerprint {
    log: u64,
    meaning: u32,
}

/// Result of inserting a record into [`DedupIndex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    New,
    /// The index has the record already. Of two files with it, the first in the inputs keeps it, whichever worker was faster.
    Duplicate {
        /// The file for which the duplicate counts.
        duplicate_in: FileIndex,
        /// The live part has the record, and only slack space had it before.
        now_live: bool,
    },
}

impl DedupIndex {
    /// Hashes the part of the key that all records of one content share. The caller may cache it.
    pub fn content_fingerprint(&self, record: &Record, event: &Event) -> ContentFingerprint {
        let mut log = self.hasher.build_hasher();
        fold(&record.computer).hash(&mut log);
        fold(&record.channel).hash(&mut log);
        let mut meaning = self.hasher.build_hasher();
        record.event_id.hash(&mut meaning);
        event.for_each_name(&mut |name| fold(name).hash(&mut meaning));
        ContentFingerprint { log: log.finish(), meaning: meaning.finish() as u32 }
    }

    pub fn insert(&self, content: ContentFingerprint, record: &Record, file: FileIndex) -> Insertion {
        let fingerprint = self.fingerprint(content, record);
        let slack = record.origin == RecordOrigin::Slack;
        // Copied text has no record IDs.
        let range = if record.record_id == 0 { fingerprint } else { record.record_id >> RANGE_BITS };
        let mixed = content.log ^ range.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let shard = (mixed >> 32) as usize % SHARDS;
        match self.insert_slot(shard, Slot::new(fingerprint, file, slack, content.meaning)) {
            Ok(insertion) => insertion,
            // Another record has the same key. This one counts separately, and the next one with its meaning is its
            // duplicate.
            Err(other) => {
                self.add_conflict(fingerprint, [other, file]);
                let own = self.hasher.hash_one((fingerprint, content.meaning));
                self.insert_slot(shard, Slot::new(own, file, slack, content.meaning))
                    .unwrap_or(Insertion::New)
            }
        }
    }

    fn fingerprint(&self, content: ContentFingerprint, record: &Record) -> u64 {
        let mut h = self.hasher.build_hasher();
        h.write_u64(content.log);
        h.write_u64(record.record_id);
        if record.record_id == 0 {
            // Copied text has no record ID, so the values distinguish events of one second.
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

    /// Inserts one entry. `Err` is the file of a record with the same key and another meaning.
    fn insert_slot(&self, shard: usize, new: Slot) -> Result<Insertion, FileIndex> {
        let mut shard = self.shards[shard].0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |slot: &Slot| slot.fingerprint() == new.fingerprint();
        match shard.entry(new.fingerprint(), is_same, |slot| slot.fingerprint()) {
            Entry::Vacant(entry) => {
                entry.insert(new);
                Ok(Insertion::New)
            }
            Entry::Occupied(mut entry) => {
                let kept = *entry.get();
                let (only_slack, slack) = (kept.only_slack(), new.only_slack());
                // The remains of a record in slack space may have fewer values than the record.
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

    /// Number of keys that records with different meanings share, by the files with these records.
    pub fn conflicts(&self) -> BTreeMap<Vec<FileIndex>, u64> {
        let conflicts = self.conflicts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counted = BTreeMap::new();
        for files in conflicts.values() {
            *counted.entry(files.iter().copied().collect()).or_default() += 1;
        }
        counted
    }
}
