//! The one list of formats, and what each is recognised by.

use std::io::Read;

use super::project_csv;
use super::rows::Rows;
use crate::inventory::text::Table;

/// An input format. Adding one is a file beside this one and a line in [`FORMATS`].
pub struct Format {
    /// As the documentation and the run's summary call it.
    pub name: &'static str,
    pub detect: fn(&Sample<'_>) -> bool,
    pub read: Reader,
}

/// How a format's content is handed over.
#[derive(Clone, Copy)]
pub enum Reader {
    /// The whole file, decoded.
    Text(fn(&str, &mut Rows<'_>) -> Result<(), Refusal>),
    /// From its first byte on, in bounded memory: captures may be larger than memory.
    Stream(fn(&mut dyn Read, &mut Rows<'_>) -> Result<(), Refusal>),
}

/// Why nothing of a file is used.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the export lost its data: {found}. Export it again with: {command}")]
    LostData { found: String, command: &'static str },
    #[error("{0}")]
    Unreadable(String),
}

/// In this order; the first that recognises the content reads it.
pub const FORMATS: &[Format] = &[project_csv::FORMAT];

/// What a format looks at: the first part of a file.
pub struct Sample<'s> {
    /// At most [`Sample::BYTES`].
    pub head: &'s [u8],
    /// The same, decoded.
    pub text: &'s str,
    /// The first line's cells as [`crate::inventory::text::column_key`] makes them; one for a text that is no table.
    pub columns: Vec<String>,
}

impl<'s> Sample<'s> {
    /// Enough for the longest header and for the first object of a JSON export.
    pub const BYTES: usize = 64 * 1024;

    pub fn new(head: &'s [u8], text: &'s str) -> Self {
        let columns = match text.trim_start().starts_with(['{', '[']) {
            true => Vec::new(),
            false => Table::open(text).map(|table| table.columns().to_vec()).unwrap_or_default(),
        };
        Sample { head, text, columns }
    }

    /// True when the header has all of `names` (lower case, without blanks, `_` and `-`).
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.columns.iter().any(|column| column == name))
    }

    /// True when the header has one of `names`.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.columns.iter().any(|column| column == name))
    }

    /// True when the text is JSON, or lines of it.
    pub fn is_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    /// True when the text has the JSON key.
    pub fn has_key(&self, key: &str) -> bool {
        self.text.match_indices(key).any(|(at, _)| {
            let before = self.text.get(..at).is_some_and(|t| t.ends_with('"'));
            let after = self.text.get(at + key.len()..).and_then(|t| t.strip_prefix('"'));
            before && after.is_some_and(|t| t.trim_start().starts_with(':'))
        })
    }
}
