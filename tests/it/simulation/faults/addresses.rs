//! Faults of addresses: two hosts own one, or it moved from one host to another.

use super::requests::{any_pair, attempt_to, client_of, machine_class, pair};
use super::{Effect, Fault, Trace, hand_over, share};
use crate::simulation::rng::Rng;
use crate::simulation::world::{CARDS, HOUR, SWITCHES, World, balanced, card, ordinary, switch};

/// Two hosts have a management card with the vendor's fixed address, and DCOM goes from one to the other.
pub fn shared_card(fault: Fault, world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let (client, target) = pair(rng, world, fault == Fault::SharedCardSameDomain)?;
    let which = rng.below(CARDS.len());
    share(world, client, target, card(which));
    let class = *rng.pick(&["host", "host", "RPCSS"]);
    effect.attempts.push(attempt_to(rng, world, client, class, target));
    if rng.chance(50) {
        effect.attempts.push(attempt_to(rng, world, target, "host", client));
    }
    // The card registered its address in DNS, so that every program reaches itself.
    if rng.chance(15) {
        let name = world.full_name(target);
        world.set_dns(&name, card(which).address);
        effect.attempts.push(attempt_to(rng, world, client, "cifs", target));
    }
    Some(effect)
}

/// Two hosts have a virtual switch with the same address.
pub fn shared_switch(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (client, target) = any_pair(rng, world)?;
    let which = rng.below(SWITCHES.len());
    share(world, client, target, switch(which));
    Some(attempt_to(rng, world, client, "host", target).into())
}

/// Two hosts own one more address: of a network load balancer, or an ordinary one.
pub fn shared_address(fault: Fault, world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let (client, target) = pair(rng, world, true)?;
    let address = world.free_address(world.hosts[client].domain, rng);
    let nic = if fault == Fault::SharedBalancedAddress { balanced(address) } else { ordinary(address) };
    share(world, client, target, nic);
    effect.attempts.push(attempt_to(rng, world, client, "host", target));
    if rng.chance(40) {
        let name = world.full_name(target);
        world.set_dns(&name, address);
        effect.attempts.push(attempt_to(rng, world, client, "cifs", target));
    }
    Some(effect)
}

/// A machine was given the address of another, and answers in its place.
pub fn address_on_two_machines(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (responder, target) = pair(rng, world, true)?;
    let client = client_of(rng, world, target).filter(|&x| x != responder)?;
    // Of the two, the responder is the one that ARP reaches.
    let (responder, target) =
        if (responder > target) == world.last_reached { (responder, target) } else { (target, responder) };
    let nic = ordinary(world.address(target));
    world.hosts[responder].nics.push(nic);
    let class = machine_class(rng, world, target);
    Some(attempt_to(rng, world, client, class, target).into())
}

/// The target has another address now, and DNS resolves its name to a host that uses the old one.
pub fn reused_address(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (client, target) = any_pair(rng, world)?;
    let responder = if rng.chance(30) { client } else { *rng.pick(&world.all_members()) };
    hand_over(rng, world, target, responder)?;
    let class = machine_class(rng, world, target);
    Some(attempt_to(rng, world, client, class, target).into())
}

/// Two hosts share two addresses, and DCOM uses one of them.
pub fn two_shared_addresses(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (client, target) = any_pair(rng, world)?;
    let first = card(rng.below(CARDS.len()));
    let second = match rng.below(3) {
        0 => switch(rng.below(SWITCHES.len())),
        1 => card(rng.below(CARDS.len())),
        _ => balanced(world.free_address(world.hosts[client].domain, rng)),
    };
    let order = if rng.chance(50) { [first, second] } else { [second, first] };
    for nic in order {
        share(world, client, target, nic);
    }
    Some(attempt_to(rng, world, client, "host", target).into())
}

/// DNS has an address that two nodes share under the name of one node, and the other node answers.
pub fn shared_address_from_outside(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (a, b) = pair(rng, world, true)?;
    let nic = balanced(world.free_address(world.hosts[a].domain, rng));
    let address = nic.address;
    share(world, a, b, nic);
    let target = if world.last_reached { a.min(b) } else { a.max(b) };
    let client = client_of(rng, world, target).filter(|&c| c != a && c != b)?;
    let name = world.full_name(target);
    world.set_dns(&name, address);
    let class = machine_class(rng, world, target);
    Some(attempt_to(rng, world, client, class, target).into())
}

/// A DHCP lease moved to another host, and DNS still has the old name. Both hosts registered the address themselves.
pub fn lease_moved(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let (client, target) = any_pair(rng, world)?;
    let responder = if rng.chance(40) { client } else { *rng.pick(&world.all_members()) };
    let old = hand_over(rng, world, target, responder)?;
    let class = machine_class(rng, world, target);
    effect.attempts.push(attempt_to(rng, world, client, class, target));
    effect.traces.push(Trace::Registered(target, old, 20 * HOUR));
    effect.traces.push(Trace::Registered(responder, old, 3 * HOUR));
    Some(effect)
}
