//! Collects the hosts that the user, an inventory, an account list, or a log of the host itself names.

use std::collections::HashSet;

use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::AddressInventory;
use crate::names::HostName;

/// Host names that may become destinations.
#[derive(Debug, Default)]
pub(super) struct ListedHosts {
    names: HashSet<HostName>,
    /// Labels of the names without a domain.
    short_labels: HashSet<Box<str>>,
    /// Domains of the names with one.
    domains: HashSet<Box<str>>,
}

impl ListedHosts {
    pub(super) fn add(&mut self, name: &str) {
        let Some(name) = HostName::parse(name) else { return };
        match name.domain() {
            Some(domain) => drop(self.domains.insert(domain.into())),
            None => drop(self.short_labels.insert(name.label().into())),
        }
        self.names.insert(name);
    }

    /// Adds the hosts that own an address. DNS names are left out, because a DHCP client chooses its own name.
    pub(super) fn add_addresses(&mut self, inventory: &AddressInventory) {
        inventory.owned.iter().for_each(|owned| self.add(&owned.host));
    }

    pub(super) fn add_accounts(&mut self, inventory: &AccountInventory) {
        for account in inventory.accounts.iter().filter(|a| a.is_computer()) {
            account.dns_host_name.iter().for_each(|name| self.add(name));
            account.additional_dns_host_names.iter().for_each(|name| self.add(name));
            let label = account.name.trim_end_matches('$');
            match account.domain.is_empty() {
                true => self.add(label),
                false => self.add(&format!("{label}.{}", account.domain)),
            }
        }
    }

    /// Reports whether a list has the host. A short name matches any host with this label. A full name matches a short one only
    /// if another name of the lists has the domain: `srv1` alone does not confirm `srv1.elsewhere.net`.
    pub(super) fn has(&self, name: &str) -> bool {
        let Some(name) = HostName::parse(name) else { return false };
        if self.names.contains(&name) {
            return true;
        }
        match name.domain() {
            Some(domain) => self.short_labels.contains(name.label()) && self.domains.contains(domain),
            None => self.names.iter().any(|listed| listed.label() == name.label()),
        }
    }

    /// Reports whether the name may be resolved: it is short, or in a domain that a list has. Resolving any other name sends a
    /// query to the name servers of whoever invented the name.
    pub(super) fn may_resolve(&self, name: &str) -> bool {
        let name = HostName::parse(name);
        name.is_some_and(|name| name.domain().is_none_or(|domain| self.domains.contains(domain)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_vouches_only_for_the_domains_of_the_lists() {
        let mut hosts = ListedHosts::default();
        for name in ["SRV1", "srv2.alpha.example.com"] {
            hosts.add(name);
        }
        for listed in ["srv1", "srv2", "SRV2.alpha.example.com.", "srv1.alpha.example.com"] {
            assert!(hosts.has(listed), "{listed}");
        }
        for other in ["srv1.relay-evil.net", "srv2.beta.example.com", "srv3", "alpha.example.com", ""] {
            assert!(!hosts.has(other), "{other}");
        }
    }
}
