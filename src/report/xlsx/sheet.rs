//! Writes one worksheet with a frozen header, filters and wrapped cells, within Excel's limits.

use jiff::Timestamp;
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use crate::report::numbers::group_digits;
use crate::text::escape::escape_control;
use crate::zone::Zone;

/// Excel's limit for the rows of a sheet, including the header.
pub(super) const MAX_ROWS: u32 = 1_048_576;
/// Excel's limit for the text of a cell, in UTF-16 units.
pub(super) const MAX_CELL: usize = 32_767;

/// Maximum number of UTF-16 units of the note about a cut text.
const CUT_NOTE: usize = 80;

/// Largest integer that Excel holds exactly. It has only floating-point numbers.
const MAX_EXACT: u64 = 1 << 53;

/// Height of a line in points.
const LINE_HEIGHT: f64 = 15.0;
/// Maximum number of lines that a row shows. Excel shows the rest of a selected cell in the formula bar.
const MAX_LINES: usize = 8;

/// Value of a cell. No value is ever a formula.
pub(super) enum Cell {
    Text(String),
    /// A text with one line for each item.
    List(Vec<String>),
    Number(u64),
    /// A time in RFC 3339. Any other text is written unchanged.
    Time(String),
    /// A word on a coloured background.
    Coloured(String, Fill),
}

/// Background colours on which black text is readable.
#[derive(Clone, Copy)]
pub(super) enum Fill {
    Red,
    Orange,
    Yellow,
    Green,
    Grey,
}

impl Fill {
    const ALL: [Self; 5] = [Self::Red, Self::Orange, Self::Yellow, Self::Green, Self::Grey];

    fn colour(self) -> Color {
        Color::RGB(match self {
            Self::Red => 0xF8_CB_CB,
            Self::Orange => 0xFC_E0_C0,
            Self::Yellow => 0xFF_F4_C2,
            Self::Green => 0xD3_EE_D6,
            Self::Grey => 0xE6_E9_ED,
        })
    }
}

/// Cell formats, which all sheets share.
pub(super) struct Formats {
    header: Format,
    text: Format,
    /// Format of a text that Excel would turn into a formula when somebody edits the cell. The quote prefix prevents that.
    quoted: Format,
    number: Format,
    time: Format,
    fills: Vec<Format>,
    /// Zone of the times.
    zone: Zone,
}

impl Formats {
    pub(super) fn new(zone: &Zone) -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        let header = top().set_bold().set_text_wrap().set_background_color(Color::RGB(0xDD_E5_EE));
        Self {
            header,
            text: top().set_text_wrap(),
            quoted: top().set_text_wrap().set_quote_prefix(),
            number: top().set_num_format("#,##0"),
            time: top().set_num_format("yyyy-mm-dd hh:mm:ss"),
            fills: Fill::ALL.map(|fill| top().set_background_color(fill.colour())).to_vec(),
            zone: zone.clone(),
        }
    }
}

/// Writer of a sheet. It writes each row once, from top to bottom.
pub(super) struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a Formats,
    /// Widths of the columns in characters.
    widths: Vec<u16>,
    max_rows: u32,
    /// Index of the next row.
    next: u32,
    left_out: LeftOut,
}

/// Rows and text that did not fit into a sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Number of rows left out.
    pub rows: u64,
    /// Number of cells whose text was cut.
    pub cells: u64,
}

impl<'a> Sheet<'a> {
    /// Adds a sheet to the workbook. `columns` are titles with widths in characters. `(UTC)` in a title becomes the zone.
    /// `max_rows` includes the header.
    pub(super) fn new(
        workbook: &'a mut Workbook,
        name: &str,
        columns: &[(&str, u16)],
        formats: &'a Formats,
        max_rows: u32,
    ) -> Result<Self, XlsxError> {
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_landscape().set_repeat_rows(0, 0)?;
        for (column, (title, width)) in (0..).zip(columns) {
            sheet.set_column_width(column, *width)?;
            let title = title.replace("(UTC)", &format!("({})", formats.zone));
            sheet.write_string_with_format(0, column, title, &formats.header)?;
        }
        let widths = columns.iter().map(|(_, width)| *width).collect();
        Ok(Self { sheet, formats, widths, max_rows, next: 1, left_out: LeftOut::default() })
    }

