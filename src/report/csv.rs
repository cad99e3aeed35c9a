//! Writes the report as CSV.

use std::io::{self, Write};

use super::csv_writer::CsvWriter;
use super::in_order::write_in_order;
use super::row::{COLUMNS, Row};

/// Writes the header and the rows.
pub fn write(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    CsvWriter::with_header(&mut *out, &COLUMNS)?.finish()?;
    write_in_order(rows, out, |rows, piece| {
        let mut csv = CsvWriter::new(piece);
        let mut list = String::new();
        rows.iter().try_for_each(|row| {
            row.cells(&mut list, |cell| csv.cell(cell))?;
            csv.end_row()
        })?;
        csv.finish().map(drop)
    })
}
