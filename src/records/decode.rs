//! From a record's bytes to a [`Record`], without the detour over XML.

use jiff::Timestamp;

use super::binxml::{FRAGMENT, Instance, NO_DEPENDENCY, TEMPLATE, Wide};
use super::template::{Item, Kind, Leaf, Naming, Part, Program};
use super::values::{BINARY, BINXML, NULL, TEXT, TEXT_ARRAY, Value, Values, write_wide};
use super::{Datum, Origin, Record, Selection};

/// What became of a record.
#[derive(Debug)]
pub enum Decoded {
    Wanted(Record),
    NotWanted,
    /// Its shape is not the usual one; the `evtx` crate has to read it.
    Odd,
}

/// Decodes records of one chunk after the other; keeps programs per chunk and buffers for ever.
#[derive(Default)]
pub struct Decoder {
    programs: Programs,
    values: Values,
    nested: Values,
    text: String,
}

/// Compiled definitions of the current chunk.
#[derive(Default)]
struct Programs {
    /// Offset of the definition, and whether it could be compiled.
    known: Vec<(u32, bool)>,
    /// Beside `known`; longer when earlier chunks had more.
    compiled: Vec<Program>,
}

/// A chunk has some 30 definitions; a hostile one could name thousands, and each is looked for in a row.
const MOST_PROGRAMS: usize = 64;

impl Programs {
    fn get(&mut self, chunk: &[u8], definition: u32) -> Option<&Program> {
        let at = match self.known.iter().position(|(at, _)| *at == definition) {
            Some(at) => at,
            None => {
                let at = self.known.len();
                if at == MOST_PROGRAMS {
                    return None;
                }
                if self.compiled.len() == at {
                    self.compiled.push(Program::default());
                }
                let sound = self.compiled.get_mut(at)?.compile(chunk, definition).is_some();
                self.known.push((definition, sound));
                at
            }
        };
        self.compiled.get(at).filter(|_| self.known.get(at).is_some_and(|(_, sound)| *sound))
    }
}

impl Decoder {
    /// Forgets the templates of the chunk before.
    pub fn start_chunk(&mut self) {
        self.programs.known.clear();
    }

    /// Decodes the record whose Binary XML starts `at`; `end` is where it ends in the chunk.
    pub fn record(&mut self, chunk: &[u8], at: usize, end: usize, selection: &Selection) -> Decoded {
        self.try_record(chunk, at, end, selection).unwrap_or(Decoded::Odd)
    }

    fn try_record(&mut self, chunk: &[u8], at: usize, end: usize, selection: &Selection) -> Option<Decoded> {
        let token = chunk.get(at..end)?.strip_prefix(&FRAGMENT)?.first()?;
        let inline;
        let program = if *token == TEMPLATE {
            let instance = Instance::at(chunk, at + 5)?;
            self.values.read(chunk, instance)?;
            ends(chunk, self.values.end, end)?;
            self.programs.get(chunk, instance.definition)?
        } else {
            let mut compiled = Program::default();
            compiled.compile_inline(chunk.get(..end)?, at + FRAGMENT.len())?;
            self.values.clear();
            inline = compiled;
            &inline
        };
        (program.kind == Kind::Event).then_some(())?;
        let mut event = Event { chunk, values: &self.values, text: &mut self.text };
        let system = &program.system;
        let event_id = event.event_id(system.event_id)?;
        if !selection.accepts_id(event_id) {
            return Some(Decoded::NotWanted);
        }
        let mut provider = event.attribute(system.name)?;
        if provider.is_empty() {
            provider = event.attribute(system.source_name)?;
        }
        if !selection.accepts(provider, event_id) {
            return Some(Decoded::NotWanted);
        }
        let provider = provider.into();
        let mut record = Record {
            provider,
            event_id,
            version: event.small(system.version)?,
            level: event.small(system.level)?,
            channel: event.trimmed(system.channel)?.into(),
            computer: event.trimmed(system.computer)?.into(),
            record_id: event.record_id(system.record_id)?,
            time: event.time(system.time)?,
            data: Vec::with_capacity(8),
            origin: Origin::Live,
        };
        // The fragments are read after: they use the same buffers.
        let mut fragments = [(0, Kind::Section); 4];
        let mut count = 0;
        for item in &program.items {
            match item {
                Item::Leaf(leaf) if count == 0 => event.leaf(leaf, &mut record.data)?,
                // A leaf behind a fragment would get before its values.
                Item::Leaf(_) => return None,
                Item::Fragment(index, kind) => {
                    *fragments.get_mut(count)? = (*index, *kind);
                    count += 1;
                }
            }
        }
        for (index, kind) in fragments.get(..count)? {
            let value = self.values.get(*index);
            self.fragment(chunk, value, *kind, &mut record.data)?;
        }
        Some(Decoded::Wanted(record))
    }

