//! Expands input paths on Windows, where cmd and PowerShell leave wildcards to the program and `/` is a separator too.

use std::path::{MAIN_SEPARATOR_STR, PathBuf};

/// Replaces each pattern by the files it matches, sorted by name, on Windows only. A pattern without a match stays: reading it
/// fails like any file that does not exist.
pub(super) fn expand_wildcards(written: Vec<PathBuf>) -> Vec<PathBuf> {
    if cfg!(windows) { written.into_iter().flat_map(expand).collect() } else { written }
}

fn expand(path: PathBuf) -> Vec<PathBuf> {
    let Some(text) = path.to_str() else { return vec![path] };
    let text = without_verbatim_prefix(text);
    let matches = match text.contains(['*', '?']) {
        true => matching(&text),
        false => Vec::new(),
    };
    if matches.is_empty() { vec![text.into()] } else { matches }
}

/// Replaces `/` by the system's separator and removes the prefix `\\?\`, so that a report names a file in one way however
/// it was typed. The standard library adds the prefix again where a path is long.
fn without_verbatim_prefix(text: &str) -> String {
    let text = text.replace('/', MAIN_SEPARATOR_STR);
    if let Some(share) = text.strip_prefix(r"\\?\UNC\") {
        return format!(r"\\{share}");
    }
    match text.strip_prefix(r"\\?\") {
        // The name of a volume, `\\?\Volume{...}\`, needs its prefix.
        Some(rest) if rest.get(1..2) == Some(":") => rest.to_owned(),
        _ => text,
    }
}

fn matching(pattern: &str) -> Vec<PathBuf> {
    let options =
        glob::MatchOptions { case_sensitive: false, require_literal_separator: true, ..Default::default() };
    // On Windows a bracket is not a wildcard.
    let pattern = pattern.replace('[', "[[]");
    // A folder that cannot be listed matches nothing.
    glob::glob_with(&pattern, options).map(|found| found.filter_map(Result::ok).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_in_order_without_case_and_brackets_are_themselves() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.EVTX", "a.evtx", "a.txt", "x[1].evtx", "x1.evtx"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            expand(folder.path().join(pattern))
                .iter()
                .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(names("*.evtx"), ["a.evtx", "b.EVTX", "x1.evtx", "x[1].evtx"]);
        assert_eq!(names("?.evtx"), ["a.evtx", "b.EVTX"]);
        assert_eq!(names("x[1].*"), ["x[1].evtx"]);
        assert_eq!(names("*.log"), ["*.log"], "a pattern that matches nothing stays");
        assert_eq!(names("x[2].evtx"), ["x[2].evtx"]);
    }

    #[test]
    fn verbatim_paths_are_written_plainly() {
        assert_eq!(without_verbatim_prefix(r"\\?\C:\logs\*.evtx").replace('/', r"\"), r"C:\logs\*.evtx");
        assert_eq!(without_verbatim_prefix(r"\\?\UNC\srv1\logs\a.evtx"), r"\\srv1\logs\a.evtx");
        assert_eq!(without_verbatim_prefix(r"\\?\Volume{1}\a.evtx"), r"\\?\Volume{1}\a.evtx");
        assert_eq!(without_verbatim_prefix("samples/logs"), format!("samples{MAIN_SEPARATOR_STR}logs"));
    }
}
