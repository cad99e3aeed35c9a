//! Delimited text with a header, row by row, whatever its quotation marks do.

mod boundary;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr;

use super::{column_key, trimmed};

/// A record over more lines than this is taken for a quote that was never closed, and one over more bytes too: each
/// such row costs at most this much reading, whatever the file is.
pub(super) const MAX_LINES_IN_RECORD: usize = 64;
const MAX_RECORD: usize = 4 << 20;

/// What the first line of a table says.
#[derive(Debug, Clone)]
pub struct Header {
    /// As [`column_key`] makes them.
    columns: Vec<String>,
    delimiter: u8,
}

impl Header {
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Position of the first of `names` that the header has; `names` in any case.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let key = column_key(name);
            self.columns.iter().position(|c| *c == key)
        })
    }
}

/// A delimited text with a header, read row by row; the delimiter is `,`, `;` or tab, whichever the
/// header holds most of. A `#TYPE` line (Windows PowerShell), a `sep=` line (Excel) and blank lines before
/// the header are passed over.
pub struct Table<'t> {
    text: &'t str,
    header: Header,
    /// For rows that hold what has to be unquoted; making one costs more than a hundred rows without.
    reader: Option<Reader>,
    /// Where the next record begins.
    next: Place,
    record: Record<'t>,
    /// The last record ended because the text did.
    cut: bool,
}

#[derive(Clone, Copy)]
struct Place {
    byte: usize,
    /// 1-based.
    line: u64,
}

/// The cells of one record.
#[derive(Default)]
struct Record<'t> {
    /// The record's line, where the cells stand in it as they are, and where in it.
    line: &'t str,
    spans: Vec<(usize, usize)>,
    /// Else the cells unquoted, one behind the other.
    cells: Vec<u8>,
    ends: Vec<usize>,
    len: usize,
}

impl<'t> Record<'t> {
    fn cell(&self, at: usize) -> Option<&str> {
        if let Some(&(start, end)) = self.spans.get(at) {
            return self.line.get(start..end);
        }
        let end = *self.ends.get(..self.len)?.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        // Whole characters of valid text: a delimiter and a quotation mark are characters of their own.
        std::str::from_utf8(self.cells.get(start..end)?).ok()
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len).map(|at| self.cell(at).unwrap_or_default())
    }

    /// Takes a line apart whose cells hold nothing that has to be unquoted: nearly all are so, and several times as fast
    /// this way. False when the reader is needed.
    fn take_plain(&mut self, line: &'t str, delimiter: u8) -> bool {
        self.spans.clear();
        let bytes = line.as_bytes();
        // The reader takes a CR for the end of a line.
        if memchr(b'\r', bytes).is_some() {
            return false;
        }
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let next = if rest.first() == Some(&b'"') {
                let closing = rest.get(1..).and_then(|quoted| memchr(b'"', quoted));
                let Some(end) = closing.map(|n| at + 1 + n) else {
                    self.spans.clear();
                    return false;
                };
                if bytes.get(end + 1).is_some_and(|b| *b != delimiter) {
                    self.spans.clear();
                    return false;
                }
                self.spans.push((at + 1, end));
                end + 1
            } else {
                let end = memchr(delimiter, rest).map_or(bytes.len(), |n| at + n);
                self.spans.push((at, end));
                end
            };
            if next >= bytes.len() {
                break;
            }
            at = next + 1;
        }
        self.line = line;
        self.len = self.spans.len();
        true
    }
}

/// One row of a [`Table`].
pub struct Row<'r> {
    record: &'r Record<'r>,
    /// 1-based line of the file on which the row begins.
    pub line: u64,
}

impl<'r> Row<'r> {
    /// The cell without surrounding blanks; empty when the column or the cell is missing.
    pub fn get(&self, column: Option<usize>) -> &'r str {
        trimmed(column.and_then(|i| self.record.cell(i)).unwrap_or(""))
    }

    /// Cells in the row.
    pub fn len(&self) -> usize {
        self.record.len
    }

    /// True when the row has no cell, or only empty ones (`;;;` at the end of a sheet).
    pub fn is_empty(&self) -> bool {
        self.record.iter().all(|cell| trimmed(cell).is_empty())
    }
}

