//! The report as CSV.

use std::io::{self, Write};

use super::guard::cell;
use super::row::{COLUMNS, Row};

/// Writes header and rows. UTF-8 without BOM, CRLF as RFC 4180 has it; every cell guarded.
pub fn write(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS).map_err(io_error)?;
    for row in rows {
        for text in row.cells() {
            csv.write_field(cell(&text).as_bytes()).map_err(io_error)?;
        }
        csv.write_record(None::<&[u8]>).map_err(io_error)?;
    }
    csv.flush()
}

/// The writer's own error, so that a closed pipe is known as one: `From` would wrap it.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
