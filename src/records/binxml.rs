//! Reads tokens of Binary XML (MS-EVEN6 2.2.12) in the usual shape of records.
//!
//! Every function returns `None` for an unusual token and at the end of the bytes. The `evtx` crate then reads the record.

use crate::chunks::bytes::{u16_at, u32_at};

/// A fragment header: token 0x0f, version 1.1, no flags.
pub const FRAGMENT: [u8; 4] = [0x0f, 1, 1, 0];
/// The token at the end of a fragment. This and the following constants are the tokens of MS-EVEN6 2.2.12.
pub const END: u8 = 0x00;
pub const OPEN: u8 = 0x01;
pub const CLOSE_START: u8 = 0x02;
pub const CLOSE_EMPTY: u8 = 0x03;
pub const CLOSE: u8 = 0x04;
pub const VALUE: u8 = 0x05;
pub const ATTRIBUTE: u8 = 0x06;
pub const TEMPLATE: u8 = 0x0c;
pub const SUBSTITUTION: u8 = 0x0d;
pub const OPTIONAL_SUBSTITUTION: u8 = 0x0e;
/// The flag of an element with attributes, or of an attribute that another one follows.
pub const MORE: u8 = 0x40;

/// Length in bytes of the header of a template definition: offset of the next definition, GUID, length of the body.
pub const DEFINITION_HEADER: usize = 24;

/// The dependency of an element that is always present.
pub const NO_DEPENDENCY: u16 = 0xffff;

/// The position of a UTF-16 text in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utf16Span {
    /// Offset in bytes.
    pub at: u32,
    /// Length in UTF-16 units.
    pub units: u16,
}

impl Utf16Span {
    pub fn bytes(self, chunk: &[u8]) -> Option<&[u8]> {
        chunk.get(self.at as usize..)?.get(..usize::from(self.units) * 2)
    }

    /// Is the text equal to `ascii`?
    pub fn is(self, chunk: &[u8], ascii: &[u8]) -> bool {
        usize::from(self.units) == ascii.len()
            && self.bytes(chunk).is_some_and(|bytes| {
                let (units, _) = bytes.as_chunks::<2>();
                units.iter().zip(ascii).all(|(unit, a)| *unit == [*a, 0])
            })
    }
}

/// A position in a stream of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    /// The chunk up to the end of the stream.
    pub chunk: &'a [u8],
    /// Offset of the next token in the chunk.
    pub at: usize,
    /// Is the stream a template definition? Only there, elements have a dependency.
    pub in_definition: bool,
}

/// The source of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextSource {
    #[default]
    Nothing,
    Literal(Utf16Span),
    /// The substitution value with this index.
    Value(u16),
}

impl TextSource {
    /// The index of the substitution value, if the source is one.
    pub fn value(self) -> Option<u16> {
        match self {
            Self::Value(index) => Some(index),
            _ => None,
        }
    }
}

/// The start of an element.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    /// Offset of the name in the chunk. Equal names usually share one offset.
    pub name: u32,
    /// Index of the substitution value that must not be null, or [`NO_DEPENDENCY`].
    pub dependency: u16,
    pub has_attributes: bool,
}

impl<'a> Tokens<'a> {
    /// The tokens in the body of the definition at `at`.
    pub fn definition_body(chunk: &'a [u8], at: u32) -> Option<Self> {
        let at = at as usize;
        let len = u32_at(chunk, at.checked_add(20)?)? as usize;
        let start = at + DEFINITION_HEADER;
        Some(Self { chunk: chunk.get(..start.checked_add(len)?)?, at: start, in_definition: true })
    }

    pub fn u8(&mut self) -> Option<u8> {
        let value = *self.chunk.get(self.at)?;
        self.at += 1;
        Some(value)
    }

    pub fn u16(&mut self) -> Option<u16> {
        let value = u16_at(self.chunk, self.at)?;
        self.at += 2;
        Some(value)
    }

    pub fn u32(&mut self) -> Option<u32> {
        let value = u32_at(self.chunk, self.at)?;
        self.at += 4;
        Some(value)
    }

    pub fn peek(&self) -> Option<u8> {
        self.chunk.get(self.at).copied()
    }

    /// Reads a token, which must be this one.
    pub fn expect(&mut self, token: u8) -> Option<()> {
        (self.u8()? == token).then_some(())
    }

    /// Reads a fragment header.
    pub fn fragment(&mut self) -> Option<()> {
        let found = self.chunk.get(self.at..)?.starts_with(&FRAGMENT);
        self.at += FRAGMENT.len();
        found.then_some(())
    }

    /// Reads a reference to a name and returns the name's offset. At its first use in a chunk, the name itself follows.
    pub fn name(&mut self) -> Option<u32> {
        let offset = self.u32()?;
        if offset as usize == self.at {
            // Link to the next name of the hash bucket (4 bytes), hash (2), length (2), text, NUL (2).
            let units = u16_at(self.chunk, self.at + 6)?;
            self.at += 10 + usize::from(units) * 2;
        }
        Some(offset)
    }

    /// Reads the start of an element after its `OPEN` token, up to its attributes.
    pub fn element(&mut self, token: u8) -> Option<Element> {
        let dependency = if self.in_definition { self.u16()? } else { NO_DEPENDENCY };
        self.u32()?;
        let name = self.name()?;
        let has_attributes = token & MORE != 0;
        if has_attributes {
            self.u32()?;
        }
        Some(Element { name, dependency, has_attributes })
    }

