//! Parses `--format`, and checks that the extension of an output fits its format.

use std::path::{Path, PathBuf};

use crate::report::Format;

pub(super) fn format_named(name: &str) -> Result<Format, String> {
    let all = || Format::ALL.map(Format::name).join(", ");
    Format::ALL
        .into_iter()
        .find(|f| f.name() == name)
        .ok_or_else(|| format!("\"{name}\" is not a valid format; write one of {}", all()))
}

/// Extensions that promise a format. An output with another extension, or with none, may have any format.
const FORMAT_EXTENSIONS: &[&str] = &[
    "csv", "doc", "docx", "htm", "html", "json", "jsonl", "md", "ndjson", "pdf", "ps1", "txt", "xls", "xlsx",
    "xml",
];

/// Checks the path of an output that is always CSV.
pub(super) fn csv_file(path: PathBuf) -> Result<PathBuf, String> {
    file_with_extension(path, &["csv"])
}

/// Checks the path of an audit.
pub(super) fn audit_file(path: PathBuf) -> Result<PathBuf, String> {
    file_with_extension(path, &["csv", "htm", "html", "txt"])
}

/// Checks the path of an output that is CSV or JSON Lines.
pub(super) fn csv_or_lines_file(path: PathBuf) -> Result<PathBuf, String> {
    file_with_extension(path, &["csv", "jsonl", "ndjson"])
}

/// Checks the path of an output that is plain text.
pub(super) fn text_file(path: PathBuf) -> Result<PathBuf, String> {
    file_with_extension(path, &["txt", "md"])
}

/// Reports whether the extension selects JSON Lines: `.jsonl`, `.ndjson`, `.jsonl.zst`.
pub(super) fn is_json_lines(path: &Path) -> bool {
    matches!(extension(path).as_str(), "jsonl" | "ndjson")
}

/// Returns the extension in lower case: `jsonl` for `events.JSONL` and `events.jsonl.zst`.
fn extension(path: &Path) -> String {
    let last = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match last(path).as_str() {
        "zst" => last(Path::new(path.file_stem().unwrap_or_default())),
        other => other.to_owned(),
    }
}

fn file_with_extension(path: PathBuf, allowed: &[&str]) -> Result<PathBuf, String> {
    let extension = extension(&path);
    if allowed.contains(&&*extension) || !FORMAT_EXTENSIONS.contains(&&*extension) {
        return Ok(path);
    }
    let allowed: Vec<String> = allowed.iter().map(|extension| format!(".{extension}")).collect();
    Err(format!("this output is not .{extension}; use a name that ends in {}", allowed.join(" or ")))
}
