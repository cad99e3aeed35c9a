//! Which account owns which SPN, and what else the directory says of the account.
//!
//! An export format is one file here, and one line in [`FORMATS`].

mod account;
mod aliases;
mod blocks;
mod collect;
mod completeness;
mod csvde;
mod directory;
mod duplicates;
mod get_ad_csv;
mod get_ad_json;
#[cfg(test)]
mod in_blocks;
mod json;
mod known_domains;
mod ldif;
mod merge;
mod object_rows;
mod objects;
mod owners;
mod rows;
mod setspn;
mod sharphound;
mod spn_list;
mod table;
mod text_blocks;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::InventoryFile;
use super::other::Other;
use super::stream::TextStream;
use crate::files::describe_read_error;
pub use account::{Account, ObjectClass, is_cluster_management_spn, is_cluster_spn};
pub(crate) use aliases::DEFAULT_MAPPINGS;
pub use aliases::{AliasError, HostAliases};
pub use duplicates::{Duplicate, DuplicateKind};
pub use owners::{AccountId, Conflict, Effective, HostMatch, SpnIndex};
pub use spn_list::SpnList;

use collect::Collector;

/// All account inventories of a run, as read.
#[derive(Debug, Clone, Default)]
pub struct AccountInventory {
    pub accounts: Vec<Account>,
    pub files: Vec<InventoryFile>,
    /// Every SPN of every account of at least one domain was exported (`setspn -Q */*`, an LDIF with the
    /// `servicePrincipalName=*` filter): absence of an SPN in `complete_domains` means something.
    pub complete_domains: Vec<Arc<str>>,
    /// The same by file: path, as in [`files`](Self::files), and domain.
    pub complete_files: Vec<(Arc<str>, Arc<str>)>,
}

/// One export format.
struct Format {
    /// As the documentation has it.
    name: &'static str,
    /// Does the beginning of a text look like it?
    recognise: fn(&str) -> bool,
    /// In blocks of so many bytes, see [`blocks`].
    read: fn(&mut TextStream<File>, usize, &mut Collector) -> Result<(), ReadError>,
    /// A file without any account says something too (`setspn -X` without duplicates).
    may_be_empty: bool,
}

/// Every format, the most particular first: the first that recognises a file reads it.
const FORMATS: &[Format] = &[
    sharphound::FORMAT,
    get_ad_json::FORMAT,
    ldif::FORMAT,
    table::FORMAT,
    csvde::FORMAT,
    get_ad_csv::FORMAT,
    setspn::FORMAT,
];

/// Does the beginning of a text look like one of them?
pub(super) fn is_known(head: &str) -> bool {
    FORMATS.iter().any(|format| (format.recognise)(head))
}

/// What a person can do about a file that no format knows.
const KINDS: &str = "give the output of `setspn -Q */*`, an LDIF (ldifde, ldapsearch, ldbsearch), csvde's CSV, \
    Get-ADObject, Get-ADComputer or Get-ADUser as JSON or CSV, SharpHound's computers or users JSON, \
    or a CSV with the columns account, domain and spn";

/// Why a file was not read to its end. Rows read before stay.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "line {line}: the list of SPNs was lost when it was exported ({type_name}); export it again with: {command}"
    )]
    Flattened { line: u64, type_name: String, command: &'static str },
    #[error("reading it failed inside the program; what was found in it before is kept (please report this)")]
    FailedInside,
}

/// Reads account inventories: files, and folders searched recursively, each file by its content.
///
/// Nothing here ends the run: what is wrong with a file is in its [`InventoryFile`]. A file of no known
/// kind is a problem when it was named itself, and passed over in a folder.
pub fn load(paths: &[PathBuf]) -> AccountInventory {
    let mut inventory = AccountInventory::default();
    let found = files_of(paths);
    let read: Vec<FileRead> = match found.len() {
        // A pool of threads takes longer to start than a small file to read.
        0 | 1 => found.into_iter().map(read_found).collect(),
        _ => found.into_par_iter().map(read_found).collect(),
    };
    for (mut accounts, file, complete) in read {
        match inventory.accounts.is_empty() {
            true => inventory.accounts = accounts,
            false => inventory.accounts.append(&mut accounts),
        }
        for domain in complete {
            inventory.complete_files.push((Arc::clone(&file.path), Arc::clone(&domain)));
            let known = |d: &Arc<str>| d.to_lowercase() == domain.to_lowercase();
            if !inventory.complete_domains.iter().any(known) {
                inventory.complete_domains.push(domain);
            }
        }
        if !file.is_passed_over() {
            inventory.files.push(file);
        }
    }
    inventory
}

type FileRead = (Vec<Account>, InventoryFile, Vec<Arc<str>>);

/// A path to read, or what is wrong with it.
enum Found {
    /// The second is true for a file that the user named.
    File(PathBuf, bool),
    Problem(PathBuf, String),
}

/// The files in the order they are read: as named, folders by name.
fn files_of(paths: &[PathBuf]) -> Vec<Found> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(Found::File(path.clone(), true));
            continue;
        }
        let before = found.len();
        for item in walkdir::WalkDir::new(path).sort_by_file_name() {
            match item {
                Ok(item) if item.file_type().is_file() => {
                    found.push(Found::File(item.into_path(), false));
                }
                Ok(_) => {}
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    found.push(Found::Problem(at, format!("cannot be searched: {error}")));
                }
            }
        }
        if found.len() == before {
            found.push(Found::Problem(path.clone(), format!("the folder holds no file; {KINDS}")));
        }
    }
    found
}

fn read_found(found: Found) -> FileRead {
    match found {
        Found::File(path, named) => read_file(&path, named, blocks::BLOCK),
        Found::Problem(path, problem) => {
            let mut to = Collector::new(path_text(&path));
            to.file_problem(problem);
            to.finish("")
        }
    }
}

fn read_file(path: &Path, named: bool, block: usize) -> FileRead {
    let mut to = Collector::new(path_text(path));
    let mut text = match File::open(path).and_then(TextStream::new) {
        Ok(text) => text,
        Err(error) => {
            to.file_problem(describe_read_error(path, &error));
            return to.finish("");
        }
    };
    let head = text.head();
    let Some(format) = FORMATS.iter().find(|format| (format.recognise)(head)) else {
        if named {
            to.file_problem(match Other::of_file(path) {
                Some(other) => other.advice().to_owned(),
                None if head.trim().is_empty() => format!("the file is empty; {KINDS}"),
                None => format!("the file is of no known kind; {KINDS}"),
            });
        }
        return to.finish("");
    };
    match (format.read)(&mut text, block, &mut to) {
        Ok(()) if named && !format.may_be_empty && to.accounts().is_empty() => {
            to.file_problem(format!("no account was found in this {} file", format.name));
        }
        Ok(()) => {}
        Err(error) => {
            if matches!(error, ReadError::Flattened { .. }) {
                to.discard();
            }
            to.lost(0, error.to_string());
        }
    }
    to.finish(format.name)
}

fn path_text(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}
