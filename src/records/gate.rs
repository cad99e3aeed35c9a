//! The record gate: rejects records by their bytes, before they are decoded.
//!
//! The gate reads a record's header, the offset of its template definition and one 16-bit substitution.
//! Checking a chunk of 150 records costs less than reading the chunk from the page cache. One check covers
//! all providers: the event ID alone rejects most records, and no text is searched.

use super::binxml::{
    CLOSE, CLOSE_START, Instance, NO_DEPENDENCY, OPTIONAL_SUBSTITUTION, SUBSTITUTION, TEMPLATE, TextSource,
    Tokens, Utf16Span, name_text, until_nul,
};
use super::selection::Selection;
use super::values::{TEXT, value_of};
use crate::chunks::CHUNK_HEADER_LEN;
use crate::chunks::bytes::{u16_at, u32_at, u64_at};
use crate::chunks::header::Header;

/// First bytes of a record: `**\0\0`.
const RECORD_MAGIC: u32 = 0x0000_2a2a;
/// Size of a record header: magic, size, identifier and time of writing.
pub const RECORD_HEADER: usize = 24;
/// A header and the copy of the size at the end.
const SMALLEST_RECORD: usize = RECORD_HEADER + 4;
/// The latest FILETIME that `jiff` (and with it the crate) can represent. A later one means damage.
const LATEST: u64 = 2_650_466_807_999_999_999;

/// The fragment header and the template token.
const USUAL_START: u64 = 0x0c_0001_010f;
/// Usual descriptors of the first four substitutions: Level (1 byte), Opcode (1 byte), Task (2 bytes),
/// EventID (2 bytes).
const USUAL_DESCRIPTORS: [u8; 16] = [1, 0, 4, 0, 1, 0, 4, 0, 2, 0, 6, 0, 2, 0, 6, 0];

/// A record that passed the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Offset in the chunk.
    pub at: u32,
    /// Offset of the record's end.
    pub end: u32,
    /// Result of the provider check.
    pub provider: Provider,
}

/// Result of the gate's check of a record's provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The selection wants this provider with the record's event ID.
    Wanted,
    Unknown,
}

/// Result of walking over the records of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Number of records in the walk.
    pub records: u64,
    /// The walk reached all live records. Otherwise something is damaged, and the chunk is read record by
    /// record with the crate.
    pub clean: bool,
    /// End of the live records. It is after the end that the chunk header gives if the log was being written.
    pub end: u32,
    /// Lowest and highest identifier of the records.
    pub ids: (u64, u64),
    /// When the last record was written: a FILETIME, 0 if the chunk has no record.
    pub written: u64,
    /// The same of the first record.
    pub first_written: u64,
}

impl Walk {
    #[inline]
    fn take(&mut self, record: &RecordHeader) {
        self.records += 1;
        self.ids = (self.ids.0.min(record.id), self.ids.1.max(record.id));
    }
}

/// The gate's result for a definition of the current chunk.
#[derive(Debug, Clone, Copy, Default)]
struct DefinitionFacts {
    /// `None` if the event ID is not at its usual position.
    provider: Option<TextSource>,
    /// The last event ID that was found wanted. Logs repeat themselves.
    wanted: Option<u16>,
    not_wanted: Option<u16>,
}

/// A definition of a chunk, whose number is `generation`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Key {
    generation: u32,
    definition: u32,
    /// Is the event ID at its usual position?
    usual: bool,
}

/// The gate; one per worker.
pub struct Gate {
    generation: u32,
    /// Which definition of which chunk is in `definitions`.
    keys: Box<[Key; 256]>,
    definitions: Box<[DefinitionFacts; 256]>,
    names: KnownNames,
    /// The records that passed, in rising order.
    pub candidates: Vec<Candidate>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            generation: 0,
            keys: Box::new([Key::default(); 256]),
            definitions: Box::new([DefinitionFacts::default(); 256]),
            names: [u32::MAX; 4],
            candidates: Vec::new(),
        }
    }
}

