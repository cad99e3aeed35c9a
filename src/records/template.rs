//! Compiles a template definition (or an inline fragment) to the positions of a record's fields.
//!
//! A program must produce what [`super::xml`] reads from the crate's XML of the same record;
//! `tests/it/engine` compares the two. Unusual shapes are refused (`None`).

use super::binxml::{
    ATTRIBUTE, CLOSE, CLOSE_EMPTY, CLOSE_START, DEFINITION_HEADER, END, Element, MORE, NO_DEPENDENCY, OPEN,
    OPTIONAL_SUBSTITUTION, SUBSTITUTION, Tokens, Utf16Span, VALUE, name_text,
};
use super::record::Text;
use super::values::write_utf16;
use crate::chunks::bytes::u32_at;

/// Source of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextSource {
    #[default]
    Nothing,
    Literal(Utf16Span),
    Value(u16),
}

impl TextSource {
    /// The number of the value, if the text comes from one.
    fn value(self) -> Option<u16> {
        match self {
            Self::Value(index) => Some(index),
            _ => None,
        }
    }
}

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
    Fragment(u16, Kind),
}

/// The part of an event that a program describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
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
    pub kind: Kind,
    /// Fields of a whole event. Empty for a fragment.
    pub system: System,
    pub nodes: Vec<Node>,
    /// The values that decide the content: all used ones except the record's number and time.
    pub used: Vec<u16>,
}

/// Deepest usual nesting of elements. `UserData` reaches 4.
const MAX_DEPTH: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    System,
    EventData,
    UserData,
    Ignored,
}

/// Tokens of the definition's body, which follows its header.
pub(super) fn definition(chunk: &[u8], at: u32) -> Option<Tokens<'_>> {
    let at = at as usize;
    let len = u32_at(chunk, at.checked_add(20)?)? as usize;
    let start = at + DEFINITION_HEADER;
    Some(Tokens { chunk: chunk.get(..start.checked_add(len)?)?, at: start, in_definition: true })
}

/// Is `Event/System/EventID` the third substitution in this definition? The rest of the definition does not
/// matter.
///
/// It was in all 53,209 records of real logs, but a gate must not rely on that. Names are compared once per
/// chunk, then by their offset: `known` keeps the offsets of `Event`, `System`, `EventID` and `Name`.
///
/// Returns `None` if it is not, else the source of the provider's name: `Nothing` if this function cannot
/// find it.
pub fn event_id_is_third(chunk: &[u8], at: u32, known: &mut [u32; 4]) -> Option<TextSource> {
    let mut tokens = definition(chunk, at)?;
    let mut named = |which: usize, text: &[u8], offset: u32| {
        let known = known.get_mut(which)?;
        if *known != offset {
            name_text(chunk, offset).filter(|name| name.is(chunk, text))?;
            *known = offset;
        }
        Some(())
    };
    tokens.fragment()?;
    let event = open(&mut tokens)?;
    named(0, b"Event", event.name)?;
    skip_attributes(&mut tokens, event)?;
    tokens.expect(CLOSE_START)?;
    let system = open(&mut tokens)?;
    named(1, b"System", system.name)?;
    skip_attributes(&mut tokens, system)?;
    tokens.expect(CLOSE_START)?;
    let provider = open(&mut tokens)?;
    let mut name = TextSource::Nothing;
    let mut first = true;
    attributes(&mut tokens, provider, |attribute, value| {
        if first && named(3, b"Name", attribute).is_some() {
            name = value;
        }
        first = false;
        Some(())
    })?;
    if has_content(&mut tokens)? {
        tokens.expect(CLOSE)?;
    }
    let id = open(&mut tokens)?;
    named(2, b"EventID", id.name)?;
    skip_attributes(&mut tokens, id)?;
    tokens.expect(CLOSE_START)?;
    let (SUBSTITUTION | OPTIONAL_SUBSTITUTION) = tokens.u8()? else {
        return None;
    };
    (tokens.substitution()?.0 == 3).then_some(())?;
    tokens.expect(CLOSE)?;
    // A root is present whatever it depends on. The event ID usually depends on itself.
    let there = system.dependency == NO_DEPENDENCY && matches!(id.dependency, NO_DEPENDENCY | 3);
    there.then_some(name)
}

pub(super) fn open(tokens: &mut Tokens<'_>) -> Option<Element> {
    let token = tokens.u8()?;
    (token & !MORE == OPEN).then_some(())?;
    tokens.element(token)
}

/// Reads the end of an element's start tag. Does the element have content?
pub(super) fn has_content(tokens: &mut Tokens<'_>) -> Option<bool> {
    match tokens.u8()? {
        CLOSE_START => Some(true),
        CLOSE_EMPTY => Some(false),
        _ => None,
    }
}

fn skip_attributes(tokens: &mut Tokens<'_>, element: Element) -> Option<()> {
    attributes(tokens, element, |_, _| Some(()))
}

/// Skips attributes. Fails if XML would change a name.
fn check_attributes(tokens: &mut Tokens<'_>, element: Element) -> Option<()> {
    let chunk = tokens.chunk;
    attributes(tokens, element, |attribute, _| plain_name(chunk, attribute).map(|_| ()))
}

