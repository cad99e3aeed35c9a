//! Expands paths to files. All commands use it.

use std::io;
use std::path::{Path, PathBuf};

/// A file that was passed explicitly, or found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    pub path: PathBuf,
    /// Passed on the command line, not found in a folder.
    pub explicit: bool,
}

/// A folder, or something in it, that could not be searched.
#[derive(Debug)]
pub struct WalkError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Expands `paths`: a folder to all files in it and in its subfolders, any other path to itself, whether it exists or not.
///
/// The order is that of `paths`, and by name within a folder, so that two runs give the same result. In a folder, links to
/// files are followed. Links to folders are not, because they could form a loop.
pub fn files_of(paths: &[PathBuf]) -> impl Iterator<Item = Result<FoundFile, WalkError>> {
    paths.iter().flat_map(|path| match path.is_dir() {
        true => in_folder(path),
        false => vec![Ok(FoundFile { path: path.clone(), explicit: true })],
    })
}

fn in_folder(folder: &Path) -> Vec<Result<FoundFile, WalkError>> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    entries
        .filter_map(|entry| match entry {
            Ok(entry) if is_file(&entry) => Some(Ok(FoundFile { path: entry.into_path(), explicit: false })),
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
