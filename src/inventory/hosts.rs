//! Finds which names belong to one host, and which addresses it owns. Names are merged before addresses are compared,
//! because a host under two names would share all its addresses with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use super::Source;
use super::addresses::vendors::never_shared;
use super::addresses::{AddressInventory, NameOrigin, OwnedAddress, ResolvedName};
use super::host_index::{DomainFilter, HostIndex};
use crate::names::{HostMatch, HostName};

/// Maximum number of spellings of one name (short, full, truncated) that are looked up. Only a crafted list has more.
const MAX_SPELLINGS: usize = 16;

/// The number of a host. All names of one host have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(u32);

/// All hosts in the inputs.
#[derive(Debug, Default)]
pub struct Hosts<'a> {
    names: Vec<HostName>,
    ids: HashMap<HostName, u32>,
    index: HostIndex,
    parent: Vec<u32>,
    /// Indexes of all names, those of one host together in the order in which they were added.
    by_host: Vec<u32>,
    /// For each name: does an inventory or the host's own log have it? Otherwise a client only asked for it.
    exists: Vec<bool>,
    owned: HashMap<u32, HostAddresses<'a>>,
    by_address: HashMap<IpAddr, BTreeSet<HostId>>,
    resolved: HashMap<u32, Vec<(IpAddr, &'a Source)>>,
    /// Answers of a client's own resolver, by client and name.
    resolved_on: HashMap<(u32, u32), Vec<(IpAddr, &'a Source)>>,
    /// Names from leases and dynamic records, which nobody maintains by hand.
    dynamic: HashMap<u32, Vec<&'a ResolvedName>>,
    cnames: HashMap<HostName, (HostName, &'a Source)>,
    /// The source that shows that two names belong to one host, for the evidence.
    alias_sources: HashMap<(u32, u32), String>,
}

/// Entries of one host in the inventories.
#[derive(Debug, Default)]
struct HostAddresses<'a> {
    /// All rows, in the order of the inventories.
    rows: Vec<&'a OwnedAddress>,
    /// The same rows sorted by address, then in the order of the inventories.
    by_address: Vec<&'a OwnedAddress>,
    /// An export, and not only a log, has an address of it that is unique to one host.
    is_exported: bool,
}

impl<'a> HostAddresses<'a> {
    fn new(rows: Vec<&'a OwnedAddress>) -> Self {
        let mut by_address = rows.clone();
        by_address.sort_by_key(|row| row.address);
        let is_exported = rows.iter().any(|row| row.logged_at.is_none() && !never_shared(row.address));
        Self { rows, by_address, is_exported }
    }
}

/// [`Hosts`] while names are added.
#[derive(Debug, Default)]
pub struct HostsBuilder<'a> {
    hosts: Hosts<'a>,
    owned: HashMap<u32, Vec<&'a OwnedAddress>>,
}

impl<'a> HostsBuilder<'a> {
    /// Adds everything in an address inventory. More names may be added until [`build`](Self::build).
    pub fn new(inventory: &'a AddressInventory) -> Self {
        let mut hosts = Self::default();
        for row in &inventory.owned {
            if let Some(id) = hosts.add(&row.host) {
                hosts.owned.entry(id).or_default().push(row);
            }
        }
        for row in &inventory.resolved {
            if let Some(resolver) = &row.resolver {
                if let (Some(client), Some(name)) = (hosts.add(resolver), hosts.add(&row.name)) {
                    hosts
                        .hosts
                        .resolved_on
                        .entry((client, name))
                        .or_default()
                        .push((row.address, &row.source));
                }
            } else if let Some(id) = hosts.add(&row.name) {
                hosts.hosts.resolved.entry(id).or_default().push((row.address, &row.source));
                if row.origin != NameOrigin::Unknown {
                    hosts.hosts.dynamic.entry(id).or_default().push(row);
                }
            }
        }
        for alias in inventory.aliases.iter().filter(|a| a.cname) {
            if let (Some(name), Some(other)) = (HostName::parse(&alias.name), HostName::parse(&alias.other)) {
                hosts.mention(name.clone());
                hosts.hosts.cnames.entry(name).or_insert((other, &alias.source));
            }
        }
        hosts
    }

