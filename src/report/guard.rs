//! Names come from logs and may be chosen by somebody hostile: here they are made harmless for the place
//! they are written to. Nothing is lost or cleaned elsewhere; names are compared as the log has them.

use std::borrow::Cow;
use std::fmt::Write;

/// A CSV cell that a spreadsheet will not execute.
///
/// Excel, LibreOffice and Google Sheets take a cell that begins with `=`, `+`, `-`, `@`, tab or CR (and
/// their full-width forms) as a formula, also in quotes. An apostrophe in front makes it text (OWASP, "CSV injection").
/// Line breaks and other control characters are written as visible escapes, so that one row is one line.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Text that cannot drive a terminal: control characters, bidirectional overrides and line separators
/// become `\u{..}`, so that a name can neither recolour, move, nor reorder what a person reads.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_dangerous(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Can this character drive a terminal, or hide or reorder what is read?
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' // zero-width characters and direction marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, bidirectional overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates
            | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formula_starts_become_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"] {
            assert_eq!(cell(bad), format!("'{bad}"));
        }
        assert_eq!(cell("\t=1"), "\\u{9}=1");
        assert_eq!(cell("\r=1"), "\\u{d}=1");
        assert_eq!(cell("HTTP/a=b"), "HTTP/a=b");
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(visible("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(visible("Straße-日本"), "Straße-日本");
    }
}
