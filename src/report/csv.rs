//! The report as CSV.

use std::io::{self, Write};

use rayon::prelude::*;

use super::csv_writer::CsvWriter;
use super::row::{COLUMNS, Row};

/// Rows are formatted on all cores: this many per piece. A row has some 2 KB.
const PIECE: usize = 64;
const AT_ONCE: usize = 1024;

/// Writes header and rows.
pub fn write(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    CsvWriter::with_header(&mut *out, &COLUMNS)?.finish()?;
    for rows in rows.chunks(AT_ONCE) {
        let pieces: Vec<io::Result<Vec<u8>>> = rows.par_chunks(PIECE).map(piece).collect();
        for piece in pieces {
            out.write_all(&piece?)?;
        }
    }
    Ok(())
}

fn piece(rows: &[Row]) -> io::Result<Vec<u8>> {
    let mut csv = CsvWriter::new(Vec::with_capacity(PIECE * 2048));
    rows.iter().try_for_each(|row| csv.row(row.cells()))?;
    csv.finish()
}
