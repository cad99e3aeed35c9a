use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::records::Record;
use crate::scan::FileIndex;

/// Locks are taken per event; enough shards that two workers seldom meet.
const SHARDS: usize = 64;

/// Which records were seen, so that one that stands in two exports counts once.
///
/// A record is the same when computer, channel, record ID and TimeCreated are (record IDs start again when a log is
/// cleared). Memory: 16 bytes and a control byte per distinct event at a load of 7/8 to 7/16, so 20 to 40 bytes each;
/// a 64-bit fingerprint stands for the four values: over ten million events the chance that any two differ and collide
/// is 3 in a million.
pub struct Seen {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<u64, FileIndex>>>,
    duplicates: AtomicU64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            duplicates: AtomicU64::new(0),
        }
    }
}

/// What is to be done with a record that was offered to [`Seen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    First,
    /// The record was seen before. It counts as the duplicate of this file: of two files that hold it,
    /// the one that comes first in the inputs keeps it, whichever worker was faster.
    Again {
        duplicate_in: FileIndex,
    },
}

impl Seen {
    pub fn see(&self, record: &Record, file: FileIndex) -> Sight {
        let mut h = self.hasher.build_hasher();
        for byte in record.computer.bytes() {
            h.write_u8(byte.to_ascii_lowercase());
        }
        record.channel.hash(&mut h);
        record.record_id.hash(&mut h);
        record.time.as_nanosecond().hash(&mut h);
        if record.record_id == 0 {
            // Copied text has no record ID: there the values tell events of one second apart.
            record.event_id.hash(&mut h);
            for datum in &record.data {
                datum.value.hash(&mut h);
            }
        }
        let print = h.finish();
        let shard = &self.shards[print as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match shard.entry(print) {
            Entry::Vacant(entry) => {
                entry.insert(file);
                Sight::First
            }
            Entry::Occupied(mut entry) => {
                self.duplicates.fetch_add(1, Ordering::Relaxed);
                let kept = *entry.get();
                if file < kept {
                    entry.insert(file);
                }
                Sight::Again { duplicate_in: kept.max(file) }
            }
        }
    }

    /// Records dropped because they were seen before.
    pub fn duplicates(&self) -> u64 {
        self.duplicates.load(Ordering::Relaxed)
    }
}
