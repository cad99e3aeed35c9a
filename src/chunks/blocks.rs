//! Finds the chunks in the bytes of a file.

use memchr::memmem::Finder;

use super::layout::{CHUNK_HEADER_LEN, CHUNK_LEN};
use crate::files::kind::CHUNK_MAGIC;

/// A chunk or other data that was found in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarvedItem {
    /// A chunk that starts at this offset in the block.
    Chunk(usize),
    /// A slot that starts at this offset in the block. It holds data, but does not start with a chunk.
    Junk(usize),
}

/// The bytes of a chunk and its position in the file.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// 64 KiB, or less if the file ends in the chunk.
    pub bytes: &'a [u8],
    /// Offset in the file, for messages.
    pub at: u64,
}

/// A part of a file that is searched for chunks.
#[derive(Debug, Clone, Copy)]
pub struct FileBlock<'a> {
    /// The block and the bytes after it: at least as many as a magic has, unless the file ends.
    pub bytes: &'a [u8],
    /// Length of the block in bytes. Only chunks that start in it are found.
    pub len: usize,
    /// Are chunks in slots, the first at offset 0? Otherwise they may be anywhere.
    pub slots: bool,
}

/// Finds chunks in their slots, and also outside them where a file is damaged.
pub struct Carver {
    magic: Finder<'static>,
}

impl Default for Carver {
    fn default() -> Self {
        Self { magic: Finder::new(CHUNK_MAGIC) }
    }
}

impl Carver {
    /// Passes each chunk of a block, and each slot with other data, to `read`. It returns whether everything in the chunk
    /// could be read. `reads_zero` says whether the slot at an offset, which continues after [`FileBlock::bytes`], is all
    /// zeros.
    ///
    /// A slot of zeros, which Windows has reserved, is skipped. The next chunk is expected in the next slot. Bytes are
    /// missing or were inserted if a chunk could not be read completely, or if the next slot has other data than a chunk or
    /// zeros. In that case the search for the next chunk begins after the header of this one.
    pub fn find(
        &self,
        block: FileBlock<'_>,
        mut reads_zero: impl FnMut(usize) -> bool,
        mut read: impl FnMut(CarvedItem) -> bool,
    ) {
        let FileBlock { bytes, len, slots } = block;
        let mut end_of = |at: usize, read_completely: bool| {
            let next = at + CHUNK_LEN;
            if read_completely && is_intact_slot(bytes, next, &mut reads_zero) {
                next
            } else {
                at + CHUNK_HEADER_LEN
            }
        };
        let slot_len = if slots { CHUNK_LEN } else { len.max(1) };
        for start in (0..len).step_by(slot_len) {
            let end = (start + slot_len).min(len);
            let slot = bytes.get(start..end).unwrap_or_default();
            let mut from = start;
            if slots && slot.starts_with(CHUNK_MAGIC) {
                from = end_of(start, read(CarvedItem::Chunk(start)));
            } else if slots && is_zero(slot) {
                continue;
            } else if slots {
                read(CarvedItem::Junk(start));
            }
            while let Some(at) = self.next(bytes, from, end) {
                from = end_of(at, read(CarvedItem::Chunk(at)));
            }
        }
    }

    /// The first chunk magic that starts at `from` or later and before `end`.
    fn next(&self, bytes: &[u8], from: usize, end: usize) -> Option<usize> {
        if from >= end {
            return None;
        }
        // A magic that starts before `end` may extend beyond it.
        let span = bytes.get(from..(end + CHUNK_MAGIC.len() - 1).min(bytes.len()))?;
        Some(from + self.magic.find(span)?)
    }
}

/// Is there a chunk, zeros, or the end of the file at `at`?
fn is_intact_slot(bytes: &[u8], at: usize, reads_zero: &mut dyn FnMut(usize) -> bool) -> bool {
    let slot = slot_at(bytes, at);
    slot.is_empty()
        || slot.starts_with(CHUNK_MAGIC)
        || (is_zero(slot) && (slot.len() == CHUNK_LEN || reads_zero(at)))
}

/// The slot that starts at `at`. It is shorter if `bytes` ends in it, and empty if `bytes` ends before it.
pub fn slot_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.get(..CHUNK_LEN).unwrap_or(rest)
}

/// Are all bytes zero? For nearly every slot with data, the first cache line decides.
fn is_zero(slot: &[u8]) -> bool {
    let (blocks, rest) = slot.as_chunks::<64>();
    blocks.iter().all(|block| block.iter().fold(0, |any, byte| any | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(bytes: &[u8], len: usize, slots: bool, read_completely: bool) -> Vec<CarvedItem> {
        let mut all = Vec::new();
        Carver::default().find(
            FileBlock { bytes, len, slots },
            |_| true,
            |found| {
                all.push(found);
                read_completely
            },
        );
        all
    }

    fn with_magics(len: usize, filling: u8, magics: &[usize]) -> Vec<u8> {
        let mut bytes = vec![filling; len];
        for at in magics {
            bytes[*at..*at + 8].copy_from_slice(CHUNK_MAGIC);
        }
        bytes
    }

    #[test]
    fn zero_slots_are_skipped_and_chunks_between_them_found() {
        let block = with_magics(4 * CHUNK_LEN, 0, &[2 * CHUNK_LEN]);
        assert_eq!(find(&block, block.len(), true, true), [CarvedItem::Chunk(2 * CHUNK_LEN)]);
        assert_eq!(find(&block[..100], 100, true, true), []);
    }

    #[test]
    fn a_chunk_that_is_out_of_its_slot_is_found_once() {
        let across = 2 * CHUNK_LEN - 4;
        let block = with_magics(3 * CHUNK_LEN, 1, &[across]);
        assert_eq!(
            find(&block, block.len(), true, true),
            [
                CarvedItem::Junk(0),
                CarvedItem::Junk(CHUNK_LEN),
                CarvedItem::Chunk(across),
                CarvedItem::Junk(2 * CHUNK_LEN)
            ]
        );
    }

    #[test]
    fn the_slot_of_a_short_or_damaged_chunk_is_searched() {
        let early = CHUNK_LEN - 1;
        // The second chunk starts a byte early: the next slot shows it.
        let block = with_magics(2 * CHUNK_LEN, 1, &[0, early]);
        for (slots, junk) in [(true, vec![CarvedItem::Junk(CHUNK_LEN)]), (false, vec![])] {
            let expected = [vec![CarvedItem::Chunk(0), CarvedItem::Chunk(early)], junk].concat();
            assert_eq!(find(&block, block.len(), slots, true), expected);
            // The same if the next slot is after the block, and only its first bytes are known.
            assert_eq!(find(&block[..CHUNK_LEN + 8], CHUNK_LEN, slots, true), expected[..2]);
        }
        // The next slot looks right, but this chunk is damaged.
        let block = with_magics(2 * CHUNK_LEN, 1, &[0, early - 100, CHUNK_LEN]);
        assert_eq!(find(&block, CHUNK_LEN, true, true), [CarvedItem::Chunk(0)]);
        assert_eq!(
            find(&block, CHUNK_LEN, true, false),
            [CarvedItem::Chunk(0), CarvedItem::Chunk(early - 100)]
        );
    }

    #[test]
    fn hostile_magics_are_read_at_most_128_times_a_slot() {
        let block = CHUNK_MAGIC.repeat(CHUNK_LEN / 8);
        for slots in [true, false] {
            assert_eq!(find(&block, block.len(), slots, false).len(), 128);
        }
    }
}
