//! Text as administrators export it: encodings, delimiters, and rows found by the header's names.
//!
//! Windows PowerShell 5 writes UTF-16 with `>` and ASCII with `Export-Csv`, PowerShell 7 UTF-8 without a
//! mark, `cmd` the OEM code page, a spreadsheet any of them with the list separator of its culture.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP850;

/// Bytes looked at for zeros when UTF-16 carries no mark.
const UTF16_SNIFF: usize = 4096;
/// Non-ASCII lines shown to the detector; more would not change its mind, only take time.
const DETECTOR_BYTES: usize = 64 * 1024;
/// A record over more lines than this is taken for a quote that was never closed.
const MAX_LINES_IN_RECORD: u64 = 64;

/// Text of a file whose encoding nobody stated.
///
/// A byte order mark decides; else zeros tell UTF-16; else valid UTF-8 is UTF-8; else a code page is
/// guessed. A wrong guess costs the accents of a description, never an address or a delimiter: those are
/// ASCII in every candidate, and no double-byte trail byte is a digit, quote, colon, comma or semicolon.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        return encoding.decode_without_bom_handling(body).0;
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => CodePage::guess(bytes.get(error.valid_up_to()..).unwrap_or_default()).decode(bytes),
    }
}

/// UTF-16 text of Western exports has a zero in every second byte; no other text has any.
pub(super) fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..UTF16_SNIFF.min(bytes.len())).unwrap_or_default();
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let (mut even, mut odd) = (0usize, 0usize);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair.first() == Some(&0));
        odd += usize::from(pair.get(1) == Some(&0));
    }
    // A third, because ideographs have no zero byte, but digits, colons and line ends beside them have.
    if odd * 3 >= pairs && even * 8 < odd {
        Some(UTF_16LE)
    } else if even * 3 >= pairs && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// What text is written in that is neither UTF-8 nor UTF-16.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CodePage {
    /// The Western OEM page of `cmd`, which no web standard (and so not `encoding_rs`) knows.
    Oem850,
    Known(&'static Encoding),
}

impl CodePage {
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Oem850 => Cow::Owned(oem_cp::decode_string_complete_table(bytes, &DECODING_TABLE_CP850)),
            Self::Known(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }

    /// From the bytes at and after the first that is not UTF-8.
    pub(super) fn guess(bytes: &[u8]) -> Self {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        let mut seen = Seen::default();
        let mut fed = 0;
        for line in bytes.split(|&b| b == b'\n') {
            if line.is_ascii() {
                continue;
            }
            let line = line.get(..DETECTOR_BYTES.min(line.len())).unwrap_or_default();
            seen.count(line);
            detector.feed(line, false);
            fed += line.len();
            if fed >= DETECTOR_BYTES {
                break;
            }
        }
        detector.feed(b"", true);
        let guess = detector.guess(None, Utf8Detection::Deny);
        let latin = ["windows-1250", "windows-1252", "windows-1254", "windows-1257", "windows-1258"];
        let western = seen.is_western() || latin.contains(&guess.name());
        if western && seen.oem > seen.ansi {
            Self::Oem850
        } else if western && !latin.contains(&guess.name()) {
            Self::Known(WINDOWS_1252)
        } else {
            Self::Known(guess)
        }
    }
}

/// What the words with non-ASCII bytes look like. The detector knows the Web's encodings; of the OEM pages
/// it knows 866 alone, and takes a German `f\x81r` for the half of a Chinese character.
#[derive(Default)]
struct Seen {
    /// Bytes where the OEM pages (437, 850) have their letters.
    oem: u64,
    /// Bytes where 1252 has them.
    ansi: u64,
    high: u64,
    /// All bytes of words that have a high one.
    letters: u64,
}

impl Seen {
    fn count(&mut self, line: &[u8]) {
        for word in line.split(|b| b.is_ascii() && !b.is_ascii_alphabetic()) {
            let high = word.iter().filter(|b| !b.is_ascii()).count() as u64;
            if high > 0 {
                self.high += high;
                self.letters += word.len() as u64;
            }
        }
        self.oem += line.iter().filter(|b| (0x80..=0xa5).contains(*b)).count() as u64;
        self.ansi += line.iter().filter(|b| **b >= 0xc0).count() as u64;
    }

