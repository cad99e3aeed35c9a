//! Recognises records that repeat one which a condition of the selection rejected.
//!
//! With LogLevel=1 (KB 262177) a machine logs the same event 3 again and again. A record that differs from a rejected record
//! only in record ID and time is rejected for the same reason.

use super::values::filetime;
use crate::chunks::bytes::u64_at;

/// Maximum number of rejected records kept.
const MAX_KEPT: usize = 8;

/// The last rejected records of the current chunk. A new one replaces the oldest.
#[derive(Default)]
pub(super) struct RejectedRecords {
    kept: Vec<RejectedRecord>,
    next: usize,
}

/// A rejected record. Its template definition and those of its fragments are outside the record. If one were inside, the same
/// bytes at another offset would not mean the same, because references to it are offsets in the chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct RejectedRecord {
    /// Offset of its Binary XML in the chunk.
    pub at: usize,
    /// Offset of the end of its Binary XML.
    pub end: usize,
    /// Offset of its record ID, which has 8 bytes.
    pub record_id: usize,
    /// Offset of its time, which has 8 bytes.
    pub time: usize,
}

impl RejectedRecords {
    /// Forgets the records of the previous chunk.
    pub(super) fn start_chunk(&mut self) {
        self.kept.clear();
        self.next = 0;
    }

    /// Adds a rejected record.
    pub(super) fn keep(&mut self, record: RejectedRecord) {
        match self.kept.get_mut(self.next) {
            Some(oldest) => *oldest = record,
            None => self.kept.push(record),
        }
        self.next = (self.next + 1) % MAX_KEPT;
    }

    /// Does the Binary XML from `at` to `end` repeat a rejected record, with a valid time?
    pub(super) fn is_repetition(&self, chunk: &[u8], at: usize, end: usize) -> bool {
        self.kept.iter().any(|kept| kept.is_repeated(chunk, at, end).unwrap_or(false))
    }
}

impl RejectedRecord {
    /// `None` if the Binary XML is outside the chunk.
    fn is_repeated(&self, chunk: &[u8], at: usize, end: usize) -> Option<bool> {
        if end - at != self.end - self.at {
            return Some(false);
        }
        let (first, second) = (self.record_id.min(self.time), self.record_id.max(self.time));
        let same = |from: usize, to: usize| {
            let there = chunk.get(at + (from - self.at)..at + (to - self.at));
            there.is_some_and(|there| chunk.get(from..to) == Some(there))
        };
        let is_same = same(self.at, first) && same(first + 8, second) && same(second + 8, self.end);
        Some(is_same && filetime(u64_at(chunk, at + (self.time - self.at))?).is_some())
    }
}
