//! Reads records of any shape with the `evtx` crate. It is slow, so the decoder reads the usual ones.
//!
//! Only this file uses the crate, which had five breaking releases in one year.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use super::read_errors::ReadErrors;
use super::record::Record;
use super::selection::Selection;
use super::xml;
use crate::chunks::Chunk;
use crate::chunks::header::ChunkHeader;

/// The hash table of name offsets in the chunk header.
const NAME_TABLE: std::ops::Range<usize> = 128..384;

/// Maximum number of bytes of XML that the crate renders for one chunk. 16 MiB take 50 ms.
const MAX_RENDERED: usize = 16 << 20;

/// Selects the records of a chunk that the crate reads.
#[derive(Debug, Clone, Copy)]
pub enum Selector<'a> {
    All,
    /// The records that start at these offsets, in rising order. The number is the offset at which the live records end.
    At(&'a [u32], u32),
}

/// Reads chunks with the `evtx` crate one after the other, and reuses its buffer.
pub struct FallbackReader {
    settings: Arc<ParserSettings>,
    /// The buffer for a copy of the chunk, which the crate changes.
    copy: Vec<u8>,
    /// Start and end offsets of the records of the last chunk, in rising order.
    pub spans: Vec<(u32, u32)>,
}

impl Default for FallbackReader {
    fn default() -> Self {
        // The crate's own threads would deadlock inside another thread pool.
        Self { settings: Arc::new(ParserSettings::new().indent(false)), copy: Vec::new(), spans: Vec::new() }
    }
}

impl FallbackReader {
    /// Passes the wanted records of `chunk` to `emit`. Returns the number of all records.
    pub fn read(
        &mut self,
        chunk: Chunk<'_>,
        selector: Selector<'_>,
        selection: &Selection,
        read_errors: &mut ReadErrors,
        mut emit: impl FnMut(Record),
    ) -> u64 {
        let Chunk { bytes, at } = chunk;
        let mut copy = std::mem::take(&mut self.copy);
        copy.clear();
        copy.extend_from_slice(bytes);
        // A wrong offset in the name table would make the crate refuse the whole chunk. Without the table, the crate finds
        // names by their offsets in the templates, with the same result.
        if let Some(table) = copy.get_mut(NAME_TABLE) {
            table.fill(0);
        }
        let mut data = match EvtxChunkData::new(copy, false) {
            Ok(data) => data,
            Err(error) => {
                read_errors.add(at, || format!("chunk at offset {at:#x}: {error}"));
                return 0;
            }
        };
        let end = match (selector, ChunkHeader::parse(bytes)) {
            (Selector::At(_, end), _) => end,
            (Selector::All, Some(header)) => {
                if !header.header_is_sound(bytes) {
                    data.header.first_event_record_id = 0;
                }
                header.live_end(bytes) as u32
            }
            (Selector::All, None) => bytes.len() as u32,
        };
        // The crate would stop at the record with the last identifier in the header, although more may follow.
        data.header.free_space_offset = end;
        data.header.last_event_record_id = u64::MAX;
        data.header.last_event_record_data_offset = end;
        self.spans.clear();
        match data.parse(Arc::clone(&self.settings)) {
            Err(error) => read_errors.add(at, || format!("chunk at offset {at:#x}: {error}")),
            Ok(mut parsed) => {
                let mut rendered = 0;
                for record in parsed.iter() {
                    let record = match record {
                        Ok(record) => record,
                        Err(error) => {
                            read_errors
                                .add(at, || format!("chunk at offset {at:#x}: {}", with_causes(&error)));
                            continue;
                        }
                    };
                    let start = record.binxml_offset.saturating_sub(24);
                    let end = record.binxml_offset + u64::from(record.binxml_size) + 4;
                    self.spans.push((start as u32, end as u32));
                    if let Selector::At(offsets, _) = selector
                        && offsets.binary_search(&(start as u32)).is_err()
                    {
                        continue;
                    }
                    let id = record.event_record_id;
                    if rendered > MAX_RENDERED {
                        read_errors.add(at + start, || {
                            format!(
                                "record {id} at offset {:#x}: not read, as the records of its chunk before it hold more \
                                 than {} MiB of text",
                                at + start,
                                MAX_RENDERED >> 20
                            )
                        });
                        continue;
                    }
                    let read = record
                        .into_xml()
                        .map_err(|error| with_causes(&error))
                        .inspect(|text| rendered += text.data.len())
                        .and_then(|text| xml::parse_wanted(&text.data, selection).map_err(|e| e.to_string()));
                    match read {
                        Ok(Some(record)) => emit(record),
                        Ok(None) => {}
                        Err(error) => read_errors
                            .add(at + start, || format!("record {id} at offset {:#x}: {error}", at + start)),
                    }
                }
            }
        }
        self.copy = data.data;
        self.spans.len() as u64
    }
}

/// Formats an error of the crate with its causes, which its own text omits.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
