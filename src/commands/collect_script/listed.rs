//! Hosts confirmed by the user, an inventory, an account list, or a log that the host wrote itself.

use std::collections::HashSet;

use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::AddressInventory;
use crate::names::HostName;

/// Host names that may become destinations.
#[derive(Debug, Default)]
pub(super) struct ListedHosts {
    names: HashSet<HostName>,
    /// Labels that a list has without a domain.
    bare: HashSet<Box<str>>,
    domains: HashSet<Box<str>>,
}

impl ListedHosts {
    pub(super) fn add(&mut self, name: &str) {
        let Some(name) = HostName::parse(name) else { return };
        match name.domain() {
            Some(domain) => drop(self.domains.insert(domain.into())),
            None => drop(self.bare.insert(name.label().into())),
        }
        self.names.insert(name);
    }

    /// Adds hosts that own an address. DNS names are left out: a DHCP client chooses its own name.
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

    /// Does a list have the host? A short name matches any host with this label. A full name matches a bare
    /// label only in a domain that a list has: `srv1` does not confirm `srv1.elsewhere.net`.
    pub(super) fn has(&self, name: &str) -> bool {
        let Some(name) = HostName::parse(name) else { return false };
        if self.names.contains(&name) {
            return true;
        }
        match name.domain() {
            Some(domain) => self.bare.contains(name.label()) && self.domains.contains(domain),
            None => self.names.iter().any(|listed| listed.label() == name.label()),
        }
    }

    /// Is the name short, or in a domain that a list has? A lookup of any other name asks the name servers of whoever
    /// invented it.
    pub(super) fn has_domain_of(&self, name: &str) -> bool {
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
