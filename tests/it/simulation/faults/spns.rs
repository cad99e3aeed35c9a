//! Faults of registrations: an SPN is on the wrong account, or on two.

use super::requests::{
    attempt_service, attempt_to, client_of, is_dcom, machine_class, pair, port_of, spn_forms,
};
use super::{Effect, Fault, retire};
use crate::simulation::exchange::Attempt;
use crate::simulation::rng::Rng;
use crate::simulation::world::{DAY, HOUR, Id, Name, Purpose, Web, World};

/// A service's SPN is on the account of somebody else.
pub fn misplaced_spn(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let host = *rng.pick(&world.all_members());
    let class = *rng.pick(&["HTTP", "HTTP", "cifs", "MSSQLSvc", "WSMAN"]);
    if world.services.iter().any(|s| s.host == host && s.class == class) {
        return None;
    }
    let client = client_of(rng, world, host)?;
    let account = if rng.chance(70) {
        let domain = if rng.chance(80) { world.hosts[host].domain } else { rng.below(world.domains.len()) };
        world.add_user(format!("svc_old{host}{}", class.to_lowercase()), domain, Vec::new(), rng)
    } else {
        let others: Vec<Id> = world.all_members().into_iter().filter(|&h| h != host).collect();
        world.hosts[*rng.pick(&others)].account
    };
    let own = world.hosts[host].account;
    for spn in spn_forms(world, class, host) {
        world.unregister(own, &spn, when);
        world.register(account, spn, when);
    }
    Some(Attempt { port: port_of(class), ..attempt_to(rng, world, client, class, host) }.into())
}

/// A host's HOST SPNs are on the account of another computer.
pub fn misplaced_host_spn(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let (host, other) = pair(rng, world, true)?;
    let client = client_of(rng, world, host)?;
    let (own, wrong) = (world.hosts[host].account, world.hosts[other].account);
    for spn in spn_forms(world, "HOST", host) {
        world.unregister(own, &spn, when);
        world.register(wrong, spn, when);
    }
    let class = *rng.pick(&["cifs", "host"]);
    Some(attempt_to(rng, world, client, class, host).into())
}

/// An account of another domain has the SPN too, and the KDC of the client finds that one.
pub fn duplicate_in_two_domains(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let host = *rng.pick(&world.all_members());
    let (class, own) = match world.services.iter().find(|s| s.host == host) {
        Some(s) if rng.chance(60) => (s.class, s.account),
        _ => (machine_class(rng, world, host), world.hosts[host].account),
    };
    if own == world.hosts[host].account && world.services.iter().any(|s| s.host == host && s.class == class) {
        return None;
    }
    let other = (world.hosts[host].domain + 1) % world.domains.len();
    let clients = world.members(other);
    let client = *rng.pick(&clients);
    let wrong = world.add_user(format!("svc_dup{host}"), other, Vec::new(), rng);
    for spn in spn_forms(world, class, host) {
        if !world.accounts[own].spns.iter().any(|s| s.eq_ignore_ascii_case(&spn)) {
            world.register(own, spn.clone(), when);
        }
        world.register(wrong, spn, when);
    }
    Some(Attempt { port: port_of(class), ..attempt_to(rng, world, client, class, host) }.into())
}

/// Two accounts of one domain have the SPN.
pub fn duplicate_in_one_domain(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    let client = client_of(rng, world, s.host)?;
    let wrong = world.add_user(format!("svc_twin{service}"), world.hosts[s.host].domain, Vec::new(), rng);
    for spn in spn_forms(world, s.class, s.host) {
        world.register(wrong, spn, when);
    }
    Some(attempt_service(rng, world, client, service).into())
}

