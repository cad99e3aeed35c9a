//! The gate rejects records by their bytes, before they are decoded.
//!
//! It reads a record's header, the offset of its template definition and one 16-bit substitution value: the event ID, which
//! alone rejects most records. No text is searched. Checking a chunk of 150 records takes less time than reading the chunk
//! from the page cache.

use super::binxml::{
    CLOSE, CLOSE_START, Instance, NO_DEPENDENCY, OPTIONAL_SUBSTITUTION, SUBSTITUTION, TEMPLATE, TextSource,
    Tokens, Utf16Span, name_text, until_nul,
};
use super::selection::Selection;
use super::values::{TEXT, value_of};
use crate::chunks::CHUNK_HEADER_LEN;
use crate::chunks::bytes::{u16_at, u32_at, u64_at};
use crate::chunks::header::ChunkHeader;

/// First bytes of a record: `**\0\0`.
const RECORD_MAGIC: u32 = 0x0000_2a2a;
/// Length of a record header in bytes: magic, size, identifier and time of writing.
pub const RECORD_HEADER: usize = 24;
/// Length of the smallest record in bytes: its header, and the copy of the size at its end.
const SMALLEST_RECORD: usize = RECORD_HEADER + 4;
/// The latest FILETIME that `jiff`, which the `evtx` crate uses, can represent. A later time means damage.
const LATEST_FILETIME: u64 = 2_650_466_807_999_999_999;

/// The first five bytes of the Binary XML of a usual record: the fragment header and the template token.
const USUAL_START: u64 = 0x0c_0001_010f;
/// The usual descriptors of the first four values: Level (1 byte), Opcode (1 byte), Task (2 bytes), EventID (2 bytes).
const USUAL_DESCRIPTORS: [u8; 16] = [1, 0, 4, 0, 1, 0, 4, 0, 2, 0, 6, 0, 2, 0, 6, 0];

/// A record that passed the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Offset of the record in the chunk.
    pub at: u32,
    /// Offset of the record's end in the chunk.
    pub end: u32,
    pub provider: ProviderCheck,
}

/// The result of the gate's check of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderCheck {
    /// The selection accepts the provider with the event ID.
    Wanted,
    /// The decoder has to check the provider.
    Unknown,
}

/// The result of walking over the records of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Number of live records.
    pub records: u64,
    /// Did the walk reach all live records? Otherwise the chunk is damaged, and the `evtx` crate reads it.
    pub clean: bool,
    /// Offset in the chunk at which the live records end. The chunk header may give an earlier end, because Windows writes the
    /// header after the records.
    pub end: u32,
    /// Lowest and highest identifier of the records.
    pub ids: (u64, u64),
    /// FILETIME in the header of the last record; 0 if there is no record.
    pub last_written: u64,
    /// FILETIME in the header of the first record; 0 if there is no record.
    pub first_written: u64,
}

impl Walk {
    #[inline]
    fn count(&mut self, record: &RecordHeader) {
        self.records += 1;
        self.ids = (self.ids.0.min(record.id), self.ids.1.max(record.id));
    }
}

/// The facts about a definition of the current chunk that the gate needs.
#[derive(Debug, Clone, Copy, Default)]
struct DefinitionFacts {
    /// Source of the provider's name. `None` if the event ID is not at its usual position.
    provider: Option<TextSource>,
    /// The last event ID with which the literal provider was wanted. A log repeats its event IDs.
    wanted: Option<u16>,
    /// The last event ID with which it was not wanted.
    not_wanted: Option<u16>,
}

/// Identifies a definition of a chunk. Each chunk has its own `generation`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct SlotKey {
    generation: u32,
    /// Offset of the definition in the chunk.
    definition: u32,
    /// Is the event ID at its usual position?
    usual: bool,
}

