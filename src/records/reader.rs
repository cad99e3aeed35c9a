//! Reads the records of one chunk with the gate and the decoder, and what they do not support with the `evtx` crate.

use super::decode::{DecodeResult, Decoder};
use super::fallback::{FallbackReader, Selector};
use super::gate::Gate;
use super::read_errors::ReadErrors;
use super::record::{MAX_VALUE, Record};
use super::selection::Selection;
use super::slack;
use crate::chunks::header::ChunkHeader;
use crate::chunks::{CHUNK_MAGIC, Chunk};

/// Maximum number of bytes of text in the wanted records of one chunk: 128 times the chunk's size. A template may repeat
/// one value without limit.
const MAX_CHUNK_TEXT: usize = 8 << 20;

/// The counts of one chunk or several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub chunks: u64,
    /// Chunks with a wrong checksum of the header or of the records. The latter is checked only if a record could not be
    /// read, because it takes 4 us, nearly as long as all other work on a chunk (6 us).
    pub bad_checksums: u64,
    /// Records whose header was read, wanted or not.
    pub records: u64,
    /// Lowest and highest record identifier in the record headers of intact chunks.
    pub ids: Option<(u64, u64)>,
    /// Records with a truncated value.
    pub truncated: u64,
    /// Lowest identifier of a record with a truncated value.
    pub first_truncated: Option<u64>,
    /// FILETIME in the header of the latest record of an intact chunk; 0 if there is none.
    pub last_written: u64,
    /// FILETIME in the header of the earliest record of an intact chunk; `None` if there is none.
    pub first_written: Option<u64>,
}

impl Counts {
    /// Truncates every value of the record to [`MAX_VALUE`] bytes, and counts the record if one was longer.
    pub fn truncate(&mut self, record: Record) -> Record {
        let Some(content) = record.truncated(MAX_VALUE) else { return record };
        self.truncated += 1;
        self.first_truncated = Some(self.first_truncated.unwrap_or(u64::MAX).min(record.record_id));
        Record { content: content.into(), ..record }
    }

    /// Adds the counts of other records of the same file.
    pub fn add(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.bad_checksums += other.bad_checksums;
        self.records += other.records;
        self.ids = match (self.ids, other.ids) {
            (Some((low, high)), Some((first, last))) => Some((low.min(first), high.max(last))),
            (ids, None) | (None, ids) => ids,
        };
        self.truncated += other.truncated;
        self.first_truncated = self.first_truncated.into_iter().chain(other.first_truncated).min();
        self.last_written = self.last_written.max(other.last_written);
        self.first_written = self.first_written.into_iter().chain(other.first_written).min();
    }
}

/// Reads chunks one after the other, and reuses its buffers.
#[derive(Default)]
pub struct ChunkReader {
    gate: Gate,
    decoder: Decoder,
    fallback: FallbackReader,
    /// Offsets in the chunk of the records that only the `evtx` crate can read.
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
        let Some(header) = ChunkHeader::parse(bytes) else {
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
                slack = walk.end as usize;
                if walk.records > 0 {
                    counts.add(Counts {
                        records: walk.records,
                        ids: Some(walk.ids),
                        last_written: walk.last_written,
                        first_written: Some(walk.first_written),
                        ..Counts::default()
                    });
                }
                self.decoder.start_chunk();
                self.unsupported.clear();
                for candidate in &self.gate.candidates {
                    match self.decoder.record(bytes, *candidate, selection) {
                        DecodeResult::Wanted(record) => emit(record),
                        DecodeResult::NotWanted => {}
                        DecodeResult::Unsupported => self.unsupported.push(candidate.at),
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
                if let DecodeResult::Wanted(record) = decoder.record(bytes, candidate, selection) {
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
