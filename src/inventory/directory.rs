//! The directory as a verdict asks it: who owns an SPN, which accounts have a name. What the files say of one account is
//! merged in [`SpnIndex`]; here it is one record for each account.

use super::accounts::{Account, AccountId, AccountInventory, HostAliases, SpnIndex};
use crate::names::{HostName, Spn};

/// The accounts of all lists of a run.
pub struct Directory<'a> {
    index: SpnIndex<'a>,
}

/// The owners of an SPN, as a KDC finds them.
#[derive(Debug, Default)]
pub struct Owners<'a> {
    pub accounts: Vec<&'a Account>,
    /// Nobody owns the exact SPN; these own its `HOST/` form.
    pub via_host: bool,
    /// The files disagree on whether one of them owns it: one file is older than the other.
    pub disputed: bool,
}

impl<'a> Directory<'a> {
    pub fn new(inventory: &'a AccountInventory, aliases: &HostAliases) -> Self {
        Self { index: SpnIndex::new(inventory, aliases) }
    }

    /// Owners of the SPN, exactly or, where there is none, of its `HOST/` form.
    pub fn owners(&self, spn: &Spn) -> Owners<'a> {
        let found = self.index.effective_owners(spn);
        let disputed = |id: &AccountId| {
            self.index.is_disputed(spn, *id)
                || found.via.as_ref().is_some_and(|via| self.index.is_disputed(via, *id))
        };
        Owners {
            accounts: found.owners.iter().filter_map(|id| self.record(*id)).collect(),
            via_host: found.via.is_some(),
            disputed: found.owners.iter().any(disputed),
        }
    }

    /// The record that says most of an account: one with its real name before one that has only the CN.
    fn record(&self, id: AccountId) -> Option<&'a Account> {
        self.index
            .records(id)
            .max_by_key(|r| (!r.name_is_cn, r.password_last_set, r.dns_host_name.is_some(), r.spns.len()))
    }

    /// Accounts of this name, with or without `$`, also cut to 15 characters, in any domain.
    pub fn named(&self, name: &str) -> Vec<&'a Account> {
        let Some(host) = HostName::parse(name.trim_end_matches('$')) else { return Vec::new() };
        let mut ids = self.index.named(name, None);
        ids.extend(self.index.named(host.netbios(), None));
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.record(id)).collect()
    }

    fn computers<'s>(&'s self, label: &str) -> impl Iterator<Item = &'a Account> + 's {
        self.named(label).into_iter().filter(|a| a.name.ends_with('$') || a.dns_host_name.is_some())
    }

    /// A computer account of this name exists in the domain.
    pub fn has_computer(&self, label: &str, domain: &str) -> bool {
        self.computers(label).any(|a| a.domain.eq_ignore_ascii_case(domain))
    }

    /// Domains that have a computer account of this name.
    pub fn computer_domains(&self, label: &str) -> Vec<String> {
        self.computers(label).filter(|a| !a.domain.is_empty()).map(|a| a.domain.to_lowercase()).collect()
    }

    /// The computer of this name in this domain has this DNS name (a disjoint namespace).
    pub fn computer_has_dns_name(&self, label: &str, domain: &str, host: &HostName) -> bool {
        self.computers(label).any(|a| {
            a.domain.eq_ignore_ascii_case(domain)
                && a.dns_host_name
                    .iter()
                    .chain(&a.additional_dns_host_names)
                    .any(|n| HostName::parse(n).is_some_and(|n| n == *host))
        })
    }

    /// Every SPN of the domain was exported: one that is not listed is registered nowhere in it.
    pub fn is_complete(&self, domain: &str) -> bool {
        self.index.is_complete(domain)
    }

    /// `HOST/x` stands for `class/x`.
    pub fn host_covers(&self, class: &str) -> bool {
        self.index.aliases().covers(class)
    }
}
