//! Another host answered, or another one of the same name.

use super::registration::source_of;
use super::shared::ownership_line;
use super::{Proof, Repair, answerer_name, proof, quote, target_name};
use crate::findings::advice;
use crate::findings::case::Case;
use crate::findings::ownership::is_machine;
use crate::findings::signals::About;
use crate::names::HostName;

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
    for near in case.signals().filter(|c| matches!(c.about, About::Answerer | About::Target)) {
        p.evidence.push(quote(&near));
    }
    Some(p)
}

pub(in crate::findings) fn name_in_two_domains(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let client_domain = case.client_host.as_ref().and_then(HostName::domain);
    // A short name is looked up in the client's domain.
    let meant = target.domain().or(client_domain)?;
    let domains = case.domains_of(target);
    let others: Vec<&String> = domains.iter().filter(|d| *d != meant && case.realms.contains(*d)).collect();
    // A namesake of the client that asks its namesake may have reached itself: the names do not tell.
    let client_too = case.client_host.as_ref().is_some_and(|c| c.same_label(target));
    if others.is_empty() || client_too || !domains.iter().any(|d| d == meant) {
        return None;
    }
    let mut p = proof(case, Repair::Name(target.label().to_owned()));
    let led = case.leads_to_namesake();
    for domain in others.iter().map(|d| d.as_str()).chain([meant]) {
        p.evidence.push(format!(
            "{} exists in {domain} ({})",
            target.label(),
            who_knows(case, target, domain)
        ));
    }
    if let Some((name, address, source)) = led.as_ref() {
        p.evidence.push(format!("{} resolves to {address} ({source}), which {name} owns", target_name(case)));
    }
    // Sure is who answered if only a machine of the other domain can have brought its realm in, or DNS leads there; and
    // sure is whose key it was if the SPN is on the computer of that name in the domain that was meant.
    let brought_in =
        !case.realms.iter().any(|r| r == meant) || others.iter().all(|d| Some(d.as_str()) != client_domain);
    let meant_key = |a: &&&crate::inventory::accounts::Account| {
        is_machine(a)
            && a.domain.eq_ignore_ascii_case(meant)
            && HostName::parse(a.name.trim_end_matches('$')).is_some_and(|n| n.same_label(target))
    };
    let keys = &case.ownership.keys;
    let key_known = !keys.is_empty() && keys.iter().all(|k| meant_key(&k));
    p.at_most_likely = !(key_known && others.len() == 1 && (brought_in || led.is_some()));
    if p.at_most_likely {
        p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    p.rests_on_owners = true;
    let mut names: Vec<&str> = others.iter().map(|d| d.as_str()).chain([meant]).collect();
    names.sort_unstable();
    p.detail = names.join(" and ");
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
