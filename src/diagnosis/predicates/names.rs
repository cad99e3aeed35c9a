//! The target is another name of the machine that answered, or a cluster's.

use std::net::IpAddr;

use super::registration::{mark_leftover, spn_proof};
use super::target::{is_no_computer, is_of_target, out_of_use};
use super::{ask_meant_name, ask_resolution, ask_spn_owner, note_unlisted_account};
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::{AccountName, Caveat, Fact};
use crate::diagnosis::ownership::TicketKey;
use crate::diagnosis::proof::{Proof, Repair, dns_sources, sources_of};
use crate::diagnosis::request::Request;
use crate::diagnosis::subject::AccountKind;
use crate::diagnosis::verdict::{Confidence, Kind};
use crate::events::{Role, SignalKind};
use crate::inventory::Source;
use crate::inventory::accounts::Account;
use crate::inventory::accounts::is_cluster_spn;
use crate::inventory::hosts::HostId;
use crate::names::{HostMatch, HostName, Principal};

/// The machine that answered.
fn answering_host<'c>(case: &'c Case<'_>) -> Option<&'c HostName> {
    match case.connection.topology {
        Topology::ClientAnswered => case.parties.client_host.as_ref(),
        _ => case.parties.responder_in_domain.as_ref().or(case.parties.responder_host.as_ref()),
    }
}

fn answering_host_id(case: &Case<'_>) -> Option<HostId> {
    match case.connection.topology {
        Topology::ClientAnswered => case.parties.client_id,
        _ => case.connection.responder_id,
    }
}

/// The target is another name of the machine that answered, as an inventory or the machine's own log has it.
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

/// CNAMEs that are followed: a longer chain is a loop or a mistake.
const MAX_CNAMES: usize = 8;

/// A CNAME of the target resolves to the machine that answered, perhaps through others. Whoever made it meant it.
fn cname_alias(case: &Case<'_>) -> Option<Fact> {
    let (target, machine) = (case.parties.target_host.as_ref()?, answering_host(case)?);
    let hosts = &case.parties.context.hosts;
    let id = answering_host_id(case);
    let is_machine = |other: &HostName| {
        other.compare(machine) == HostMatch::Yes
            || id.is_some_and(|id| hosts.find(other) == Some(id))
            || (machine.domain().is_none() && other.same_label(machine))
    };
    // A short name is looked up in the client's domain.
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

/// The target is the name of no computer, and DNS resolves it to the machine that answered.
fn address_alias(case: &Case<'_>) -> Option<Fact> {
    if !is_no_computer(case) {
        return None;
    }
    let (address, source) = case.parties.resolves_to_host(answering_host_id(case))?;
    Some(resolution_fact(case, address, source))
}

fn resolution_fact(case: &Case<'_>, address: IpAddr, source: &Source) -> Fact {
    Fact::Resolves {
        name: case.parties.target_text().into(),
        address,
        owner: answering_host(case).map(|machine| machine.to_string().into()),
        source: source.clone(),
    }
}

/// The key is of another account than the responder.
fn key_is_foreign(case: &Case<'_>) -> bool {
    case.ownership.ticket_key() == TicketKey::Other
}

/// Some owner is the target's own account: then the target is, or was, a machine or cluster of its own.
fn target_owns(case: &Case<'_>) -> bool {
    case.ownership.owners.iter().any(|owner| is_of_target(case, owner))
}

pub(in crate::diagnosis) fn alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = other_name(case)?;
    if !key_is_foreign(case) || target_owns(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    let web = |kind: &Kind| matches!(kind, Kind::KernelMode | Kind::TwoServices);
    p.kind = super::registration::kind_of_two_accounts(case).filter(web);
    // A name that a machine gave up may be another one's by now.
    if gave_up_target_name(case) {
        p.cap(Confidence::Likely);
        p.missing.push(Request::Machine { name: case.target_name() });
    }
    Some(p)
}

/// The responder once had the target's name, as its log has it.
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

/// A CNAME resolves to the machine that answered, and the SPN is still on another account: mostly that of the server which had
/// the name before.
pub(in crate::diagnosis) fn cname_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = cname_alias(case)?;
    if !key_is_foreign(case) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    for owner in case.ownership.owners.iter().filter(|owner| is_of_target(case, owner)) {
        p.evidence.extend(out_of_use(case, owner).filter(|fact| !p.evidence.contains(fact)));
    }
    if !target_owns(case) && !mark_leftover(case, &mut p) {
        p.kind = Some(Kind::SharedName);
    }
    p.missing.push(ask_meant_name(case));
    Some(p)
}

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
    p.missing.push(Request::ServiceIdentity { host: case.server_name(), name: case.target_name() });
    Some(p)
}

/// The SPN is on a service account, the target is the name of no computer, and a machine answered: a name that several
/// nodes serve, or a web site whose node decrypts with the machine's key.
pub(in crate::diagnosis) fn name_of_a_service(case: &Case<'_>) -> Option<Proof> {
    if !key_is_foreign(case) || !is_no_computer(case) || target_owns(case) {
        return None;
    }
    let of_service = |owner: &&Account| !AccountKind::from_account(owner).is_machine();
    if !case.ownership.owners.iter().copied().all(|owner| of_service(&owner)) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.push(Fact::NoComputer { name: case.parties.target_text().into() });
    p.kind = super::registration::kind_of_two_accounts(case);
    p.missing.push(Request::ServiceIdentity { host: case.server_name(), name: case.target_name() });
    if case.parties.resolved().is_empty() {
        p.missing.push(ask_meant_name(case));
    }
    note_unlisted_account(case, &mut p);
    Some(p)
}

