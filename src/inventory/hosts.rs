//! Which names mean one host, and which addresses it owns. Names are merged before anything is compared: a host
//! under two names would share all its addresses with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};

use super::Source;
use super::addresses::{AddressInventory, NameOrigin, OwnedAddress, ResolvedName};
use crate::names::{HostName, Same};

/// Short, full, cut: more spellings of one name are a crafted list's.
const MAX_SPELLINGS: usize = 16;

/// A host, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(u32);

/// All hosts that anything names.
#[derive(Debug, Default)]
pub struct Hosts<'a> {
    names: Vec<HostName>,
    ids: HashMap<HostName, u32>,
    /// First 15 characters of the label: what every name of a host that is not an alias agrees on.
    by_label: HashMap<Box<str>, Vec<u32>>,
    parent: Vec<u32>,
    /// An inventory or the host's own log shows that it exists; else the name was only asked for.
    known: Vec<bool>,
    owned: HashMap<u32, Vec<&'a OwnedAddress>>,
    by_address: HashMap<IpAddr, BTreeSet<HostId>>,
    resolved: HashMap<u32, Vec<(IpAddr, &'a Source)>>,
    /// What a client's own resolver answered: client, then name.
    resolved_on: HashMap<(u32, u32), Vec<(IpAddr, &'a Source)>>,
    /// Names that nobody made by hand: leases and dynamic records.
    dynamic: HashMap<u32, Vec<&'a ResolvedName>>,
    cnames: HashMap<HostName, (HostName, &'a Source)>,
    /// Why two names are one host, for the evidence.
    alias_sources: HashMap<(u32, u32), String>,
}

/// [`Hosts`] while names are added.
#[derive(Debug, Default)]
pub struct HostsBuilder<'a>(Hosts<'a>);

impl<'a> HostsBuilder<'a> {
    /// Everything an address inventory says. More names may be added until [`build`](Self::build).
    pub fn new(inventory: &'a AddressInventory) -> Self {
        let mut hosts = Self::default();
        for row in &inventory.owned {
            if let Some(id) = hosts.add(&row.host) {
                hosts.0.owned.entry(id).or_default().push(row);
            }
        }
        for row in &inventory.resolved {
            if let Some(resolver) = &row.resolver {
                if let (Some(client), Some(name)) = (hosts.add(resolver), hosts.add(&row.name)) {
                    hosts.0.resolved_on.entry((client, name)).or_default().push((row.address, &row.source));
                }
            } else if let Some(id) = hosts.add(&row.name) {
                hosts.0.resolved.entry(id).or_default().push((row.address, &row.source));
                if row.origin != NameOrigin::Unknown {
                    hosts.0.dynamic.entry(id).or_default().push(row);
                }
            }
        }
        for alias in inventory.aliases.iter().filter(|a| a.cname) {
            if let (Some(name), Some(other)) = (HostName::parse(&alias.name), HostName::parse(&alias.other)) {
                hosts.mention(name.clone());
                hosts.0.cnames.entry(name).or_insert((other, &alias.source));
            }
        }
        hosts
    }

    /// Joins the names that the inventory says one host goes by, unless `distinct` knows that each is a host of its own:
    /// the name of a renamed computer may have been given to another one since.
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

    /// One file lists addresses under both names, and not the same ones.
    fn in_one_export(&self, a: &HostName, b: &HostName) -> bool {
        let rows = |name: &HostName| {
            self.0.ids.get(name).and_then(|id| self.0.owned.get(id)).map_or(&[][..], Vec::as_slice)
        };
        let (a, b) = (rows(a), rows(b));
        let both =
            a.iter().any(|x| x.logged_at.is_none() && b.iter().any(|y| y.source.file == x.source.file));
        both && a.iter().any(|x| !b.iter().any(|y| x.address == y.address))
    }

    /// Names a host that exists; without a name there is none.
    pub fn add(&mut self, name: &str) -> Option<u32> {
        let id = self.mention(HostName::parse(name)?);
        self.0.known[id as usize] = true;
        Some(id)
    }

    /// A name that was asked for. It keeps a short name from being taken for another full one, and proves nothing.
    pub fn mention(&mut self, name: HostName) -> u32 {
        if let Some(&id) = self.0.ids.get(&name) {
            return id;
        }
        let id = self.0.names.len() as u32;
        self.0.by_label.entry(name.netbios().into()).or_default().push(id);
        self.0.ids.insert(name.clone(), id);
        self.0.names.push(name);
        self.0.parent.push(id);
        self.0.known.push(false);
        id
    }

    /// Two names are one host, and `why` says who says so.
    pub fn alias(&mut self, name: &str, other: &str, why: String) {
        if let (Some(a), Some(b)) = (self.add(name), self.add(other)) {
            self.0.alias_sources.entry((a.min(b), a.max(b))).or_insert(why);
            self.0.join(a, b);
        }
    }

    /// Joins short names with the one full name they can mean, and collects addresses by host.
    ///
    /// A short name that two domains have stays a host of its own: `srv1` of two domains is two machines.
    pub fn build(mut self) -> Hosts<'a> {
        for id in 0..self.0.names.len() as u32 {
            self.0.shorten(id);
            let name = &self.0.names[id as usize];
            if name.domain().is_some_and(|d| d.contains('.')) {
                continue;
            }
            if let Some(full) = self.0.only_full_name(name) {
                self.0.join(id, full);
            }
        }
        let (owned, resolved) = (std::mem::take(&mut self.0.owned), std::mem::take(&mut self.0.resolved));
        let dynamic = std::mem::take(&mut self.0.dynamic);
        self.0.dynamic = self.0.by_root(dynamic);
        self.0.owned = self.0.by_root(owned);
        self.0.resolved = self.0.by_root(resolved);
        let mut answers: Vec<_> = std::mem::take(&mut self.0.resolved_on).into_iter().collect();
        answers.sort_by_key(|(ids, _)| *ids);
        for ((client, name), answers) in answers {
            let roots = (self.0.root(client), self.0.root(name));
            self.0.resolved_on.entry(roots).or_default().extend(answers);
        }
        for (&root, rows) in &self.0.owned {
            for row in rows {
                self.0.by_address.entry(row.address).or_default().insert(HostId(root));
            }
        }
        self.0
    }
}

