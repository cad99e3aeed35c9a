//! Caches compiled template definitions of all chunks that one worker reads.
//!
//! Every chunk has its own copy of each definition that it uses. The copies differ in the offsets of names, and in the names
//! that are stored inside the definition because the chunk uses them there first. Comparing a copy takes an eighth of the time
//! of compiling it.

use foldhash::HashMap;

use super::binxml::{
    ATTRIBUTE, CLOSE, CLOSE_EMPTY, CLOSE_START, DEFINITION_HEADER, END, MORE, OPEN, OPTIONAL_SUBSTITUTION,
    SUBSTITUTION, Tokens, VALUE,
};
use super::compile::compile;
use super::element_names::ElementNames;
use super::template::Program;
use crate::chunks::bytes::{u16_at, u32_at};

/// Maximum number of definitions in the cache, which is emptied when it is full. Real logs have some hundreds of a few KB
/// each.
const MAX_DEFINITIONS: usize = 2048;

/// Maximum number of bytes of all bodies in the cache.
const MAX_BYTES: usize = 4 << 20;

/// GUID and length of the body in bytes, which distinguish most definitions.
type DefinitionKey = ([u8; 16], u32);

/// The definitions and their programs. Each worker has its own cache.
#[derive(Default)]
pub(super) struct TemplateCache {
    /// The numbers of the definitions that have a key, by key.
    numbers: HashMap<DefinitionKey, Vec<u64>>,
    cached: Vec<CachedDefinition>,
    /// Number of the first definition in the cache. Numbers are not reused after the cache was emptied.
    first: u64,
    /// Bytes of all bodies.
    bytes: usize,
}

/// A definition as one chunk has it.
struct CachedDefinition {
    body: Box<[u8]>,
    names: Box<[NameReference]>,
    /// `None` if the shape is unusual.
    program: Option<Program>,
}

/// A reference to a name in the chunk.
struct NameReference {
    /// Offset of the reference in the body.
    at: u32,
    /// Length and text of a name that is stored elsewhere in the chunk; `None` for a name in the body.
    elsewhere: Option<Box<[u8]>>,
}

impl TemplateCache {
    /// The number of the definition at this offset, which is compiled if it is new. `None` if its shape is unusual.
    pub(super) fn number(&mut self, chunk: &[u8], at: u32, element_names: &mut ElementNames) -> Option<u64> {
        let (key, tokens) = (key(chunk, at)?, Tokens::definition_body(chunk, at)?);
        let same =
            |number: &&u64| self.get(**number).is_some_and(|cached| cached.is(tokens.chunk, tokens.at));
        if let Some(number) = self.numbers.get(&key).into_iter().flatten().find(same) {
            return Some(*number);
        }
        let names = names(tokens)?;
        let body = tokens.chunk.get(tokens.at..)?;
        let number = self.first + self.cached.len() as u64;
        if self.cached.len() >= MAX_DEFINITIONS || self.bytes + body.len() > MAX_BYTES {
            *self = Self { first: number, ..Self::default() };
        }
        let program = compile(chunk, at, element_names);
        self.bytes += body.len();
        self.numbers.entry(key).or_default().push(number);
        self.cached.push(CachedDefinition { body: body.into(), names: names.into(), program });
        Some(number)
    }

    /// The program of a definition. `None` if its shape is unusual, or the cache was emptied since.
    pub(super) fn program(&self, number: u64) -> Option<&Program> {
        self.get(number)?.program.as_ref()
    }

    fn get(&self, number: u64) -> Option<&CachedDefinition> {
        self.cached.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

/// The key of the definition at this offset.
fn key(chunk: &[u8], at: u32) -> Option<DefinitionKey> {
    let header: &[u8; DEFINITION_HEADER] = chunk.get(at as usize..)?.first_chunk()?;
    let [_, _, _, _, rest @ ..] = header;
    Some((*rest.first_chunk()?, u32_at(rest, 16)?))
}

impl CachedDefinition {
    /// Is the body at `start` a copy of this definition? `chunk` ends where the body ends.
    fn is(&self, chunk: &[u8], start: usize) -> bool {
        let Some(body) = chunk.get(start..) else { return false };
        let mut from = 0;
        for name in &self.names {
            let at = name.at as usize;
            let Some(offset) = u32_at(body, at) else { return false };
            let here = offset as usize == start + at + 4;
            let same = match &name.elsewhere {
                None => here,
                Some(text) => !here && name_at(chunk, offset).is_some_and(|name| name.starts_with(text)),
            };
            if !same || body.get(from..at) != self.body.get(from..at) {
                return false;
            }
            // A name in the body begins with a link to the next name of its hash bucket, which differs between chunks.
            from = if here { at + 8 } else { at + 4 };
        }
        body.get(from..) == self.body.get(from..)
    }
}

/// The names that a definition refers to, in order. `None` if it has unusual tokens.
fn names(mut tokens: Tokens<'_>) -> Option<Vec<NameReference>> {
    let start = tokens.at;
    let mut names = Vec::new();
    tokens.fragment()?;
    while let Some(token) = tokens.u8() {
        match token {
            END => break,
            CLOSE_START | CLOSE_EMPTY | CLOSE => continue,
            SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                tokens.substitution()?;
                continue;
            }
            _ => {}
        }
        let at = match token & !MORE {
            VALUE => {
                tokens.text()?;
                continue;
            }
            // The name of an element follows its dependency and length. The name of an attribute follows the token.
            OPEN => tokens.at + 6,
            ATTRIBUTE => tokens.at,
            _ => return None,
        };
        let offset = match token & !MORE {
            OPEN => tokens.element(token)?.name,
            _ => tokens.name()?,
        };
        let elsewhere = if offset as usize == at + 4 {
            None
        } else {
            let name = name_at(tokens.chunk, offset)?;
            let len = 2 + usize::from(u16_at(name, 0)?) * 2;
            Some(name.get(..len)?.into())
        };
        names.push(NameReference { at: u32::try_from(at - start).ok()?, elsewhere });
    }
    Some(names)
}

/// The bytes of a chunk from the length of a name on. The text of the name follows its length.
fn name_at(chunk: &[u8], offset: u32) -> Option<&[u8]> {
    chunk.get((offset as usize).checked_add(6)?..)
}
