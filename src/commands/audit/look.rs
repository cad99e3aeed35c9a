//! What an audit looks at. The cost grows with the rows of the inventories: an address of 20,000 hosts is one finding,
//! and no two hosts are ever compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::{Error, Risk};
use crate::findings::{Cause, Kind, fix};
use crate::incidents::stable_id;
use crate::inventory::accounts::{AccountInventory, DuplicateKind, HostAliases, SpnIndex};
use crate::inventory::addresses::vendors::{AdapterKind, never_shared, recognise};
use crate::inventory::addresses::{AddressInventory, OwnedAddress};
use crate::inventory::hosts::{HostId, Hosts};
use crate::names::HostName;
use crate::report::Status;

/// Pieces of evidence in one finding.
const MAX_EVIDENCE: usize = 6;

/// Addresses and networks that are shared on purpose.
#[derive(Default)]
pub(super) struct Allowed(Vec<IpNet>);

impl Allowed {
    /// One address or network a line; what follows `#` is a comment.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes =
            std::fs::read(path).map_err(|source| Error::Allow { path: path.to_path_buf(), source })?;
        let mut nets = Vec::new();
        for (n, line) in crate::inventory::text::decode(&bytes).lines().enumerate() {
            let text = line.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let net =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                    Error::Allowed { path: path.to_path_buf(), line: n + 1, text: text.to_owned() }
                })?;
            nets.push(net);
        }
        Ok(Self(nets))
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}

fn known<'a>(interfaces: &'a AddressInventory, accounts: &AccountInventory) -> Hosts<'a> {
    let mut hosts = Hosts::new(interfaces);
    for name in accounts.accounts.iter().filter_map(|a| a.dns_host_name.as_deref()) {
        hosts.add(name);
    }
    hosts.settle();
    hosts
}

/// Every address that two or more hosts own, and how many of them are allowed.
pub(super) fn addresses(
    interfaces: &AddressInventory,
    accounts: &AccountInventory,
    allow: &Allowed,
) -> (Vec<Risk>, usize) {
    let hosts = known(interfaces, accounts);
    let mut allowed = 0;
    let mut risks = Vec::new();
    let mut sets = HashMap::new();
    for (address, owners) in hosts.owners() {
        if owners.len() < 2 || never_shared(address) {
            continue;
        }
        if allow.has(address) {
            allowed += 1;
            continue;
        }
        risks.push(shared(&hosts, address, owners, &mut sets));
    }
    // The address that hurts most hosts first.
    risks.sort_by(|a, b| (b.owner_count, &a.what).cmp(&(a.owner_count, &b.what)));
    (risks, allowed)
}

/// A host's addresses, computed once for each host: a host with many shared addresses must not cost their square.
fn set_of<'s>(
    hosts: &Hosts<'_>,
    host: HostId,
    sets: &'s mut HashMap<HostId, BTreeSet<IpAddr>>,
) -> &'s BTreeSet<IpAddr> {
    sets.entry(host).or_insert_with(|| {
        hosts.owned(host).iter().map(|r| r.address).filter(|a| !never_shared(*a)).collect()
    })
}

fn shared(
    hosts: &Hosts<'_>,
    address: IpAddr,
    owners: &BTreeSet<HostId>,
    sets: &mut HashMap<HostId, BTreeSet<IpAddr>>,
) -> Risk {
    let rows: Vec<&OwnedAddress> = owners
        .iter()
        .filter_map(|id| hosts.owned(*id).iter().copied().find(|r| r.address == address))
        .collect();
    let mut adapter = AdapterKind::Other;
    for row in &rows {
        let hints: Vec<&str> = row.interface.iter().map(|i| &**i).collect();
        let kind = recognise(row.address, row.description.as_deref(), row.mac.as_deref(), &hints);
        if kind != AdapterKind::Other {
            adapter = kind;
            break;
        }
    }
    let first = owners.first().map(|id| set_of(hosts, *id, sets).clone()).unwrap_or_default();
    let all_alike = owners.iter().all(|id| *set_of(hosts, *id, sets) == first);
    let macs: BTreeSet<&str> = rows.iter().filter_map(|r| r.mac.as_deref()).collect();
    let one_machine = adapter == AdapterKind::Other
        && (all_alike || (macs.len() == 1 && rows.iter().all(|r| r.mac.is_some())));
    let kind = if one_machine { "renamed-or-duplicate-host" } else { adapter.name() };
    let mut names: Vec<String> = owners.iter().map(|id| hosts.name(*id).to_string()).collect();
    names.sort();
    let mut evidence: Vec<String> = rows
        .iter()
        .take(MAX_EVIDENCE)
        .map(|row| {
            let on = row.description.as_deref().or(row.interface.as_deref()).unwrap_or("an adapter");
            format!("{} owns {address} on {on} ({})", row.host, row.source)
        })
        .collect();
    if rows.len() > MAX_EVIDENCE {
        evidence.push(format!("and {} hosts more", rows.len() - MAX_EVIDENCE));
    }
    Risk {
        id: stable_id('a', &["address", &address.to_string()]),
        status: Status::New,
        kind,
        what: address.to_string(),
        owner_count: names.len(),
        hurts: hurts(kind, &names, address),
        owners: names,
        vendor: adapter.vendor().unwrap_or_default().to_owned(),
        evidence,
        fix: fix_of(kind),
    }
}

