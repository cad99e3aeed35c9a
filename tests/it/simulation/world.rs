//! A forest at one moment: its hosts, addresses, accounts, keys, SPNs, services and DNS records.

use std::net::IpAddr;

pub use super::adapters::{CARDS, Nic, SWITCHES, balanced, card, ip, ordinary, switch};
use super::rng::Rng;

/// Index into a list of a [`World`]. Hosts and accounts that are removed keep theirs, so that two moments compare.
pub type Id = usize;

pub const RC4: u8 = 1;
pub const AES: u8 = 2;

/// 2026-10-06T08:00:00Z in seconds since 1970. The events happen in the 24 hours after it.
pub const DAY: i64 = 1_791_273_600;
pub const HOUR: i64 = 3600;

#[derive(Clone, Debug)]
pub struct Host {
    pub label: String,
    pub domain: Id,
    pub account: Id,
    pub nics: Vec<Nic>,
    /// Version of the password that this machine has.
    pub held_version: u32,
    /// Encryption types for which this machine has a key: [`RC4`] and [`AES`].
    pub etypes: u8,
    /// Its label before it was renamed.
    pub former: Option<String>,
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct Account {
    /// sAMAccountName.
    pub name: String,
    pub domain: Id,
    pub dns: Option<String>,
    pub spns: Vec<String>,
    /// Version of the password in the directory.
    pub version: u32,
    /// Encryption types that the KDC may use.
    pub etypes: u8,
    /// pwdLastSet, in seconds since 1970.
    pub password_set: i64,
    /// whenChanged, in seconds since 1970.
    pub when_changed: i64,
    pub gone: bool,
    pub class: Class,
    pub disabled: bool,
}

/// The class of an account, which objectClass, userAccountControl and primaryGroupID show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Computer,
    Controller,
    ReadOnlyController,
    /// A cluster's name object, which is a computer too.
    ClusterName,
    GroupManaged,
    User,
}

/// How much of a real estate a forest has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estate {
    /// Only its faults and what they leave in the logs.
    Quiet,
    /// Also the everyday events and properties of [`super::noise`], which mean nothing.
    Noisy,
}

/// A service that runs under an account of its own.
#[derive(Clone, Debug)]
pub struct Service {
    pub host: Id,
    pub class: &'static str,
    pub account: Id,
    /// Password version and encryption types that it was started with.
    pub held_version: u32,
    pub etypes: u8,
}

/// A name that is not the name of a host: of a cluster, with an account, or an alias.
#[derive(Clone, Debug)]
pub struct Name {
    pub label: String,
    pub domain: Id,
    /// The node or host that should serve it.
    pub host: Id,
    /// The account of the cluster name.
    pub cluster: Option<Id>,
    /// The name's resource is online, so the node has the key of its account.
    pub online: bool,
    /// Version of that key.
    pub held_version: u32,
    pub purpose: Purpose,
    /// Every node of the cluster.
    pub nodes: Vec<Id>,
}

impl Name {
    /// A name of one host, without an account of its own.
    pub fn new(label: String, domain: Id, host: Id, purpose: Purpose) -> Self {
        Self {
            label,
            domain,
            host,
            cluster: None,
            online: false,
            held_version: 0,
            purpose,
            nodes: vec![host],
        }
    }
}

/// Why a name resolves to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An alias, a cluster or a farm.
    Service,
    /// The name of a machine that is gone. Another one serves it, and the old account still has its SPNs.
    TakenOver,
    /// The name of a pair of nodes, with an address that moves between them. The account of one has the SPN.
    Pair,
    /// A service's name whose SPN was left on the account of the machine that had the service before.
    Moved,
}

/// Why Windows answers with the machine's key for an SPN that is rightly on a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Web {
    /// IIS authenticates in kernel mode.
    KernelMode,
    /// The client is WinRM, which asks for the SPN of the web site.
    BesideWinRm,
}

