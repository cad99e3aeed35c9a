//! Predicates for addresses that two hosts own, and for names that resolve to another host's address.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use jiff::SignedDuration;

use super::target::{out_of_use_fact, repair_of_spn};
use super::{
    ask_meant_name, ask_resolution, ask_responder_addresses, ask_target_addresses, note_unlisted_account,
    resolves,
};
use crate::diagnosis::account_kind::is_named_after;
use crate::diagnosis::case::Case;
use crate::diagnosis::context::is_rpc_class;
use crate::diagnosis::evidence::{Caveat, Fact, MAX_ADDRESSES, Relation};
use crate::diagnosis::ownership::TicketKey;
use crate::diagnosis::proof::{Proof, Repair, dns_sources, sources_of};
use crate::diagnosis::request::Request;
use crate::diagnosis::signal_index::is_card_address;
use crate::diagnosis::signals::{Concern, NearSignal};
use crate::diagnosis::verdict::{Confidence, Kind};
use crate::events::SignalKind;
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::inventory::hosts::HostId;

/// Longest time between the rows of one export. Rows further apart come from two exports, even if one file has both.
const ONE_EXPORT: SignedDuration = SignedDuration::from_hours(24);

/// Client and target own a common address, which the client used: DCOM chooses such an address, or the target's name resolves
/// to it.
pub(in crate::diagnosis) fn client_shares_address(case: &Case<'_>) -> Option<Proof> {
    let dcom = is_rpc_class(&case.parties.class());
    let mut p =
        shared_address(case, case.parties.client_id, &|address| dcom || case.parties.resolves_to(address))?;
    if !dcom {
        p.basis.facts.push(dns_sources(case, |_| true));
    }
    Some(p)
}

/// Client and target own a common address, and it is unknown what the target's name resolves to.
pub(in crate::diagnosis) fn client_may_share_address(case: &Case<'_>) -> Option<Proof> {
    if !case.parties.resolved_addresses().is_empty() {
        return None;
    }
    let mut p = shared_address(case, case.parties.client_id, &|_| true)?;
    p.missing.push(ask_resolution(case));
    Some(p)
}

/// Responder and target own a common address that other hosts can reach.
pub(in crate::diagnosis) fn responder_shares_address(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let responder = case.connection.responder_id;
    let rows =
        |address| [parties.rows_of(responder, address), parties.rows_of(parties.target_id, address)].concat();
    let known = !parties.resolved_addresses().is_empty();
    let reached = |address: IpAddr| {
        rows(address).iter().all(|row| is_reachable(row)) && (!known || parties.resolves_to(address))
    };
    let mut p = shared_address(case, responder, &reached)?;
    if p.kind != Some(Kind::ClusterOrNlbAddress) {
        p.kind = None;
    }
    match known {
        true => p.basis.facts.push(dns_sources(case, |_| true)),
        false => {
            // The client may have used another address of the target.
            let shared: HashSet<IpAddr> = p.shared.iter().copied().collect();
            let other = |row: &&OwnedAddress| is_reachable(row) && !shared.contains(&row.address);
            let others = parties.shareable_rows(parties.target_id).iter().any(other);
            p.likely_if(others);
            p.missing.push(ask_resolution(case));
        }
    }
    Some(p)
}

/// Client and target have one label and own a common address.
pub(in crate::diagnosis) fn namesake_shares_address(case: &Case<'_>) -> Option<Proof> {
    let (client, target) = (case.parties.client_host.as_ref()?, case.parties.target_host.as_ref()?);
    client.same_label(target).then(|| shared_address(case, case.parties.client_id, &|_| true)).flatten()
}

/// Can other hosts reach the address? Those of management cards and of switches inside a host are not reachable.
fn is_reachable(row: &OwnedAddress) -> bool {
    let link_local = matches!(row.address, IpAddr::V4(v4) if v4.is_link_local());
    !link_local && !matches!(adapter_kind(row).0, Kind::BmcUsbNic | Kind::VirtualSwitch)
}

