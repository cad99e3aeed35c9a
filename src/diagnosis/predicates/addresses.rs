//! Addresses that two hosts own, and names that resolve to an address of another host.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use jiff::SignedDuration;

use super::{
    ask_meant_name, ask_resolution, ask_responder_addresses, ask_target_addresses, note_unlisted_account,
};
use crate::diagnosis::account_class::unused_since;
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::context::is_rpc_class;
use crate::diagnosis::evidence::{AccountName, Caveat, Fact, MAX_ADDRESSES, Relation};
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
use crate::names::HostName;

/// Rows of one export that were collected further apart are of two exports.
const ONE_EXPORT: SignedDuration = SignedDuration::from_hours(24);

/// The client chose an address that both own: DCOM does so, and whoever follows a name that resolves to it.
pub(in crate::diagnosis) fn client_shares_address(case: &Case<'_>) -> Option<Proof> {
    let dcom = is_rpc_class(&case.parties.class());
    let mut p =
        shared_address(case, case.parties.client_id, &|address| dcom || case.parties.resolves_to(address))?;
    if !dcom {
        p.basis.facts.push(dns_sources(case, |_| true));
    }
    Some(p)
}

/// They share an address, and what the target's name resolves to is unknown.
pub(in crate::diagnosis) fn client_may_share_address(case: &Case<'_>) -> Option<Proof> {
    if !case.parties.resolved().is_empty() {
        return None;
    }
    let mut p = shared_address(case, case.parties.client_id, &|_| true)?;
    p.missing.push(ask_resolution(case));
    Some(p)
}

pub(in crate::diagnosis) fn responder_shares_address(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let responder = case.connection.responder_id;
    let rows =
        |address| [parties.rows_of(responder, address), parties.rows_of(parties.target_id, address)].concat();
    let known = !parties.resolved().is_empty();
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
            // The target may be reached by another address of its own.
            let shared: HashSet<IpAddr> = p.shared.iter().copied().collect();
            let other = |row: &&OwnedAddress| is_reachable(row) && !shared.contains(&row.address);
            let others = parties.shareable(parties.target_id).iter().any(other);
            p.likely_if(others);
            p.missing.push(ask_resolution(case));
        }
    }
    Some(p)
}

pub(in crate::diagnosis) fn namesake_shares_address(case: &Case<'_>) -> Option<Proof> {
    let (client, target) = (case.parties.client_host.as_ref()?, case.parties.target_host.as_ref()?);
    client.same_label(target).then(|| shared_address(case, case.parties.client_id, &|_| true)).flatten()
}

/// Other hosts can reach the address: it is not that of a management card or of a switch inside the host.
fn is_reachable(row: &OwnedAddress) -> bool {
    let link_local = matches!(row.address, IpAddr::V4(v4) if v4.is_link_local());
    !link_local && !matches!(adapter_kind(row).0, Kind::BmcUsbNic | Kind::VirtualSwitch)
}

/// Addresses owned by both `host` and the target that satisfy `may`. Narrowed to those the target's name resolves to, if
/// any: whoever follows the name has reached `host` already. Returns the addresses, and whether names narrowed them.
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

fn shared_address(case: &Case<'_>, host: Option<HostId>, may: &dyn Fn(IpAddr) -> bool) -> Option<Proof> {
    let parties = &case.parties;
    let (mut common, by_names) = shared_candidates(case, host, may);
    if common.is_empty() {
        return None;
    }
    // The program may have quoted the address it took.
    let all_quoted = quoted_addresses(case);
    let quoted: Vec<IpAddr> = common.iter().copied().filter(|address| all_quoted.contains(address)).collect();
    if !quoted.is_empty() {
        common = quoted;
    }
    // Of each address the kind that says most: one host's list may describe the adapter, and the other's not.
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
    // The kind that explains most comes first: a management card before a switch, a switch before nothing.
    kinds.sort();
    let (kind, _, adapter) = kinds.first()?.clone();
    // Which of several was taken is unknown; those of the likeliest kind are the ones to fix first.
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
    // What excludes that the client's hosts file or DNS resolved the target to the client.
    let mut answers = parties.resolved_on_client().iter();
    let answer = answers.find(|(address, _)| parties.owns(parties.target_id, *address));
    evidence.extend(answer.map(|(address, source)| Fact::Resolves {
        name: parties.target_text().into(),
        address: *address,
        owner: None,
        source: (*source).clone(),
    }));
    p.reached = blamed.into_iter().collect();
    p.shared = common;
    p.evidence = evidence;
    p.kind = Some(kind);
    p.adapter = adapter;
    Some(p)
}

