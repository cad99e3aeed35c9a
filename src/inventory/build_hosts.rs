//! Builds the hosts of the inventories. The account lists show which names belong together.

use std::collections::{BTreeSet, HashMap};

use super::accounts::{Account, AccountInventory};
use super::addresses::AddressInventory;
use super::hosts::HostsBuilder;
use crate::names::HostName;

/// Builds every host and name of the inventories. The caller may add more names.
pub(crate) fn hosts<'a>(interfaces: &'a AddressInventory, accounts: &AccountInventory) -> HostsBuilder<'a> {
    let mut hosts = HostsBuilder::new(interfaces);
    let computers = Computers::with_aliases(accounts, interfaces);
    hosts.join_aliases(interfaces, |a, b| computers.lists_both(a, b));
    for account in &accounts.accounts {
        let Some(dns) = account.dns_host_name.as_deref().filter(|n| !n.is_empty()) else { continue };
        hosts.add(dns);
        let why = || account.source.as_ref().map(ToString::to_string).unwrap_or_default();
        if !account.domain.is_empty() {
            // A disjoint namespace: the account's domain also gives the computer a name.
            let name = format!("{}.{}", account.name.trim_end_matches('$'), account.domain);
            hosts.alias(&name, dns, why());
        }
        for other in &account.additional_dns_host_names {
            hosts.alias(other, dns, why());
        }
    }
    hosts
}

/// The computers with a name of an alias, and the lists that have them, by the first 15 characters of the name.
///
/// They check aliases: if one list has a computer of each name, the names belong to two machines, even if one of them was renamed.
struct Computers<'a>(HashMap<Box<str>, Vec<(&'a Account, &'a str)>>);

impl<'a> Computers<'a> {
    fn with_aliases(accounts: &'a AccountInventory, interfaces: &AddressInventory) -> Self {
        let named = interfaces.aliases.iter().filter(|a| !a.cname).flat_map(|a| [&a.name, &a.other]);
        let mut computers: HashMap<Box<str>, Vec<_>> = named
            .filter_map(|name| HostName::parse(name))
            .map(|n| (n.netbios().into(), Vec::new()))
            .collect();
        if computers.is_empty() {
            return Self(computers);
        }
        for account in accounts.accounts.iter().filter(|a| a.is_computer()) {
            let name = HostName::parse(account.name.trim_end_matches('$'));
            if let Some(list) = name.and_then(|n| computers.get_mut(n.netbios()))
                && let Some(source) = &account.source
            {
                list.push((account, &*source.file));
            }
        }
        Self(computers)
    }

    /// Does one list have a computer of each name?
    fn lists_both(&self, a: &HostName, b: &HostName) -> bool {
        let files = |host: &HostName| -> BTreeSet<&str> {
            let of_domain = |account: &Account| {
                host.domain()
                    .is_none_or(|d| account.domain.is_empty() || account.domain.eq_ignore_ascii_case(d))
            };
            let list = self.0.get(host.netbios()).map_or(&[][..], Vec::as_slice);
            list.iter().filter(|(account, _)| of_domain(account)).map(|(_, file)| *file).collect()
        };
        !files(a).is_disjoint(&files(b))
    }
}