/// A cluster's name object (CNO or VCO) of the target's name.
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

/// The responder is not a node of the cluster: its whole account is known, and lacks the SPN of this cluster's accounts.
fn is_no_node(case: &Case<'_>, cluster: &Account) -> bool {
    let bare = |account: &&Account| !account.spns_are_partial && !account.manages_cluster();
    let accounts = &case.ownership.responder_accounts;
    cluster.manages_cluster() && !accounts.is_empty() && accounts.iter().all(bare)
}

/// The target is a cluster's name, and the responder a node of that cluster, where the name belongs.
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
            p.basis.facts.push(sources_of(case.parties.shareable(answering_host_id(case))));
        }
        None => p.evidence.push(node_fact(case, account)?),
    }
    p.missing.push(Request::ClusterAccount { account: name_of_account(account), host: case.server_name() });
    Some(p)
}

/// By its account alone: the name may resolve to a machine outside this cluster.
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

fn name_of_account(account: &Account) -> crate::diagnosis::command::Name {
    use crate::diagnosis::command::{Name, NameRole};
    Name::account(&crate::diagnosis::subject::AccountFacts::from_account(account), NameRole::Account)
}

fn cluster_proof(case: &Case<'_>, account: &Account) -> Proof {
    let mut p = Proof::new(case, Repair::Name(case.parties.target_text().to_owned()));
    let spn = account.spns.iter().find(|spn| is_cluster_spn(spn)).unwrap_or("a cluster SPN");
    p.evidence.push(Fact::ClusterName { spn: spn.into(), account: AccountName::from_account(account) });
    // Its own account must be the one whose key was used; else the SPN is the trouble.
    let keys: Vec<&Account> = case.ownership.keys().collect();
    let own_key = keys.len() == 1 && keys.iter().all(|key| std::ptr::eq(*key, account));
    if case.parties.spn().is_some() && !own_key {
        p.cap(Confidence::Likely);
        p.missing.push(ask_spn_owner(case));
    }
    p.basis.facts.extend(account.source.clone().map(|source| vec![source]));
    p
}

/// Why the responder cannot be a node of the cluster whose name is the target.
fn not_a_node(case: &Case<'_>, cluster: &Account) -> Option<Fact> {
    if is_no_node(case, cluster) {
        return Some(Fact::NoClusterNode { responder: case.parties.incident.answered_by.clone() });
    }
    // The address of the responder's own name, where a cluster has a further one of its own.
    let own = case.parties.context.hosts.resolved(answering_host_id(case)?);
    let (address, source) = case.parties.resolved().iter().find(|(a, _)| own.iter().any(|(o, _)| o == a))?;
    Some(Fact::OwnName {
        name: case.parties.target_text().into(),
        address: *address,
        host: answering_host(case)?.to_string().into(),
        source: (*source).clone(),
    })
}

/// The responder is a node, and of this cluster, for the domain has no other.
fn node_fact(case: &Case<'_>, cluster: &Account) -> Option<Fact> {
    const ADAPTER: &str = "Microsoft Failover Cluster Virtual Adapter";
    let accounts = &case.parties.context.accounts;
    if !accounts.is_complete(&cluster.domain) || accounts.clusters_of(&cluster.domain) != 1 {
        return None;
    }
    let of_account = case.ownership.responder_accounts.iter().find(|account| account.manages_cluster());
    let of_adapter = || {
        let rows = case.parties.shareable(answering_host_id(case));
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

/// The target's name resolves to an address of the responder.
fn resolves_to_responder<'a>(case: &Case<'a>) -> Option<(IpAddr, &'a Source)> {
    let id = answering_host_id(case);
    let found = case.parties.resolved().iter().find(|(address, _)| case.parties.owns(id, *address));
    found.map(|(address, source)| (*address, *source))
}

/// The target's name resolves to addresses, and the responder, whose addresses are known, has none of them.
fn resolves_past_responder<'a>(case: &Case<'a>) -> Option<(IpAddr, &'a Source)> {
    let owned = case.parties.shareable(answering_host_id(case));
    let (address, source) = case.parties.resolved().first()?;
    (!owned.is_empty() && resolves_to_responder(case).is_none()).then_some((*address, *source))
}

pub(in crate::diagnosis) fn known_alias(case: &Case<'_>) -> Option<Proof> {
    let alias = other_name(case).or_else(|| cname_alias(case)).or_else(|| address_alias(case))?;
    let mut p = Proof::new(case, Repair::Name(case.parties.target_text().to_owned()));
    p.evidence.push(alias);
    if case.ownership.owners.is_empty() {
        p.missing.push(ask_spn_owner(case));
    }
    p.missing.push(ask_meant_name(case));
    Some(p)
}

pub(in crate::diagnosis) fn bare_name(case: &Case<'_>) -> Option<Proof> {
    let Principal::Name { name, .. } = &case.parties.target else { return None };
    let known = case.parties.target_id.is_some_and(|id| !case.parties.context.hosts.owned(id).is_empty());
    let computer = |account: &&Account| account.is_computer();
    if known || case.parties.context.accounts.named(name).iter().any(computer) {
        return None;
    }
    let mut p = Proof::new(case, Repair::Name(case.parties.target_text().to_owned()));
    p.evidence.push(Fact::BareName { name: name.clone() });
    p.missing.push(Request::Machine { name: case.target_name() });
    p.missing.push(Request::ClusterNodes { name: case.target_name(), host: case.server_name() });
    Some(p)
}
