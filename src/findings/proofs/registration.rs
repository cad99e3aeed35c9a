//! Whose SPN it is.

use super::{MAX_ADDRESSES, Proof, Repair, dns_sources, proof, quote, sources_of, target_name};
use crate::events::SignalKind;
use crate::findings::advice;
use crate::findings::beside::is_taken;
use crate::findings::case::{Case, Shape};
use crate::findings::ownership::{KeyOf, is_machine};
use crate::findings::signals::{About, NearSignal, is_of_realm};
use crate::inventory::accounts::Account;
use crate::names::{HostName, Same, Spn};

pub(in crate::findings) fn spn_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let key = own.key_of(case);
    if own.owners.len() != 1 || own.answerer_owns || key == KeyOf::Answerer {
        return None;
    }
    let mut p = spn_proof(case);
    if key == KeyOf::Unknown {
        // B's own `HOST/` in the client's domain, and the exact SPN in another one: which one a KDC takes is not known.
        p.at_most_likely = true;
    }
    // That the exact SPN is registered nowhere, only a full list shows.
    if own.via_host && !own.complete {
        p.at_most_likely = true;
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}

pub(in crate::findings) fn spn_elsewhere_for_service(case: &Case<'_>) -> Option<Proof> {
    // `setspn` prints only DNs, and the CN of a user need not be its account name.
    if case.ownership.owners.iter().any(|a| a.name_is_cn && !a.is_computer()) || !serves_target(case) {
        return None;
    }
    spn_elsewhere(case)
}

/// B has an SPN of C's name: whatever it runs on, clients are meant to reach it by that name.
fn serves_target(case: &Case<'_>) -> bool {
    let Some(target) = &case.target_host else { return false };
    let spns = case.ownership.answerer_accounts.iter().flat_map(|a| &a.spns);
    spns.filter_map(|s| HostName::parse(&Spn::parse(s)?.host)).any(|h| h.same(target) != Same::No)
}

/// The SPN is on another account; where B runs, nothing shows.
pub(in crate::findings) fn spn_elsewhere_perhaps(case: &Case<'_>) -> Option<Proof> {
    let mut p = spn_elsewhere(case)?;
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    p.missing.push(advice::addresses_of(&target_name(case)));
    Some(p)
}

/// C's name leads to another host, and what answered there has not the key of C's service.
pub(in crate::findings) fn service_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let (host, address, source) = case.leads_elsewhere()?;
    if case.ownership.key_of(case) == KeyOf::Answerer {
        return None;
    }
    let mut p = proof(case, Repair::Name(target_name(case)));
    let (name, owner) = (target_name(case), case.know.hosts.name(host));
    p.evidence
        .push(format!("{name} resolves to {address} ({source}), which {owner} owns and {name} does not"));
    p.evidence.extend(case.ownership.owners.iter().take(MAX_ADDRESSES).map(|a| owner_line(case, a)));
    // An SPN of C's name on B says that B is meant to run on C: then who answered is not sure to be elsewhere.
    // An SPN on another computer than C is a trouble of its own, and may be the one that shows here.
    let astray = |account: &&Account| {
        let name = HostName::parse(account.name.trim_end_matches('$'));
        let of_target = name.zip(case.target_host.as_ref()).is_some_and(|(n, t)| n.same_label(t));
        is_machine(account) && !of_target
    };
    p.at_most_likely |= case.ownership.key_of(case) != KeyOf::Other
        || serves_target(case)
        || case.ownership.owners.iter().any(astray);
    p.rests_on = vec![
        sources_of(case.usable(Some(host))),
        sources_of(case.usable(case.target_id)),
        dns_sources(case, |a| a == address),
    ];
    p.rests_on_owners = true;
    p.changes_by_itself = true;
    p.reached = vec![address];
    Some(p)
}

pub(in crate::findings) fn spn_proof(case: &Case<'_>) -> Proof {
    let own = &case.ownership;
    let mut p = proof(case, spn_repair(case));
    p.evidence.extend(own.owners.iter().take(MAX_ADDRESSES).map(|a| owner_line(case, a)));
    if own.owners.len() > MAX_ADDRESSES {
        p.evidence.push(format!("and {} accounts more", own.owners.len() - MAX_ADDRESSES));
    }
    p.detail =
        own.owners.iter().take(MAX_ADDRESSES).map(|a| account_text(a)).collect::<Vec<_>>().join(" and ");
    // The CN that `setspn` prints need not be the account's name; a computer's always is.
    let service = case.shape == Shape::ServiceAnswered;
    p.rests_on_owners = true;
    p.at_most_likely |= service && own.owners.iter().any(|a| a.name_is_cn);
    p
}

