//! Finds records in slack space, where older records remain in a chunk that Windows reuses.
//!
//! Newer records may have overwritten the definitions and names that an older record needs, and a wrong record is worse than
//! none. A definition is used only if its identifier is the one in the record. A name is used only if its hash matches; most
//! names are lost, because a chunk stores each at its first use. Without names, fields are identified by the order of
//! `System`'s children and the indexes of their values, which are the same in every definition (see [`super::gate`]).

use super::binxml::{
    CLOSE, CLOSE_START, MORE, OPEN, OPTIONAL_SUBSTITUTION, SUBSTITUTION, TextSource, Tokens, Utf16Span,
    name_text,
};
use super::gate::{Candidate, ProviderCheck, RecordHeader};
use super::template::{EventNode, FieldName, FragmentKind, Program, ValueNode, literal};
use super::values::BINARY;
use crate::chunks::bytes::{u16_at, u32_at};

/// Passes each record in `chunk` at or after `from` to `callback`.
pub fn carve(chunk: &[u8], from: usize, mut callback: impl FnMut(Candidate)) {
    // Records are 8-byte aligned in a chunk.
    let mut at = from.next_multiple_of(8);
    while at < chunk.len() {
        at = match RecordHeader::at(chunk, at) {
            Some(record) if record.is_complete(chunk, at) => {
                callback(Candidate {
                    at: at as u32,
                    end: (at + record.size) as u32,
                    provider: ProviderCheck::Unknown,
                });
                at + record.size.next_multiple_of(8)
            }
            _ => at + 8,
        };
    }
}

/// Compiles the definition at `at` without relying on its names. `id` is the identifier in the record. `None` if the definition
/// has another identifier or an unusual shape.
pub fn compile(chunk: &[u8], at: u32, id: u32) -> Option<Program> {
    // The identifier is the start of the definition's GUID.
    (u32_at(chunk, (at as usize).checked_add(4)?)? == id).then_some(())?;
    let tokens = Tokens::definition_body(chunk, at)?;
    compile_event(tokens).or_else(|| compile_section(tokens))
}

/// The children of `System` in order, each with the index of the value that must be its content, if any.
const CHILDREN: [Option<u16>; 14] = [
    None,
    Some(3),
    Some(11),
    Some(0),
    Some(2),
    Some(1),
    Some(5),
    None,
    Some(10),
    None,
    None,
    None,
    None,
    None,
];
/// Position of `Provider` in [`CHILDREN`]. The other constants are positions, too.
const PROVIDER: usize = 0;
const TIME: usize = 7;
const CHANNEL: usize = 11;
const COMPUTER: usize = 12;
const SECURITY: usize = 13;

/// Compiles a definition of a whole event.
fn compile_event(mut tokens: Tokens<'_>) -> Option<Program> {
    let mut program = Program { kind: FragmentKind::Event, ..Program::default() };
    tokens.fragment()?;
    let root = tokens.open()?;
    tokens.attributes(root, |_, _| Some(()))?;
    tokens.expect(CLOSE_START)?;
    let system = tokens.open()?;
    tokens.attributes(system, |_, _| Some(()))?;
    tokens.expect(CLOSE_START)?;
    for (i, expected) in CHILDREN.into_iter().enumerate() {
        let child = tokens.open()?;
        let mut values = [TextSource::Nothing; 3];
        let mut slots = values.iter_mut();
        tokens.attributes(child, |_, value| {
            *slots.next()? = value;
            Some(())
        })?;
        let mut content = TextSource::Nothing;
        if tokens.has_content()? {
            content = tokens.text_source()?.unwrap_or_default();
            tokens.expect(CLOSE)?;
        }
        if expected.is_some_and(|index| content != TextSource::Value(index)) {
            return None;
        }
        let fields = &mut program.system;
        let [first, _, third] = values;
        match i {
            PROVIDER => (fields.name, fields.source_name) = (first, third),
            TIME => fields.time = (first == TextSource::Value(6)).then_some(first)?,
            CHANNEL => fields.channel = content,
            COMPUTER => fields.computer = content,
            SECURITY => fields.user_id = first,
            _ => {}
        }
    }
    tokens.expect(CLOSE)?;
    let fields = &mut program.system;
    (fields.event_id, fields.version, fields.level) =
        (TextSource::Value(3), TextSource::Value(11), TextSource::Value(0));
    fields.record_id = TextSource::Value(10);
    loop {
        match tokens.u8()? {
            CLOSE => return Some(program),
            SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                program.nodes.push(EventNode::Fragment(tokens.substitution()?.0, FragmentKind::Section));
            }
            // `UserData` with one substitution, or `EventData` with all its values.
            token if token & !MORE == OPEN => {
                let child = tokens.element(token)?;
                tokens.attributes(child, |_, _| Some(()))?;
                if tokens.has_content()? {
                    match tokens.text_source()? {
                        Some(TextSource::Value(index)) => {
                            program.nodes.push(EventNode::Fragment(index, FragmentKind::Section));
                            tokens.expect(CLOSE)?;
                        }
                        Some(_) => return None,
                        None => compile_values(&mut program, &mut tokens)?,
                    }
                }
            }
            _ => return None,
        }
    }
}

