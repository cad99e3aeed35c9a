//! Text of any size, decoded while it is read: for exports that should not stand in memory as a whole.
//!
//! Encodings are told apart as in [`super::text`]; here the decision is made on the first block, and made
//! anew at the first byte that is not UTF-8 (an ANSI export is ASCII until its first umlaut).

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

use super::text::{CodePage, utf16_without_mark};

/// Bytes read at once.
const BLOCK: usize = 256 * 1024;
/// A line is given up to here; what follows is passed over. The longest value a directory export may
/// sensibly hold in one line (a flattened list of 1,500 SPNs) is a tenth of it.
pub const MAX_LINE: usize = 1 << 20;

/// A reader of bytes as a reader of valid UTF-8.
pub struct TextStream<R> {
    inner: R,
    decoding: Decoding,
    /// Bytes as read, for what is not UTF-8.
    raw: Vec<u8>,
    /// UTF-8: `ready[taken..valid]` is to be handed out; a character cut by the block's end stands behind it.
    ready: Vec<u8>,
    taken: usize,
    valid: usize,
    ended: bool,
}

enum Decoding {
    Utf8,
    Coded(Box<Decoder>),
    Page(CodePage),
}

impl<R: Read> TextStream<R> {
    /// Reads the first block and decides on the encoding.
    pub fn new(inner: R) -> io::Result<Self> {
        let mut stream = Self {
            inner,
            decoding: Decoding::Utf8,
            raw: Vec::new(),
            ready: Vec::new(),
            taken: 0,
            valid: 0,
            ended: false,
        };
        let mut first = Vec::new();
        stream.ended = read_block(&mut stream.inner, &mut first)?;
        let mark = Encoding::for_bom(&first);
        let encoding = mark.map(|(encoding, _)| encoding).or_else(|| utf16_without_mark(&first));
        first.drain(..mark.map_or(0, |(_, len)| len));
        match encoding {
            Some(encoding) if encoding != UTF_8 => {
                stream.decoding = Decoding::Coded(Box::new(encoding.new_decoder_without_bom_handling()));
                stream.raw = first;
                stream.decode_raw();
            }
            _ => {
                stream.ready = first;
                stream.validate();
            }
        }
        Ok(stream)
    }

    /// The text that is ready to be read; after [`new`](Self::new) the file's beginning, by which formats
    /// are recognised.
    pub fn head(&self) -> &str {
        let bytes = self.ready.get(self.taken..self.valid).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The text of a line that was just consumed; it stays until the next refill.
    fn consumed(&self, line: &Whole) -> &[u8] {
        let from = self.taken.saturating_sub(line.used);
        self.ready.get(from..from + line.len).unwrap_or_default()
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.drain(..self.valid);
        (self.taken, self.valid) = (0, 0);
        match self.decoding {
            Decoding::Utf8 => {
                self.ended = read_block(&mut self.inner, &mut self.ready)?;
                self.validate();
            }
            _ => {
                self.raw.clear();
                self.ended = read_block(&mut self.inner, &mut self.raw)?;
                self.decode_raw();
            }
        }
        Ok(())
    }

    /// Finds how much of `ready` is UTF-8, and changes to a code page where it is not.
    fn validate(&mut self) {
        let Err(error) = std::str::from_utf8(&self.ready) else {
            self.valid = self.ready.len();
            return;
        };
        self.valid = error.valid_up_to();
        if error.error_len().is_none() && !self.ended {
            return;
        }
        self.raw = self.ready.split_off(self.valid);
        self.decoding = match CodePage::guess(&self.raw) {
            CodePage::Known(encoding) => {
                Decoding::Coded(Box::new(encoding.new_decoder_without_bom_handling()))
            }
            page => Decoding::Page(page),
        };
        self.decode_raw();
    }

    /// Appends the text of `raw` to `ready`.
    fn decode_raw(&mut self) {
        match &mut self.decoding {
            Decoding::Coded(decoder) => {
                let mut at = 0;
                let mut text = String::new();
                loop {
                    let rest = self.raw.get(at..).unwrap_or_default();
                    text.reserve(rest.len() + 64);
                    let (result, read, _) = decoder.decode_to_string(rest, &mut text, self.ended);
                    at += read;
                    if result == CoderResult::InputEmpty {
                        break;
                    }
                }
                self.ready.extend_from_slice(text.as_bytes());
            }
            Decoding::Page(page) => {
                let text = page.decode(&self.raw);
                self.ready.extend_from_slice(text.as_bytes());
            }
            Decoding::Utf8 => {}
        }
        self.valid = self.ready.len();
    }
}

/// Appends up to a block; true at the end of the input.
fn read_block(inner: &mut impl Read, to: &mut Vec<u8>) -> io::Result<bool> {
    let want = BLOCK as u64;
    Ok((inner.take(want).read_to_end(to)? as u64) < want)
}

impl<R: Read> BufRead for TextStream<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.taken == self.valid && !self.ended {
            self.refill()?;
        }
        Ok(self.ready.get(self.taken..self.valid).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.valid);
    }
}

impl<R: Read> Read for TextStream<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let len = from.len().min(to.len());
        if let (Some(to), Some(from)) = (to.get_mut(..len), from.get(..len)) {
            to.copy_from_slice(from);
        }
        self.consume(len);
        Ok(len)
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// LF, with any CR before it.
    Lf,
    /// LF or CR: for console output, where a CR alone begins the line anew.
    LfOrCr,
}