/// Addresses that both `host` and the target own and that satisfy `may`. If the target's name resolves to some of them, only
/// those, and the second value is true if this left others out.
fn shared_candidates(
    case: &Case<'_>,
    host: Option<HostId>,
    may: &dyn Fn(IpAddr) -> bool,
) -> (Vec<IpAddr>, bool) {
    let mut common = case.parties.common_addresses(host, case.parties.target_id);
    common.retain(|&address| may(address));
    let all = common.len();
    if common.iter().any(|&address| case.parties.resolves_to(address)) {
        common.retain(|&address| case.parties.resolves_to(address));
    }
    let by_names = common.len() < all;
    (common, by_names)
}

/// A proof that `host` and the target own a common address that satisfies `may`.
fn shared_address(case: &Case<'_>, host: Option<HostId>, may: &dyn Fn(IpAddr) -> bool) -> Option<Proof> {
    let parties = &case.parties;
    let (mut common, by_names) = shared_candidates(case, host, may);
    if common.is_empty() {
        return None;
    }
    // A DCOM event quotes the address that the program used.
    let all_quoted = dcom_peer_addresses(case);
    let quoted: Vec<IpAddr> = common.iter().copied().filter(|address| all_quoted.contains(address)).collect();
    if !quoted.is_empty() {
        common = quoted;
    }
    // The most specific kind of each address. The list of one host may describe the adapter, and the other list may not.
    let mut kinds: Vec<(Kind, IpAddr, String)> = Vec::new();
    let mut evidence = Vec::new();
    for (n, &address) in common.iter().enumerate() {
        let mut found = Vec::new();
        for rows in [parties.rows_of(host, address), parties.rows_of(parties.target_id, address)] {
            found.extend(rows.iter().map(|row| adapter_kind(row)));
            if n < MAX_ADDRESSES {
                evidence.extend(rows.first().map(|row| Fact::owns(row)));
            }
        }
        let (kind, name) = found.into_iter().min()?;
        kinds.push((kind, address, name));
    }
    // `Kind` sorts the most specific first: a management card, a virtual switch, others.
    kinds.sort();
    let (kind, _, adapter) = kinds.first()?.clone();
    // It is unknown which of several addresses the client used. Those of the most specific kind are fixed first.
    let several_kinds = kinds.iter().any(|k| k.0 != kind);
    let blamed: BTreeSet<IpAddr> = kinds.iter().filter(|k| k.0 == kind).map(|k| k.1).collect();
    let in_time = blamed.iter().any(|&address| {
        parties.rows_of(host, address).iter().any(|row| parties.held_near_events(row))
            && parties.rows_of(parties.target_id, address).iter().any(|row| parties.held_near_events(row))
    });
    // Event logs from two dates cannot prove that both hosts held a DHCP address at the same time.
    let shows = |row: &&OwnedAddress| kind != Kind::OtherSharedAddress || row.logged_at.is_none();
    let sources = |of: Option<HostId>| -> Vec<Source> {
        sources_of(blamed.iter().flat_map(|&address| parties.rows_of(of, address)).copied().filter(shows))
    };
    let mut p = Proof::new(case, Repair::Addresses(blamed.iter().copied().collect()));
    p.basis.facts = vec![sources(host), sources(parties.target_id)];
    if by_names {
        p.basis.facts.push(dns_sources(case, |_| true));
    }
    p.likely_if(!in_time || several_kinds || !parties.lists_target_by_own_name());
    if kind == Kind::OtherSharedAddress {
        p.caveats.extend(blamed.first().and_then(|&address| possible_lease_move(case, host, address)));
    }
    if several_kinds {
        p.missing.push(Request::SharedConnection { client: case.client_name(), target: case.target_name() });
    }
    let hosts = parties.context.hosts.with_addresses();
    evidence.extend(blamed.first().map(|&address| Fact::Owners {
        address,
        owners: parties.context.hosts.owner_set(address).map_or(0, BTreeSet::len),
        hosts,
    }));
    // An answer of the client's own resolver excludes that a name resolved to the client.
    let mut answers = parties.resolved_on_client().iter();
    let answer = answers.find(|(address, _)| parties.owns(parties.target_id, *address));
    evidence.extend(answer.map(|(address, source)| resolves(case, *address, None, source)));
    p.reached = blamed.into_iter().collect();
    p.shared = common;
    p.evidence = evidence;
    p.kind = Some(kind);
    p.adapter = adapter;
    Some(p)
}