/// Checks the records of chunks. Each worker has its own gate.
pub struct Gate {
    generation: u32,
    /// The key of each entry of `definitions`.
    keys: Box<[SlotKey; 256]>,
    definitions: Box<[DefinitionFacts; 256]>,
    names: KnownNames,
    /// The records of the last chunk that passed, in order of offset.
    pub candidates: Vec<Candidate>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            generation: 0,
            keys: Box::new([SlotKey::default(); 256]),
            definitions: Box::new([DefinitionFacts::default(); 256]),
            names: [u32::MAX; 4],
            candidates: Vec::new(),
        }
    }
}

impl Gate {
    /// Walks over the live records of `chunk` and collects in `candidates` those that may be wanted.
    pub fn walk(&mut self, chunk: &[u8], header: &ChunkHeader, selection: &Selection) -> Walk {
        self.generation = self.generation.wrapping_add(1);
        self.names = [u32::MAX; 4];
        self.candidates.clear();
        let live_end = header.live_end(chunk);
        let mut at = CHUNK_HEADER_LEN;
        let mut walk =
            Walk { records: 0, clean: true, end: 0, ids: (u64::MAX, 0), last_written: 0, first_written: 0 };
        let (mut last_id, mut last_time) = (0, 0);
        while at < live_end {
            let Some(record) = RecordHeader::at(chunk, at) else {
                // A damaged header may give an end after the last record. All records are intact then.
                walk.clean =
                    walk.records > 0 && last_id == header.last_record_id && !header.header_is_sound(chunk);
                break;
            };
            self.check(chunk, at, record.size, selection);
            walk.count(&record);
            at += record.size;
            (last_id, last_time) = (record.id, record.written);
        }
        // Windows writes the header after the records, so records that continue the sequence are live. Records in slack are
        // older and have lower identifiers.
        while walk.clean
            && let Some(record) = RecordHeader::at(chunk, at)
            && match walk.records {
                0 => {
                    (header.first_record_id..=header.last_record_id).contains(&record.id)
                        || !header.header_is_sound(chunk)
                }
                _ => Some(record.id) == last_id.checked_add(1),
            }
            && record.written >= last_time
            && record.is_complete(chunk, at)
        {
            self.check(chunk, at, record.size, selection);
            walk.count(&record);
            at += record.size;
            (last_id, last_time) = (record.id, record.written);
        }
        walk.end = at as u32;
        walk.last_written = last_time;
        walk.first_written = RecordHeader::at(chunk, CHUNK_HEADER_LEN).map_or(0, |record| record.written);
        walk
    }

    /// Adds a record to the candidates unless it is rejected.
    #[inline(always)]
    fn check(&mut self, chunk: &[u8], at: usize, size: usize, selection: &Selection) {
        if !self.rejects(chunk, at + RECORD_HEADER, at + size, selection) {
            self.check_closely(chunk, at, size, selection);
        }
    }

    /// Is it a record of the usual shape with a known definition and an event ID that is not wanted? Nearly all records are.
    /// [`Gate::event_id`] reads the same event ID.
    #[inline]
    fn rejects(&self, chunk: &[u8], at: usize, end: usize, selection: &Selection) -> bool {
        let id = || {
            let head: &[u8; 34] = chunk.get(at..)?.first_chunk()?;
            let (definition, count) = (u32_at(head, 10)?, u32_at(head, 14)? as usize);
            let key = SlotKey { generation: self.generation, definition, usual: true };
            let is_usual = u64_at(head, 0)? & 0xff_ffff_ffff == USUAL_START
                && *head.last_chunk()? == USUAL_DESCRIPTORS
                && *self.keys.get(slot_of(definition))? == key
                // The definition is outside the record.
                && definition as usize != at + 14;
            let values = at + 18 + count.checked_mul(4)?;
            (is_usual && count >= 4 && values + 6 <= end).then_some(())?;
            u16_at(chunk, values + 4)
        };
        id().is_some_and(|id| !selection.accepts_id(id))
    }

