//! Predicates for a third machine that answered, and for two machines of one name.

use std::collections::BTreeSet;

use super::{
    ask_host_log, ask_meant_name, ask_resolution, ask_responder_addresses, ask_spn_owner,
    ask_target_addresses, is_unlisted_account, note_unlisted_account, resolves,
};
use crate::diagnosis::account_kind::{is_in_use, is_named_after};
use crate::diagnosis::case::Case;
use crate::diagnosis::command::{Name, NameRole};
use crate::diagnosis::evidence::{AccountName, Fact, Relation};
use crate::diagnosis::proof::{Proof, Repair};
use crate::diagnosis::remedy_input::{AccountKind, IncidentName};
use crate::diagnosis::request::Request;
use crate::diagnosis::signals::Concern;
use crate::diagnosis::verdict::Confidence;
use crate::inventory::accounts::Account;
use crate::names::HostName;

/// The inventories have target and responder as two hosts.
pub(in crate::diagnosis) fn target_is_a_host(case: &Case<'_>) -> Option<Proof> {
    let target = case.parties.target_host.as_ref()?;
    // The responder chooses its name, so a name that no input has may not be a host.
    let listed = case.parties.responder_name.is_known || !case.ownership.responder_accounts.is_empty();
    if is_unlisted_account(case) || !listed {
        return None;
    }
    let evidence = match case.parties.shareable_rows(case.parties.target_id).first() {
        Some(row) => Fact::owns(row),
        None => {
            let accounts = case.parties.context.accounts.named(target.label());
            let account = accounts.into_iter().find(|account| account.is_computer())?;
            Fact::AccountClass {
                class: AccountKind::Computer.words(),
                account: AccountName::from_account(account),
            }
        }
    };
    let mut p = another_host(case)?;
    p.evidence.push(evidence);
    Some(p)
}

/// A third machine answered. This always matches.
pub(in crate::diagnosis) fn another_host(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let mut p = Proof::for_target_name(case);
    p.evidence.push(Fact::TwoMachines {
        responder: parties.incident.answered_by.clone(),
        target: parties.incident.target.clone(),
    });
    p.missing.extend([ask_resolution(case), ask_meant_name(case)]);
    note_unlisted_account(case, &mut p);
    if parties.shareable_rows(case.connection.responder_id).is_empty() && !is_unlisted_account(case) {
        p.missing.push(ask_responder_addresses(case));
    }
    if parties.shareable_rows(parties.target_id).is_empty() && parties.target_name.is_known {
        p.missing.push(ask_target_addresses(case));
    }
    if case.ownership.owners.is_empty() {
        p.missing.push(ask_spn_owner(case));
    }
    p.missing.push(ask_host_log(case));
    let of_parties =
        case.signals.iter().filter(|near| matches!(near.concern, Concern::Responder | Concern::Target));
    p.evidence.extend(of_parties.map(|near| near.as_fact(Relation::Decisive)));
    Some(p)
}

/// Computers in the domain asked for and in another realm of the event have the target's name.
pub(in crate::diagnosis) fn name_in_two_domains(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let target = parties.target_host.as_ref()?;
    // The client looks up a short name in its own domain.
    let asked = target.domain().or(parties.client_domain())?;
    let domains = parties.domains_with_label(target);
    let others: Vec<&str> = domains
        .iter()
        .map(String::as_str)
        .filter(|domain| *domain != asked && parties.realms.iter().any(|realm| realm == domain))
        .collect();
    // A client of that name may have reached itself, which the names do not show.
    let client_too = parties.client_host.as_ref().is_some_and(|client| client.same_label(target));
    if others.is_empty() || client_too || !domains.iter().any(|domain| domain == asked) {
        return None;
    }
    let mut p = Proof::new(case, Repair::Name(target.label().to_owned()));
    for domain in others.iter().copied().chain([asked]) {
        p.evidence.push(Fact::Exists {
            name: target.label().into(),
            domain: domain.into(),
            place: source_of_name(case, target, domain).into(),
        });
    }
    let led = parties.resolves_to_namesake();
    if let Some((name, address, source)) = &led {
        p.evidence.push(resolves(case, *address, Some(name.as_str().into()), source));
    }
    // The responder is certain if its realm can only come from a machine of the other domain, or if DNS resolves to that machine.
    // The key is certain if the SPN is on the computer of that name in the domain asked for.
    let brought_in = !parties.realms.iter().any(|realm| realm == asked)
        || others.iter().all(|domain| Some(*domain) != parties.client_domain());
    let of_asked = |key: &Account| {
        key.is_computer() && key.domain.eq_ignore_ascii_case(asked) && is_named_after(key, target)
    };
    let keys: Vec<&Account> = case.ownership.keys().collect();
    let key_known = !keys.is_empty() && keys.iter().copied().all(of_asked);
    let certain = key_known && others.len() == 1 && (brought_in || led.is_some());
    // The names do not show which of the two answered. Realms and key do.
    p.at_most = if certain { Confidence::Confirmed } else { Confidence::Likely };
    if !certain {
        p.missing.extend([ask_resolution(case), ask_spn_owner(case)]);
    }
    p.basis.owners = true;
    Some(p)
}

