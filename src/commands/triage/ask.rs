//! What this machine knows at this moment, for `here`, and what the targets say of themselves, for `--probe`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::config::Config;
use super::known_hosts::known_hosts;
use crate::incidents::{CollectedIncidents, Incident};
use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::{self, AddressInventory, LoadOptions, NameOrigin, ResolvedName};
use crate::inventory::hosts::Hosts;
use crate::inventory::{InventoryFile, Source};
use crate::live::{Machine, own_addresses};
use crate::names::{HostName, Principal, Same};
use crate::probe::{self, Network};

/// Targets that are resolved or probed at most: those with the most events.
const MAX_TARGETS: usize = 50;
/// For one name. All are resolved at once.
const RESOLVE: Duration = Duration::from_secs(3);

/// Adds this machine's adapters and hosts file, what its resolver answers for the targets, and what the targets answer to a
/// probe. Returns notes for the user.
pub(super) fn ask(
    config: &Config,
    interfaces: &mut AddressInventory,
    accounts: &AccountInventory,
    collected: &CollectedIncidents,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(machine) = &config.machine {
        let targets = targets(&collected.incidents, &|_, _| true);
        add(interfaces, of_machine(machine, &targets));
    }
    let Some(options) = &config.probe else { return notes };
    let targets = {
        let hosts = known_hosts(interfaces, accounts, collected);
        targets(&collected.incidents, &|incident, target| {
            may_ask(&hosts, config.machine.as_ref(), incident, target)
        })
    };
    let names: Vec<String> = targets.iter().take(MAX_TARGETS).map(ToString::to_string).collect();
    log::debug!("probing {} of {} targets", names.len(), targets.len());
    for probe in probe::probe(&names, options, &|| ()) {
        add(interfaces, probe.inventory());
        if probe.answer.is_none() {
            notes.extend(probe.failures.iter().map(|failure| probe.sentence(failure)));
        }
    }
    if targets.len() > MAX_TARGETS {
        notes.push(format!(
            "--probe asked the {MAX_TARGETS} targets with the most events, of {}. Pass the others to `krbtriage probe`.",
            targets.len()
        ));
    }
    if targets.is_empty() && !collected.incidents.is_empty() {
        let text = "--probe asked nobody: no inventory, account list or domain of this machine has a target. Pass the hosts \
                    that you trust to `krbtriage probe`.";
        notes.push(text.to_owned());
    }
    notes
}

/// The hosts that clients asked for and could not reach, those with the most events first. A client is not asked about itself.
fn targets(incidents: &[Incident], may: &dyn Fn(&Incident, &HostName) -> bool) -> Vec<HostName> {
    let mut events: BTreeMap<HostName, u64> = BTreeMap::new();
    for incident in incidents {
        let Some(target) = Principal::parse(&incident.target).host() else { continue };
        let is_client =
            HostName::parse(&incident.client).is_some_and(|client| client.same(&target) == Same::Yes);
        if !is_client && may(incident, &target) {
            let count = events.entry(target).or_default();
            *count = count.saturating_add(incident.occurrences.events);
        }
    }
    let mut targets: Vec<(HostName, u64)> = events.into_iter().collect();
    targets.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
    targets.into_iter().map(|(name, _)| name).collect()
}

/// A name from a log gets a connection only where something else vouches for it: an inventory or an account list, or, on the
/// machine that logged the event, its own domain or a realm that issued the ticket.
fn may_ask(hosts: &Hosts<'_>, machine: Option<&Machine>, incident: &Incident, target: &HostName) -> bool {
    if hosts.is_known(target) {
        return true;
    }
    let Some(machine) = machine else { return false };
    let Some(domain) = target.domain() else { return true };
    let own = machine.domain.iter().map(String::as_str);
    let realms = [&*incident.target_realm, &*incident.client_realm];
    own.chain(realms).any(|known| known.eq_ignore_ascii_case(domain))
}

/// This machine's adapters, its hosts file, and what its resolver answers for the targets.
fn of_machine(machine: &Machine, targets: &[HostName]) -> AddressInventory {
    let at = Timestamp::now();
    let source = format!("adapters of {} at {at:.0}", machine.name);
    let mut all = own_addresses(&machine.name, &machine.adapters, &source, at);
    let options = LoadOptions { host: Some(machine.name.clone()) };
    let mut hosts_file = addresses::load(std::slice::from_ref(&machine.hosts_file), &options);
    // A hosts file of an unusual form is not an error here: the resolver reads it as well.
    hosts_file.files.retain(|file| !file.kind.is_empty());
    hosts_file.resolved.iter_mut().for_each(|row| row.source.collected = Some(at));
    add(&mut all, hosts_file);
    add(&mut all, resolved(machine, targets.get(..MAX_TARGETS).unwrap_or(targets), at));
    all
}

fn resolved(machine: &Machine, targets: &[HostName], at: Timestamp) -> AddressInventory {
    let path: Arc<str> = format!("resolver of {} at {at:.0}", machine.name).into();
    let resolver: Arc<str> = machine.name.as_str().into();
    let network: &Network = &machine.network;
    let answers: Vec<_> = thread::scope(|scope| {
        let look_up = |name: String| {
            let name: Arc<str> = name.into();
            scope.spawn(move || (Arc::clone(&name), network.resolve(&name, RESOLVE)))
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