    /// Adds a record that [`Gate::rejects`] does not reject to the candidates, unless its event ID or provider is not wanted.
    #[inline(never)]
    fn check_closely(&mut self, chunk: &[u8], at: usize, size: usize, selection: &Selection) {
        let (start, end) = (at + RECORD_HEADER, at + size);
        let provider = match self.event_id(chunk, start, end) {
            Some((id, ..)) if !selection.accepts_id(id) => return,
            Some((id, slot, instance)) => match self.provider(chunk, slot, instance, id, selection) {
                Some(provider) => provider,
                None => return,
            },
            // The decoder checks the provider again: a record without a template may repeat elements.
            None => match inline_event_id(chunk, start, end, &mut self.names) {
                Some((id, _)) if !selection.accepts_id(id) => return,
                Some((id, TextSource::Literal(name)))
                    if is_wanted(chunk, name, id, selection) == Some(false) =>
                {
                    return;
                }
                _ => ProviderCheck::Unknown,
            },
        };
        self.candidates.push(Candidate { at: at as u32, end: end as u32, provider });
    }

    /// Checks the provider of a record with this event ID, whose definition is in this slot. `None` if the record is not
    /// wanted.
    fn provider(
        &mut self,
        chunk: &[u8],
        slot: u8,
        instance: Instance,
        id: u16,
        selection: &Selection,
    ) -> Option<ProviderCheck> {
        let known = self.definitions.get_mut(usize::from(slot))?;
        match known.provider? {
            TextSource::Nothing => Some(ProviderCheck::Unknown),
            // The value differs between records, so the result is not kept.
            TextSource::Value(index) => match value_is_wanted(chunk, instance, index, id, selection) {
                Some(true) => Some(ProviderCheck::Wanted),
                Some(false) => None,
                None => Some(ProviderCheck::Unknown),
            },
            TextSource::Literal(_) if known.wanted == Some(id) => Some(ProviderCheck::Wanted),
            TextSource::Literal(_) if known.not_wanted == Some(id) => None,
            TextSource::Literal(name) => match is_wanted(chunk, name, id, selection) {
                Some(true) => {
                    known.wanted = Some(id);
                    Some(ProviderCheck::Wanted)
                }
                Some(false) => {
                    known.not_wanted = Some(id);
                    None
                }
                None => Some(ProviderCheck::Unknown),
            },
        }
    }

    /// The event ID of a record of the usual shape, whose Binary XML starts at `at`, the slot of its definition, and its
    /// template instance.
    #[inline]
    fn event_id(&mut self, chunk: &[u8], at: usize, end: usize) -> Option<(u16, u8, Instance)> {
        const TOKEN: u64 = (TEMPLATE as u64) << 32;
        const { assert!(USUAL_START & (0xff << 32) == TOKEN) };
        // Fragment header, template token, and the instance with its first four descriptors. Nearly always the definition is
        // outside the record.
        let head: &[u8; 34] = chunk.get(at..)?.first_chunk()?;
        if u64_at(head, 0)? & 0xff_ffff_ffff != USUAL_START {
            return None;
        }
        let (id, definition) = (u32_at(head, 6)?, u32_at(head, 10)?);
        let after_instance = at + 14;
        let (instance, descriptors) = if definition as usize == after_instance {
            let instance = Instance::at(chunk, at + 5)?;
            (instance, chunk.get(instance.descriptors..)?.first_chunk()?)
        } else {
            let count = u32_at(head, 14)? as usize;
            (Instance { definition, id, descriptors: after_instance + 4, count }, head.last_chunk()?)
        };
        let values = instance.descriptors.checked_add(instance.count.checked_mul(4)?)?;
        if instance.count < 4 || values + 6 > end {
            return None;
        }
        let offset = if *descriptors == USUAL_DESCRIPTORS { 4 } else { unusual_offset(descriptors)? };
        let slot = self.usual_slot(chunk, instance.definition)?;
        Some((u16_at(chunk, values + offset)?, slot, instance))
    }

