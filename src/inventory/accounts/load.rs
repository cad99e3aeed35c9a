//! Reads the account lists in files, folders and archives. Each file is recognised by its content.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::account::AccountInventory;
use super::collector::{AccountCollector, FileContents};
use super::format::{ReadError, Text};
use super::object_json::{OTHER_SHARPHOUND, is_other_sharphound};
use super::registry::FORMATS;
use crate::files::unread;
use crate::inventory::InventoryFile;
use crate::inventory::addresses::registry::Sample;
use crate::inventory::foreign_file::ForeignFile;
use crate::inventory::input_files::{self, InventoryInput, OpenInput};
use crate::text::decode::decode;
use crate::text::unquoted;
use crate::zone::Zone;

/// Advice for a file that no format recognises.
const KINDS: &str = "give the output of `setspn -Q */*`, an LDIF (ldifde, ldapsearch, ldbsearch), csvde's CSV, \
    Get-ADObject, Get-ADComputer or Get-ADUser as JSON or CSV, SharpHound's computers or users JSON, \
    or a CSV with the columns account, domain and spn";

/// Reads account lists, several files in parallel. Times without a zone are read as UTC.
///
/// Never fails as a whole. The errors of a file are in its [`InventoryFile`](crate::inventory::InventoryFile). A file of an unknown
/// kind is an error if the user passed it explicitly, and is skipped in a folder.
pub fn load(paths: &[PathBuf]) -> AccountInventory {
    load_in_zone(paths, &Zone::UTC)
}

/// Reads account lists like [`load`], and times without a zone in `zone`.
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
        if !file.has_nothing_to_report() {
            inventory.files.push(file);
        }
    }
    inventory
}

/// Reads a file, or each file in an archive.
fn read_input(input: InventoryInput, zone: &Zone) -> Vec<FileContents> {
    let found = match input {
        InventoryInput::File(found) => found,
        InventoryInput::Error(file) => return vec![AccountCollector::new(file).finish("")],
    };
    let mut all = Vec::new();
    let unread = input_files::open(&found, KINDS, &mut |file, opened| {
        let path = Arc::clone(&file.path);
        let read = catch_unwind(AssertUnwindSafe(|| {
            let to = AccountCollector::new(file).with_zone(zone);
            match opened {
                OpenInput::File(mut content, named) => read_text(&mut content, named, to),
                OpenInput::Member(member) => read_text(member.reader, false, to),
            }
        }));
        let contents = read.unwrap_or_else(|_| {
            let mut failed = AccountCollector::new(InventoryFile::for_failed_reader(Path::new(&*path)));
            failed.note_loss();
            failed.finish("")
        });
        let is_used = !contents.file.has_nothing_to_report();
        all.push(contents);
        is_used
    });
    all.extend(unread.map(|file| AccountCollector::new(file).finish("")));
    all
}

/// Reads a file's content. `named` is true if the user passed the file explicitly.
fn read_text(content: &mut dyn Read, named: bool, mut to: AccountCollector) -> FileContents {
    let mut start = Vec::new();
    if let Err(error) = content.take(Sample::BYTES as u64).read_to_end(&mut start) {
        to.report_loss(0, ReadError::Io(error));
        return to.finish("");
    }
    // A log is not decoded: `--spns LIST LOGS` also passes the logs, and guessing a code page of binary data takes milliseconds.
    let mut foreign = ForeignFile::sniff(&start);
    let mut rest = content.take(u64::MAX);
    if foreign.is_none()
        && let Some(of_mail) = unquoted(&decode(&start))
    {
        if start.len() == Sample::BYTES {
            to.report_loss(
                0,
                "only the beginning of what the mail quotes is read; save the export as a file of its own",
            );
        }
        start = of_mail.into_bytes();
        // The lines after it still have their marks.
        rest.set_limit(0);
        foreign = ForeignFile::sniff(&start);
    }
    if let Some(foreign) = foreign {
        if named {
            to.report(0, foreign.advice());
        }
        return to.finish("");
    }
    let mut whole = start.as_slice().chain(rest);
    let mut text = Text::new(&mut whole);
    let head = text.head().unwrap_or_default();
    let Some(format) = FORMATS.iter().find(|format| (format.recognise)(head)) else {
        if named {
            match ForeignFile::recognise(&start) {
                Some(foreign) => to.report(0, foreign.advice()),
                None if is_other_sharphound(head) => to.report(0, OTHER_SHARPHOUND),
                None if head.trim().is_empty() => to.report(0, format!("the file is empty; {KINDS}")),
                None => match unread::describe(&start) {
                    Some(described) => to.report(0, described),
                    None => to.report(0, format!("the kind of the file is unknown; {KINDS}")),
                },
            }
        }
        return to.finish("");
    };
    match (format.read)(text, &mut to) {
        // A file that was recognised and gives no account must be reported.
        Ok(()) if !format.may_be_empty && to.accounts().is_empty() && !to.has_errors() => {
            to.report(0, format!("no account was found in this {} file", format.name));
        }
        Ok(()) => {}
        Err(error) => {
            if matches!(error, ReadError::Flattened { .. }) {
                to.discard();
            }
            to.report_loss(0, error);
        }
    }
    to.finish(format.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its end was read with the marks of the mail, and the list counted as complete.
    #[test]
    fn of_a_long_quoted_list_only_the_beginning_is_read_and_it_is_not_complete() {
        let list = |quote: &str, rows: usize| {
            let mut text = format!("{quote}account,domain,spn\n");
            for row in 0..rows {
                text += &format!("{quote}SRV{row}$,alpha.example.com,host/srv{row}\n");
            }
            let to = AccountCollector::new(InventoryFile::at(Path::new("spns.csv")));
            read_text(&mut text.as_bytes(), true, to)
        };
        let (short, long, plain) = (list("> ", 100), list("> ", 5_000), list("", 5_000));
        assert_eq!((short.accounts.len(), plain.accounts.len()), (100, 5_000));
        assert_eq!((short.file.read_errors.len(), plain.file.read_errors.len()), (0, 0));
        assert!((1_000..2_000).contains(&long.accounts.len()), "{}", long.accounts.len());
        assert!(!format!("{:?}", long.accounts).contains('>'));
        assert!(long.file.read_errors[0].contains("only the beginning"));
        assert_eq!(long.complete_domains, Vec::<Arc<str>>::new());
    }
}
