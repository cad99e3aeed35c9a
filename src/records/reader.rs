//! The records of one chunk: gate, decoder, and the `evtx` crate for what they leave to it.

use super::chunk::Chunk;
use super::decode::{Decoded, Decoder};
use super::fallback::{FallbackReader, Selector};
use super::gate::Gate;
use super::read_errors::ReadErrors;
use super::record::{MAX_VALUE, Record};
use super::selection::Selection;
use super::slack;
use crate::chunks::CHUNK_MAGIC;
use crate::chunks::header::Header;

/// What the wanted records of one chunk may hold, in bytes of text: 128 times what the chunk has. A template may say one value
/// as often as it likes.
const MAX_CHUNK_TEXT: usize = 8 << 20;

/// What was counted in one chunk or in many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub chunks: u64,
    /// Chunks of which a checksum is wrong, as far as they were checked: the header's always, that of the
    /// records where something could not be read (or the header is wrong). Checking all records would take
    /// longer than looking at them: 4 us of a chunk's 10.
    pub bad_checksums: u64,
    /// Records looked at.
    pub records: u64,
    /// Lowest and highest record identifier, by the record headers of sound chunks.
    pub ids: Option<(u64, u64)>,
    /// Records with a value that was cut, and the lowest identifier of one.
    pub cut: u64,
    pub first_cut: Option<u64>,
    /// When the latest record of a sound chunk was written, by its header: a FILETIME, 0 where there is none.
    pub written: u64,
}

impl Counts {
    /// The record with every value at most [`MAX_VALUE`] bytes long.
    pub fn cut(&mut self, record: Record) -> Record {
        let Some(content) = record.cut(MAX_VALUE) else { return record };
        self.cut += 1;
        self.first_cut = Some(self.first_cut.unwrap_or(u64::MAX).min(record.record_id));
        Record { content: content.into(), ..record }
    }

    pub fn add_cut(&mut self, other: Self) {
        self.cut += other.cut;
        self.first_cut = self.first_cut.into_iter().chain(other.first_cut).min();
    }

    pub fn note_ids(&mut self, first: u64, last: u64) {
        self.ids = Some(self.ids.map_or((first, last), |(low, high)| (low.min(first), high.max(last))));
    }
}

/// Reads chunks; keeps its buffers from one to the next.
#[derive(Default)]
pub struct ChunkReader {
    gate: Gate,
    decoder: Decoder,
    fallback: FallbackReader,
    /// Offsets of the records that are left to the crate.
    unsupported: Vec<u32>,
}

impl ChunkReader {
    /// Hands the wanted records of `chunk` to `emit`. Could everything in it be read?
    pub fn read(
        &mut self,
        chunk: Chunk<'_>,
        selection: &Selection,
        recover: bool,
        counts: &mut Counts,
        read_errors: &mut ReadErrors,
        mut emit: impl FnMut(Record),
    ) -> bool {
        counts.chunks += 1;
        let bytes = chunk.bytes;
        let Some(header) = Header::parse(bytes) else {
            counts.bad_checksums += 1;
            read_errors.add(chunk.at, || format!("chunk at offset {:#x}: its header is cut off", chunk.at));
            return false;
        };
        let mut found = ReadErrors::default();
        let (mut room, mut left_out) = (MAX_CHUNK_TEXT, 0u64);
        let mut emit = |record: Record| {
            if !selection.conditions_hold(&record) {
                return;
            }
            match room.checked_sub(record.text_len()) {
                Some(rest) => {
                    room = rest;
                    emit(record);
                }
                None => left_out += 1,
            }
        };
        // Where slack starts, and the live records in it: none, unless the chunk is damaged.
        let mut slack = 0;
        self.fallback.spans.clear();
        if bytes.starts_with(CHUNK_MAGIC) {
            let walk = self.gate.walk(bytes, &header, selection);
            if walk.clean {
                counts.records += walk.records;
                slack = walk.end as usize;
                if walk.records > 0 {
                    counts.note_ids(walk.ids.0, walk.ids.1);
                    counts.written = counts.written.max(walk.written);
                }
                self.decoder.start_chunk();
                self.unsupported.clear();
                for candidate in &self.gate.candidates {
                    match self.decoder.record(bytes, *candidate, selection) {
                        Decoded::Wanted(record) => emit(record),
                        Decoded::NotWanted => {}
                        Decoded::Unsupported => self.unsupported.push(candidate.at),
                    }
                }
                if !self.unsupported.is_empty() {
                    let selector = Selector::At(&self.unsupported, walk.end);
                    self.fallback.read(chunk, selector, selection, &mut found, &mut emit);
                }
            } else {
                counts.records += self.fallback.read(chunk, Selector::All, selection, &mut found, &mut emit);
            }
        }
        if recover {
            let (decoder, live) = (&mut self.decoder, &self.fallback.spans);
            decoder.start_slack();
            slack::carve(bytes, slack, |candidate| {
                let before = live.partition_point(|(start, _)| *start <= candidate.at);
                if before.checked_sub(1).and_then(|i| live.get(i)).is_some_and(|(_, end)| candidate.at < *end)
                {
                    return;
                }
                counts.records += 1;
                // What leans on something that is overwritten is left out.
                if let Decoded::Wanted(record) = decoder.record(bytes, candidate, selection) {
                    emit(record);
                }
            });
        }
        if left_out > 0 {
            read_errors.add(chunk.at, || {
                format!(
                    "chunk at offset {:#x}: {left_out} of its records are left out, as all together hold more than {} MiB of \
                     text",
                    chunk.at,
                    MAX_CHUNK_TEXT >> 20
                )
            });
        }
        let sound = header.header_is_sound(bytes) && (found.is_empty() || header.records_are_sound(bytes));
        counts.bad_checksums += u64::from(!sound);
        let read = found.is_empty();
        read_errors.append(&mut found);
        read
    }
}