    /// The slot of a definition, if the event ID is at its usual position.
    #[inline]
    fn usual_slot(&mut self, chunk: &[u8], definition: u32) -> Option<u8> {
        let slot = slot_of(definition);
        let known = self.definitions.get_mut(slot)?;
        let key = self.keys.get_mut(slot)?;
        if (key.generation, key.definition) != (self.generation, definition) {
            let provider = provider_if_usual(chunk, definition, &mut self.names);
            *known = DefinitionFacts { provider, wanted: None, not_wanted: None };
            *key = SlotKey { generation: self.generation, definition, usual: provider.is_some() };
        }
        known.provider.map(|_| slot as u8)
    }
}

/// The source of the provider's name in a definition whose `Event/System/EventID` is value 3. `None` for other definitions;
/// [`TextSource::Nothing`] if the name is not where it usually is.
///
/// The event ID was value 3 in all 53,209 records of the real logs that were examined.
fn provider_if_usual(chunk: &[u8], at: u32, known: &mut KnownNames) -> Option<TextSource> {
    let mut tokens = Tokens::definition_body(chunk, at)?;
    let start = SystemStart::read(&mut tokens, known)?;
    let (SUBSTITUTION | OPTIONAL_SUBSTITUTION) = tokens.u8()? else {
        return None;
    };
    (tokens.substitution()?.0 == 3).then_some(())?;
    tokens.expect(CLOSE)?;
    // The root element is present even if its dependency is null. The event ID usually depends on itself.
    let there = start.dependency == NO_DEPENDENCY && matches!(start.id_dependency, NO_DEPENDENCY | 3);
    there.then_some(start.provider)
}

/// The event ID and the source of the provider's name in a record without a template, as Windows forwards them. The Binary XML
/// starts at `at`. `None` for other records.
fn inline_event_id(chunk: &[u8], at: usize, end: usize, known: &mut KnownNames) -> Option<(u16, TextSource)> {
    let mut tokens = Tokens { chunk: chunk.get(..end)?, at, in_definition: false };
    let start = SystemStart::read(&mut tokens, known)?;
    let Some(TextSource::Literal(text)) = tokens.text_source()? else {
        return None;
    };
    tokens.expect(CLOSE)?;
    let (units, _) = text.bytes(chunk)?.as_chunks::<2>();
    let id = units.iter().try_fold(0u32, |id, unit| match unit {
        [digit @ b'0'..=b'9', 0] => id.checked_mul(10)?.checked_add(u32::from(digit - b'0')),
        _ => None,
    })?;
    // Qualifiers are in the high half.
    (!units.is_empty()).then_some(((id & 0xffff) as u16, start.provider))
}

/// Offsets of the names `Event`, `System`, `EventID` and `Name` in the current chunk. A name is compared once for each
/// chunk, and recognised by its offset afterwards.
type KnownNames = [u32; 4];

/// An event up to the content of `Event/System/EventID`, which must follow the provider.
struct SystemStart {
    /// Source of the provider's name; [`TextSource::Nothing`] if it is not found.
    provider: TextSource,
    /// Index of the value that `System` depends on, then the same for `EventID`.
    dependency: u16,
    id_dependency: u16,
}

impl SystemStart {
    /// Reads the fragment at `tokens`; `None` if its shape is unusual.
    fn read(tokens: &mut Tokens<'_>, known: &mut KnownNames) -> Option<Self> {
        let chunk = tokens.chunk;
        let mut named = |which: usize, text: &[u8], offset: u32| {
            let known = known.get_mut(which)?;
            if *known != offset {
                name_text(chunk, offset).filter(|name| name.is(chunk, text))?;
                *known = offset;
            }
            Some(())
        };
        tokens.fragment()?;
        let event = tokens.open()?;
        named(0, b"Event", event.name)?;
        tokens.skip_attributes(event)?;
        tokens.expect(CLOSE_START)?;
        let system = tokens.open()?;
        named(1, b"System", system.name)?;
        tokens.skip_attributes(system)?;
        tokens.expect(CLOSE_START)?;
        let element = tokens.open()?;
        let mut provider = TextSource::Nothing;
        let mut first = true;
        tokens.attributes(element, |attribute, value| {
            if first && named(3, b"Name", attribute).is_some() {
                provider = value;
            }
            first = false;
            Some(())
        })?;
        if tokens.has_content()? {
            tokens.expect(CLOSE)?;
        }
        let id = tokens.open()?;
        named(2, b"EventID", id.name)?;
        tokens.skip_attributes(id)?;
        tokens.expect(CLOSE_START)?;
        Some(Self { provider, dependency: system.dependency, id_dependency: id.dependency })
    }
}

