//! Expands the paths of `-i` and `-s` to files.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::InventoryFile;
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

/// Opens a file, and starts its line of the summary.
pub(super) fn open(path: &Path) -> (InventoryFile, io::Result<File>) {
    let mut file = InventoryFile::at(path);
    let opened = open_regular(path);
    if let Ok(opened) = &opened {
        file.modified = opened.metadata().ok().and_then(|metadata| files::modified(&metadata));
    }
    (file, opened)
}
