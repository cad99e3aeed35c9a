//! The directory as the diagnosis queries it: who owns an SPN, which accounts have a name. [`SpnIndex`]
//! merges what the files say about one account; the directory gives one record per account.

use super::accounts::{Account, AccountId, AccountInventory, HostAliases, SpnIndex};
use crate::names::{HostName, Spn};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum number of owners of one SPN that are compared. All pairs are compared, and a crafted list could have a million
/// owners.
const MAX_OWNERS: usize = 64;

/// Maximum number of owners of an SPN that are compared again for each incident. The result for an SPN with more owners is
/// kept.
const FEW_OWNERS: usize = 4;

/// The accounts of all lists of a run.
pub struct Directory<'a> {
    index: SpnIndex<'a>,
    /// The latest date and the number of computers with a date, by file.
    newest: HashMap<&'a str, (Timestamp, u32)>,
    /// Number of failover clusters by domain.
    clusters: HashMap<String, usize>,
    /// Domains in lower case.
    domains: HashSet<String>,
    /// Does a list have computers, and not only service accounts?
    lists_computers: bool,
    /// Owners of SPNs with more than [`FEW_OWNERS`], by the key of the SPN.
    owners_of_many: Mutex<HashMap<Box<str>, OwnerIds>>,
}

/// [`Owners`] with ids in place of accounts.
#[derive(Debug, Clone, Default)]
struct OwnerIds {
    accounts: Vec<AccountId>,
    disputed: Option<(Arc<str>, String)>,
}

/// The accounts on which an SPN is registered.
#[derive(Debug, Default)]
pub struct Owners<'a> {
    pub accounts: Vec<&'a Account>,
    /// An account that owns the SPN in one file and not in another one, so that one of them is outdated, and the `file:line`
    /// that lists the SPN.
    pub disputed: Option<(Arc<str>, String)>,
}

impl Owners<'_> {
    pub fn is_single(&self) -> bool {
        self.accounts.len() == 1
    }
}

impl<'a> Directory<'a> {
    pub fn new(inventory: &'a AccountInventory, aliases: &HostAliases) -> Self {
        Self {
            index: SpnIndex::new(inventory, aliases),
            newest: newest_dates(inventory),
            clusters: clusters(inventory),
            domains: domains(inventory),
            lists_computers: inventory.accounts.iter().any(Account::is_computer),
            owners_of_many: Mutex::default(),
        }
    }

    /// The latest date in a list, and the number of its computers with a date; `None` for fewer than ten computers.
    pub fn newest_date(&self, file: &str) -> Option<(Timestamp, u32)> {
        self.newest.get(file).copied()
    }

