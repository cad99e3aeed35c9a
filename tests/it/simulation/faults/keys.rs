//! Faults of keys: who answered has another password version or encryption type than the ticket.

use super::requests::{attempt_service, attempt_to, client_of, machine_class};
use super::{Effect, Fault, Trace};
use crate::simulation::exchange::Attempt;
use crate::simulation::rng::Rng;
use crate::simulation::world::{DAY, HOUR, RC4, World};

/// A machine was restored from a snapshot and has an older password than its account.
pub fn machine_password(fault: Fault, world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let host = *rng.pick(&world.all_members());
    // A snapshot of weeks ago was put back: two changes are missing.
    world.hosts[host].held_version = 3;
    let account = world.hosts[host].account;
    world.accounts[account].password_set = world.accounts[account].password_set.min(when - HOUR);
    for _ in 0..1 + rng.below(3) {
        let client = client_of(rng, world, host)?;
        let class = machine_class(rng, world, host);
        effect.attempts.push(attempt_to(rng, world, client, class, host));
    }
    if rng.chance(15) {
        let client = client_of(rng, world, host)?;
        let name = world.hosts[host].label.clone();
        if world.hosts[client].domain == world.hosts[host].domain && name.len() <= 15 {
            effect.attempts.push(Attempt::new(client, "$", name));
        }
    }
    if fault == Fault::MachinePasswordWithEvents {
        effect.traces.push(Trace::PasswordRefused(host));
    }
    Some(effect)
}

/// The password of a service's account was reset, and the service still has the one before.
pub fn service_password(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    let client = client_of(rng, world, s.host)?;
    world.accounts[s.account].version += 1;
    world.accounts[s.account].password_set = when;
    world.accounts[s.account].when_changed = when;
    effect.attempts.push(attempt_service(rng, world, client, service));
    if rng.chance(40) {
        effect.traces.push(Trace::ServiceLogon(s.host, s.account));
    }
    Some(effect)
}

/// A client still has a ticket from before the password of the account was reset.
pub fn stale_ticket(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    let client = client_of(rng, world, s.host)?;
    let account = &mut world.accounts[s.account];
    // Reset twice, so that the previous key does not help.
    let old = account.version;
    account.version += 2;
    account.password_set = DAY - 10 * 60;
    account.when_changed = account.password_set;
    world.services[service].held_version = account.version;
    Some(Attempt { cached: Some(old), ..attempt_service(rng, world, client, service) }.into())
}

/// A host or a service has no key of the encryption type that the KDC uses.
pub fn encryption_type(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    if rng.chance(50) {
        let host = *rng.pick(&world.all_members());
        world.hosts[host].etypes = RC4;
        let client = client_of(rng, world, host)?;
        let class = machine_class(rng, world, host);
        effect.attempts.push(attempt_to(rng, world, client, class, host));
        effect.traces.push(Trace::NoKey(world.hosts[host].account));
    } else {
        let service = rng.below(world.services.len());
        world.services[service].etypes = RC4;
        let client = client_of(rng, world, world.services[service].host)?;
        effect.attempts.push(attempt_service(rng, world, client, service));
        effect.traces.push(Trace::NoKey(world.services[service].account));
    }
    Some(effect)
}

/// A host could not fetch the new password of its managed service account.
pub fn managed_service_password(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let service =
        (0..world.services.len()).find(|&s| world.accounts[world.services[s].account].name.ends_with('$'))?;
    let s = world.services[service].clone();
    let client = client_of(rng, world, s.host)?;
    world.accounts[s.account].version += 2;
    world.accounts[s.account].password_set = when;
    world.accounts[s.account].when_changed = when;
    Some(attempt_service(rng, world, client, service).into())
}

/// A service lacks an encryption type. Another host logs on with an old password of its account.
pub fn encryption_type_and_old_logon(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let service = rng.below(world.services.len());
    let s = world.services[service].clone();
    if world.accounts[s.account].name.ends_with('$') {
        return None;
    }
    world.services[service].etypes = RC4;
    let client = client_of(rng, world, s.host)?;
    let other = *world.members(world.hosts[s.host].domain).iter().find(|&&h| h != s.host)?;
    effect.attempts.push(attempt_service(rng, world, client, service));
    effect.traces.push(Trace::OtherServiceLogon(other, s.account));
    Some(effect)
}

/// A domain controller was restored and has an older password than its account.
pub fn controller_rolled_back(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let domain = rng.below(world.domains.len());
    let controller = world.controller(domain);
    world.hosts[controller].held_version = world.accounts[world.hosts[controller].account].version - 2;
    let account = world.hosts[controller].account;
    world.accounts[account].password_set = world.accounts[account].password_set.min(when - HOUR);
    let client = *rng.pick(&world.members(domain));
    effect.attempts.push(attempt_to(rng, world, client, "cifs", controller));
    effect.traces.push(Trace::RolledBack(controller));
    Some(effect)
}

/// A machine was renamed, which is no fault, and lost its password, which is. Events have the new name.
pub fn renamed(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let host = *rng.pick(&world.all_members());
    if world.hosts[host].former.is_some() {
        return None;
    }
    world.hosts[host].former = Some(format!("WIN-{host}X{}", rng.below(90)));
    effect.traces.push(Trace::Renamed(host));
    effect.attempts = machine_password(Fault::MachinePassword, world, when, rng)?.attempts;
    Some(effect)
}
