//! Picks who connects to whom, and by which service class and name.

use crate::simulation::exchange::Attempt;
use crate::simulation::rng::Rng;
use crate::simulation::world::{Id, World};

pub fn attempt_to(rng: &mut Rng, world: &World, client: Id, class: &'static str, host: Id) -> Attempt {
    // A short name from another domain would mean a namesake or nothing.
    let short = rng.chance(25) && world.hosts[client].domain == world.hosts[host].domain;
    let name = if short { world.hosts[host].label.clone() } else { world.full_name(host) };
    Attempt { dcom: is_dcom(rng, class), ..Attempt::new(client, class, name) }
}

/// Does a program with this service class use DCOM? WMI mostly does.
pub fn is_dcom(rng: &mut Rng, class: &str) -> bool {
    class == "RPCSS" || (class == "host" && rng.chance(90))
}

/// Two different ones of `ids`.
pub fn two(rng: &mut Rng, ids: &[Id]) -> Option<(Id, Id)> {
    let a = *rng.pick(ids);
    let rest: Vec<Id> = ids.iter().copied().filter(|x| *x != a).collect();
    (!rest.is_empty()).then(|| (a, *rng.pick(&rest)))
}

/// Two members of one domain if `same_domain`, else of two domains.
pub fn pair(rng: &mut Rng, world: &World, same_domain: bool) -> Option<(Id, Id)> {
    let (a, b) = two(rng, &world.all_members())?;
    let mates: Vec<Id> = world
        .all_members()
        .into_iter()
        .filter(|&h| h != a && (world.hosts[h].domain == world.hosts[a].domain) == same_domain)
        .collect();
    if mates.contains(&b) { Some((a, b)) } else { (!mates.is_empty()).then(|| (a, *rng.pick(&mates))) }
}

pub fn any_pair(rng: &mut Rng, world: &World) -> Option<(Id, Id)> {
    let same = rng.chance(65);
    pair(rng, world, same)
}

/// Service classes that a computer's account has, most of them by its HOST SPN.
const MACHINE: [&str; 5] = ["cifs", "host", "TERMSRV", "WSMAN", "RestrictedKrbHost"];

/// A service class that the host answers with its own account.
pub fn machine_class(rng: &mut Rng, world: &World, host: Id) -> &'static str {
    let http = world.services.iter().any(|s| s.host == host && s.class == "HTTP");
    if !http && rng.chance(20) { "HTTP" } else { rng.pick::<&str>(&MACHINE) }
}

pub fn port_of(class: &str) -> &'static str {
    if class == "MSSQLSvc" { ":1433" } else { "" }
}

/// A client that connects to a service by its class and port.
pub fn attempt_service(rng: &mut Rng, world: &World, client: Id, service: Id) -> Attempt {
    let s = &world.services[service];
    Attempt { port: port_of(s.class), ..attempt_to(rng, world, client, s.class, s.host) }
}

/// Another member than the host, in most cases of its domain.
pub fn client_of(rng: &mut Rng, world: &World, host: Id) -> Option<Id> {
    let mates: Vec<Id> = world.members(world.hosts[host].domain).into_iter().filter(|&h| h != host).collect();
    let others: Vec<Id> = world.all_members().into_iter().filter(|&h| h != host).collect();
    let from = if rng.chance(70) && !mates.is_empty() { mates } else { others };
    (!from.is_empty()).then(|| *rng.pick(&from))
}

/// Returns the SPNs of a service on a host, by the short and the full name.
pub fn spn_forms(world: &World, class: &str, host: Id) -> [String; 2] {
    let port = port_of(class);
    [format!("{class}/{}{port}", world.hosts[host].label), format!("{class}/{}{port}", world.full_name(host))]
}
