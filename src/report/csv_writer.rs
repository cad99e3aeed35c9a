//! Writes CSV in the program's only dialect: UTF-8 without BOM, comma, CRLF (RFC 4180). Cells are escaped so that no spreadsheet
//! executes them.

use std::io::{self, Write};

use crate::text::escape::escape_cell;

/// Writer of rows of cells.
pub struct CsvWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CsvWriter<W> {
    /// Creates a writer and writes the header.
    pub fn with_header(out: W, columns: &[&str]) -> io::Result<Self> {
        let mut writer = Self::new(out);
        writer.row(columns)?;
        Ok(writer)
    }

    /// Creates a writer for a part of a file, which has no header.
    pub fn new(out: W) -> Self {
        Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out))
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
        cells.into_iter().try_for_each(|cell| self.cell(cell.as_ref()))?;
        self.end_row()
    }

    pub fn cell(&mut self, cell: &str) -> io::Result<()> {
        self.0.write_field(escape_cell(cell).as_bytes()).map_err(io_error)
    }

    pub fn end_row(&mut self) -> io::Result<()> {
        self.0.write_record(None::<&[u8]>).map_err(io_error)
    }

    /// Flushes, and returns the inner writer.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(|error| error.into_error())
    }
}

/// Unwraps the I/O error. `From` would wrap it, and a closed pipe would not be recognised.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_with_crlf_and_no_cell_is_a_formula() {
        let mut csv = CsvWriter::with_header(Vec::new(), &["a", "b"]).unwrap();
        csv.row(["=1+1", "x, y"]).unwrap();
        assert_eq!(csv.finish().unwrap(), b"a,b\r\n'=1+1,\"x, y\"\r\n");
    }

    #[test]
    fn a_closed_pipe_stays_a_closed_pipe() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut csv = CsvWriter::new(Closed);
        let result =
            (0..10_000).try_for_each(|_| csv.row(["0123456789"])).and_then(|()| csv.finish().map(drop));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
