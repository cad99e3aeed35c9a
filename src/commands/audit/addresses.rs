//! Finds addresses that several hosts own, and names that resolve to another host's address. The cost is linear in the
//! number of inventory rows, because hosts are never compared in pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use super::finding::{AuditFinding, AuditKind, MAX_EVIDENCE, MAX_SHOWN, limit_items, steps};
use crate::commands::allow_list::AllowList;
use crate::diagnosis::{AuditSubject, SharedAddress};
use crate::incidents::stable_id;
use crate::inventory::addresses::vendors::{AdapterKind, never_shared, recognise};
use crate::inventory::addresses::{AddressInventory, OwnedAddress};
use crate::inventory::hosts::{HostId, Hosts};
use crate::names::HostName;
use crate::report::Status;

/// Returns a finding for each address that two or more hosts own, and the number of such addresses that `allow` lists.
pub(super) fn shared(hosts: &Hosts<'_>, allow: &AllowList) -> (Vec<AuditFinding>, usize) {
    let mut cache = HostCache::default();
    let mut allowed = 0;
    let mut owners_of: BTreeMap<IpAddr, Vec<HostId>> = BTreeMap::new();
    for (address, owners) in hosts.owners() {
        if owners.len() < 2 || never_shared(address) {
            continue;
        }
        let owners: Vec<HostId> =
            owners.iter().copied().filter(|id| !cache.is_another_name(hosts, *id)).collect();
        if owners.len() < 2 {
            continue;
        }
        match allow.has_address(address) {
            true => allowed += 1,
            false => drop(owners_of.insert(address, owners)),
        }
    }
    let mut rows_of = rows_of(hosts, &owners_of);
    let mut findings: Vec<AuditFinding> = owners_of
        .iter()
        .map(|(address, owners)| {
            finding(hosts, *address, owners, rows_of.remove(address).unwrap_or_default(), &mut cache)
        })
        .collect();
    // An address with more hosts comes first.
    findings.sort_by(|a, b| (b.owner_count, &a.what).cmp(&(a.owner_count, &b.what)));
    (findings, allowed)
}

/// Cache of results per host, because a host may have many shared addresses.
#[derive(Default)]
struct HostCache {
    /// Hash of all addresses of a host, equal for hosts with the same addresses.
    fingerprints: HashMap<HostId, u64>,
    /// Results of [`Self::is_another_name`].
    other_names: HashMap<HostId, bool>,
}

impl HostCache {
    fn fingerprint(&mut self, hosts: &Hosts<'_>, host: HostId) -> u64 {
        *self.fingerprints.entry(host).or_insert_with(|| {
            let mut hasher = DefaultHasher::new();
            addresses_of(hosts, host).hash(&mut hasher);
            hasher.finish()
        })
    }

    /// Reports whether `host` is only a short name of other hosts, to which all its addresses belong. A capture, for example,
    /// calls the srv7 of every domain `SRV7`.
    fn is_another_name(&mut self, hosts: &Hosts<'_>, host: HostId) -> bool {
        *self.other_names.entry(host).or_insert_with(|| {
            let name = hosts.name(host);
            if name.domain().is_some_and(|d| d.contains('.')) {
                return false;
            }
            let candidates: HashSet<HostId> =
                hosts.same_label(name).into_iter().filter_map(|full| hosts.find(full)).collect();
            let theirs: HashSet<IpAddr> =
                candidates.iter().filter(|id| **id != host).flat_map(|id| addresses_of(hosts, *id)).collect();
            addresses_of(hosts, host).iter().all(|address| theirs.contains(address))
        })
    }
}

fn addresses_of(hosts: &Hosts<'_>, host: HostId) -> BTreeSet<IpAddr> {
    hosts.owned(host).iter().map(|r| r.address).filter(|a| !never_shared(*a)).collect()
}

/// Returns one row for each shared address and owner: the one that shows most about the adapter.
fn rows_of<'a>(
    hosts: &Hosts<'a>,
    owners_of: &BTreeMap<IpAddr, Vec<HostId>>,
) -> HashMap<IpAddr, Vec<&'a OwnedAddress>> {
    let mut all: HashMap<IpAddr, Vec<&OwnedAddress>> = HashMap::new();
    let owners: BTreeSet<HostId> = owners_of.values().flatten().copied().collect();
    let details =
        |row: &OwnedAddress| (row.description.is_some(), row.mac.is_some(), row.interface.is_some());
    for host in owners {
        let mut best: BTreeMap<IpAddr, &OwnedAddress> = BTreeMap::new();
        for row in hosts.owned(host).iter().copied().filter(|r| owners_of.contains_key(&r.address)) {
            let best = best.entry(row.address).or_insert(row);
            if details(row) > details(best) {
                *best = row;
            }
        }
        // A short name of another host has rows too, but is not an owner.
        for (address, row) in best {
            if owners_of.get(&address).is_some_and(|ids| ids.binary_search(&host).is_ok()) {
                all.entry(address).or_default().push(row);
            }
        }
    }
    all
}

