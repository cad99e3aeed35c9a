//! Connects a client to a service: the KDC finds an account, the name is resolved, a host answers, and the ticket
//! decrypts or not.

use std::net::IpAddr;

use krbtriage::inventory::accounts::HostAliases;

use super::world::{AES, Id, RC4, Replica, World};

/// A client that connects to a service by name.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub client: Id,
    /// Service class of the SPN. Empty for a bare host name, `$` for a machine account as target.
    pub class: &'static str,
    /// Host name in the form the program uses: short or full.
    pub name: String,
    pub port: &'static str,
    /// The program is DCOM, which may use an address that both sides own.
    pub dcom: bool,
    /// Password version of a ticket that is still in the client's cache.
    pub cached: Option<u32>,
}

impl Attempt {
    /// An attempt without a port, by a program that is not DCOM, with a new ticket.
    pub fn new(client: Id, class: &'static str, name: String) -> Self {
        Self { client, class, name, port: "", dcom: false, cached: None }
    }
}

/// A ticket that did not decrypt, so that the client logs event 4.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The machine that answered.
    pub host: Id,
    /// The account with which it answered.
    pub account: Id,
    /// The account whose key encrypted the ticket.
    pub key: Id,
    pub address: IpAddr,
    /// DCOM chose the address because client and target both own it.
    pub chosen_common: bool,
    /// Password version of the ticket, and of the account on the machine that answered.
    pub versions: (u32, u32),
    pub etype_missing: bool,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Decrypted,
    /// KDC event 11 on the controller of this domain, and no event 4.
    DuplicateName {
        domain: Id,
        spn: String,
    },
    NoTicket,
    Unreachable,
    Refused(Refusal),
}

pub fn target_text(attempt: &Attempt) -> String {
    match attempt.class {
        "" => attempt.name.clone(),
        "$" => format!("{}$", attempt.name),
        class => format!("{class}/{}{}", attempt.name, attempt.port),
    }
}

pub fn connect(world: &World, attempt: &Attempt) -> Outcome {
    let key = match find_account(world, attempt) {
        Ok(Some(key)) => key,
        Ok(None) => return Outcome::NoTicket,
        Err((domain, spn)) => return Outcome::DuplicateName { domain, spn },
    };
    let Some(resolved) = resolve(world, attempt) else { return Outcome::Unreachable };
    let Some(first) = answerer(world, attempt.client, resolved) else { return Outcome::Unreachable };
    let common = world.common(attempt.client, first);
    let (host, address, chosen_common) = match common.get(world.preferred % common.len().max(1)) {
        Some(nic) if attempt.dcom && world.dcom_uses_shared => (attempt.client, nic.address, true),
        _ => (first, resolved, false),
    };
    let (account, held, etypes) = serving(world, host, attempt);
    let ticket = attempt.cached.unwrap_or(world.accounts[key].version);
    let etype = if world.accounts[key].etypes & AES != 0 { AES } else { RC4 };
    // Windows also tries the previous key.
    let password = ticket == held || ticket + 1 == held;
    let etype_missing = etypes & etype == 0;
    if account == key && password && !etype_missing {
        return Outcome::Decrypted;
    }
    Outcome::Refused(Refusal {
        host,
        account,
        key,
        address,
        chosen_common,
        versions: (ticket, held),
        etype_missing,
    })
}

/// Finds the account as the KDC does: in the client's domain first, then in the forest. `Err` has the domain and the SPN
/// where it finds more than one.
fn find_account(world: &World, attempt: &Attempt) -> Result<Option<Id>, (Id, String)> {
    let own = world.hosts[attempt.client].domain;
    if attempt.class == "$" {
        let wanted = format!("{}$", attempt.name.split('.').next().unwrap_or_default());
        return Ok(world
            .accounts
            .iter()
            .position(|a| !a.gone && a.domain == own && a.name.eq_ignore_ascii_case(&wanted)));
    }
    let class = if attempt.class.is_empty() { "host" } else { attempt.class };
    let exact = format!("{class}/{}{}", attempt.name, attempt.port).to_lowercase();
    let host = HostAliases::default()
        .covers(class)
        .then(|| format!("host/{}{}", attempt.name, attempt.port).to_lowercase());
    let mut lookups = vec![
        (Some(own), Some(&exact)),
        (Some(own), host.as_ref()),
        (None, Some(&exact)),
        (None, host.as_ref()),
    ];
    if world.exact_first {
        lookups.swap(1, 2);
    }
    for (domain, spn) in lookups {
        let Some(spn) = spn else { continue };
        let found: Vec<Id> = owners(world, spn)
            .into_iter()
            .filter(|&a| domain.is_none_or(|d| world.accounts[a].domain == d))
            .collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(Some(*one)),
            many if world.replica != Replica::Refuses => {
                let Replica::Knows(n) = world.replica else { unreachable!() };
                return Ok(Some(many[n % many.len()]));
            }
            [first, ..] => return Err((domain.unwrap_or(world.accounts[*first].domain), spn.clone())),
        }
    }
    Ok(None)
}

pub fn owners(world: &World, spn: &str) -> Vec<Id> {
    (0..world.accounts.len())
        .filter(|&a| {
            !world.accounts[a].gone && world.accounts[a].spns.iter().any(|s| s.eq_ignore_ascii_case(spn))
        })
        .collect()
}

/// Returns the full names that a name may mean, in the order of the client's DNS suffix search.
pub fn full_names(world: &World, client: Id, name: &str) -> Vec<String> {
    if name.contains('.') {
        return vec![name.to_lowercase()];
    }
    let own = world.hosts[client].domain;
    let others = (0..world.domains.len()).filter(|&d| d != own);
    std::iter::once(own).chain(others).map(|d| world.name_in(name, d).to_lowercase()).collect()
}

/// Resolves the host name by the client's hosts file, then by DNS and its CNAMEs.
pub fn resolve(world: &World, attempt: &Attempt) -> Option<IpAddr> {
    let mut names = full_names(world, attempt.client, &attempt.name);
    let aliases = names.iter().filter_map(|name| world.cnames.iter().find(|c| c.0 == *name));
    let aliases: Vec<String> = aliases.map(|c| c.1.clone()).collect();
    names.extend(aliases);
    let in_file =
        |name: &String| world.hosts_files.iter().find(|f| f.0 == attempt.client && f.1 == *name).map(|f| f.2);
    let in_dns = |name: &String| world.dns.iter().find(|d| d.0 == *name).map(|d| d.1);
    names.iter().find_map(in_file).or_else(|| names.iter().find_map(in_dns))
}

/// Returns the host that answers on an address. A client that owns the address reaches itself.
fn answerer(world: &World, client: Id, address: IpAddr) -> Option<Id> {
    if world.owns(client, address) {
        return Some(client);
    }
    let reached = world.reached(address);
    if world.last_reached { reached.last().copied() } else { reached.first().copied() }
}

/// Returns the account, password version and encryption types with which a program on the host answers.
fn serving(world: &World, host: Id, attempt: &Attempt) -> (Id, u32, u8) {
    if let Some(s) = world.services.iter().find(|s| s.host == host && s.class == attempt.class) {
        return (s.account, s.held_version, s.etypes);
    }
    let label = attempt.name.split('.').next().unwrap_or_default();
    let cluster =
        world.names.iter().find(|n| n.host == host && n.online && n.label.eq_ignore_ascii_case(label));
    if let Some((account, held)) = cluster.and_then(|n| Some((n.cluster?, n.held_version))) {
        return (account, held, RC4 | AES);
    }
    let h = &world.hosts[host];
    (h.account, h.held_version, h.etypes)
}