impl<'a> Hosts<'a> {
    /// Where DNS says that this name leads to, as another name.
    pub fn cname(&self, name: &HostName) -> Option<&(HostName, &'a Source)> {
        self.cnames.get(name)
    }

    fn by_root<T>(&self, map: HashMap<u32, Vec<T>>) -> HashMap<u32, Vec<T>> {
        let mut out: HashMap<u32, Vec<T>> = HashMap::new();
        // In the order of names, so that evidence does not depend on hashing.
        let mut ids: Vec<_> = map.into_iter().collect();
        ids.sort_by(|a, b| self.names[a.0 as usize].cmp(&self.names[b.0 as usize]));
        for (id, rows) in ids {
            out.entry(self.root(id)).or_default().extend(rows);
        }
        out
    }

    /// The one host with a full name that `name` can mean; `None` when there is none, or more than one.
    fn only_full_name(&self, name: &HostName) -> Option<u32> {
        let mut found = None;
        for &id in self.by_label.get(name.netbios())? {
            let other = &self.names[id as usize];
            if other.domain().is_none_or(|d| !d.contains('.')) || other.same(name) == Same::No {
                continue;
            }
            match found {
                Some(root) if root != self.root(id) => return None,
                _ => found = Some(self.root(id)),
            }
        }
        found
    }

    /// The host of this name; `None` when nothing names it or when it is ambiguous.
    pub fn find(&self, name: &HostName) -> Option<HostId> {
        if let Some(&id) = self.ids.get(name) {
            return Some(HostId(self.root(id)));
        }
        let mut found = None;
        for &id in self.by_label.get(name.netbios())? {
            if self.names[id as usize].same(name) == Same::No || self.contradicts(self.root(id), name) {
                continue;
            }
            match found {
                Some(root) if root != self.root(id) => return None,
                _ => found = Some(self.root(id)),
            }
        }
        found.map(HostId)
    }

    /// An inventory or a log's `Computer` has this host, by this or another of its names.
    pub fn is_known(&self, name: &HostName) -> bool {
        self.find(name).is_some_and(|host| {
            self.by_label
                .get(name.netbios())
                .into_iter()
                .flatten()
                .any(|&id| self.root(id) == host.0 && self.known.get(id as usize) == Some(&true))
        })
    }

