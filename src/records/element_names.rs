//! Recognises the names of elements and attributes.
//!
//! A chunk stores each name once, and its definitions and records refer to it by offset. A name is read at its first use in a
//! chunk, and recognised by its offset afterwards.

use super::binxml::{Utf16Span, name_text};
use crate::chunks::bytes::u16_at;

/// A name of an element or attribute that the decoder distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tag {
    Event,
    System,
    EventData,
    UserData,
    ProcessingErrorData,
    DebugData,
    Provider,
    EventSourceName,
    EventId,
    Version,
    Level,
    TimeCreated,
    SystemTime,
    EventRecordId,
    Channel,
    Computer,
    Security,
    UserId,
    /// The attribute `Name` of a provider or a value.
    Name,
    Data,
    ComplexData,
    Binary,
    #[default]
    Other,
}

/// The text of each tag.
const TAGS: [(&[u8], Tag); 22] = [
    (b"Data", Tag::Data),
    (b"Name", Tag::Name),
    (b"Event", Tag::Event),
    (b"System", Tag::System),
    (b"EventData", Tag::EventData),
    (b"UserData", Tag::UserData),
    (b"ProcessingErrorData", Tag::ProcessingErrorData),
    (b"DebugData", Tag::DebugData),
    (b"Provider", Tag::Provider),
    (b"EventSourceName", Tag::EventSourceName),
    (b"EventID", Tag::EventId),
    (b"Version", Tag::Version),
    (b"Level", Tag::Level),
    (b"TimeCreated", Tag::TimeCreated),
    (b"SystemTime", Tag::SystemTime),
    (b"EventRecordID", Tag::EventRecordId),
    (b"Channel", Tag::Channel),
    (b"Computer", Tag::Computer),
    (b"Security", Tag::Security),
    (b"UserID", Tag::UserId),
    (b"ComplexData", Tag::ComplexData),
    (b"Binary", Tag::Binary),
];

/// A name with only those characters that Windows writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ElementName {
    pub(super) tag: Tag,
    pub(super) text: Utf16Span,
}

impl ElementName {
    /// Reads the name at `offset`. `None` if it has other characters than Windows writes.
    fn at(chunk: &[u8], offset: u32) -> Option<Self> {
        const NAMESPACE_DECLARATION: &[u8] = b"xmlns:auto-ns";
        let text = name_text(chunk, offset)?;
        let (units, _) = text.bytes(chunk)?.as_chunks::<2>();
        let plain = |[low, high]: &[u8; 2]| {
            *high == 0 && (low.is_ascii_alphanumeric() || matches!(low, b'_' | b'-' | b'.'))
        };
        let starts = units.first().is_some_and(|[low, _]| low.is_ascii_alphabetic() || *low == b'_');
        let is_declaration = units.len() > NAMESPACE_DECLARATION.len()
            && units.iter().zip(NAMESPACE_DECLARATION).all(|(unit, a)| *unit == [*a, 0]);
        let rest = units.get(if is_declaration { NAMESPACE_DECLARATION.len() } else { 0 }..)?;
        (starts && rest.iter().all(plain)).then_some(())?;
        let tag = TAGS.iter().find(|(name, _)| text.is(chunk, name)).map_or(Tag::Other, |(_, tag)| *tag);
        Some(Self { tag, text })
    }
}

/// A name in the hash table, and the chunk and offset that it belongs to.
#[derive(Debug, Clone, Copy)]
struct NameSlot {
    generation: u32,
    offset: u32,
    /// Offset of the name's end in the chunk. A definition or record that ends before it cannot refer to the name.
    end: u32,
    name: ElementName,
}

/// A hash table of the names in the current chunk that were used so far.
pub(super) struct ElementNames {
    generation: u32,
    slots: Box<[NameSlot; 512]>,
}

impl Default for ElementNames {
    fn default() -> Self {
        let name = ElementName { tag: Tag::Other, text: Utf16Span { at: 0, units: 0 } };
        Self { generation: 1, slots: Box::new([NameSlot { generation: 0, offset: 0, end: 0, name }; 512]) }
    }
}

impl ElementNames {
    /// Forgets the names of the previous chunk.
    pub(super) fn start_chunk(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// The name at `offset`. `None` if it is unusual. `chunk` is the current chunk or its beginning.
    #[inline]
    pub(super) fn get(&mut self, chunk: &[u8], offset: u32) -> Option<ElementName> {
        let slot = self.slots.get(slot_of(offset))?;
        if (slot.generation, slot.offset) == (self.generation, offset) && slot.end as usize <= chunk.len() {
            return Some(slot.name);
        }
        self.look_up(chunk, offset)
    }

    /// Reads the name at `offset` and adds it to the table.
    fn look_up(&mut self, chunk: &[u8], offset: u32) -> Option<ElementName> {
        let name = ElementName::at(chunk, offset)?;
        let units = u16_at(chunk, offset as usize + 6)?;
        let end = offset.checked_add(8)?.checked_add(u32::from(units) * 2)?;
        *self.slots.get_mut(slot_of(offset))? = NameSlot { generation: self.generation, offset, end, name };
        Some(name)
    }
}

/// The slot of the name at `offset`.
#[inline]
fn slot_of(offset: u32) -> usize {
    ((offset >> 1).wrapping_mul(0x9e37_79b1) >> 23) as usize
}
