//! Compiles a template definition (or an inline fragment) to the positions of a record's fields.
//!
//! A program must produce what [`super::xml`] reads from the crate's XML of the same record;
//! `tests/it/engine` compares the two. Unusual shapes are refused (`None`).

use super::binxml::{
    CLOSE, CLOSE_START, END, Element, MORE, NO_DEPENDENCY, OPEN, OPTIONAL_SUBSTITUTION, SUBSTITUTION,
    TextSource, Tokens, Utf16Span,
};
use super::element_names::{ElementNames, Tag};
use super::record::Section;
use super::template::{FieldName, Kind, Node, Program, System, ValueNode, literal};
use super::values::write_utf16;

/// Deepest usual nesting of elements. `UserData` reaches 4.
const MAX_DEPTH: usize = 12;

/// Compiles a template definition. Offsets of literals are relative to the start of its body, because its
/// offset differs between chunks.
pub(super) fn compile(chunk: &[u8], at: u32, names: &mut ElementNames) -> Option<Program> {
    let mut tokens = Tokens::of_definition(chunk, at)?;
    let start = u32::try_from(tokens.at).ok()?;
    tokens.fragment()?;
    let mut compiler = Compiler { names, program: Program::default(), accepts_id: None, rejected: false };
    compiler.root(&mut tokens)?;
    let mut program = compiler.program;
    for part in program.parts() {
        if let TextSource::Literal(span) = part {
            span.at -= start;
        }
    }
    program.note_used();
    Some(program)
}

/// Compiles a fragment that is inside a record. It starts after the fragment's header. `Some(None)` if its event ID is
/// not accepted: the rest is only checked then, and would have been compiled.
pub(super) fn compile_inline(
    record: &[u8],
    at: usize,
    names: &mut ElementNames,
    accepts_id: &dyn Fn(u16) -> bool,
) -> Option<Option<Program>> {
    let program = Program::default();
    let mut compiler = Compiler { names, program, accepts_id: Some(accepts_id), rejected: false };
    compiler.root(&mut Tokens { chunk: record, at, in_definition: false })?;
    let Compiler { program, rejected, .. } = compiler;
    Some((!rejected).then_some(program))
}

struct Compiler<'a> {
    names: &'a mut ElementNames,
    program: Program,
    accepts_id: Option<&'a dyn Fn(u16) -> bool>,
    /// The event ID was not accepted: values are checked, but not kept.
    rejected: bool,
}

