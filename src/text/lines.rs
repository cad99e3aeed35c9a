//! Lines of a text of any length, with any line ends, in bounded memory.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

use super::beginning;
use super::decode::TextReader;

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'l> {
    pub text: &'l str,
    /// Number of the line, from 1. LF ends a line, as in editors; in a text without LF, CR does.
    pub number: u64,
    /// Does a line end follow? Otherwise the input ends within the line.
    pub is_ended: bool,
    /// The line is longer than the limit, and this is its beginning.
    pub is_cut: bool,
}

/// Splits a text into lines at LF, CR LF and lone CR. CR CR LF, which `wmic` writes, is one line end.
///
/// A line longer than `limit` bytes is cut to its first `limit` bytes.
pub(crate) struct Lines<R> {
    reader: TextReader<R>,
    limit: usize,
    /// A line that began in an earlier block.
    line: String,
    /// Bytes of the block that the last line used, with its end.
    used: usize,
    /// Number of the next line.
    number: u64,
    /// The text has no LF, so CR counts lines.
    counts_cr: bool,
    started: bool,
    after_cr: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: TextReader<R>, limit: usize) -> Self {
        Self {
            reader,
            limit,
            line: String::new(),
            used: 0,
            number: 1,
            counts_cr: false,
            started: false,
            after_cr: false,
        }
    }

    /// The next line; `None` at the end of the input.
    pub(crate) fn next(&mut self) -> Option<io::Result<Line<'_>>> {
        self.find().transpose().map(|found| {
            found.map(|NextLine { number, in_block, is_ended, mut is_cut }| {
                let mut text = match in_block {
                    Some(len) => self.reader.buffered().get(..len).unwrap_or_default(),
                    None => self.line.as_str(),
                };
                if text.len() > self.limit {
                    text = beginning(text, self.limit);
                    is_cut = true;
                }
                Line { text, number, is_ended, is_cut }
            })
        })
    }

    /// Finds the end of the next line.
    fn find(&mut self) -> io::Result<Option<NextLine>> {
        self.reader.consume(std::mem::take(&mut self.used));
        if self.line.capacity() > self.limit.min(1 << 20) {
            // Free the memory of a long line.
            self.line = String::new();
        }
        self.line.clear();
        if !self.started {
            self.started = true;
            self.counts_cr = memchr(b'\n', self.reader.fill()?.as_bytes()).is_none();
        }
        let (mut is_cut, mut began) = (false, false);
        loop {
            let block = self.reader.fill()?;
            if !began && std::mem::take(&mut self.after_cr) {
                let returns = block.bytes().take_while(|b| *b == b'\r').count();
                if block.as_bytes().get(returns) == Some(&b'\n') {
                    self.number += u64::from(!self.counts_cr);
                    self.reader.consume(returns + 1);
                    continue;
                }
            }
            if block.is_empty() {
                let (number, is_ended) = (self.number, false);
                return Ok(began.then_some(NextLine { number, in_block: None, is_ended, is_cut }));
            }
            let end = memchr2(b'\n', b'\r', block.as_bytes());
            let len = end.unwrap_or(block.len());
            let number = self.number;
            if let Some(end) = end {
                self.after_cr = block.as_bytes().get(end) == Some(&b'\r');
                self.number += u64::from(!self.after_cr || self.counts_cr);
                if !began {
                    self.used = end + 1;
                    return Ok(Some(NextLine { number, in_block: Some(len), is_ended: true, is_cut }));
                }
            }
            began = true;
            let room = self.limit.saturating_sub(self.line.len());
            let part = block.get(..len).unwrap_or_default();
            is_cut |= part.len() > room;
            self.line.push_str(beginning(part, room));
            self.reader.consume(len + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(Some(NextLine { number, in_block: None, is_ended: true, is_cut }));
            }
        }
    }
}

/// The next line. Its text is in the reader's block or in [`Lines::line`].
struct NextLine {
    number: u64,
    /// Length in bytes of a line at the start of the block; `None` if the text is in [`Lines::line`].
    in_block: Option<usize>,
    is_ended: bool,
    is_cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 64 * 1024;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mut lines = Lines::new(TextReader::from_text(text), LIMIT);
        let mut all = Vec::new();
        while let Some(line) = lines.next() {
            let line = line.unwrap();
            assert_eq!(line.is_cut, line.text.len() == LIMIT);
            all.push((line.number, line.text.to_owned()));
        }
        all
    }

    #[test]
    fn all_line_ends_are_alike() {
        let expected: Vec<_> = [(1, "a"), (2, ""), (3, "b")].map(|(n, l)| (n, l.to_owned())).into();
        for end in ["\n", "\r\n", "\r", "\r\r\n"] {
            assert_eq!(lines(&format!("a{end}{end}b")), expected);
            assert_eq!(lines(&format!("a{end}{end}b{end}")), expected);
        }
        assert_eq!(lines(""), []);
    }

    #[test]
    fn line_numbers_are_an_editors() {
        let numbered = lines("a\r\nb\r1\r\r\n2\nc");
        let expected = [(1, "a"), (2, "b"), (2, "1"), (3, "2"), (4, "c")].map(|(n, l)| (n, l.to_owned()));
        assert_eq!(numbered, expected);
    }

    #[test]
    fn a_long_line_is_cut_and_counts_once() {
        let long = "x".repeat(5 * LIMIT);
        let all = lines(&format!("{long}\nshort"));
        assert_eq!(all[0].1.len(), LIMIT);
        assert_eq!(all[1], (2, "short".to_owned()));
    }

    #[test]
    fn lines_over_the_ends_of_blocks() {
        let text: String = (0..40_000).map(|i| format!("line {i} ü\r\n")).collect();
        let all = lines(&text);
        assert_eq!(all.len(), 40_000);
        assert!(all.iter().enumerate().all(|(i, (n, l))| *n == i as u64 + 1 && *l == format!("line {i} ü")));
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        let mut lines = Lines::new(TextReader::from_text("a\nb"), LIMIT);
        assert!(lines.next().unwrap().unwrap().is_ended);
        assert!(!lines.next().unwrap().unwrap().is_ended);
        assert!(lines.next().is_none());
    }
}