fn hurts(kind: &str, names: &[String], address: IpAddr) -> String {
    let domains: BTreeSet<String> =
        names.iter().filter_map(|n| HostName::parse(n).and_then(|h| h.domain().map(str::to_owned))).collect();
    let across = match domains.len() {
        0 | 1 => String::new(),
        n => format!(
            ", also across {n} domains ({})",
            domains.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    if kind == "renamed-or-duplicate-host" {
        return format!(
            "probably one machine under {} names, or copies of one: if they are two, each can answer for the other{across}",
            names.len()
        );
    }
    match names {
        [a, b] => format!(
            "{a} asking {b} by DCOM or WMI can take {address} for the other's and reach itself, and {b} asking {a} \
             likewise{across}"
        ),
        many => format!(
            "each of the {} hosts asking any of the others by DCOM or WMI can take {address} for the other's and reach \
             itself{across}",
            many.len()
        ),
    }
}

fn fix_of(kind: &str) -> Vec<String> {
    let steps: &[&str] = match kind {
        "bmc-usb-nic" => fix(Cause::LoopbackSharedIp, Kind::BmcUsbNic),
        "virtual-switch" => fix(Cause::LoopbackSharedIp, Kind::VirtualSwitch),
        "cluster-or-nlb-address" => fix(Cause::LoopbackSharedIp, Kind::ClusterOrNlbAddress),
        "renamed-or-duplicate-host" => &[
            "find out whether it is one machine: compare serial numbers or MAC addresses",
            "if it is one, leave the old name out of the inventory, and delete its DNS records",
            "if it is a copy, give it its own addresses and name before it joins the domain again",
        ],
        _ => fix(Cause::LoopbackSharedIp, Kind::OtherSharedAddress),
    };
    steps.iter().map(|s| (*s).to_owned()).collect()
}

/// Names that resolve to an address which their own host does not own and another does.
pub(super) fn names(interfaces: &AddressInventory, accounts: &AccountInventory) -> Vec<Risk> {
    let hosts = known(interfaces, accounts);
    let mut found: BTreeMap<(String, IpAddr), Risk> = BTreeMap::new();
    for record in &interfaces.resolved {
        let Some(name) = HostName::parse(&record.name) else { continue };
        let Some(own) = hosts.find(&name) else { continue };
        let owns = hosts.owned(own);
        let others = hosts.owners_of(record.address);
        if owns.is_empty() || others.is_empty() || others.contains(&own) || never_shared(record.address) {
            continue;
        }
        let mut owners: Vec<String> = others.iter().map(|id| hosts.name(*id).to_string()).collect();
        owners.sort();
        let what = format!("{name} -> {}", record.address);
        found.entry((name.to_string(), record.address)).or_insert_with(|| Risk {
            id: stable_id('a', &["name", &what]),
            status: Status::New,
            kind: "name-leads-elsewhere",
            hurts: format!(
                "whoever asks for {name} reaches {} with a ticket for {name}",
                owners.join(" or ")
            ),
            owner_count: owners.len(),
            owners,
            vendor: String::new(),
            evidence: vec![
                format!("{} resolves to {} ({})", record.name, record.address, record.source),
                format!("{name} owns other addresses ({})", owns[0].source),
            ],
            what,
            fix: fix(Cause::WrongHost, Kind::StaleDns).iter().map(|s| (*s).to_owned()).collect(),
        });
    }
    found.into_values().collect()
}

/// Duplicate SPNs, HOST collisions, accounts of one name in two domains.
pub(super) fn accounts(accounts: &AccountInventory, aliases: &HostAliases) -> Vec<Risk> {
    let index = SpnIndex::new(accounts, aliases);
    let name = |id| match index.domain(id) {
        Some(domain) => format!("{} of {domain}", index.name(id)),
        None => index.name(id).to_string(),
    };
    let place = |id| {
        let source = index.records(id).find_map(|r| r.source.as_ref().map(ToString::to_string));
        format!("{} ({})", name(id), source.unwrap_or_default())
    };
    let risk = |d: crate::inventory::accounts::Duplicate| {
        let (kind, hurts, steps): (_, String, &[&str]) = match d.kind {
            DuplicateKind::Spn => (
                "duplicate-spn",
                format!("a ticket for {} is made for one of them, or for none (KDC event 11)", d.name),
                fix(Cause::DuplicateSpn, Kind::Duplicate),
            ),
            DuplicateKind::HostAlias => (
                "host-alias-collision",
                format!(
                    "{} is found before the HOST SPN of {}, so a service that runs under the computer's account cannot \
                     decrypt its tickets; right where the service runs under the first account",
                    d.name,
                    d.shadowed.iter().map(|id| name(*id)).collect::<Vec<_>>().join(" and ")
                ),
                fix(Cause::DuplicateSpn, Kind::Misplaced),
            ),
            DuplicateKind::AccountName => (
                "same-name-two-domains",
                format!("asked for as {} alone, one can be reached with the other's ticket", d.name),
                fix(Cause::DuplicateSpn, Kind::SameNameTwoDomains),
            ),
        };
        let mut evidence: Vec<String> =
            d.accounts.iter().chain(&d.shadowed).take(MAX_EVIDENCE).map(|id| place(*id)).collect();
        if !d.certain {
            evidence.push("the lists do not tell surely that these are different accounts".to_owned());
        }
        Risk {
            id: stable_id('a', &[kind, &d.name]),
            status: Status::New,
            kind,
            owner_count: d.accounts.len() + d.shadowed.len(),
            owners: d.accounts.iter().chain(&d.shadowed).map(|id| name(*id)).collect(),
            what: d.name,
            vendor: String::new(),
            hurts,
            evidence,
            fix: steps.iter().map(|s| (*s).to_owned()).collect(),
        }
    };
    index.duplicates().into_iter().map(risk).collect()
}