/// An ordinary address may have been given from one host to the other, unless one export shows both at one time.
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

/// Tcpip 4198 or 4199: another machine on the link has the address at the same time.
fn conflict_on_the_link(case: &Case<'_>, address: IpAddr) -> bool {
    case.signals.iter().any(|near| {
        near.kind() == SignalKind::AddressConflict && near.recorded.signal.addresses.contains(&address)
    })
}

/// The addresses that DistributedCOM named itself as the peer that failed.
pub(super) fn quoted_addresses(case: &Case<'_>) -> HashSet<IpAddr> {
    let failed =
        |near: &NearSignal<'_>| near.concern == Concern::Connection && near.kind() == SignalKind::DcomFailed;
    case.signals
        .iter()
        .filter(failed)
        .flat_map(|near| near.recorded.signal.addresses.iter().copied())
        .collect()
}

/// Kind of the adapter, and its name for the explanation.
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

/// Whom the target's name has to resolve to: the client or the third machine.
fn reached_host(case: &Case<'_>) -> Option<HostId> {
    match case.connection.topology {
        Topology::ClientAnswered => case.parties.client_id,
        _ => case.connection.responder_id,
    }
}

/// The target's name resolves to an address of the responder, and nobody made it so on purpose: the record registered itself,
/// or the address is a lease.
pub(in crate::diagnosis) fn name_registered_itself(case: &Case<'_>) -> Option<Proof> {
    let host = reached_host(case)?;
    let (address, _) = case.parties.resolves_to_host(Some(host))?;
    let registered = dynamic_registration(case, host, address)?;
    let mut p = name_resolves_to_host(case)?;
    if p.kind.take().is_some() {
        // A second address of the responder may be a virtual one, or one it got when the target gave it up.
        p.cap(Confidence::Likely);
        p.missing.push(ask_meant_name(case));
    }
    // That the target's own account is in use excludes a successor, so its list must be from the time of the events.
    p.basis.owners = true;
    p.evidence.push(registered);
    Some(p)
}

/// Why nobody can have made the name resolve there on purpose.
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
    let host = reached_host(case)?;
    // Where the target's own addresses are unknown, the target may own this one too: then it is a shared address.
    let own = parties.shareable(parties.target_id);
    if own.is_empty() {
        return None;
    }
    let (address, source) = parties.resolves_to_host(Some(host))?;
    let owner: Box<str> = parties.context.hosts.name(host).to_string().into();
    let theirs = parties.rows_of(Some(host), address);
    let mut p = Proof::new(case, Repair::Name(parties.target_text().to_owned()));
    let name = || parties.target_text().into();
    p.evidence.push(Fact::Resolves { name: name(), address, owner: None, source: source.clone() });
    p.evidence.extend(theirs.first().map(|row| Fact::owns(row)));
    p.evidence.push(Fact::Lacks { host: name(), address, owner });
    // A log shows one adapter at one time; that a host does not own an address, only an export of all of them shows.
    let exported = own.iter().any(|row| row.logged_at.is_none());
    p.likely_if(!exported || !theirs.iter().any(|row| parties.held_near_events(row)));
    if is_additional_address(case, host, address) {
        // An address other than that of the host's own name is a virtual one, which names are meant to resolve to.
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
        p.missing.push(ask_target_addresses(case));
        p.missing.push(ask_responder_addresses(case));
    }
    Some(p)
}

/// The host's own name resolves to other addresses than this one.
fn is_additional_address(case: &Case<'_>, host: HostId, address: IpAddr) -> bool {
    let own = case.parties.context.hosts.resolved(host);
    !own.is_empty() && own.iter().all(|(own, _)| *own != address)
}

/// The same, or with unknown addresses of the target, and the account that owns the SPN is the target's own and no longer in
/// use: another server took over the name. Nobody makes a lease or a dynamic record for that.
pub(in crate::diagnosis) fn name_taken_over(case: &Case<'_>) -> Option<Proof> {
    let host = reached_host(case)?;
    let (address, _) = case.parties.resolves_to_host(Some(host))?;
    if dynamic_registration(case, host, address).is_some() {
        return None;
    }
    let events = case.parties.incident.occurrences.first;
    let owner = case.ownership.key_owner().filter(|_| case.ownership.ticket_key() == TicketKey::Other)?;
    let label = HostName::parse(owner.name.trim_end_matches('$'))?;
    if !case.parties.target_host.as_ref().is_some_and(|target| target.same_label(&label)) {
        return None;
    }
    let mut p = name_resolves_to_host(case).or_else(|| name_of_responder(case))?;
    let account = || AccountName::from_account(owner);
    p.evidence.push(match unused_since(owner, events) {
        _ if owner.is_disabled() => Fact::Disabled { account: account() },
        Some(set) => Fact::Unused { set, account: account() },
        None => return None,
    });
    p.repair = super::target::repair_of_spn(case);
    p.kind = None;
    p.basis.owners = true;
    Some(p)
}