/// A forest at one moment.
#[derive(Clone, Debug)]
pub struct World {
    /// Alias and the full name that it resolves to, in lower case.
    pub cnames: Vec<(String, String)>,
    /// Web servers that answer with the machine's key, and the account that rightly has the SPN.
    pub webs: Vec<(Id, Id, Web)>,
    /// DCOM uses an address that both sides own. Not every Windows does, or a fleet of equal cards could not work.
    pub dcom_uses_shared: bool,
    pub domains: Vec<String>,
    /// The DNS suffix of each domain's members: the domain's own, or another (a disjoint namespace).
    pub suffixes: Vec<String>,
    pub hosts: Vec<Host>,
    pub accounts: Vec<Account>,
    pub services: Vec<Service>,
    pub names: Vec<Name>,
    /// Full name in lower case, and address.
    pub dns: Vec<(String, IpAddr)>,
    /// Lines of hosts files: host, name in lower case, address.
    pub hosts_files: Vec<(Id, String, IpAddr)>,
    /// The KDC looks for the exact SPN in the forest before `HOST/` in its own domain. No document says which comes first,
    /// so forests differ.
    pub exact_first: bool,
    /// How the KDC answers for an SPN on two accounts of one domain.
    pub replica: Replica,
    /// Of two machines with one address, the one that answered ARP last is reached, not the first.
    pub last_reached: bool,
    /// Index of the shared address that DCOM uses. No document says which it uses.
    pub preferred: usize,
}

/// How a KDC answers for an SPN on two accounts of its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replica {
    /// It issues no ticket and logs KDC event 11.
    Refuses,
    /// Replication has not finished, so it knows only the account with this index.
    Knows(usize),
}

impl World {
    pub fn new(estate: Estate, rng: &mut Rng) -> Self {
        let all = ["alpha.example.com", "beta.example.com", "gamma.test"];
        let count = 2 + rng.below(2);
        let mut world = World {
            cnames: Vec::new(),
            webs: Vec::new(),
            dcom_uses_shared: true,
            domains: all[..count].iter().map(|d| (*d).to_owned()).collect(),
            hosts: Vec::new(),
            accounts: Vec::new(),
            services: Vec::new(),
            names: Vec::new(),
            dns: Vec::new(),
            hosts_files: Vec::new(),
            exact_first: rng.chance(50),
            replica: *rng.pick(&[
                Replica::Refuses,
                Replica::Refuses,
                Replica::Refuses,
                Replica::Refuses,
                Replica::Knows(0),
                Replica::Knows(1),
            ]),
            last_reached: rng.chance(50),
            preferred: rng.below(4),
            suffixes: all[..count].iter().map(|d| (*d).to_owned()).collect(),
        };
        if rng.chance(15) {
            world.suffixes[0] = "hosts.corp.test".into();
        }
        for domain in 0..count {
            let controller = world.add_host(format!("dc{domain}"), domain, rng);
            world.set_class(controller, Class::Controller);
            for n in 0..3 + rng.below(3) {
                let label = match rng.below(4) {
                    // Longer than the 15 characters of a NetBIOS name.
                    0 => format!("app{domain}{n}-production-server"),
                    1 => format!("FS-{domain}-{n}"),
                    _ => format!("srv{domain}{n}"),
                };
                world.add_host(label, domain, rng);
            }
            world.add_service(domain, rng);
        }
        // Servers of one vendor have the card enabled, which harms nobody until two of them use DCOM.
        if rng.chance(40) {
            let which = rng.below(CARDS.len());
            for host in 0..world.hosts.len() {
                if rng.chance(30) {
                    world.hosts[host].nics.push(card(which));
                }
            }
        }
        if estate == Estate::Noisy {
            world.add_noise(rng);
        }
        world
    }

