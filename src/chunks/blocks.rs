//! Where chunks are in the bytes of a file.

use memchr::memmem::Finder;

use super::layout::{CHUNK_HEADER_LEN, CHUNK_LEN};
use crate::files::kind::CHUNK_MAGIC;

/// What stands in one place of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A chunk starts at this position.
    Chunk(usize),
    /// A slot that is neither zero nor starts with a chunk.
    Junk(usize),
}

/// Finds chunks: in their slots, and anywhere where slots do not hold what they should.
pub struct Carver {
    magic: Finder<'static>,
}

impl Default for Carver {
    fn default() -> Self {
        Self { magic: Finder::new(CHUNK_MAGIC) }
    }
}

impl Carver {
    /// Looks at every 64 KiB slot of `block`, of which the first starts at 0. A slot of zeros (space that
    /// Windows has reserved) is passed over; one of anything else is searched for chunks at any position.
    pub fn slots(&self, block: &[u8], mut found: impl FnMut(Found)) {
        for (i, slot) in block.chunks(CHUNK_LEN).enumerate() {
            let start = i * CHUNK_LEN;
            if slot.starts_with(CHUNK_MAGIC) {
                found(Found::Chunk(start));
            } else if !is_zero(slot) {
                found(Found::Junk(start));
                // A magic may stand across the end of the slot.
                let end = (start + slot.len() + CHUNK_MAGIC.len() - 1).min(block.len());
                let span = block.get(start..end).unwrap_or_default();
                for at in self.magic.find_iter(span) {
                    if at < slot.len() {
                        found(Found::Chunk(start + at));
                    }
                }
            }
        }
    }

    /// The first chunk magic in `bytes` at or after `from`.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        Some(from + self.magic.find(bytes.get(from..)?)?)
    }

    /// Where to look on after the chunk at `at`: behind it when it was read in full, else behind its
    /// header, as it may be cut off by another. So hostile bytes are read at most 128 times.
    pub fn after(at: usize, read_in_full: bool) -> usize {
        at + if read_in_full { CHUNK_LEN } else { CHUNK_HEADER_LEN }
    }
}

/// Is there nothing but zeros? Decided within a cache line for nearly every slot that holds something.
fn is_zero(slot: &[u8]) -> bool {
    let (blocks, rest) = slot.as_chunks::<64>();
    blocks.iter().all(|block| block.iter().fold(0, |any, byte| any | byte) == 0)
        && rest.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(block: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        Carver::default().slots(block, |f| all.push(f));
        all
    }

    #[test]
    fn zero_slots_are_passed_over_and_chunks_between_them_found() {
        let mut block = vec![0; 4 * CHUNK_LEN];
        block[2 * CHUNK_LEN..][..8].copy_from_slice(CHUNK_MAGIC);
        assert_eq!(slots(&block), [Found::Chunk(2 * CHUNK_LEN)]);
        assert_eq!(slots(&block[..100]), []);
    }

    #[test]
    fn a_chunk_that_is_out_of_its_slot_is_found_once() {
        let mut block = vec![1; 3 * CHUNK_LEN];
        let across = 2 * CHUNK_LEN - 4;
        block[across..across + 8].copy_from_slice(CHUNK_MAGIC);
        assert_eq!(
            slots(&block),
            [Found::Junk(0), Found::Junk(CHUNK_LEN), Found::Chunk(across), Found::Junk(2 * CHUNK_LEN),]
        );
    }
}