/// A host of the same short name exists in another domain, and the client reaches the wrong one.
pub fn same_name_two_domains(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let host = *rng.pick(&world.all_members());
    let other = (world.hosts[host].domain + 1) % world.domains.len();
    let label = world.hosts[host].label.clone();
    if world.hosts.iter().any(|h| h.domain == other && h.label == label) {
        return None;
    }
    let twin = world.add_host(label.clone(), other, rng);
    // The suffix search of clients of `other` finds no record of their own, or the record is wrong.
    let client = *rng.pick(&world.members(other).into_iter().filter(|&h| h != twin).collect::<Vec<_>>());
    let twin_name = world.full_name(twin).to_lowercase();
    let class = machine_class(rng, world, host);
    if world.services.iter().any(|s| s.host == host && s.class == class) {
        return None;
    }
    if rng.chance(60) {
        world.dns.retain(|d| d.0 != twin_name);
        let dcom = is_dcom(rng, class);
        effect.attempts.push(Attempt { dcom, ..Attempt::new(client, class, label) });
    } else {
        let address = world.address(host);
        world.set_dns(&twin_name, address);
        let third: Vec<Id> = world.all_members().into_iter().filter(|&h| h != host && h != twin).collect();
        let client = *rng.pick(&third);
        let dcom = is_dcom(rng, class);
        effect.attempts.push(Attempt { dcom, ..Attempt::new(client, class, twin_name) });
    }
    Some(effect)
}

/// A service runs under another account than the one that has its SPN.
pub fn wrong_service_account(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    let client = client_of(rng, world, s.host)?;
    // Somebody let it run under another account; the SPN was not moved, or only partly.
    let account =
        world.add_user(format!("svc_new{service}"), world.accounts[s.account].domain, Vec::new(), rng);
    if rng.chance(40) {
        let spn = format!("{}/{}:8080", s.class, world.full_name(s.host));
        world.register(account, spn, when);
    }
    world.services[service].account = account;
    Some(attempt_service(rng, world, client, service).into())
}

/// A service moved to another machine. Its SPN stayed on the account of the machine that is gone.
pub fn leftover_account(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (old, heir) = pair(rng, world, true)?;
    if world.services.iter().any(|s| s.host == old || (s.host == heir && s.class == "HTTP")) {
        return None;
    }
    let client = client_of(rng, world, heir).filter(|&c| c != old)?;
    let (account, domain) = (world.hosts[old].account, world.hosts[old].domain);
    let label = format!("app{domain}{}", world.names.len());
    let full = world.name_in(&label, domain).to_lowercase();
    world.register(account, format!("HTTP/{full}"), DAY - 900 * 24 * HOUR);
    retire(world, old, rng);
    let address = world.address(heir);
    world.dns.push((full.clone(), address));
    world.names.push(Name::new(label, domain, heir, Purpose::Moved));
    Some(Attempt::new(client, "HTTP", full).into())
}

/// The pool's account rightly has `HTTP/host`, but Windows answers with the machine's key.
pub fn windows_answers(fault: Fault, world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let host = *rng.pick(&world.all_members());
    if world.services.iter().any(|s| s.host == host && s.class == "HTTP") {
        return None;
    }
    let client = client_of(rng, world, host)?;
    let account = world.add_user(format!("svc_web{host}"), world.hosts[host].domain, Vec::new(), rng);
    for spn in spn_forms(world, "HTTP", host) {
        world.register(account, spn, when);
    }
    let web = if fault == Fault::KernelMode { Web::KernelMode } else { Web::BesideWinRm };
    world.webs.push((host, account, web));
    Some(attempt_to(rng, world, client, "HTTP", host).into())
}

/// An alias of a host has its SPN on a service account that the host's service does not use.
pub fn alias_with_foreign_spn(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let host = *rng.pick(&world.all_members());
    if world.services.iter().any(|s| s.host == host && s.class == "HTTP") {
        return None;
    }
    let domain = world.hosts[host].domain;
    let label = format!("portal{domain}{}", world.names.len());
    let full = world.name_in(&label, domain);
    let address = world.address(host);
    world.dns.push((full.to_lowercase(), address));
    world.names.push(Name::new(label, domain, host, Purpose::Service));
    let client = client_of(rng, world, host)?;
    let account = world.add_user(format!("svc_portal{host}"), domain, vec![format!("HTTP/{full}")], rng);
    world.accounts[account].when_changed = when;
    Some(Attempt::new(client, "HTTP", full).into())
}
