//! Addresses that two hosts own, and names that lead to the wrong one.

use super::{MAX_ADDRESSES, Proof, Repair, dns_sources, proof, quote, sources_of, target_name};
use crate::events::SignalKind;
use crate::findings::case::Case;
use crate::findings::signals::{About, NearSignal, is_card};
use crate::findings::{Kind, advice};
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::inventory::hosts::HostId;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The client chose an address that both own: DCOM does so, and whoever is led there by C's name.
pub(in crate::findings) fn client_shares_address(case: &Case<'_>) -> Option<Proof> {
    let chosen = |address: IpAddr| asks_dcom(case) || leads_to(case, address);
    let mut p = shared_address(case, case.client_id, &chosen)?;
    if !asks_dcom(case) {
        p.rests_on.push(dns_sources(case, |_| true));
    }
    Some(p)
}

/// They share an address, and what C's name leads to is not known.
pub(in crate::findings) fn client_may_share_address(case: &Case<'_>) -> Option<Proof> {
    if !case.resolved().is_empty() {
        return None;
    }
    let mut p = shared_address(case, case.client_id, &|_| true)?;
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}

pub(in crate::findings) fn answerer_shares_address(case: &Case<'_>) -> Option<Proof> {
    let rows = |address: IpAddr| {
        [case.usable(case.answerer_id), case.usable(case.target_id)]
            .concat()
            .into_iter()
            .filter(move |r| r.address == address)
    };
    let known = !case.resolved().is_empty();
    let reached = |address: IpAddr| rows(address).all(is_reachable) && (!known || leads_to(case, address));
    let mut p = shared_address(case, case.answerer_id, &reached)?;
    p.kind = None;
    if !known {
        // C may be reached by another address of its own.
        if case.usable(case.target_id).iter().any(|row| is_reachable(row) && !p.shared.contains(&row.address))
        {
            p.at_most_likely = true;
        }
        p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    } else {
        p.rests_on.push(dns_sources(case, |_| true));
    }
    Some(p)
}

pub(in crate::findings) fn namesake_shares_address(case: &Case<'_>) -> Option<Proof> {
    let (client, target) = (case.client_host.as_ref()?, case.target_host.as_ref()?);
    client.same_label(target).then(|| shared_address(case, case.client_id, &|_| true)).flatten()
}

/// WMI and other DCOM programs ask for `host/` or `RPCSS/`, exchange addresses with the other side (ServerAlive2, MS-DCOM
/// 3.1.2.5.1.6) and choose one that both have. Others connect to what the name leads to.
fn asks_dcom(case: &Case<'_>) -> bool {
    const CLASSES: [&str; 2] = ["host", "rpcss"];
    case.target.spn().is_some_and(|spn| CLASSES.contains(&spn.class.to_lowercase().as_str()))
}

fn leads_to(case: &Case<'_>, wanted: IpAddr) -> bool {
    case.resolved().iter().any(|(address, _)| *address == wanted)
}

/// Others than the host itself can reach the address: it is not that of a management card or a switch inside the host.
fn is_reachable(row: &OwnedAddress) -> bool {
    let link_local = matches!(row.address, IpAddr::V4(v4) if v4.is_link_local());
    !link_local && !matches!(adapter(row).0, Kind::BmcUsbNic | Kind::VirtualSwitch)
}

/// Of the addresses that `host` and C both own, those that `may` have been used. Where C's name leads to some of them, it
/// was one of those: whoever follows the name has reached `host` already, and asks nobody for more addresses. The second is
/// true if names decided so.
fn candidates(case: &Case<'_>, host: Option<HostId>, may: &dyn Fn(IpAddr) -> bool) -> (Vec<IpAddr>, bool) {
    let mut common = case.common(host, case.target_id);
    common.retain(|&address| may(address));
    let all = common.len();
    if common.iter().any(|&address| leads_to(case, address)) {
        common.retain(|&address| leads_to(case, address));
    }
    let by_names = common.len() < all;
    (common, by_names)
}

