//! Stage 3: reads the inventories and diagnoses every incident.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::ask;
use super::collect::Collected;
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

/// The findings as rows, or as something else, and the inventories they are based on.
pub(super) struct Diagnosed<T> {
    pub findings: Vec<T>,
    pub inventories: Vec<InventoryFile>,
    /// Hosts that did not answer.
    pub notes: Vec<String>,
}

/// Takes the incidents and signals out of `collected`, diagnoses every incident, and makes a row of each with `make`, which also
/// gets the names of the logs.
pub(super) fn diagnose<T: Orderable + Send>(
    config: &Config,
    inputs: &Inputs,
    collected: &mut Collected,
    progress: &dyn HostProgress,
    make: impl Fn(Finding, &dyn Fn(FileIndex) -> String) -> T + Sync,
) -> Diagnosed<T> {
    let Collected { incidents: collected, logs, .. } = collected;
    let log_name = |place: FileIndex| logs.name(place);
    let load = addresses::LoadOptions { host: config.host.clone() };
    let mut interfaces = addresses::load(&inputs.interfaces, &load);
    let accounts = accounts::load_in_zone(&inputs.spns, &config.scan.zone);
    // Only what the user passed decides whom to ask: a log may name anybody.
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
    Diagnosed { findings, inventories, notes }
}

/// Drops what is reported already: an archive of logs and inventories is read once for each, and each reading meets the same
/// member that cannot be unpacked.
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
        // The line of the archive itself, which had nothing else to say.
        !(had_any && file.read_errors.is_empty() && file.kind.is_empty())
    });
}