/// A row that cannot be read; the rest of the table can.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error(
        "line {line}: a quotation mark is opened and not closed within {MAX_LINES_IN_RECORD} lines; the row is skipped"
    )]
    OpenQuote { line: u64 },
    #[error("line {line}: longer than {} MiB; the row is skipped", MAX_RECORD >> 20)]
    TooLong { line: u64 },
}

impl TableError {
    pub fn line(&self) -> u64 {
        match self {
            Self::OpenQuote { line } | Self::TooLong { line } => *line,
        }
    }
}

impl<'t> Table<'t> {
    /// `None` when the text has no line that could be a header.
    pub fn open(text: &'t str) -> Option<Self> {
        let (next, forced) = preamble(text)?;
        let first = text.get(next.byte..)?.lines().next()?;
        let delimiter = forced.unwrap_or_else(|| delimiter_of(first));
        let mut table = Table::at(next, text, Header { columns: Vec::new(), delimiter });
        table.read()?.ok()?;
        table.header.columns = table.record.iter().map(column_key).collect();
        Some(table)
    }

    /// More rows of a table: a text that begins on this line of the file.
    pub fn below(header: &Header, text: &'t str, line: u64) -> Self {
        Table::at(Place { byte: 0, line }, text, header.clone())
    }

    fn at(next: Place, text: &'t str, header: Header) -> Self {
        Table { text, header, reader: None, next, record: Record::default(), cut: false }
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header's names as [`column_key`] makes them.
    pub fn columns(&self) -> &[String] {
        self.header.columns()
    }

    /// [`Header::column`].
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.column(names)
    }

    /// The last line of its text up to `end` that begins between two records, however the text may go on. `self` has
    /// read none but the header.
    ///
    /// Looks for a line near the end that tells by itself; where none is, all records are read.
    pub fn last_boundary(mut self, end: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if let Some(at) = boundary::near(bytes, end, self.header.delimiter).filter(|at| *at > self.next.byte)
        {
            return Some(at);
        }
        let mut last = None;
        while self.read().is_some() && !self.cut {
            let rest = bytes.get(self.next.byte..)?;
            let returns = rest.iter().take_while(|b| **b == b'\r').count();
            let at = match rest.get(returns) {
                Some(b'\n') => self.next.byte + returns + 1,
                // The reader stands behind the line's end, or at a CR within a line.
                _ if bytes.get(..self.next.byte)?.ends_with(b"\n") => self.next.byte,
                _ => continue,
            };
            if at > end {
                break;
            }
            last = Some(at);
        }
        last
    }

    /// The next row that is not blank; `None` at the end.
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, TableError>> {
        loop {
            match self.read()? {
                Err(error) => return Some(Err(error)),
                Ok(_) if self.record.iter().all(|cell| trimmed(cell).is_empty()) => {}
                Ok(line) => return Some(Ok(Row { record: &self.record, line })),
            }
        }
    }

