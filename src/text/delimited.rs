//! Reads delimited text with a header (CSV) row by row, in bounded memory even if a quotation mark is never closed.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr;

use super::decode::TextReader;
use super::trimmed;

/// Maximum number of lines of one row. A row of more lines has a quotation mark that was never closed. The limit bounds the
/// reading that each such row costs.
const MAX_LINES: usize = 64;
/// Maximum number of bytes of one row, for the same reason.
const MAX_ROW: usize = 1 << 20;

/// A column name in its form for comparison: `Prefix Length`, `prefix_length` and `PrefixLength` are one.
pub(crate) fn column_key(name: &str) -> String {
    key_chars(name).collect()
}

/// Is the cell a spelling of this [key](column_key)?
pub(crate) fn is_column_name(cell: &str, key: &str) -> bool {
    match cell.bytes().next() {
        None => false,
        // Nearly every cell is a value, and differs in its first letter.
        Some(first)
            if first.is_ascii_alphanumeric() && !key.starts_with(char::from(first.to_ascii_lowercase())) =>
        {
            false
        }
        Some(_) => key_chars(cell).eq(key.chars()),
    }
}

fn key_chars(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase)
}

/// The columns of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// The names of the columns in the form of [`column_key`].
    columns: Vec<String>,
}

impl Header {
    /// Reads the header of a table from the beginning of its text. `None` if the text is not a table.
    pub(crate) fn parse(head: &str) -> Option<Self> {
        Some(Table::open(TextReader::from_text(head)).ok()??.header)
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Position of the first of `names` that the header has; `names` in any case.
    pub(crate) fn column(&self, names: &[&str]) -> Option<usize> {
        self.all_columns(names).first().copied()
    }

    /// Positions of all columns with one of `names`, in the order of `names`.
    pub(crate) fn all_columns(&self, names: &[&str]) -> Vec<usize> {
        let positions = |key: String| {
            let columns = self.columns.iter().enumerate();
            columns.filter(move |(_, column)| **column == key).map(|(at, _)| at)
        };
        names.iter().flat_map(|name| positions(column_key(name))).collect()
    }
}

/// A delimited text with a header. The delimiter is `,`, `;` or tab, whichever the header has most of. A `#TYPE` line (Windows
/// PowerShell), a `sep=` line (Excel) and blank lines before the header are skipped.
pub(crate) struct Table<R> {
    reader: TextReader<R>,
    /// Text that is not split yet. The next row begins at `at`.
    text: String,
    at: usize,
    /// Line of the next row, from 1.
    line: u64,
    header: Header,
    delimiter: u8,
    csv: Reader,
    cells: Cells,
}

/// The cells of one row, unquoted.
#[derive(Default)]
struct Cells {
    /// All cells, one after the other.
    text: String,
    /// The end of each cell in `text`. Only the first `len` are of this row.
    ends: Vec<usize>,
    len: usize,
}

impl Cells {
    fn cell(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(..self.len)?.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len).map(|at| self.cell(at).unwrap_or_default())
    }
}

/// A row of a [`Table`].
pub(crate) struct Row<'r> {
    cells: &'r Cells,
    /// Line of the file on which the row begins, from 1.
    pub line: u64,
    /// Does a line end follow? Otherwise the file ends within the row.
    pub is_ended: bool,
}

impl<'r> Row<'r> {
    /// The cell without blanks around it; empty when the column or the cell is missing.
    pub(crate) fn get(&self, column: Option<usize>) -> &'r str {
        trimmed(column.and_then(|i| self.cells.cell(i)).unwrap_or(""))
    }

    /// The first of these cells that is not empty.
    pub(crate) fn first(&self, columns: &[Option<usize>]) -> &'r str {
        columns.iter().map(|column| self.get(*column)).find(|text| !text.is_empty()).unwrap_or("")
    }

    /// Number of cells in the row.
    pub(crate) fn width(&self) -> usize {
        self.cells.len
    }
}

