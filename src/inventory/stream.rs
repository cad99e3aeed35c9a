//! Text of any size, decoded while it is read: for exports that should not stand in memory as a whole.
//!
//! Encodings are told apart as in [`super::text`]; here the decision is made on the first bytes, and made
//! anew at the first byte that is not UTF-8 (an ANSI export is ASCII until its first umlaut).

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use memchr::{memchr, memchr2};

use super::text::{CodePage, utf16_without_mark};

/// Bytes read to tell the encoding and the format by.
const HEAD: usize = 256 * 1024;

/// A reader of bytes as a reader of valid UTF-8.
pub struct TextStream<R> {
    inner: R,
    decoding: Decoding,
    /// Bytes that are read and not yet text: a character that the last read cut, or what is not UTF-8.
    raw: Vec<u8>,
    /// The beginning of the text, until it is taken.
    head: String,
    ended: bool,
}

enum Decoding {
    Utf8,
    Coded(Box<Decoder>),
    Page(CodePage),
}

impl<R: Read> TextStream<R> {
    /// Reads the beginning and decides on the encoding.
    pub fn new(inner: R) -> io::Result<Self> {
        let mut stream =
            Self { inner, decoding: Decoding::Utf8, raw: Vec::new(), head: String::new(), ended: false };
        let mut first = Vec::new();
        stream.ended = read_some(&mut stream.inner, &mut first, HEAD)?;
        let mark = Encoding::for_bom(&first);
        let encoding = mark.map(|(encoding, _)| encoding).or_else(|| utf16_without_mark(&first));
        first.drain(..mark.map_or(0, |(_, len)| len));
        let mut head = String::new();
        match encoding {
            Some(encoding) if encoding != UTF_8 => {
                stream.decoding = Decoding::Coded(Box::new(encoding.new_decoder_without_bom_handling()));
                stream.raw = first;
                stream.decode_raw(&mut head);
            }
            _ => stream.validate(first, &mut head),
        }
        stream.head = head;
        Ok(stream)
    }

    /// The text that [`new`](Self::new) read, by which formats are recognised; it is appended first.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Nothing is left to append.
    pub fn has_ended(&self) -> bool {
        self.ended && self.head.is_empty()
    }

    /// Appends what comes next: what was read to begin with, or about `want` bytes of the file.
    pub fn append_to(&mut self, text: &mut String, want: usize) -> io::Result<()> {
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            match text.is_empty() {
                true => *text = head,
                false => text.push_str(&head),
            }
        } else if self.ended {
            // Nothing comes any more.
        } else if matches!(self.decoding, Decoding::Utf8) {
            // Read behind the text that is there: it is validated again, but never copied.
            let mut bytes = std::mem::take(text).into_bytes();
            bytes.append(&mut self.raw);
            self.ended = read_some(&mut self.inner, &mut bytes, want)?;
            self.validate(bytes, text);
        } else {
            self.raw.clear();
            self.ended = read_some(&mut self.inner, &mut self.raw, want)?;
            self.decode_raw(text);
        }
        Ok(())
    }

    /// Finds how much of the bytes is UTF-8, and changes to a code page where they are not.
    fn validate(&mut self, bytes: Vec<u8>, text: &mut String) {
        let error = match String::from_utf8(bytes) {
            Ok(valid) => {
                *text = valid;
                return;
            }
            Err(error) => error,
        };
        let (valid, wrong) = (error.utf8_error().valid_up_to(), error.utf8_error().error_len());
        let mut bytes = error.into_bytes();
        self.raw = bytes.split_off(valid);
        *text = String::from_utf8(bytes).unwrap_or_default();
        if wrong.is_none() && !self.ended {
            return;
        }
        self.decoding = match CodePage::guess(&self.raw) {
            CodePage::Known(encoding) => {
                Decoding::Coded(Box::new(encoding.new_decoder_without_bom_handling()))
            }
            page => Decoding::Page(page),
        };
        self.decode_raw(text);
    }

    /// Appends the text of `raw`.
    fn decode_raw(&mut self, text: &mut String) {
        match &mut self.decoding {
            Decoding::Coded(decoder) => {
                let mut at = 0;
                loop {
                    let rest = self.raw.get(at..).unwrap_or_default();
                    text.reserve(rest.len() + 64);
                    let (result, read, _) = decoder.decode_to_string(rest, text, self.ended);
                    at += read;
                    if result == CoderResult::InputEmpty {
                        break;
                    }
                }
            }
            Decoding::Page(page) => text.push_str(&page.decode(&self.raw)),
            Decoding::Utf8 => {}
        }
    }
}

