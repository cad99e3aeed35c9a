//! Expands the paths of `-i` and `-s` to files.

use std::fs::File;
use std::path::PathBuf;

use super::InventoryFile;
use super::foreign_file::ArchiveContents;
use crate::files::archived_files::{ArchivedFile, archive_kind, each_archived_file};
use crate::files::walk::{FoundFile, files_of};
use crate::files::{self, describe_read_error, open_regular};

/// A file to read, or the error of a path.
pub(super) enum InventoryInput {
    File(FoundFile),
    Problem(InventoryFile),
}

/// The files in reading order: as passed, folders by name. `kinds` says what a folder should contain.
pub(super) fn inputs(paths: &[PathBuf], kinds: &str) -> Vec<InventoryInput> {
    let mut inputs = Vec::new();
    for path in paths {
        let before = inputs.len();
        inputs.extend(files_of(std::slice::from_ref(path)).map(|found| match found {
            Ok(file) => InventoryInput::File(file),
            Err(error) => {
                let problem = describe_read_error(&error.path, &error.source);
                InventoryInput::Problem(InventoryFile::with_problem(&error.path, problem))
            }
        }));
        if inputs.len() == before {
            let problem = format!("the folder holds no file; {kinds}");
            inputs.push(InventoryInput::Problem(InventoryFile::with_problem(path, problem)));
        }
    }
    inputs
}

/// A file that was opened, or a member of an archive.
pub(super) enum Opened<'m> {
    /// A file, and whether it was passed explicitly.
    File(File, bool),
    Member(ArchivedFile<'m>),
}

/// Opens a file and passes it to `read` with the start of its line of the summary, or passes each file in it if
/// it is an archive. `read` returns false for a member of no requested kind.
///
/// Returns a line with what could not be opened. `kinds` says what an archive should contain.
pub(super) fn open(
    found: &FoundFile,
    kinds: &str,
    read: &mut dyn FnMut(InventoryFile, Opened<'_>) -> bool,
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
        read(file, Opened::File(opened, found.explicit));
        return None;
    };
    let mut is_used = false;
    file.read_errors = each_archived_file(&found.path, kind, &mut |member| {
        let mut file = InventoryFile::at(&member.path);
        file.modified = member.modified;
        is_used |= read(file, Opened::Member(member));
    });
    if found.explicit && !is_used && file.read_errors.is_empty() {
        let held = ArchiveContents::of(&found.path, kind);
        let problem = if held.logs {
            "the archive holds logs; pass it without --interfaces or --spns".to_owned()
        } else if held.addresses {
            "the archive holds address inventories; pass it with --interfaces".to_owned()
        } else if held.accounts {
            "the archive holds SPN lists; pass it with --spns".to_owned()
        } else {
            format!("the archive has no file of a kind that is used here; {kinds}")
        };
        file.read_errors.push(problem);
    }
    Some(file).filter(|file| !file.read_errors.is_empty())
}