impl Gate {
    /// Walks over the live records of `chunk` and collects in `candidates` those that may be wanted.
    pub fn walk(&mut self, chunk: &[u8], header: &Header, selection: &Selection) -> Walk {
        self.generation = self.generation.wrapping_add(1);
        self.names = [u32::MAX; 4];
        self.candidates.clear();
        let live_end = header.live_end(chunk);
        let mut at = CHUNK_HEADER_LEN;
        let mut walk =
            Walk { records: 0, clean: true, end: 0, ids: (u64::MAX, 0), written: 0, first_written: 0 };
        let (mut last_id, mut last_time) = (0, 0);
        while at < live_end {
            let Some(record) = RecordHeader::at(chunk, at) else {
                // A damaged header may give a later start of free space than the records show. That damages
                // no record.
                walk.clean =
                    walk.records > 0 && last_id == header.last_record_id && !header.header_is_sound(chunk);
                break;
            };
            self.look_at(chunk, at, record.size, selection);
            walk.take(&record);
            at += record.size;
            (last_id, last_time) = (record.id, record.written);
        }
        // Windows writes the header after the records. Records that continue the sequence are live. Records
        // in slack are older, so their identifiers are lower.
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
            && u32_at(chunk, at + record.size - 4) == u32::try_from(record.size).ok()
        {
            self.look_at(chunk, at, record.size, selection);
            walk.take(&record);
            at += record.size;
            (last_id, last_time) = (record.id, record.written);
        }
        walk.end = at as u32;
        walk.written = last_time;
        walk.first_written = RecordHeader::at(chunk, CHUNK_HEADER_LEN).map_or(0, |record| record.written);
        walk
    }

    #[inline(always)]
    fn look_at(&mut self, chunk: &[u8], at: usize, size: usize, selection: &Selection) {
        if !self.rejects(chunk, at + RECORD_HEADER, at + size, selection) {
            self.look_closer(chunk, at, size, selection);
        }
    }

    /// Is it a record in the usual shape, of a definition that was seen in this chunk, whose event ID nobody wants?
    /// Nearly all records are. [`Gate::event_id`] reads the same.
    #[inline]
    fn rejects(&self, chunk: &[u8], at: usize, end: usize, selection: &Selection) -> bool {
        let id = || {
            let head: &[u8; 34] = chunk.get(at..)?.first_chunk()?;
            let (definition, count) = (u32_at(head, 10)?, u32_at(head, 14)? as usize);
            let key = Key { generation: self.generation, definition, usual: true };
            let is_usual = u64_at(head, 0)? & 0xff_ffff_ffff == USUAL_START
                && *head.last_chunk()? == USUAL_DESCRIPTORS
                && *self.keys.get(slot_of(definition))? == key
                // The definition is not inside the record.
                && definition as usize != at + 14;
            let values = at + 18 + count.checked_mul(4)?;
            (is_usual && count >= 4 && values + 6 <= end).then_some(())?;
            u16_at(chunk, values + 4)
        };
        id().is_some_and(|id| !selection.accepts_id(id))
    }

