//! Which files a command reads, so that no output replaces one of them.

use std::path::{Path, PathBuf};

use crate::inventory::foreign_file::ForeignFile;
use crate::output::{OutputError, ProtectedPaths, protect};

/// Fails where an output is a file that is read: one of `files`, or one in a folder among them. In a folder, what is neither
/// a log nor an inventory may be replaced: most often it is the output of the last run.
pub(super) fn protect_inputs<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    files: impl IntoIterator<Item = &'a Path>,
) -> Result<ProtectedPaths, OutputError> {
    let found = files.into_iter().flat_map(|path| {
        let in_folder = path.is_dir().then(|| files_in(path)).into_iter().flatten();
        std::iter::once((path.to_path_buf(), true)).chain(in_folder.map(|path| (path, false)))
    });
    protect(outputs, found, |path, named| *named || is_read(path))
}

/// All files in a folder; a link to a file is one.
fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = walkdir::WalkDir::new(folder).into_iter().flatten();
    entries.filter(|entry| !entry.file_type().is_dir()).map(walkdir::DirEntry::into_path)
}

fn is_read(path: &Path) -> bool {
    ForeignFile::of_file(path).is_some_and(|file| file != ForeignFile::Report)
}