/// Passes the name and value of each attribute to `each`.
pub(super) fn attributes(
    tokens: &mut Tokens<'_>,
    element: Element,
    mut each: impl FnMut(u32, TextSource) -> Option<()>,
) -> Option<()> {
    if !element.has_attributes {
        return Some(());
    }
    while tokens.peek()? & !MORE == ATTRIBUTE {
        tokens.u8()?;
        let name = tokens.name()?;
        let value = part(tokens)?.unwrap_or_default();
        // A value in several parts is unusual.
        if matches!(tokens.peek()? & !MORE, VALUE | SUBSTITUTION | OPTIONAL_SUBSTITUTION) {
            return None;
        }
        each(name, value)?;
    }
    Some(())
}

/// A literal or a substitution, if the next token is one.
pub(super) fn part(tokens: &mut Tokens<'_>) -> Option<Option<TextSource>> {
    Some(match tokens.peek()? {
        token if token & !MORE == VALUE => {
            tokens.u8()?;
            Some(TextSource::Literal(tokens.text()?))
        }
        SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
            tokens.u8()?;
            Some(TextSource::Value(tokens.substitution()?.0))
        }
        _ => None,
    })
}

impl Program {
    /// Compiles a template definition. Offsets of literals are relative to the start of its body, because its
    /// offset differs between chunks.
    pub fn compile(&mut self, chunk: &[u8], at: u32) -> Option<()> {
        let mut tokens = definition(chunk, at)?;
        let start = u32::try_from(tokens.at).ok()?;
        tokens.fragment()?;
        self.root(&mut tokens)?;
        for part in self.parts() {
            if let TextSource::Literal(span) = part {
                span.at -= start;
            }
        }
        self.note_used();
        Some(())
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut TextSource> {
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

    fn note_used(&mut self) {
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

    /// Compiles a fragment that is inside a record. It starts after the fragment's header.
    pub fn compile_inline(&mut self, record: &[u8], at: usize) -> Option<()> {
        self.root(&mut Tokens { chunk: record, at, in_definition: false })
    }

    /// The substitutions that hold fragments. `None` if there are more than usual, or a value follows one: it
    /// would have to wait for the fragment's values.
    pub fn fragments(&self) -> Option<[Option<(u16, Kind)>; 2]> {
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

    fn root(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        self.nodes.clear();
        self.system = System::default();
        let mut root = open(tokens)?;
        // A root is present whatever it depends on.
        root.dependency = NO_DEPENDENCY;
        let name = plain_name(tokens.chunk, root.name)?;
        if name.is(tokens.chunk, b"Event") {
            self.kind = Kind::Event;
            check_attributes(tokens, root)?;
            self.children_of_event(tokens)?;
            self.system.decode_literals(tokens.chunk);
        } else {
            match section(tokens.chunk, name)? {
                Section::System => return None,
                Section::Ignored => {
                    self.kind = Kind::Inside;
                    self.child(tokens, root, Section::UserData, 2)?;
                }
                section => {
                    self.kind = Kind::Section;
                    check_attributes(tokens, root)?;
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
                    let name = plain_name(tokens.chunk, child.name)?;
                    check_attributes(tokens, child)?;
                    let before = self.nodes.len();
                    match section(tokens.chunk, name)? {
                        Section::System if first => self.children_of_system(tokens)?,
                        Section::System => return None,
                        section => self.element(tokens, section, 1)?,
                    }
                    // `UserData` depends on its own content. If that is null, omitting the element loses
                    // nothing.
                    let depends_on_itself = matches!(
                        self.nodes.get(before..),
                        Some([Node::Fragment(index, _)]) if *index == child.dependency
                    );
                    (child.dependency == NO_DEPENDENCY || depends_on_itself).then_some(())?;
                }
                SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                    let (index, _) = tokens.substitution()?;
                    self.nodes.push(Node::Fragment(index, Kind::Section));
                }
                _ => return None,
            }
            first = false;
        }
    }

    fn children_of_system(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        if !has_content(tokens)? {
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
        let name = plain_name(chunk, child.name)?;
        let [mut named, mut source_named, mut timed, mut user_id] = [TextSource::Nothing; 4];
        let (provider, time) = (name.is(chunk, b"Provider"), name.is(chunk, b"TimeCreated"));
        let security = name.is(chunk, b"Security");
        attributes(tokens, child, |attribute, value| {
            let attribute = plain_name(chunk, attribute)?;
            let field = if provider && attribute.is(chunk, b"Name") {
                &mut named
            } else if provider && attribute.is(chunk, b"EventSourceName") {
                &mut source_named
            } else if time && attribute.is(chunk, b"SystemTime") {
                &mut timed
            } else if security && attribute.is(chunk, b"UserID") {
                &mut user_id
            } else {
                return Some(());
            };
            set_once(field, value)
        })?;
        let mut content = TextSource::Nothing;
        if has_content(tokens)? {
            content = part(tokens)?.unwrap_or_default();
            tokens.expect(CLOSE)?;
        }
        let system = &mut self.system;
        let fields: [(&[u8], &mut TextSource, TextSource); 10] = [
            (b"Provider", &mut system.name, named),
            (b"Provider", &mut system.source_name, source_named),
            (b"TimeCreated", &mut system.time, timed),
            (b"Security", &mut system.user_id, user_id),
            (b"EventID", &mut system.event_id, content),
            (b"Version", &mut system.version, content),
            (b"Level", &mut system.level, content),
            (b"Channel", &mut system.channel, content),
            (b"Computer", &mut system.computer, content),
            (b"EventRecordID", &mut system.record_id, content),
        ];
        for (field, slot, part) in fields {
            if !name.is(chunk, field) {
                continue;
            }
            // A field that occurs twice or depends on another value is unusual.
            if *slot != TextSource::Nothing
                || (child.dependency != NO_DEPENDENCY && part != TextSource::Value(child.dependency))
            {
                return None;
            }
            *slot = part;
        }
        Some(())
    }

    /// Compiles the content of an element of `EventData` or `UserData`, whose start is read up to the
    /// attributes.
    fn element(&mut self, tokens: &mut Tokens<'_>, section: Section, depth: usize) -> Option<()> {
        if !has_content(tokens)? {
            return Some(());
        }
        loop {
            match tokens.u8()? {
                CLOSE => return Some(()),
                SUBSTITUTION | OPTIONAL_SUBSTITUTION if section == Section::UserData && depth == 1 => {
                    let (index, _) = tokens.substitution()?;
                    self.nodes.push(Node::Fragment(index, Kind::Inside));
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
        let name = plain_name(chunk, child.name)?;
        let data = name.is(chunk, b"Data") || name.is(chunk, b"ComplexData");
        let mut attribute_name = TextSource::Nothing;
        attributes(tokens, child, |attribute, value| {
            let attribute = plain_name(chunk, attribute)?;
            match value {
                TextSource::Value(_) | TextSource::Literal(_) if data && attribute.is(chunk, b"Name") => {
                    set_once(&mut attribute_name, value)
                }
                // An array in it would repeat the element.
                TextSource::Value(_) => None,
                _ => Some(()),
            }
        })?;
        let mut content = TextSource::Nothing;
        if has_content(tokens)? {
            match tokens.peek()? {
                CLOSE => {}
                token if token & !MORE == OPEN => {
                    // An element with children is not a value.
                    (child.dependency == NO_DEPENDENCY).then_some(())?;
                    tokens.at -= 1;
                    return self.element(tokens, section, depth);
                }
                _ => content = part(tokens)??,
            }
            tokens.expect(CLOSE)?;
        }
        if section == Section::Ignored {
            return Some(());
        }
        let field = match attribute_name {
            TextSource::Nothing if name.is(chunk, b"Data") => FieldName::Unnamed,
            TextSource::Nothing => FieldName::Fixed(literal(chunk, name)?),
            TextSource::Literal(name) => {
                FieldName::Fixed(literal(chunk, name).filter(|name| !name.is_empty())?)
            }
            TextSource::Value(index) => FieldName::FromValue(index),
        };
        self.nodes.push(Node::Value(ValueNode {
            name: field,
            content,
            dependency: child.dependency,
            wrapper: section == Section::UserData && depth == 2,
            binary: name.is(chunk, b"Binary"),
        }));
        Some(())
    }
}

/// Sets a field that must not be set yet. A damaged name can look like another one, so a second value is
/// unusual.
fn set_once(field: &mut TextSource, value: TextSource) -> Option<()> {
    (*field == TextSource::Nothing).then_some(())?;
    *field = value;
    Some(())
}

fn section(chunk: &[u8], name: Utf16Span) -> Option<Section> {
    let is = |text: &[u8]| name.is(chunk, text);
    Some(if is(b"EventData") {
        Section::EventData
    } else if is(b"UserData") || is(b"ProcessingErrorData") || is(b"DebugData") {
        Section::UserData
    } else if is(b"System") {
        Section::System
    } else {
        Section::Ignored
    })
}

/// A name of the form that Windows writes. XML would cut off the prefix of a name with other characters, so
/// the crate reads those.
fn plain_name(chunk: &[u8], offset: u32) -> Option<Utf16Span> {
    const DECLARES: &[u8] = b"xmlns:auto-ns";
    let name = name_text(chunk, offset)?;
    let (units, _) = name.bytes(chunk)?.as_chunks::<2>();
    let plain = |[low, high]: &[u8; 2]| {
        *high == 0 && (low.is_ascii_alphanumeric() || matches!(low, b'_' | b'-' | b'.'))
    };
    let starts = units.first().is_some_and(|[low, _]| low.is_ascii_alphabetic() || *low == b'_');
    let declares =
        units.len() > DECLARES.len() && units.iter().zip(DECLARES).all(|(unit, a)| *unit == [*a, 0]);
    let rest = units.get(if declares { DECLARES.len() } else { 0 }..)?;
    (starts && rest.iter().all(plain)).then_some(name)
}
