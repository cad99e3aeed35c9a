//! C is another name of the machine that answered, or a cluster's.

use super::registration::{source_of, spn_proof};
use super::{Proof, Repair, answerer_name, dns_sources, proof, sources_of, target_name};
use crate::events::{Role, SignalKind};
use crate::findings::case::{Case, Shape};
use crate::findings::evidence::against;
use crate::findings::ownership::{KeyOf, is_machine};
use crate::findings::{Kind, advice};
use crate::inventory::accounts::Account;
use crate::inventory::accounts::{is_cluster_management_spn, is_cluster_spn};
use crate::names::{HostName, Principal, Same};
use std::net::IpAddr;

/// The machine that answered: A where that is B.
fn machine(case: &Case<'_>) -> Option<HostName> {
    match case.shape {
        Shape::ClientAnswered => case.client_host.clone(),
        _ => case.answerer_in_domain().or_else(|| case.answerer_host.clone()),
    }
}

/// C is another name of the machine that answered, as an inventory or its own log says.
fn other_name(case: &Case<'_>) -> Option<String> {
    let (target, machine) = (case.target_host.as_ref()?, machine(case)?);
    if !case.is_other_name_of(&machine, target) {
        return None;
    }
    let source = case.know.hosts.alias_source(&machine, target).unwrap_or("the inventories");
    Some(format!("{target} is another name of {machine} ({source})"))
}

/// C is no host of its own, and DNS leads it to the machine that answered.
fn name_in_dns(case: &Case<'_>) -> Option<String> {
    let (target, machine) = (case.target_host.as_ref()?, machine(case)?);
    let id = match case.shape {
        Shape::ClientAnswered => case.client_id,
        _ => case.answerer_id,
    };
    let owns = !case.usable(case.target_id).is_empty();
    if owns || case.know.accounts.named(target.label()).iter().any(|a| is_machine(a)) {
        return None;
    }
    if let Some((other, source)) = case.know.hosts.cname(target)
        && (other.same(&machine) == Same::Yes || id.is_some_and(|id| case.know.hosts.find(other) == Some(id)))
    {
        return Some(format!("{target} is an alias of {machine} in DNS ({source})"));
    }
    let (address, source) = case.name_leads_to(id)?;
    Some(format!(
        "{target} is no computer's name, and resolves to {address}, which {machine} owns ({source})"
    ))
}

fn has_management_spn(account: &Account) -> bool {
    account.spns.iter().any(is_cluster_management_spn)
}

pub(in crate::findings) fn cluster_account<'a>(case: &Case<'a>) -> Option<&'a Account> {
    let target = case.target_host.as_ref()?;
    case.know.accounts.named(target.label()).into_iter().find(|account| {
        is_machine(account)
            && account.spns.iter().any(is_cluster_spn)
            && target.domain().is_none_or(|d| {
                account.domain.is_empty()
                    || account.domain.eq_ignore_ascii_case(d)
                    || case.know.accounts.computer_has_dns_name(target.label(), &account.domain, target)
            })
    })
}

/// B is no node of the cluster: its whole account is known, and lacks what this cluster's accounts have.
fn is_no_node(case: &Case<'_>, cluster: &Account) -> bool {
    let bare = |a: &&Account| !a.spns_are_partial && !has_management_spn(a);
    let accounts = &case.ownership.answerer_accounts;
    has_management_spn(cluster) && !accounts.is_empty() && accounts.iter().all(bare)
}

/// The owner is not C's own account: then C would be a cluster or a machine of its own.
fn foreign_spn(case: &Case<'_>) -> bool {
    let own = |a: &&Account| {
        let name = HostName::parse(a.name.trim_end_matches('$'));
        is_machine(a) && name.zip(case.target_host.as_ref()).is_some_and(|(n, t)| n.same_label(t))
    };
    case.ownership.key_of(case) == KeyOf::Other && !case.ownership.owners.iter().any(own)
}

pub(in crate::findings) fn alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = other_name(case)?;
    if !foreign_spn(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    // A name that a machine gave up may be another one's by now.
    if gave_up(case) {
        p.at_most_likely = true;
        p.missing.push(advice::who_is(&target_name(case)));
    }
    Some(p)
}

/// B had C's name once, as its log says, and no export has it as another name of B.
fn gave_up(case: &Case<'_>) -> bool {
    let target = case.target_host.as_ref();
    case.signals().any(|near| {
        near.recorded.signal.kind == SignalKind::Renamed
            && near
                .recorded
                .signal
                .name(Role::Computer)
                .and_then(HostName::parse)
                .zip(target)
                .is_some_and(|(former, target)| former.same_label(target))
    })
}

pub(in crate::findings) fn dns_alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = name_in_dns(case)?;
    if !foreign_spn(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    p.missing.push(advice::runs_where(&target_name(case), &answerer_name(case)));
    Some(p)
}

/// C is a cluster's name, and B a node of that cluster, where it belongs.
pub(in crate::findings) fn cluster_on_its_node(case: &Case<'_>) -> Option<Proof> {
    let account = cluster_account(case)?;
    if astray(case, account).is_some() || leads_past(case).is_some() {
        return None;
    }
    let mut p = cluster_proof(case, account);
    if let Some((address, source)) = leads_to_answerer(case) {
        p.evidence.push(format!(
            "{} resolves to {address} ({source}), which {} has",
            target_name(case),
            case.incident.answered_by
        ));
        p.rests_on.push(dns_sources(case, |a| a == address));
        p.rests_on.push(sources_of(case.usable(case.answerer_id)));
    } else {
        p.evidence.push(is_node(case, account)?);
    }
    Some(p)
}