    /// `EventData` or `UserData` as a fragment in a substitution.
    fn fragment(&mut self, chunk: &[u8], value: Value, kind: Kind, data: &mut Vec<Datum>) -> Option<()> {
        if value.kind == NULL || (value.kind == BINXML && value.len == 0) {
            return Some(());
        }
        let (at, end) = (value.at as usize, value.at as usize + usize::from(value.len));
        (value.kind == BINXML).then_some(())?;
        // Most fragments have their header; those of providers with a manifest often have none.
        let at = match chunk.get(at..end)? {
            [TEMPLATE, ..] => at,
            bytes if bytes.starts_with(&FRAGMENT) => at + FRAGMENT.len(),
            _ => return None,
        };
        chunk.get(at..end)?.starts_with(&[TEMPLATE]).then_some(())?;
        let instance = Instance::at(chunk, at + 1)?;
        self.nested.read(chunk, instance)?;
        ends(chunk, self.nested.end, end)?;
        let program = self.programs.get(chunk, instance.definition)?;
        (program.kind == kind).then_some(())?;
        let mut event = Event { chunk, values: &self.nested, text: &mut self.text };
        for item in &program.items {
            match item {
                Item::Leaf(leaf) => event.leaf(leaf, data)?,
                Item::Fragment(..) => return None,
            }
        }
        Some(())
    }
}

/// Is the instance all there is in the stream that goes to `end`?
fn ends(chunk: &[u8], at: usize, end: usize) -> Option<()> {
    chunk.get(at..end)?.first().is_none_or(|token| *token == 0).then_some(())
}

/// The event that is being decoded.
struct Event<'a> {
    chunk: &'a [u8],
    values: &'a Values,
    text: &'a mut String,
}

impl Event<'_> {
    /// The text of a part.
    fn text(&mut self, part: Part) -> Option<&str> {
        self.text.clear();
        match part {
            Part::Nothing => {}
            Part::Literal(wide) => self.literal(wide)?,
            Part::Value(index) => self.values.get(index).write(self.chunk, self.text)?,
        }
        Some(self.text)
    }

    fn literal(&mut self, wide: Wide) -> Option<()> {
        write_wide(wide.bytes(self.chunk)?, self.text)
    }

    /// The text of an attribute; spaces of other kinds would be made plain in XML.
    fn attribute(&mut self, part: Part) -> Option<&str> {
        let text = self.text(part)?;
        (!text.bytes().any(|byte| byte < 0x20)).then_some(text)
    }

    fn trimmed(&mut self, part: Part) -> Option<&str> {
        Some(self.text(part)?.trim())
    }

    fn event_id(&mut self, part: Part) -> Option<u16> {
        if let Part::Value(index) = part
            && let Some(id) = self.values.get(index).small_number(self.chunk)
        {
            return Some(id);
        }
        let number: u32 = self.trimmed(part)?.parse().ok()?;
        Some((number & 0xffff) as u16)
    }

    fn small(&mut self, part: Part) -> Option<u8> {
        if let Part::Value(index) = part
            && let Some(number) = self.values.get(index).small_number(self.chunk)
        {
            return Some(u8::try_from(number).unwrap_or(0));
        }
        Some(self.trimmed(part)?.parse().unwrap_or(0))
    }

    fn record_id(&mut self, part: Part) -> Option<u64> {
        if let Part::Value(index) = part
            && let Some(number) = self.values.get(index).number(self.chunk)
        {
            return Some(number);
        }
        Some(self.trimmed(part)?.parse().unwrap_or(0))
    }

    fn time(&mut self, part: Part) -> Option<Timestamp> {
        match part {
            Part::Value(index) if self.values.get(index).kind != TEXT => {
                self.values.get(index).time(self.chunk)
            }
            part => self.text(part)?.trim().parse().ok(),
        }
    }

    fn leaf(&mut self, leaf: &Leaf, data: &mut Vec<Datum>) -> Option<()> {
        if leaf.dependency != NO_DEPENDENCY && self.is_null(leaf.dependency) {
            return Some(());
        }
        let name: Option<Box<str>> = match leaf.naming {
            Naming::Attribute(Part::Nothing) => None,
            Naming::Attribute(part) => {
                if let Part::Value(index) = part {
                    // An optional name that is not there leaves no attribute.
                    (self.values.get(index).kind == TEXT).then_some(())?;
                }
                Some(self.attribute(part).filter(|name| !name.is_empty())?.into())
            }
            Naming::Element(wide) => {
                self.text.clear();
                self.literal(wide)?;
                Some(self.text.as_str().into())
            }
        };
        if let Part::Value(index) = leaf.content {
            let value = self.values.get(index);
            match value.kind {
                TEXT_ARRAY if !leaf.wrapper && !leaf.binary => {
                    return self.array(value, &name, data);
                }
                // Upper case of a text is the crate's business.
                _ if leaf.binary && !matches!(value.kind, NULL | BINARY) => return None,
                _ => {}
            }
        } else if leaf.binary && leaf.content != Part::Nothing {
            return None;
        }
        let text = self.text(leaf.content)?;
        if leaf.wrapper && text.trim().is_empty() {
            return Some(());
        }
        data.push(Datum { name, value: text.into() });
        Some(())
    }

    /// One value per text of an array; an empty array is one empty value.
    fn array(&mut self, value: Value, name: &Option<Box<str>>, data: &mut Vec<Datum>) -> Option<()> {
        let before = data.len();
        let mut sound = true;
        let text = &mut *self.text;
        value.items(self.chunk, |item| {
            text.clear();
            sound &= write_wide(item, text).is_some();
            data.push(Datum { name: name.clone(), value: text.as_str().into() });
        })?;
        if data.len() == before {
            data.push(Datum { name: name.clone(), value: "".into() });
        }
        sound.then_some(())
    }

    fn is_null(&self, index: u16) -> bool {
        let value = self.values.get(index);
        usize::from(index) < self.values.count()
            && (value.kind == NULL || (value.kind == BINXML && value.len == 0))
    }
}