/// Why a row cannot be read. After [`Io`](Self::Io) the table ends. After the other errors the next row can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error(
        "line {line}: a quotation mark is opened and not closed within {MAX_LINES} lines; the row is skipped"
    )]
    OpenQuote { line: u64 },
    #[error("line {line}: longer than {} MiB; the row is skipped", MAX_ROW >> 20)]
    TooLong { line: u64 },
    #[error("cannot be read on: {0}")]
    Io(#[from] io::Error),
}

impl<R: Read> Table<R> {
    /// Opens a table and reads its header. `None` if no line can be a header.
    pub(crate) fn open(reader: TextReader<R>) -> io::Result<Option<Self>> {
        let mut table = Table {
            reader,
            text: String::new(),
            at: 0,
            line: 1,
            header: Header::default(),
            delimiter: b',',
            csv: Reader::new(),
            cells: Cells::default(),
        };
        let mut stated = None;
        loop {
            let Some((len, _)) = table.find_line(0)? else { return Ok(None) };
            let line =
                table.rest().get(..len).unwrap_or_default().trim_matches(['\r', '\n', '\u{feff}', ' ']);
            let start = line.get(..5).map(str::to_ascii_lowercase);
            if start.as_deref().is_some_and(|l| l.starts_with("sep=")) && line.len() == 5 {
                stated = line.bytes().last().filter(u8::is_ascii);
            } else if !line.is_empty() && start.as_deref() != Some("#type") {
                table.delimiter = stated.unwrap_or_else(|| delimiter_of(line));
                break;
            }
            table.at += len;
            table.line += 1;
        }
        table.csv = ReaderBuilder::new().delimiter(table.delimiter).build();
        if !matches!(table.read_row(), Ok(Some(_))) {
            return Ok(None);
        }
        table.header.columns = table.cells.iter().map(column_key).collect();
        Ok(Some(table))
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The next row that is not blank; `None` at the end.
    pub(crate) fn next_row(&mut self) -> Option<Result<Row<'_>, TableError>> {
        loop {
            match self.read_row().transpose()? {
                Err(error) => return Some(Err(error)),
                // `;;;` at the end of a sheet.
                Ok(_) if self.cells.iter().all(|cell| trimmed(cell).is_empty()) => {}
                Ok((line, is_ended)) => return Some(Ok(Row { cells: &self.cells, line, is_ended })),
            }
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The length in bytes from `at` to the end of the line that begins `from` bytes later, and whether that line has an end.
    /// Reads more text as needed, up to [`MAX_ROW`]. `None` at the end of the file.
    fn find_line(&mut self, from: usize) -> io::Result<Option<(usize, bool)>> {
        let mut searched = from;
        loop {
            let rest = self.rest().as_bytes();
            if let Some(end) = memchr(b'\n', rest.get(searched..).unwrap_or_default()) {
                return Ok(Some((searched + end + 1, true)));
            }
            searched = rest.len();
            if searched > MAX_ROW {
                return Ok(Some((searched, false)));
            }
            self.text.drain(..self.at);
            self.at = 0;
            if !self.reader.append_to(&mut self.text)? {
                return Ok((searched > from).then_some((searched, false)));
            }
        }
    }

    /// Reads the next row into `cells`. Returns its line, and whether a line end follows; `None` at the end of the file.
    ///
    /// The CSV reader gets the row line by line. So a quotation mark that is never closed is an error of the line that opens
    /// it, and reading continues after that line.
    fn read_row(&mut self) -> Result<Option<(u64, bool)>, TableError> {
        self.skip_line_ends()?;
        let line = self.line;
        self.csv.reset();
        let mut text = std::mem::take(&mut self.cells.text).into_bytes();
        self.cells.len = 0;
        let (mut read, mut written, mut first_line) = (0, 0, 0);
        for _ in 0..MAX_LINES {
            // At the end of the file the reader would close the quote.
            let Some((end, is_ended)) = self.find_line(read)? else { break };
            if end > MAX_ROW {
                return Err(self.skip_line(first_line, line));
            }
            if first_line == 0 {
                first_line = end;
            }
            let input = self.text.as_bytes().get(self.at + read..self.at + end).unwrap_or_default();
            let (mut done, used) = feed(&mut self.csv, input, &mut text, &mut written, &mut self.cells);
            read += used;
            if !done && !is_ended {
                done = feed(&mut self.csv, b"\n", &mut text, &mut written, &mut self.cells).0;
            }
            if done {
                let lines = self.rest().as_bytes().get(..read).unwrap_or_default();
                self.line += memchr::memchr_iter(b'\n', lines).count() as u64;
                self.at += read;
                text.truncate(written);
                // Whole characters of valid text: delimiters and quotation marks are ASCII.
                self.cells.text = String::from_utf8(text).unwrap_or_default();
                return Ok(Some((line, is_ended)));
            }
        }
        if first_line == 0 {
            return Ok(None);
        }
        self.at += first_line;
        self.line += 1;
        Err(TableError::OpenQuote { line })
    }

    /// Skips the first line of a row that is too long: the line that opens a quotation mark, or one that is too long itself.
    fn skip_line(&mut self, first_line: usize, line: u64) -> TableError {
        self.line += 1;
        if first_line > 0 {
            self.at += first_line;
            return TableError::OpenQuote { line };
        }
        loop {
            if let Some(end) = memchr(b'\n', self.rest().as_bytes()) {
                self.at += end + 1;
                return TableError::TooLong { line };
            }
            self.text.clear();
            self.at = 0;
            match self.reader.append_to(&mut self.text) {
                Ok(true) => {}
                Ok(false) => return TableError::TooLong { line },
                Err(error) => return error.into(),
            }
        }
    }

    /// Skips the line end after the last row, and with it blank lines and the CR CR LF of `wmic`.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            let rest = self.rest().as_bytes();
            let ends = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            let all = ends == rest.len();
            self.line += rest.iter().take(ends).filter(|b| **b == b'\n').count() as u64;
            self.at += ends;
            if !all || self.find_line(0)?.is_none() {
                return Ok(());
            }
        }
    }
}