    /// Writes a row, or counts it if the sheet is full.
    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        if self.next >= self.max_rows {
            self.left_out.rows += 1;
            return Ok(());
        }
        let cells: Vec<Cell> = cells.into_iter().map(|cell| self.make_printable(cell)).collect();
        let lines = self.widths.iter().zip(&cells).map(|(width, cell)| lines(cell, *width)).max();
        let lines = u8::try_from(lines.unwrap_or(1).clamp(1, MAX_LINES)).unwrap_or(1);
        self.sheet.set_row_height(self.next, LINE_HEIGHT * f64::from(lines))?;
        for (column, cell) in (0..).zip(&cells) {
            self.cell(column, cell)?;
        }
        self.next += 1;
        Ok(())
    }

    /// Joins lists, escapes control characters, and cuts the text at Excel's limit.
    fn make_printable(&mut self, cell: Cell) -> Cell {
        match cell {
            Cell::List(items) => {
                let lines: Vec<_> = items.iter().map(|item| escape_control(item)).collect();
                Cell::Text(self.cut(lines.join("\n")))
            }
            Cell::Text(text) => Cell::Text(self.cut(escape_control(&text).into_owned())),
            Cell::Time(text) if text.parse::<Timestamp>().is_err() => self.make_printable(Cell::Text(text)),
            other => other,
        }
    }

    fn cell(&mut self, column: u16, cell: &Cell) -> Result<(), XlsxError> {
        let (row, formats) = (self.next, self.formats);
        match cell {
            Cell::Number(n) if *n <= MAX_EXACT => {
                self.sheet.write_number_with_format(row, column, *n as f64, &formats.number)?;
            }
            Cell::Number(n) => {
                self.sheet.write_string_with_format(row, column, n.to_string(), &formats.text)?;
            }
            Cell::Time(text) => match text.parse().ok().and_then(|time| excel_time(time, &formats.zone)) {
                Some(time) => {
                    self.sheet.write_datetime_with_format(row, column, time, &formats.time)?;
                }
                None => {
                    self.sheet.write_string_with_format(row, column, text, &formats.text)?;
                }
            },
            Cell::Coloured(text, fill) => {
                let format = formats.fills.get(*fill as usize).unwrap_or(&formats.text);
                self.sheet.write_string_with_format(row, column, text, format)?;
            }
            Cell::Text(text) if !text.is_empty() => {
                let format = if looks_like_formula(text) { &formats.quoted } else { &formats.text };
                self.sheet.write_string_with_format(row, column, text, format)?;
            }
            Cell::Text(_) | Cell::List(_) => {}
        }
        Ok(())
    }

    /// Cuts a text at Excel's limit. The end of a cut text has the number of characters that are missing.
    fn cut(&mut self, text: String) -> String {
        // A text never has more UTF-16 units than bytes of UTF-8.
        if text.len() <= MAX_CELL || text.encode_utf16().count() <= MAX_CELL {
            return text;
        }
        self.left_out.cells += 1;
        let (mut units, mut end) = (0, 0);
        for c in text.chars() {
            units += c.len_utf16();
            if units > MAX_CELL - CUT_NOTE {
                break;
            }
            end += c.len_utf8();
        }
        let (kept, rest) = text.split_at(end);
        format!("{kept}… ({} more characters; the CSV has them)", group_digits(rest.chars().count() as u64))
    }

    /// Adds the filters. Returns the rows and text that did not fit.
    pub(super) fn finish(self) -> Result<LeftOut, XlsxError> {
        let last = u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(0);
        self.sheet.autofilter(0, 0, self.next - 1, last)?;
        Ok(self.left_out)
    }
}

/// Converts to local time in the zone, to the second. `None` outside Excel's years, 1900 to 9999.
fn excel_time(time: Timestamp, zone: &Zone) -> Option<ExcelDateTime> {
    // Excel has no time zones, so the local time is passed as if it were UTC.
    let clock = Zone::UTC.timestamp_of(zone.civil_of(time))?;
    ExcelDateTime::from_timestamp(clock.as_second()).ok()
}

fn looks_like_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Estimates the number of lines of a text in a column of `width` characters.
fn lines(cell: &Cell, width: u16) -> usize {
    let Cell::Text(text) = cell else { return 1 };
    let width = usize::from(width.max(1));
    text.split('\n').take(MAX_LINES).map(|line| line.len().div_ceil(width).max(1)).sum()
}