    #[inline(never)]
    fn look_closer(&mut self, chunk: &[u8], at: usize, size: usize, selection: &Selection) {
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
                _ => Provider::Unknown,
            },
        };
        self.candidates.push(Candidate { at: at as u32, end: end as u32, provider });
    }

    /// Checks the provider of a record with this event ID. `None` if the record is not wanted.
    fn provider(
        &mut self,
        chunk: &[u8],
        slot: u8,
        instance: Instance,
        id: u16,
        selection: &Selection,
    ) -> Option<Provider> {
        let known = self.definitions.get_mut(usize::from(slot))?;
        match known.provider? {
            TextSource::Nothing => Some(Provider::Unknown),
            // Many unwanted providers use the same event IDs.
            TextSource::Value(index) => match value_is_wanted(chunk, instance, index, id, selection) {
                Some(true) => Some(Provider::Wanted),
                Some(false) => None,
                None => Some(Provider::Unknown),
            },
            TextSource::Literal(_) if known.wanted == Some(id) => Some(Provider::Wanted),
            TextSource::Literal(_) if known.not_wanted == Some(id) => None,
            TextSource::Literal(name) => match is_wanted(chunk, name, id, selection) {
                Some(true) => {
                    known.wanted = Some(id);
                    Some(Provider::Wanted)
                }
                Some(false) => {
                    known.not_wanted = Some(id);
                    None
                }
                None => Some(Provider::Unknown),
            },
        }
    }

    /// The event ID of a record in the usual shape, whose Binary XML starts at `at`, and the index of its
    /// definition in `definitions`.
    #[inline]
    fn event_id(&mut self, chunk: &[u8], at: usize, end: usize) -> Option<(u16, u8, Instance)> {
        const TOKEN: u64 = (TEMPLATE as u64) << 32;
        const { assert!(USUAL_START & (0xff << 32) == TOKEN) };
        // Start, token and instance with its first four descriptors. Nearly always the definition itself is
        // at another offset.
        let head: &[u8; 34] = chunk.get(at..)?.first_chunk()?;
        if u64_at(head, 0)? & 0xff_ffff_ffff != USUAL_START {
            return None;
        }
        let (id, definition) = (u32_at(head, 6)?, u32_at(head, 10)?);
        let behind = at + 14;
        let (instance, descriptors) = if definition as usize == behind {
            let instance = Instance::at(chunk, at + 5)?;
            (instance, chunk.get(instance.descriptors..)?.first_chunk()?)
        } else {
            let count = u32_at(head, 14)? as usize;
            (Instance { definition, id, descriptors: behind + 4, count }, head.last_chunk()?)
        };
        let values = instance.descriptors.checked_add(instance.count.checked_mul(4)?)?;
        if instance.count < 4 || values + 6 > end {
            return None;
        }
        let offset = if *descriptors == USUAL_DESCRIPTORS { 4 } else { unusual_offset(descriptors)? };
        let slot = self.usual(chunk, instance.definition)?;
        Some((u16_at(chunk, values + offset)?, slot, instance))
    }

    /// The index in `definitions` of a definition whose event ID is at its usual position.
    #[inline]
    fn usual(&mut self, chunk: &[u8], definition: u32) -> Option<u8> {
        let slot = slot_of(definition);
        let known = self.definitions.get_mut(slot)?;
        let key = self.keys.get_mut(slot)?;
        if (key.generation, key.definition) != (self.generation, definition) {
            let provider = event_id_is_third(chunk, definition, &mut self.names);
            *known = DefinitionFacts { provider, wanted: None, not_wanted: None };
            *key = Key { generation: self.generation, definition, usual: provider.is_some() };
        }
        known.provider.map(|_| slot as u8)
    }
}

/// Is `Event/System/EventID` the third substitution in this definition? The rest of the definition does not
/// matter.
///
/// It was in all 53,209 records of real logs, but a gate must not rely on that.
///
/// Returns `None` if it is not, else the source of the provider's name: `Nothing` if this function cannot
/// find it.
fn event_id_is_third(chunk: &[u8], at: u32, known: &mut KnownNames) -> Option<TextSource> {
    let mut tokens = Tokens::of_definition(chunk, at)?;
    let start = SystemStart::read(&mut tokens, known)?;
    let (SUBSTITUTION | OPTIONAL_SUBSTITUTION) = tokens.u8()? else {
        return None;
    };
    (tokens.substitution()?.0 == 3).then_some(())?;
    tokens.expect(CLOSE)?;
    // A root is present whatever it depends on. The event ID usually depends on itself.
    let there = start.dependency == NO_DEPENDENCY && matches!(start.id_dependency, NO_DEPENDENCY | 3);
    there.then_some(start.provider)
}

