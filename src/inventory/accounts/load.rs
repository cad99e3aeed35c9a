//! Reads account lists: files, and folders searched recursively, each file by its content.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::account_inventory::AccountInventory;
use super::collector::{AccountCollector, FileContents};
use super::format::{ReadError, Text};
use super::object_json::{OTHER_SHARPHOUND, is_other_sharphound};
use super::registry::FORMATS;
use crate::files::unread;
use crate::inventory::InventoryFile;
use crate::inventory::addresses::registry::Sample;
use crate::inventory::foreign_file::ForeignFile;
use crate::inventory::input_files::{self, InventoryInput, Opened};
use crate::text::decode::decode;
use crate::text::unquoted;
use crate::zone::Zone;

/// Advice for a file that no format recognises.
const KINDS: &str = "give the output of `setspn -Q */*`, an LDIF (ldifde, ldapsearch, ldbsearch), csvde's CSV, \
    Get-ADObject, Get-ADComputer or Get-ADUser as JSON or CSV, SharpHound's computers or users JSON, \
    or a CSV with the columns account, domain and spn";

/// Reads account inventories, several files in parallel.
///
/// Never fails as a whole: errors of a file are in its [`InventoryFile`](crate::inventory::InventoryFile). A
/// file of an unknown kind is a problem if it was passed explicitly, and is skipped in a folder.
pub fn load(paths: &[PathBuf]) -> AccountInventory {
    load_in_zone(paths, &Zone::UTC)
}

/// The same, where times that name no zone are read in `zone`.
pub fn load_in_zone(paths: &[PathBuf], zone: &Zone) -> AccountInventory {
    let inputs = input_files::inputs(paths, KINDS);
    let read_input = |input| read_input(input, zone);
    let contents: Vec<FileContents> = match inputs.len() {
        // Starting a thread pool takes longer than reading a small file.
        0 | 1 => inputs.into_iter().flat_map(read_input).collect(),
        _ => inputs.into_par_iter().flat_map_iter(read_input).collect(),
    };
    let mut inventory = AccountInventory::default();
    for FileContents { mut accounts, file, complete_domains } in contents {
        match inventory.accounts.is_empty() {
            true => inventory.accounts = accounts,
            false => inventory.accounts.append(&mut accounts),
        }
        for domain in complete_domains {
            inventory.complete_files.push((Arc::clone(&file.path), Arc::clone(&domain)));
            let is_known = |d: &Arc<str>| d.to_lowercase() == domain.to_lowercase();
            if !inventory.complete_domains.iter().any(is_known) {
                inventory.complete_domains.push(domain);
            }
        }
        if !file.is_of_no_interest() {
            inventory.files.push(file);
        }
    }
    inventory
}

/// The accounts of a file, or of each file in an archive.
fn read_input(input: InventoryInput, zone: &Zone) -> Vec<FileContents> {
    let found = match input {
        InventoryInput::File(found) => found,
        InventoryInput::Problem(file) => return vec![AccountCollector::new(file).finish("")],
    };
    let mut all = Vec::new();
    let unread = input_files::open(&found, KINDS, &mut |file, opened| {
        let path = Arc::clone(&file.path);
        let read = catch_unwind(AssertUnwindSafe(|| {
            let to = AccountCollector::new(file).with_zone(zone);
            match opened {
                Opened::File(mut content, named) => read_text(&mut content, named, to),
                Opened::Member(member) => read_text(member.reader, false, to),
            }
        }));
        let contents = read.unwrap_or_else(|_| {
            let mut failed = AccountCollector::new(InventoryFile::of_failed_reader(Path::new(&*path)));
            failed.lost_silently();
            failed.finish("")
        });
        let is_used = !contents.file.is_of_no_interest();
        all.push(contents);
        is_used
    });
    all.extend(unread.map(|file| AccountCollector::new(file).finish("")));
    all
}

/// Reads a file's content. `named` is false for a file in a folder.
fn read_text(content: &mut dyn Read, named: bool, mut to: AccountCollector) -> FileContents {
    let mut start = Vec::new();
    if let Err(error) = content.take(Sample::BYTES as u64).read_to_end(&mut start) {
        to.lost(0, ReadError::Io(error));
        return to.finish("");
    }
    if let Some(of_mail) = unquoted(&decode(&start)) {
        if start.len() == Sample::BYTES {
            to.problem(
                0,
                "only the beginning of what the mail quotes is read; save the export as a file of its own",
            );
        }
        start = of_mail.into_bytes();
    }
    let mut whole = start.as_slice().chain(content);
    let mut text = Text::new(&mut whole);
    let head = text.head().unwrap_or_default();
    let is_log = ForeignFile::by_bytes(&start).is_some();
    let Some(format) = FORMATS.iter().find(|format| !is_log && (format.recognise)(head)) else {
        if named {
            match ForeignFile::of(&start) {
                Some(foreign) => to.problem(0, foreign.advice()),
                None if is_other_sharphound(head) => to.problem(0, OTHER_SHARPHOUND),
                None if head.trim().is_empty() => to.problem(0, format!("the file is empty; {KINDS}")),
                None => match unread::describe(&start) {
                    Some(described) => to.problem(0, described),
                    None => to.problem(0, format!("the kind of the file is unknown; {KINDS}")),
                },
            }
        }
        return to.finish("");
    };
    match (format.read)(text, &mut to) {
        // What is recognised and gives nothing must not pass in silence.
        Ok(()) if !format.may_be_empty && to.accounts().is_empty() && !to.has_problems() => {
            to.problem(0, format!("no account was found in this {} file", format.name));
        }
        Ok(()) => {}
        Err(error) => {
            if matches!(error, ReadError::Flattened { .. }) {
                to.discard();
            }
            to.lost(0, error);
        }
    }
    to.finish(format.name)
}
