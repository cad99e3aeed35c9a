//! The records of one chunk: gate, decoder, and the `evtx` crate for what they leave to it.

use super::decode::{Decoded, Decoder};
use super::full::{FullReader, Pick};
use super::gate::{Gate, RECORD_HEADER};
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
    /// Lowest and highest record identifier, by the record headers of sound chunks.
    pub ids: Option<(u64, u64)>,
}

impl Counts {
    pub fn note_ids(&mut self, first: u64, last: u64) {
        self.ids = Some(self.ids.map_or((first, last), |(low, high)| (low.min(first), high.max(last))));
    }
}

/// Reads chunks; keeps its buffers from one to the next.
#[derive(Default)]
pub struct ChunkReader {
    gate: Gate,
    decoder: Decoder,
    full: FullReader,
    /// Offsets of the records that are left to the crate.
    odd: Vec<u32>,
}

/// A chunk, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// 64 KiB, or less where the file is cut off.
    pub bytes: &'a [u8],
    /// Offset in the file, for messages.
    pub at: u64,
}

impl ChunkReader {
    /// Hands the wanted records of `chunk` to `emit`. Could everything in it be read?
    pub fn read(
        &mut self,
        chunk: Chunk<'_>,
        selection: &Selection,
        recover: bool,
        counts: &mut Counts,
        problems: &mut Problems,
        mut emit: impl FnMut(Record),
    ) -> bool {
        counts.chunks += 1;
        let bytes = chunk.bytes;
        let Some(header) = Header::parse(bytes) else {
            counts.bad_checksums += 1;
            problems.add(chunk.at, || format!("chunk at offset {:#x}: its header is cut off", chunk.at));
            return false;
        };
        let mut found = Problems::default();
        let mut any = false;
        let mut emit = |record| {
            any = true;
            emit(record);
        };
        if recover {
            counts.records += self.full.read(chunk, Pick::AllAndSlack, selection, &mut found, &mut emit);
        } else {
            let walk = self.gate.walk(bytes, &header, selection);
            if walk.clean {
                counts.records += walk.records;
                if walk.records > 0 {
                    counts
                        .note_ids(walk.last_id.saturating_add(1).saturating_sub(walk.records), walk.last_id);
                }
                self.decoder.start_chunk();
                self.odd.clear();
                for passed in &self.gate.passed {
                    let (start, end) = (passed.at as usize + RECORD_HEADER, passed.end as usize - 4);
                    match self.decoder.record(bytes, start, end, selection) {
                        Decoded::Wanted(record) => emit(record),
                        Decoded::NotWanted => {}
                        Decoded::Odd => self.odd.push(passed.at),
                    }
                }
                if !self.odd.is_empty() {
                    let pick = Pick::At(&self.odd, walk.end, walk.last_id);
                    self.full.read(chunk, pick, selection, &mut found, &mut emit);
                }
            } else {
                counts.records += self.full.read(chunk, Pick::All, selection, &mut found, &mut emit);
            }
        }
        let sound =
            header.header_is_sound(bytes) && (!any && found.is_empty() || header.records_are_sound(bytes));
        counts.bad_checksums += u64::from(!sound);
        let read = found.is_empty();
        problems.append(&mut found);
        read
    }
}