    /// An accented letter in a few, while other scripts have at least every second byte high.
    fn is_western(&self) -> bool {
        self.high * 5 < self.letters * 2
    }
}

/// The first `bytes` bytes of a text, or a few less so as not to cut a character.
pub fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A column name as it is compared: `Prefix Length`, `prefix_length` and `PrefixLength` are one.
pub fn column_key(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase).collect()
}

/// A delimited text with a header, read row by row; the delimiter is `,`, `;` or tab, whichever the
/// header holds most of. A `#TYPE` line (Windows PowerShell), a `sep=` line (Excel) and blank lines before
/// the header are passed over.
pub struct Table<'t> {
    text: &'t str,
    delimiter: u8,
    columns: Vec<String>,
    reader: csv::Reader<&'t [u8]>,
    /// What the reader's own positions must be raised by: it is started anew behind the preamble and
    /// after a quote that was never closed.
    base: Base,
    record: csv::StringRecord,
}

#[derive(Clone, Copy)]
struct Base {
    byte: usize,
    line: u64,
}

/// One row of a [`Table`].
pub struct Row<'r> {
    record: &'r csv::StringRecord,
    /// 1-based line of the file on which the row begins.
    pub line: u64,
}

impl<'r> Row<'r> {
    /// The cell without surrounding blanks; empty when the column or the cell is missing.
    pub fn get(&self, column: Option<usize>) -> &'r str {
        column.and_then(|i| self.record.get(i)).unwrap_or("").trim()
    }

    /// Cells in the row.
    pub fn len(&self) -> usize {
        self.record.len()
    }

    /// True when the row has no cell, or only empty ones (`;;;` at the end of a sheet).
    pub fn is_empty(&self) -> bool {
        self.record.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A row that cannot be read; the rest of the table can.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("line {line}: a quotation mark is opened and not closed within {MAX_LINES_IN_RECORD} lines")]
    OpenQuote { line: u64 },
    #[error("line {line}: {reason}")]
    Unreadable { line: u64, reason: String },
}

impl<'t> Table<'t> {
    /// `None` when the text has no line that could be a header.
    pub fn open(text: &'t str) -> Option<Self> {
        let (base, forced) = preamble(text)?;
        let body = text.get(base.byte..)?;
        let first = body.lines().next()?;
        let delimiter = forced.unwrap_or_else(|| delimiter_of(first));
        let mut table = Table {
            text,
            delimiter,
            columns: Vec::new(),
            reader: reader_at(body, delimiter),
            base,
            record: csv::StringRecord::new(),
        };
        if !table.reader.read_record(&mut table.record).ok()? {
            return None;
        }
        table.columns = table.record.iter().map(column_key).collect();
        Some(table)
    }

    /// The header's names as [`column_key`] makes them.
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

    /// The next row that is not blank; `None` at the end.
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, TableError>> {
        loop {
            let read = self.reader.read_record(&mut self.record);
            let start = match &read {
                Ok(_) => self.record.position().map(|p| p.byte()),
                Err(error) => error.position().map(|p| p.byte()),
            };
            let start = start.unwrap_or(0);
            let (byte, line) = self.first_line(start);
            match read {
                Ok(false) => return None,
                Ok(true) => {
                    let end = self.base.line + self.reader.position().line() - 1;
                    if end.saturating_sub(line) > MAX_LINES_IN_RECORD {
                        return match self.restart_after(byte, line) {
                            true => Some(Err(TableError::OpenQuote { line })),
                            false => None,
                        };
                    }
                    if self.record.iter().all(|cell| cell.trim().is_empty()) {
                        continue;
                    }
                    return Some(Ok(Row { record: &self.record, line }));
                }
                Err(error) => {
                    let reason = error.to_string();
                    return match self.restart_after(byte, line) {
                        true => Some(Err(TableError::Unreadable { line, reason })),
                        false => None,
                    };
                }
            }
        }
    }

