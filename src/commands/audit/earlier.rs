//! An earlier audit: what is new, what is gone, and what came back.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::allowed::Allowed;
use super::{COLUMNS, Risk, Row};
use crate::files::describe_read_error;
use crate::inventory::InventoryFile;
use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::AddressInventory;
use crate::inventory::hosts::Hosts;
use crate::names::HostName;
use crate::output::Output;
use crate::report::Status;
use crate::report::row::LIST_SEPARATOR;
use crate::text::escape::unescape_cell;

/// An earlier audit that cannot be used must not silently make everything new.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    #[error("--baseline {}: {}; name an earlier audit (.csv), or leave --baseline out to begin anew", path.display(), unread_csv(path, source))]
    Unreadable { path: PathBuf, source: csv::Error },
    #[error("--baseline {}: line {line}: this is no audit of krbtriage; name an earlier audit (.csv), or leave --baseline out to begin anew", path.display())]
    Foreign { path: PathBuf, line: u64 },
}

fn unread_csv(path: &Path, error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(source) => describe_read_error(path, source),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line}: it has {len} cells where the first line has {expected_len}")
        }
        _ => error.to_string(),
    }
}

/// The rows of an earlier audit by their finding.
#[derive(Default)]
pub(super) struct Earlier {
    rows: HashMap<String, (Status, Row)>,
    order: Vec<String>,
}

/// What this run knows, to tell what is gone from what was not looked at.
pub(super) struct Now<'n> {
    pub hosts: &'n Hosts<'n>,
    pub interfaces: &'n AddressInventory,
    pub accounts: &'n AccountInventory,
    pub allow: &'n Allowed,
}

/// A file that is not there yet begins the series when this run is to write it: `--baseline audit.csv -o audit.csv` every
/// night. Any other name that does not exist is a mistake.
pub(super) fn read(path: &Path, output: &Output) -> Result<Earlier, EarlierError> {
    if !path.exists() && matches!(output, Output::File(file) if file == path) {
        return Ok(Earlier::default());
    }
    let unreadable = |source| EarlierError::Unreadable { path: path.to_path_buf(), source };
    let foreign = |line| EarlierError::Foreign { path: path.to_path_buf(), line };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(unreadable)?;
    if reader.headers().map_err(unreadable)?.iter().ne(COLUMNS) {
        return Err(foreign(1));
    }
    let mut earlier = Earlier::default();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(|c| unescape_cell(c).into_owned()).collect();
        let row: Row = cells.try_into().map_err(|_| foreign(line))?;
        let status = Status::ALL.into_iter().find(|s| s.name() == row[1]).ok_or_else(|| foreign(line))?;
        if earlier.rows.insert(row[0].clone(), (status, row.clone())).is_none() {
            earlier.order.push(row[0].clone());
        }
    }
    Ok(earlier)
}

impl Earlier {
    /// A finding that was gone and is there again has come back: a firmware update switches adapters on.
    pub(super) fn status(&self, id: &str) -> Status {
        match self.rows.get(id) {
            None => Status::New,
            Some((Status::Resolved, _)) => Status::Reopened,
            Some(_) => Status::Ongoing,
        }
    }

    /// The rows of findings that this run does not have. They stay, so that one that comes back is known: as resolved,
    /// or as they were where this run's inventories cannot tell.
    pub(super) fn not_found(&self, risks: &[Risk], now: &Now<'_>) -> Vec<Row> {
        let here: HashSet<&str> = risks.iter().map(|r| r.id.as_str()).collect();
        self.order
            .iter()
            .filter(|id| !here.contains(id.as_str()))
            .filter_map(|id| self.rows.get(id))
            .map(|(status, row)| {
                let mut row = row.clone();
                let unseen = match status {
                    Status::Resolved => None,
                    _ => now.cannot_tell(&row),
                };
                row[1] = if unseen.is_some() { Status::Ongoing } else { Status::Resolved }.name().to_owned();
                if let Some(why) = unseen.filter(|why| !row[9].contains(why.as_str())) {
                    row[9] = [row[9].as_str(), &why].join(LIST_SEPARATOR);
                }
                row
            })
            .collect()
    }
}

impl Now<'_> {
    /// Why this run would not have the finding of this row even if it were still so. An inventory that could not be read
    /// today, or that has fewer hosts, must not make it come and go.
    fn cannot_tell(&self, row: &Row) -> Option<String> {
        let [_, _, kind, what, owners, ..] = row;
        match kind.as_str() {
            "duplicate-spn" | "host-alias-collision" | "same-name-two-domains" => {
                let read = |f: &InventoryFile| f.rows > 0 && f.problems.is_empty();
                let whole = !self.accounts.files.is_empty() && self.accounts.files.iter().all(read);
                (!whole).then(|| "a later audit had no whole list of accounts".to_owned())
            }
            "name-leads-elsewhere" => {
                let name = what.split_once(" -> ").and_then(|(name, _)| HostName::parse(name))?;
                let records = &self.interfaces.resolved;
                let listed = records.iter().any(|r| HostName::parse(&r.name).is_some_and(|n| n == name));
                (!listed).then(|| format!("a later audit had no DNS record of {name}"))
            }
            _ => {
                let address: IpAddr = what.parse().ok()?;
                if self.allow.has(address) {
                    return None;
                }
                // `and 19900 more` of a long list is no host; those written stand for all.
                let named = owners.split(LIST_SEPARATOR).filter(|text| !text.contains(' '));
                let unseen: Vec<&str> = named
                    .filter(|text| {
                        let host = HostName::parse(text).and_then(|name| self.hosts.find(&name));
                        host.is_none_or(|id| self.hosts.owned(id).is_empty())
                    })
                    .collect();
                let has_it = usize::from(!self.hosts.owners_of(address).is_empty());
                (unseen.len() + has_it >= 2)
                    .then(|| format!("a later audit had no addresses of {}", unseen.first().unwrap_or(&"")))
            }
        }
    }
}
