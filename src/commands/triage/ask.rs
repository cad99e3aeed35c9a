//! Collects facts while the run lasts: those of this machine for `here`, and the answers of the targets for `--probe`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::config::Config;
use super::target_policy::TargetPolicy;
use crate::commands::silent_hosts::describe_silent_hosts;
use crate::incidents::{CollectedIncidents, Incident};
use crate::inventory::addresses::{self, AddressInventory, LoadOptions, NameOrigin, ResolvedName};
use crate::inventory::{InventoryFile, Source};
use crate::live::{Machine, own_addresses};
use crate::names::{HostMatch, HostName, Principal};
use crate::probe::{self, HostProgress, Network};
use crate::report::numbers::pluralize;

/// Maximum number of targets that are resolved or probed: those with the most events.
const MAX_TARGETS: usize = 50;
/// Longest time to resolve a name. All names are resolved at the same time.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);
/// Targets that a note lists.
const MAX_SHOWN: usize = 5;

/// Adds addresses to `interfaces`. With `here` they are those of this machine's adapters, of its hosts file, and those to
/// which it resolves the targets. With `--probe` they are the answers of the targets that `policy` allows. Returns notes for
/// the user.
pub(super) fn ask(
    config: &Config,
    policy: &TargetPolicy,
    interfaces: &mut AddressInventory,
    collected: &CollectedIncidents,
    progress: &dyn HostProgress,
) -> Vec<String> {
    if let Some(machine) = &config.machine {
        let targets = by_events(&collected.incidents, &|_, target| Some(target.clone()));
        add(interfaces, machine_inventory(machine, &targets));
    }
    let Some(options) = &config.probe else { return Vec::new() };
    let targets = by_events(&collected.incidents, &|incident, target| policy.name_to_ask(incident, target));
    let names: Vec<String> = targets.iter().take(MAX_TARGETS).map(ToString::to_string).collect();
    log::debug!("probing {} of {} targets", names.len(), targets.len());
    let probes = probe::probe(&names, options, progress);
    probes.iter().for_each(|probe| add(interfaces, probe.inventory()));
    let mut notes = describe_silent_hosts(&probes, MAX_SHOWN);
    if targets.len() > MAX_TARGETS {
        notes.push(format!(
            "--probe asked the {MAX_TARGETS} targets with the most events, of {}. Pass the others to `krbtriage probe`.",
            targets.len()
        ));
    }
    let refused = by_events(&collected.incidents, &|incident, target| {
        policy.name_to_ask(incident, target).is_none().then(|| target.clone())
    });
    notes.extend(not_asked(&refused, config.machine.is_some()));
    notes
}

/// Describes the targets that were not asked because only the log has their names, and how to ask them anyway.
fn not_asked(refused: &[HostName], here: bool) -> Option<String> {
    let names: Vec<String> = refused.iter().take(MAX_SHOWN).map(ToString::to_string).collect();
    let more = match refused.len().saturating_sub(MAX_SHOWN) {
        0 => String::new(),
        more => format!(" and {}", pluralize(more as u64, "other target")),
    };
    let (who, command) = match here {
        true => (
            "no inventory or account list has them, and they are not in this machine's domain",
            "here --probe",
        ),
        false => ("no inventory or account list has them", "triage LOG"),
    };
    let text = format!(
        "--probe did not ask {}{more}: {who}. If you trust these names, run: krbtriage probe {} -o addresses.csv. Then add -i \
         addresses.csv to krbtriage {command}.",
        names.join(", "),
        names.join(" ")
    );
    (!names.is_empty()).then_some(text)
}

/// Returns the targets of the incidents under the name that `choose` returns. Those with the most events come first. A target
/// that is the client itself is left out.
fn by_events(
    incidents: &[Incident],
    choose: &dyn Fn(&Incident, &HostName) -> Option<HostName>,
) -> Vec<HostName> {
    let mut events: BTreeMap<HostName, u64> = BTreeMap::new();
    for incident in incidents {
        let Some(target) = Principal::parse(&incident.target).host() else { continue };
        let is_client =
            HostName::parse(&incident.client).is_some_and(|client| client.compare(&target) == HostMatch::Yes);
        if is_client {
            continue;
        }
        if let Some(name) = choose(incident, &target) {
            let count = events.entry(name).or_default();
            *count = count.saturating_add(incident.occurrences.events);
        }
    }
    let mut targets: Vec<(HostName, u64)> = events.into_iter().collect();
    targets.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
    targets.into_iter().map(|(name, _)| name).collect()
}

/// Collects this machine's adapters, its hosts file, and the addresses to which it resolves the targets.
fn machine_inventory(machine: &Machine, targets: &[HostName]) -> AddressInventory {
    let at = Timestamp::now();
    let source = format!("adapters of {} at {at:.0}", machine.name);
    let mut all = own_addresses(&machine.name, &machine.adapters, &source, at);
    let options = LoadOptions { host: Some(machine.name.clone()) };
    let mut hosts_file = addresses::load(std::slice::from_ref(&machine.hosts_file), &options);
    // A hosts file that is not recognised is not an error, because the resolver reads it too.
    hosts_file.files.retain(|file| !file.kind.is_empty());
    hosts_file.resolved.iter_mut().for_each(|row| row.source.collected = Some(at));
    add(&mut all, hosts_file);
    add(&mut all, resolve(machine, targets.get(..MAX_TARGETS).unwrap_or(targets), at));
    all
}

/// Resolves the targets on this machine.
fn resolve(machine: &Machine, targets: &[HostName], at: Timestamp) -> AddressInventory {
    let path: Arc<str> = format!("resolver of {} at {at:.0}", machine.name).into();
    let resolver: Arc<str> = machine.name.as_str().into();
    let network: &Network = &machine.network;
    let answers: Vec<_> = thread::scope(|scope| {
        let look_up = |name: String| {
            let name: Arc<str> = name.into();
            scope.spawn(move || (Arc::clone(&name), network.resolve(&name, RESOLVE_TIMEOUT)))
        };
        let started: Vec<_> = targets.iter().map(|target| look_up(target.to_string())).collect();
        started.into_iter().filter_map(|look_up| look_up.join().ok()).collect()
    });
    let mut all = AddressInventory::default();
    for (name, found) in answers {
        let found = found.inspect_err(|failure| log::info!("{name}: {failure}")).unwrap_or_default();
        all.resolved.extend(found.into_iter().map(|address| ResolvedName {
            name: Arc::clone(&name),
            address,
            source: Source { file: Arc::clone(&path), line: 0, collected: Some(at) },
            origin: NameOrigin::Unknown,
            resolver: Some(Arc::clone(&resolver)),
        }));
    }
    let (rows, hosts) = (all.resolved.len() as u64, targets.len() as u64);
    if rows > 0 {
        all.files.push(InventoryFile {
            path,
            kind: "resolver of this machine",
            rows,
            hosts,
            ..InventoryFile::default()
        });
    }
    all
}

fn add(all: &mut AddressInventory, mut more: AddressInventory) {
    all.owned.append(&mut more.owned);
    all.resolved.append(&mut more.resolved);
    all.aliases.append(&mut more.aliases);
    all.files.append(&mut more.files);
}
