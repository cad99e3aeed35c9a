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
/// Where lists are separated by `;` (most of Europe), Excel cuts cells there: what follows one is guarded like a cell.
/// Line breaks and other control characters are written as visible escapes, so that one row is one line.
pub fn cell(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    if !text.split(';').any(is_formula) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (i, part) in text.split(';').enumerate() {
        if i > 0 {
            out.push(';');
        }
        if is_formula(part) {
            // Behind the blank of a list's `; `, which a reader splits at.
            let start = part.len() - part.trim_start_matches(' ').len();
            let (blanks, rest) = part.split_at(start);
            out.extend([blanks, "'", rest]);
        } else {
            out.push_str(part);
        }
    }
    Cow::Owned(out)
}

/// Blanks and quotes in front may be dropped by who reads the file.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches([' ', '"']).starts_with(FORMULA)
}

/// Text that cannot drive a terminal: control characters, bidirectional overrides and line separators
/// become `\u{..}`, so that a name can neither recolour, move, nor reorder what a person reads.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_printable(text) || !text.chars().any(is_dangerous) {
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

/// Is this printable ASCII, as nearly all text here is? Asked of all bytes without leaving early, which takes a processor a
/// few for each of its vectors.
fn is_printable(text: &str) -> bool {
    text.bytes().fold(true, |printable, byte| printable & matches!(byte, b' '..=b'~'))
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
    if is_printable(&json) || !json.chars().any(is_dangerous) {
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

/// The same as a CSV cell. No JSON begins like a formula, and what follows a `;` in a string does not either.
pub fn json_cell(value: &impl Serialize) -> io::Result<String> {
    let json = json(value)?;
    Ok(if json.split(';').skip(1).any(is_formula) { json.replace(';', "\\u003b") } else { json })
}

/// What [`cell`] had before it was guarded, as far as that can be told: the apostrophes are taken off again, visible
/// escapes stay, because a name can hold their letters.
pub fn uncell(text: &str) -> Cow<'_, str> {
    let guarded = |part: &str| part.trim_start_matches(' ').strip_prefix('\'').is_some_and(is_formula);
    if !text.split(';').any(guarded) {
        return Cow::Borrowed(text);
    }
    let parts =
        text.split(';').map(|part| if guarded(part) { part.replacen('\'', "", 1) } else { part.to_owned() });
    Cow::Owned(parts.collect::<Vec<_>>().join(";"))
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
    fn a_formula_behind_a_semicolon_becomes_text() {
        for (bad, guarded) in [
            ("host/x;=1+1", "host/x;'=1+1"),
            ("host/x;@SUM(A1);+1", "host/x;'@SUM(A1);'+1"),
            ("a; =1", "a; '=1"),
            ("a;\"=1\"", "a;'\"=1\""),
            (" =1", " '=1"),
            ("\"=1", "'\"=1"),
        ] {
            assert_eq!(cell(bad), guarded);
            assert_eq!(uncell(guarded), bad);
        }
        for good in ["a; b; c-d", "a;b=c", "; ", "\"quoted\"; x"] {
            assert_eq!(cell(good), good);
        }
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
    fn json_in_a_cell_has_no_formula_and_says_the_same() {
        assert_eq!(json_cell(&"a; b").unwrap(), "\"a; b\"");
        let written = json_cell(&["x;=1", "a; b"]).unwrap();
        assert!(!written.contains(';'));
        assert_eq!(serde_json::from_str::<[String; 2]>(&written).unwrap(), ["x;=1", "a; b"]);
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
