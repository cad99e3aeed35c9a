//! The chunk header, and the two checksums it holds.

use super::bytes::{u32_at, u64_at};
use super::layout::CHUNK_HEADER_LEN;

/// Flag for "no checksums were written" (Windows sets it on some forwarded and exported logs).
const NO_CRC32: u32 = 4;

/// A chunk's header. All of it may be outdated or forged.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// Identifiers of the first and the last live record.
    pub first_record_id: u64,
    pub last_record_id: u64,
    /// Offset in the chunk where free space starts: the end of the live records.
    free_space: u32,
    records_checksum: u32,
    header_checksum: u32,
    flags: u32,
}

impl Header {
    /// `None` when `chunk` is shorter than a header.
    pub fn parse(chunk: &[u8]) -> Option<Self> {
        Some(Self {
            first_record_id: u64_at(chunk, 24)?,
            last_record_id: u64_at(chunk, 32)?,
            free_space: u32_at(chunk, 48)?,
            records_checksum: u32_at(chunk, 52)?,
            flags: u32_at(chunk, 120)?,
            header_checksum: u32_at(chunk, 124)?,
        })
        .filter(|_| chunk.len() >= CHUNK_HEADER_LEN)
    }

    /// Where the live records end by what the header says; the end of the chunk where it says what cannot be.
    ///
    /// Only this ends a walk. The identifier of the last record does not: in logs that were put together
    /// from others the same identifier can be earlier in the chunk, too.
    pub fn live_end(&self, chunk: &[u8]) -> usize {
        match self.free_space as usize {
            end if end >= CHUNK_HEADER_LEN => end.min(chunk.len()),
            _ => chunk.len(),
        }
    }

    /// Does the header's own checksum agree (of bytes 0..120 and 128..512)? True where there is none.
    pub fn header_is_sound(&self, chunk: &[u8]) -> bool {
        if self.flags & NO_CRC32 != 0 {
            return true;
        }
        let (Some(first), Some(second)) = (chunk.get(..120), chunk.get(128..CHUNK_HEADER_LEN)) else {
            return false;
        };
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(first);
        hasher.update(second);
        hasher.finalize() == self.header_checksum
    }

    /// Does the checksum of the records agree? True where there is none. It reads the whole chunk again,
    /// which takes as long as reading it from the page cache, so not every chunk is asked.
    pub fn records_are_sound(&self, chunk: &[u8]) -> bool {
        if self.flags & NO_CRC32 != 0 {
            return true;
        }
        chunk
            .get(CHUNK_HEADER_LEN..self.free_space as usize)
            .is_some_and(|records| crc32fast::hash(records) == self.records_checksum)
    }
}
