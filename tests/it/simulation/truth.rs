//! Why a ticket did not decrypt, read off the forest itself: whose key, who answered, who was meant.

use krbtriage::diagnosis::{Cause, Kind};
use krbtriage::inventory::accounts::HostAliases;

use super::exchange::{Ask, Refusal, full_names, owners};
use super::world::{Class, DAY, HOUR, Id, Nic, Purpose, Web, World};

pub type Truth = (Cause, Kind);

/// The machine that was meant.
fn meant(world: &World, ask: &Ask) -> Option<Id> {
    for name in full_names(world, ask.client, &ask.name) {
        let is = |label: &str, domain: Id| world.name_in(label, domain).eq_ignore_ascii_case(&name);
        if let Some(n) = world.names.iter().find(|n| is(&n.label, n.domain)) {
            return Some(n.host);
        }
        if let Some(h) = world.hosts.iter().position(|h| !h.gone && is(&h.label, h.domain)) {
            return Some(h);
        }
        // A former name still means its machine, unless another one has it now.
        let former = |h: &super::world::Host| h.former.as_ref().is_some_and(|f| is(f, h.domain));
        if let Some(h) = world.hosts.iter().position(former) {
            return Some(h);
        }
    }
    None
}

pub fn kind_of(nic: &Nic) -> Kind {
    match nic.description {
        d if d.contains("NDIS") || d.contains("Virtual NIC") => Kind::BmcUsbNic,
        d if d.contains("Hyper-V") || d.contains("VirtualBox") => Kind::VirtualSwitch,
        d if d.contains("Load Balancing") => Kind::ClusterOrNlbAddress,
        _ => Kind::OtherSharedAddress,
    }
}

/// The kind where another host answers by an address that it shares with the target.
fn outside(kind: Kind) -> Kind {
    match kind {
        Kind::ClusterOrNlbAddress => kind,
        _ => Kind::SharedAddress,
    }
}

/// The cause, first; then those that would have given the same event alone, where two faults meet in one.
pub fn truth(world: &World, ask: &Ask, refusal: &Refusal) -> Vec<Truth> {
    let mut out = Vec::new();
    let served = |purpose| served_by(world, ask, refusal, purpose);
    if served(Purpose::TakenOver) {
        return vec![(Cause::DuplicateSpn, Kind::NameTakenOver)];
    }
    if served(Purpose::Moved) {
        return vec![(Cause::DuplicateSpn, Kind::LeftoverAccount)];
    }
    if served(Purpose::Pair) {
        return vec![(Cause::DuplicateSpn, Kind::SharedName)];
    }
    let Some(target) = meant(world, ask) else {
        return vec![(Cause::Undetermined, Kind::NotEnoughData)];
    };
    let (k, s) = (&world.accounts[refusal.key], &world.accounts[refusal.account]);
    let namesakes =
        refusal.key != refusal.account && k.name.eq_ignore_ascii_case(&s.name) && k.domain != s.domain;
    let asked_for = |n: &super::world::Name| ask.name.to_lowercase().starts_with(&n.label);
    let node = |n: &super::world::Name| n.nodes.contains(&refusal.host);
    let cluster = world.names.iter().any(|n| n.cluster == Some(refusal.key) && asked_for(n) && node(n));
    if cluster && refusal.account != refusal.key {
        return vec![(Cause::WrongHost, Kind::ClusterOrAlias)];
    }
    if refusal.host != target {
        let itself = refusal.host == ask.client;
        let nics = world.common(refusal.host, target);
        let by_shared: Vec<Kind> =
            nics.iter().filter(|n| n.address == refusal.address).map(kind_of).collect();
        match (itself, by_shared.first()) {
            (true, Some(kind)) => {
                out.push((Cause::LoopbackSharedIp, *kind));
            }
            (false, Some(kind)) => out.push((Cause::WrongHost, outside(*kind))),
            (_, None) => {
                if namesakes {
                    out.push((Cause::DuplicateSpn, Kind::SameNameTwoDomains));
                }
                out.push((Cause::WrongHost, Kind::StaleDns));
                // The name leads astray, and were it mended, the shared address would: the host's own, or, where a hosts file
                // leads astray, the one that DNS has.
                let in_file = world.hosts_files.iter().any(|f| f.0 == ask.client && f.2 == refusal.address);
                let names = full_names(world, ask.client, &ask.name);
                let in_dns = names.iter().find_map(|n| world.dns.iter().find(|d| d.0 == *n)).map(|d| d.1);
                let mended = in_dns.filter(|_| in_file).unwrap_or_else(|| world.address(target));
                if itself {
                    let would = match ask.dcom {
                        true if world.takes_common => nics.get(world.preferred % nics.len().max(1)),
                        true => None,
                        false => nics.iter().find(|n| n.address == mended),
                    };
                    out.extend(would.map(|n| (Cause::LoopbackSharedIp, kind_of(n))));
                } else if let Some(nic) = nics.iter().find(|n| n.address == mended) {
                    out.push((Cause::WrongHost, outside(kind_of(nic))));
                }
            }
        }
        return out;
    }
    if namesakes {
        out.push((Cause::DuplicateSpn, Kind::SameNameTwoDomains));
    } else if let Some((.., web)) = world
        .webs
        .iter()
        .find(|w| (w.0, w.1) == (refusal.host, refusal.key) && refusal.account == world.hosts[w.0].account)
    {
        out.push(match web {
            Web::KernelMode => (Cause::DuplicateSpn, Kind::KernelMode),
            Web::BesideWinRm => (Cause::DuplicateSpn, Kind::TwoServices),
        });
    } else if refusal.key != refusal.account {
        out.push(match owners_of(world, ask).len() {
            0 | 1 => (Cause::DuplicateSpn, Kind::Misplaced),
            _ => (Cause::DuplicateSpn, Kind::Duplicate),
        });
        if out[0].1 == Kind::Duplicate && !owners_of(world, ask).contains(&refusal.account) {
            out.push((Cause::DuplicateSpn, Kind::Misplaced));
        }
    }
    // The key of the one that answered: alone it is the cause, beside another it would be.
    let (ticket, held) = (s.version, refusal.versions.1);
    let machine = s.dns.is_some();
    if ticket != held && ticket + 1 != held {
        let kind = match s.class {
            Class::ClusterName => Kind::ClusterNameAccount,
            Class::GroupManaged => Kind::ManagedServiceAccount,
            _ if machine => Kind::MachineAccount,
            _ => Kind::ServiceAccount,
        };
        out.push((Cause::PasswordMismatch, kind));
    }
    // By the kind's definition the date decides; whether it heals shows only later (`docs/causes.md`).
    let service = [Kind::ServiceAccount, Kind::ManagedServiceAccount];
    if service.iter().any(|k| out.contains(&(Cause::PasswordMismatch, *k))) && s.set > DAY - 10 * HOUR {
        out.push((Cause::PasswordMismatch, Kind::StaleTicket));
    }
    if refusal.key == refusal.account && ask.cached.is_some_and(|c| c != held && c + 1 != held) {
        out.push((Cause::PasswordMismatch, Kind::StaleTicket));
    }
    if refusal.etype_missing {
        out.push((Cause::PasswordMismatch, Kind::EncryptionType));
    }
    assert!(!out.is_empty(), "a refusal without a cause: {ask:?} {refusal:?}");
    out
}

