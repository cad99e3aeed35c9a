//! Tables of any size, in blocks of whole rows.

use std::io::Read;

use super::ReadError;
use super::blocks::{Reader, read_all};
use super::collect::Collector;
use super::text_blocks::{Block, Boundaries, MAX_LINE, TextBlocks};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Header, Row, Table};

/// What a format makes of the rows that follow each other.
pub(super) trait Rows: Default + Send {
    /// The columns of interest.
    type Columns: Sync;

    fn columns(header: &Header) -> Self::Columns;

    fn row(&mut self, columns: &Self::Columns, row: &Row, to: &mut Collector) -> Result<(), ReadError>;

    /// Takes over what another made of the rows behind.
    fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector);
}

/// Reads a table in blocks of `size` bytes.
pub(super) fn read_rows<W: Rows>(
    text: &mut TextStream<impl Read + Send>,
    size: usize,
    to: &mut Collector,
) -> Result<W, ReadError> {
    let Some(header) = Table::open(text.head()).map(|table| table.header().clone()) else {
        return Ok(W::default());
    };
    let columns = W::columns(&header);
    let new = || RowReader { header: &header, columns: &columns, rows: W::default() };
    let reader = read_all(TextBlocks::new(text, BetweenRows(&header), size), new, to)?;
    Ok(reader.rows)
}

/// `HOST/srv1` of `HOST/srv10` would make a duplicate of two accounts that have none.
const CUT_OFF: &str = "the file ends within this row, which is passed over; export it again, or end the row with a line end if it is whole";

/// The table of a block; the first has the header in it.
fn table<'b>(block: &'b Block, header: &Header) -> Option<Table<'b>> {
    match block.line {
        1 => Table::open(&block.text),
        line => Some(Table::below(header, &block.text, line)),
    }
}

struct BetweenRows<'h>(&'h Header);

impl Boundaries for BetweenRows<'_> {
    // Half a line may be half a cell: it is left out as a whole.
    const KEEP: usize = 0;
    // A record of too many lines or bytes is no record, so some record ends soon.
    const OPEN: bool = false;

    fn last(&mut self, block: &Block, end: usize) -> Option<usize> {
        table(block, self.0)?.last_boundary(end)
    }
}

struct RowReader<'h, W: Rows> {
    header: &'h Header,
    columns: &'h W::Columns,
    rows: W,
}

impl<W: Rows> Reader<Block> for RowReader<'_, W> {
    fn read(&mut self, block: &Block, to: &mut Collector) -> Result<(), ReadError> {
        let Some(mut table) = table(block, self.header) else {
            return Ok(());
        };
        let unended = block.unended_line();
        let mut cut = block.cut_lines().peekable();
        let mut cut_before = |line: u64, to: &mut Collector| {
            while let Some(number) = cut.next_if(|number| *number < line) {
                to.lost(number, format!("a line of more than {MAX_LINE} bytes is passed over"));
            }
        };
        while let Some(next) = table.next_row() {
            match next {
                Ok(row) if Some(row.line) == unended && row.len() < self.header.columns().len() => {
                    cut_before(row.line, to);
                    to.lost(row.line, CUT_OFF.to_owned());
                }
                Ok(row) => {
                    cut_before(row.line, to);
                    self.rows.row(self.columns, &row, to)?;
                }
                Err(error) => {
                    cut_before(error.line(), to);
                    to.lost_as_told(error.line(), error.to_string());
                }
            }
        }
        cut_before(u64::MAX, to);
        Ok(())
    }

    fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector) {
        self.rows.join(next.rows, part, to);
    }
}