/// Are all computers of the target's name in use? Each has addresses of its own and a recent password.
pub(in crate::diagnosis) fn both_in_use(case: &Case<'_>) -> bool {
    let parties = &case.parties;
    let Some(target) = &parties.target_host else { return false };
    let domains = parties.domains_with_label(target);
    let addresses = |domain: &str| -> BTreeSet<std::net::IpAddr> {
        let host = HostName::parse(target.label()).map(|host| host.in_domain(Some(domain)));
        let id = host.and_then(|host| parties.context.hosts.find(&host));
        parties.shareable_rows(id).iter().map(|row| row.address).collect()
    };
    let lists: Vec<_> = domains.iter().map(|domain| addresses(domain)).collect();
    let apart = lists
        .iter()
        .enumerate()
        .all(|(i, list)| !list.is_empty() && lists.iter().skip(i + 1).all(|other| list.is_disjoint(other)));
    let accounts = parties.context.accounts.named(target.label());
    let in_use = domains.iter().all(|domain| {
        accounts.iter().any(|account| {
            account.is_computer()
                && account.domain.eq_ignore_ascii_case(domain)
                && is_in_use(account, parties.incident.occurrences.first)
        })
    });
    apart && in_use
}

/// The source that has a machine of this name in the domain.
fn source_of_name(case: &Case<'_>, host: &HostName, domain: &str) -> String {
    let hosts = &case.parties.context.hosts;
    let accounts = case.parties.context.accounts.named(host.label());
    let account = accounts
        .into_iter()
        .find(|account| account.is_computer() && account.domain.eq_ignore_ascii_case(domain));
    if let Some(source) = account.and_then(|account| account.source.as_ref()) {
        return source.to_string();
    }
    let full = HostName::parse(host.label()).map(|host| host.in_domain(Some(domain)));
    let rows = full.and_then(|full| hosts.find(&full)).map(|id| hosts.owned(id)).unwrap_or_default();
    match rows.first() {
        Some(row) => row.source.to_string(),
        None => "its own log".to_owned(),
    }
}

/// Nothing shows in which domains the name exists. This always matches.
pub(in crate::diagnosis) fn perhaps_two_domains(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let target = parties.target_host.as_ref()?;
    let mut p = Proof::new(case, Repair::Name(target.label().to_owned()));
    p.evidence.push(Fact::OneShortName {
        responder: parties.incident.answered_by.clone(),
        target: parties.incident.target.clone(),
        realms: parties.realms.clone(),
    });
    p.missing.push(Request::Namesakes { host: case.target_name(), domains: case.domain_names() });
    p.missing.push(ask_spn_owner(case));
    p.missing.push(ask_resolution(case));
    if parties.realms.len() > 1 {
        p.missing.push(Request::Trust { domains: case.domain_names() });
    }
    Some(p)
}

/// The responder's name has 15 characters, at which NetBIOS names are cut, and begins the names of client and target.
pub(in crate::diagnosis) fn cut_name(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let (client, target) = (parties.client_host.as_ref()?, parties.target_host.as_ref()?);
    let responder = parties.responder_host.as_ref()?;
    let cut = responder.may_be_cut() && client.label() != target.label();
    if !cut || !responder.same_label(client) || !responder.same_label(target) {
        return None;
    }
    let mut p = Proof::new(case, Repair::Incident);
    let names = [client, target].map(|host| -> Box<str> { host.to_string().into() });
    p.evidence.push(Fact::CutName { responder: parties.incident.answered_by.clone(), names: names.to_vec() });
    let asked = names
        .iter()
        .map(|name| Name::host(&IncidentName { text: (&**name).into(), is_known: true }, NameRole::Host));
    p.missing.push(Request::CutName { names: asked.collect() });
    p.missing.push(ask_resolution(case));
    p.missing.push(ask_spn_owner(case));
    Some(p)
}
