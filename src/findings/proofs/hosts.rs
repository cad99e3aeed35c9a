//! Another host answered, or another one of the same name.

use super::registration::source_of;
use super::shared::ownership_line;
use super::{Proof, Repair, answerer_name, proof, quote, target_name};
use crate::findings::advice;
use crate::findings::case::Case;
use crate::findings::clues::About;
use crate::findings::ownership::is_machine;
use crate::names::HostName;
use std::collections::BTreeSet;

pub(in crate::findings) fn target_is_a_host(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let owned = case.usable(case.target_id);
    let account = case.know.accounts.named(target.label()).into_iter().find(|a| is_machine(a));
    let evidence = match (owned.first(), account) {
        (Some(row), _) => ownership_line(row),
        (None, Some(account)) => {
            format!("{} is a computer of its own ({})", account.name, source_of(account))
        }
        (None, None) => return None,
    };
    let mut p = another_host(case)?;
    p.evidence.push(evidence);
    Some(p)
}

pub(in crate::findings) fn another_host(case: &Case<'_>) -> Option<Proof> {
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "{} answered for {}: by their names two machines",
        case.incident.answered_by, case.incident.target
    ));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    if case.usable(case.answerer_id).is_empty() {
        p.missing.push(advice::addresses_of(&answerer_name(case)));
    }
    if case.usable(case.target_id).is_empty() {
        p.missing.push(advice::addresses_of(&target_name(case)));
    }
    if case.ownership.owners.is_empty() {
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    p.missing.push(advice::netlogon(&answerer_name(case)));
    for near in case.clues().filter(|c| matches!(c.about, About::Answerer | About::Target)) {
        p.evidence.push(quote(&near));
    }
    Some(p)
}

pub(in crate::findings) fn name_in_two_domains(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let domains = case.domains_of(target);
    let wanted: Vec<String> = match target.domain() {
        Some(domain) => case.realms.iter().cloned().chain([domain.to_owned()]).collect(),
        None => {
            let own = case.client_host.as_ref().and_then(HostName::domain).map(str::to_owned);
            case.realms.iter().cloned().chain(own).collect()
        }
    };
    let found: BTreeSet<&String> = domains.iter().filter(|d| wanted.contains(d)).collect();
    // A namesake of the client that asks its namesake may have reached itself: the names do not tell.
    let client_too = case.client_host.as_ref().is_some_and(|c| c.same_label(target));
    if found.len() < 2 || client_too {
        return None;
    }
    let mut p = proof(case, Repair::Name(target.label().to_owned()));
    p.at_most_likely = false;
    for domain in &found {
        p.evidence.push(format!(
            "{} exists in {domain} ({})",
            target.label(),
            who_knows(case, target, domain)
        ));
    }
    p.detail = found.iter().map(|d| d.as_str()).collect::<Vec<_>>().join(" and ");
    Some(p)
}

pub(in crate::findings) fn who_knows(case: &Case<'_>, host: &HostName, domain: &str) -> String {
    let account = case
        .know
        .accounts
        .named(host.label())
        .into_iter()
        .find(|a| is_machine(a) && a.domain.eq_ignore_ascii_case(domain));
    if let Some(account) = account {
        return source_of(account);
    }
    let full = host.clone().in_domain(Some(domain));
    let rows = case.know.hosts.find(&full).map(|id| case.know.hosts.owned(id)).unwrap_or_default();
    match rows.first() {
        Some(row) => row.source.to_string(),
        None => "its own log".to_owned(),
    }
}

pub(in crate::findings) fn perhaps_two_domains(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let mut p = proof(case, Repair::Name(target.label().to_owned()));
    p.evidence.push(format!(
        "{} and {} have one short name, and the realms are {}",
        case.incident.answered_by,
        case.incident.target,
        case.realms.join(" and ")
    ));
    p.missing.push(advice::computers_named(target.label(), &case.realms));
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}