impl Compiler<'_> {
    fn tag(&mut self, tokens: &Tokens<'_>, offset: u32) -> Option<Tag> {
        Some(self.names.get(tokens.chunk, offset)?.tag)
    }

    /// Skips attributes. Fails if XML would change a name.
    fn check_attributes(&mut self, tokens: &mut Tokens<'_>, element: Element) -> Option<()> {
        let chunk = tokens.chunk;
        tokens.attributes(element, |attribute, _| self.names.get(chunk, attribute).map(|_| ()))
    }

    fn root(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        let mut root = tokens.open()?;
        // A root is present whatever it depends on.
        root.dependency = NO_DEPENDENCY;
        let tag = self.tag(tokens, root.name)?;
        if tag == Tag::Event {
            self.program.kind = Kind::Event;
            self.check_attributes(tokens, root)?;
            self.children_of_event(tokens)?;
            if !self.rejected {
                self.program.system.decode_literals(tokens.chunk);
            }
        } else {
            match section(tag) {
                Section::System => return None,
                Section::Ignored => {
                    self.program.kind = Kind::Inside;
                    self.child(tokens, root, Section::UserData, 2)?;
                }
                section => {
                    self.program.kind = Kind::Section;
                    self.check_attributes(tokens, root)?;
                    self.element(tokens, section, 1)?;
                }
            }
        }
        // Anything after it would belong to the event, too.
        match tokens.u8() {
            None | Some(END) => Some(()),
            Some(_) => None,
        }
    }

    fn children_of_event(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        tokens.expect(CLOSE_START)?;
        let mut first = true;
        loop {
            match tokens.u8()? {
                CLOSE => return Some(()),
                token if token & !MORE == OPEN => {
                    let child = tokens.element(token)?;
                    let tag = self.tag(tokens, child.name)?;
                    self.check_attributes(tokens, child)?;
                    let before = self.program.nodes.len();
                    match section(tag) {
                        Section::System if first => {
                            self.children_of_system(tokens)?;
                            self.rejected = self.rejects_id(tokens.chunk);
                        }
                        Section::System => return None,
                        section => self.element(tokens, section, 1)?,
                    }
                    // `UserData` depends on its own content. If that is null, omitting the element loses
                    // nothing.
                    let depends_on_itself = matches!(
                        self.program.nodes.get(before..),
                        Some([Node::Fragment(index, _)]) if *index == child.dependency
                    );
                    (child.dependency == NO_DEPENDENCY || depends_on_itself).then_some(())?;
                }
                SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                    let (index, _) = tokens.substitution()?;
                    self.program.nodes.push(Node::Fragment(index, Kind::Section));
                }
                _ => return None,
            }
            first = false;
        }
    }

    fn children_of_system(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        if !tokens.has_content()? {
            return Some(());
        }
        loop {
            let token = tokens.u8()?;
            if token == CLOSE {
                return Some(());
            }
            (token & !MORE == OPEN).then_some(())?;
            self.child_of_system(tokens, token)?;
        }
    }

    /// Is the event ID readable here, and not accepted?
    fn rejects_id(&self, chunk: &[u8]) -> bool {
        let id = || {
            let TextSource::Literal(span) = self.program.system.event_id else { return None };
            let mut text = String::new();
            write_utf16(span.bytes(chunk)?, &mut text)?;
            event_id_of(&text)
        };
        self.accepts_id.is_some_and(|accepts_id| id().is_some_and(|id| !accepts_id(id)))
    }

    fn child_of_system(&mut self, tokens: &mut Tokens<'_>, token: u8) -> Option<()> {
        let chunk = tokens.chunk;
        let child = tokens.element(token)?;
        let tag = self.tag(tokens, child.name)?;
        let [mut named, mut source_named, mut timed, mut user_id] = [TextSource::Nothing; 4];
        tokens.attributes(child, |attribute, value| {
            let field = match (tag, self.names.get(chunk, attribute)?.tag) {
                (Tag::Provider, Tag::Name) => &mut named,
                (Tag::Provider, Tag::EventSourceName) => &mut source_named,
                (Tag::TimeCreated, Tag::SystemTime) => &mut timed,
                (Tag::Security, Tag::UserId) => &mut user_id,
                _ => return Some(()),
            };
            set_once(field, value)
        })?;
        let mut content = TextSource::Nothing;
        if tokens.has_content()? {
            content = tokens.part()?.unwrap_or_default();
            tokens.expect(CLOSE)?;
        }
        let System { name, source_name, event_id, version, level, channel, computer, record_id, .. } =
            &mut self.program.system;
        let (slot, part) = match tag {
            Tag::Provider => {
                set_field(source_name, source_named, child.dependency)?;
                (name, named)
            }
            Tag::TimeCreated => (&mut self.program.system.time, timed),
            Tag::Security => (&mut self.program.system.user_id, user_id),
            Tag::EventId => (event_id, content),
            Tag::Version => (version, content),
            Tag::Level => (level, content),
            Tag::Channel => (channel, content),
            Tag::Computer => (computer, content),
            Tag::EventRecordId => (record_id, content),
            _ => return Some(()),
        };
        set_field(slot, part, child.dependency)
    }

    /// Compiles the content of an element of `EventData` or `UserData`, whose start is read up to the
    /// attributes.
    fn element(&mut self, tokens: &mut Tokens<'_>, section: Section, depth: usize) -> Option<()> {
        if !tokens.has_content()? {
            return Some(());
        }
        loop {
            match tokens.u8()? {
                CLOSE => return Some(()),
                SUBSTITUTION | OPTIONAL_SUBSTITUTION if section == Section::UserData && depth == 1 => {
                    let (index, _) = tokens.substitution()?;
                    self.program.nodes.push(Node::Fragment(index, Kind::Inside));
                }
                token if token & !MORE == OPEN && depth < MAX_DEPTH => {
                    let child = tokens.element(token)?;
                    self.child(tokens, child, section, depth + 1)?;
                }
                _ => return None,
            }
        }
    }

    fn child(
        &mut self,
        tokens: &mut Tokens<'_>,
        child: Element,
        section: Section,
        depth: usize,
    ) -> Option<()> {
        let chunk = tokens.chunk;
        let name = self.names.get(chunk, child.name)?;
        let data = matches!(name.tag, Tag::Data | Tag::ComplexData);
        let mut attribute_name = TextSource::Nothing;
        tokens.attributes(child, |attribute, value| {
            let tag = self.names.get(chunk, attribute)?.tag;
            match value {
                TextSource::Value(_) | TextSource::Literal(_) if data && tag == Tag::Name => {
                    set_once(&mut attribute_name, value)
                }
                // An array in it would repeat the element.
                TextSource::Value(_) => None,
                _ => Some(()),
            }
        })?;
        let mut content = TextSource::Nothing;
        if tokens.has_content()? {
            match tokens.peek()? {
                CLOSE => {}
                token if token & !MORE == OPEN => {
                    // An element with children is not a value.
                    (child.dependency == NO_DEPENDENCY).then_some(())?;
                    tokens.at -= 1;
                    return self.element(tokens, section, depth);
                }
                _ if self.rejected => tokens.skip_part()?.then_some(())?,
                _ => content = tokens.part()??,
            }
            tokens.expect(CLOSE)?;
        }
        if section == Section::Ignored {
            return Some(());
        }
        if self.rejected {
            return match attribute_name {
                TextSource::Literal(name) => check_name(chunk, name),
                _ => Some(()),
            };
        }
        let field = match attribute_name {
            TextSource::Nothing if name.tag == Tag::Data => FieldName::Unnamed,
            TextSource::Nothing => FieldName::Fixed(literal(chunk, name.text)?),
            TextSource::Literal(name) => {
                FieldName::Fixed(literal(chunk, name).filter(|name| !name.is_empty())?)
            }
            TextSource::Value(index) => FieldName::FromValue(index),
        };
        self.program.nodes.push(Node::Value(ValueNode {
            name: field,
            content,
            dependency: child.dependency,
            wrapper: section == Section::UserData && depth == 2,
            binary: name.tag == Tag::Binary,
        }));
        Some(())
    }
}

