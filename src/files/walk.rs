//! The one place that finds files behind paths.

use std::io;
use std::path::{Path, PathBuf};

/// A file that was named, or found in a folder that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    pub path: PathBuf,
    /// Named on the command line itself, not found in a folder.
    pub named: bool,
}

/// A folder, or something in it, that could not be searched.
#[derive(Debug)]
pub struct WalkError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Finds the files behind `paths`: files as they are named, whether they exist or not, and folders with
/// all that is in them.
///
/// The order is that of `paths`, and inside a folder by name, so two runs give the same. In a folder, links
/// to files are followed and links to folders are not: they could lead anywhere, also back.
pub fn files_of(paths: &[PathBuf]) -> impl Iterator<Item = Result<FoundFile, WalkError>> {
    paths.iter().flat_map(|path| match path.is_dir() {
        true => in_folder(path),
        false => vec![Ok(FoundFile { path: path.clone(), named: true })],
    })
}

fn in_folder(folder: &Path) -> Vec<Result<FoundFile, WalkError>> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    entries
        .filter_map(|entry| match entry {
            Ok(entry) if is_file(&entry) => Some(Ok(FoundFile { path: entry.into_path(), named: false })),
            Ok(_) => None,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_path_buf();
                let source = error.into_io_error();
                let source = source.unwrap_or_else(|| io::Error::other("the folder cannot be listed"));
                Some(Err(WalkError { path, source }))
            }
        })
        .collect()
}

fn is_file(entry: &walkdir::DirEntry) -> bool {
    entry.file_type().is_file()
        || (entry.path_is_symlink() && std::fs::metadata(entry.path()).is_ok_and(|m| m.is_file()))
}
