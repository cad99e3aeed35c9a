//! Whether the inputs of a run separate the verdict from the truth.

use krbtriage::diagnosis::Finding;

use super::exchange::{self, Attempt, Outcome, connect};
use super::inputs::{Inputs, Moment, world_at};
use super::scenario::{Expected, Scenario};
use super::truth::truth;
use super::world::{AES, RC4, Replica, World};

/// Is there a forest with the same inputs and the same event, in which the verdict is right?
pub fn same_in_another_world(
    scenario: &Scenario,
    inputs: &Inputs,
    expected: &Expected,
    finding: &Finding,
) -> bool {
    let spns: Vec<Moment> = inputs.spns.iter().map(|s| s.0).collect();
    // An inventory that the run lacks may be new or old.
    let choices = |of: &[Moment]| if of.is_empty() { vec![Moment::Now, Moment::Past] } else { of.to_vec() };
    for a in choices(&inputs.addresses) {
        for d in choices(&inputs.dns) {
            for s in choices(&spns) {
                for flags in 0..=u8::MAX {
                    let world = hybrid(scenario, inputs, [a, d, s], flags, expected);
                    for attempt in attempts(&world, &expected.attempt) {
                        if let Outcome::Refused(refusal) = connect(&world, &attempt)
                            && refusal.account == expected.account
                            && truth(&world, &attempt, &refusal).contains(&(finding.cause, finding.kind))
                        {
                            return true;
                        }
                    }
                }
            }
        }
    }
    false
}

/// The same attempt by DCOM or not, with an older ticket or a new one.
fn attempts(world: &World, attempt: &Attempt) -> Vec<Attempt> {
    let old: Vec<Option<u32>> =
        (0..=world.accounts.iter().map(|a| a.version).max().unwrap_or(0)).map(Some).chain([None]).collect();
    let dcom = if attempt.class == "host" { vec![false, true] } else { vec![attempt.dcom] };
    dcom.iter()
        .flat_map(|&dcom| old.iter().map(move |&cached| (dcom, cached)))
        .map(|(dcom, cached)| Attempt { dcom, cached, ..attempt.clone() })
        .collect()
}

/// Returns the forest with addresses, DNS and SPNs from the given moments. `flags` vary what no inventory shows: bit 0
/// removes wrong passwords and hosts files, the others change KDCs, ARP, services and keys.
fn hybrid(
    scenario: &Scenario,
    inputs: &Inputs,
    [addresses, dns, spns]: [Moment; 3],
    flags: u8,
    expected: &Expected,
) -> World {
    let mut world = scenario.now.clone();
    for (n, host) in world_at(scenario, addresses).hosts.iter().enumerate() {
        world.hosts[n].nics.clone_from(&host.nics);
    }
    // Hosts and accounts that were added later do not exist yet.
    let then = world_at(scenario, addresses);
    for host in world.hosts.iter_mut().skip(then.hosts.len()) {
        host.gone = true;
    }
    for account in world.accounts.iter_mut().skip(world_at(scenario, spns).accounts.len()) {
        account.spns.clear();
    }
    // No list contradicts DNS about a host that no list has.
    let listed = if inputs.dns.is_empty() && flags & 4 == 0 {
        Vec::new()
    } else {
        world_at(scenario, dns).dns.clone()
    };
    for host in (0..world.hosts.len()).filter(|&host| !then.hosts.get(host).is_none_or(|h| h.gone)) {
        let (name, address) = (world.full_name(host), world.address(host));
        if !listed.iter().any(|d| d.0 == name.to_lowercase()) {
            world.set_dns(&name, address);
        }
    }
    for (name, address) in listed {
        world.set_dns(&name, address);
    }
    for (n, account) in world_at(scenario, spns).accounts.iter().enumerate() {
        world.accounts[n].spns.clone_from(&account.spns);
    }
    if flags & 1 != 0 {
        for host in &mut world.hosts {
            host.held_version = world.accounts[host.account].version;
            host.etypes = RC4 | AES;
        }
        world.hosts_files.clear();
    }
    world.exact_first = flags & 2 != 0;
    world.last_reached = flags & 32 == 0;
    // No inventory shows where a service runs, which hosts are nodes of a cluster, and which keys a host has.
    if flags & 64 != 0 {
        let reached = exchange::resolve(&world, &expected.attempt);
        let host = reached.and_then(|address| world.reached(address).first().copied());
        for service in world.services.iter_mut().filter(|s| s.account == expected.account) {
            service.host = host.unwrap_or(service.host);
        }
        for name in &mut world.names {
            name.nodes.extend(world.hosts.iter().position(|h| h.account == expected.account));
        }
    }
    if flags & 128 != 0 {
        for host in world.hosts.iter_mut().filter(|h| h.account == expected.account) {
            (host.held_version, host.etypes) =
                (world.accounts[host.account].version.saturating_sub(2), RC4 | AES);
        }
        for service in world.services.iter_mut().filter(|s| s.account == expected.account) {
            (service.held_version, service.etypes) =
                (world.accounts[service.account].version.saturating_sub(2), RC4 | AES);
        }
    }
    world.replica = match flags >> 3 & 3 {
        0 => Replica::Refuses,
        n => Replica::Knows(usize::from(n) - 1),
    };
    world
}
