//! The interface of an input format, and the sample by which it is recognised.

use std::io::Read;

use super::collector::AddressCollector;
use crate::text::delimited::Header;

/// An input format. A new one is a file in this folder and a line in [`FORMATS`](super::registry::FORMATS).
pub(crate) struct Format {
    /// The name of the format in the documentation and the run's summary.
    pub name: &'static str,
    pub recognise: fn(&Sample<'_>) -> bool,
    pub read: Reader,
}

/// The function of a format that reads the content.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    /// The whole file, decoded.
    Text(fn(&str, &mut AddressCollector<'_>) -> Result<(), Refusal>),
    /// The bytes of the file as a stream, because a capture may be larger than memory.
    Stream(fn(&mut (dyn Read + Send), &mut AddressCollector<'_>) -> Result<(), Refusal>),
}

/// Why no row of a file is used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the export lost its data: {found}. Export it again with: {command}")]
    LostData { found: String, command: &'static str },
    #[error("{0}")]
    Unreadable(String),
    /// A file that no format recognises. In an archive it is skipped without a report.
    #[error("{0}")]
    Unknown(String),
    /// A file of another kind, and the option that reads it. In a folder or an archive it is skipped without a report.
    #[error("{0}")]
    Foreign(&'static str),
}

/// The start of a file, by which a format recognises it.
pub(crate) struct Sample<'s> {
    /// The first bytes, at most [`Sample::BYTES`].
    pub head: &'s [u8],
    /// The decoded text of the first bytes.
    pub text: &'s str,
    /// The cells of the header as [`column_key`](crate::text::delimited::column_key) writes them. One cell for a text that
    /// is not a table, and none for JSON.
    pub columns: Vec<String>,
    /// The text in lower case.
    pub lower: String,
}

impl<'s> Sample<'s> {
    /// Enough for the longest header and for the first object of a JSON export.
    pub(crate) const BYTES: usize = 64 * 1024;

    pub(crate) fn new(head: &'s [u8], text: &'s str) -> Self {
        let columns = match text.trim_start().starts_with(['{', '[']) {
            true => Vec::new(),
            false => Header::parse(text).map(|header| header.columns().to_vec()).unwrap_or_default(),
        };
        Sample { head, text, columns, lower: text.to_ascii_lowercase() }
    }

    /// Does the header have all of `names` (lower case, without blanks, `_` and `-`)?
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.columns.iter().any(|column| column == name))
    }

    /// Does the header have one of `names`?
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.columns.iter().any(|column| column == name))
    }

    /// Is the text JSON, or lines of JSON?
    pub(crate) fn is_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    /// Does the text have the JSON key, in any case?
    pub(crate) fn has_key(&self, key: &str) -> bool {
        let key = format!("\"{}\"", key.to_ascii_lowercase());
        let after =
            |at: usize| self.lower.get(at + key.len()..).is_some_and(|t| t.trim_start().starts_with(':'));
        self.lower.match_indices(&key).any(|(at, _)| after(at))
    }
}
