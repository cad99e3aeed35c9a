//! Binary XML at token level (MS-EVEN6 2.2.12), limited to the usual shape of records.
//!
//! Every function returns `None` for anything unusual. The `evtx` crate then reads the record.

use crate::chunks::bytes::{u16_at, u32_at};

/// A fragment header: token 0x0f, version 1.1, no flags.
pub const FRAGMENT: [u8; 4] = [0x0f, 1, 1, 0];
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
/// Flag on a token: attributes follow the element's name, or another attribute follows this one.
pub const MORE: u8 = 0x40;

/// Length of a template definition's header: next definition, GUID, length of the body.
pub const DEFINITION_HEADER: usize = 24;

/// No dependency: the element is present whatever the substitutions are.
pub const NO_DEPENDENCY: u16 = 0xffff;

/// Text in the chunk, in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utf16Span {
    pub at: u32,
    pub units: u16,
}

impl Utf16Span {
    pub fn bytes(self, chunk: &[u8]) -> Option<&[u8]> {
        chunk.get(self.at as usize..)?.get(..usize::from(self.units) * 2)
    }

    /// Is this the ASCII text `ascii`?
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
    pub chunk: &'a [u8],
    pub at: usize,
    /// Elements have a dependency field only inside template definitions.
    pub in_definition: bool,
}

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
    pub fn value(self) -> Option<u16> {
        match self {
            Self::Value(index) => Some(index),
            _ => None,
        }
    }
}

/// Start of an element.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    /// Offset of the name in the chunk. Equal names usually share one offset.
    pub name: u32,
    pub dependency: u16,
    pub has_attributes: bool,
}

impl<'a> Tokens<'a> {
    /// Tokens of a definition's body, which follows its header.
    pub fn of_definition(chunk: &'a [u8], at: u32) -> Option<Self> {
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

    pub fn expect(&mut self, token: u8) -> Option<()> {
        (self.u8()? == token).then_some(())
    }

    pub fn fragment(&mut self) -> Option<()> {
        let found = self.chunk.get(self.at..)?.starts_with(&FRAGMENT);
        self.at += FRAGMENT.len();
        found.then_some(())
    }

    /// A name by its offset. The first use of a name in a chunk holds the name itself.
    pub fn name(&mut self) -> Option<u32> {
        let offset = self.u32()?;
        if offset as usize == self.at {
            // Link to the next name of the bucket, hash, length, text, NUL.
            let units = u16_at(self.chunk, self.at + 6)?;
            self.at += 10 + usize::from(units) * 2;
        }
        Some(offset)
    }

    /// The element after its `OPEN` token.
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

    /// The start of an element, up to its attributes.
    pub fn open(&mut self) -> Option<Element> {
        let token = self.u8()?;
        (token & !MORE == OPEN).then_some(())?;
        self.element(token)
    }

    /// Reads the end of an element's start tag. Does the element have content?
    pub fn has_content(&mut self) -> Option<bool> {
        match self.u8()? {
            CLOSE_START => Some(true),
            CLOSE_EMPTY => Some(false),
            _ => None,
        }
    }

    /// Passes the name and value of each attribute to `each`.
    pub fn attributes(
        &mut self,
        element: Element,
        mut each: impl FnMut(u32, TextSource) -> Option<()>,
    ) -> Option<()> {
        self.each_attribute(element, |tokens, name| {
            let value = tokens.part()?.unwrap_or_default();
            each(name, value)
        })
    }

    /// The same without a look at the values.
    pub fn skip_attributes(&mut self, element: Element) -> Option<()> {
        self.each_attribute(element, |tokens, _| tokens.skip_part().map(|_| ()))
    }

    /// Passes the name of each attribute to `read`, which reads the value.
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

    /// A literal or a substitution, if the next token is one.
    pub fn part(&mut self) -> Option<Option<TextSource>> {
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

    /// The same without a look at the text. Is there a literal or a substitution?
    pub fn skip_part(&mut self) -> Option<bool> {
        match self.peek()? {
            token if token & !MORE == VALUE => {
                self.u8()?;
                self.text_bytes()?;
                Some(true)
            }
            _ => Some(self.part()?.is_some()),
        }
    }

    /// A text value after its `VALUE` token. Other value types are unusual here.
    pub fn text(&mut self) -> Option<Utf16Span> {
        let (at, len) = self.text_bytes()?;
        until_nul(self.chunk, at, len)
    }

    /// The place and the length of a text value.
    fn text_bytes(&mut self) -> Option<(usize, usize)> {
        self.expect(0x01)?;
        let len = usize::from(self.u16()?) * 2;
        let at = self.at;
        self.at += len;
        (self.at <= self.chunk.len()).then_some((at, len))
    }

    /// Number of a substitution after its token, and the type it declares.
    pub fn substitution(&mut self) -> Option<(u16, u8)> {
        let index = self.u16()?;
        Some((index, self.u8()?))
    }
}

/// The text of a name.
pub fn name_text(chunk: &[u8], offset: u32) -> Option<Utf16Span> {
    let at = (offset as usize).checked_add(6)?;
    let units = u16_at(chunk, at)?;
    until_nul(chunk, at + 2, usize::from(units) * 2)
}

/// Text ends at the first NUL, even where its length says more.
pub fn until_nul(chunk: &[u8], at: usize, len: usize) -> Option<Utf16Span> {
    let bytes = chunk.get(at..)?.get(..len)?;
    let (units, _) = bytes.as_chunks::<2>();
    // Blocks of units are compared at once, and nearly no text has a NUL.
    let (blocks, _) = units.as_chunks::<8>();
    let has_nul = |block: &[[u8; 2]; 8]| block.iter().fold(false, |any, unit| any | (*unit == [0, 0]));
    let from = blocks.iter().position(has_nul).unwrap_or(blocks.len()) * 8;
    let end = units.get(from..)?.iter().position(|unit| *unit == [0, 0]);
    let units = end.map_or(units.len(), |end| from + end);
    Some(Utf16Span { at: u32::try_from(at).ok()?, units: u16::try_from(units).ok()? })
}

/// A template instance in its usual shape: where its definition and its value descriptors are.
#[derive(Debug, Clone, Copy)]
pub struct Instance {
    pub definition: u32,
    /// Start of the definition's GUID.
    pub id: u32,
    /// Offset of the first descriptor.
    pub descriptors: usize,
    pub count: usize,
}

impl Instance {
    /// Reads the instance at `at`, which follows the fragment header and the template token.
    #[inline]
    pub fn at(chunk: &[u8], at: usize) -> Option<Self> {
        let (id, definition) = (u32_at(chunk, at + 1)?, u32_at(chunk, at + 5)?);
        let mut values = at + 9;
        if definition as usize == values {
            // The first use of a definition in a chunk holds the definition itself.
            values += DEFINITION_HEADER + u32_at(chunk, values + 20)? as usize;
        }
        Some(Self { definition, id, descriptors: values + 4, count: u32_at(chunk, values)? as usize })
    }
}