fn shared_address(case: &Case<'_>, host: Option<HostId>, may: &dyn Fn(IpAddr) -> bool) -> Option<Proof> {
    let rows = |of: Option<HostId>, address: IpAddr| {
        case.usable(of).into_iter().filter(move |row| row.address == address)
    };
    let (mut common, by_names) = candidates(case, host, may);
    if common.is_empty() {
        return None;
    }
    // The program may have quoted the address it took.
    let quoted: Vec<IpAddr> = common.iter().copied().filter(|&a| was_quoted(case, a)).collect();
    if !quoted.is_empty() {
        common = quoted;
    }
    // Of each address the kind that says most: one host's list may describe the adapter, and the other's not.
    let mut kinds: Vec<(Kind, IpAddr, String)> = Vec::new();
    let mut evidence = Vec::new();
    for (n, &address) in common.iter().enumerate() {
        let mut found = Vec::new();
        for mut rows in [case.usable(host), case.usable(case.target_id)] {
            rows.retain(|row| row.address == address);
            found.extend(rows.iter().map(|row| adapter(row)));
            if n < MAX_ADDRESSES {
                evidence.extend(rows.first().map(|row| ownership_line(row)));
            }
        }
        let (kind, name) = found.into_iter().min()?;
        kinds.push((kind, address, name));
    }
    // The kind that explains most comes first: a management card before a switch, a switch before nothing.
    kinds.sort();
    let (kind, _, detail) = kinds.first()?.clone();
    // Which of several was taken is not known; the addresses of the likeliest kind are the ones to repair first.
    let several_kinds = kinds.iter().any(|k| k.0 != kind);
    let blamed: BTreeSet<IpAddr> = kinds.iter().filter(|k| k.0 == kind).map(|k| k.1).collect();
    // An ordinary address may have been given from one to the other between two exports.
    let one_export = blamed.iter().any(|&a| {
        rows(host, a).any(|x| {
            x.logged_at.is_none()
                && rows(case.target_id, a).any(|y| y.logged_at.is_none() && y.source.file == x.source.file)
        })
    });
    let in_time = blamed
        .iter()
        .any(|&a| rows(host, a).any(|r| case.near(r)) && rows(case.target_id, a).any(|r| case.near(r)));
    // That both had it at one time, logs of two times do not show of an address that is given out and taken back.
    let shows = |row: &&OwnedAddress| kind != Kind::OtherSharedAddress || row.logged_at.is_none();
    let sources = |of: Option<HostId>| -> Vec<Source> {
        sources_of(blamed.iter().flat_map(|&a| rows(of, a)).filter(shows))
    };
    let mut p = proof(case, Repair::Addresses(blamed.iter().copied().collect()));
    p.rests_on = vec![sources(host), sources(case.target_id)];
    if by_names {
        p.rests_on.push(dns_sources(case, |_| true));
    }
    p.at_most_likely |= !in_time
        || several_kinds
        || !case.target_by_own_name()
        || (kind == Kind::OtherSharedAddress && !one_export);
    if several_kinds {
        p.missing.push(advice::which_address(&case.incident.client, &target_name(case)));
    }
    p.reached = blamed.into_iter().collect();
    p.shared = common;
    p.evidence = evidence;
    p.kind = Some(kind);
    p.detail = detail;
    Some(p)
}

/// DistributedCOM named the address itself as the peer that failed.
fn was_quoted(case: &Case<'_>, address: IpAddr) -> bool {
    case.signals().any(|near| {
        near.about == About::Connection
            && near.recorded.signal.kind == SignalKind::DcomFailed
            && near.recorded.signal.addresses.contains(&address)
    })
}

/// What adapter it is, and its name for the explanation.
pub(in crate::findings) fn adapter(row: &OwnedAddress) -> (Kind, String) {
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

pub(in crate::findings) fn ownership_line(row: &OwnedAddress) -> String {
    let mut line = format!("{} owns {}", row.host, row.address);
    if let Some(on) = row.description.as_deref().or(row.interface.as_deref()) {
        line.push_str(&format!(" on {on}"));
    }
    match row.logged_at {
        Some(time) => line.push_str(&format!(" ({} at {time})", row.source)),
        None => line.push_str(&format!(" ({})", row.source)),
    }
    line
}

pub(in crate::findings) fn name_leads_to_client(case: &Case<'_>) -> Option<Proof> {
    name_leads(case, case.client_id)
}

pub(in crate::findings) fn name_leads_to_answerer(case: &Case<'_>) -> Option<Proof> {
    name_leads(case, case.answerer_id)
}

pub(in crate::findings) fn name_leads(case: &Case<'_>, host: Option<HostId>) -> Option<Proof> {
    // Where C's own addresses are not known, C may own this one too: then it is a shared address.
    let own = case.usable(case.target_id);
    if own.is_empty() {
        return None;
    }
    let (address, source) = case.name_leads_to(host)?;
    let owner = case.know.hosts.name(host?);
    let theirs: Vec<_> = case.usable(host).into_iter().filter(|row| row.address == address).collect();
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!("{} resolves to {address} ({source})", target_name(case)));
    p.evidence.extend(theirs.first().map(|r| ownership_line(r)));
    p.evidence.push(format!("{} does not own {address}, {owner} does", target_name(case)));
    // A log tells of one adapter at one time; that a host does not own an address, only an export of all of them shows.
    let exported = own.iter().any(|row| row.logged_at.is_none());
    p.at_most_likely |= !exported || !theirs.iter().any(|row| case.near(row));
    p.changes_by_itself = true;
    p.reached = vec![address];
    p.rests_on = vec![
        sources_of(theirs.iter().copied()),
        sources_of(own.iter().copied()),
        dns_sources(case, |a| a == address),
    ];
    if p.at_most_likely {
        p.missing.push(advice::addresses_of(&target_name(case)));
        p.missing.push(advice::addresses_of(&owner.to_string()));
    }
    Some(p)
}

