//! Decodes text, splits it into lines, cells, properties and JSON objects, and escapes it where it is written.
//!
//! Order of the files: [`decode`], then the readers of its text ([`lines`], [`delimited`] with [`row_check`],
//! [`property_list`], [`clixml`],
//! [`json`] on [`json_window`]). [`escape`] and [`sentence`] are independent.

pub(crate) mod clixml;
pub(crate) mod decode;
pub(crate) mod delimited;
pub mod escape;
pub(crate) mod json;
mod json_window;
pub(crate) mod lines;
pub(crate) mod property_list;
pub(crate) mod row_check;
pub(crate) mod sentence;

use sha2::{Digest, Sha256};

/// The first `bytes` bytes of a text, or a few less so as not to split a character.
pub(crate) fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Returns the first 64 bits of the SHA-256 of a text.
pub(crate) fn sha256_64(text: &str) -> u64 {
    Sha256::digest(text).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Shortens a text of more than `max` bytes to its beginning, its length and the first 64 bits of its SHA-256, which keep
/// two texts with one beginning apart. `None` if the text is short enough.
pub fn cut(text: &str, max: usize) -> Option<String> {
    (text.len() > max).then(|| {
        let hash = sha256_64(text);
        format!("{}...[{} bytes, SHA-256 {hash:016x}]", beginning(text, max), text.len())
    })
}

/// Removes the `> ` marks of a text that a mail quotes. Lines keep their numbers. `None` if the text is not quoted.
///
/// In a quoted text most lines begin with `>`, and a blank or another `>` follows each mark. `AdFind` writes `>name: value`,
/// which is not a quote.
pub(crate) fn unquoted(text: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let filled = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let mut is_quoted = false;
    for _ in 0..MAX_QUOTES {
        let marked = lines.iter().filter(|line| line.trim_start().starts_with('>')).count();
        let is_mail = |line: &&str| {
            line.trim_start()
                .strip_prefix('>')
                .is_none_or(|rest| rest.is_empty() || rest.starts_with([' ', '>']))
        };
        if marked * 2 <= filled || !lines.iter().all(is_mail) {
            break;
        }
        is_quoted = true;
        for line in &mut lines {
            if let Some(rest) = line.trim_start().strip_prefix('>') {
                *line = rest.strip_prefix(' ').unwrap_or(rest);
            }
        }
    }
    is_quoted.then(|| lines.join("\n") + "\n")
}

/// Deepest nesting of quoted mails that is removed.
const MAX_QUOTES: usize = 8;

/// Like [`str::trim`], and faster: it decodes characters only if the text may begin or end with blanks.
pub(crate) fn trimmed(text: &str) -> &str {
    let is_visible = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    if text.is_empty() || (is_visible(text.as_bytes().first()) && is_visible(text.as_bytes().last())) {
        text
    } else {
        text.trim()
    }
}

/// Like [`str::split`] with an ASCII character, and faster on long texts.
pub(crate) fn split_by(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(separator, text.as_bytes()).chain([text.len()]);
    ends.scan(0, |from, end| {
        let part = text.get(*from..end);
        *from = end + 1;
        part
    })
}