    /// Joins the names that the inventory gives one host, unless `distinct` says that they are two hosts. The old name of a
    /// renamed computer may meanwhile be that of another one.
    pub fn join_aliases(
        &mut self,
        inventory: &AddressInventory,
        distinct: impl Fn(&HostName, &HostName) -> bool,
    ) {
        for alias in inventory.aliases.iter().filter(|a| !a.cname) {
            let (Some(a), Some(b)) = (HostName::parse(&alias.name), HostName::parse(&alias.other)) else {
                continue;
            };
            if a.same_label(&b) || !(distinct(&a, &b) || self.in_one_export(&a, &b)) {
                self.alias(&alias.name, &alias.other, alias.source.to_string());
            }
        }
    }

    /// Does one file list different addresses under the two names?
    fn in_one_export(&self, a: &HostName, b: &HostName) -> bool {
        let rows = |name: &HostName| {
            self.hosts.ids.get(name).and_then(|id| self.owned.get(id)).map_or(&[][..], Vec::as_slice)
        };
        let (a, b) = (rows(a), rows(b));
        let both =
            a.iter().any(|x| x.logged_at.is_none() && b.iter().any(|y| y.source.file == x.source.file));
        both && a.iter().any(|x| !b.iter().any(|y| x.address == y.address))
    }

    /// Adds a host that exists. Returns `None` for an empty or invalid name.
    pub fn add(&mut self, name: &str) -> Option<u32> {
        let id = self.mention(HostName::parse(name)?);
        self.hosts.exists[id as usize] = true;
        Some(id)
    }

    /// Adds a name that a client asked for. It does not prove that the host exists. But a short name that could also mean
    /// this one is then joined with no other full name.
    pub fn mention(&mut self, name: HostName) -> u32 {
        if let Some(&id) = self.hosts.ids.get(&name) {
            return id;
        }
        let id = self.hosts.names.len() as u32;
        self.hosts.ids.insert(name.clone(), id);
        self.hosts.names.push(name);
        self.hosts.parent.push(id);
        self.hosts.exists.push(false);
        id
    }

    /// Joins two names of one host. `why` is the source that shows it.
    pub fn alias(&mut self, name: &str, other: &str, why: String) {
        if let (Some(a), Some(b)) = (self.add(name), self.add(other)) {
            self.hosts.alias_sources.entry((a.min(b), a.max(b))).or_insert(why);
            self.hosts.join(a, b);
        }
    }

    /// Joins each short name with the only full name that it can mean, and collects addresses by host.
    ///
    /// A short name that two domains have stays a host of its own: `srv1` of two domains is two machines.
    pub fn build(self) -> Hosts<'a> {
        let Self { mut hosts, owned } = self;
        hosts.index = HostIndex::new(&hosts.names);
        for id in 0..hosts.names.len() as u32 {
            hosts.shorten(id);
            let name = &hosts.names[id as usize];
            if name.domain().is_some_and(|d| d.contains('.')) {
                continue;
            }
            if let Some(full) = hosts.only_full_name(name) {
                hosts.join(id, full);
            }
        }
        hosts.by_host = (0..hosts.names.len() as u32).collect();
        hosts.parent = hosts.by_host.iter().map(|&id| hosts.root(id)).collect();
        let mut by_host = std::mem::take(&mut hosts.by_host);
        by_host.sort_by_key(|&id| hosts.root(id));
        hosts.by_host = by_host;
        let resolved = std::mem::take(&mut hosts.resolved);
        let dynamic = std::mem::take(&mut hosts.dynamic);
        hosts.dynamic = hosts.by_root(dynamic);
        hosts.resolved = hosts.by_root(resolved);
        let mut answers: Vec<_> = std::mem::take(&mut hosts.resolved_on).into_iter().collect();
        answers.sort_by_key(|(ids, _)| *ids);
        for ((client, name), answers) in answers {
            let roots = (hosts.root(client), hosts.root(name));
            hosts.resolved_on.entry(roots).or_default().extend(answers);
        }
        for (root, rows) in hosts.by_root(owned) {
            for row in &rows {
                hosts.by_address.entry(row.address).or_default().insert(HostId(root));
            }
            hosts.owned.insert(root, HostAddresses::new(rows));
        }
        hosts
    }
}

