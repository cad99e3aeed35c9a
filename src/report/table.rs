//! The report as CSV.

use std::io::{self, Write};

use rayon::prelude::*;

use super::row::{COLUMNS, Row};
use crate::text::escape::escape_cell;

/// Writes header and rows. UTF-8 without BOM, CRLF as RFC 4180 has it; every cell guarded.
pub fn write(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = writer(&mut *out);
    csv.write_record(COLUMNS).map_err(io_error)?;
    csv.flush()?;
    drop(csv);
    for rows in rows.chunks(AT_ONCE) {
        let pieces: Vec<io::Result<Vec<u8>>> = rows.par_chunks(PIECE).map(piece).collect();
        for piece in pieces {
            out.write_all(&piece?)?;
        }
    }
    Ok(())
}

/// Rows are made into text on all cores, so many in a piece, and so many before they are written: 2 KB each.
const PIECE: usize = 64;
const AT_ONCE: usize = 1024;

fn piece(rows: &[Row]) -> io::Result<Vec<u8>> {
    let mut csv = writer(Vec::with_capacity(PIECE * 2048));
    for row in rows {
        for text in row.cells() {
            csv.write_field(escape_cell(&text).as_bytes()).map_err(io_error)?;
        }
        csv.write_record(None::<&[u8]>).map_err(io_error)?;
    }
    csv.into_inner().map_err(|error| error.into_error())
}

fn writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

/// The writer's own error, so that a closed pipe is known as one: `From` would wrap it.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
