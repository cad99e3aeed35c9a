//! Evidence against a verdict. With any, the confidence is one step lower.

use std::collections::HashSet;

use super::case::Case;
use super::connection::Topology;
use super::evidence::Caveat;
use super::proof::Proof;
use super::signals::{Concern, NearSignal, is_spn_taken};
use super::verdict::{Cause, Kind};
use crate::events::SignalKind;
use crate::inventory::hosts::HostId;

/// Finds the evidence against a verdict of this cause and kind.
pub(super) fn find(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<Caveat> {
    let mut out = Vec::new();
    if proof.basis.owners {
        out.extend(not_registered(case));
    }
    if !proof.basis.facts.is_empty() {
        out.extend(registered_nowhere(case));
    }
    if cause != Cause::LoopbackSharedIp {
        out.extend(client_owns_it(case, proof));
    }
    let responder = case.connection.responder_id;
    match cause {
        Cause::LoopbackSharedIp => {
            out.extend(resolves_to(case, case.parties.client_id));
            resolves_to_nothing(case, &mut out);
            out.extend(address_disputed(case, &[case.parties.client_id, case.parties.target_id], proof));
        }
        Cause::WrongHost if matches!(kind, Kind::SharedAddress | Kind::ClusterOrNlbAddress) => {
            out.extend(resolves_to(case, responder));
            resolves_to_nothing(case, &mut out);
            out.extend(address_disputed(case, &[responder, case.parties.target_id], proof));
        }
        Cause::DuplicateSpn => {
            out.extend(owner_disputed(case));
            if case.connection.topology == Topology::TargetAnswered {
                resolves_to_nothing(case, &mut out);
            }
            out.extend(key_refused(case));
        }
        Cause::PasswordMismatch => {
            out.extend(owner_disputed(case));
            out.extend(name_trouble(case, kind));
        }
        Cause::WrongHost | Cause::Undetermined => {}
    }
    out
}

/// The target's name resolves to an address that `host` owns and the target does not, which explains the event without a shared
/// address.
fn resolves_to(case: &Case<'_>, host: Option<HostId>) -> Option<Caveat> {
    let (address, source) = case.parties.resolves_to_host(host)?;
    Some(Caveat::ResolvesElsewhere {
        name: case.parties.target_text().into(),
        address,
        owner: case.parties.context.hosts.name(host?).to_string().into(),
        source: source.clone(),
    })
}

/// The target's name resolves to addresses that the target does not own. One of the lists is outdated, or the name resolved to
/// another host.
fn resolves_to_nothing(case: &Case<'_>, out: &mut Vec<Caveat>) {
    let parties = &case.parties;
    let own = parties.shareable_rows(parties.target_id);
    let lost = |(address, _): &(std::net::IpAddr, _)| !parties.owns(parties.target_id, *address);
    if let Some((address, source)) = parties.resolved_addresses().first()
        && out.is_empty()
        && !own.is_empty()
        && parties.resolved_addresses().iter().all(lost)
    {
        out.push(Caveat::ResolvesToNothing {
            name: parties.target_text().into(),
            address: *address,
            source: (*source).clone(),
        });
    }
}

/// One export has the shared address, and another export of the same host does not.
fn address_disputed(case: &Case<'_>, hosts: &[Option<HostId>], proof: &Proof) -> Option<Caveat> {
    let inventory = &case.parties.context.hosts;
    for host in hosts.iter().flatten() {
        // An event about a DNS registration has the addresses of one adapter only.
        let mut files = HashSet::new();
        let exported = inventory.owned(*host).iter().filter(|row| row.logged_at.is_none());
        let exports: Vec<_> = exported.filter(|row| files.insert(&*row.source.file)).collect();
        for address in &proof.shared {
            let rows = inventory.rows(*host, *address);
            let files: HashSet<&str> = rows.iter().map(|row| &*row.source.file).collect();
            if let Some(row) = exports.iter().find(|row| !files.contains(&*row.source.file)) {
                return Some(Caveat::AddressDisputed {
                    file: (*row.source.file).into(),
                    host: (*row.host).into(),
                    address: *address,
                });
            }
        }
    }
    None
}

fn owner_disputed(case: &Case<'_>) -> Option<Caveat> {
    let (account, place) = case.ownership.disputed.as_ref()?;
    Some(Caveat::OwnerDisputed { account: (**account).into(), place: place.as_str().into() })
}

/// The lists are complete and have no owner of the SPN. A ticket needs an owner, so the lists are outdated.
fn registered_nowhere(case: &Case<'_>) -> Option<Caveat> {
    let nowhere = case.parties.spn().is_some() && case.ownership.complete && case.ownership.owners.is_empty();
    nowhere.then(|| Caveat::RegisteredNowhere { target: case.parties.incident.target.clone() })
}

/// The client itself owns the address at which another machine is assumed to have answered.
fn client_owns_it(case: &Case<'_>, proof: &Proof) -> Option<Caveat> {
    if case.connection.topology == Topology::ClientAnswered {
        return None;
    }
    let own = case.parties.shareable_rows(case.parties.client_id);
    let reached: HashSet<_> = proof.reached.iter().collect();
    let row = own.iter().find(|row| reached.contains(&row.address))?;
    Some(Caveat::ClientOwnsIt {
        client: case.parties.incident.client.clone(),
        address: row.address,
        source: row.source.clone(),
    })
}

/// The KDC found no owner of the SPN near the time of the events.
fn not_registered(case: &Case<'_>) -> Option<Caveat> {
    let near = case.signals.iter().find(|near| near.kind() == SignalKind::NotRegistered)?;
    Some(Caveat::NotRegistered { event: near.quote() })
}

/// The key of the responder is broken as well, so there may be two problems.
fn key_refused(case: &Case<'_>) -> Option<Caveat> {
    let refused = |near: &NearSignal<'_>| match near.kind() {
        SignalKind::PasswordRejected if near.concern == Concern::Target => Some("computer"),
        SignalKind::SessionRefused | SignalKind::NoMachineAccount
            if near.concern == Concern::Target && !near.is_routine =>
        {
            Some("computer")
        }
        SignalKind::ServiceLogonFailed if near.concern == Concern::Responder => Some("service"),
        _ => None,
    };
    case.signals
        .iter()
        .find_map(|near| Some(Caveat::KeyRefused { what: refused(&near)?, event: near.quote() }))
}

fn name_trouble(case: &Case<'_>, kind: Kind) -> Option<Caveat> {
    if kind == Kind::Duplicate {
        return None;
    }
    let trouble = |near: &NearSignal<'_>| {
        matches!(
            near.kind(),
            SignalKind::DuplicateName | SignalKind::TwoAccounts | SignalKind::OwnNamesRefused
        ) || (near.kind() == SignalKind::WinRmSpnRefused && is_spn_taken(&near.recorded.signal))
    };
    let near = case.signals.iter().find(trouble)?;
    Some(Caveat::NameTrouble { event: near.quote() })
}
