//! Protects the inputs of a command from its outputs.

use std::path::{Path, PathBuf};

use crate::files::walk::files_of;
use crate::inventory::foreign_file::ForeignFile;
use crate::output::{OutputError, ProtectedPaths, protect};

/// Fails if an output is an input: one of `files`, or one in a folder among them. In a folder, an output may
/// replace a file that is neither a log nor an inventory: usually it is the output of the last run.
pub(super) fn protect_inputs<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    files: impl IntoIterator<Item = &'a Path>,
) -> Result<ProtectedPaths, OutputError> {
    let files: Vec<PathBuf> = files.into_iter().map(Path::to_path_buf).collect();
    let found = files_of(&files).flatten().map(|file| (file.path, file.named));
    protect(outputs, found, |path, named| *named || is_read(path))
}

fn is_read(path: &Path) -> bool {
    ForeignFile::of_file(path).is_some_and(|file| file != ForeignFile::Report)
}