    /// Adds properties of a real estate that are no faults.
    fn add_noise(&mut self, rng: &mut Rng) {
        // The whole fleet has one management card. In half of such forests DCOM does not use its address.
        if rng.chance(35) {
            let which = rng.below(CARDS.len());
            for host in 0..self.hosts.len() {
                if !self.owns(host, card(which).address) {
                    self.hosts[host].nics.push(card(which));
                }
            }
            self.dcom_uses_shared = rng.chance(50);
        }
        if rng.chance(50) {
            let domain = rng.below(self.domains.len());
            let host = self.add_host(format!("rodc{domain}"), domain, rng);
            self.set_class(host, Class::ReadOnlyController);
        }
        // Every machine changes its password every 30 days, so some did today.
        for account in &mut self.accounts {
            if account.class == Class::Computer && rng.chance(12) {
                account.password_set = DAY - 2 * HOUR + rng.below(10 * 3600) as i64;
                account.when_changed = account.password_set;
                account.version += 1;
            }
        }
        for host in &mut self.hosts {
            host.held_version = self.accounts[host.account].version;
        }
        // An account that a reinstallation left has the short name's SPN too, so the KDC logs event 11 until it is removed.
        let members = self.all_members();
        for _ in 0..rng.below(3) {
            let host = *rng.pick(&members);
            let (label, domain) = (self.hosts[host].label.clone(), self.hosts[host].domain);
            let name = format!("OLD{host}-{}$", label.chars().take(8).collect::<String>().to_uppercase());
            if self.accounts.iter().any(|a| a.name == name) {
                continue;
            }
            let spns = vec![format!("HOST/{label}"), format!("RestrictedKrbHost/{label}")];
            let twin = self.add_user(name, domain, spns, rng);
            self.accounts[twin].class = Class::Computer;
            self.accounts[twin].password_set = DAY - 400 * 24 * HOUR;
            self.accounts[twin].when_changed = self.accounts[twin].password_set;
        }
        // Some hosts have correct aliases.
        for n in 0..rng.below(3) {
            let host = *rng.pick(&members);
            let domain = self.hosts[host].domain;
            let alias = self.name_in(&format!("www{n}"), domain).to_lowercase();
            let full = self.full_name(host).to_lowercase();
            self.cnames.push((alias, full));
        }
    }

    /// Sets the class of a host's account.
    fn set_class(&mut self, host: Id, class: Class) {
        let account = self.hosts[host].account;
        self.accounts[account].class = class;
    }

    pub fn add_host(&mut self, label: String, domain: Id, rng: &mut Rng) -> Id {
        let id = self.hosts.len();
        let full = self.name_in(&label, domain);
        let name = format!("{}$", label.chars().take(15).collect::<String>().to_uppercase());
        let set = DAY - 12 * HOUR - rng.below(29 * 24) as i64 * HOUR;
        let mut spns = Vec::new();
        for form in [&label, &full] {
            for class in ["HOST", "RestrictedKrbHost", "TERMSRV", "WSMAN"] {
                spns.push(format!("{class}/{form}"));
            }
        }
        self.accounts.push(Account {
            name,
            domain,
            dns: Some(full.clone()),
            spns,
            version: 5,
            etypes: RC4 | AES,
            password_set: set,
            when_changed: set,
            gone: false,
            class: Class::Computer,
            disabled: false,
        });
        let address = self.free_address(domain, rng);
        self.dns.push((full.to_lowercase(), address));
        self.hosts.push(Host {
            label,
            domain,
            account: self.accounts.len() - 1,
            nics: vec![ordinary(address)],
            held_version: 5,
            etypes: RC4 | AES,
            former: None,
            gone: false,
        });
        id
    }

    pub fn free_address(&self, domain: Id, rng: &mut Rng) -> IpAddr {
        loop {
            let address = ip(&format!("10.{domain}.{}.{}", rng.below(4), 1 + rng.below(250)));
            if self.reached(address).is_empty() && !self.dns.iter().any(|d| d.1 == address) {
                return address;
            }
        }
    }

    pub fn add_user(&mut self, name: String, domain: Id, spns: Vec<String>, rng: &mut Rng) -> Id {
        let set = DAY - 40 * 24 * HOUR - rng.below(9000) as i64 * HOUR;
        let class = if name.starts_with("gmsa_") { Class::GroupManaged } else { Class::User };
        self.accounts.push(Account {
            class,
            disabled: false,
            name,
            domain,
            dns: None,
            spns,
            version: 2,
            etypes: RC4 | AES,
            password_set: set,
            when_changed: set,
            gone: false,
        });
        self.accounts.len() - 1
    }

