//! Faults of names with several nodes: failover clusters, load-balanced farms and pairs.

use super::requests::{attempt_to, client_of, pair, two};
use super::{Effect, Fault, Trace, share};
use crate::simulation::exchange::Attempt;
use crate::simulation::rng::Rng;
use crate::simulation::world::{CARDS, Class, DAY, HOUR, Id, Name, Purpose, World, balanced, card, ordinary};

/// A client asks for the name of a failover cluster: a node, another host, or a host to which DNS wrongly resolves it.
pub fn cluster_name(fault: Fault, world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (node, client) = pair(rng, world, true)?;
    let (label, full) = add_cluster(rng, world, node)?;
    let astray = world.members(world.hosts[node].domain).into_iter().find(|h| {
        let n = &world.names[world.names.len() - 1];
        !n.nodes.contains(h) && *h != client
    });
    if fault == Fault::ClusterStaleDns {
        let wrong = if rng.chance(40) { client } else { astray? };
        if world.names[world.names.len() - 1].nodes.contains(&wrong) {
            return None;
        }
        let address = world.address(wrong);
        world.set_dns(&full, address);
    }
    let client = if fault == Fault::ClusterOwnNode { node } else { client };
    let (class, name) =
        if rng.chance(20) { ("", label) } else { (*rng.pick(&["host", "cifs", "HTTP"]), full) };
    if world.services.iter().any(|s| s.host == node && s.class == class) {
        return None;
    }
    Some(Attempt::new(client, class, name).into())
}

/// Two nodes of a cluster share a card's address. Their own accounts have SPNs of the cluster too.
pub fn cluster_nodes_share_card(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (node, _) = pair(rng, world, true)?;
    add_cluster(rng, world, node)?;
    let nodes = world.names[world.names.len() - 1].nodes.clone();
    let (a, b) = two(rng, &nodes)?;
    share(world, a, b, card(rng.below(CARDS.len())));
    Some(attempt_to(rng, world, a, "host", b).into())
}

/// Two web servers have one name. The SPN is on the account under which the sites should run and do not.
pub fn balanced_alias_wrong_account(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let (a, b) = pair(rng, world, true)?;
    let domain = world.hosts[a].domain;
    if world.services.iter().any(|s| [a, b].contains(&s.host) && s.class == "HTTP") {
        return None;
    }
    let nic = balanced(world.free_address(domain, rng));
    let address = nic.address;
    share(world, a, b, nic);
    let label = format!("farm{domain}{}", world.names.len());
    let full = world.name_in(&label, domain);
    world.dns.push((full.to_lowercase(), address));
    let reached = if world.last_reached { a.max(b) } else { a.min(b) };
    world.names.push(Name { nodes: vec![a, b], ..Name::new(label, domain, reached, Purpose::Service) });
    let account = world.add_user(format!("svc_farm{a}"), domain, vec![format!("HTTP/{full}")], rng);
    world.accounts[account].when_changed = when;
    let client = client_of(rng, world, reached).filter(|&c| c != a && c != b)?;
    Some(Attempt::new(client, "HTTP", full).into())
}

/// Two nodes have one name and an address that moves. The SPN is on the account of the earlier owner.
pub fn moved_pair_address(world: &mut World, rng: &mut Rng) -> Option<Effect> {
    let (before, active) = pair(rng, world, true)?;
    let client = client_of(rng, world, active).filter(|&c| c != before)?;
    let domain = world.hosts[active].domain;
    let label = format!("files{domain}{}", world.names.len());
    let full = world.name_in(&label, domain).to_lowercase();
    let mut nic = ordinary(world.free_address(domain, rng));
    nic.interface = "Ethernet";
    world.dns.push((full.clone(), nic.address));
    world.hosts[active].nics.push(nic);
    let account = world.hosts[before].account;
    for form in [label.clone(), full.clone()] {
        world.register(account, format!("HOST/{form}"), DAY - 90 * 24 * HOUR);
    }
    world.names.push(Name { nodes: vec![before, active], ..Name::new(label, domain, active, Purpose::Pair) });
    Some(Attempt::new(client, "cifs", full).into())
}

/// Somebody reset the password of a cluster's name account twice, or restored the account.
pub fn cluster_name_password(world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    let mut effect = Effect::default();
    let (node, client) = pair(rng, world, true)?;
    let (_, full) = add_cluster(rng, world, node)?;
    if world.services.iter().any(|s| s.host == node && s.class == "HTTP") {
        return None;
    }
    let name = world.names.last_mut()?;
    name.online = true;
    let account = name.cluster?;
    // Somebody reset the account, twice, or put it back from the recycle bin.
    world.accounts[account].version += 2;
    world.accounts[account].password_set = when;
    world.accounts[account].when_changed = when;
    let class = *rng.pick(&["host", "cifs"]);
    effect.attempts.push(Attempt::new(client, class, full));
    effect.traces.push(Trace::ClusterName(node, account));
    Some(effect)
}

/// Adds a failover cluster of two nodes whose resource group is on `node`. Returns its label and full name.
fn add_cluster(rng: &mut Rng, world: &mut World, node: Id) -> Option<(String, String)> {
    let domain = world.hosts[node].domain;
    let mates: Vec<Id> = world.members(domain).into_iter().filter(|&h| h != node).collect();
    let nodes = vec![node, *mates.get(rng.below(mates.len().max(1)))?];
    let label = format!("clu{domain}{}", world.names.len());
    let full = world.name_in(&label, domain);
    let address = world.free_address(domain, rng);
    let account = world.add_user(format!("{}$", label.to_uppercase()), domain, Vec::new(), rng);
    world.accounts[account].dns = Some(full.clone());
    world.accounts[account].class = Class::ClusterName;
    for form in [&label, &full] {
        for class in ["HOST", "MSClusterVirtualServer", "MSServerClusterMgmtAPI", "RestrictedKrbHost"] {
            world.accounts[account].spns.push(format!("{class}/{form}"));
        }
    }
    for &n in &nodes {
        let (label, full) = (world.hosts[n].label.clone(), world.full_name(n));
        for form in [label, full] {
            let spns = &mut world.accounts[world.hosts[n].account].spns;
            spns.push(format!("MSServerClusterMgmtAPI/{form}"));
        }
    }
    world.hosts[node].nics.push(ordinary(address));
    world.dns.push((full.to_lowercase(), address));
    world.names.push(Name {
        cluster: Some(account),
        held_version: 2,
        nodes,
        ..Name::new(label.clone(), domain, node, Purpose::Service)
    });
    Some((label, full))
}
