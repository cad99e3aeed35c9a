//! The value of `--format`, and what the name of an output promises.

use std::path::{Path, PathBuf};

use crate::report::Format;

pub(super) fn format_named(name: &str) -> Result<Format, String> {
    let all = || Format::ALL.map(Format::name).join(", ");
    Format::ALL
        .into_iter()
        .find(|f| f.name() == name)
        .ok_or_else(|| format!("\"{name}\" is not a valid format; write one of {}", all()))
}

/// Endings of formats that a person would expect in such a file.
const OTHER_FORMATS: &[&str] = &[
    "csv", "doc", "docx", "htm", "html", "json", "jsonl", "md", "ndjson", "pdf", "ps1", "txt", "xls", "xlsx",
    "xml",
];

/// The name of an output that is always CSV.
pub(super) fn csv_file(path: PathBuf) -> Result<PathBuf, String> {
    one_of(path, &["csv"])
}

/// The name of an audit.
pub(super) fn audit_file(path: PathBuf) -> Result<PathBuf, String> {
    one_of(path, &["csv", "htm", "html", "txt"])
}

/// The name of an output that is CSV or JSON Lines.
pub(super) fn csv_or_lines_file(path: PathBuf) -> Result<PathBuf, String> {
    one_of(path, &["csv", "jsonl", "ndjson"])
}

/// The name of an output that is plain text.
pub(super) fn text_file(path: PathBuf) -> Result<PathBuf, String> {
    one_of(path, &["txt", "md"])
}

/// Does the name end in `.jsonl` or `.jsonl.zst`?
pub(super) fn is_json_lines(path: &Path) -> bool {
    matches!(ending(path).as_str(), "jsonl" | "ndjson")
}

/// In lower case, without what compression adds.
fn ending(path: &Path) -> String {
    let of = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match of(path).as_str() {
        "zst" => of(Path::new(path.file_stem().unwrap_or_default())),
        other => other.to_owned(),
    }
}

fn one_of(path: PathBuf, allowed: &[&str]) -> Result<PathBuf, String> {
    let ending = ending(&path);
    if allowed.contains(&&*ending) || !OTHER_FORMATS.contains(&&*ending) {
        return Ok(path);
    }
    let allowed: Vec<String> = allowed.iter().map(|ending| format!(".{ending}")).collect();
    Err(format!("this output is not .{ending}; use a name that ends in {}", allowed.join(" or ")))
}
