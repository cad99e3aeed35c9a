//! Compiles a template definition, or a record without one, to a program.
//!
//! A program must give the same record as [`super::xml`] reads from the `evtx` crate's XML. `tests/it/engine` compares both.
//! The result is `None` for an unusual shape.

use super::binxml::{
    CLOSE, CLOSE_START, END, Element, MORE, NO_DEPENDENCY, OPEN, OPTIONAL_SUBSTITUTION, SUBSTITUTION,
    TextSource, Tokens,
};
use super::element_names::{ElementNames, Tag};
use super::record::Section;
use super::template::{EventNode, FieldName, FragmentKind, Program, System, ValueNode, literal};

/// Deepest nesting of elements. `UserData` reaches 4.
const MAX_DEPTH: usize = 12;

/// Compiles the template definition at `at`. Offsets of literals are relative to the start of its body, which differs between
/// chunks.
pub(super) fn compile(chunk: &[u8], at: u32, names: &mut ElementNames) -> Option<Program> {
    let mut tokens = Tokens::definition_body(chunk, at)?;
    let start = u32::try_from(tokens.at).ok()?;
    tokens.fragment()?;
    let mut compiler = Compiler { names, program: Program::default() };
    compiler.root(&mut tokens)?;
    let mut program = compiler.program;
    for part in program.text_sources() {
        if let TextSource::Literal(span) = part {
            span.at -= start;
        }
    }
    program.collect_used();
    Some(program)
}

/// Compiles the Binary XML in a record without a template. `at` is the offset after the fragment header.
pub(super) fn compile_inline(record: &[u8], at: usize, names: &mut ElementNames) -> Option<Program> {
    let mut compiler = Compiler { names, program: Program::default() };
    compiler.root(&mut Tokens { chunk: record, at, in_definition: false })?;
    Some(compiler.program)
}

/// A program that is being compiled.
struct Compiler<'a> {
    names: &'a mut ElementNames,
    program: Program,
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

    /// Compiles the root element, which is `Event`, a section, or the child of `UserData`.
    fn root(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        let mut root = tokens.open()?;
        // A root element is present even if its dependency is null.
        root.dependency = NO_DEPENDENCY;
        let tag = self.tag(tokens, root.name)?;
        if tag == Tag::Event {
            self.program.kind = FragmentKind::Event;
            self.check_attributes(tokens, root)?;
            self.children_of_event(tokens)?;
            self.program.system.decode_literals(tokens.chunk);
        } else {
            match section(tag) {
                Section::System => return None,
                Section::Ignored => {
                    self.program.kind = FragmentKind::ChildOfUserData;
                    self.child(tokens, root, Section::UserData, 2)?;
                }
                section => {
                    self.program.kind = FragmentKind::Section;
                    self.check_attributes(tokens, root)?;
                    self.element(tokens, section, 1)?;
                }
            }
        }
        // Tokens after the root element would belong to the event, too.
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
                        Section::System if first => self.children_of_system(tokens)?,
                        Section::System => return None,
                        section => self.element(tokens, section, 1)?,
                    }
                    // `UserData` usually depends on its own content. If that is null, there is nothing to read.
                    let depends_on_itself = matches!(
                        self.program.nodes.get(before..),
                        Some([EventNode::Fragment(index, _)]) if *index == child.dependency
                    );
                    (child.dependency == NO_DEPENDENCY || depends_on_itself).then_some(())?;
                }
                SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                    let (index, _) = tokens.substitution()?;
                    self.program.nodes.push(EventNode::Fragment(index, FragmentKind::Section));
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
            content = tokens.text_source()?.unwrap_or_default();
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

    /// Compiles the content of an element in `EventData` or `UserData`. Its start and attributes are already read.
    fn element(&mut self, tokens: &mut Tokens<'_>, section: Section, depth: usize) -> Option<()> {
        if !tokens.has_content()? {
            return Some(());
        }
        loop {
            match tokens.u8()? {
                CLOSE => return Some(()),
                SUBSTITUTION | OPTIONAL_SUBSTITUTION if section == Section::UserData && depth == 1 => {
                    let (index, _) = tokens.substitution()?;
                    self.program.nodes.push(EventNode::Fragment(index, FragmentKind::ChildOfUserData));
                }
                token if token & !MORE == OPEN && depth < MAX_DEPTH => {
                    let child = tokens.element(token)?;
                    self.child(tokens, child, section, depth + 1)?;
                }
                _ => return None,
            }
        }
    }

    /// Compiles a child element whose start is already read. It is a value, or has more children.
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
                // An array in an attribute would repeat the element.
                TextSource::Value(_) => None,
                _ => Some(()),
            }
        })?;
        let mut content = TextSource::Nothing;
        if tokens.has_content()? {
            match tokens.peek()? {
                CLOSE => {}
                token if token & !MORE == OPEN => {
                    // An element with children is not a value, so it must not depend on one.
                    (child.dependency == NO_DEPENDENCY).then_some(())?;
                    tokens.at -= 1;
                    return self.element(tokens, section, depth);
                }
                _ => content = tokens.text_source()??,
            }
            tokens.expect(CLOSE)?;
        }
        if section == Section::Ignored {
            return Some(());
        }
        let field = match attribute_name {
            TextSource::Nothing if name.tag == Tag::Data => FieldName::Unnamed,
            TextSource::Nothing => FieldName::Fixed(literal(chunk, name.text)?),
            TextSource::Literal(name) => {
                FieldName::Fixed(literal(chunk, name).filter(|name| !name.is_empty())?)
            }
            TextSource::Value(index) => FieldName::FromValue(index),
        };
        self.program.nodes.push(EventNode::Value(ValueNode {
            name: field,
            content,
            dependency: child.dependency,
            wrapper: section == Section::UserData && depth == 2,
            binary: name.tag == Tag::Binary,
        }));
        Some(())
    }
}

/// Parses an event ID and removes its qualifiers.
pub(super) fn event_id_of(text: &str) -> Option<u16> {
    let number: u32 = text.trim().parse().ok()?;
    Some((number & 0xffff) as u16)
}

/// Sets a field that is not set yet. A second value is unusual, because a damaged name may look like another name.
fn set_once(field: &mut TextSource, value: TextSource) -> Option<()> {
    (*field == TextSource::Nothing).then_some(())?;
    *field = value;
    Some(())
}

/// Sets a field of `System` that is not set yet. A dependency on another value is unusual.
fn set_field(field: &mut TextSource, value: TextSource, dependency: u16) -> Option<()> {
    (dependency == NO_DEPENDENCY || value == TextSource::Value(dependency)).then_some(())?;
    set_once(field, value)
}

/// The section that an element begins.
fn section(tag: Tag) -> Section {
    match tag {
        Tag::EventData => Section::EventData,
        Tag::UserData | Tag::ProcessingErrorData | Tag::DebugData => Section::UserData,
        Tag::System => Section::System,
        _ => Section::Ignored,
    }
}
