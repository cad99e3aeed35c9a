//! The records of one chunk.

use super::full::{FullReader, Pick};
use super::{Problems, Record, Selection};
use crate::chunks::header::Header;

/// What was counted in one chunk or in many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub chunks: u64,
    /// Chunks of which a checksum is wrong, as far as they were checked: the header's always, that of the
    /// records where a wanted record was found or something could not be read.
    pub bad_checksums: u64,
    /// Records looked at.
    pub records: u64,
}

/// Reads chunks; keeps its buffers from one to the next.
#[derive(Default)]
pub struct ChunkReader {
    full: FullReader,
}

impl ChunkReader {
    /// Hands the wanted records of `chunk` (64 KiB, or less where the file is cut off) to `emit`. `at` is
    /// its offset in the file, for messages. Is everything in it sound?
    pub fn read(
        &mut self,
        chunk: &[u8],
        at: u64,
        selection: &Selection,
        recover: bool,
        counts: &mut Counts,
        problems: &mut Problems,
        mut emit: impl FnMut(Record),
    ) -> bool {
        counts.chunks += 1;
        let mut found = Problems::default();
        let pick = if recover { Pick::AllAndSlack } else { Pick::All };
        let mut any = false;
        counts.records += self.full.read(chunk, at, pick, selection, &mut found, |record| {
            any = true;
            emit(record);
        });
        let sound = match Header::parse(chunk) {
            None => false,
            Some(header) => {
                header.header_is_sound(chunk) && (!any && found.is_empty() || header.records_are_sound(chunk))
            }
        };
        counts.bad_checksums += u64::from(!sound);
        let read = found.is_empty();
        problems.append(&mut found);
        read
    }
}