/// Appends up to `want` bytes; true at the end of the input.
fn read_some(inner: &mut impl Read, to: &mut Vec<u8>, want: usize) -> io::Result<bool> {
    to.reserve(want);
    Ok(inner.take(want as u64).read_to_end(to)? < want)
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// LF, with any CR before it.
    Lf,
    /// LF or CR: for console output, where a CR alone begins the line anew.
    LfOrCr,
}

impl LineEnd {
    pub fn first(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lf => memchr(b'\n', bytes),
            Self::LfOrCr => memchr2(b'\n', b'\r', bytes),
        }
    }

    pub fn last(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lf => memchr::memrchr(b'\n', bytes),
            Self::LfOrCr => memchr::memrchr2(b'\n', b'\r', bytes),
        }
    }
}

/// The lines of a text, with their numbers.
pub struct Lines<'t> {
    text: &'t str,
    end: LineEnd,
    at: usize,
    number: u64,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'t> {
    pub text: &'t str,
    /// 1-based, by the LF before it, so that numbers agree with an editor's.
    pub number: u64,
    /// Where in the text it begins.
    pub start: usize,
    /// A line end stands behind it; the text does not end within it.
    pub ended: bool,
}

impl<'t> Lines<'t> {
    /// `number` is that of the first line.
    pub fn new(text: &'t str, number: u64, end: LineEnd) -> Self {
        Self { text, end, at: 0, number }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let (start, number) = (self.at, self.number);
        let rest = self.text.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let end = self.end.first(rest);
        let mut len = end.unwrap_or(rest.len());
        let mut next = len;
        if self.end == LineEnd::LfOrCr {
            // CR CR LF is one end, as `wmic` writes it, and CR CR too.
            while rest.get(next) == Some(&b'\r') {
                next += 1;
            }
        }
        if rest.get(next) == Some(&b'\n') {
            next += 1;
            self.number += 1;
        }
        while let Some(b'\r') = len.checked_sub(1).and_then(|last| rest.get(last)) {
            len -= 1;
        }
        self.at = start + next;
        Some(Line {
            text: self.text.get(start..start + len).unwrap_or_default(),
            number,
            start,
            ended: end.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::text::decode;

    /// Hands out a few bytes at a time, as a pipe or a network share may.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(to.len());
            to[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn all(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut stream = TextStream::new(Trickle(bytes, 1000)).unwrap();
        while !stream.has_ended() {
            stream.append_to(&mut text, 300_001).unwrap();
        }
        text
    }

    #[test]
    fn agrees_with_decoding_as_a_whole() {
        let text = "dn: CN=Größe,DC=alpha\r\n日本\n".repeat(40_000);
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(all(text.as_bytes()), text);
        assert_eq!(all(format!("\u{feff}{text}").as_bytes()), text);
        assert_eq!(all(&utf16), text);
        assert_eq!(all(&utf16[2..]), text);
        assert_eq!(all(b""), "");
    }

    #[test]
    fn a_code_page_that_shows_late_is_still_found() {
        let ascii = "CN=srv1,DC=alpha\r\n".repeat(40_000);
        let (ansi, _, _) = encoding_rs::WINDOWS_1252.encode("CN=Grüße aus München, schöne Größen\r\n");
        let bytes = [ascii.as_bytes(), &ansi].concat();
        assert_eq!(all(&bytes), decode(&bytes));
        assert!(all(&bytes).ends_with("CN=Grüße aus München, schöne Größen\r\n"));
    }

    fn lines(text: &str, end: LineEnd) -> Vec<(u64, &str)> {
        Lines::new(text, 1, end).map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn line_numbers_are_an_editors() {
        assert_eq!(
            lines("a\r\nb\r1\r\r\n2\nc", LineEnd::LfOrCr),
            [(1, "a"), (2, "b"), (2, "1"), (3, "2"), (4, "c")]
        );
        assert_eq!(lines("a\r\r\n\r\nb", LineEnd::Lf), [(1, "a"), (2, ""), (3, "b")]);
        assert_eq!(lines("", LineEnd::Lf), []);
    }
}
