//! Finds where a JSON value ends, and whether an object in it has two members of one name.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::ops::Range;

use foldhash::fast::RandomState;
use memchr::{memchr_iter, memchr3};

use super::decode::TextReader;

/// Longest value in bytes. A SharpHound computer with 10,000 access control entries has 2 MB.
pub(super) const MAX_VALUE: usize = 64 << 20;

/// Deepest nesting of brackets. serde_json refuses more than 128 levels, with an error of its own.
const MAX_DEPTH: usize = 10_000;

/// Bytes kept before the current position, for [`Window::indent`].
const KEPT: usize = 4096;

/// Bytes to read before earlier ones are dropped, so that the rest of the buffer is rarely moved.
const DROP_STEP: usize = 1 << 20;

/// Why no end of a value was found, with the position of the byte that is wrong, or of the end of the text.
#[derive(Debug)]
pub(super) enum Fault {
    Malformed(usize),
    Cut(usize),
    TooLong(usize),
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The end of a value.
#[derive(Debug)]
pub(super) struct ValueEnd {
    /// The position after the value.
    pub(super) end: usize,
    /// A name that two members of one object in the value have, and the position of the second.
    pub(super) repeated: Option<(usize, String)>,
}

/// The token that may come next in a value.
#[derive(Clone, Copy)]
enum Expected {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    Separator,
}

/// The part of a text that is in memory. Positions in it are valid until the next [`next_visible`](Self::next_visible),
/// [`skip`](Self::skip) or [`move_to`](Self::move_to).
pub(super) struct Window<R> {
    text: TextReader<R>,
    held: String,
    /// Index in `held` of the next byte to read.
    at: usize,
    /// Line of the byte at `counted`, from 1.
    line: u64,
    counted: usize,
    /// The members in the current value: the number of the object that each is in, and a hash of its name.
    names: HashSet<(u32, u64), RandomState>,
}

impl<R: Read> Window<R> {
    pub(super) fn new(text: TextReader<R>) -> Self {
        Self { text, held: String::new(), at: 0, line: 1, counted: 0, names: HashSet::default() }
    }

    /// Reads a block; false at the end of the text.
    pub(super) fn load(&mut self) -> io::Result<bool> {
        self.text.append_to(&mut self.held)
    }

    /// The byte at `at`; `None` at the end of the text.
    #[inline]
    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        loop {
            if let Some(&byte) = self.held.as_bytes().get(at) {
                return Ok(Some(byte));
            }
            if !self.load()? {
                return Ok(None);
            }
        }
    }

    /// Position and value of the first byte from `at` that is not blank.
    pub(super) fn visible(&mut self, mut at: usize) -> io::Result<Option<(usize, u8)>> {
        while let Some(byte) = self.byte(at)? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some((at, byte)));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Moves to the next byte that is not blank. Returns its position and value; `None` at the end of the text.
    pub(super) fn next_visible(&mut self) -> io::Result<Option<(usize, u8)>> {
        while let Some(byte) = self.byte(self.at)? {
            if !byte.is_ascii_whitespace() {
                self.drop_read();
                return Ok(Some((self.at, byte)));
            }
            self.skip(1);
        }
        Ok(None)
    }

    pub(super) fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        if self.at > DROP_STEP + KEPT {
            self.drop_read();
        }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Text in the buffer that is not read yet.
    pub(super) fn rest(&self) -> &str {
        self.slice(self.at..self.held.len())
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        self.held.get(range).unwrap_or_default()
    }

    /// The text from `start` with the character at `end`.
    pub(super) fn slice_to_character(&self, start: usize, end: usize) -> &str {
        let end = (end + 1..=self.held.len()).find(|end| self.held.is_char_boundary(*end));
        self.slice(start..end.unwrap_or(self.held.len()))
    }

    fn drop_read(&mut self) {
        if self.at <= DROP_STEP + KEPT {
            return;
        }
        let mut drop = self.at - KEPT;
        while !self.held.is_char_boundary(drop) {
            drop -= 1;
        }
        self.line_of(drop);
        self.held.drain(..drop);
        self.at -= drop;
        self.counted -= drop;
    }

    pub(super) fn line(&mut self) -> u64 {
        self.line_of(self.at)
    }

    /// The line of the byte at `at`, from 1.
    pub(super) fn line_of(&mut self, at: usize) -> u64 {
        let bytes = self.held.as_bytes();
        let lines =
            |range: Range<usize>| memchr_iter(b'\n', bytes.get(range).unwrap_or_default()).count() as u64;
        self.line = match at >= self.counted {
            true => self.line + lines(self.counted..at),
            false => self.line - lines(at..self.counted),
        };
        self.counted = at;
        self.line
    }

    /// The blanks between the beginning of the line and `at`; `None` if there is more than blanks.
    pub(super) fn indent(&self, at: usize) -> Option<&str> {
        let before = self.slice(0..at);
        let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
        let begin = before.len() - blanks;
        let begins = before.get(..begin).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
        begins.then(|| before.get(begin..)).flatten()
    }

