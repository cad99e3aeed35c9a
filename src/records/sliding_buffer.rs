//! A window over streamed text: the bytes in memory and their position in the input.

use std::fmt;
use std::io::{self, Read};

use crate::text::decode::TextReader;

/// Bytes per read.
const BLOCK: usize = 128 * 1024;

/// The part of a text that is in memory. Its owner drops what it has processed, which limits the size.
pub(super) struct Window<R> {
    reader: TextReader<R>,
    bytes: Vec<u8>,
    /// Bytes and line ends dropped before `bytes`.
    dropped: u64,
    lines_dropped: u64,
    ended: bool,
}

/// A place in the input, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    line: u64,
    /// From 0; `None` in UTF-16 and code pages, where positions in the decoded text are not those in the
    /// file.
    byte: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match self.byte {
            Some(byte) => write!(f, " (byte {byte})"),
            None => Ok(()),
        }
    }
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { reader: TextReader::new(input), bytes: Vec::new(), dropped: 0, lines_dropped: 0, ended: false }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Does nothing follow [`Window::bytes`]?
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Appends one more block to [`Window::bytes`].
    pub(super) fn grow(&mut self) -> io::Result<()> {
        let read = self.reader.by_ref().take(BLOCK as u64).read_to_end(&mut self.bytes);
        self.ended = !matches!(read, Ok(n) if n > 0);
        read.map(drop)
    }

    /// Drops the first `n` bytes.
    pub(super) fn drop_front(&mut self, n: usize) {
        let n = n.min(self.bytes.len());
        self.lines_dropped += self.line_ends(n);
        self.dropped += n as u64;
        self.bytes.drain(..n);
    }

    /// Offset of `index` of [`Window::bytes`] in the whole text. Messages are sorted by it.
    pub(super) fn offset(&self, index: usize) -> u64 {
        self.dropped + index as u64
    }

    /// Position of `index` of [`Window::bytes`] in the input.
    pub(super) fn place(&self, index: usize) -> Place {
        Place {
            line: 1 + self.lines_dropped + self.line_ends(index),
            byte: self.reader.keeps_positions().then_some(self.offset(index)),
        }
    }

    fn line_ends(&self, n: usize) -> u64 {
        let front = self.bytes.get(..n).unwrap_or(&self.bytes);
        memchr::memchr_iter(b'\n', front).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_bytes_across_what_was_dropped() {
        let text = "one\ntwo\nthree";
        let mut window = Window::new(text.as_bytes());
        window.grow().unwrap();
        window.drop_front(5);
        assert_eq!(window.place(0).to_string(), "line 2 (byte 5)");
        assert_eq!(window.place(3).to_string(), "line 3 (byte 8)");
        window.grow().unwrap();
        assert!(window.ended());
    }

    #[test]
    fn utf16_places_name_the_line_alone() {
        let text: Vec<u8> = "\u{feff}a\nb".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut window = Window::new(&text[..]);
        window.grow().unwrap();
        assert_eq!(window.place(2).to_string(), "line 2");
    }
}