/// The slot of a definition in [`Gate::definitions`]. Definitions are 8-byte aligned and at least 100 bytes apart.
#[inline]
fn slot_of(definition: u32) -> usize {
    ((definition >> 3).wrapping_mul(0x9e37_79b1) >> 24) as usize
}

/// Is the provider in this value wanted with this event ID? `None` if only the decoder can decide.
fn value_is_wanted(
    chunk: &[u8],
    instance: Instance,
    index: u16,
    id: u16,
    selection: &Selection,
) -> Option<bool> {
    let value = value_of(chunk, instance, index)?;
    (value.kind == TEXT).then_some(())?;
    is_wanted(chunk, until_nul(chunk, value.at as usize, usize::from(value.len))?, id, selection)
}

/// Is this provider wanted with this event ID? `None` if only the decoder can decide.
fn is_wanted(chunk: &[u8], name: Utf16Span, id: u16, selection: &Selection) -> Option<bool> {
    let (units, _) = name.bytes(chunk)?.as_chunks::<2>();
    let wanted = selection.accepts_utf16(units, id);
    // The event source's name replaces an empty name, and XML normalises white space in an attribute to spaces.
    let plain =
        units.iter().fold(!units.is_empty(), |plain, unit| plain & (u16::from_le_bytes(*unit) >= 0x20));
    plain.then_some(wanted)
}

/// Offset of the fourth value after three values of unusual lengths. `None` if a length does not match its type.
fn unusual_offset(descriptors: &[u8; 16]) -> Option<usize> {
    let (descriptors, _) = descriptors.as_chunks::<4>();
    let [first, second, third, fourth] = *descriptors else {
        return None;
    };
    let mut offset = 0;
    for [low, high, kind, _] in [first, second, third] {
        let len = u16::from_le_bytes([low, high]);
        let natural = match kind {
            0 => len,
            4 => 1,
            6 => 2,
            8 => 4,
            _ => return None,
        };
        if len != natural {
            return None;
        }
        offset += usize::from(len);
    }
    (fourth[..3] == [2, 0, 6]).then_some(offset)
}

/// The header of a record.
#[derive(Clone, Copy)]
pub struct RecordHeader {
    /// Length of the record in bytes.
    pub size: usize,
    /// `EventRecordID`.
    pub id: u64,
    /// FILETIME.
    pub written: u64,
}

impl RecordHeader {
    /// Reads the header at offset `at`. `None` if there is no record, or the record is damaged.
    #[inline]
    pub fn at(chunk: &[u8], at: usize) -> Option<Self> {
        let header: &[u8; RECORD_HEADER] = chunk.get(at..)?.first_chunk()?;
        let size = u32_at(header, 4)? as usize;
        let written = u64_at(header, 16)?;
        if u32_at(header, 0)? != RECORD_MAGIC
            || size < SMALLEST_RECORD
            || size - 4 > chunk.len() - at
            || written > LATEST_FILETIME
        {
            return None;
        }
        Some(Self { size, id: u64_at(header, 8)?, written })
    }

    /// Has the record, which begins at `at`, the copy of its size at its end?
    pub fn is_complete(&self, chunk: &[u8], at: usize) -> bool {
        u32_at(chunk, at + self.size - 4) == u32::try_from(self.size).ok()
    }
}

#[cfg(test)]
mod tests;