/// A caveat that an ordinary address may have moved from one host to the other by DHCP, unless one export has both owners.
fn possible_lease_move(case: &Case<'_>, host: Option<HostId>, address: IpAddr) -> Option<Caveat> {
    let parties = &case.parties;
    if conflict_on_the_link(case, address) {
        return None;
    }
    let (ours, theirs) = (parties.rows_of(host, address), parties.rows_of(parties.target_id, address));
    let pairs = || ours.iter().flat_map(|a| theirs.iter().map(move |b| (*a, *b)));
    let at_one_time = |(a, b): (&OwnedAddress, &OwnedAddress)| {
        let dated = a.source.collected.zip(b.source.collected);
        a.source.file == b.source.file && dated.is_some_and(|(a, b)| a.duration_since(b).abs() <= ONE_EXPORT)
    };
    if pairs().any(at_one_time) {
        return None;
    }
    let file = ours.first().map(|row| (*row.source.file).into())?;
    Some(Caveat::UndatedRows { file, address })
}

/// Does Tcpip 4198 or 4199 show that two machines on one link had the address at the same time?
fn conflict_on_the_link(case: &Case<'_>, address: IpAddr) -> bool {
    case.signals.iter().any(|near| {
        near.kind() == SignalKind::AddressConflict && near.recorded.signal.addresses.contains(&address)
    })
}

/// The addresses that DistributedCOM events name as the peer.
pub(super) fn dcom_peer_addresses(case: &Case<'_>) -> HashSet<IpAddr> {
    let failed =
        |near: &NearSignal<'_>| near.concern == Concern::Connection && near.kind() == SignalKind::DcomFailed;
    case.signals
        .iter()
        .filter(failed)
        .flat_map(|near| near.recorded.signal.addresses.iter().copied())
        .collect()
}

/// The kind of a row's adapter, and its name for the explanation.
pub(in crate::diagnosis) fn adapter_kind(row: &OwnedAddress) -> (Kind, String) {
    let hints: Vec<&str> = row.interface.iter().map(|i| &**i).collect();
    let kind = recognise(row.address, row.description.as_deref(), row.mac.as_deref(), &hints);
    let name = row.description.as_deref().or(row.interface.as_deref()).unwrap_or_default();
    let kind = match kind {
        AdapterKind::BmcUsbNic(_) => Kind::BmcUsbNic,
        AdapterKind::VirtualSwitch => Kind::VirtualSwitch,
        AdapterKind::ClusterOrNlb => Kind::ClusterOrNlbAddress,
        AdapterKind::Other => Kind::OtherSharedAddress,
    };
    (kind, name.to_owned())
}

/// The target's name resolves to an address of the responder by a lease or a dynamic record, which nobody makes on purpose.
pub(in crate::diagnosis) fn name_registered_itself(case: &Case<'_>) -> Option<Proof> {
    let host = case.connection.responder_id?;
    let (address, _) = case.parties.resolves_to_host(Some(host))?;
    let registered = dynamic_registration(case, host, address)?;
    let mut p = name_resolves_to_host(case)?;
    if p.kind.take().is_some() {
        // An additional address of the responder may be a virtual one, or one that the target no longer has.
        p.cap(Confidence::Likely);
        p.missing.push(ask_meant_name(case));
    }
    // An account of the target that is in use excludes a successor. So the account list must be from the time of the events.
    p.basis.owners = true;
    p.evidence.push(registered);
    Some(p)
}

/// The lease or dynamic registration by which the target's name resolves to this address of `host`.
pub(super) fn dynamic_registration(case: &Case<'_>, host: HostId, address: IpAddr) -> Option<Fact> {
    let hosts = &case.parties.context.hosts;
    let of = |id: HostId, lease: bool| {
        use crate::inventory::addresses::NameOrigin;
        hosts
            .dynamic_names(id)
            .iter()
            .find(|row| row.address == address && (!lease || row.origin == NameOrigin::Lease))
    };
    let row = of(host, true).or_else(|| case.parties.target_id.and_then(|target| of(target, false)))?;
    Some(Fact::Leased { host: (*row.name).into(), address, source: row.source.clone() })
}