pub(in crate::findings) fn owner_line(case: &Case<'_>, account: &Account) -> String {
    let spn = case.ownership.spn.as_ref().map(ToString::to_string).unwrap_or_default();
    let how = match case.ownership.via_host {
        true => format!("{spn} is registered nowhere itself, its HOST form is on"),
        false => format!("{spn} is registered on"),
    };
    format!("{how} {} ({})", account_text(account), source_of(account))
}

pub(in crate::findings) fn account_text(account: &Account) -> String {
    match account.domain.is_empty() {
        true => account.name.to_string(),
        false => format!("{} of {}", account.name, account.domain),
    }
}

pub(in crate::findings) fn source_of(account: &Account) -> String {
    account.source.as_ref().map_or_else(|| "account list".to_owned(), ToString::to_string)
}

pub(in crate::findings) fn spn_repair(case: &Case<'_>) -> Repair {
    Repair::Spn(case.target.spn().map_or_else(|| case.incident.target.to_lowercase(), Spn::key))
}

pub(in crate::findings) fn spn_twice(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let mut p = spn_on_several(case, KeyOf::Other)?;
    p.evidence.extend(own.key_owner().map(|owner| {
        format!("the KDC of {}'s domain finds {} first", case.incident.client, account_text(owner))
    }));
    Some(p)
}

/// B is one of the owners, and the KDC may have taken B's key: of two owners in one domain it mostly takes none (trap 6), and
/// a controller that knows only B's registration makes a ticket that B cannot decrypt for another reason.
pub(in crate::findings) fn spn_twice_perhaps(case: &Case<'_>) -> Option<Proof> {
    let mut p = spn_on_several(case, KeyOf::Unknown)?;
    p.missing.push(advice::kdc_log(&case.incident.target));
    Some(p)
}

/// Where the client's KDC finds B's own registration, the other one, in another domain, does no harm.
fn spn_on_several(case: &Case<'_>, key: KeyOf) -> Option<Proof> {
    if case.ownership.owners.len() < 2 || case.ownership.key_of(case) != key {
        return None;
    }
    let mut p = spn_proof(case);
    if case.shape == Shape::ServiceAnswered && !serves_target(case) {
        p.at_most_likely = true;
        p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    }
    Some(p)
}

pub(in crate::findings) fn kdc_found_duplicate(case: &Case<'_>) -> Option<Proof> {
    let found =
        |c: &NearSignal<'_>| c.recorded.signal.kind == SignalKind::DuplicateName && c.about == About::Spn;
    let near =
        case.signals().find(|c| found(c) && was_asked(case, c)).or_else(|| case.signals().find(found))?;
    let mut p = spn_proof(case);
    if !was_asked(case, &near) {
        p.at_most_likely = true;
        p.evidence.push(
            "the controller that says so is of another domain than the one that made the ticket".to_owned(),
        );
    }
    // The event proves it, at its time, whatever the lists say of another.
    p.rests_on_owners = false;
    p.evidence.push(quote(&near));
    if case.ownership.key_of(case) == KeyOf::Answerer && case.ownership.owners.len() == 1 {
        p.at_most_likely = true;
        p.evidence.push(format!(
            "the account lists have the SPN on {} alone: another owner may have been removed since",
            case.incident.answered_by
        ));
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    if case.ownership.owners.is_empty() {
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}

/// Did the client ask this controller's domain, as far as the event's realms tell? Operational 101 is the client's own.
fn was_asked(case: &Case<'_>, near: &NearSignal<'_>) -> bool {
    let Some(host) = HostName::parse(&near.recorded.signal.computer) else { return true };
    let own = case.client_host.as_ref().is_some_and(|client| client.same(&host) != Same::No);
    let in_realm = |domain: &str| case.realms.iter().any(|realm| is_of_realm(domain, realm));
    own || case.realms.is_empty() || host.domain().is_none_or(in_realm)
}

/// The target could not write its own SPNs or DNS name, or its controller has two accounts of its name.
pub(in crate::findings) fn names_refused(case: &Case<'_>) -> Option<Proof> {
    case.target.spn()?;
    if case.ownership.key_of(case) == KeyOf::Answerer {
        return None;
    }
    let refused = |near: &NearSignal<'_>| match near.recorded.signal.kind {
        SignalKind::OwnNamesRefused | SignalKind::TwoAccounts => near.about == About::Target,
        _ => near.about == About::Spn && is_taken(&near.recorded.signal),
    };
    let mut p = spn_proof(case);
    p.rests_on_owners = false;
    p.evidence.extend(case.signals().filter(refused).map(|near| quote(&near)));
    p.missing.push(advice::spn_owner(&case.incident.target));
    case.signals().any(|near| refused(&near)).then_some(p)
}
