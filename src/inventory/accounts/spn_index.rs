//! Finds the owners of an SPN in all files and domains.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::merge::{self, DomainKeys};
use super::spn_key::stored_key;
use super::spn_list::SpnOffset;
use super::{Account, AccountInventory, HostAliases};
use crate::names::Spn;

/// Maximum number of characters of a computer's name in its sAMAccountName, before the `$`. Its CN is not truncated.
const NETBIOS_LEN: usize = 15;

/// An account of a [`SpnIndex`], numbered in the order of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub(super) u32);

/// All accounts of a run, merged over the files, with their lookup tables.
pub struct SpnIndex<'a> {
    inventory: &'a AccountInventory,
    aliases: HostAliases,
    pub(super) domains: DomainKeys,
    /// Account of each record of the inventory.
    account_of: Vec<AccountId>,
    /// Records by account: those of `i` are `records[starts[i]..starts[i + 1]]`.
    records: Vec<u32>,
    starts: Vec<u32>,
    disputes: Disputes,
    /// The accounts of each SPN, by [`stored_key`].
    by_spn: HashMap<Box<str>, SpnEntry>,
    /// The accounts of each name, in lower case and without `$`. A long CN is also under its first 15 characters.
    by_name: HashMap<Box<str>, Ids>,
}

/// An SPN with its owners.
struct SpnEntry {
    ids: Ids,
    /// Position of the SPN in the list of its first owner: the index of the record, and the offset in the list.
    first: (u32, SpnOffset),
}

/// The accounts that own an SPN. Usually it is one, and a vector for each of a million SPNs would take more memory than the
/// SPNs.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    One(AccountId),
    Many(Vec<AccountId>),
}

impl Ids {
    pub(super) fn as_slice(&self) -> &[AccountId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    /// Adds an account unless it is the last one. [`settle`](Self::settle) removes other repetitions.
    fn add(&mut self, id: AccountId) {
        match self {
            Self::One(known) if *known == id => {}
            Self::One(known) => *self = Self::Many(vec![*known, id]),
            Self::Many(ids) if ids.last() == Some(&id) => {}
            Self::Many(ids) => ids.push(id),
        }
    }

    /// Sorts the accounts, and removes repetitions.
    fn settle(&mut self) {
        if let Self::Many(ids) = self {
            ids.sort_unstable();
            ids.dedup();
            match ids.as_slice() {
                [one] => *self = Self::One(*one),
                _ => ids.shrink_to_fit(),
            }
        }
    }
}

impl<'a> SpnIndex<'a> {
    pub fn new(inventory: &'a AccountInventory, aliases: &HostAliases) -> Self {
        let accounts = &inventory.accounts;
        let domains = DomainKeys::new(accounts);
        let account_of: Vec<AccountId> =
            merge::accounts_of(accounts, &domains).into_iter().map(AccountId).collect();
        let (records, starts) = by_account(&account_of);
        let spns = accounts.iter().map(|a| a.spns.len()).sum();
        let mut index = Self {
            inventory,
            aliases: aliases.clone(),
            domains,
            account_of,
            records,
            starts,
            disputes: Disputes::default(),
            by_spn: HashMap::with_capacity(spns),
            by_name: HashMap::with_capacity(accounts.len()),
        };
        for (n, (account, id)) in accounts.iter().zip(&index.account_of).enumerate() {
            for (place, spn) in account.spns.with_offsets() {
                let first = (u32::try_from(n).unwrap_or(u32::MAX), place);
                index
                    .by_spn
                    .entry(stored_key(spn))
                    .and_modify(|known| known.ids.add(*id))
                    .or_insert(SpnEntry { ids: Ids::One(*id), first });
            }
            let add = |to: &mut HashMap<Box<str>, Ids>, key: Box<str>| {
                to.entry(key).and_modify(|ids| ids.add(*id)).or_insert(Ids::One(*id));
            };
            let name = account.name.to_lowercase();
            let name = name.strip_suffix('$').unwrap_or(&name);
            if account.name_is_cn
                && let Some((end, _)) = name.char_indices().nth(NETBIOS_LEN)
            {
                add(&mut index.by_name, name.get(..end).unwrap_or(name).into());
            }
            add(&mut index.by_name, name.into());
        }
        index.by_spn.values_mut().for_each(|known| known.ids.settle());
        index.by_name.values_mut().for_each(Ids::settle);
        index.disputes = Disputes::find(&index);
        index
    }

    pub fn aliases(&self) -> &HostAliases {
        &self.aliases
    }

    /// Number of accounts.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(AccountId)
    }

    /// Accounts on which exactly this SPN is registered, compared by [`Spn::key`].
    ///
    /// The realm of `spn` is that of the request, and not part of the registration. Only if no account owns the SPN without
    /// its realm, accounts are found whose directory entry includes the realm (`HTTP/fela@corp.local`).
    pub fn owners(&self, spn: &Spn) -> &[AccountId] {
        self.entry(spn).map_or(&[], |(_, known)| known.ids.as_slice())
    }

