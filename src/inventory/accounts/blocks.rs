//! Tables of any size: [`Table`] reads text that stands in memory, so a large file is given to it in
//! blocks of whole records, each under the header again.

use std::io::Read;

use memchr::memchr_iter;

use super::ReadError;
use super::collect::{Attribute, Collector};
use crate::inventory::stream::{LineEnd, Lines, MAX_LINE, TextStream};
use crate::inventory::text::{Row, Table};

/// Text in memory at once; half a second's reading is not worth more.
const BLOCK: usize = 4 << 20;

/// Gives every row to `row`, with its line in the file. `columns` finds the columns of interest, once for
/// each block.
pub(super) fn for_each_row<C>(
    text: &mut TextStream<impl Read>,
    to: &mut Collector,
    columns: impl Fn(&Table) -> C,
    mut row: impl FnMut(&C, &Row, u64, &mut Collector) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut lines = Lines::new(text, LineEnd::Lf);
    let mut block = Block::default();
    while block.fill(&mut lines, to)? {
        let Some(mut table) = Table::open(&block.text) else {
            return Ok(());
        };
        let columns = columns(&table);
        let mut first_row = None;
        while let Some(next) = table.next_row() {
            match next {
                Ok(next) => {
                    first_row.get_or_insert(next.line);
                    row(&columns, &next, block.line_of(next.line), to)?;
                }
                Err(error) => {
                    first_row.get_or_insert(error.line());
                    // The message names the line itself.
                    to.lost(0, error.on_line(|line| block.line_of(line)).to_string());
                }
            }
        }
        match first_row {
            Some(line) => block.restart(line),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// The columns that hold attributes of directory objects.
pub(super) fn attribute_columns(table: &Table) -> Vec<(usize, Attribute)> {
    table.columns().iter().enumerate().filter_map(|(i, key)| Some((i, Attribute::of_column(key)?))).collect()
}

#[derive(Default)]
struct Block {
    text: String,
    /// Bytes and lines of `text` up to the first row: the header and what stands before it.
    header: usize,
    header_lines: u64,
    /// Line of the file on which the first row of this block stands, less `header_lines`, less one.
    offset: u64,
}

impl Block {
    /// Reads whole records behind the header; false at the end of the file.
    fn fill(&mut self, lines: &mut Lines<impl Read>, to: &mut Collector) -> Result<bool, ReadError> {
        let mut quotes = 0;
        let mut first = true;
        while let Some(line) = lines.next_line()? {
            if first {
                self.offset = line.number - self.header_lines - 1;
                first = false;
            }
            if line.cut {
                to.lost(line.number, format!("a line of more than {MAX_LINE} bytes is passed over"));
                // Keeps the numbers of the lines after it.
                self.text.push('\n');
                continue;
            }
            quotes += memchr_iter(b'"', line.text.as_bytes()).count();
            self.text.push_str(line.text);
            self.text.push('\n');
            // A line end inside quotes is part of a cell; a quote that is never closed must not gather
            // the whole file.
            if self.text.len() >= BLOCK && (quotes % 2 == 0 || self.text.len() >= 2 * BLOCK) {
                return Ok(true);
            }
        }
        Ok(!first)
    }

    /// Keeps the header only. `first_row` is the block's line on which the first row stood.
    fn restart(&mut self, first_row: u64) {
        if self.header == 0 {
            self.header_lines = first_row - 1;
            self.header = memchr_iter(b'\n', self.text.as_bytes())
                .nth(usize::try_from(first_row.saturating_sub(2)).unwrap_or(0))
                .map_or(0, |end| end + 1);
        }
        self.text.truncate(self.header);
    }

    fn line_of(&self, line_in_block: u64) -> u64 {
        line_in_block + self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_lines_are_those_of_the_file() {
        let mut text = String::from("#TYPE x\r\na,b\r\n\r\n");
        let filler = "y".repeat(1000);
        for i in 0..12_000 {
            text.push_str(&format!("{i},\"{filler}\r\nsecond line\"\r\n"));
        }
        let mut stream = TextStream::new(text.as_bytes()).unwrap();
        let mut to = Collector::new("f".into());
        let mut seen = Vec::new();
        for_each_row(
            &mut stream,
            &mut to,
            |table| table.column(&["a"]),
            |column, row, line, _| {
                seen.push((row.get(*column).parse::<u64>().unwrap(), line));
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen.len(), 12_000);
        assert!(seen.iter().enumerate().all(|(i, s)| *s == (i as u64, 4 + 2 * i as u64)), "{:?}", &seen[..3]);
        assert_eq!(to.finish("").1.problems, Vec::<String>::new());
    }

    #[test]
    fn a_huge_line_costs_itself_only() {
        let text = format!("a\n1\n{}\n3\n", "x".repeat(2 * MAX_LINE));
        let mut stream = TextStream::new(text.as_bytes()).unwrap();
        let mut to = Collector::new("f".into());
        let mut seen = Vec::new();
        for_each_row(
            &mut stream,
            &mut to,
            |table| table.column(&["a"]),
            |column, row, line, _| {
                seen.push((row.get(*column).to_owned(), line));
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, [("1".into(), 2), ("3".into(), 4)]);
        assert_eq!(to.finish("").1.problems.len(), 1);
    }
}
