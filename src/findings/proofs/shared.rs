//! Addresses that two hosts own, and names that lead to the wrong one.

use super::{MAX_ADDRESSES, Proof, Repair, proof, quote, target_name};
use crate::events::ClueKind;
use crate::findings::case::Case;
use crate::findings::clues::About;
use crate::findings::{Kind, advice};
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::inventory::hosts::HostId;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The client chose an address that both own: DCOM does so, and whoever is led there by C's name.
pub(in crate::findings) fn client_shares_address(case: &Case<'_>) -> Option<Proof> {
    let chosen = |address: IpAddr| asks_dcom(case) || leads_to(case, address);
    shared_address(case, case.client_id, &chosen)
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

/// Of the addresses that `host` and C both own, those that `may` have been used.
fn shared_address(case: &Case<'_>, host: Option<HostId>, may: &dyn Fn(IpAddr) -> bool) -> Option<Proof> {
    let rows = |of: Option<HostId>, address: IpAddr| {
        case.usable(of).into_iter().filter(move |row| row.address == address)
    };
    let mut common = case.common(host, case.target_id);
    common.retain(|&address| may(address));
    if common.is_empty() {
        return None;
    }
    let mut kinds: Vec<(Kind, IpAddr, String)> = Vec::new();
    let mut evidence = Vec::new();
    for &address in common.iter().take(MAX_ADDRESSES) {
        for rows in [case.usable(host), case.usable(case.target_id)] {
            if let Some(row) = rows.iter().find(|r| r.address == address) {
                evidence.push(ownership_line(row));
                let (kind, name) = adapter(row);
                kinds.push((kind, address, name));
            }
        }
    }
    // The kind that explains most comes first: a management card before a switch, a switch before nothing.
    kinds.sort();
    let (kind, _, detail) = kinds.first()?.clone();
    // The addresses of that kind are the ones to repair; a NIC's default beside a real one is not blamed.
    let blamed: BTreeSet<IpAddr> = kinds.iter().filter(|k| k.0 == kind).map(|k| k.1).collect();
    // An ordinary address may have been given from one to the other between two exports.
    let one_export = blamed.iter().any(|&a| {
        rows(host, a).any(|x| {
            x.seen.is_none()
                && rows(case.target_id, a).any(|y| y.seen.is_none() && y.source.file == x.source.file)
        })
    });
    let in_time = blamed
        .iter()
        .any(|&a| rows(host, a).any(|r| case.near(r)) && rows(case.target_id, a).any(|r| case.near(r)));
    let mut p = proof(case, Repair::Addresses(blamed.into_iter().collect()));
    p.at_most_likely |=
        !in_time || !case.target_by_own_name() || (kind == Kind::OtherSharedAddress && !one_export);
    p.shared = common;
    p.evidence = evidence;
    p.kind = Some(kind);
    p.detail = detail;
    for near in case.clues().filter(|c| matches!(c.about, About::Connection | About::Client)) {
        if matches!(
            near.seen.clue.kind,
            ClueKind::NotALocalName
                | ClueKind::DcomFailed
                | ClueKind::UsbNicInstalled
                | ClueKind::DcomSuppressed
        ) {
            p.evidence.push(quote(&near));
        }
    }
    Some(p)
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
    match row.seen {
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
    if case.usable(case.target_id).is_empty() {
        return None;
    }
    let (address, source) = case.name_leads_to(host)?;
    let owner = case.know.hosts.name(host?);
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!("{} resolves to {address} ({source})", target_name(case)));
    p.evidence.extend(case.usable(host).iter().find(|r| r.address == address).map(|r| ownership_line(r)));
    p.evidence.push(format!("{} does not own {address}, {owner} does", target_name(case)));
    Some(p)
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
    for near in case.clues() {
        match near.seen.clue.kind {
            ClueKind::NotALocalName | ClueKind::DcomFailed => p.evidence.push(quote(&near)),
            ClueKind::UsbNicInstalled => {
                p.kind = Some(Kind::BmcUsbNic);
                p.evidence.push(quote(&near));
            }
            _ => {}
        }
    }
    Some(p)
}
