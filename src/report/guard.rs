//! Names come from logs and may be chosen by somebody hostile: here they are made harmless for the place
//! they are written to. Nothing is lost or cleaned elsewhere; names are compared as the log has them.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

use serde::Serialize;

/// What makes a spreadsheet take a cell as a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A CSV cell that a spreadsheet will not execute.
///
/// Excel, LibreOffice and Google Sheets take a cell that begins with `=`, `+`, `-`, `@`, tab or CR (and
/// their full-width forms) as a formula, also in quotes. An apostrophe in front makes it text (OWASP, "CSV injection").
/// Line breaks and other control characters are written as visible escapes, so that one row is one line.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if text.starts_with(FORMULA) { Cow::Owned(format!("'{text}")) } else { text }
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
            '\u{ad}' // soft hyphen
            | '\u{61c}' // Arabic letter mark, which gives direction too
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers, which look like blanks or nothing
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}' // zero-width characters and direction marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, bidirectional overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' // interlinear annotations
            | '\u{e0000}'..='\u{e007f}') // tags: invisible text
}

/// JSON in which nothing can drive a terminal. What JSON allows raw (DEL, C1, directions of writing) stands
/// in strings only, so it can be escaped after the fact.
pub fn json(value: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(value)?;
    if !json.chars().any(is_dangerous) {
        return Ok(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_dangerous(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

/// What [`cell`] had before it was guarded, as far as that can be told: the apostrophe is taken off again, visible
/// escapes stay, because a name can hold their letters.
pub fn uncell(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => text,
    }
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
    fn guarding_can_be_undone() {
        for text in ["=1+1", "@SUM(A1)", "＝1", "'quoted'", "SRV1", "'", ""] {
            assert_eq!(uncell(&cell(text)), text);
        }
    }

    #[test]
    fn json_keeps_every_character_and_none_of_them_acts() {
        let text = "a\u{9b}31m\u{7f}\u{202e}é漢\u{1b}";
        let written = json(&text).unwrap();
        assert!(!written.chars().any(is_dangerous), "{written:?}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(visible("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(visible("Straße-日本"), "Straße-日本");
    }

    #[test]
    fn the_arabic_letter_mark_and_invisible_letters_become_visible() {
        assert_eq!(visible("srv\u{61c}1"), "srv\\u{61c}1");
        for c in ['\u{ad}', '\u{3164}', '\u{180e}', '\u{fff9}', '\u{e0041}'] {
            assert!(visible(&format!("srv{c}1")).contains("\\u{"), "{c:?}");
        }
    }
}
