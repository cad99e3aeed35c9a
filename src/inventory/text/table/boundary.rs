//! Which line of a table begins a record, told from the lines just before it: to cut a table without reading it.
//!
//! Before a line's end a reader is between records or inside quotes. A line that leads out of both tells that
//! the next begins a record, whatever stands before; nearly every line with quotes does. So do
//! [`MAX_LINES_IN_RECORD`] lines without any quote, as no record is longer.

use memchr::{memchr, memrchr};

use super::MAX_LINES_IN_RECORD;

/// Lines looked at.
const MAX_LINES: usize = 256;

/// The last line up to `end` that surely begins a record. The text begins with one.
pub(super) fn near(text: &[u8], end: usize, delimiter: u8) -> Option<usize> {
    let mut boundary = memrchr(b'\n', text.get(..end)?)? + 1;
    let (mut from, mut quoteless) = (boundary, 0);
    for _ in 0..MAX_LINES {
        let until = from;
        // A line's beginning is behind the end of the one before.
        from = memrchr(b'\n', text.get(..until.checked_sub(1)?)?).map_or(0, |at| at + 1);
        let line = text.get(from..until)?;
        if memchr(b'"', line).is_none() {
            quoteless += 1;
            if from == 0 || quoteless == MAX_LINES_IN_RECORD {
                return Some(boundary);
            }
        } else if !ends_quoted(line, delimiter, false) && (from == 0 || !ends_quoted(line, delimiter, true)) {
            return Some(boundary);
        } else {
            (boundary, quoteless) = (from, 0);
        }
        if from == 0 {
            return None;
        }
    }
    None
}

/// As `csv_core` reads: a quote opens at the beginning of a cell only, two within quotes are one, and what
/// follows a closing quote is part of the cell.
fn ends_quoted(line: &[u8], delimiter: u8, mut quoted: bool) -> bool {
    let mut rest = line;
    if !quoted && let Some((b'"', after)) = rest.split_first() {
        (quoted, rest) = (true, after);
    }
    loop {
        if quoted {
            let Some(quote) = memchr(b'"', rest) else { return true };
            rest = rest.get(quote + 1..).unwrap_or_default();
            if let Some((b'"', after)) = rest.split_first() {
                rest = after;
                continue;
            }
        }
        // The rest of a cell without quotes.
        let Some(cell) = rest.iter().position(|b| *b == delimiter || matches!(b, b'\r' | b'\n')) else {
            return false;
        };
        rest = rest.get(cell + 1..).unwrap_or_default();
        quoted = false;
        if let Some((b'"', after)) = rest.split_first() {
            (quoted, rest) = (true, after);
        }
    }
}
