//! Predicates for a target that is another name of the machine that answered, or the name of a cluster.

use std::net::IpAddr;

use super::registration::{mark_leftover, spn_proof};
use super::target::{is_no_computer, is_of_target, out_of_use_fact};
use super::{
    ask_cluster_account, ask_meant_name, ask_resolution, ask_service_identity, ask_spn_owner,
    note_unlisted_account, resolves,
};
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::{AccountName, Caveat, Fact};
use crate::diagnosis::ownership::TicketKey;
use crate::diagnosis::proof::{Proof, dns_sources, sources_of};
use crate::diagnosis::remedy_input::AccountKind;
use crate::diagnosis::request::Request;
use crate::diagnosis::verdict::{Confidence, Kind};
use crate::events::{Role, SignalKind};
use crate::inventory::Source;
use crate::inventory::accounts::Account;
use crate::inventory::accounts::is_cluster_spn;
use crate::names::{HostMatch, HostName, Principal};

/// The name of the machine that answered, with its domain if that is certain.
fn answering_host<'c>(case: &'c Case<'_>) -> Option<&'c HostName> {
    match case.connection.topology {
        Topology::ClientAnswered => case.parties.client_host.as_ref(),
        _ => case.parties.responder_in_domain.as_ref().or(case.parties.responder_host.as_ref()),
    }
}

/// The fact that the target is another name of the machine that answered, from an inventory or the machine's own log.
fn other_name(case: &Case<'_>) -> Option<Fact> {
    let (target, machine) = (case.parties.target_host.as_ref()?, answering_host(case)?);
    if !case.parties.is_other_name_of(machine, target) {
        return None;
    }
    let place = case.parties.context.hosts.alias_source(machine, target).unwrap_or("the inventories");
    Some(Fact::OtherName {
        name: target.to_string().into(),
        host: machine.to_string().into(),
        place: place.into(),
    })
}

/// Maximum number of CNAMEs that are followed. A longer chain is a loop or a mistake.
const MAX_CNAMES: usize = 8;

/// The fact that a CNAME, or a chain of them, resolves the target to the machine that answered.
fn cname_alias(case: &Case<'_>) -> Option<Fact> {
    let (target, machine) = (case.parties.target_host.as_ref()?, answering_host(case)?);
    let hosts = &case.parties.context.hosts;
    let id = case.connection.responder_id;
    let is_machine = |other: &HostName| {
        other.compare(machine) == HostMatch::Yes
            || id.is_some_and(|id| hosts.find(other) == Some(id))
            || (machine.domain().is_none() && other.same_label(machine))
    };
    // The client looks up a short name in its own domain.
    let mut name = target.clone();
    if name.domain().is_none() && hosts.cname(&name).is_none() {
        name = name.in_domain(case.parties.client_domain());
    }
    let mut made: Option<&Source> = None;
    for _ in 0..MAX_CNAMES {
        let (other, source) = hosts.cname(&name)?;
        let source = *made.get_or_insert(source);
        if is_machine(other) {
            return Some(Fact::Alias {
                name: target.to_string().into(),
                host: machine.to_string().into(),
                source: source.clone(),
            });
        }
        name = other.clone();
    }
    None
}

/// The fact that DNS resolves the target to the machine that answered, if the target is not a computer's name.
fn address_alias(case: &Case<'_>) -> Option<Fact> {
    if !is_no_computer(case) {
        return None;
    }
    let (address, source) = case.parties.resolves_to_host(case.connection.responder_id)?;
    Some(resolution_fact(case, address, source))
}

/// The fact that the target's name resolves to this address of the machine that answered.
fn resolution_fact(case: &Case<'_>, address: IpAddr, source: &Source) -> Fact {
    resolves(case, address, answering_host(case).map(|machine| machine.to_string().into()), source)
}

/// Did the key of another account than the responder's encrypt the ticket?
fn key_is_foreign(case: &Case<'_>) -> bool {
    case.ownership.ticket_key() == TicketKey::Other
}

/// Does the target's own account own the SPN? Then the target is or was a machine or a cluster.
fn target_owns(case: &Case<'_>) -> bool {
    case.ownership.owners.iter().any(|owner| is_of_target(case, owner))
}

/// An inventory shows that the target is another name of the machine that answered, and the SPN is on another account.
pub(in crate::diagnosis) fn alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = other_name(case)?;
    if !key_is_foreign(case) || target_owns(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    let web = |kind: &Kind| matches!(kind, Kind::KernelMode | Kind::TwoServices);
    p.kind = super::registration::kind_of_two_accounts(case).filter(web);
    // Another machine may have the former name now.
    if gave_up_target_name(case) {
        p.cap(Confidence::Likely);
        p.missing.push(Request::Machine { name: case.target_name() });
    }
    Some(p)
}

