//! One attempt: the KDC finds an account, the name is resolved, something answers, and the ticket decrypts or not.

use std::net::IpAddr;

use krbtriage::inventory::accounts::HostAliases;

use super::world::{AES, Id, RC4, Replica, World};

#[derive(Clone, Debug)]
pub struct Ask {
    pub client: Id,
    /// Empty for a bare name, `$` for a machine account as target.
    pub class: &'static str,
    /// As the client's program has it, short or full.
    pub name: String,
    pub port: &'static str,
    /// DCOM asks the other side for its addresses and chooses one that both have.
    pub dcom: bool,
    /// A ticket made with this password version is still in the client's cache.
    pub cached: Option<u32>,
}

/// The ticket did not decrypt: event 4 is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// S: the machine that answered and the account it answered with.
    pub host: Id,
    pub account: Id,
    /// K: the account whose key encrypted the ticket.
    pub key: Id,
    pub address: IpAddr,
    /// The address was chosen because client and target both have it.
    pub chosen_common: bool,
    /// Password version of the ticket, and of the one that answered.
    pub versions: (u32, u32),
    pub etype_missing: bool,
}

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

pub fn target_text(ask: &Ask) -> String {
    match ask.class {
        "" => ask.name.clone(),
        "$" => format!("{}$", ask.name),
        class => format!("{class}/{}{}", ask.name, ask.port),
    }
}

pub fn attempt(world: &World, ask: &Ask) -> Outcome {
    let key = match find_account(world, ask) {
        Ok(Some(key)) => key,
        Ok(None) => return Outcome::NoTicket,
        Err((domain, spn)) => return Outcome::DuplicateName { domain, spn },
    };
    let Some(resolved) = resolve(world, ask) else { return Outcome::Unreachable };
    let Some(first) = answerer(world, ask.client, resolved) else { return Outcome::Unreachable };
    let common = world.common(ask.client, first);
    let (host, address, chosen_common) = match common.get(world.preferred % common.len().max(1)) {
        Some(nic) if ask.dcom && world.takes_common => (ask.client, nic.address, true),
        _ => (first, resolved, false),
    };
    let (account, held, etypes) = serving(world, host, ask);
    let ticket = ask.cached.unwrap_or(world.accounts[key].version);
    let etype = if world.accounts[key].etypes & AES != 0 { AES } else { RC4 };
    // Windows also tries the previous key (trap 9).
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

/// The account the KDC finds: in the client's domain first, then in the forest; `Err` where it finds more than one.
fn find_account(world: &World, ask: &Ask) -> Result<Option<Id>, (Id, String)> {
    let own = world.hosts[ask.client].domain;
    if ask.class == "$" {
        let wanted = format!("{}$", ask.name.split('.').next().unwrap_or_default());
        return Ok(world
            .accounts
            .iter()
            .position(|a| !a.gone && a.domain == own && a.name.eq_ignore_ascii_case(&wanted)));
    }
    let class = if ask.class.is_empty() { "host" } else { ask.class };
    let exact = format!("{class}/{}{}", ask.name, ask.port).to_lowercase();
    let host =
        HostAliases::default().covers(class).then(|| format!("host/{}{}", ask.name, ask.port).to_lowercase());
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

/// The full names a name may mean, in the order of the client's suffix search.
pub fn full_names(world: &World, client: Id, name: &str) -> Vec<String> {
    if name.contains('.') {
        return vec![name.to_lowercase()];
    }
    let own = world.hosts[client].domain;
    let others = (0..world.domains.len()).filter(|&d| d != own);
    std::iter::once(own).chain(others).map(|d| world.name_in(name, d).to_lowercase()).collect()
}

pub fn resolve(world: &World, ask: &Ask) -> Option<IpAddr> {
    let mut names = full_names(world, ask.client, &ask.name);
    let aliases = names.iter().filter_map(|name| world.cnames.iter().find(|c| c.0 == *name));
    let aliases: Vec<String> = aliases.map(|c| c.1.clone()).collect();
    names.extend(aliases);
    let in_file =
        |name: &String| world.hosts_files.iter().find(|f| f.0 == ask.client && f.1 == *name).map(|f| f.2);
    let in_dns = |name: &String| world.dns.iter().find(|d| d.0 == *name).map(|d| d.1);
    names.iter().find_map(in_file).or_else(|| names.iter().find_map(in_dns))
}

/// Who answers on an address, as the client sees it: itself first.
fn answerer(world: &World, client: Id, address: IpAddr) -> Option<Id> {
    if world.owns(client, address) {
        return Some(client);
    }
    let reached = world.reached(address);
    if world.last_reached { reached.last().copied() } else { reached.first().copied() }
}

/// The account, password version and encryption types a program on the host answers with.
fn serving(world: &World, host: Id, ask: &Ask) -> (Id, u32, u8) {
    if let Some(s) = world.services.iter().find(|s| s.host == host && s.class == ask.class) {
        return (s.account, s.held, s.etypes);
    }
    let label = ask.name.split('.').next().unwrap_or_default();
    let cluster =
        world.names.iter().find(|n| n.host == host && n.online && n.label.eq_ignore_ascii_case(label));
    if let Some((account, held)) = cluster.and_then(|n| Some((n.cluster?, n.held))) {
        return (account, held, RC4 | AES);
    }
    let h = &world.hosts[host];
    (h.account, h.held, h.etypes)
}
