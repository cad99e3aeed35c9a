//! Text cut into blocks of whole lines, between records where that is possible.

use std::io::{self, Read};

use memchr::memchr_iter;

use super::ReadError;
use super::blocks::{Cut, Cutter};
use crate::inventory::stream::{Line, LineEnd, Lines, TextStream};
use crate::inventory::text::beginning;

/// A line is given up to here; what follows of it is passed over. The longest value a directory export may
/// sensibly hold in one line (a flattened list of 1,500 SPNs) is a tenth of it.
pub(super) const MAX_LINE: usize = 1 << 20;

/// Whole lines of a file.
#[derive(Default)]
pub(super) struct Block {
    pub text: String,
    /// Number of the first line, from 1.
    pub line: u64,
    /// Where the lines begin that are longer than [`MAX_LINE`], of which the rest is not here.
    cut_lines: Vec<usize>,
}

impl Block {
    pub fn lines(&self, end: LineEnd) -> Lines<'_> {
        Lines::new(&self.text, self.line, end)
    }

    /// The number of the last line, where the file ends in it.
    pub fn unended_line(&self) -> Option<u64> {
        let text = self.text.as_bytes();
        let unended = text.last().is_some_and(|byte| !matches!(byte, b'\n' | b'\r'));
        unended.then(|| self.line + memchr_iter(b'\n', text).count() as u64)
    }

    /// Is the line longer than [`MAX_LINE`], and this its beginning?
    pub fn is_cut(&self, line: &Line) -> bool {
        !self.cut_lines.is_empty() && self.cut_lines.contains(&line.start)
    }

    /// Numbers of the lines that are longer than [`MAX_LINE`].
    pub fn cut_lines(&self) -> impl Iterator<Item = u64> {
        self.cut_lines.iter().map(|at| {
            let before = self.text.as_bytes().get(..*at).unwrap_or_default();
            self.line + memchr_iter(b'\n', before).count() as u64
        })
    }
}

/// Where a text can be cut.
pub(super) trait Boundaries: Send {
    /// What ends a line, and what is kept of one that is too long.
    const LINE_END: LineEnd = LineEnd::Lf;
    const KEEP: usize = MAX_LINE;
    /// A block may end inside a record when none ends in it; else it grows until one does.
    const OPEN: bool = true;

    /// The last place, a line's beginning and not beyond `end`, from which a reader that knows nothing of
    /// the text before finds the same as one that has read it.
    fn last(&mut self, block: &Block, end: usize) -> Option<usize>;
}

pub(super) struct TextBlocks<'s, R, B> {
    stream: &'s mut TextStream<R>,
    boundaries: B,
    /// Bytes of a block.
    size: usize,
    /// What is read and stands behind the last block.
    rest: Block,
    /// The rest ends in a line that is too long; what comes of it is passed over.
    skipping: bool,
}

impl<'s, R: Read, B: Boundaries> TextBlocks<'s, R, B> {
    pub fn new(stream: &'s mut TextStream<R>, boundaries: B, size: usize) -> Self {
        let rest = Block { line: 1, ..Block::default() };
        Self { stream, boundaries, size, rest, skipping: false }
    }

    /// Reads until the block has `size` bytes or the file has ended.
    fn fill(&mut self, block: &mut Block, size: usize) -> io::Result<()> {
        // Where the last line begins, or one before it.
        let mut line = 0;
        // A read may end some bytes short of what it should: inside a character, or in UTF-16.
        while block.text.len() < size - size / 8 && !self.stream.has_ended() {
            let from = block.text.len();
            self.stream.append_to(&mut block.text, size - from)?;
            self.cut_long_lines(block, from, &mut line);
        }
        Ok(())
    }

    /// Takes out what is too much of lines that are too long. `from` is where new text begins.
    fn cut_long_lines(&mut self, block: &mut Block, from: usize, line: &mut usize) {
        let end = B::LINE_END;
        let text = &mut block.text;
        if self.skipping {
            let ends = text.as_bytes().get(from..).and_then(|new| end.first(new));
            self.skipping = ends.is_none();
            text.drain(from..ends.map_or(text.len(), |at| from + at));
        }
        while let Some(longest) = text.as_bytes().get(*line..*line + MAX_LINE + 1) {
            if let Some(at) = end.last(longest) {
                *line += at + 1;
                continue;
            }
            block.cut_lines.push(*line);
            let keep = *line + beginning(text.get(*line..).unwrap_or_default(), B::KEEP).len();
            let ends = text.as_bytes().get(keep..).and_then(|rest| end.first(rest));
            self.skipping = ends.is_none();
            text.drain(keep..ends.map_or(text.len(), |at| keep + at));
            *line = keep;
            if self.skipping {
                break;
            }
        }
    }

    /// Keeps for the next block what stands behind `at`.
    fn put_back(&mut self, block: &mut Block, at: usize) {
        self.rest.text.push_str(block.text.get(at..).unwrap_or_default());
        block.text.truncate(at);
        self.rest.line = block.line + memchr_iter(b'\n', block.text.as_bytes()).count() as u64;
        self.rest.cut_lines = block.cut_lines.iter().filter_map(|line| line.checked_sub(at)).collect();
        block.cut_lines.retain(|line| *line < at);
    }
}

impl<R: Read + Send, B: Boundaries> Cutter for TextBlocks<'_, R, B> {
    type Block = Block;

    fn cut(&mut self, block: &mut Block) -> Result<Cut, ReadError> {
        block.text.clear();
        block.text.push_str(&self.rest.text);
        self.rest.text.clear();
        block.line = self.rest.line;
        block.cut_lines = std::mem::take(&mut self.rest.cut_lines);
        let mut size = self.size;
        loop {
            self.fill(block, size)?;
            if self.stream.has_ended() && block.text.len() <= size {
                return Ok(if block.text.is_empty() { Cut::End } else { Cut::Whole });
            }
            let end = size.min(block.text.len());
            if let Some(at) = self.boundaries.last(block, end).filter(|at| *at > 0) {
                self.put_back(block, at);
                return Ok(Cut::Whole);
            }
            if B::OPEN
                && let Some(at) = last_line(&block.text, end, B::LINE_END)
            {
                self.put_back(block, at);
                return Ok(Cut::Open);
            }
            size *= 2;
        }
    }

    fn has_ended(&self) -> bool {
        self.stream.has_ended() && self.rest.text.is_empty()
    }
}

/// The beginning of the last line up to `end` that is not the first.
fn last_line(text: &str, end: usize, line_end: LineEnd) -> Option<usize> {
    line_starts(text, end, line_end).find(|at| *at > 0 && *at < text.len())
}

/// The beginnings of lines up to `end`, the last first.
pub(super) fn line_starts(text: &str, end: usize, line_end: LineEnd) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut before = end;
    std::iter::from_fn(move || {
        let at = line_end.last(bytes.get(..before)?)?;
        before = at;
        Some(at + 1)
    })
    // Not between CR and LF, nor within CR CR.
    .filter(move |at| line_end == LineEnd::Lf || is_after_line_end(bytes, *at))
}

fn is_after_line_end(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    before == Some(&b'\n') || bytes.get(at).is_some_and(|next| !matches!(next, b'\r' | b'\n'))
}
