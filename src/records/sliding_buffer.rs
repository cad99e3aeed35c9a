//! A buffer that slides over a streamed text and knows its position in the input.

use std::fmt;
use std::io::{self, Read};

use crate::text::decode::TextReader;

/// Number of bytes read at once.
const BLOCK: usize = 128 * 1024;

/// The part of a text that is in memory. Its owner drops the bytes that it has processed.
pub(super) struct SlidingBuffer<R> {
    reader: TextReader<R>,
    bytes: Vec<u8>,
    /// Number of bytes that were dropped before `bytes`.
    dropped: u64,
    /// Number of line ends in them.
    lines_dropped: u64,
    /// Does the text end after `bytes`?
    ended: bool,
}

/// A position in the input, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextPosition {
    /// Line, from 1.
    line: u64,
    /// Offset in bytes, from 0. `None` for UTF-16 and code pages, because the decoded text has other offsets than the file.
    byte: Option<u64>,
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match self.byte {
            Some(byte) => write!(f, " (byte {byte})"),
            None => Ok(()),
        }
    }
}

impl<R: Read> SlidingBuffer<R> {
    pub(super) fn new(input: R) -> Self {
        Self { reader: TextReader::new(input), bytes: Vec::new(), dropped: 0, lines_dropped: 0, ended: false }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Does the text end after [`SlidingBuffer::bytes`]?
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Reads one more block and appends it to [`SlidingBuffer::bytes`].
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

    /// The offset in the whole text of an index in [`SlidingBuffer::bytes`]. Messages are sorted by it.
    pub(super) fn offset(&self, index: usize) -> u64 {
        self.dropped + index as u64
    }

    /// The position in the input of an index in [`SlidingBuffer::bytes`].
    pub(super) fn position(&self, index: usize) -> TextPosition {
        TextPosition {
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
        let mut window = SlidingBuffer::new(text.as_bytes());
        window.grow().unwrap();
        window.drop_front(5);
        assert_eq!(window.position(0).to_string(), "line 2 (byte 5)");
        assert_eq!(window.position(3).to_string(), "line 3 (byte 8)");
        window.grow().unwrap();
        assert!(window.ended());
    }

    #[test]
    fn utf16_places_name_the_line_alone() {
        let text: Vec<u8> = "\u{feff}a\nb".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut window = SlidingBuffer::new(&text[..]);
        window.grow().unwrap();
        assert_eq!(window.position(2).to_string(), "line 2");
    }
}
