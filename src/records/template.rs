//! Programs: the positions of a record's fields, as compiled from its template definition.

use super::binxml::{NO_DEPENDENCY, TextSource, Utf16Span};
use super::record::Text;
use super::values::write_utf16;

/// The fields of `System`.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Literal texts, decoded once instead of for every record.
    pub literals: Literals,
    pub name: TextSource,
    pub source_name: TextSource,
    pub event_id: TextSource,
    pub version: TextSource,
    pub level: TextSource,
    pub channel: TextSource,
    pub computer: TextSource,
    pub user_id: TextSource,
    pub record_id: TextSource,
    pub time: TextSource,
}

/// Literal texts of `System`.
#[derive(Debug, Clone, Default)]
pub struct Literals {
    pub provider: Option<Text>,
    pub channel: Option<Text>,
    pub computer: Option<Text>,
}

impl System {
    /// Decodes the literals. Unusual text is left to the record's decoder, which refuses it.
    pub(super) fn decode_literals(&mut self, chunk: &[u8]) {
        let text = |part| match part {
            TextSource::Literal(span) => literal(chunk, span),
            _ => None,
        };
        let trimmed = |part| text(part).map(|text| Text::from(text.trim()));
        self.literals = Literals {
            provider: text(self.name).filter(|name| !name.is_empty()),
            channel: trimmed(self.channel),
            computer: trimmed(self.computer),
        };
    }
}

/// Decodes a literal, if it is usual in an attribute.
pub(super) fn literal(chunk: &[u8], span: Utf16Span) -> Option<Text> {
    let mut text = String::new();
    write_utf16(span.bytes(chunk)?, &mut text)?;
    (!text.bytes().any(|byte| byte < 0x20)).then(|| text.into())
}

/// Source of the name of a value in `EventData` or `UserData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// A `Data` without a name.
    Unnamed,
    /// From `Data/@Name` in the definition, or from the element's own name.
    Fixed(Text),
    /// From this value.
    FromValue(u16),
}

/// One value of `EventData` or `UserData`.
#[derive(Debug, Clone)]
pub struct ValueNode {
    pub name: FieldName,
    pub content: TextSource,
    /// The node is omitted if this value is null.
    pub dependency: u16,
    /// A child of `UserData` itself: without text it is a wrapper, not a value.
    pub wrapper: bool,
    /// `Binary`: its text is shown without spaces and in upper case.
    pub binary: bool,
}

/// Content of an event after `System`.
#[derive(Debug, Clone)]
pub enum Node {
    Value(ValueNode),
    /// A substitution that holds a fragment of this kind.
    Fragment(u16, FragmentKind),
}

/// The part of an event that a program describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FragmentKind {
    /// A whole event, starting at `Event`.
    #[default]
    Event,
    /// `EventData` or `UserData`.
    Section,
    /// The content of `UserData`.
    Inside,
}

/// The positions of a record's fields.
#[derive(Debug, Default)]
pub struct Program {
    pub kind: FragmentKind,
    /// Fields of a whole event. Empty for a fragment.
    pub system: System,
    pub nodes: Vec<Node>,
    /// The values that decide the content: all used ones except the record's number and time.
    pub used: Vec<u16>,
}

impl Program {
    pub(super) fn parts(&mut self) -> impl Iterator<Item = &mut TextSource> {
        let System {
            literals: _,
            name,
            source_name,
            event_id,
            version,
            level,
            channel,
            computer,
            user_id,
            record_id,
            time,
        } = &mut self.system;
        let values = self.nodes.iter_mut().filter_map(|node| match node {
            Node::Value(value) => Some(&mut value.content),
            Node::Fragment(..) => None,
        });
        [name, source_name, event_id, version, level, channel, computer, user_id, record_id, time]
            .into_iter()
            .chain(values)
    }

    pub(super) fn note_used(&mut self) {
        let system = &self.system;
        let parts = [
            system.name,
            system.source_name,
            system.event_id,
            system.version,
            system.level,
            system.channel,
            system.computer,
            system.user_id,
        ];
        let mut used: Vec<u16> = parts.into_iter().filter_map(TextSource::value).collect();
        for node in &self.nodes {
            let Node::Value(value) = node else { continue };
            used.extend(value.content.value());
            used.extend(match value.name {
                FieldName::FromValue(index) => Some(index),
                _ => None,
            });
            used.extend((value.dependency != NO_DEPENDENCY).then_some(value.dependency));
        }
        used.sort_unstable();
        used.dedup();
        self.used = used;
    }

    /// The substitutions that hold fragments. `None` if there are more than usual, or a value follows one: it
    /// would have to wait for the fragment's values.
    pub fn fragments(&self) -> Option<[Option<(u16, FragmentKind)>; 2]> {
        let mut fragments = [None; 2];
        let mut slots = fragments.iter_mut();
        let mut behind = false;
        for node in &self.nodes {
            match node {
                Node::Value(_) if behind => return None,
                Node::Value(_) => {}
                Node::Fragment(index, kind) => {
                    *slots.next()? = Some((*index, *kind));
                    behind = true;
                }
            }
        }
        Some(fragments)
    }
}
