//! C is another name of the machine that answered, or a cluster's.

use super::registration::{source_of, spn_proof};
use super::{Proof, Repair, proof, target_name};
use crate::findings::advice;
use crate::findings::case::{Case, Shape};
use crate::findings::ownership::is_machine;
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, Spn};

/// C is a name of the machine that answered, or a cluster's: who says so.
pub(in crate::findings) fn alias_evidence(case: &Case<'_>) -> Option<String> {
    let target = case.target_host.as_ref()?;
    let machine = match case.shape {
        Shape::ClientAnswered => case.client_host.as_ref()?,
        _ => case.answerer_host.as_ref()?,
    };
    if case.is_other_name_of(machine, target) {
        let source = case.know.hosts.alias_source(machine, target).unwrap_or("the inventories");
        return Some(format!("{target} is another name of {machine} ({source})"));
    }
    cluster_account(case).map(|account| {
        format!(
            "{} is a cluster's virtual computer: it owns {} ({})",
            account.name,
            account.spns.iter().find(|s| is_cluster_spn(s)).map_or("a cluster SPN", |s| s),
            source_of(account)
        )
    })
}

/// SPN classes that only a cluster's name objects have (MSCS: MSServerCluster, MSClusterVirtualServer, MSServerClusterMgmtAPI).
pub(in crate::findings) fn is_cluster_spn(spn: &str) -> bool {
    Spn::parse(spn).is_some_and(|s| {
        ["msclustervirtualserver", "msservercluster", "msserverclustermgmtapi"]
            .contains(&s.class.to_lowercase().as_str())
    })
}

pub(in crate::findings) fn cluster_account<'a>(case: &Case<'a>) -> Option<&'a Account> {
    let target = case.target_host.as_ref()?;
    case.know.accounts.named(target.label()).into_iter().find(|account| {
        is_machine(account)
            && account.spns.iter().any(|s| is_cluster_spn(s))
            && target
                .domain()
                .is_none_or(|d| account.domain.is_empty() || account.domain.eq_ignore_ascii_case(d))
    })
}

pub(in crate::findings) fn alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = alias_evidence(case)?;
    let others = case.ownership.others(case);
    let target = case.target_host.as_ref()?;
    // The owner is C's own account: C is a cluster or a renamed host, and the name is what leads wrong.
    let own =
        |a: &&Account| HostName::parse(a.name.trim_end_matches('$')).is_some_and(|n| n.same_label(target));
    if case.ownership.answerer_owns || others.is_empty() || others.iter().any(own) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    Some(p)
}

pub(in crate::findings) fn known_alias(case: &Case<'_>) -> Option<Proof> {
    let evidence = alias_evidence(case)?;
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(evidence);
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
