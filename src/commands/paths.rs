//! Protects the inputs of a command from its outputs.

use std::path::{Path, PathBuf};

use crate::files::walk::files_of;
use crate::inventory::foreign_file::ForeignFile;
use crate::output::{OutputError, ProtectedPaths, protect};

/// Fails if an output would replace an input: one of `files`, or a log or inventory in a folder among them. Another file in such
/// a folder is usually the output of the last run, and may be replaced.
pub(super) fn protect_inputs<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    files: impl IntoIterator<Item = &'a Path>,
) -> Result<ProtectedPaths, OutputError> {
    let files: Vec<PathBuf> = files.into_iter().map(Path::to_path_buf).collect();
    let found = files_of(&files).flatten().map(|file| (file.path, file.explicit));
    let is_input =
        |path: &Path| ForeignFile::recognise_file(path).is_some_and(|file| file != ForeignFile::Report);
    protect(outputs, found, |path, explicit| *explicit || is_input(path))
}