/// The target's name resolves to an address of the responder, and no inventory shows addresses of the target itself: an alias
/// or a virtual name, unless the record registered itself.
pub(in crate::diagnosis) fn name_of_responder(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let host = reached_host(case)?;
    let (address, source) = parties.resolves_to_host(Some(host))?;
    if !parties.shareable(parties.target_id).is_empty() {
        return None;
    }
    let mut p = Proof::new(case, Repair::Name(parties.target_text().to_owned()));
    let name = parties.target_text().into();
    p.evidence.push(Fact::Resolves { name, address, owner: None, source: source.clone() });
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

/// Both names resolve to one address, and nothing shows which host owns it.
pub(in crate::diagnosis) fn names_resolve_to_one_address(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let host = reached_host(case)?;
    let own = parties.context.hosts.resolved(host);
    let (address, source) = parties
        .resolved()
        .iter()
        .find(|(address, _)| own.iter().any(|(own, _)| own == address))
        .filter(|_| Some(host) != parties.target_id)?;
    if parties.owns(parties.target_id, *address) {
        return None;
    }
    let mut p = Proof::new(case, Repair::Name(parties.target_text().to_owned()));
    let name = parties.target_text().into();
    p.evidence.push(Fact::Resolves { name, address: *address, owner: None, source: (*source).clone() });
    p.evidence.extend(own.iter().find(|(own, _)| own == address).map(|(_, source)| Fact::Resolves {
        name: parties.responder_text().into(),
        address: *address,
        owner: None,
        source: (*source).clone(),
    }));
    match dynamic_registration(case, host, *address) {
        Some(registered) => p.evidence.push(registered),
        // A record made by hand with another server's address is mostly made on purpose.
        None => p.kind = Some(Kind::ClusterOrAlias),
    }
    p.missing.push(ask_meant_name(case));
    p.missing.push(ask_target_addresses(case));
    Some(p)
}

/// The responder or the target found another machine on its link with its own address. Which machine, only a MAC shows.
pub(in crate::diagnosis) fn address_conflict(case: &Case<'_>) -> Option<Proof> {
    let near = case.signals.iter().find(|near| {
        near.kind() == SignalKind::AddressConflict
            && matches!(near.concern, Concern::Target | Concern::Responder)
            && near.recorded.signal.addresses.iter().all(|&address| may_be_of_both(case, address))
    })?;
    let mut p = Proof::new(case, Repair::Addresses(near.recorded.signal.addresses.clone()));
    p.shared.clone_from(&near.recorded.signal.addresses);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.missing.push(ask_responder_addresses(case));
    p.missing.push(ask_target_addresses(case));
    Some(p)
}

/// No complete list of the responder's or the target's addresses lacks it.
fn may_be_of_both(case: &Case<'_>, address: IpAddr) -> bool {
    [case.connection.responder_id, case.parties.target_id].into_iter().all(|host| {
        let rows = case.parties.shareable(host);
        rows.iter().any(|row| row.address == address) || rows.iter().all(|row| row.logged_at.is_some())
    })
}

pub(in crate::diagnosis) fn client_shares_nothing(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let (ours, theirs) = (parties.shareable(parties.client_id), parties.shareable(parties.target_id));
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let list = |rows: &[&OwnedAddress]| -> Vec<IpAddr> {
        BTreeSet::from_iter(rows.iter().map(|row| row.address)).into_iter().collect()
    };
    let mut p = Proof::new(case, Repair::Name(parties.target_text().to_owned()));
    p.evidence.push(Fact::NothingCommon {
        client: parties.incident.client.clone(),
        of_client: list(&ours),
        target: parties.target_text().into(),
        of_target: list(&theirs),
    });
    p.missing.push(ask_resolution(case));
    p.missing.push(ask_meant_name(case));
    Some(p)
}

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
        let rows = parties.shareable(id);
        if rows.is_empty() {
            p.missing.push(ask);
        }
        for row in rows.into_iter().filter(|row| adapter_kind(row).0 == Kind::BmcUsbNic) {
            // It is known of one side only: a suspicion, and not yet a shared address.
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