/// Numbered lines of a [`TextStream`], none of them longer than [`MAX_LINE`].
pub struct Lines<'s, R> {
    stream: &'s mut TextStream<R>,
    end: LineEnd,
    /// LF seen so far, so that numbers agree with an editor's.
    number: u64,
    line: Vec<u8>,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'l> {
    pub text: &'l str,
    /// 1-based.
    pub number: u64,
    /// It was longer than [`MAX_LINE`], and this is its beginning.
    pub cut: bool,
    /// A line end stands behind it; the text does not end within it.
    pub ended: bool,
}

impl<'s, R: Read> Lines<'s, R> {
    pub fn new(stream: &'s mut TextStream<R>, end: LineEnd) -> Self {
        Self { stream, end, number: 1, line: Vec::new() }
    }

    /// `None` at the end of the text.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let number = self.number;
        if let Some(whole) = Whole::find(self.stream.fill_buf()?, self.end) {
            self.stream.consume(whole.used);
            self.number += whole.line_feeds;
            let text = std::str::from_utf8(self.stream.consumed(&whole)).unwrap_or_default();
            return Ok(Some(Line { text, number, cut: false, ended: true }));
        }
        self.gather_line(number)
    }

    /// A line that goes on in the next block.
    fn gather_line(&mut self, number: u64) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut cut, mut ended) = (false, true);
        loop {
            let block = self.stream.fill_buf()?;
            if block.is_empty() {
                if self.line.is_empty() && !cut {
                    return Ok(None);
                }
                ended = false;
                break;
            }
            let end = match self.end {
                LineEnd::Lf => memchr::memchr(b'\n', block),
                LineEnd::LfOrCr => memchr::memchr2(b'\n', b'\r', block),
            };
            let part = block.get(..end.unwrap_or(block.len())).unwrap_or_default();
            let room = MAX_LINE - self.line.len();
            cut |= part.len() > room;
            self.line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let used = part.len() + usize::from(end.is_some());
            let ended_by = end.and_then(|end| block.get(end)).copied();
            self.stream.consume(used);
            match ended_by {
                Some(b'\r') => self.skip_line_feed()?,
                Some(_) => self.number += 1,
                None => continue,
            }
            break;
        }
        while self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        let text = match std::str::from_utf8(&self.line) {
            Ok(text) => text,
            // Only a line cut inside a character.
            Err(error) => {
                let valid = self.line.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        Ok(Some(Line { text, number, cut, ended }))
    }

    /// After a CR: the rest of CR LF or CR CR LF is the same line's end.
    fn skip_line_feed(&mut self) -> io::Result<()> {
        loop {
            let next = self.stream.fill_buf()?.first().copied();
            if matches!(next, Some(b'\r' | b'\n')) {
                self.stream.consume(1);
            }
            if next == Some(b'\n') {
                self.number += 1;
            }
            if next != Some(b'\r') {
                return Ok(());
            }
        }
    }
}

/// A line that ends in the block it begins in, as nearly all do: it need not be copied.
struct Whole {
    /// Bytes of its text, and with its end.
    len: usize,
    used: usize,
    line_feeds: u64,
}

impl Whole {
    fn find(block: &[u8], end: LineEnd) -> Option<Self> {
        let (len, used, line_feeds) = match end {
            LineEnd::Lf => {
                let at = memchr::memchr(b'\n', block)?;
                let returns = block.get(..at)?.iter().rev().take_while(|b| **b == b'\r').count();
                (at - returns, at + 1, 1)
            }
            LineEnd::LfOrCr => {
                let at = memchr::memchr2(b'\n', b'\r', block)?;
                match (block.get(at), block.get(at + 1)) {
                    (Some(b'\n'), _) => (at, at + 1, 1),
                    (_, Some(b'\n')) => (at, at + 2, 1),
                    (_, Some(b'\r') | None) => return None,
                    _ => (at, at + 1, 0),
                }
            }
        };
        (len <= MAX_LINE).then_some(Self { len, used, line_feeds })
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
        TextStream::new(Trickle(bytes, 1000)).unwrap().read_to_string(&mut text).unwrap();
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

    fn lines(text: &str, end: LineEnd) -> Vec<(u64, String, bool)> {
        let mut stream = TextStream::new(text.as_bytes()).unwrap();
        let mut lines = Lines::new(&mut stream, end);
        let mut out = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            out.push((line.number, line.text.to_owned(), line.cut));
        }
        out
    }

    #[test]
    fn line_numbers_are_an_editors() {
        assert_eq!(
            lines("a\r\nb\r1\r\r\n2\nc", LineEnd::LfOrCr),
            [
                (1, "a".into(), false),
                (2, "b".into(), false),
                (2, "1".into(), false),
                (3, "2".into(), false),
                (4, "c".into(), false)
            ]
        );
        assert_eq!(
            lines("a\r\r\n\r\nb", LineEnd::Lf),
            [(1, "a".into(), false), (2, String::new(), false), (3, "b".into(), false)]
        );
    }

    #[test]
    fn a_line_without_end_costs_its_limit_only() {
        let text = format!("{}é\nb\n", "x".repeat(3 * MAX_LINE));
        let got = lines(&text, LineEnd::Lf);
        assert_eq!((got[0].1.len(), got[0].2), (MAX_LINE, true));
        assert_eq!(got[1], (2, "b".into(), false));
    }
}