/// The target's name resolves to an address of the responder that the target does not own.
pub(in crate::diagnosis) fn name_resolves_to_host(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let host = case.connection.responder_id?;
    // A target with unknown addresses may own this one too.
    let own = parties.shareable_rows(parties.target_id);
    if own.is_empty() {
        return None;
    }
    let (address, source) = parties.resolves_to_host(Some(host))?;
    let owner: Box<str> = parties.context.hosts.name(host).to_string().into();
    let theirs = parties.rows_of(Some(host), address);
    let mut p = Proof::for_target_name(case);
    p.evidence.push(resolves(case, address, None, source));
    p.evidence.extend(theirs.first().map(|row| Fact::owns(row)));
    p.evidence.push(Fact::Lacks { host: parties.target_text().into(), address, owner });
    // Only an export of all addresses shows that a host does not own one. A log shows one adapter.
    let exported = own.iter().any(|row| row.logged_at.is_none());
    p.likely_if(!exported || !theirs.iter().any(|row| parties.held_near_events(row)));
    if is_additional_address(case, host, address) {
        // An address that the host's own name does not resolve to may be a virtual one, for other names.
        p.kind = Some(Kind::ClusterOrAlias);
    }
    p.basis.changes_by_itself = true;
    p.reached = vec![address];
    p.basis.facts = vec![
        sources_of(theirs.iter().copied()),
        sources_of(own.iter().copied()),
        dns_sources(case, |a| a == address),
    ];
    if p.at_most < Confidence::Confirmed {
        p.missing.extend([ask_target_addresses(case), ask_responder_addresses(case)]);
    }
    Some(p)
}

/// Does the host's own name resolve to other addresses only?
fn is_additional_address(case: &Case<'_>, host: HostId, address: IpAddr) -> bool {
    let own = case.parties.context.hosts.resolved(host);
    !own.is_empty() && own.iter().all(|(own, _)| *own != address)
}

/// The target's name resolves to an address of the responder, and the target's own account, which owns the SPN, is out of use:
/// another server took over the name. Nobody does that by a lease or a dynamic record.
pub(in crate::diagnosis) fn name_taken_over(case: &Case<'_>) -> Option<Proof> {
    let host = case.connection.responder_id?;
    let (address, _) = case.parties.resolves_to_host(Some(host))?;
    if dynamic_registration(case, host, address).is_some() {
        return None;
    }
    let owner = case.ownership.key_owner().filter(|_| case.ownership.ticket_key() == TicketKey::Other)?;
    if !case.parties.target_host.as_ref().is_some_and(|target| is_named_after(owner, target)) {
        return None;
    }
    let mut p = name_resolves_to_host(case).or_else(|| name_of_responder(case))?;
    p.evidence.push(out_of_use_fact(case, owner)?);
    p.repair = repair_of_spn(case);
    p.kind = None;
    p.basis.owners = true;
    Some(p)
}

/// The target's name resolves to an address of the responder, and no inventory has addresses of the target: it is an alias or a
/// virtual name, unless the record is dynamic.
pub(in crate::diagnosis) fn name_of_responder(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let host = case.connection.responder_id?;
    let (address, source) = parties.resolves_to_host(Some(host))?;
    if !parties.shareable_rows(parties.target_id).is_empty() {
        return None;
    }
    let mut p = Proof::for_target_name(case);
    p.evidence.push(resolves(case, address, None, source));
    let rows = parties.rows_of(Some(host), address);
    p.evidence.extend(rows.first().map(|row| Fact::owns(row)));
    if let Some(registered) = dynamic_registration(case, host, address) {
        p.evidence.push(registered);
        p.kind = Some(Kind::StaleDns);
    }
    p.missing.push(ask_meant_name(case));
    if case.ownership.owners.is_empty() {
        p.missing.push(super::ask_spn_owner(case));
    }
    p.missing.push(ask_target_addresses(case));
    Some(p)
}

