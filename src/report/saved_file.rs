//! Reads reports of an earlier run. A spreadsheet program may have saved them, with semicolons or tabs or in UTF-16.
//!
//! A row that was skipped would make its incident new, and a schedule would raise a false alarm. So anything doubtful is an
//! error with file and line.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{describe_read_error, read_regular};
use crate::text::decode::decode;
use crate::text::escape::unescape_cell;

/// Longest report in bytes. One with a million incidents is shorter.
const MAX_LEN: u64 = 1 << 30;

/// Why a report cannot be read. Each message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    #[error("{}: {}", path.display(), describe_read_error(path, source))]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: this is not {expected}: {why}; name one", path.display())]
    Foreign { path: PathBuf, expected: &'static str, why: String },
    #[error("{}: line {line}: {why}; name a file as krbtriage wrote it", path.display())]
    Line { path: PathBuf, line: u64, why: String },
    #[error("{}: line {line}: the file ends inside this line; name a complete file", path.display())]
    Cut { path: PathBuf, line: u64 },
}

/// A file that should be a report of krbtriage.
#[derive(Debug, Clone, Copy)]
pub struct SavedFile<'a> {
    pub path: &'a Path,
    /// Description of a valid file, for messages: `a report of krbtriage triage (.csv, .json or .jsonl)`.
    pub expected: &'static str,
}

impl SavedFile<'_> {
    /// Reads the text of the file. A file longer than 1 GiB is an error.
    pub fn text(self) -> Result<String, SavedError> {
        let path = self.path.to_path_buf();
        match read_regular(self.path, MAX_LEN) {
            Ok(bytes) => Ok(decode(&bytes).into_owned()),
            Err(source) => Err(SavedError::Read { path, source }),
        }
    }

    pub fn foreign(self, why: impl Into<String>) -> SavedError {
        SavedError::Foreign { path: self.path.to_path_buf(), expected: self.expected, why: why.into() }
    }

    pub fn line(self, line: u64, why: impl Into<String>) -> SavedError {
        SavedError::Line { path: self.path.to_path_buf(), line, why: why.into() }
    }

    pub fn cut(self, line: u64) -> SavedError {
        SavedError::Cut { path: self.path.to_path_buf(), line }
    }

    /// Parses the rows of a CSV, and returns each with the number of its line. `read` gets the cells of `columns`, then those of
    /// `optional`, which are empty if the file does not have the column.
    pub fn csv_rows<T>(
        self,
        text: &str,
        columns: &[&str],
        optional: &[&str],
        read: impl Fn(&[Cow<'_, str>]) -> Result<T, String>,
    ) -> Result<Vec<(u64, T)>, SavedError> {
        let head = text.lines().next().unwrap_or_default();
        let count = |&delimiter: &u8| head.bytes().filter(|&byte| byte == delimiter).count();
        let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        let names = csv.headers().map_err(|e| self.foreign(e.to_string()))?.clone();
        let position = |column: &&str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(column));
        let required = columns
            .iter()
            .map(|column| position(column).ok_or_else(|| self.foreign(format!("it has no column {column}"))));
        let mut positions: Vec<Option<usize>> =
            required.map(|found| found.map(Some)).collect::<Result<_, _>>()?;
        positions.extend(optional.iter().map(position));
        let last = text.lines().count() as u64;
        if !text.ends_with(['\n', '\r']) {
            return Err(self.cut(last));
        }
        // A record ends between CR and LF, and the reader counts the line at LF.
        let line = |p: &csv::Position| {
            let at = text.as_bytes().get(usize::try_from(p.byte()).unwrap_or(usize::MAX));
            p.line() + u64::from(at == Some(&b'\n'))
        };
        let mut rows = Vec::new();
        for record in csv.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(last, line);
                match error.kind() {
                    csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
                        self.line(line, format!("it has {len} cells where the first line has {expected_len}"))
                    }
                    _ => self.line(line, error.to_string()),
                }
            })?;
            let line = record.position().map_or(last, line);
            let cell = |position: &Option<usize>| position.and_then(|i| record.get(i)).unwrap_or_default();
            let cells: Vec<Cow<'_, str>> = positions.iter().map(|i| unescape_cell(cell(i))).collect();
            rows.push((line, read(&cells).map_err(|why| self.line(line, why))?));
        }
        Ok(rows)
    }
}

/// Returns the first 40 characters of an invalid value, for a message.
pub fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}