/// B or C found another machine on its link with its own address. Which machine that is, only a MAC tells.
pub(in crate::findings) fn address_conflict(case: &Case<'_>) -> Option<Proof> {
    let near = case.signals().find(|near| {
        near.recorded.signal.kind == SignalKind::AddressConflict
            && matches!(near.about, About::Target | About::Answerer)
            && near.recorded.signal.addresses.iter().all(|&address| may_be_of_both(case, address))
    })?;
    let mut p = proof(case, Repair::Addresses(near.recorded.signal.addresses.clone()));
    p.shared.clone_from(&near.recorded.signal.addresses);
    p.evidence.push(quote(&near));
    p.missing.push(advice::addresses_of(&case.incident.answered_by));
    p.missing.push(advice::addresses_of(&target_name(case)));
    Some(p)
}

/// No list of all the addresses of B or C is without it.
fn may_be_of_both(case: &Case<'_>, address: IpAddr) -> bool {
    [case.answerer_id, case.target_id].into_iter().all(|host| {
        let rows = case.usable(host);
        rows.iter().any(|row| row.address == address) || rows.iter().all(|row| row.logged_at.is_some())
    })
}

pub(in crate::findings) fn client_shares_nothing(case: &Case<'_>) -> Option<Proof> {
    let (ours, theirs) = (case.usable(case.client_id), case.usable(case.target_id));
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "no address in common by which it could be: {} owns {}, {} owns {}",
        case.incident.client,
        list(&ours),
        target_name(case),
        list(&theirs)
    ));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}

pub(in crate::findings) fn list(rows: &[&OwnedAddress]) -> String {
    let addresses: BTreeSet<IpAddr> = rows.iter().map(|r| r.address).collect();
    let mut text =
        addresses.iter().take(MAX_ADDRESSES).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if addresses.len() > MAX_ADDRESSES {
        text.push_str(&format!(" and {} more", addresses.len() - MAX_ADDRESSES));
    }
    text
}

pub(in crate::findings) fn addresses_unknown(case: &Case<'_>) -> Option<Proof> {
    let mut hosts = [case.incident.client.to_lowercase(), target_name(case).to_lowercase()];
    hosts.sort();
    let [a, b] = hosts;
    let mut p = proof(case, Repair::Hosts(a, b));
    p.evidence.push(format!(
        "{} answered, which is the client's own account, and {} is another host: the client reached itself",
        case.incident.answered_by,
        target_name(case)
    ));
    for (id, name) in
        [(case.client_id, case.incident.client.to_string()), (case.target_id, target_name(case))]
    {
        let rows = case.usable(id);
        if rows.is_empty() {
            p.missing.push(advice::addresses_of(&name));
        }
        for row in rows {
            if let (Kind::BmcUsbNic, _) = adapter(row) {
                p.evidence.push(ownership_line(row));
                p.kind = Some(Kind::BmcUsbNic);
                p.shared = vec![row.address];
            }
        }
    }
    // The address is known of one side only: it is a suspicion, and not yet shared.
    p.shared.clear();
    let tells_of_card = |near: &NearSignal<'_>| match near.recorded.signal.kind {
        SignalKind::UsbNicInstalled => true,
        SignalKind::DcomFailed => near.recorded.signal.addresses.iter().any(|&address| is_card(address)),
        _ => false,
    };
    if let Some(near) = case.signals().find(tells_of_card) {
        p.kind = Some(Kind::BmcUsbNic);
        p.evidence.push(quote(&near));
    }
    Some(p)
}