/// The names of responder and target resolve to one address, and nothing shows which host owns it.
pub(in crate::diagnosis) fn names_resolve_to_one_address(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let host = case.connection.responder_id?;
    let own = parties.context.hosts.resolved(host);
    let (address, source) = parties
        .resolved_addresses()
        .iter()
        .find(|(address, _)| own.iter().any(|(own, _)| own == address))
        .filter(|_| Some(host) != parties.target_id)?;
    if parties.owns(parties.target_id, *address) {
        return None;
    }
    let mut p = Proof::for_target_name(case);
    p.evidence.push(resolves(case, *address, None, source));
    p.evidence.extend(own.iter().find(|(own, _)| own == address).map(|(_, source)| Fact::Resolves {
        name: parties.responder_text().into(),
        address: *address,
        owner: None,
        source: (*source).clone(),
    }));
    match dynamic_registration(case, host, *address) {
        Some(registered) => p.evidence.push(registered),
        // Most records that are made by hand with another server's address are made on purpose.
        None => p.kind = Some(Kind::ClusterOrAlias),
    }
    p.missing.extend([ask_meant_name(case), ask_target_addresses(case)]);
    Some(p)
}

/// Responder or target logged that another machine on the link has its address. Only a MAC would show which machine.
pub(in crate::diagnosis) fn address_conflict(case: &Case<'_>) -> Option<Proof> {
    let near = case.signals.iter().find(|near| {
        near.kind() == SignalKind::AddressConflict
            && matches!(near.concern, Concern::Target | Concern::Responder)
            && near.recorded.signal.addresses.iter().all(|&address| may_be_of_both(case, address))
    })?;
    let mut p = Proof::new(case, Repair::Addresses(near.recorded.signal.addresses.clone()));
    p.shared.clone_from(&near.recorded.signal.addresses);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.missing.extend([ask_responder_addresses(case), ask_target_addresses(case)]);
    Some(p)
}

/// May both responder and target own the address? The export of neither lacks it.
fn may_be_of_both(case: &Case<'_>, address: IpAddr) -> bool {
    [case.connection.responder_id, case.parties.target_id].into_iter().all(|host| {
        let rows = case.parties.shareable_rows(host);
        rows.iter().any(|row| row.address == address) || rows.iter().all(|row| row.logged_at.is_some())
    })
}

/// The addresses of client and target are known, and they share none.
pub(in crate::diagnosis) fn client_shares_nothing(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let (ours, theirs) =
        (parties.shareable_rows(parties.client_id), parties.shareable_rows(parties.target_id));
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let list = |rows: &[&OwnedAddress]| -> Vec<IpAddr> {
        BTreeSet::from_iter(rows.iter().map(|row| row.address)).into_iter().collect()
    };
    let mut p = Proof::for_target_name(case);
    p.evidence.push(Fact::NothingCommon {
        client: parties.incident.client.clone(),
        of_client: list(&ours),
        target: parties.target_text().into(),
        of_target: list(&theirs),
    });
    p.missing.extend([ask_resolution(case), ask_meant_name(case)]);
    Some(p)
}

/// The addresses of client or target are unknown. This always matches.
pub(in crate::diagnosis) fn addresses_unknown(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let mut hosts = [parties.incident.client.to_lowercase(), parties.target_text().to_lowercase()];
    hosts.sort();
    let [a, b] = hosts;
    let mut p = Proof::new(case, Repair::Hosts(a, b));
    p.evidence.push(Fact::ReachedItself {
        responder: parties.incident.answered_by.clone(),
        target: parties.target_text().into(),
    });
    let asks = [
        (parties.client_id, Request::Addresses { host: case.client_name() }),
        (parties.target_id, ask_target_addresses(case)),
    ];
    for (id, ask) in asks {
        let rows = parties.shareable_rows(id);
        if rows.is_empty() {
            p.missing.push(ask);
        }
        for row in rows.into_iter().filter(|row| adapter_kind(row).0 == Kind::BmcUsbNic) {
            // Only one of the two hosts is known to have a management card.
            p.evidence.push(Fact::owns(row));
            p.kind = Some(Kind::BmcUsbNic);
        }
    }
    let shows_card = |near: &NearSignal<'_>| match near.kind() {
        SignalKind::UsbNicInstalled => true,
        SignalKind::DcomFailed => {
            near.recorded.signal.addresses.iter().any(|&address| is_card_address(address))
        }
        _ => false,
    };
    if let Some(near) = case.signals.iter().find(shows_card) {
        p.kind = Some(Kind::BmcUsbNic);
        p.evidence.push(near.as_fact(Relation::Decisive));
    }
    p.missing.push(ask_resolution(case));
    note_unlisted_account(case, &mut p);
    Some(p)
}
