//! Escapes text for the place it is written to: a CSV cell, a terminal, JSON.
//!
//! Names come from logs, and an attacker may have chosen them. Nothing else changes a name: names are
//! compared as the log has them.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

use serde::Serialize;

/// Characters that make a spreadsheet read a cell as a formula.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫'];

/// A CSV cell that a spreadsheet does not execute.
///
/// Excel, LibreOffice and Google Sheets read a cell that begins with `=`, `+`, `-`, `@`, tab or CR (and
/// their full-width and small forms) as a formula, also in quotes. An apostrophe in front makes it text (OWASP,
/// "CSV injection"). Where the list separator is `;` (most of Europe), Excel splits cells there, so the
/// text after each `;` is escaped as a cell of its own. Control characters become visible escapes
/// ([`escape_control`]), so that one row is one line.
pub fn escape_cell(text: &str) -> Cow<'_, str> {
    let text = escape_control(text);
    // `is_formula` looks no further than a `;`, so it needs no end of a part.
    let mut ends = memchr::memchr_iter(b';', text.as_bytes());
    if !is_formula(&text) && !ends.any(|end| text.get(end + 1..).is_some_and(is_formula)) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (i, part) in text.split(';').enumerate() {
        if i > 0 {
            out.push(';');
        }
        if is_formula(part) {
            // After the blank of `; `, at which a reader splits the list.
            let start = part.len() - part.trim_start_matches(' ').len();
            let (blanks, rest) = part.split_at(start);
            out.extend([blanks, "'", rest]);
        } else {
            out.push_str(part);
        }
    }
    Cow::Owned(out)
}

/// Is the text a formula for a spreadsheet, which may drop blanks and quotes in front?
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '"').starts_with(FORMULA)
}

/// Text that cannot drive a terminal: control characters, bidirectional overrides and line separators
/// become `\u{..}`, so that a name can neither recolour, move, nor reorder what a person reads.
pub fn escape_control(text: &str) -> Cow<'_, str> {
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

/// Text that no mail, chat or ticket reads as markup, a link or a mention, and that cannot drive a terminal. A character that begins
/// one of these becomes `\u{..}`. Commands between backquotes stay, with their placeholders.
pub(crate) fn escape_markup(text: &str) -> String {
    let text = escape_control(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut pieces = text.split('`').peekable();
    let mut is_code = false;
    while let Some(piece) = pieces.next() {
        let closes = pieces.peek().is_some();
        for (at, c) in piece.char_indices() {
            let rest = piece.get(at..).unwrap_or_default();
            let is_plain = match c {
                '<' => is_code && is_placeholder(rest),
                '@' | '&' | '[' | ']' | '*' | '~' | '|' => is_code,
                '/' => !rest.starts_with("//"),
                _ => true,
            };
            if is_plain {
                out.push(c);
            } else {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
        if closes && (is_code || has_closing_backquote(&pieces)) {
            out.push('`');
            is_code = !is_code;
        } else if closes {
            out.push_str("\\u{60}");
        }
    }
    out
}

/// Is there another backquote between the pieces that follow?
fn has_closing_backquote<'t>(pieces: &(impl Iterator<Item = &'t str> + Clone)) -> bool {
    pieces.clone().nth(1).is_some()
}

/// Does the text begin with a placeholder of a command, as `<target host>`?
fn is_placeholder(text: &str) -> bool {
    text.strip_prefix('<').and_then(|rest| rest.split_once('>')).is_some_and(|(inside, _)| {
        !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ' || b == b'-')
    })
}

/// Is this printable ASCII, as nearly all text here is? The loop has no early exit, so that the compiler
/// vectorises it.
fn is_printable(text: &str) -> bool {
    text.bytes().fold(true, |printable, byte| printable & matches!(byte, b' '..=b'~'))
}

/// Can this character drive a terminal, or hide or reorder what a person reads?
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' // soft hyphen
            | '\u{34f}' // combining grapheme joiner, which shows nothing
            | '\u{61c}' // Arabic letter mark, which gives direction too
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers, which look like blanks or nothing
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' // vowels and variants that show nothing
            | '\u{200b}'..='\u{200f}' // zero-width characters and direction marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, bidirectional overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates
            | '\u{2800}' // a Braille pattern without a dot
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' // variants of a character
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' // interlinear annotations
            | '\u{1d173}'..='\u{1d17a}' // invisible signs of music
            | '\u{e0000}'..='\u{e007f}') // tags: invisible text
}

