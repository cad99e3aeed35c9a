//! Formats of a report, chosen by the extension of its file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::events::EventFormat;
use super::{Report, TextLayout, csv, json, page, text, xlsx};
use crate::output::Output;

/// Format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// CSV with a row for each incident. A list is one cell.
    #[default]
    Csv,
    /// A JSON document with problems and incidents: `docs/schema/report.schema.json`.
    Json,
    /// JSON Lines with a line for each incident: `docs/schema/incident.schema.json`.
    Jsonl,
    /// Text for a person. It cannot be a baseline.
    Text(TextLayout),
    /// A self-contained page for a browser (`docs/page.md`). It cannot be a baseline.
    Html,
    /// A workbook for Excel. It cannot be a baseline.
    Xlsx,
}

/// Destination of a report and its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub output: Output,
    pub format: Format,
}

/// A path whose extension does not select a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: the extension is unknown; name a report .csv, .json, .jsonl, .html, .xlsx or .txt (or add --format), and events .csv or .jsonl",
    path.display()
)]
pub struct UnknownFormat {
    pub path: PathBuf,
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

    /// Chooses the format by the extension of the path. `other` (`--format`) is the format for any other extension.
    pub fn from_path(path: &Path, other: Option<Self>) -> Result<Self, UnknownFormat> {
        let Some(extension) = path.extension().map(|e| e.to_string_lossy().to_lowercase()) else {
            return Ok(other.unwrap_or_default());
        };
        match extension.as_str() {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            "txt" => Ok(Self::Text(TextLayout::PLAIN)),
            "html" | "htm" => Ok(Self::Html),
            "xlsx" => Ok(Self::Xlsx),
            _ => other.ok_or_else(|| UnknownFormat { path: path.to_path_buf() }),
        }
    }

    /// Reports whether the format has single events, so that they must be collected.
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
    /// Chooses the format by the extension of the path. Without a path (standard output) it is CSV.
    pub fn from_path(path: Option<&Path>) -> Result<Self, UnknownFormat> {
        let Some(path) = path else { return Ok(Self::Csv) };
        match Format::from_path(path, None)? {
            Format::Csv => Ok(Self::Csv),
            Format::Jsonl => Ok(Self::Jsonl),
            Format::Json | Format::Html | Format::Xlsx | Format::Text(_) => {
                Err(UnknownFormat { path: path.to_path_buf() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_and_format_helps_out() {
        let of = |path: &str, asked| Format::from_path(Path::new(path), asked);
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
