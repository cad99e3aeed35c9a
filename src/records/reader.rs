//! Reads the records of one chunk: gate, decoder, then the `evtx` crate for what both cannot read.

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

/// Most text of the wanted records of one chunk, in bytes: 128 times the chunk's size. A template may repeat
/// one value without limit.
const MAX_CHUNK_TEXT: usize = 8 << 20;

/// Counters for one chunk or several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub chunks: u64,
    /// Chunks with a wrong checksum. The header's is always checked, that of the records only if something
    /// could not be read (or the header is wrong): checking all records would take longer than the walk over
    /// them, 4 us of a chunk's 10.
    pub bad_checksums: u64,
    /// Records that were checked.
    pub records: u64,
    /// Lowest and highest record identifier in the record headers of intact chunks.
    pub ids: Option<(u64, u64)>,
    /// Records with a truncated value, and the lowest identifier among them.
    pub cut: u64,
    pub first_cut: Option<u64>,
    /// When the latest record of an intact chunk was written: a FILETIME from its header, 0 if there is no
    /// record.
    pub written: u64,
    /// When the earliest was, in the same form; `None` if there is no record.
    pub first_written: Option<u64>,
}

impl Counts {
    /// Truncates every value of the record to [`MAX_VALUE`] bytes.
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

/// Reads chunks. Reuses its buffers.
#[derive(Default)]
pub struct ChunkReader {
    gate: Gate,
    decoder: Decoder,
    fallback: FallbackReader,
    /// Offsets of the records that only the crate can read.
    unsupported: Vec<u32>,
}

impl ChunkReader {
    /// Passes the wanted records of `chunk` to `emit`. Returns whether everything in it could be read.
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
        // Start of slack. A damaged chunk also has live records there.
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
                    let first = counts.first_written.unwrap_or(u64::MAX).min(walk.first_written);
                    counts.first_written = Some(first);
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
                // A record whose definition or names are overwritten is left out.
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
