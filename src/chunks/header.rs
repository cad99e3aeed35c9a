//! Reads a chunk header and verifies its two checksums.

use super::bytes::{u32_at, u64_at};
use super::layout::CHUNK_HEADER_LEN;

/// Flag of a chunk without checksums. Windows sets it in some forwarded and exported logs.
const NO_CRC32: u32 = 4;

/// The header of a chunk. Every field may be outdated or forged.
#[derive(Debug, Clone, Copy)]
pub struct ChunkHeader {
    /// `EventRecordID` of the first and of the last live record.
    pub first_record_id: u64,
    pub last_record_id: u64,
    /// Offset in the chunk at which the live records end and free space starts.
    free_space: u32,
    records_checksum: u32,
    header_checksum: u32,
    flags: u32,
}

impl ChunkHeader {
    /// Reads the header. `None` if `chunk` is shorter than a header.
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

    /// The offset in the chunk at which the live records end. An impossible offset in the header gives the end of the
    /// chunk.
    ///
    /// The identifier of the last record does not end a walk: in a log that was merged from others, an earlier record may
    /// have the same identifier.
    pub fn live_end(&self, chunk: &[u8]) -> usize {
        match self.free_space as usize {
            end if end >= CHUNK_HEADER_LEN => end.min(chunk.len()),
            _ => chunk.len(),
        }
    }

    /// Is the checksum of the header (bytes 0..120 and 128..512) right? True for a chunk without checksums.
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

    /// Is the checksum of the records right? True for a chunk without checksums. It takes as long as reading the chunk from
    /// the page cache.
    pub fn records_are_sound(&self, chunk: &[u8]) -> bool {
        if self.flags & NO_CRC32 != 0 {
            return true;
        }
        chunk
            .get(CHUNK_HEADER_LEN..self.free_space as usize)
            .is_some_and(|records| crc32fast::hash(records) == self.records_checksum)
    }
}