impl<'a> Hosts<'a> {
    /// The other name that the CNAME record of this name has.
    pub fn cname(&self, name: &HostName) -> Option<&(HostName, &'a Source)> {
        self.cnames.get(name)
    }

    fn by_root<T>(&self, map: HashMap<u32, Vec<T>>) -> HashMap<u32, Vec<T>> {
        let mut out: HashMap<u32, Vec<T>> = HashMap::new();
        // Sort by name, so that evidence does not depend on hashing.
        let mut ids: Vec<_> = map.into_iter().collect();
        ids.sort_by(|a, b| self.names[a.0 as usize].cmp(&self.names[b.0 as usize]));
        for (id, rows) in ids {
            out.entry(self.root(id)).or_default().extend(rows);
        }
        out
    }

    /// The only host with a full name that `name` can mean; `None` if there is none or more than one.
    fn only_full_name(&self, name: &HostName) -> Option<u32> {
        let full = |&id: &u32| self.names[id as usize].domain().is_some_and(|d| d.contains('.'));
        let fitting = self.index.find(&self.names, name, DomainFilter::Fitting(name.domain()));
        single(fitting.filter(full).map(|id| self.root(id)))
    }

    /// The host of this name; `None` if no input has it, or if several hosts can be meant.
    pub fn find(&self, name: &HostName) -> Option<HostId> {
        if let Some(&id) = self.ids.get(name) {
            return Some(HostId(self.root(id)));
        }
        let fitting = self.index.find(&self.names, name, DomainFilter::Fitting(name.domain()));
        single(fitting.map(|id| self.root(id)).filter(|&root| !self.contradicts(root, name))).map(HostId)
    }

    /// All names of a host.
    fn names_of(&self, root: u32) -> impl Iterator<Item = (u32, &HostName)> {
        let start = self.by_host.partition_point(|&id| self.root(id) < root);
        let names = self.by_host.get(start..).unwrap_or_default().iter().copied();
        names.take_while(move |&id| self.root(id) == root).map(|id| (id, &self.names[id as usize]))
    }

    /// Does an inventory or the `Computer` of a log have this host, under any of its names?
    pub fn is_known(&self, name: &HostName) -> bool {
        self.find(name).is_some_and(|host| {
            self.names_of(host.0)
                .any(|(id, other)| self.exists[id as usize] && other.netbios() == name.netbios())
        })
    }

    /// Does the host already have a full name with this label in another domain?
    fn contradicts(&self, root: u32, name: &HostName) -> bool {
        name.domain().is_some()
            && self
                .names_of(root)
                .any(|(_, other)| other.same_label(name) && other.compare(name) == HostMatch::No)
    }

    /// Full names of the different hosts with this label that exist, such as `srv1` in two domains.
    pub fn same_label(&self, name: &HostName) -> Vec<&HostName> {
        let mut ids: Vec<u32> = self.index.find(&self.names, name, DomainFilter::All).collect();
        ids.sort_unstable();
        let mut seen = BTreeSet::new();
        let mut names: Vec<&HostName> = ids
            .into_iter()
            .filter(|&id| self.is_full_and_known(id))
            .filter(|&id| seen.insert(self.root(id)))
            .map(|id| &self.names[id as usize])
            .collect();
        names.sort();
        names
    }

    /// Is one of the names in [`same_label`](Self::same_label) of this domain?
    pub fn is_in_domain(&self, name: &HostName, domain: &str) -> bool {
        self.index.find(&self.names, name, DomainFilter::This(domain)).any(|id| {
            let mut names = self.names_of(self.root(id));
            names.find(|&(other, full)| self.is_full_and_known(other) && full.same_label(name)).map(|n| n.0)
                == Some(id)
        })
    }