/// The name asked for was given to the machine that answered on purpose, and the key is another machine's.
fn served_by(world: &World, ask: &Ask, refusal: &Refusal, purpose: Purpose) -> bool {
    let asked = full_names(world, ask.client, &ask.name);
    world.names.iter().any(|n| {
        n.purpose == purpose
            && n.host == refusal.host
            && refusal.key != refusal.account
            && asked.contains(&world.name_in(&n.label, n.domain).to_lowercase())
    })
}

/// Other causes with the same evidence. A verdict may name them, and must not confirm them.
pub fn lookalikes(world: &World, ask: &Ask, refusal: &Refusal, truths: &[Truth]) -> Vec<Truth> {
    use Kind::*;
    let (key, answered) = (&world.accounts[refusal.key], &world.accounts[refusal.account]);
    let windows_answered = ask.class == "HTTP"
        && refusal.key != refusal.account
        && answered.dns.is_some()
        && matches!(key.class, Class::User | Class::GroupManaged);
    let web = [KernelMode, TwoServices, Misplaced, SharedName];
    let mut out = Vec::new();
    for (_, kind) in truths {
        let more: &[Kind] = match kind {
            kind if windows_answered && web.contains(kind) => &web,
            NameTakenOver | LeftoverAccount => &[NameTakenOver, LeftoverAccount, Misplaced, ClusterOrAlias],
            SharedName => &[SharedName, Misplaced, ClusterOrAlias],
            // An account that nobody used for long may be a leftover.
            Misplaced if key.set < DAY - 60 * 24 * HOUR => &[LeftoverAccount],
            // `whenChanged` does not say what changed: perhaps the SPN, and a ticket for its former owner lives on.
            MachineAccount if key.changed > key.set + HOUR => &[StaleTicket],
            ManagedServiceAccount => &[ServiceAccount],
            // A host keeps the previous password of a managed account, so a verdict names the account before the ticket.
            StaleTicket if key.class == Class::GroupManaged => &[ManagedServiceAccount],
            // Whether the password is older than a ticket lives decides, and a host may not have logged it.
            EncryptionType => &[MachineAccount, ServiceAccount, ManagedServiceAccount],
            _ => &[],
        };
        out.extend(more.iter().map(|k| (k.cause(), *k)));
    }
    // Where two hosts share several addresses, only DCOM's own event shows which one was taken.
    let loopback = truths.iter().any(|t| t.0 == Cause::LoopbackSharedIp);
    if let Some(target) = meant(world, ask).filter(|_| loopback) {
        let common = world.common(refusal.host, target);
        out.extend(common.iter().map(|nic| (Cause::LoopbackSharedIp, kind_of(nic))));
    }
    out.retain(|t| !truths.contains(t));
    out
}

/// Owners of the exact SPN, else of its HOST form, over the forest.
fn owners_of(world: &World, ask: &Ask) -> Vec<Id> {
    let class = if ask.class.is_empty() { "host" } else { ask.class };
    let exact = owners(world, &format!("{class}/{}{}", ask.name, ask.port));
    if exact.is_empty() && HostAliases::default().covers(class) {
        return owners(world, &format!("host/{}{}", ask.name, ask.port));
    }
    exact
}