/// Passes more of a row to the CSV reader. Returns whether the row is complete, and how many bytes of the input were used.
fn feed(
    csv: &mut Reader,
    input: &[u8],
    text: &mut Vec<u8>,
    written: &mut usize,
    cells: &mut Cells,
) -> (bool, usize) {
    // Room for whatever the input can hold, so that the reader never stops because of a full buffer.
    text.resize(text.len().max(*written + input.len()), 0);
    cells.ends.resize(cells.ends.len().max(cells.len + input.len() + 1), 0);
    let (text, ends) = (text.get_mut(*written..), cells.ends.get_mut(cells.len..));
    let (result, used, new_bytes, new_ends) =
        csv.read_record(input, text.unwrap_or_default(), ends.unwrap_or_default());
    *written += new_bytes;
    cells.len += new_ends;
    (matches!(result, ReadRecordResult::Record), used)
}

/// The delimiter of a header line; a comma if it has no other.
fn delimiter_of(header: &str) -> u8 {
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for b in header.bytes() {
        if b == b'"' {
            quoted = !quoted;
        } else if !quoted {
            counts.iter_mut().filter(|(d, _)| *d == b).for_each(|(_, n)| *n += 1);
        }
    }
    // The first of equals: `max_by_key` would take the last.
    counts.iter().rev().max_by_key(|(_, n)| *n).map_or(b',', |(d, _)| *d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut table = Table::open(TextReader::from_text(text)).unwrap().unwrap();
        let mut out = Vec::new();
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    out.push((row.line, (0..row.width()).map(|i| row.get(Some(i)).to_owned()).collect()))
                }
                Err(error) => out.push((0, vec![error.to_string()])),
            }
        }
        out
    }

    #[test]
    fn preambles_blank_lines_and_line_numbers() {
        let text = "#TYPE Selected.X\r\n\"Host\";\"Prefix Length\"\r\na;1\r\n\r\n;\r\nb;2\r\n";
        let table = Table::open(TextReader::from_text(text)).unwrap().unwrap();
        assert_eq!(table.header().columns(), ["host", "prefixlength"]);
        assert_eq!(table.header().column(&["nothing", "PREFIX_LENGTH"]), Some(1));
        let got = rows(text);
        assert_eq!(got, [(3, vec!["a".into(), "1".into()]), (6, vec!["b".into(), "2".into()])]);
        assert_eq!(rows("sep=\t\na\tb,c\n1\t2\n"), [(3, vec!["1".into(), "2".into()])]);
    }

    #[test]
    fn wmic_line_ends_keep_line_numbers() {
        let got = rows("\r\r\nNode,X\r\r\nA,1\r\r\nB,2\r\r\n");
        assert_eq!(got, [(3, vec!["A".into(), "1".into()]), (4, vec!["B".into(), "2".into()])]);
    }

    #[test]
    fn an_open_quote_costs_one_row() {
        let mut text = String::from("a,b\n1,\"x\n");
        for i in 0..200 {
            text.push_str(&format!("{i},y\n"));
        }
        let got = rows(&text);
        assert_eq!(got.len(), 201);
        assert!(got[0].1[0].starts_with("line 2: a quotation mark"), "{:?}", got[0]);
        assert_eq!(got[1], (3, vec!["0".into(), "y".into()]));
        assert_eq!(got[200].0, 202);
    }

    /// Every line opens a quote that it seems to close for those before it: `a` is not a quoted cell, `"` opens one.
    #[test]
    fn a_quote_opened_on_every_line_does_not_cost_the_square() {
        let text = format!("a,b\n{}1,2\n", "a\",\"\n".repeat(100_000));
        let got = rows(&text);
        assert_eq!(got.len(), 100_001);
        assert!(got[..100_000].iter().all(|row| row.1[0].contains("is opened and not closed")));
        assert_eq!(got[100_000], (100_002, vec!["1".into(), "2".into()]));
    }

    #[test]
    fn an_open_quote_near_the_end_is_an_error_too() {
        let got = rows("a,b\n1,\"x\n2,y\n3,z\n");
        assert!(got[0].1[0].starts_with("line 2: a quotation mark"), "{got:?}");
        assert_eq!(got[1], (3, vec!["2".into(), "y".into()]));
        assert_eq!(got[2..], [(4, vec!["3".into(), "z".into()])]);
        assert!(rows("a,b\n1,\"cut")[0].1[0].starts_with("line 2: a quotation mark"));
        // The last cell must not have two lines.
        assert_eq!(rows("a,b\n1,\"x\ny\""), [(2, vec!["1".into(), "x\ny".into()])]);
    }

    #[test]
    fn a_row_without_end_costs_itself() {
        let text = format!("a,b\n1,{}\n2,y\n", "x".repeat(2 * MAX_ROW));
        let got = rows(&text);
        assert_eq!(got[0].1[0], "line 2: longer than 1 MiB; the row is skipped");
        assert_eq!(got[1], (3, vec!["2".into(), "y".into()]));
    }

    proptest::proptest! {
        /// Line by line or through the reader, the cells are those of the csv crate.
        #[test]
        fn the_cells_are_those_of_the_csv_crate(
            lines in proptest::collection::vec("[a\" ,ö\r]{0,8}|\"[a,ö]{0,4}(\"\")?\",a?|(\"[ab]*\",)*\"x\"", 1..6),
        ) {
            let text = format!("h,i\n{}\n", lines.join("\n"));
            let got = rows(&text);
            if got.iter().all(|row| row.0 > 0) {
                let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
                let want: Vec<Vec<String>> = reader
                    .records()
                    .map(|r| r.unwrap().iter().map(|c| c.trim().to_owned()).collect())
                    .filter(|cells: &Vec<String>| cells.iter().any(|c| !c.is_empty()))
                    .collect();
                let got: Vec<Vec<String>> = got.into_iter().map(|row| row.1).collect();
                proptest::prop_assert_eq!(got, want);
            }
        }
    }

    #[test]
    fn delimiters() {
        assert_eq!(delimiter_of("host,address"), b',');
        assert_eq!(delimiter_of("\"a,b,c\";d"), b';');
        assert_eq!(delimiter_of("a\tb"), b'\t');
        assert_eq!(delimiter_of("host"), b',');
        assert_eq!(delimiter_of("a,b;c"), b',');
    }
}