    /// Adds a database or web service with its own account and the right SPNs.
    pub fn add_service(&mut self, domain: Id, rng: &mut Rng) -> Id {
        let hosts: Vec<Id> = self.members(domain);
        let host = *rng.pick(&hosts);
        let class = *rng.pick(&["HTTP", "MSSQLSvc"]);
        if let Some(existing) = self.services.iter().position(|s| s.host == host && s.class == class) {
            return existing;
        }
        let port = if class == "HTTP" { "" } else { ":1433" };
        let spns = vec![
            format!("{class}/{}{port}", self.hosts[host].label),
            format!("{class}/{}{port}", self.full_name(host)),
        ];
        // Sometimes every domain has a service account of the same name.
        let name = if rng.chance(25) {
            "svc_app".to_owned()
        } else if rng.chance(20) {
            // The name of a group managed service account ends with `$`, like that of a computer.
            format!("gmsa_{domain}{host}$")
        } else {
            format!("svc_{}{domain}{host}", class.to_lowercase())
        };
        if self.accounts.iter().any(|a| a.name == name && a.domain == domain) {
            return self.services.len().saturating_sub(1);
        }
        let account = self.add_user(name, domain, spns, rng);
        self.services.push(Service { host, class, account, held_version: 2, etypes: RC4 | AES });
        self.services.len() - 1
    }

    /// Hosts of a domain except its controllers.
    pub fn members(&self, domain: Id) -> Vec<Id> {
        (0..self.hosts.len())
            .filter(|&h| {
                self.hosts[h].domain == domain
                    && !self.hosts[h].label.starts_with("dc")
                    && !self.hosts[h].label.starts_with("rodc")
                    && !self.hosts[h].gone
            })
            .collect()
    }

    pub fn all_members(&self) -> Vec<Id> {
        (0..self.domains.len()).flat_map(|d| self.members(d)).collect()
    }

    pub fn full_name(&self, host: Id) -> String {
        self.name_in(&self.hosts[host].label, self.hosts[host].domain)
    }

    /// A label with the DNS suffix of a domain's members.
    pub fn name_in(&self, label: &str, domain: Id) -> String {
        format!("{label}.{}", self.suffixes[domain])
    }

    pub fn controller(&self, domain: Id) -> Id {
        self.hosts.iter().position(|h| h.domain == domain && h.label.starts_with("dc")).unwrap()
    }

    pub fn address(&self, host: Id) -> IpAddr {
        self.hosts[host].nics[0].address
    }

    pub fn owns(&self, host: Id, address: IpAddr) -> bool {
        self.hosts[host].nics.iter().any(|n| n.address == address)
    }

    /// Hosts that other machines can reach at an address.
    pub fn reached(&self, address: IpAddr) -> Vec<Id> {
        (0..self.hosts.len())
            .filter(|&h| {
                !self.hosts[h].gone && self.hosts[h].nics.iter().any(|n| n.address == address && !n.internal)
            })
            .collect()
    }

    /// The adapters of `a` whose addresses `b` owns too. Empty if both are the same host.
    pub fn common(&self, a: Id, b: Id) -> Vec<Nic> {
        if a == b {
            return Vec::new();
        }
        self.hosts[a].nics.iter().filter(|n| self.owns(b, n.address)).cloned().collect()
    }

    pub fn set_dns(&mut self, name: &str, address: IpAddr) {
        let name = name.to_lowercase();
        self.dns.retain(|d| d.0 != name);
        self.dns.push((name, address));
    }

    pub fn register(&mut self, account: Id, spn: String, when: i64) {
        self.accounts[account].spns.push(spn);
        self.accounts[account].when_changed = self.accounts[account].when_changed.max(when);
    }

    pub fn unregister(&mut self, account: Id, spn: &str, when: i64) {
        self.accounts[account].spns.retain(|s| !s.eq_ignore_ascii_case(spn));
        self.accounts[account].when_changed = self.accounts[account].when_changed.max(when);
    }
}
