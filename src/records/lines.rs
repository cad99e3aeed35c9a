//! Lines of any length, with any line ends, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use memchr::memchr2;

use crate::files::text_encoding::TextReader;

/// Room that is kept from line to line.
const KEPT: usize = 1 << 20;

/// Splits at LF, CR LF and lone CR. Of a line that is longer than `most` bytes, so many are given.
pub struct Lines<R> {
    reader: BufReader<TextReader<R>>,
    most: usize,
    line: Vec<u8>,
    number: u64,
    after_cr: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(input: R, most: usize) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, TextReader::new(input)),
            most,
            line: Vec::new(),
            number: 0,
            after_cr: false,
        }
    }

    /// The number of the line given last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line with its number, without its end; `None` at the end of the input.
    pub fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        if self.line.capacity() > KEPT {
            // One long line shall not cost its memory for ever.
            self.line = Vec::new();
        }
        let mut any = false;
        loop {
            let block = match self.reader.fill_buf() {
                Ok(block) => block,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if std::mem::take(&mut self.after_cr) && block.first() == Some(&b'\n') {
                self.reader.consume(1);
                continue;
            }
            if block.is_empty() {
                self.number += u64::from(any);
                return Ok(any.then_some((self.number, &self.line)));
            }
            any = true;
            let end = memchr2(b'\n', b'\r', block);
            let part = block.get(..end.unwrap_or(block.len())).unwrap_or(block);
            let room = self.most.saturating_sub(self.line.len());
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let used = match end {
                Some(end) => {
                    self.after_cr = block.get(end) == Some(&b'\r');
                    end + 1
                }
                None => block.len(),
            };
            self.reader.consume(used);
            if end.is_some() {
                self.number += 1;
                return Ok(Some((self.number, &self.line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 64 * 1024;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mut lines = Lines::new(text.as_bytes(), MOST);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, String::from_utf8(line.to_vec()).unwrap()));
        }
        all
    }

    #[test]
    fn all_line_ends_are_alike() {
        let expected: Vec<_> = [(1, "a"), (2, ""), (3, "b")].map(|(n, l)| (n, l.to_owned())).into();
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(lines(&format!("a{end}{end}b")), expected);
            assert_eq!(lines(&format!("a{end}{end}b{end}")), expected);
        }
        assert_eq!(lines(""), []);
    }

    #[test]
    fn a_long_line_is_cut_and_counts_once() {
        let long = "x".repeat(5 * MOST);
        let all = lines(&format!("{long}\nshort"));
        assert_eq!(all[0].1.len(), MOST);
        assert_eq!(all[1], (2, "short".to_owned()));
    }
}