/// JSON without characters that drive a terminal. Those that JSON allows raw (DEL, C1, text direction)
/// occur only in strings, so they are escaped in the finished text.
pub fn escape_json(value: &impl Serialize) -> io::Result<String> {
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

/// JSON as a CSV cell that a spreadsheet does not execute. JSON never begins like a formula, so only text after a `;` in a string
/// is escaped.
pub fn escape_json_cell(value: &impl Serialize) -> io::Result<String> {
    let json = escape_json(value)?;
    Ok(if json.split(';').skip(1).any(is_formula) { json.replace(';', "\\u003b") } else { json })
}

/// Removes the apostrophes that [`escape_cell`] added. Visible escapes stay, because a name may
/// contain their letters.
pub fn unescape_cell(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\'', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let escaped = |part: &str| part.trim_start_matches(' ').strip_prefix('\'').is_some_and(is_formula);
    if !text.split(';').any(escaped) {
        return Cow::Borrowed(text);
    }
    let parts =
        text.split(';').map(|part| if escaped(part) { part.replacen('\'', "", 1) } else { part.to_owned() });
    Cow::Owned(parts.collect::<Vec<_>>().join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formula_starts_become_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "﹦1", "\u{a0}=1", "\u{3000}=1"] {
            assert_eq!(escape_cell(bad), format!("'{bad}"));
        }
        assert_eq!(escape_cell("\t=1"), "\\u{9}=1");
        assert_eq!(escape_cell("\r=1"), "\\u{d}=1");
        assert_eq!(escape_cell("HTTP/a=b"), "HTTP/a=b");
    }

    #[test]
    fn a_formula_behind_a_semicolon_becomes_text() {
        for (bad, escaped) in [
            ("host/x;=1+1", "host/x;'=1+1"),
            ("host/x;@SUM(A1);+1", "host/x;'@SUM(A1);'+1"),
            ("a; =1", "a; '=1"),
            ("a;\"=1\"", "a;'\"=1\""),
            (" =1", " '=1"),
            ("\"=1", "'\"=1"),
        ] {
            assert_eq!(escape_cell(bad), escaped);
            assert_eq!(unescape_cell(escaped), bad);
        }
        for good in ["a; b; c-d", "a;b=c", "; ", "\"quoted\"; x"] {
            assert_eq!(escape_cell(good), good);
        }
    }

    #[test]
    fn escaping_can_be_undone() {
        for text in ["=1+1", "@SUM(A1)", "＝1", "'quoted'", "SRV1", "'", ""] {
            assert_eq!(unescape_cell(&escape_cell(text)), text);
        }
    }

    #[test]
    fn markup_becomes_text_and_commands_stay() {
        for (text, want) in [
            ("SRV1 asks for HTTP/srv2.a.com", "SRV1 asks for HTTP/srv2.a.com"),
            ("Run `setspn -Q <SPN>` now.", "Run `setspn -Q <SPN>` now."),
            (
                "Run `Resolve-DnsName <target host> | Out-File a[1]*`.",
                "Run `Resolve-DnsName <target host> | Out-File a[1]*`.",
            ),
            (
                "<!channel> @here [a](http://b) ~~c~~",
                "\\u{3c}!channel> \\u{40}here \\u{5b}a\\u{5d}(http:\\u{2f}/b) \\u{7e}\\u{7e}c\\u{7e}\\u{7e}",
            ),
            ("`<!channel>` <script>", "`\\u{3c}!channel>` \\u{3c}script>"),
            ("one ` <target host>", "one \\u{60} \\u{3c}target host>"),
            ("\u{1b}[31m", "\\u{1b}\\u{5b}31m"),
        ] {
            assert_eq!(escape_markup(text), want);
        }
    }

    #[test]
    fn json_keeps_every_character_and_none_of_them_acts() {
        let text = "a\u{9b}31m\u{7f}\u{202e}é漢\u{1b}";
        let written = escape_json(&text).unwrap();
        assert!(!written.chars().any(is_dangerous), "{written:?}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn json_in_a_cell_has_no_formula_and_says_the_same() {
        assert_eq!(escape_json_cell(&"a; b").unwrap(), "\"a; b\"");
        let written = escape_json_cell(&["x;=1", "a; b"]).unwrap();
        assert!(!written.contains(';'));
        assert_eq!(serde_json::from_str::<[String; 2]>(&written).unwrap(), ["x;=1", "a; b"]);
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(escape_control("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(escape_control("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(escape_control("Straße-日本"), "Straße-日本");
    }

    #[test]
    fn the_arabic_letter_mark_and_invisible_letters_become_visible() {
        assert_eq!(escape_control("srv\u{61c}1"), "srv\\u{61c}1");
        for c in ['\u{ad}', '\u{3164}', '\u{180e}', '\u{fff9}', '\u{e0041}'] {
            assert!(escape_control(&format!("srv{c}1")).contains("\\u{"), "{c:?}");
        }
    }
}