    /// The accounts on which exactly this SPN is registered.
    pub fn registered(&self, spn: &Spn) -> Owners<'a> {
        let OwnerIds { accounts, disputed } = self.owner_ids(spn);
        Owners { accounts: accounts.into_iter().filter_map(|id| self.record(id)).collect(), disputed }
    }

    fn owner_ids(&self, spn: &Spn) -> OwnerIds {
        let ids = self.index.owners(spn);
        let Some(key) = self.index.key_of(spn).filter(|_| ids.len() > FEW_OWNERS) else {
            return self.find_owners(spn, ids);
        };
        let mut owners_of_many = self.owners_of_many.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owners) = owners_of_many.get(key) {
            return owners.clone();
        }
        let owners = self.find_owners(spn, ids);
        owners_of_many.insert(key.into(), owners.clone());
        owners
    }

    fn find_owners(&self, spn: &Spn, ids: &[AccountId]) -> OwnerIds {
        // One account can be in two lists, under its CN and under its name, without being merged. Count it once.
        let mut kept: Vec<(AccountId, &Account)> = Vec::new();
        for &id in ids.iter().take(MAX_OWNERS) {
            let Some(record) = self.record(id) else { continue };
            match kept.iter_mut().find(|(other, _)| !self.index.surely_different(*other, id)) {
                Some(same) if same.1.name_is_cn && !record.name_is_cn => *same = (id, record),
                Some(_) => {}
                None => kept.push((id, record)),
            }
        }
        OwnerIds {
            accounts: kept.into_iter().map(|(id, _)| id).collect(),
            disputed: ids
                .iter()
                .find(|id| self.index.is_disputed(spn, **id))
                .map(|id| (self.index.name(*id), self.index.source_of(spn, *id).unwrap_or_default())),
        }
    }

    /// The accounts on which the alias of the SPN is registered (`HOST/x` for `cifs/x`). Empty if the class has no alias.
    pub fn registered_as_host(&self, spn: &Spn) -> Owners<'a> {
        match self.index.aliases().alias(&spn.class) {
            Some(alias) => self.registered(&spn.with_class(alias)),
            None => Owners::default(),
        }
    }

    /// The most complete record of an account: one with its real name rather than one with only the CN.
    fn record(&self, id: AccountId) -> Option<&'a Account> {
        self.index.records(id).max_by_key(|r| {
            let attributes = r.attributes_listed();
            (!r.name_is_cn, r.password_last_set, attributes, r.dns_host_name.is_some(), r.spns.len())
        })
    }

    /// Accounts of this name in any domain, with or without `$`, and those of its first 15 characters.
    pub fn named(&self, name: &str) -> Vec<&'a Account> {
        if self.index.is_empty() {
            return Vec::new();
        }
        let Some(host) = HostName::parse(name.trim_end_matches('$')) else { return Vec::new() };
        let mut ids = self.index.named(name, None);
        ids.extend(self.index.named(host.netbios(), None));
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.record(id)).collect()
    }

    fn computers<'s>(&'s self, label: &str) -> impl Iterator<Item = &'a Account> + 's {
        self.named(label).into_iter().filter(|a| a.is_computer())
    }

    /// Does the domain have a computer account of this name?
    pub fn has_computer(&self, label: &str, domain: &str) -> bool {
        self.computers(label).any(|a| a.domain.eq_ignore_ascii_case(domain))
    }

    /// Domains that have a computer account of this name.
    pub fn computer_domains(&self, label: &str) -> Vec<String> {
        self.computers(label).filter(|a| !a.domain.is_empty()).map(|a| a.domain.to_lowercase()).collect()
    }

    /// Does the computer of this name in this domain have this DNS name (a disjoint namespace)? Its
    /// attributes or its own `HOST/` SPNs show that.
    pub fn computer_has_dns_name(&self, label: &str, domain: &str, host: &HostName) -> bool {
        // A computer may have brought the SPN along from another domain, so the SPN alone is not enough.
        let elsewhere = host.domain().is_some_and(|d| self.has_computer(label, d));
        self.computers(label).any(|a| {
            let is_host = |name: &str| HostName::parse(name).is_some_and(|n| n == *host);
            a.domain.eq_ignore_ascii_case(domain)
                && (a.dns_host_name.iter().chain(&a.additional_dns_host_names).any(|n| is_host(n))
                    || (!elsewhere && a.has_host_spn(host)))
        })
    }

    /// Is every SPN of the domain exported? Then an SPN that is not listed is not registered in it.
    pub fn is_complete(&self, domain: &str) -> bool {
        self.index.is_complete(domain)
    }

    /// Number of failover clusters in the lists of the domain.
    pub fn clusters_of(&self, domain: &str) -> usize {
        self.clusters.get(&domain.to_lowercase()).copied().unwrap_or_default()
    }

    /// Does an account belong to this domain (in lower case)?
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.contains(domain)
    }

    /// Does a list have computers? Only then a missing computer means something.
    pub fn lists_computers(&self) -> bool {
        self.lists_computers
    }

    /// Is `HOST/x` an alias for `class/x`?
    pub fn host_covers(&self, class: &str) -> bool {
        self.index.aliases().covers(class)
    }
}

/// Counts the clusters of each domain. Every name in a cluster has an account with [cluster SPNs](Account::is_cluster_name).
/// The account of the cluster's own name also has the SPN of the management API.
fn clusters(inventory: &AccountInventory) -> HashMap<String, usize> {
    let mut names: HashMap<String, (BTreeSet<String>, BTreeSet<String>)> = HashMap::new();
    for account in inventory.accounts.iter().filter(|a| a.is_cluster_name()) {
        let own = account.manages_cluster();
        let (clusters, others) = names.entry(account.domain.to_lowercase()).or_default();
        let names = if own { clusters } else { others };
        names.insert(account.name.trim_end_matches('$').to_lowercase());
    }
    let count = |(clusters, others): (BTreeSet<_>, BTreeSet<_>)| match clusters.len() {
        0 => others.len(),
        count => count,
    };
    names.into_iter().map(|(domain, names)| (domain, count(names))).collect()
}

/// The domains of all accounts in lower case.
fn domains(inventory: &AccountInventory) -> HashSet<String> {
    let mut domains = HashSet::new();
    // Accounts of one file share one copy of their domain.
    let mut last: Option<&Arc<str>> = None;
    for domain in inventory.accounts.iter().map(|account| &account.domain).filter(|domain| !domain.is_empty())
    {
        if !last.is_some_and(|last| Arc::ptr_eq(last, domain)) {
            domains.insert(domain.to_lowercase());
            last = Some(domain);
        }
    }
    domains
}

/// Fewest computers whose latest date shows how old a list is. Fewer may all have been off for weeks.
const MIN_COMPUTERS: u32 = 10;

fn newest_dates(inventory: &AccountInventory) -> HashMap<&str, (Timestamp, u32)> {
    let mut files: HashMap<&str, (u32, Option<Timestamp>)> = HashMap::new();
    for account in &inventory.accounts {
        let Some(source) = &account.source else { continue };
        let (computers, newest) = files.entry(&*source.file).or_default();
        *computers += u32::from(account.is_computer() && account.password_last_set.is_some());
        *newest = (*newest).max(account.password_last_set).max(account.when_changed);
    }
    files
        .into_iter()
        .filter(|(_, (computers, _))| *computers >= MIN_COMPUTERS)
        .filter_map(|(file, (computers, newest))| Some((file, (newest?, computers))))
        .collect()
}