/// The event ID in a text, without its qualifiers.
pub(super) fn event_id_of(text: &str) -> Option<u16> {
    let number: u32 = text.trim().parse().ok()?;
    Some((number & 0xffff) as u16)
}

/// Would the name of a value be decoded?
fn check_name(chunk: &[u8], name: Utf16Span) -> Option<()> {
    let (units, _) = name.bytes(chunk)?.as_chunks::<2>();
    // Blocks of units are compared at once.
    let is_other = |[low, high]: &[u8; 2]| *high != 0 || low.wrapping_sub(0x20) >= 0x5f;
    let (blocks, rest) = units.as_chunks::<8>();
    let has_other = |block: &[[u8; 2]; 8]| block.iter().fold(false, |any, unit| any | is_other(unit));
    if !units.is_empty() && !blocks.iter().any(has_other) && !rest.iter().any(is_other) {
        return Some(());
    }
    literal(chunk, name).filter(|name| !name.is_empty()).map(|_| ())
}

/// Sets a field that must not be set yet. A damaged name can look like another one, so a second value is
/// unusual.
fn set_once(field: &mut TextSource, value: TextSource) -> Option<()> {
    (*field == TextSource::Nothing).then_some(())?;
    *field = value;
    Some(())
}

/// The same for a field of `System`. One that depends on another value is unusual.
fn set_field(field: &mut TextSource, value: TextSource, dependency: u16) -> Option<()> {
    (dependency == NO_DEPENDENCY || value == TextSource::Value(dependency)).then_some(())?;
    set_once(field, value)
}

fn section(tag: Tag) -> Section {
    match tag {
        Tag::EventData => Section::EventData,
        Tag::UserData | Tag::ProcessingErrorData | Tag::DebugData => Section::UserData,
        Tag::System => Section::System,
        _ => Section::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunks::CHUNK_HEADER_LEN;
    use crate::records::binxml::FRAGMENT;
    use crate::records::damaged_chunks::each_chunk;
    use crate::records::gate::{RECORD_HEADER, RecordHeader};

    /// A fragment whose event ID is not wanted is only checked: that must refuse what compiling it refuses.
    #[test]
    fn what_is_only_checked_is_what_would_compile() {
        let (mut names, mut slow_names) = (ElementNames::default(), ElementNames::default());
        let (mut checked, mut refused) = (0, 0);
        each_chunk(200, |chunk| {
            names.start_chunk();
            let mut at = CHUNK_HEADER_LEN;
            while let Some(record) = RecordHeader::at(chunk, at) {
                let (start, end) = (at + RECORD_HEADER + FRAGMENT.len(), at + record.size - 4);
                at += record.size;
                let Some(record) =
                    chunk.get(..end).filter(|record| record.get(start) == Some(&(OPEN | MORE)))
                else {
                    continue;
                };
                // Names of this record alone.
                slow_names.start_chunk();
                let full = compile_inline(record, start, &mut slow_names, &|_| true);
                let fast = compile_inline(record, start, &mut names, &|_| false);
                match (full, fast) {
                    (None, None) => refused += 1,
                    (Some(Some(_)), Some(None)) => checked += 1,
                    // Its event ID cannot be read here.
                    (Some(Some(full)), Some(Some(fast))) => {
                        assert_eq!(format!("{full:?}"), format!("{fast:?}"));
                    }
                    (full, fast) => panic!("at {start}: {full:?} {fast:?}"),
                }
            }
        });
        assert!(checked > 100 && refused > 10, "{checked} {refused}");
    }
}