/// Does a log show that a machine was renamed from the target's name?
fn gave_up_target_name(case: &Case<'_>) -> bool {
    let Some(target) = &case.parties.target_host else { return false };
    case.signals.iter().any(|near| {
        near.kind() == SignalKind::Renamed
            && near
                .recorded
                .signal
                .first_name(Role::Computer)
                .and_then(HostName::parse)
                .is_some_and(|former| former.same_label(target))
    })
}

/// A CNAME resolves the target to the machine that answered, and the SPN is on another account: mostly that of the server which
/// had the name before.
pub(in crate::diagnosis) fn cname_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = cname_alias(case)?;
    if !key_is_foreign(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    for owner in case.ownership.owners.iter().filter(|owner| is_of_target(case, owner)) {
        p.evidence.extend(out_of_use_fact(case, owner).filter(|fact| !p.evidence.contains(fact)));
    }
    if !target_owns(case) && !mark_leftover(case, &mut p) {
        p.kind = Some(Kind::SharedName);
    }
    p.missing.push(ask_meant_name(case));
    Some(p)
}

/// DNS resolves the target, which is not a computer's name, to the machine that answered, and the SPN is on another account.
pub(in crate::diagnosis) fn dns_alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = address_alias(case)?;
    if !key_is_foreign(case) || target_owns(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    p.kind = super::registration::kind_of_two_accounts(case);
    if !mark_leftover(case, &mut p) && p.kind.is_none() && is_no_computer(case) {
        p.kind = Some(Kind::SharedName);
    }
    p.missing.push(ask_service_identity(case));
    Some(p)
}

/// A machine answered, the SPN is on a service account, and the target is not a computer's name: several nodes serve the name,
/// or a web site's node decrypts with the machine's key.
pub(in crate::diagnosis) fn name_of_a_service(case: &Case<'_>) -> Option<Proof> {
    if !key_is_foreign(case) || !is_no_computer(case) || target_owns(case) {
        return None;
    }
    if case.ownership.owners.iter().any(|owner| AccountKind::from_account(owner).is_machine()) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.push(Fact::NoComputer { name: case.parties.target_text().into() });
    p.kind = super::registration::kind_of_two_accounts(case);
    p.missing.push(ask_service_identity(case));
    if case.parties.resolved_addresses().is_empty() {
        p.missing.push(ask_meant_name(case));
    }
    note_unlisted_account(case, &mut p);
    Some(p)
}

/// The computer object (CNO or VCO) of a cluster's name that is the target.
pub(super) fn cluster_account<'a>(case: &Case<'a>) -> Option<&'a Account> {
    let target = case.parties.target_host.as_ref()?;
    let accounts = &case.parties.context.accounts;
    accounts.named(target.label()).into_iter().find(|account| {
        account.is_computer()
            && account.is_cluster_name()
            && target.domain().is_none_or(|domain| {
                account.domain.is_empty()
                    || account.domain.eq_ignore_ascii_case(domain)
                    || accounts.computer_has_dns_name(target.label(), &account.domain, target)
            })
    })
}

/// Is the responder not a node of the cluster? True if the list has all SPNs of its account, and the SPN for the management of a
/// cluster is not among them.
fn is_no_node(case: &Case<'_>, cluster: &Account) -> bool {
    let bare = |account: &&Account| !account.spns_are_partial && !account.manages_cluster();
    let accounts = &case.ownership.responder_accounts;
    cluster.manages_cluster() && !accounts.is_empty() && accounts.iter().all(bare)
}

/// The target is a cluster's name, and the responder is a node of that cluster.
pub(in crate::diagnosis) fn cluster_on_its_node(case: &Case<'_>) -> Option<Proof> {
    let account = cluster_account(case)?;
    if not_a_node(case, account).is_some() || resolves_past_responder(case).is_some() {
        return None;
    }
    let mut p = cluster_proof(case, account);
    match resolves_to_responder(case) {
        Some((address, source)) => {
            p.evidence.push(resolution_fact(case, address, source));
            p.basis.facts.push(dns_sources(case, |a| a == address));
            p.basis.facts.push(sources_of(case.parties.shareable_rows(case.connection.responder_id)));
        }
        None => p.evidence.push(node_fact(case, account)?),
    }
    p.missing.push(ask_cluster_account(case, account));
    Some(p)
}

/// The target is a cluster's name by its account. The responder may be outside that cluster.
pub(in crate::diagnosis) fn known_cluster(case: &Case<'_>) -> Option<Proof> {
    let account = cluster_account(case)?;
    let mut p = cluster_proof(case, account);
    if let Some(why) = not_a_node(case, account) {
        p.kind = Some(Kind::StaleDns);
        p.evidence.push(why);
        p.missing.push(ask_resolution(case));
        return Some(p);
    }
    if let Some((address, source)) = resolves_past_responder(case) {
        p.caveats.push(Caveat::ResolvesToNothing {
            name: case.parties.responder_text().into(),
            address,
            source: source.clone(),
        });
    }
    p.missing.push(Request::ClusterNodes { name: case.target_name(), host: case.server_name() });
    Some(p)
}

