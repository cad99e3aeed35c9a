//! Reads the fields of an event from the values of a record, as its program says.

use jiff::Timestamp;

use super::binxml::{NO_DEPENDENCY, TextSource, Utf16Span};
use super::compile::event_id_of;
use super::record::{Datum, Text};
use super::template::{FieldName, System, ValueNode};
use super::values::{
    BINARY, BINXML, NULL, SubstitutionValue, SubstitutionValues, TEXT, TEXT_ARRAY, write_utf16,
};

/// Maximum number of bytes of text decoded from one record: ten times what a record has if no value repeats.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// Is the value null, or an empty fragment?
pub(super) fn is_nothing(value: SubstitutionValue) -> bool {
    value.kind == NULL || (value.kind == BINXML && value.len == 0)
}

/// The event that is being decoded. Its methods return `None` if only the `evtx` crate can read a field.
pub(super) struct FieldReader<'a> {
    pub(super) chunk: &'a [u8],
    /// The bytes that the offsets of the program's literals are relative to.
    pub(super) literals: &'a [u8],
    pub(super) values: &'a SubstitutionValues,
    /// A buffer for the text of one field.
    pub(super) text: &'a mut String,
    /// Number of bytes that its values may still have.
    pub(super) room: usize,
}

impl FieldReader<'_> {
    /// The text of a literal or a value.
    fn text(&mut self, source: TextSource) -> Option<&str> {
        self.text.clear();
        match source {
            TextSource::Nothing => {}
            TextSource::Literal(span) => self.literal(span)?,
            TextSource::Value(index) => self.values.get(index).write(self.chunk, self.text)?,
        }
        Some(self.text)
    }

    /// The provider's name. If it is empty, the event source's name.
    pub(super) fn provider(&mut self, system: &System) -> Option<&str> {
        let source = match self.attribute(system.name)? {
            "" => system.source_name,
            _ => system.name,
        };
        if source == system.name { Some(self.text) } else { self.attribute(source) }
    }

    fn literal(&mut self, span: Utf16Span) -> Option<()> {
        write_utf16(span.bytes(self.literals)?, self.text)
    }

    /// The text of an attribute. `None` if it has white space that XML would normalise to spaces.
    pub(super) fn attribute(&mut self, source: TextSource) -> Option<&str> {
        let text = self.text(source)?;
        (!text.bytes().any(|byte| byte < 0x20)).then_some(text)
    }

    fn trimmed(&mut self, source: TextSource) -> Option<&str> {
        Some(self.text(source)?.trim())
    }

    /// The literal text, or the text of a source without white space around it.
    pub(super) fn trimmed_or(&mut self, literal: &Option<Text>, source: TextSource) -> Option<Text> {
        match literal {
            Some(text) => Some(text.clone()),
            None => Some(self.trimmed(source)?.into()),
        }
    }

    pub(super) fn event_id(&mut self, source: TextSource) -> Option<u16> {
        if let TextSource::Value(index) = source
            && let Some(id) = self.values.get(index).small_number(self.chunk)
        {
            return Some(id);
        }
        event_id_of(self.text(source)?)
    }

    /// A number of 8 bits; 0 if the text is not one.
    pub(super) fn small_number(&mut self, source: TextSource) -> Option<u8> {
        if let TextSource::Value(index) = source
            && let Some(number) = self.values.get(index).small_number(self.chunk)
        {
            return Some(u8::try_from(number).unwrap_or(0));
        }
        Some(self.trimmed(source)?.parse().unwrap_or(0))
    }

    pub(super) fn record_id(&mut self, source: TextSource) -> Option<u64> {
        if let TextSource::Value(index) = source
            && let Some(number) = self.values.get(index).number(self.chunk)
        {
            return Some(number);
        }
        Some(self.trimmed(source)?.parse().unwrap_or(0))
    }

    pub(super) fn time(&mut self, source: TextSource) -> Option<Timestamp> {
        match source {
            TextSource::Value(index) if self.values.get(index).kind != TEXT => {
                self.values.get(index).time(self.chunk)
            }
            source => self.text(source)?.trim().parse().ok(),
        }
    }

    /// Appends the value of a node to `data`, or all values of an array.
    pub(super) fn value(&mut self, node: &ValueNode, data: &mut Vec<Datum>) -> Option<()> {
        if node.dependency != NO_DEPENDENCY && self.is_null(node.dependency) {
            return Some(());
        }
        let name = match &node.name {
            FieldName::Unnamed => None,
            FieldName::Fixed(name) => Some(name.clone()),
            FieldName::FromValue(index) => {
                // A name that is null gives no attribute.
                (self.values.get(*index).kind == TEXT).then_some(())?;
                Some(self.attribute(TextSource::Value(*index)).filter(|name| !name.is_empty())?.into())
            }
        };
        if let TextSource::Value(index) = node.content {
            let value = self.values.get(index);
            match value.kind {
                TEXT_ARRAY if !node.wrapper && !node.binary => {
                    return self.array(value, &name, data);
                }
                // Hexadecimal digits in a text would have to become upper case.
                _ if node.binary && !matches!(value.kind, NULL | BINARY) => return None,
                _ => {}
            }
        } else if node.binary && node.content != TextSource::Nothing {
            return None;
        }
        let text = self.text(node.content)?;
        if node.wrapper && text.trim().is_empty() {
            return Some(());
        }
        let value = text.into();
        self.spend(&name, &value)?;
        data.push(Datum { name, value });
        Some(())
    }

    /// Counts the bytes of a value. `None` if there are too many.
    fn spend(&mut self, name: &Option<Text>, value: &Text) -> Option<()> {
        self.room = self.room.checked_sub(value.len() + name.as_ref().map_or(0, Text::len))?;
        Some(())
    }

    /// Appends a value for each text of an array. An empty array gives one empty value.
    fn array(&mut self, value: SubstitutionValue, name: &Option<Text>, data: &mut Vec<Datum>) -> Option<()> {
        let before = data.len();
        let mut sound = true;
        let Self { text, room, .. } = self;
        value.items(self.chunk, |item| {
            text.clear();
            sound &= write_utf16(item, text).is_some();
            // The name counts for each value, because it may be long.
            *room = room.saturating_sub(text.len() + name.as_ref().map_or(0, Text::len));
            if *room == 0 {
                return;
            }
            data.push(Datum { name: name.clone(), value: text.as_str().into() });
        })?;
        if data.len() == before {
            data.push(Datum { name: name.clone(), value: "".into() });
        }
        (sound && self.room > 0).then_some(())
    }

    fn is_null(&self, index: u16) -> bool {
        let value = self.values.get(index);
        usize::from(index) < self.values.count() && is_nothing(value)
    }
}
