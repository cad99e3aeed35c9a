//! `krbtriage triage`: the whole pipeline, from files to the report.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::events::{self, Seen};
use crate::files::{self, FileError};
use crate::findings::{self, Finding, Knowledge};
use crate::incidents::{Gathered, Gatherer, Period};
use crate::inventory::directory::Directory;
use crate::inventory::hosts::Hosts;
use crate::inventory::{InventoryFile, accounts, addresses, from_logs};
use crate::names::Principal;
use crate::report::{Output, OutputError, Row, table};
use crate::scan::{self, FileReport, Progress, ScanOptions};

/// What a triage run is asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files and folders.
    pub logs: Vec<PathBuf>,
    /// Interface inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// The host of inventory rows that name none.
    pub host: Option<String>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Service classes that `HOST/` stands for.
    pub host_aliases: accounts::HostAliases,
    pub output: Output,
    /// Per-file results as JSON Lines.
    pub summary: Option<PathBuf>,
    pub period: Period,
    /// How far another event may lie from an incident's events to count for it.
    pub window: SignedDuration,
    pub scan: ScanOptions,
}

/// What a run did, for the summary on the terminal.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// The place the report went to; `None` for standard output.
    pub written: Option<PathBuf>,
    pub logs: Vec<FileReport>,
    pub inventories: Vec<InventoryFile>,
    /// Paths that could not be looked at.
    pub unfound: Vec<FileError>,
    pub events: u64,
    pub duplicates: u64,
    pub clues_dropped: u64,
    pub took: Duration,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", no_logs(.0))]
    NoLogs(Vec<FileError>),
    #[error(transparent)]
    Output(#[from] OutputError),
}

fn no_logs(errors: &[FileError]) -> String {
    let mut text = String::from("no log could be read, so there is no report");
    for error in errors {
        text.push_str(&format!("\n  {error}"));
    }
    if errors.is_empty() {
        text.push_str(
            "; name .evtx files, or folders that hold some (wevtutil epl System System.evtx makes one)",
        );
    }
    text
}

impl Outcome {
    /// Everything that was named could be read.
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty()
            && self.clues_dropped == 0
            && self.logs.iter().all(|f| f.problems.is_empty())
            && self.inventories.iter().all(|f| f.problems.is_empty())
    }
}

/// Runs the pipeline and writes the report.
pub fn run(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    let start = Instant::now();
    config.output.check()?;
    let (inputs, unfound) = files::find(&config.logs);
    if !inputs.iter().any(|i| i.kind.is_read() || i.named) {
        return Err(Error::NoLogs(unfound));
    }

    let seen = Seen::default();
    let selection = events::selection();
    let scan =
        scan::scan(&inputs, &selection, &config.scan, progress, || Gatherer::new(&seen, config.period));
    let mut logs = scan.files;
    let gathered = Gathered::merge(scan.collectors);
    for (&file, &count) in &gathered.duplicates {
        if let Some(report) = logs.get_mut(file as usize) {
            report.duplicates = count;
        }
    }
    let log_name = |file: u32| logs.get(file as usize).map(|f| f.path.to_string()).unwrap_or_default();

    let load = addresses::LoadOptions { host: config.host.clone() };
    let mut interfaces = addresses::load(&config.interfaces, &load);
    let accounts = accounts::load(&config.spns);
    from_logs::add(&mut interfaces, &gathered.clues, &log_name);
    let inventories = [interfaces.files.clone(), accounts.files.clone()].concat();

    let hosts = known_hosts(&interfaces, &accounts, &gathered);
    let knowledge =
        Knowledge::new(hosts, Directory::new(&accounts, &config.host_aliases), gathered.clues, config.window);
    let findings = findings::judge(gathered.incidents, &knowledge);

    let rows: Vec<Row> = findings.iter().map(|f: &Finding| Row::new(f, &log_name)).collect();
    let written = config.output.write(|out| table::write(&rows, out))?;
    let outcome = Outcome {
        rows,
        written,
        logs,
        inventories,
        unfound,
        events: gathered.events,
        duplicates: seen.duplicates(),
        clues_dropped: gathered.clues_dropped,
        took: start.elapsed(),
    };
    if let Some(path) = &config.summary {
        Output::File(path.clone()).write(|out| super::summary::write(&outcome, out))?;
    }
    Ok(outcome)
}

/// Every name that anything mentions, so that a short name is only taken for a full one where no other fits.
fn known_hosts<'a>(
    interfaces: &'a addresses::AddressInventory,
    accounts: &accounts::AccountInventory,
    gathered: &Gathered,
) -> Hosts<'a> {
    let mut hosts = Hosts::new(interfaces);
    for account in &accounts.accounts {
        let Some(dns) = account.dns_host_name.as_deref().filter(|n| !n.is_empty()) else { continue };
        hosts.add(dns);
        let why = || account.source.as_ref().map(ToString::to_string).unwrap_or_default();
        if !account.domain.is_empty() {
            // A disjoint namespace: the computer is known by its account's domain as well.
            let name = format!("{}.{}", account.name.trim_end_matches('$'), account.domain);
            hosts.alias(&name, dns, why());
        }
        for other in &account.additional_dns_host_names {
            hosts.alias(other, dns, why());
        }
    }
    for incident in &gathered.incidents {
        hosts.add(&incident.client);
        if let Some(target) = Principal::parse(&incident.target).host() {
            hosts.mention(target);
        }
    }
    hosts.settle();
    hosts
}