fn finding(
    hosts: &Hosts<'_>,
    address: IpAddr,
    owners: &[HostId],
    mut rows: Vec<&OwnedAddress>,
    cache: &mut HostCache,
) -> AuditFinding {
    rows.sort_by_cached_key(|r| r.host.to_lowercase());
    let adapter = rows
        .iter()
        .map(|row| {
            let hints: Vec<&str> = row.interface.iter().map(|i| &**i).collect();
            recognise(row.address, row.description.as_deref(), row.mac.as_deref(), &hints)
        })
        .find(|kind| *kind != AdapterKind::Other)
        .unwrap_or(AdapterKind::Other);
    let fingerprints: HashSet<u64> = owners.iter().map(|id| cache.fingerprint(hosts, *id)).collect();
    let macs: HashSet<Option<&str>> = rows.iter().map(|r| r.mac.as_deref()).collect();
    let is_one_mac = macs.len() == 1 && !macs.contains(&None);
    let is_one_machine = adapter == AdapterKind::Other && (fingerprints.len() == 1 || is_one_mac);
    let kind = if is_one_machine { AuditKind::RenamedOrDuplicateHost } else { adapter.into() };
    let mut names: Vec<String> = owners.iter().map(|id| hosts.name(*id).to_string()).collect();
    names.sort();
    let adapter_name =
        |row: &OwnedAddress| row.description.as_deref().or(row.interface.as_deref()).map(str::to_owned);
    let mut evidence: Vec<String> = rows
        .iter()
        .take(MAX_EVIDENCE)
        .map(|row| {
            let on = adapter_name(row).map(|adapter| format!(" on {adapter}")).unwrap_or_default();
            format!("{} owns {address}{on} ({})", row.host, row.source)
        })
        .collect();
    if rows.len() > MAX_EVIDENCE {
        evidence.push(format!("and {} hosts more", rows.len() - MAX_EVIDENCE));
    }
    let adapters: BTreeSet<String> = rows.iter().filter_map(|row| adapter_name(row)).collect();
    let shared = SharedAddress {
        address,
        adapter: adapters.first().map(String::as_str).unwrap_or_default().into(),
        owners: names.len(),
        hosts: hosts.with_addresses(),
    };
    let fix = steps(match kind.incident_kind() {
        Some(kind) => AuditSubject::Address { kind, shared: &shared, hosts: &names },
        None => AuditSubject::OneMachine { names: &names },
    });
    AuditFinding {
        finding_id: stable_id('a', &["address", &address.to_string()]),
        status: Status::New,
        kind,
        what: address.to_string(),
        owner_count: names.len(),
        hurts: effect_sentence(kind, &names, address),
        fix,
        owners: names.into_iter().take(MAX_SHOWN).collect(),
        adapters: limit_items(adapters.into_iter()),
        vendor: adapter.vendor().unwrap_or_default().to_owned(),
        evidence,
    }
}

/// Makes the sentence about the effect of a shared address.
fn effect_sentence(kind: AuditKind, names: &[String], address: IpAddr) -> String {
    let domains: BTreeSet<String> =
        names.iter().filter_map(|n| HostName::parse(n).and_then(|h| h.domain().map(str::to_owned))).collect();
    let across = match domains.len() {
        0 | 1 => String::new(),
        n => format!(
            ", across {n} domains ({})",
            domains.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    if kind == AuditKind::RenamedOrDuplicateHost {
        return format!(
            "probably one machine with {} names, or copies of one; copies can answer for each other{across}",
            names.len()
        );
    }
    match names {
        [a, b] => format!(
            "{a} can reach itself when it connects to {b} by DCOM or WMI, and {b} when it connects to {a}: both own \
             {address}{across}"
        ),
        many => format!(
            "each of the {} hosts can reach itself when it connects to another one by DCOM or WMI: all own \
             {address}{across}",
            many.len()
        ),
    }
}

/// Returns a finding for each name that resolves to an address of another host and not of its own host.
pub(super) fn names(interfaces: &AddressInventory, hosts: &Hosts<'_>) -> Vec<AuditFinding> {
    let mut found: BTreeMap<(String, IpAddr), AuditFinding> = BTreeMap::new();
    for record in &interfaces.resolved {
        let Some(name) = HostName::parse(&record.name) else { continue };
        let Some(own) = hosts.find(&name) else { continue };
        let owns = hosts.owned(own);
        let (Some(others), Some(first)) = (hosts.owner_set(record.address), owns.first()) else { continue };
        if others.contains(&own) || never_shared(record.address) {
            continue;
        }
        let mut owners: Vec<String> =
            others.iter().take(MAX_SHOWN).map(|id| hosts.name(*id).to_string()).collect();
        owners.sort();
        let what = format!("{name} -> {}", record.address);
        let (asked, host) = (name.to_string(), owners.first().map(String::as_str).unwrap_or_default());
        let fix = steps(AuditSubject::Name { name: &asked, address: record.address, host });
        found.entry((name.to_string(), record.address)).or_insert_with(|| AuditFinding {
            finding_id: stable_id('a', &["name", &what]),
            status: Status::New,
            kind: AuditKind::NameLeadsElsewhere,
            hurts: format!(
                "clients of {name} connect to {}, which cannot decrypt their tickets",
                owners.iter().take(MAX_EVIDENCE).cloned().collect::<Vec<_>>().join(" or ")
            ),
            owner_count: others.len(),
            owners,
            adapters: Vec::new(),
            vendor: String::new(),
            evidence: vec![
                format!("{} resolves to {} ({})", record.name, record.address, record.source),
                format!("{name} owns other addresses ({})", first.source),
            ],
            what,
            fix,
        });
    }
    found.into_values().collect()
}
