//! What speaks against a verdict. It is shown, and it lowers the confidence by one step.

use super::beside::is_taken;
use super::case::{Case, Shape};
use super::proofs::{Proof, quote, target_name};
use super::signals::{About, NearSignal};
use super::{Cause, Kind};
use crate::events::SignalKind;
use crate::inventory::hosts::HostId;

/// Sentences, each with its source.
pub(super) fn against(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<String> {
    let mut out = Vec::new();
    if proof.rests_on_owners {
        not_registered(case, &mut out);
    }
    if !proof.rests_on.is_empty() {
        registered_nowhere(case, &mut out);
    }
    if cause != Cause::LoopbackSharedIp {
        reached_itself_instead(case, proof, &mut out);
    }
    match cause {
        Cause::LoopbackSharedIp => {
            dns_leads_to(case, case.client_id, &mut out);
            dns_leads_nowhere(case, &mut out);
            disputed_addresses(case, &[case.client_id, case.target_id], proof, &mut out);
        }
        Cause::WrongHost if kind == Kind::SharedAddress => {
            dns_leads_to(case, case.answerer_id, &mut out);
            dns_leads_nowhere(case, &mut out);
            disputed_addresses(case, &[case.answerer_id, case.target_id], proof, &mut out);
        }
        Cause::DuplicateSpn => {
            disputed_owners(case, &mut out);
            if case.shape == Shape::TargetAnswered {
                dns_leads_nowhere(case, &mut out);
            }
            key_signals(case, &mut out);
        }
        Cause::PasswordMismatch => {
            disputed_owners(case, &mut out);
            duplicate_signals(case, kind, &mut out);
        }
        Cause::WrongHost | Cause::Undetermined => {}
    }
    out
}

/// DNS explains the same event without a shared address.
fn dns_leads_to(case: &Case<'_>, host: Option<HostId>, out: &mut Vec<String>) {
    if let Some((address, source)) = case.name_leads_to(host) {
        out.push(format!(
            "{} resolves to {address}, which {} owns alone ({source}): the name may lead there as well",
            target_name(case),
            host.map(|h| case.know.hosts.name(h).to_string()).unwrap_or_default()
        ));
    }
}

/// DNS leads C's name to no address that C has: one of the two lists is not of the time of the events, or the name led
/// elsewhere.
fn dns_leads_nowhere(case: &Case<'_>, out: &mut Vec<String>) {
    let own = case.usable(case.target_id);
    let lost = |(address, _): &(std::net::IpAddr, _)| own.iter().all(|row| row.address != *address);
    if let Some((address, source)) = case.resolved().first()
        && out.is_empty()
        && !own.is_empty()
        && case.resolved().iter().all(lost)
    {
        let name = target_name(case);
        out.push(format!(
            "{name} resolves to {address} ({source}), which no list has on {name}: one of them may be old"
        ));
    }
}

/// One export has the shared address and another export of the same host does not: one of them is old.
fn disputed_addresses(case: &Case<'_>, hosts: &[Option<HostId>], proof: &Proof, out: &mut Vec<String>) {
    for host in hosts.iter().flatten() {
        let rows = case.know.hosts.owned(*host);
        for address in &proof.shared {
            // What a host registered in DNS at some time lists one adapter only and refutes nothing.
            let has = |file: &str| rows.iter().any(|r| *r.source.file == *file && r.address == *address);
            let lacking = rows.iter().filter(|r| r.logged_at.is_none()).find(|r| !has(&r.source.file));
            if let Some(row) = lacking {
                out.push(format!(
                    "{} lists other addresses of {} and not {address}: one of the inventories may be old",
                    row.source.file, row.host
                ));
                return;
            }
        }
    }
}

fn disputed_owners(case: &Case<'_>, out: &mut Vec<String>) {
    if let Some((owner, place)) = &case.ownership.disputed {
        out.push(format!(
            "the account lists disagree whether {owner} has the SPN ({place} says so): one of them may be old"
        ));
    }
}

/// The full lists have no owner of the SPN, and without one there is no ticket: they are of another time.
fn registered_nowhere(case: &Case<'_>, out: &mut Vec<String>) {
    if case.target.spn().is_some() && case.ownership.complete && case.ownership.owners.is_empty() {
        out.push(format!(
            "no account of the lists has {}, and yet there was a ticket for it: the lists may be old",
            case.incident.target
        ));
    }
}

/// The client owns the address by which another machine is said to have answered: it would have reached itself.
fn reached_itself_instead(case: &Case<'_>, proof: &Proof, out: &mut Vec<String>) {
    let own = match case.shape {
        Shape::ClientAnswered => return,
        _ => case.usable(case.client_id),
    };
    if let Some(row) = own.iter().find(|row| proof.reached.contains(&row.address)) {
        out.push(format!(
            "{} owns {} itself ({}), and would have reached itself by it",
            case.incident.client, row.address, row.source
        ));
    }
}

/// Near the time the KDC knew no owner at all, whatever the lists have.
fn not_registered(case: &Case<'_>, out: &mut Vec<String>) {
    let none = |near: &NearSignal<'_>| near.recorded.signal.kind == SignalKind::NotRegistered;
    if let Some(near) = case.signals().find(none) {
        out.push(format!("the directory had no owner of the SPN: {}", quote(&near)));
    }
}

/// The target's key is broken as well, so two troubles may hide in one.
fn key_signals(case: &Case<'_>, out: &mut Vec<String>) {
    use SignalKind::{NoMachineAccount, PasswordRejected, ServiceLogonFailed, SessionRefused};
    for near in case.signals() {
        let what = match near.recorded.signal.kind {
            PasswordRejected | SessionRefused | NoMachineAccount if near.about == About::Target => "computer",
            ServiceLogonFailed if near.about == About::Answerer => "service",
            _ => continue,
        };
        out.push(format!("the {what}'s own password is refused too: {}", quote(&near)));
        return;
    }
}

fn duplicate_signals(case: &Case<'_>, kind: Kind, out: &mut Vec<String>) {
    for near in case.signals() {
        let duplicate = matches!(
            near.recorded.signal.kind,
            SignalKind::DuplicateName | SignalKind::TwoAccounts | SignalKind::OwnNamesRefused
        ) || is_taken(&near.recorded.signal);
        if duplicate && kind != Kind::Duplicate {
            out.push(format!("the directory has trouble with the name too: {}", quote(&near)));
            return;
        }
    }
}
