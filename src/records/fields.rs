//! The fields of the event that is being decoded, from a program and the values of a record.

use jiff::Timestamp;

use super::binxml::{NO_DEPENDENCY, TextSource, Utf16Span};
use super::compile::event_id_of;
use super::record::{Datum, Text};
use super::template::{FieldName, System, ValueNode};
use super::values::{BINARY, BINXML, NULL, TEXT, TEXT_ARRAY, Value, Values, write_utf16};

/// Longest text decoded from one record, in bytes: ten times what a record can hold if no value repeats.
pub(super) const MAX_TEXT: usize = 1 << 20;

/// Does the value hold no fragment?
pub(super) fn is_nothing(value: Value) -> bool {
    value.kind == NULL || (value.kind == BINXML && value.len == 0)
}

/// The event that is being decoded.
pub(super) struct Event<'a> {
    pub(super) chunk: &'a [u8],
    /// The bytes that the program's literal offsets refer to.
    pub(super) literals: &'a [u8],
    pub(super) values: &'a Values,
    pub(super) text: &'a mut String,
    /// Bytes that its values may still use.
    pub(super) room: usize,
}

impl Event<'_> {
    /// The text of a literal or a value.
    fn text(&mut self, part: TextSource) -> Option<&str> {
        self.text.clear();
        match part {
            TextSource::Nothing => {}
            TextSource::Literal(span) => self.literal(span)?,
            TextSource::Value(index) => self.values.get(index).write(self.chunk, self.text)?,
        }
        Some(self.text)
    }

    /// The provider's name. If it is empty, the event source's name.
    pub(super) fn provider(&mut self, system: &System) -> Option<&str> {
        let part = match self.attribute(system.name)? {
            "" => system.source_name,
            _ => system.name,
        };
        if part == system.name { Some(self.text) } else { self.attribute(part) }
    }

    fn literal(&mut self, span: Utf16Span) -> Option<()> {
        write_utf16(span.bytes(self.literals)?, self.text)
    }

    /// The text of an attribute. Refuses white space that XML would normalise to spaces.
    pub(super) fn attribute(&mut self, part: TextSource) -> Option<&str> {
        let text = self.text(part)?;
        (!text.bytes().any(|byte| byte < 0x20)).then_some(text)
    }

    fn trimmed(&mut self, part: TextSource) -> Option<&str> {
        Some(self.text(part)?.trim())
    }

    pub(super) fn trimmed_or(&mut self, known: &Option<Text>, part: TextSource) -> Option<Text> {
        match known {
            Some(text) => Some(text.clone()),
            None => Some(self.trimmed(part)?.into()),
        }
    }

    pub(super) fn event_id(&mut self, part: TextSource) -> Option<u16> {
        if let TextSource::Value(index) = part
            && let Some(id) = self.values.get(index).small_number(self.chunk)
        {
            return Some(id);
        }
        event_id_of(self.text(part)?)
    }

    pub(super) fn small(&mut self, part: TextSource) -> Option<u8> {
        if let TextSource::Value(index) = part
            && let Some(number) = self.values.get(index).small_number(self.chunk)
        {
            return Some(u8::try_from(number).unwrap_or(0));
        }
        Some(self.trimmed(part)?.parse().unwrap_or(0))
    }

    pub(super) fn record_id(&mut self, part: TextSource) -> Option<u64> {
        if let TextSource::Value(index) = part
            && let Some(number) = self.values.get(index).number(self.chunk)
        {
            return Some(number);
        }
        Some(self.trimmed(part)?.parse().unwrap_or(0))
    }

    pub(super) fn time(&mut self, part: TextSource) -> Option<Timestamp> {
        match part {
            TextSource::Value(index) if self.values.get(index).kind != TEXT => {
                self.values.get(index).time(self.chunk)
            }
            part => self.text(part)?.trim().parse().ok(),
        }
    }

    pub(super) fn value(&mut self, node: &ValueNode, data: &mut Vec<Datum>) -> Option<()> {
        if node.dependency != NO_DEPENDENCY && self.is_null(node.dependency) {
            return Some(());
        }
        let name = match &node.name {
            FieldName::Unnamed => None,
            FieldName::Fixed(name) => Some(name.clone()),
            FieldName::FromValue(index) => {
                // An optional name that is null produces no attribute.
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
                // Only the crate converts the hexadecimal digits of a text to upper case.
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

    fn spend(&mut self, name: &Option<Text>, value: &Text) -> Option<()> {
        self.room = self.room.checked_sub(value.len() + name.as_ref().map_or(0, Text::len))?;
        Some(())
    }

    /// Appends one value per text of an array. An empty array gives one empty value.
    fn array(&mut self, value: Value, name: &Option<Text>, data: &mut Vec<Datum>) -> Option<()> {
        let before = data.len();
        let mut sound = true;
        let Self { text, room, .. } = self;
        value.items(self.chunk, |item| {
            text.clear();
            sound &= write_utf16(item, text).is_some();
            // Count the name each time: it may be long.
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