    /// Reads the `OPEN` token and the start of an element, up to its attributes.
    pub fn open(&mut self) -> Option<Element> {
        let token = self.u8()?;
        (token & !MORE == OPEN).then_some(())?;
        self.element(token)
    }

    /// Reads the end of a start tag. Returns whether the element has content.
    pub fn has_content(&mut self) -> Option<bool> {
        match self.u8()? {
            CLOSE_START => Some(true),
            CLOSE_EMPTY => Some(false),
            _ => None,
        }
    }

    /// Passes the offset of the name and the value of each attribute to `callback`.
    pub fn attributes(
        &mut self,
        element: Element,
        mut callback: impl FnMut(u32, TextSource) -> Option<()>,
    ) -> Option<()> {
        self.each_attribute(element, |tokens, name| {
            let value = tokens.text_source()?.unwrap_or_default();
            callback(name, value)
        })
    }

    /// Skips the attributes without reading their values.
    pub fn skip_attributes(&mut self, element: Element) -> Option<()> {
        self.each_attribute(element, |tokens, _| tokens.skip_text_source().map(|_| ()))
    }

    /// Passes the offset of the name of each attribute to `read`, which reads the value.
    fn each_attribute(
        &mut self,
        element: Element,
        mut read: impl FnMut(&mut Self, u32) -> Option<()>,
    ) -> Option<()> {
        if !element.has_attributes {
            return Some(());
        }
        while self.peek()? & !MORE == ATTRIBUTE {
            self.u8()?;
            let name = self.name()?;
            read(self, name)?;
            // A value in several parts is unusual.
            if matches!(self.peek()? & !MORE, VALUE | SUBSTITUTION | OPTIONAL_SUBSTITUTION) {
                return None;
            }
        }
        Some(())
    }

    /// Reads a literal or a substitution, if the next token is one.
    pub fn text_source(&mut self) -> Option<Option<TextSource>> {
        Some(match self.peek()? {
            token if token & !MORE == VALUE => {
                self.u8()?;
                Some(TextSource::Literal(self.text()?))
            }
            SUBSTITUTION | OPTIONAL_SUBSTITUTION => {
                self.u8()?;
                Some(TextSource::Value(self.substitution()?.0))
            }
            _ => None,
        })
    }

    /// Skips a literal or a substitution without reading its text. Returns whether there was one.
    pub fn skip_text_source(&mut self) -> Option<bool> {
        match self.peek()? {
            token if token & !MORE == VALUE => {
                self.u8()?;
                self.text_bytes()?;
                Some(true)
            }
            _ => Some(self.text_source()?.is_some()),
        }
    }

    /// Reads a text value after its `VALUE` token. Other value types are unusual.
    pub fn text(&mut self) -> Option<Utf16Span> {
        let (at, len) = self.text_bytes()?;
        until_nul(self.chunk, at, len)
    }

    /// Skips a text value. Returns its offset and length in bytes.
    fn text_bytes(&mut self) -> Option<(usize, usize)> {
        self.expect(0x01)?;
        let len = usize::from(self.u16()?) * 2;
        let at = self.at;
        self.at += len;
        (self.at <= self.chunk.len()).then_some((at, len))
    }

    /// Reads the index of a substitution after its token, and the type that it declares.
    pub fn substitution(&mut self) -> Option<(u16, u8)> {
        let index = self.u16()?;
        Some((index, self.u8()?))
    }
}

/// The text of the name at `offset`.
pub fn name_text(chunk: &[u8], offset: u32) -> Option<Utf16Span> {
    let at = (offset as usize).checked_add(6)?;
    let units = u16_at(chunk, at)?;
    until_nul(chunk, at + 2, usize::from(units) * 2)
}

/// The text of `len` bytes at `at` up to its first NUL.
pub fn until_nul(chunk: &[u8], at: usize, len: usize) -> Option<Utf16Span> {
    let bytes = chunk.get(at..)?.get(..len)?;
    let (units, _) = bytes.as_chunks::<2>();
    // Blocks are compared as vectors. Nearly no text has a NUL.
    let (blocks, _) = units.as_chunks::<8>();
    let has_nul = |block: &[[u8; 2]; 8]| block.iter().fold(false, |any, unit| any | (*unit == [0, 0]));
    let from = blocks.iter().position(has_nul).unwrap_or(blocks.len()) * 8;
    let end = units.get(from..)?.iter().position(|unit| *unit == [0, 0]);
    let units = end.map_or(units.len(), |end| from + end);
    Some(Utf16Span { at: u32::try_from(at).ok()?, units: u16::try_from(units).ok()? })
}

/// A template instance in a record: a reference to a definition, and the values for it.
#[derive(Debug, Clone, Copy)]
pub struct Instance {
    /// Offset of the definition in the chunk.
    pub definition: u32,
    /// The first four bytes of the definition's GUID.
    pub id: u32,
    /// Offset of the first value descriptor in the chunk.
    pub descriptors: usize,
    /// Number of values.
    pub count: usize,
}

impl Instance {
    /// Reads the instance at `at`, the offset after the template token.
    #[inline]
    pub fn at(chunk: &[u8], at: usize) -> Option<Self> {
        let (id, definition) = (u32_at(chunk, at + 1)?, u32_at(chunk, at + 5)?);
        let mut values = at + 9;
        if definition as usize == values {
            // At its first use in a chunk, the definition itself follows.
            values += DEFINITION_HEADER + u32_at(chunk, values + 20)? as usize;
        }
        Some(Self { definition, id, descriptors: values + 4, count: u32_at(chunk, values)? as usize })
    }
}