/// A proof that the target is the name of a cluster.
fn cluster_proof(case: &Case<'_>, account: &Account) -> Proof {
    let mut p = Proof::for_target_name(case);
    let spn = account.spns.iter().find(|spn| is_cluster_spn(spn)).unwrap_or("a cluster SPN");
    p.evidence.push(Fact::ClusterName { spn: spn.into(), account: AccountName::from_account(account) });
    // If the key of another account was used, the SPN is the problem.
    let keys: Vec<&Account> = case.ownership.keys().collect();
    let own_key = keys.len() == 1 && keys.iter().all(|key| std::ptr::eq(*key, account));
    if case.parties.spn().is_some() && !own_key {
        p.cap(Confidence::Likely);
        p.missing.push(ask_spn_owner(case));
    }
    p.basis.facts.extend(account.source.clone().map(|source| vec![source]));
    p
}

/// The fact that shows that the responder is not a node of the cluster; `None` if it may be one.
fn not_a_node(case: &Case<'_>, cluster: &Account) -> Option<Fact> {
    if is_no_node(case, cluster) {
        return Some(Fact::NoClusterNode { responder: case.parties.incident.answered_by.clone() });
    }
    // The name of a cluster has an address of its own, and not that of a node's name.
    let own = case.parties.context.hosts.resolved(case.connection.responder_id?);
    let (address, source) =
        case.parties.resolved_addresses().iter().find(|(a, _)| own.iter().any(|(o, _)| o == a))?;
    Some(Fact::OwnName {
        name: case.parties.target_text().into(),
        address: *address,
        host: answering_host(case)?.to_string().into(),
        source: (*source).clone(),
    })
}

/// The fact that the responder is a node of this cluster: it is a node, and the domain has no other cluster.
fn node_fact(case: &Case<'_>, cluster: &Account) -> Option<Fact> {
    const ADAPTER: &str = "Microsoft Failover Cluster Virtual Adapter";
    let accounts = &case.parties.context.accounts;
    if !accounts.is_complete(&cluster.domain) || accounts.clusters_of(&cluster.domain) != 1 {
        return None;
    }
    let of_account = case.ownership.responder_accounts.iter().find(|account| account.manages_cluster());
    let of_adapter = || {
        let rows = case.parties.shareable_rows(case.connection.responder_id);
        rows.into_iter().find(|row| row.description.as_ref().is_some_and(|text| text.contains(ADAPTER)))
    };
    let (shows, place) = match of_account {
        Some(account) => ("MSServerClusterMgmtAPI SPN", account.source.as_ref()),
        None => ("adapter", Some(&of_adapter()?.source)),
    };
    Some(Fact::ClusterNode {
        responder: case.parties.incident.answered_by.clone(),
        shows,
        domain: (*cluster.domain).into(),
        place: place.map_or_else(|| "account list".to_owned(), ToString::to_string).into(),
    })
}

/// The address of the responder that the target's name resolves to.
fn resolves_to_responder<'a>(case: &Case<'a>) -> Option<(IpAddr, &'a Source)> {
    let id = case.connection.responder_id;
    let found = case.parties.resolved_addresses().iter().find(|(address, _)| case.parties.owns(id, *address));
    found.map(|(address, source)| (*address, *source))
}

/// An address that the target's name resolves to, if the responder's addresses are known and are not among them.
fn resolves_past_responder<'a>(case: &Case<'a>) -> Option<(IpAddr, &'a Source)> {
    let owned = case.parties.shareable_rows(case.connection.responder_id);
    let (address, source) = case.parties.resolved_addresses().first()?;
    (!owned.is_empty() && resolves_to_responder(case).is_none()).then_some((*address, *source))
}

/// The target is not a computer's name, but another name of the machine that answered.
pub(in crate::diagnosis) fn known_alias(case: &Case<'_>) -> Option<Proof> {
    let alias = other_name(case).or_else(|| cname_alias(case)).or_else(|| address_alias(case))?;
    let mut p = Proof::for_target_name(case);
    p.evidence.push(alias);
    if case.ownership.owners.is_empty() {
        p.missing.push(ask_spn_owner(case));
    }
    p.missing.push(ask_meant_name(case));
    Some(p)
}

/// The target has no service class, and no inventory or account list has it as a host.
pub(in crate::diagnosis) fn bare_name(case: &Case<'_>) -> Option<Proof> {
    let Principal::Name { name, .. } = &case.parties.target else { return None };
    let known = case.parties.target_id.is_some_and(|id| !case.parties.context.hosts.owned(id).is_empty());
    let computer = |account: &&Account| account.is_computer();
    if known || case.parties.context.accounts.named(name).iter().any(computer) {
        return None;
    }
    let mut p = Proof::for_target_name(case);
    p.evidence.push(Fact::BareName { name: name.clone() });
    p.missing.push(Request::Machine { name: case.target_name() });
    p.missing.push(Request::ClusterNodes { name: case.target_name(), host: case.server_name() });
    Some(p)
}
