//! Expands the paths of `-i` and `-s` to files, and opens them.

use std::fs::File;
use std::path::PathBuf;

use super::InventoryFile;
use super::foreign_file::ArchiveContents;
use crate::files::archived_files::{ArchivedFile, archive_kind, each_archived_file};
use crate::files::walk::{FoundFile, files_of};
use crate::files::{self, describe_read_error, open_regular};

/// A file to read, or the reason why a path gives none.
pub(super) enum InventoryInput {
    File(FoundFile),
    Error(InventoryFile),
}

/// The files of the paths in reading order: paths as passed, and files of a folder by name. `kinds` says what a folder should
/// contain.
pub(super) fn inputs(paths: &[PathBuf], kinds: &str) -> Vec<InventoryInput> {
    let mut inputs = Vec::new();
    for path in paths {
        let before = inputs.len();
        inputs.extend(files_of(std::slice::from_ref(path)).map(|found| match found {
            Ok(file) => InventoryInput::File(file),
            Err(error) => {
                let what = describe_read_error(&error.path, &error.source);
                InventoryInput::Error(InventoryFile::with_error(&error.path, what))
            }
        }));
        if inputs.len() == before {
            let error = format!("the folder holds no file; {kinds}");
            inputs.push(InventoryInput::Error(InventoryFile::with_error(path, error)));
        }
    }
    inputs
}

/// A file that was opened, or a member of an archive.
pub(super) enum OpenInput<'m> {
    /// A file, and whether the user passed it explicitly.
    File(File, bool),
    Member(ArchivedFile<'m>),
}

/// Opens a file and passes it to `read`, or each of its members if it is an archive. `read` also gets the line of the file in the
/// summary, which it completes, and returns false for a member that it does not use.
///
/// Returns a line for the summary if the file or a member cannot be opened. `kinds` says what an archive should contain.
pub(super) fn open(
    found: &FoundFile,
    kinds: &str,
    read: &mut dyn FnMut(InventoryFile, OpenInput<'_>) -> bool,
) -> Option<InventoryFile> {
    let mut file = InventoryFile::at(&found.path);
    let opened = match open_regular(&found.path) {
        Ok(opened) => opened,
        Err(error) => {
            file.read_errors.push(describe_read_error(&found.path, &error));
            return Some(file);
        }
    };
    file.modified = opened.metadata().ok().and_then(|metadata| files::modified(&metadata));
    let Some(kind) = archive_kind(&opened) else {
        read(file, OpenInput::File(opened, found.explicit));
        return None;
    };
    let mut is_used = false;
    file.read_errors = each_archived_file(&found.path, kind, &mut |member| {
        let mut file = InventoryFile::at(&member.path);
        file.modified = member.modified;
        is_used |= read(file, OpenInput::Member(member));
    });
    if found.explicit && !is_used && file.read_errors.is_empty() {
        let held = ArchiveContents::read(&found.path, kind);
        let error = if held.logs {
            "the archive holds logs; pass it without --interfaces or --spns".to_owned()
        } else if held.addresses {
            "the archive holds address inventories; pass it with --interfaces".to_owned()
        } else if held.accounts {
            "the archive holds SPN lists; pass it with --spns".to_owned()
        } else {
            format!("the archive has no file of a kind that is used here; {kinds}")
        };
        file.read_errors.push(error);
    }
    Some(file).filter(|file| !file.read_errors.is_empty())
}