    /// Reads the next record and gives its line. It is fed to the reader line by line, so that a quote that is never
    /// closed is noticed where it stands and not at the end of the file; reading goes on behind its line then.
    fn read(&mut self) -> Option<Result<u64, TableError>> {
        let bytes = self.text.as_bytes();
        self.skip_line_ends();
        let Place { byte: start, line } = self.next;
        bytes.get(start)?;
        let end = memchr(b'\n', bytes.get(start..)?).map_or(bytes.len(), |n| start + n);
        let plain = self.text.get(start..end)?.trim_end_matches('\r');
        self.cut = end == bytes.len();
        if plain.len() <= MAX_RECORD && self.record.take_plain(plain, self.header.delimiter) {
            // The line's end is passed over with the blank lines behind it.
            self.next = Place { byte: end, line };
            return Some(Ok(line));
        }
        if let Some(reader) = &mut self.reader {
            reader.reset();
        }
        self.record.len = 0;
        let (mut at, mut written) = (start, 0);
        let mut first_end = None;
        for _ in 0..MAX_LINES_IN_RECORD {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                // The reader would take the end of its input for the end of the quote.
                self.cut = true;
                break;
            }
            // The last line may lack its end; with one, only a quote keeps the record open.
            let (input, whole) = match memchr(b'\n', rest) {
                Some(end) => (rest.get(..=end).unwrap_or_default(), true),
                None => (rest, false),
            };
            self.cut |= !whole;
            first_end.get_or_insert(at + input.len());
            if at + input.len() - start > MAX_RECORD {
                self.next = Place { byte: first_end.unwrap_or(bytes.len()), line: line + 1 };
                return Some(Err(match first_end == Some(at + input.len()) {
                    true => TableError::TooLong { line },
                    false => TableError::OpenQuote { line },
                }));
            }
            let (mut done, used) = self.feed(input, &mut written);
            at += used;
            if !done && !whole {
                done = self.feed(b"\n", &mut written).0;
                if !done {
                    break;
                }
            }
            if done {
                let lines = bytes.get(start..at).map_or(0, |all| memchr::memchr_iter(b'\n', all).count());
                self.next = Place { byte: at, line: line + lines as u64 };
                return Some(Ok(line));
            }
        }
        self.next = Place { byte: first_end.unwrap_or(bytes.len()), line: line + 1 };
        Some(Err(TableError::OpenQuote { line }))
    }

    /// Gives the reader more of a record: is it complete, and how much of the input was used?
    fn feed(&mut self, input: &[u8], written: &mut usize) -> (bool, usize) {
        let record = &mut self.record;
        // Room for whatever the input can hold, so that the reader never stops for want of it.
        record.cells.resize(record.cells.len().max(*written + input.len()), 0);
        record.ends.resize(record.ends.len().max(record.len + input.len() + 1), 0);
        let (cells, ends) = (record.cells.get_mut(*written..), record.ends.get_mut(record.len..));
        let delimiter = self.header.delimiter;
        let reader = self.reader.get_or_insert_with(|| ReaderBuilder::new().delimiter(delimiter).build());
        let (result, used, new_bytes, new_ends) =
            reader.read_record(input, cells.unwrap_or_default(), ends.unwrap_or_default());
        *written += new_bytes;
        record.len += new_ends;
        (matches!(result, ReadRecordResult::Record), used)
    }

    /// A record ends before its line's end; blank lines and the CR CR LF of `wmic` are passed over.
    fn skip_line_ends(&mut self) {
        while let Some(b @ (b'\r' | b'\n')) = self.text.as_bytes().get(self.next.byte) {
            self.next.line += u64::from(*b == b'\n');
            self.next.byte += 1;
        }
    }
}

/// Where the header stands, and the delimiter when a `sep=` line states it.
fn preamble(text: &str) -> Option<(Place, Option<u8>)> {
    let mut base = Place { byte: 0, line: 1 };
    let mut forced = None;
    loop {
        let rest = text.get(base.byte..)?;
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest.as_bytes());
        let line = rest.get(..end.unwrap_or(rest.len()))?.trim_matches(['\r', '\u{feff}', ' ']);
        let lower = line.get(..5).map(str::to_ascii_lowercase);
        if lower.as_deref().is_some_and(|l| l.starts_with("sep=")) && line.len() == 5 {
            forced = line.bytes().last().filter(|b| b.is_ascii());
        } else if !line.is_empty() && lower.as_deref() != Some("#type") {
            return Some((base, forced));
        }
        base = Place { byte: base.byte + end? + 1, line: base.line + 1 };
    }
}

/// The delimiter of a header line; a comma when it has none of them.
pub fn delimiter_of(header: &str) -> u8 {
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
        let mut table = Table::open(text).unwrap();
        let mut out = Vec::new();
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    out.push((row.line, (0..row.len()).map(|i| row.get(Some(i)).to_owned()).collect()))
                }
                Err(error) => out.push((0, vec![error.to_string()])),
            }
        }
        out
    }

    #[test]
    fn preambles_blank_lines_and_line_numbers() {
        let text = "#TYPE Selected.X\r\n\"Host\";\"Prefix Length\"\r\na;1\r\n\r\n;\r\nb;2\r\n";
        let table = Table::open(text).unwrap();
        assert_eq!(table.columns(), ["host", "prefixlength"]);
        assert_eq!(table.column(&["nothing", "PREFIX_LENGTH"]), Some(1));
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

    /// Every line opens a quote that it seems to close for those before it: `a` is no quoted cell, `"` opens one.
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
        // A cell of two lines at the end is none.
        assert_eq!(rows("a,b\n1,\"x\ny\""), [(2, vec!["1".into(), "x\ny".into()])]);
    }

    #[test]
    fn a_row_without_end_costs_itself() {
        let text = format!("a,b\n1,{}\n2,y\n", "x".repeat(2 * MAX_RECORD));
        let got = rows(&text);
        assert_eq!(got[0].1[0], "line 2: longer than 4 MiB; the row is skipped");
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
