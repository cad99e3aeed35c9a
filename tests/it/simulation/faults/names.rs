//! Faults of names: DNS or a hosts file resolves the target to another host.

use super::requests::{
    any_pair, attempt_service, attempt_to, client_of, machine_class, pair, spn_forms, two,
};
use super::{Effect, Fault, Trace, retire};
use crate::simulation::exchange::Attempt;
use crate::simulation::rng::Rng;
use crate::simulation::world::{AES, CARDS, HOUR, Id, Name, Purpose, RC4, Service, World, card};

/// DNS or a hosts file resolves the target to the address of another host or of the client.
pub fn wrong_address(fault: Fault, world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (client, target) = any_pair(rng, world)?;
    let third: Vec<Id> = world.all_members().into_iter().filter(|&h| h != client && h != target).collect();
    let reached = if fault == Fault::StaleDnsClient { client } else { *rng.pick(&third) };
    let (name, address) = (world.full_name(target), world.address(reached));
    if fault == Fault::HostsFile {
        let reached = if rng.chance(40) { world.address(client) } else { address };
        world.hosts_files.push((client, name.to_lowercase(), reached));
    } else {
        world.set_dns(&name, address);
    }
    let class = machine_class(rng, world, target);
    Some(attempt_to(rng, world, client, class, target).into())
}

/// DNS resolves the name of one server to another, whose service runs under its own account.
pub fn stale_dns_to_service(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    let (other, client) = two(
        rng,
        &world.members(world.hosts[s.host].domain).into_iter().filter(|&h| h != s.host).collect::<Vec<_>>(),
    )?;
    if world.services.iter().any(|x| x.host == other && x.class == s.class) {
        return None;
    }
    let account = world.add_user(format!("svc_far{other}"), world.hosts[other].domain, Vec::new(), rng);
    if rng.chance(60) {
        for spn in spn_forms(world, s.class, other) {
            world.register(account, spn, when - 900 * HOUR);
        }
    }
    world.services.push(Service { host: other, class: s.class, account, held_version: 2, etypes: RC4 | AES });
    let (name, address) = (world.full_name(s.host), world.address(other));
    world.set_dns(&name, address);
    Some(attempt_service(rng, world, client, service).into())
}

/// A machine was retired and its name resolves to its successor, but its account still has `HOST/name`.
pub fn name_taken_over(fault: Fault, world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (old, heir) = pair(rng, world, true)?;
    if world.services.iter().any(|s| s.host == old || s.host == heir) {
        return None;
    }
    let client = client_of(rng, world, heir).filter(|&c| c != old)?;
    let (label, domain, full) =
        (world.hosts[old].label.clone(), world.hosts[old].domain, world.full_name(old).to_lowercase());
    retire(world, old, rng);
    if fault == Fault::NameTakenOver {
        let address = world.address(heir);
        world.set_dns(&full, address);
    } else {
        world.dns.retain(|d| d.0 != full);
        let target = world.full_name(heir).to_lowercase();
        world.cnames.push((full.clone(), target));
    }
    world.names.push(Name::new(label, domain, heir, Purpose::TakenOver));
    let class = *rng.pick(&["cifs", "cifs", "host"]);
    Some(Attempt::new(client, class, full).into())
}

/// All hosts have the same card, which harms nobody. The fault is a line in the client's hosts file.
pub fn hosts_file_in_fleet(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (client, target) = any_pair(rng, world)?;
    let which = rng.below(CARDS.len());
    for host in 0..world.hosts.len() {
        if !world.owns(host, card(which).address) {
            world.hosts[host].nics.push(card(which));
        }
    }
    world.dcom_uses_shared = false;
    let (name, address) = (world.full_name(target), world.address(client));
    world.hosts_files.push((client, name.to_lowercase(), address));
    Some(attempt_to(rng, world, client, "host", target).into())
}

/// A machine was renamed and another one got its old name. DNS still resolves that name to the renamed one.
pub fn name_given_again(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let host = *rng.pick(&world.all_members());
    if world.hosts[host].former.is_some() {
        return None;
    }
    let old = format!("web{host}");
    let domain = world.hosts[host].domain;
    let heir = world.add_host(old.clone(), domain, rng);
    world.hosts[host].former = Some(old);
    effect.traces.push(Trace::Renamed(host));
    let (name, address) = (world.full_name(heir), world.address(host));
    world.set_dns(&name, address);
    let client = client_of(rng, world, host)?;
    if client == heir {
        return None;
    }
    let class = machine_class(rng, world, host);
    effect.attempts.push(attempt_to(rng, world, client, class, heir));
    Some(effect)
}
