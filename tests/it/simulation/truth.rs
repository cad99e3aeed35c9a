//! Determines from the forest why a ticket did not decrypt: whose key it had, who answered, and which host was intended.

use krbtriage::diagnosis::{Cause, Kind};
use krbtriage::inventory::accounts::HostAliases;

use super::exchange::{Attempt, Refusal, full_names, owners};
use super::world::{Class, DAY, HOUR, Id, Nic, Purpose, Web, World};

pub type Truth = (Cause, Kind);

/// Returns the machine that should have answered.
fn intended_host(world: &World, attempt: &Attempt) -> Option<Id> {
    for name in full_names(world, attempt.client, &attempt.name) {
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

/// Returns the kind where another host answers at an address that it shares with the target.
fn kind_from_outside(kind: Kind) -> Kind {
    match kind {
        Kind::ClusterOrNlbAddress => kind,
        _ => Kind::SharedAddress,
    }
}

/// Returns the cause first, then the causes that alone would have given the same event.
pub fn truth(world: &World, attempt: &Attempt, refusal: &Refusal) -> Vec<Truth> {
    let mut out = Vec::new();
    let served = |purpose| served_by(world, attempt, refusal, purpose);
    if served(Purpose::TakenOver) {
        return vec![(Cause::DuplicateSpn, Kind::NameTakenOver)];
    }
    if served(Purpose::Moved) {
        return vec![(Cause::DuplicateSpn, Kind::LeftoverAccount)];
    }
    if served(Purpose::Pair) {
        return vec![(Cause::DuplicateSpn, Kind::SharedName)];
    }
    let Some(target) = intended_host(world, attempt) else {
        return vec![(Cause::Undetermined, Kind::NotEnoughData)];
    };
    let (k, s) = (&world.accounts[refusal.key], &world.accounts[refusal.account]);
    let namesakes =
        refusal.key != refusal.account && k.name.eq_ignore_ascii_case(&s.name) && k.domain != s.domain;
    let asked_for = |n: &super::world::Name| attempt.name.to_lowercase().starts_with(&n.label);
    let node = |n: &super::world::Name| n.nodes.contains(&refusal.host);
    let cluster = world.names.iter().any(|n| n.cluster == Some(refusal.key) && asked_for(n) && node(n));
    if cluster && refusal.account != refusal.key {
        return vec![(Cause::WrongHost, Kind::ClusterOrAlias)];
    }
    if refusal.host != target {
        let itself = refusal.host == attempt.client;
        let nics = world.common(refusal.host, target);
        let by_shared: Vec<Kind> =
            nics.iter().filter(|n| n.address == refusal.address).map(kind_of).collect();
        match (itself, by_shared.first()) {
            (true, Some(kind)) => {
                out.push((Cause::LoopbackSharedIp, *kind));
            }
            (false, Some(kind)) => out.push((Cause::WrongHost, kind_from_outside(*kind))),
            (_, None) => {
                if namesakes {
                    out.push((Cause::DuplicateSpn, Kind::SameNameTwoDomains));
                }
                out.push((Cause::WrongHost, Kind::StaleDns));
                // With the right address for the name, a shared address may still give the event. The right address is
                // the one in DNS if the hosts file is wrong, else that of the target.
                let in_file =
                    world.hosts_files.iter().any(|f| f.0 == attempt.client && f.2 == refusal.address);
                let names = full_names(world, attempt.client, &attempt.name);
                let in_dns = names.iter().find_map(|n| world.dns.iter().find(|d| d.0 == *n)).map(|d| d.1);
                let right_address = in_dns.filter(|_| in_file).unwrap_or_else(|| world.address(target));
                if itself {
                    let shared = match attempt.dcom {
                        true if world.dcom_uses_shared => nics.get(world.preferred % nics.len().max(1)),
                        true => None,
                        false => nics.iter().find(|n| n.address == right_address),
                    };
                    out.extend(shared.map(|n| (Cause::LoopbackSharedIp, kind_of(n))));
                } else if let Some(nic) = nics.iter().find(|n| n.address == right_address) {
                    out.push((Cause::WrongHost, kind_from_outside(kind_of(nic))));
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
        out.push(match owners_of(world, attempt).len() {
            0 | 1 => (Cause::DuplicateSpn, Kind::Misplaced),
            _ => (Cause::DuplicateSpn, Kind::Duplicate),
        });
        if out[0].1 == Kind::Duplicate && !owners_of(world, attempt).contains(&refusal.account) {
            out.push((Cause::DuplicateSpn, Kind::Misplaced));
        }
    }
    // A wrong key of the responder is a cause alone and together with others.
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
    // The date of the password decides between the two kinds (`docs/causes.md`).
    let service = [Kind::ServiceAccount, Kind::ManagedServiceAccount];
    if service.iter().any(|k| out.contains(&(Cause::PasswordMismatch, *k)))
        && s.password_set > DAY - 10 * HOUR
    {
        out.push((Cause::PasswordMismatch, Kind::StaleTicket));
    }
    if refusal.key == refusal.account && attempt.cached.is_some_and(|c| c != held && c + 1 != held) {
        out.push((Cause::PasswordMismatch, Kind::StaleTicket));
    }
    if refusal.etype_missing {
        out.push((Cause::PasswordMismatch, Kind::EncryptionType));
    }
    assert!(!out.is_empty(), "a refusal without a cause: {attempt:?} {refusal:?}");
    out
}

/// Did an administrator give the target's name to the responder for this purpose, while another account has the key?
fn served_by(world: &World, attempt: &Attempt, refusal: &Refusal, purpose: Purpose) -> bool {
    let asked = full_names(world, attempt.client, &attempt.name);
    world.names.iter().any(|n| {
        n.purpose == purpose
            && n.host == refusal.host
            && refusal.key != refusal.account
            && asked.contains(&world.name_in(&n.label, n.domain).to_lowercase())
    })
}

/// Other causes with the same evidence. A verdict may name them, and must not confirm them.
pub fn lookalikes(world: &World, attempt: &Attempt, refusal: &Refusal, truths: &[Truth]) -> Vec<Truth> {
    use Kind::*;
    let (key, answered) = (&world.accounts[refusal.key], &world.accounts[refusal.account]);
    let windows_answered = attempt.class == "HTTP"
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
            // An account that was not used for two months may be a leftover.
            Misplaced if key.password_set < DAY - 60 * 24 * HOUR => &[LeftoverAccount],
            // `whenChanged` does not say which attribute changed. If it was the SPN, an old ticket may still be in use.
            MachineAccount if key.when_changed > key.password_set + HOUR => &[StaleTicket],
            ManagedServiceAccount => &[ServiceAccount],
            // A host keeps the previous password of a managed account, so the account is reported before the ticket.
            StaleTicket if key.class == Class::GroupManaged => &[ManagedServiceAccount],
            // The age of the password decides, and a host may not have logged its change.
            EncryptionType => &[MachineAccount, ServiceAccount, ManagedServiceAccount],
            _ => &[],
        };
        out.extend(more.iter().map(|k| (k.cause(), *k)));
    }
    // Where two hosts share several addresses, only DCOM's own event shows which one was used.
    let loopback = truths.iter().any(|t| t.0 == Cause::LoopbackSharedIp);
    if let Some(target) = intended_host(world, attempt).filter(|_| loopback) {
        let common = world.common(refusal.host, target);
        out.extend(common.iter().map(|nic| (Cause::LoopbackSharedIp, kind_of(nic))));
    }
    out.retain(|t| !truths.contains(t));
    out
}

/// Returns the owners of the exact SPN in the forest, or else of its HOST form.
fn owners_of(world: &World, attempt: &Attempt) -> Vec<Id> {
    let class = if attempt.class.is_empty() { "host" } else { attempt.class };
    let exact = owners(world, &format!("{class}/{}{}", attempt.name, attempt.port));
    if exact.is_empty() && HostAliases::default().covers(class) {
        return owners(world, &format!("host/{}{}", attempt.name, attempt.port));
    }
    exact
}
