//! Programs give the positions of a record's fields. They are compiled from template definitions.

use super::binxml::{NO_DEPENDENCY, TextSource, Utf16Span};
use super::record::Text;
use super::values::write_utf16;

/// The sources of the fields in `System`.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Literal fields, decoded once instead of for every record.
    pub literals: Literals,
    /// `Provider/@Name`.
    pub name: TextSource,
    /// `Provider/@EventSourceName`.
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

/// The literal fields of `System`; `None` for a field from a value.
#[derive(Debug, Clone, Default)]
pub struct Literals {
    pub provider: Option<Text>,
    pub channel: Option<Text>,
    pub computer: Option<Text>,
}

impl System {
    /// Decodes the literals. Unusual text is left out here; the decoder refuses it for each record.
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

/// Decodes a literal. `None` if it has characters that XML would change in an attribute.
pub(super) fn literal(chunk: &[u8], span: Utf16Span) -> Option<Text> {
    let mut text = String::new();
    write_utf16(span.bytes(chunk)?, &mut text)?;
    (!text.bytes().any(|byte| byte < 0x20)).then(|| text.into())
}

/// The source of the name of a value in `EventData` or `UserData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// A `Data` without a name.
    Unnamed,
    /// `Data/@Name` in the definition, or the name of the element.
    Fixed(Text),
    /// The substitution value with this index.
    FromValue(u16),
}

/// The sources of a value in `EventData` or `UserData`.
#[derive(Debug, Clone)]
pub struct ValueNode {
    pub name: FieldName,
    pub content: TextSource,
    /// Index of a substitution value. If it is null, there is no element.
    pub dependency: u16,
    /// Is it a child of `UserData`? Without text it wraps the values and is not one of them.
    pub wrapper: bool,
    /// Is it a `Binary` element? Its text is upper-case hexadecimal without spaces.
    pub binary: bool,
}

/// A part of an event after `System`.
#[derive(Debug, Clone)]
pub enum EventNode {
    Value(ValueNode),
    /// The substitution value with this index holds a fragment of this kind.
    Fragment(u16, FragmentKind),
}

/// The part of an event that a program describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FragmentKind {
    /// A whole `Event` element.
    #[default]
    Event,
    /// `EventData` or `UserData`.
    Section,
    /// The element in `UserData` that contains the values.
    ChildOfUserData,
}

/// The positions of a record's fields.
#[derive(Debug, Default)]
pub struct Program {
    pub kind: FragmentKind,
    /// The fields of `System`. Empty if the program does not describe a whole event.
    pub system: System,
    pub nodes: Vec<EventNode>,
    /// Indexes of the substitution values that decide the content: all that are used, except record ID and time.
    pub used: Vec<u16>,
}

impl Program {
    /// All sources of texts.
    pub(super) fn text_sources(&mut self) -> impl Iterator<Item = &mut TextSource> {
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
            EventNode::Value(value) => Some(&mut value.content),
            EventNode::Fragment(..) => None,
        });
        [name, source_name, event_id, version, level, channel, computer, user_id, record_id, time]
            .into_iter()
            .chain(values)
    }

    /// Fills [`Program::used`].
    pub(super) fn collect_used(&mut self) {
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
            let EventNode::Value(value) = node else { continue };
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

    /// The substitution values that hold fragments. `None` if there are more than two, or a value follows one, because the
    /// decoder reads the fragments last.
    pub fn fragments(&self) -> Option<[Option<(u16, FragmentKind)>; 2]> {
        let mut fragments = [None; 2];
        let mut slots = fragments.iter_mut();
        let mut after_fragment = false;
        for node in &self.nodes {
            match node {
                EventNode::Value(_) if after_fragment => return None,
                EventNode::Value(_) => {}
                EventNode::Fragment(index, kind) => {
                    *slots.next()? = Some((*index, *kind));
                    after_fragment = true;
                }
            }
        }
        Some(fragments)
    }
}