    /// The host already has a full name with this label in another domain.
    fn contradicts(&self, root: u32, name: &HostName) -> bool {
        self.by_label.get(name.netbios()).into_iter().flatten().any(|&id| {
            let other = &self.names[id as usize];
            self.root(id) == root && other.same_label(name) && other.same(name) == Same::No
        })
    }

    /// Full names of different hosts that exist and share this label: `srv1` in two domains.
    pub fn same_label(&self, name: &HostName) -> Vec<&HostName> {
        let mut seen = BTreeSet::new();
        let mut names: Vec<&HostName> = self
            .by_label
            .get(name.netbios())
            .into_iter()
            .flatten()
            .filter(|&&id| self.known[id as usize] && self.names[id as usize].same_label(name))
            .filter(|&&id| self.names[id as usize].domain().is_some_and(|d| d.contains('.')))
            .filter(|&&id| seen.insert(self.root(id)))
            .map(|&id| &self.names[id as usize])
            .collect();
        names.sort();
        names
    }

    /// What the host owns, in the inventories' order.
    pub fn owned(&self, host: HostId) -> &[&'a OwnedAddress] {
        self.owned.get(&host.0).map_or(&[], Vec::as_slice)
    }

    /// What the host's names resolve to.
    pub fn resolved(&self, host: HostId) -> &[(IpAddr, &'a Source)] {
        self.resolved.get(&host.0).map_or(&[], Vec::as_slice)
    }

    /// What the resolver of `client`, its hosts file included, answered for the names of `host`.
    pub fn resolved_on(&self, client: HostId, host: HostId) -> &[(IpAddr, &'a Source)] {
        self.resolved_on.get(&(client.0, host.0)).map_or(&[], Vec::as_slice)
    }

    /// Leases and dynamic DNS records of the host's names.
    pub fn dynamic_names(&self, host: HostId) -> &[&'a ResolvedName] {
        self.dynamic.get(&host.0).map_or(&[], Vec::as_slice)
    }

    /// How many hosts have addresses in the inventories.
    pub fn with_addresses(&self) -> usize {
        self.owned.len()
    }

    /// Who says that these two names are one host, where an inventory says so. A name may be given short.
    pub fn alias_source(&self, a: &HostName, b: &HostName) -> Option<&str> {
        let spellings = |name: &HostName| {
            let root = self.find(name).map(|id| id.0);
            let ids = self.by_label.get(name.netbios()).map_or(&[][..], Vec::as_slice);
            ids.iter()
                .copied()
                .filter(|&id| Some(self.root(id)) == root && self.names[id as usize].same(name) != Same::No)
                .take(MAX_SPELLINGS)
                .collect::<Vec<_>>()
        };
        let (a, b) = (spellings(a), spellings(b));
        let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a.min(b), a.max(b))));
        pairs.filter_map(|pair| self.alias_sources.get(&pair)).min().map(String::as_str)
    }

    /// The same, not copied: an address may have 20,000 owners, and each of them a name that leads to it.
    pub fn owner_set(&self, address: IpAddr) -> Option<&BTreeSet<HostId>> {
        self.by_address.get(&address)
    }

    /// The hosts that own this address.
    pub fn owners_of(&self, address: IpAddr) -> Vec<HostId> {
        self.by_address.get(&address).into_iter().flatten().copied().collect()
    }

    /// Every owned address and its hosts, in the order of addresses: for the audit.
    pub fn owners(&self) -> BTreeMap<IpAddr, &BTreeSet<HostId>> {
        self.by_address.iter().map(|(&address, hosts)| (address, hosts)).collect()
    }

    /// The host's fullest name.
    pub fn name(&self, host: HostId) -> &HostName {
        // A name with a domain before one without; the root is the first of its set.
        self.by_label
            .get(self.names[host.0 as usize].netbios())
            .into_iter()
            .flatten()
            .filter(|&&id| self.root(id) == host.0)
            .map(|&id| &self.names[id as usize])
            .max_by_key(|n| (n.domain().map_or(0, str::len), n.label().len()))
            .unwrap_or(&self.names[host.0 as usize])
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

    /// The root, with the way to it halved: crafted chains of aliases must not make every look-up long.
    fn shorten(&mut self, mut id: u32) -> u32 {
        while self.parent[id as usize] != id {
            let grandparent = self.parent[self.parent[id as usize] as usize];
            self.parent[id as usize] = grandparent;
            id = grandparent;
        }
        id
    }
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
