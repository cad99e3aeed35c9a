//! Records that were rejected by a value, to recognise those that repeat them.
//!
//! With LogLevel=1 a machine logs the same event 3 again and again. A record that differs from a rejected one only in
//! its record ID and time is rejected for the same reason.

use super::values::filetime;
use crate::chunks::bytes::u64_at;

/// Most rejected records kept.
const MAX_KEPT: usize = 8;

/// Rejected records of the current chunk: the last ones, in turns.
#[derive(Default)]
pub(super) struct RejectedRecords {
    kept: Vec<RejectedRecord>,
    next: usize,
}

/// A record whose template definition is elsewhere in the chunk, as are those of its fragments. Otherwise a copy of its
/// bytes would be another record: a definition's offset is compared with where the reader is.
#[derive(Debug, Clone, Copy)]
pub(super) struct RejectedRecord {
    /// Start and end of its Binary XML in the chunk.
    pub at: usize,
    pub end: usize,
    /// Offsets in the chunk of its record ID and its time, 8 bytes each.
    pub record_id: usize,
    pub time: usize,
}

impl RejectedRecords {
    pub(super) fn start_chunk(&mut self) {
        self.kept.clear();
        self.next = 0;
    }

    pub(super) fn keep(&mut self, record: RejectedRecord) {
        match self.kept.get_mut(self.next) {
            Some(oldest) => *oldest = record,
            None => self.kept.push(record),
        }
        self.next = (self.next + 1) % MAX_KEPT;
    }

    /// Does the record with this Binary XML repeat a rejected one, at a time that can be read?
    pub(super) fn has(&self, chunk: &[u8], at: usize, end: usize) -> bool {
        self.kept.iter().any(|kept| kept.is_repeated(chunk, at, end).unwrap_or(false))
    }
}

impl RejectedRecord {
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