    fn is_full_and_known(&self, id: u32) -> bool {
        self.exists[id as usize] && self.names[id as usize].domain().is_some_and(|d| d.contains('.'))
    }

    /// Addresses that the host owns, in the inventories' order.
    pub fn owned(&self, host: HostId) -> &[&'a OwnedAddress] {
        self.owned.get(&host.0).map_or(&[], |owned| &owned.rows)
    }

    /// Addresses that the host owns, sorted by address.
    pub fn owned_by_address(&self, host: HostId) -> &[&'a OwnedAddress] {
        self.owned.get(&host.0).map_or(&[], |owned| &owned.by_address)
    }

    /// The rows that give the host this address, in the inventories' order.
    pub fn rows(&self, host: HostId, address: IpAddr) -> &[&'a OwnedAddress] {
        let rows = self.owned_by_address(host);
        let start = rows.partition_point(|row| row.address < address);
        let rest = rows.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|row| row.address == address)).unwrap_or_default()
    }

    /// Does an export, and not only a log, have an address of the host that should be unique to it?
    pub fn is_exported(&self, host: HostId) -> bool {
        self.owned.get(&host.0).is_some_and(|owned| owned.is_exported)
    }

    /// The addresses that the host's names resolve to.
    pub fn resolved(&self, host: HostId) -> &[(IpAddr, &'a Source)] {
        self.resolved.get(&host.0).map_or(&[], Vec::as_slice)
    }

    /// Answers for the names of `host` from the resolver of `client`, including its hosts file.
    pub fn resolved_on(&self, client: HostId, host: HostId) -> &[(IpAddr, &'a Source)] {
        self.resolved_on.get(&(client.0, host.0)).map_or(&[], Vec::as_slice)
    }

    /// Leases and dynamic DNS records of the host's names.
    pub fn dynamic_names(&self, host: HostId) -> &[&'a ResolvedName] {
        self.dynamic.get(&host.0).map_or(&[], Vec::as_slice)
    }

    /// Number of hosts with addresses in the inventories.
    pub fn with_addresses(&self) -> usize {
        self.owned.len()
    }

    /// The source that shows that the two names belong to one host; `None` if no inventory does. A name may be short.
    pub fn alias_source(&self, a: &HostName, b: &HostName) -> Option<&str> {
        let spellings = |name: &HostName| {
            let root = self.find(name).map(|id| id.0);
            let names = root.into_iter().flat_map(|root| self.names_of(root));
            let spellings = names.filter(|(_, other)| other.compare(name) != HostMatch::No);
            spellings.map(|(id, _)| id).take(MAX_SPELLINGS).collect::<Vec<_>>()
        };
        let (a, b) = (spellings(a), spellings(b));
        let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a.min(b), a.max(b))));
        pairs.filter_map(|pair| self.alias_sources.get(&pair)).min().map(String::as_str)
    }

    /// The owners of an address without a copy, because an address may have 20,000.
    pub fn owner_set(&self, address: IpAddr) -> Option<&BTreeSet<HostId>> {
        self.by_address.get(&address)
    }

    /// The hosts that own this address.
    pub fn owners_of(&self, address: IpAddr) -> Vec<HostId> {
        self.by_address.get(&address).into_iter().flatten().copied().collect()
    }

    /// Every owned address and its hosts, in the order of addresses, for the audit.
    pub fn owners(&self) -> BTreeMap<IpAddr, &BTreeSet<HostId>> {
        self.by_address.iter().map(|(&address, hosts)| (address, hosts)).collect()
    }

    /// The host's fullest name.
    pub fn name(&self, host: HostId) -> &HostName {
        // A name with a domain before one without; the root is the first of its set.
        let first = &self.names[host.0 as usize];
        self.names_of(host.0)
            .map(|(_, name)| name)
            .filter(|name| name.netbios() == first.netbios())
            .max_by_key(|n| (n.domain().map_or(0, str::len), n.label().len()))
            .unwrap_or(first)
    }

    fn root(&self, mut id: u32) -> u32 {
        while self.parent[id as usize] != id {
            id = self.parent[id as usize];
        }
        id
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.shorten(a), self.shorten(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// Finds the root and halves the path to it, so that crafted chains of aliases do not make every look-up
    /// long.
    fn shorten(&mut self, mut id: u32) -> u32 {
        while self.parent[id as usize] != id {
            let grandparent = self.parent[self.parent[id as usize] as usize];
            self.parent[id as usize] = grandparent;
            id = grandparent;
        }
        id
    }
}

/// The value that all items have; `None` if there is no item, or if two differ.
fn single(mut values: impl Iterator<Item = u32>) -> Option<u32> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::addresses::HostAlias;

    fn source() -> Source {
        Source { file: "t.csv".into(), line: 1, collected: None }
    }

    fn owned(host: &str, address: &str) -> OwnedAddress {
        OwnedAddress {
            host: host.into(),
            address: address.parse().unwrap(),
            prefix_length: None,
            interface: None,
            description: None,
            mac: None,
            source: source(),
            logged_at: None,
        }
    }

    fn name(text: &str) -> HostName {
        HostName::parse(text).unwrap()
    }

    #[test]
    fn trap_12_a_host_under_two_names_is_one() {
        let inventory = AddressInventory {
            owned: vec![owned("srv1", "192.0.2.1"), owned("SRV1.alpha.example.com", "192.0.2.2")],
            aliases: vec![HostAlias {
                name: "WIN-1".into(),
                other: "SRV1".into(),
                source: source(),
                cname: false,
            }],
            ..Default::default()
        };
        let mut hosts = HostsBuilder::new(&inventory);
        hosts.join_aliases(&inventory, |_, _| false);
        let hosts = hosts.build();
        let full = hosts.find(&name("srv1.alpha.example.com"));
        assert!(full.is_some());
        assert_eq!(full, hosts.find(&name("srv1")));
        assert_eq!(full, hosts.find(&name("win-1")));
        assert_eq!(hosts.owned(full.unwrap()).len(), 2);
    }

    #[test]
    fn one_label_in_two_domains_is_two_hosts_and_the_short_name_neither() {
        let inventory = AddressInventory {
            owned: vec![
                owned("srv1.alpha.example.com", "192.0.2.1"),
                owned("srv1.beta.example.com", "192.0.2.2"),
                owned("srv1", "192.0.2.3"),
            ],
            ..Default::default()
        };
        let hosts = HostsBuilder::new(&inventory).build();
        let find = |n| hosts.find(&name(n)).unwrap();
        assert_ne!(find("srv1.alpha.example.com"), find("srv1.beta.example.com"));
        assert_ne!(find("srv1"), find("srv1.alpha.example.com"));
        assert_eq!(hosts.same_label(&name("SRV1")).len(), 2);
    }

    #[test]
    fn a_name_in_another_domain_is_not_found_through_the_short_one() {
        let inventory = AddressInventory {
            owned: vec![owned("srv1", "192.0.2.1"), owned("srv1.alpha.example.com", "192.0.2.2")],
            ..Default::default()
        };
        let hosts = HostsBuilder::new(&inventory).build();
        assert_eq!(hosts.find(&name("srv1.beta.example.com")), None);
    }

    #[test]
    fn the_netbios_cut_finds_the_long_name() {
        let inventory = AddressInventory {
            owned: vec![owned("srv-long-hostname.alpha.example.com", "192.0.2.1")],
            resolved: vec![ResolvedName {
                name: "app.alpha.example.com".into(),
                address: "192.0.2.9".parse().unwrap(),
                source: source(),
                origin: NameOrigin::Unknown,
                resolver: None,
            }],
            ..Default::default()
        };
        let hosts = HostsBuilder::new(&inventory).build();
        assert!(hosts.find(&name("SRV-LONG-HOSTNA")).is_some());
        let app = hosts.find(&name("app.alpha.example.com")).unwrap();
        assert_eq!(hosts.resolved(app).len(), 1);
        assert!(hosts.owned(app).is_empty());
    }
}
