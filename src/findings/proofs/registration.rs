//! Whose SPN it is.

use super::keys::clue;
use super::{MAX_ADDRESSES, Proof, Repair, proof, quote};
use crate::events::ClueKind;
use crate::findings::advice;
use crate::findings::case::{Case, Shape};
use crate::findings::clues::About;
use crate::findings::ownership::is_answerer;
use crate::inventory::accounts::Account;
use crate::names::{HostName, Spn};
use std::collections::BTreeSet;

pub(in crate::findings) fn spn_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    if own.owners.is_empty() || own.answerer_owns || own.owners.len() > 1 {
        return None;
    }
    Some(spn_proof(case))
}

pub(in crate::findings) fn spn_elsewhere_for_service(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let target = case.target_host.as_ref()?;
    // `setspn` prints only DNs, and the CN of a user need not be its account name.
    if own.owners.iter().any(|a| a.name_is_cn && !a.name.ends_with('$')) {
        return None;
    }
    let hosts: Vec<HostName> = own
        .answerer_accounts
        .iter()
        .flat_map(|a| &a.spns)
        .filter_map(|s| HostName::parse(&Spn::parse(s)?.host))
        .collect();
    let serves_target = hosts.iter().any(|h| h.same(target) != crate::names::Same::No);
    if !hosts.is_empty() && !serves_target {
        return None;
    }
    spn_elsewhere(case)
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
    if own.owners.len() < 2 {
        return None;
    }
    let mut p = spn_proof(case);
    match own.key_owner {
        // The client's KDC finds B's own registration: the other one, in another domain, does no harm here.
        Some(owner) if is_answerer(case, owner) => return None,
        Some(owner) => p.evidence.push(format!(
            "the KDC of {}'s domain finds {} first",
            case.incident.client,
            account_text(owner)
        )),
        None => {
            let domains: BTreeSet<String> = own.owners.iter().map(|a| a.domain.to_lowercase()).collect();
            // Two owners in one domain are a broken directory, whoever asks; over domains it depends on the KDC.
            p.at_most_likely |= domains.len() == own.owners.len() && own.answerer_owns;
        }
    }
    Some(p)
}

pub(in crate::findings) fn kdc_found_duplicate(case: &Case<'_>) -> Option<Proof> {
    let near = clue(case, &[ClueKind::DuplicateName], &[About::Spn])?;
    let mut p = spn_proof(case);
    p.evidence.push(quote(&near));
    if case.ownership.owners.is_empty() {
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}