/// By its account alone: the name may lead astray, to a machine that is no node of this cluster.
pub(in crate::findings) fn known_cluster(case: &Case<'_>) -> Option<Proof> {
    let account = cluster_account(case)?;
    let mut p = cluster_proof(case, account);
    if let Some(why) = astray(case, account) {
        p.kind = Some(Kind::StaleDns);
        p.evidence.push(why);
        p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
        return Some(p);
    }
    p.evidence.extend(leads_past(case).map(|(address, source)| {
        against(&format!(
            "{} resolves to {address} ({source}), which no list has on {}",
            target_name(case),
            case.incident.answered_by
        ))
    }));
    p.missing.push(advice::cluster_nodes(&target_name(case), &answerer_name(case)));
    Some(p)
}

fn cluster_proof(case: &Case<'_>, account: &Account) -> Proof {
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "{} is a cluster's virtual computer: it owns {} ({})",
        account.name,
        account.spns.iter().find(|s| is_cluster_spn(s)).map_or("a cluster SPN", |s| s),
        source_of(account)
    ));
    // Its own account must be the one whose key was used; else the SPN is the trouble.
    let keys = &case.ownership.keys;
    if case.target.spn().is_some() && !(keys.len() == 1 && keys.iter().all(|k| std::ptr::eq(*k, account))) {
        p.at_most_likely = true;
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    p.rests_on.extend(account.source.clone().map(|source| vec![source]));
    p
}

/// Why B cannot be a node of the cluster that was meant.
fn astray(case: &Case<'_>, cluster: &Account) -> Option<String> {
    if is_no_node(case, cluster) {
        return Some(format!(
            "{} has no MSServerClusterMgmtAPI SPN, as that cluster's nodes have: it is none of them",
            case.incident.answered_by
        ));
    }
    leads_to_own_name(case)
}

/// B is a node, and of this cluster, for the domain has no other.
fn is_node(case: &Case<'_>, cluster: &Account) -> Option<String> {
    let by = &case.incident.answered_by;
    let of_accounts = case.ownership.answerer_accounts.iter().find(|a| has_management_spn(a));
    let of_adapters = case.usable(case.answerer_id).into_iter().find(|row| {
        row.description.as_ref().is_some_and(|d| d.contains("Microsoft Failover Cluster Virtual Adapter"))
    });
    let node = match (of_accounts, of_adapters) {
        (Some(account), _) => {
            format!("{by} has the MSServerClusterMgmtAPI SPN of a node ({})", source_of(account))
        }
        (None, Some(row)) => format!("{by} has the adapter of a node ({})", row.source),
        (None, None) => return None,
    };
    (case.know.accounts.is_complete(&cluster.domain) && case.know.accounts.clusters_of(&cluster.domain) == 1)
        .then(|| format!("{node}, and {} has one cluster", cluster.domain))
}

/// C's name leads to an address that B has.
fn leads_to_answerer(case: &Case<'_>) -> Option<(IpAddr, String)> {
    let owned = case.usable(case.answerer_id);
    let led = case.resolved().iter().find(|(address, _)| owned.iter().any(|row| row.address == *address));
    led.map(|(address, source)| (*address, source.to_string()))
}

/// C's name leads to the address of B's own name, where a cluster has one of its own beside it.
fn leads_to_own_name(case: &Case<'_>) -> Option<String> {
    let own = case.know.hosts.resolved(case.answerer_id?);
    let (address, source) = case.resolved().iter().find(|(a, _)| own.iter().any(|(o, _)| o == a))?;
    Some(format!(
        "{} resolves to {address} ({source}), the address of {} itself: a cluster's name has one of its own",
        target_name(case),
        answerer_name(case)
    ))
}

/// C's name leads to addresses, and B, whose addresses are known, has none of them.
fn leads_past(case: &Case<'_>) -> Option<(IpAddr, String)> {
    let owned = case.usable(case.answerer_id);
    let (address, source) = case.resolved().first()?;
    let led = case.resolved().iter().any(|(address, _)| owned.iter().any(|row| row.address == *address));
    (!owned.is_empty() && !led).then(|| (*address, source.to_string()))
}

pub(in crate::findings) fn known_alias(case: &Case<'_>) -> Option<Proof> {
    let evidence = other_name(case).or_else(|| name_in_dns(case))?;
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(evidence);
    p.missing.push(advice::spn_owner(&case.incident.target));
    Some(p)
}

pub(in crate::findings) fn bare_name(case: &Case<'_>) -> Option<Proof> {
    let Principal::Name { name, .. } = &case.target else { return None };
    let known = case.target_id.is_some_and(|id| !case.know.hosts.owned(id).is_empty());
    if known || case.know.accounts.named(name).iter().any(|a| is_machine(a)) {
        return None;
    }
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "{name} has no service class, and no inventory has a host of that name: cluster resources are addressed so"
    ));
    p.missing.push(advice::who_is(&target_name(case)));
    Some(p)
}