/// The event ID of a record without a template, as Windows forwards them, and the source of the provider's name. The
/// Binary XML starts at `at`. The rest of the record does not matter.
fn inline_event_id(chunk: &[u8], at: usize, end: usize, known: &mut KnownNames) -> Option<(u16, TextSource)> {
    let mut tokens = Tokens { chunk: chunk.get(..end)?, at, in_definition: false };
    let start = SystemStart::read(&mut tokens, known)?;
    let Some(TextSource::Literal(text)) = tokens.part()? else {
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
    /// Source of the provider's name; `Nothing` if it is not found.
    provider: TextSource,
    /// What `System` and `EventID` depend on.
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

/// The place of a definition in [`Gate::definitions`]. Definitions are at least 100 bytes apart, in steps of 8.
#[inline]
fn slot_of(definition: u32) -> usize {
    ((definition >> 3).wrapping_mul(0x9e37_79b1) >> 24) as usize
}

/// Is the provider in this value wanted with this event ID?
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
    let wanted = selection.accepts_wide(units, id);
    // An empty name is replaced by the event source's, and XML normalises other white space to a space.
    let plain =
        units.iter().fold(!units.is_empty(), |plain, unit| plain & (u16::from_le_bytes(*unit) >= 0x20));
    plain.then_some(wanted)
}

/// Offset of the fourth value if the first three have unusual sizes. Each size must match its type.
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

/// A record's header.
#[derive(Clone, Copy)]
pub struct RecordHeader {
    pub size: usize,
    pub id: u64,
    pub written: u64,
}

impl RecordHeader {
    #[inline]
    pub fn at(chunk: &[u8], at: usize) -> Option<Self> {
        let header: &[u8; RECORD_HEADER] = chunk.get(at..)?.first_chunk()?;
        let size = u32_at(header, 4)? as usize;
        let written = u64_at(header, 16)?;
        if u32_at(header, 0)? != RECORD_MAGIC
            || size < SMALLEST_RECORD
            || size - 4 > chunk.len() - at
            || written > LATEST
        {
            return None;
        }
        Some(Self { size, id: u64_at(header, 8)?, written })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::EventFilter;
    use crate::records::binxml::{FRAGMENT, MORE, OPEN};
    use crate::records::damaged_chunks::each_chunk;
    use crate::records::decode::{Decoded, Decoder};

    /// [`Gate::rejects`] is the fast path of [`Gate::look_closer`].
    #[test]
    fn what_is_rejected_at_a_glance_is_rejected_by_a_closer_look() {
        let selection = Selection::new(vec![EventFilter {
            providers: vec!["Service Control Manager".into(), "Microsoft-Windows-DistributedCOM".into()],
            event_ids: vec![7036, 10_016, 10_028],
        }]);
        let (mut gate, mut rejected, mut taken) = (Gate::default(), 0, 0);
        each_chunk(40, |chunk| {
            let header = Header::parse(chunk).unwrap();
            gate.walk(chunk, &header, &selection);
            taken += gate.candidates.len();
            let mut at = CHUNK_HEADER_LEN;
            while let Some(record) = RecordHeader::at(chunk, at) {
                let end = at + record.size;
                if end <= chunk.len() && gate.rejects(chunk, at + RECORD_HEADER, end, &selection) {
                    gate.candidates.clear();
                    gate.look_closer(chunk, at, record.size, &selection);
                    assert_eq!(gate.candidates, [], "at {at}");
                    rejected += 1;
                }
                at = end;
            }
        });
        assert!(rejected > 1_000 && taken > 100, "{rejected} {taken}");
    }
    /// [`inline_event_id`] is the fast path of the decoder for records without a template.
    #[test]
    fn a_record_without_a_template_that_is_rejected_is_not_wanted() {
        let filter = |providers: &[&str], event_ids: Vec<u16>| EventFilter {
            providers: providers.iter().map(ToString::to_string).collect(),
            event_ids,
        };
        let (even, odd) = (0..u16::MAX).partition(|id| id % 2 == 0);
        let selection = Selection::new(vec![filter(&[], even), filter(&["Service Control Manager"], odd)]);
        let (mut gate, mut decoder, mut rejected, mut taken) = (Gate::default(), Decoder::default(), 0, 0);
        each_chunk(300, |chunk| {
            let header = Header::parse(chunk).unwrap();
            gate.walk(chunk, &header, &selection);
            decoder.start_chunk();
            let mut at = CHUNK_HEADER_LEN;
            while let Some(record) = RecordHeader::at(chunk, at) {
                let end = at + record.size;
                if end <= chunk.len() && chunk[at + RECORD_HEADER + FRAGMENT.len()] & !MORE == OPEN {
                    gate.candidates.clear();
                    gate.look_closer(chunk, at, record.size, &selection);
                    let all = Candidate { at: at as u32, end: end as u32, provider: Provider::Unknown };
                    let decoded = decoder.record(chunk, all, &selection);
                    match (gate.candidates.is_empty(), decoded) {
                        (true, Decoded::Wanted(record)) => panic!("at {at}: {record:?}"),
                        (true, Decoded::NotWanted | Decoded::Unsupported) => rejected += 1,
                        (false, _) => taken += 1,
                    }
                }
                at = end;
            }
        });
        assert!(rejected > 150 && taken > 20, "{rejected} {taken}");
    }
}