    /// The key under which the SPN is registered; `None` if no account owns it.
    pub(in crate::inventory) fn key_of(&self, spn: &Spn) -> Option<&str> {
        self.entry(spn).map(|(key, _)| key)
    }

    fn entry(&self, spn: &Spn) -> Option<(&str, &SpnEntry)> {
        let key = spn.key();
        let found = self.by_spn.get_key_value(key.as_str()).or_else(|| {
            let realm = spn.realm.as_deref()?;
            self.by_spn.get_key_value(format!("{key}@{}", realm.to_lowercase()).as_str())
        });
        found.map(|(key, known)| (&**key, known))
    }

    /// Do the files disagree on whether this account owns the SPN? One file lists it, but another one does not, although
    /// that has all SPNs of the account or all accounts with SPNs of its domain. One of the two is outdated.
    pub fn is_disputed(&self, spn: &Spn, id: AccountId) -> bool {
        let Some((key, _)) = self.entry(spn) else { return false };
        self.key_is_disputed(key, id)
    }

    /// The `file:line` that lists the SPN for this account; `None` if no file does.
    pub fn source_of(&self, spn: &Spn, id: AccountId) -> Option<String> {
        let (key, _) = self.entry(spn)?;
        let lists = |record: &&Account| record.spns.lookup().has_key(key);
        self.records(id).find(lists).map(file_and_line)
    }

    pub(super) fn key_is_disputed(&self, key: &str, id: AccountId) -> bool {
        self.disputes.whole.contains(&id)
            || self.disputes.spns.get(&id).is_some_and(|keys| keys.contains(key))
    }

    /// Are these two accounts different in every reading of the files? Only then do two owners prove a duplicate.
    pub fn surely_different(&self, a: AccountId, b: AccountId) -> bool {
        let (a, b): (Vec<_>, Vec<_>) = (self.records(a).collect(), self.records(b).collect());
        merge::surely_different(&a, &b, &self.domains)
    }

    /// Accounts of this name, in any case, with or without `$`. With a `domain` (DNS or NetBIOS name), only those of the
    /// domain and those whose domain is unknown. If a name with `$` and one without exist, the spelling of `name` decides.
    pub fn named(&self, name: &str, domain: Option<&str>) -> Vec<AccountId> {
        let lower = name.trim().to_lowercase();
        let bare = lower.strip_suffix('$').unwrap_or(&lower);
        let in_domain = |id: &AccountId| domain.is_none_or(|domain| self.may_be_in(*id, domain));
        let all: Vec<AccountId> = self.ids_named(bare).iter().copied().filter(in_domain).collect();
        let as_written: Vec<AccountId> = all
            .iter()
            .copied()
            .filter(|id| {
                self.records(*id).any(|r| {
                    let name = r.name.to_lowercase();
                    name == lower || (r.name_is_cn && name == bare)
                })
            })
            .collect();
        if as_written.is_empty() { all } else { as_written }
    }

    fn ids_named(&self, bare: &str) -> &[AccountId] {
        self.by_name.get(bare).map_or(&[], Ids::as_slice)
    }

    fn may_be_in(&self, id: AccountId, domain: &str) -> bool {
        match (self.domain(id).and_then(|d| self.domains.key(&d)), self.domains.key(domain)) {
            (Some(own), Some(asked)) => {
                let first = |d: &str| d.split('.').next().map(str::to_owned);
                own == asked || (!asked.contains('.') && first(&own) == Some(asked))
            }
            _ => true,
        }
    }

    /// Is it a computer (or managed service) account? Its name ends in `$`, or it has a host's name or SPN.
    pub fn is_computer(&self, id: AccountId) -> bool {
        self.records(id).any(Account::is_computer)
    }

    /// Are all SPNs of the domain's accounts exported? Then an SPN without an owner is not registered in it.
    pub fn is_complete(&self, domain: &str) -> bool {
        let key = self.domains.key(domain);
        key.is_some() && self.inventory.complete_domains.iter().any(|d| self.domains.key(d) == key)
    }

