//! `krbtriage collect-script` writes a PowerShell script that exports what triage needs.
//!
//! A file imports only files listed before it: `listed_hosts` (hosts that may be visited), `task` (what to collect from which host),
//! `queries` (of the event log), `script` (its text).

mod listed_hosts;
mod queries;
mod script;
mod task;

use std::io;
use std::path::PathBuf;

use super::paths::protect_inputs;
use crate::files::{describe_read_error, read_regular};
use crate::inventory::{InventoryFile, accounts, addresses};
use crate::output::{Output, OutputError};
use crate::report::Row;
use crate::report::baseline;
use crate::report::saved_file::SavedError;
use listed_hosts::ListedHosts;
use task::Task;

/// Longest list of hosts in bytes. One with a million hosts is shorter.
const MAX_LIST: u64 = 64 << 20;

/// Options of `collect-script`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Hosts to collect from. With a report: hosts that the user confirms as destinations.
    pub hosts: Vec<String>,
    /// Files with one host per line; `#` begins a comment.
    pub lists: Vec<PathBuf>,
    /// A report. With it, the script collects only what the column `missing` asks for.
    pub report: Option<PathBuf>,
    /// Address inventories, whose hosts may be visited for a report.
    pub interfaces: Vec<PathBuf>,
    /// Account lists, whose computers may be visited for a report.
    pub spns: Vec<PathBuf>,
    pub output: Output,
}

/// Why there is no script.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--hosts {}: {}", path.display(), describe_read_error(path, source))]
    List { path: PathBuf, source: io::Error },
    #[error("no host was passed. Name hosts, or pass a list with --hosts, or a report with --report")]
    NoHosts,
    #[error("{}: the column missing asks for nothing that a script can collect", .0.display())]
    NothingMissing(PathBuf),
    #[error(
        "{}: no list has the hosts that the report asks about ({hosts}). Name those that you trust, or pass inventories with -i and -s",
        path.display()
    )]
    NoneListed { path: PathBuf, hosts: String },
    #[error("--report {0}")]
    Report(#[from] SavedError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        match self {
            Self::NoHosts => true,
            Self::Output(error) => error.is_wrong_use(),
            _ => false,
        }
    }
}

/// Result of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Number of texts that are not host names. The script has them in comments only.
    pub refused: usize,
    /// Number of host names that no list has. The script has them in comments only.
    pub unlisted: usize,
    /// The inventories and account lists that were read.
    pub inventories: Vec<InventoryFile>,
    /// The file written; `None` for standard output.
    pub written: Option<PathBuf>,
}

/// Writes the script.
pub fn run(config: &Config) -> Result<Outcome, Error> {
    config.output.check()?;
    let lists = [&config.lists, &config.interfaces, &config.spns].into_iter().flatten();
    let inputs = lists.chain(&config.report).map(PathBuf::as_path);
    let protected = protect_inputs(config.output.path(), inputs)?;
    let hosts = hosts(config)?;
    let mut inventories = Vec::new();
    let task = match &config.report {
        Some(path) => {
            let rows = baseline::read(path)?;
            let task = Task::of_report(&rows, &find_listed_hosts(config, &hosts, &rows, &mut inventories));
            if task.is_empty() {
                return Err(nothing_to_collect(path.clone(), &task));
            }
            task
        }
        None => {
            // A list means the whole estate with its domain controllers. Hosts on the command line mean only themselves.
            let task = Task::of_hosts(&hosts, !config.lists.is_empty());
            if task.logs.is_empty() && task.refused.is_empty() {
                return Err(Error::NoHosts);
            }
            task
        }
    };
    let text = script::text(&task);
    let written = config.output.write(&protected, |out| out.write_all(text.as_bytes()))?;
    Ok(Outcome { refused: task.refused.len(), unlisted: task.unlisted.len(), inventories, written })
}

/// Returns the hosts that the script may visit for a report: those that the user, an inventory or an account list names, and the
/// clients, which are the `Computer` of the logs. Adds the files that were read to `inventories`.
fn find_listed_hosts(
    config: &Config,
    hosts: &[String],
    rows: &[Row],
    inventories: &mut Vec<InventoryFile>,
) -> ListedHosts {
    let mut listed = ListedHosts::default();
    hosts.iter().for_each(|host| listed.add(host));
    rows.iter().for_each(|row| listed.add(&row.client));
    let mut interfaces = addresses::load(&config.interfaces, &addresses::LoadOptions::default());
    let mut accounts = accounts::load(&config.spns);
    listed.add_addresses(&interfaces);
    listed.add_accounts(&accounts);
    inventories.append(&mut interfaces.files);
    inventories.append(&mut accounts.files);
    listed
}

fn nothing_to_collect(path: PathBuf, task: &Task) -> Error {
    const SHOWN: usize = 5;
    if task.unlisted.is_empty() {
        return Error::NothingMissing(path);
    }
    let mut hosts: Vec<&str> = task.unlisted.iter().take(SHOWN).map(String::as_str).collect();
    if task.unlisted.len() > SHOWN {
        hosts.push("...");
    }
    Error::NoneListed { path, hosts: hosts.join(", ") }
}

fn hosts(config: &Config) -> Result<Vec<String>, Error> {
    let mut hosts = config.hosts.clone();
    for path in &config.lists {
        let failed = |source| Error::List { path: path.clone(), source };
        let text = read_regular(path, MAX_LIST).map_err(failed)?;
        let text = crate::text::decode::decode(&text).into_owned();
        let names = text.lines();
        hosts.extend(
            names
                .map(|l| l.split('#').next().unwrap_or_default().trim().to_owned())
                .filter(|l| !l.is_empty()),
        );
    }
    Ok(hosts)
}
