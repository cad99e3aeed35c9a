//! Stage 3: reads the inventories and diagnoses every incident.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::ask;
use super::collect::CollectedLogs;
use super::config::Config;
use super::inputs::Inputs;
use super::known_hosts::known_hosts;
use super::target_policy::TargetPolicy;
use crate::diagnosis::{Context, Diagnosis, FileDates, Finding, Orderable, diagnose_as};
use crate::files::FileIndex;
use crate::inventory::directory::Directory;
use crate::inventory::{InventoryFile, accounts, addresses, from_events};
use crate::probe::HostProgress;
use crate::scan::FileReport;

/// Result of stage 3.
pub(super) struct Diagnoses<T> {
    /// A row of the report, or another result, for each incident.
    pub findings: Vec<T>,
    /// The inventories that the findings are based on.
    pub inventories: Vec<InventoryFile>,
    /// Sentences about hosts that did not answer.
    pub notes: Vec<String>,
}

/// Diagnoses every incident, and converts each finding with `make`, which also gets the names of the logs. Takes the incidents
/// and signals out of `collected`.
pub(super) fn diagnose<T: Orderable + Send>(
    config: &Config,
    inputs: &Inputs,
    collected: &mut CollectedLogs,
    progress: &dyn HostProgress,
    make: impl Fn(Finding, &dyn Fn(FileIndex) -> String) -> T + Sync,
) -> Diagnoses<T> {
    let CollectedLogs { incidents: collected, logs, .. } = collected;
    let log_name = |place: FileIndex| logs.name(place);
    let load = addresses::LoadOptions { host: config.host.clone() };
    let mut interfaces = addresses::load(&inputs.interfaces, &load);
    let accounts = accounts::load_in_zone(&inputs.spns, &config.scan.zone);
    // A log may name any host, so only the inputs that the user passed decide whom to ask.
    let policy = TargetPolicy::new(&interfaces, &accounts, config.machine.as_ref());
    from_events::add(&mut interfaces, &collected.signals, &log_name);
    let notes = ask::ask(config, &policy, &mut interfaces, collected, progress);
    let mut inventories = [interfaces.files.clone(), accounts.files.clone()].concat();
    drop_repeated(&mut inventories, &logs.files);

    for file in &inventories {
        let kind = if file.kind.is_empty() { "not recognised" } else { file.kind };
        log::debug!("{}: {kind}, {} rows, {} hosts or accounts", file.path, file.rows, file.hosts);
    }
    let hosts = known_hosts(&interfaces, &accounts, collected);
    let directory = Directory::new(&accounts, &config.host_aliases);
    let signals = std::mem::take(&mut collected.signals);
    let written = inventories.iter().map(|file| (Arc::clone(&file.path), file.modified));
    let dates = FileDates::new(written, Timestamp::now()).with_logs(logs.dates(config.period));
    let context = Context::new(hosts, directory, signals, config.window).with_dates(dates);
    let incidents = std::mem::take(&mut collected.incidents);
    let Diagnosis { findings, failed } = diagnose_as(incidents, &context, |finding| make(finding, &log_name));
    collected.dropped.undiagnosed = failed;
    Diagnoses { findings, inventories, notes }
}

/// Drops read errors that another input already reports. An archive is read once for its logs and once for its inventories,
/// and both times a damaged member fails.
fn drop_repeated(inventories: &mut Vec<InventoryFile>, logs: &[FileReport]) {
    let mut reported: HashSet<(String, String)> = HashSet::new();
    for log in logs.iter().filter(|log| !log.read_errors.is_empty()) {
        let (path, member) = log.path.split_once('!').unwrap_or((&log.path, ""));
        let name = if member.is_empty() { String::new() } else { format!("{member}: ") };
        reported.extend(log.read_errors.iter().map(|error| (path.to_owned(), format!("{name}{error}"))));
    }
    inventories.retain_mut(|file| {
        let had_any = !file.read_errors.is_empty();
        let path = file.path.to_string();
        file.read_errors.retain(|error| reported.insert((path.clone(), error.clone())));
        // Drop the archive itself, too, if nothing else is known about it.
        !(had_any && file.read_errors.is_empty() && file.kind.is_empty())
    });
}