/// Compiles a definition of `EventData` or of the child of `UserData`.
fn compile_section(mut tokens: Tokens<'_>) -> Option<Program> {
    let mut program = Program { kind: FragmentKind::Section, ..Program::default() };
    tokens.fragment()?;
    let root = tokens.open()?;
    tokens.attributes(root, |_, _| Some(()))?;
    if tokens.has_content()? {
        compile_values(&mut program, &mut tokens)?;
    }
    Some(program)
}

/// Compiles the values in an element up to its end.
fn compile_values(program: &mut Program, tokens: &mut Tokens<'_>) -> Option<()> {
    let chunk = tokens.chunk;
    loop {
        let token = tokens.u8()?;
        if token == CLOSE {
            return Some(());
        }
        (token & !MORE == OPEN).then_some(())?;
        let child = tokens.element(token)?;
        let mut named = TextSource::Nothing;
        tokens.attributes(child, |_, value| {
            // `Data` has one attribute, its name.
            (named == TextSource::Nothing).then_some(())?;
            named = value;
            Some(())
        })?;
        let (mut content, mut declared) = (TextSource::Nothing, 0);
        if tokens.has_content()? {
            declared = tokens.chunk.get(tokens.at + 3).copied().unwrap_or_default();
            content = tokens.text_source()?.unwrap_or_default();
            tokens.expect(CLOSE)?;
        }
        let own = verified_name(chunk, child.name).filter(|name| !name.is(chunk, b"Data"));
        let binary = matches!(content, TextSource::Value(_)) && declared == BINARY;
        let name = match (named, own) {
            (TextSource::Nothing, Some(name)) => FieldName::Fixed(literal(chunk, name)?),
            (TextSource::Nothing, None) if binary => FieldName::Fixed("Binary".into()),
            (TextSource::Nothing, None) => FieldName::Unnamed,
            (TextSource::Literal(name), _) => FieldName::Fixed(literal(chunk, name)?),
            (TextSource::Value(index), _) => FieldName::FromValue(index),
        };
        program.nodes.push(EventNode::Value(ValueNode {
            name,
            content,
            dependency: child.dependency,
            wrapper: false,
            binary,
        }));
    }
}

/// The name at `offset`, if its stored hash matches its text. MS-EVEN6 2.2.12 defines the hash: for each unit multiply by 65599
/// and add, then take the low 16 bits.
fn verified_name(chunk: &[u8], offset: u32) -> Option<Utf16Span> {
    let name = name_text(chunk, offset)?;
    let stored = u16_at(chunk, (offset as usize).checked_add(4)?)?;
    let (units, _) = name.bytes(chunk)?.as_chunks::<2>();
    let hash = units
        .iter()
        .fold(0u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u16::from_le_bytes(*unit).into()));
    (!units.is_empty() && hash & 0xffff == u32::from(stored)).then_some(name)
}