    /// Place of a record's first character: the reader's position may stand on line ends before it
    /// (`wmic` ends its lines with CR CR LF).
    fn first_line(&self, start: u64) -> (usize, u64) {
        let mut byte = self.base.byte + usize::try_from(start).unwrap_or(usize::MAX);
        let before = self.record.position().map_or(1, |p| p.line());
        let mut line = self.base.line + before - 1;
        while let Some(&b) = self.text.as_bytes().get(byte) {
            match b {
                b'\n' => line += 1,
                b'\r' => {}
                _ => break,
            }
            byte += 1;
        }
        (byte, line)
    }

    /// Reads on at the line after the one at `byte`. Each opening quote is passed once, so the whole
    /// stays linear: after the restart no quote before the old end can swallow as much again.
    fn restart_after(&mut self, byte: usize, line: u64) -> bool {
        let rest = self.text.as_bytes().get(byte..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return false;
        };
        self.base = Base { byte: byte + end + 1, line: line + 1 };
        let Some(body) = self.text.get(self.base.byte..) else {
            return false;
        };
        self.reader = reader_at(body, self.delimiter);
        true
    }
}

fn reader_at(body: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(body.as_bytes())
}

/// Where the header stands, and the delimiter when a `sep=` line states it.
fn preamble(text: &str) -> Option<(Base, Option<u8>)> {
    let mut base = Base { byte: 0, line: 1 };
    let mut forced = None;
    loop {
        let rest = text.get(base.byte..)?;
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let line = rest.get(..end.unwrap_or(rest.len()))?.trim_matches(['\r', '\u{feff}', ' ']);
        let lower = line.get(..5).map(str::to_ascii_lowercase);
        if lower.as_deref().is_some_and(|l| l.starts_with("sep=")) && line.len() == 5 {
            forced = line.bytes().last().filter(|b| b.is_ascii());
        } else if !line.is_empty() && lower.as_deref() != Some("#type") {
            return Some((base, forced));
        }
        base = Base { byte: base.byte + end? + 1, line: base.line + 1 };
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

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let unit = |u: u16| {
            if big { u.to_be_bytes() } else { u.to_le_bytes() }
        };
        let mark = if mark { vec![0xfeff] } else { vec![] };
        mark.into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn every_unicode_encoding_gives_the_same_text() {
        let text = "host;address\r\nSRV-Ä;192.0.2.1\r\n";
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode(format!("\u{feff}{text}").as_bytes()), text);
        for (big, mark) in [(false, true), (false, false), (true, true), (true, false)] {
            assert_eq!(decode(&utf16(text, big, mark)), text, "big {big}, mark {mark}");
        }
    }

    #[test]
    fn utf16_without_mark_in_japanese() {
        let text =
            "   説明. . . . . . . . : 日本語のアダプター\r\n   IPv4 アドレス . . . : 192.0.2.1(優先)\r\n";
        assert_eq!(decode(&utf16(text, false, false)), text);
    }

    #[test]
    fn german_oem_and_ansi_are_told_apart() {
        let text = "Verbindungslokale Adresse für Größe: Bevorzugt, Gültig über Zähler";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP850);
        assert_eq!(decode(&oem), text);
        let (ansi, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(decode(&ansi), text);
    }

    #[test]
    fn russian_oem_and_japanese() {
        let text =
            "   Описание. . . . . . . . . . . . . : Подключение по локальной сети\r\n   Физический адрес\r\n";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP866);
        assert_eq!(decode(&oem), text);
        let text = "   物理アドレス. . . . . . : 36-40-B5-00-00-01\r\n   説明: イーサネット アダプター\r\n";
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        assert_eq!(decode(&sjis), text);
    }

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

    #[test]
    fn delimiters() {
        assert_eq!(delimiter_of("host,address"), b',');
        assert_eq!(delimiter_of("\"a,b,c\";d"), b';');
        assert_eq!(delimiter_of("a\tb"), b'\t');
        assert_eq!(delimiter_of("host"), b',');
        assert_eq!(delimiter_of("a,b;c"), b',');
    }
}
