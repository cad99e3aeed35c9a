//! The report formats, and the choice of one for a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::events::EventFormat;
use super::{Report, TextLayout, csv, json, page, text, xlsx};
use crate::output::Output;

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A row per incident, lists joined in one cell.
    #[default]
    Csv,
    /// One document with problems and incidents: `docs/schema/report.schema.json`.
    Json,
    /// An incident per line: `docs/schema/incident.schema.json`.
    Jsonl,
    /// For a person at a terminal. It cannot be read again.
    Text(TextLayout),
    /// One self-contained page for a browser: `docs/page.md`.
    Html,
    /// A workbook for Excel; not read again.
    Xlsx,
}

/// A destination and the format to write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub output: Output,
    pub format: Format,
}

/// The extension is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: the extension is unknown; name a report .csv, .json, .jsonl, .html, .xlsx or .txt (or add --format), and events .csv or .jsonl",
    path.display()
)]
pub struct UnknownFormat {
    pub path: PathBuf,
}

impl UnknownFormat {
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }
}

impl Format {
    pub const ALL: [Self; 6] =
        [Self::Csv, Self::Json, Self::Jsonl, Self::Html, Self::Xlsx, Self::Text(TextLayout::PLAIN)];

    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Text(_) => "text",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }

    /// Chooses the format by the path's extension. `asked` (`--format`) is for a path without a known one.
    pub fn of(path: &Path, asked: Option<Self>) -> Result<Self, UnknownFormat> {
        let Some(extension) = path.extension().map(|e| e.to_string_lossy().to_lowercase()) else {
            return Ok(asked.unwrap_or_default());
        };
        match extension.as_str() {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            "txt" => Ok(Self::Text(TextLayout::PLAIN)),
            "html" | "htm" => Ok(Self::Html),
            "xlsx" => Ok(Self::Xlsx),
            _ => asked.ok_or_else(|| UnknownFormat::of(path)),
        }
    }

    /// Does it write events, so that they have to be collected?
    pub fn needs_events(self) -> bool {
        self == Self::Xlsx
    }

    pub fn write(self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Csv => csv::write(report.rows, out),
            Self::Json => json::write(report.rows, report.problems, out),
            Self::Jsonl => json::write_lines(report.rows, out),
            Self::Html => page::write(report, out),
            Self::Xlsx => xlsx::write(report, out),
            Self::Text(layout) => out.write_all(text::view(report, layout).as_bytes()),
        }
    }
}

impl EventFormat {
    /// Chooses the format by the path's extension; CSV for standard output.
    pub fn of(path: Option<&Path>) -> Result<Self, UnknownFormat> {
        let Some(path) = path else { return Ok(Self::Csv) };
        match Format::of(path, None)? {
            Format::Csv => Ok(Self::Csv),
            Format::Jsonl => Ok(Self::Jsonl),
            // Events are written one by one, so only line formats fit.
            Format::Json | Format::Html | Format::Xlsx | Format::Text(_) => Err(UnknownFormat::of(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_and_format_helps_out() {
        let of = |path: &str, asked| Format::of(Path::new(path), asked);
        assert_eq!(of("a/report.csv", None), Ok(Format::Csv));
        assert_eq!(of("report.JSON", None), Ok(Format::Json));
        assert_eq!(of("report.ndjson", Some(Format::Csv)), Ok(Format::Jsonl));
        assert_eq!(of("report.html", None), Ok(Format::Html));
        assert_eq!(of("report", None), Ok(Format::Csv));
        assert_eq!(of("report", Some(Format::Json)), Ok(Format::Json));
        assert_eq!(of("report.out", Some(Format::Jsonl)), Ok(Format::Jsonl));
        assert_eq!(of("report.XLSX", None), Ok(Format::Xlsx));
        let error = of("report.pdf", None).unwrap_err().to_string();
        assert!(
            error.contains("report.pdf") && error.contains(".csv") && error.contains("--format"),
            "{error}"
        );
    }
}
