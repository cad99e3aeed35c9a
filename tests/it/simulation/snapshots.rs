//! Exports inventories from a forest, as an administrator does.

use std::sync::Arc;

use jiff::Timestamp;
use krbtriage::inventory::accounts::{Account, AccountInventory, ObjectClass};
use krbtriage::inventory::addresses::{AddressInventory, HostAlias, NameOrigin, OwnedAddress, ResolvedName};
use krbtriage::inventory::{InventoryFile, Source};

use super::world::{Class, Id, Name, Purpose, World};

/// How accounts were exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// LDIF, Get-ADObject: with names and dates.
    Ldap,
    /// `setspn -T * -F -Q */*`: DNs and SPNs.
    Setspn,
    /// `setspn -F -Q` for one SPN: its owners with all their SPNs, and nobody else.
    Query,
}

/// The file of one exported list.
pub struct List {
    pub file: String,
    /// The time in its column `collected`, where it has one.
    pub collected: Option<Timestamp>,
}

impl List {
    fn source(&self) -> Source {
        Source { file: self.file.as_str().into(), line: 1, collected: self.collected }
    }
}

/// Appends the addresses of the hosts that `keep` selects.
pub fn addresses(world: &World, list: &List, to: &mut AddressInventory, keep: impl Fn(Id) -> bool) {
    for (id, host) in world.hosts.iter().enumerate().filter(|(id, h)| !h.gone && keep(*id)) {
        let name: Arc<str> = world.full_name(id).into();
        to.owned.extend(host.nics.iter().map(|nic| OwnedAddress {
            host: Arc::clone(&name),
            address: nic.address,
            prefix_length: None,
            interface: Some(nic.interface.into()),
            description: Some(nic.description.into()),
            mac: None,
            source: list.source(),
            logged_at: None,
        }));
    }
}

/// Appends the records of all zones.
pub fn dns(world: &World, list: &List, to: &mut AddressInventory) {
    // An administrator makes the record of a name that a server was given on purpose. Hosts register their own.
    let by_hand = |name: &str| {
        let assigned = |n: &&Name| matches!(n.purpose, Purpose::TakenOver | Purpose::Moved | Purpose::Pair);
        world
            .names
            .iter()
            .filter(assigned)
            .any(|n| world.name_in(&n.label, n.domain).eq_ignore_ascii_case(name))
    };
    to.resolved.extend(world.dns.iter().map(|(name, address)| ResolvedName {
        name: name.as_str().into(),
        address: *address,
        source: list.source(),
        origin: if by_hand(name) { NameOrigin::Unknown } else { NameOrigin::Dynamic },
        resolver: None,
    }));
    to.aliases.extend(world.cnames.iter().map(|(name, other)| HostAlias {
        name: name.as_str().into(),
        other: other.as_str().into(),
        source: list.source(),
        cname: true,
    }));
}

/// Returns objectClass, userAccountControl and primaryGroupID of an account.
pub fn attributes(account: &super::world::Account) -> (ObjectClass, u32, u32) {
    let (class, control, group) = match account.class {
        Class::Computer | Class::ClusterName => (ObjectClass::Computer, 0x1000, 515),
        Class::Controller => (ObjectClass::Computer, 0x8_2000, 516),
        Class::ReadOnlyController => (ObjectClass::Computer, 0x400_1000, 521),
        Class::GroupManaged => (ObjectClass::GroupManagedService, 0x1000, 515),
        Class::User => (ObjectClass::User, 0x200, 513),
    };
    (class, control | if account.disabled { 2 } else { 0 }, group)
}

fn dn(world: &World, account: &super::world::Account, cn: &str) -> Arc<str> {
    let folder = match (account.dns.is_some(), account.name.ends_with('$')) {
        (true, _) => "Computers",
        (false, true) => "Managed Service Accounts",
        (false, false) => "Users",
    };
    format!("CN={cn},CN={folder},DC={}", world.domains[account.domain].replace('.', ",DC=")).into()
}

/// Appends the accounts that have SPNs. `asked` are the SPNs of [`Style::Query`], in lower case.
pub fn accounts(world: &World, list: &List, style: Style, asked: &[String], to: &mut AccountInventory) {
    let time = |seconds: i64| Timestamp::from_second(seconds).ok();
    for account in world.accounts.iter().filter(|a| !a.gone && !a.spns.is_empty()) {
        if style == Style::Query && !account.spns.iter().any(|s| asked.contains(&s.to_lowercase())) {
            continue;
        }
        let bare = style != Style::Ldap;
        let computer = account.dns.is_some();
        let cn = match &account.dns {
            Some(dns) => dns.split('.').next().unwrap_or_default().to_owned(),
            None => account.name.trim_end_matches('$').to_owned(),
        };
        to.accounts.push(Account {
            name: if bare { cn.as_str().into() } else { account.name.as_str().into() },
            name_is_cn: bare,
            distinguished_name: Some(dn(world, account, &cn)),
            domain: world.domains[account.domain].as_str().into(),
            spns: account.spns.iter().map(|s| s.as_str()).collect(),
            dns_host_name: account.dns.as_deref().filter(|_| computer && !bare).map(Into::into),
            password_last_set: time(account.password_set).filter(|_| !bare),
            when_changed: time(account.when_changed).filter(|_| !bare),
            object_class: Some(attributes(account).0).filter(|_| !bare),
            user_account_control: Some(attributes(account).1).filter(|_| !bare),
            primary_group_id: Some(attributes(account).2).filter(|_| !bare),
            source: Some(list.source()),
            ..Account::default()
        });
    }
    let rows = to.accounts.len() as u64;
    to.files.push(InventoryFile {
        path: list.file.as_str().into(),
        kind: "simulated",
        rows,
        ..InventoryFile::default()
    });
    if style != Style::Query {
        for domain in &world.domains {
            to.complete_domains.push(domain.as_str().into());
            to.complete_files.push((list.file.as_str().into(), domain.as_str().into()));
        }
    }
}