    /// Is the last visible byte before `at` a comma?
    pub(super) fn follows_comma(&self, at: usize) -> bool {
        self.slice(0..at).trim_end().ends_with(',')
    }

    /// The name with its quotes that begins at the first visible byte from `at`; `None` if something else is there.
    pub(super) fn name(&mut self, at: usize) -> Result<Option<Range<usize>>, Fault> {
        match self.visible(at)? {
            Some((from, b'"')) => Ok(Some(from..self.string_end(from, from)?)),
            _ => Ok(None),
        }
    }

    /// Position and first byte of the value whose name ends at `at`.
    pub(super) fn after_colon(&mut self, at: usize) -> Result<(usize, u8), Fault> {
        let held = |window: &Self| Fault::Cut(window.held.len());
        let (colon, byte) = self.visible(at)?.ok_or_else(|| held(self))?;
        if byte != b':' {
            return Err(Fault::Malformed(colon));
        }
        self.visible(colon + 1)?.ok_or_else(|| held(self))
    }

    /// Finds the end of the value that begins at `start`.
    pub(super) fn value(&mut self, start: usize) -> Result<ValueEnd, Fault> {
        use Expected as E;
        self.names.clear();
        // Each open bracket: is it that of an object, and its number.
        let mut open: Vec<(bool, u32)> = Vec::new();
        let (mut objects, mut repeated) = (0, None);
        let (mut at, mut expected) = (start, E::Value);
        loop {
            let Some(byte) = self.byte(at)? else { return Err(Fault::Cut(self.held.len())) };
            if at - start > MAX_VALUE {
                return Err(Fault::TooLong(at));
            }
            let first = at;
            at += 1;
            expected = match (byte, expected, open.last()) {
                (b' ' | b'\t' | b'\r' | b'\n', expected, _) => expected,
                (b'"', E::Name | E::NameOrEnd, Some((_, object))) => {
                    let object = *object;
                    at = self.string_end(first, start)?;
                    if !self.is_new(object, first..at) {
                        repeated.get_or_insert_with(|| (first, self.string(first..at).into_owned()));
                    }
                    E::Colon
                }
                (b'"', E::Value | E::ValueOrEnd, _) => {
                    at = self.string_end(first, start)?;
                    E::Separator
                }
                (b':', E::Colon, _) => E::Value,
                (b',', E::Separator, Some((true, _))) => E::Name,
                (b',', E::Separator, Some((false, _))) => E::Value,
                (b'{' | b'[', E::Value | E::ValueOrEnd, _) if open.len() < MAX_DEPTH => {
                    objects += 1;
                    open.push((byte == b'{', objects));
                    if byte == b'{' { E::NameOrEnd } else { E::ValueOrEnd }
                }
                (b'}', E::NameOrEnd | E::Separator, Some((true, _)))
                | (b']', E::ValueOrEnd | E::Separator, Some((false, _))) => {
                    open.pop();
                    E::Separator
                }
                (
                    b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.',
                    E::Value | E::ValueOrEnd,
                    _,
                ) => {
                    while matches!(
                        self.byte(at)?,
                        Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.')
                    ) && at - start <= MAX_VALUE
                    {
                        at += 1;
                    }
                    E::Separator
                }
                _ => return Err(Fault::Malformed(first)),
            };
            if matches!(expected, E::Separator) && open.is_empty() {
                return Ok(ValueEnd { end: at, repeated });
            }
        }
    }

    /// Returns the position after the string that begins at `from`. The value that contains it begins at `start`.
    fn string_end(&mut self, from: usize, start: usize) -> Result<usize, Fault> {
        let mut at = from + 1;
        loop {
            let rest = self.held.as_bytes().get(at..).unwrap_or_default();
            match memchr3(b'"', b'\\', b'\n', rest).map(|place| (at + place, rest.get(place))) {
                Some((place, Some(b'"'))) => return Ok(place + 1),
                Some((place, Some(b'\\'))) => at = place + 2,
                Some((place, _)) => return Err(Fault::Malformed(place)),
                None => {
                    at = at.max(self.held.len());
                    if at - start > MAX_VALUE {
                        return Err(Fault::TooLong(self.held.len()));
                    }
                    if !self.load()? {
                        return Err(Fault::Cut(self.held.len()));
                    }
                }
            }
        }
    }

    /// The text of the string with its quotes in `range`.
    fn string(&self, range: Range<usize>) -> Cow<'_, str> {
        let quoted = self.slice(range);
        let text = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
        match text.contains('\\').then(|| serde_json::from_str(quoted)) {
            Some(Ok(unescaped)) => Cow::Owned(unescaped),
            _ => Cow::Borrowed(text),
        }
    }

    /// Is the name with its quotes in `range` new in the object of this number?
    fn is_new(&mut self, object: u32, range: Range<usize>) -> bool {
        let hash = self.names.hasher().hash_one(&*self.string(range));
        self.names.insert((object, hash))
    }
}