    /// The records of an account, in the order of the files.
    pub fn records(&self, id: AccountId) -> impl Iterator<Item = &'a Account> + use<'_, 'a> {
        let at = |i: usize| self.starts.get(i).map_or(0, |start| *start as usize);
        let range = at(id.0 as usize)..at(id.0 as usize + 1);
        let inventory = self.inventory;
        self.records
            .get(range)
            .unwrap_or_default()
            .iter()
            .filter_map(move |record| inventory.accounts.get(*record as usize))
    }

    /// The sAMAccountName of an account, or its CN if no file has that.
    pub fn name(&self, id: AccountId) -> Arc<str> {
        let named = self.records(id).find(|r| !r.name_is_cn).or_else(|| self.records(id).next());
        named.map(|r| Arc::clone(&r.name)).unwrap_or_default()
    }

    /// The DNS domain of an account if a file has it, else the NetBIOS name; `None` if no file has a domain.
    pub fn domain(&self, id: AccountId) -> Option<Arc<str>> {
        let known = || self.records(id).map(|r| &r.domain).filter(|d| !d.is_empty());
        known().find(|d| d.contains('.')).or_else(|| known().next()).map(Arc::clone)
    }

    /// Every registered SPN: its key and its owners.
    pub(super) fn spn_entries(&self) -> impl Iterator<Item = (&str, &[AccountId])> {
        self.by_spn.iter().map(|(key, known)| (&**key, known.ids.as_slice()))
    }

    pub(super) fn owners_of_key(&self, key: &str) -> &[AccountId] {
        self.by_spn.get(key).map_or(&[], |known| known.ids.as_slice())
    }

    /// The SPN as its first owner has it.
    pub(super) fn written(&self, key: &str) -> Option<&'a str> {
        let (record, spn) = self.by_spn.get(key)?.first;
        self.inventory.accounts.get(record as usize)?.spns.at(spn)
    }

    pub(super) fn name_entries(&self) -> impl Iterator<Item = &[AccountId]> {
        self.by_name.values().map(Ids::as_slice)
    }
}

/// The SPNs on whose owners the files disagree.
#[derive(Default)]
struct Disputes {
    /// Accounts that are in one file, and not in another one that has every account with SPNs of the domain.
    whole: HashSet<AccountId>,
    /// The keys of SPNs that one file lists and another one omits, by account.
    spns: HashMap<AccountId, HashSet<Box<str>>>,
}

/// The SPNs that one file lists for one account.
#[derive(Default)]
struct FileSpns {
    /// The file does not prove that an SPN that it omits is not registered.
    partial: bool,
    keys: HashSet<Box<str>>,
}

impl Disputes {
    fn find(index: &SpnIndex<'_>) -> Self {
        let inventory = index.inventory;
        let mut complete: HashMap<String, Vec<&Arc<str>>> = HashMap::new();
        for (file, domain) in &inventory.complete_files {
            if let Some(key) = index.domains.key(domain) {
                complete.entry(key).or_default().push(file);
            }
        }
        // A file without any SPN says nothing about them.
        let with_spns: HashSet<&Arc<str>> =
            inventory.files.iter().filter(|f| f.rows > 0).map(|f| &f.path).collect();
        let mut disputes = Self::default();
        for id in index.ids() {
            let file = |record: &'_ Account| record.source.as_ref().map(|s| Arc::clone(&s.file));
            let whole: &[&Arc<str>] = index
                .domain(id)
                .and_then(|domain| complete.get(&index.domains.key(&domain)?))
                .map_or(&[], Vec::as_slice);
            let mut records = index.records(id);
            if let (Some(record), None) = (records.next(), records.next()) {
                let own = file(record);
                if whole.iter().any(|of| Some(*of) != own.as_ref()) {
                    disputes.whole.insert(id);
                }
                continue;
            }
            let mut listings: HashMap<Option<Arc<str>>, FileSpns> = HashMap::new();
            for record in index.records(id) {
                let file = file(record);
                let silent = record.spns_are_partial || file.as_ref().is_none_or(|f| !with_spns.contains(f));
                let listing = listings.entry(file).or_default();
                listing.partial |= silent;
                listing.keys.extend(record.spns.iter().map(stored_key));
            }
            for file in whole {
                listings.entry(Some(Arc::clone(file))).or_default().partial = false;
            }
            let keys: HashSet<&Box<str>> = listings.values().flat_map(|l| &l.keys).collect();
            let disputed: HashSet<Box<str>> = keys
                .into_iter()
                .filter(|key| listings.values().any(|l| !l.partial && !l.keys.contains(*key)))
                .cloned()
                .collect();
            if !disputed.is_empty() {
                disputes.spns.insert(id, disputed);
            }
        }
        disputes
    }
}

/// The `file:line` of a record.
fn file_and_line(record: &Account) -> String {
    record.source.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The indexes of the records sorted by account, and where those of each account begin.
fn by_account(account_of: &[AccountId]) -> (Vec<u32>, Vec<u32>) {
    let mut records: Vec<u32> = (0..u32::try_from(account_of.len()).unwrap_or(u32::MAX)).collect();
    let account = |record: &u32| account_of.get(*record as usize).copied();
    records.sort_by_key(account);
    let mut starts = Vec::new();
    let mut last = None;
    for (at, record) in records.iter().enumerate() {
        if account(record) != last {
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
            last = account(record);
        }
    }
    starts.push(u32::try_from(records.len()).unwrap_or(u32::MAX));
    (records, starts)
}
