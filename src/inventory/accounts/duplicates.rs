//! Finds errors in the account lists alone, without events, for `krbtriage audit --spns`.
//!
//! `setspn -X` finds only [`DuplicateKind::Spn`]. Before Windows 10 it compares case, and it never looks into domains that
//! it was not asked for.

use super::account::Account;
use super::spn_index::{AccountId, SpnIndex};

/// A kind of error in account lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DuplicateKind {
    /// An SPN on two or more accounts.
    Spn,
    /// An account has an SPN of a class that `HOST/` covers, and shadows another account with the `HOST/` form.
    HostAlias,
    /// Accounts of one name in two or more domains.
    AccountName,
}

/// An SPN or a name that several accounts have, as the audit reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    pub kind: DuplicateKind,
    /// The SPN in the spelling of its first owner, or the name of the accounts.
    pub name: String,
    /// The accounts that have the SPN or the name. For [`DuplicateKind::HostAlias`], the accounts that shadow others.
    pub accounts: Vec<AccountId>,
    /// For [`DuplicateKind::HostAlias`], the owners of the `HOST/` form; otherwise empty.
    pub shadowed: Vec<AccountId>,
    /// Are at least two of the accounts different however the files are read ([`SpnIndex::surely_different`]), and does no
    /// file contradict that they own the SPN?
    pub certain: bool,
}

impl SpnIndex<'_> {
    /// Duplicate SPNs, `HOST/` collisions and same-named accounts, in this order and by name.
    ///
    /// `kadmin/changepw`, which the krbtgt of every domain has, and the accounts of trusts are left out.
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let mut found: Vec<Duplicate> = Vec::new();
        for (key, ids) in self.spn_entries() {
            found.extend(self.duplicate_spn(key, ids));
            found.extend(self.shadowing(key, ids));
        }
        found.extend(self.name_entries().filter_map(|ids| self.same_name(ids)));
        found.sort_by(|a, b| {
            (a.kind, a.name.to_lowercase(), &a.accounts).cmp(&(b.kind, b.name.to_lowercase(), &b.accounts))
        });
        // A long CN is found under two names.
        found.dedup();
        found
    }

    /// The finding if two or more accounts have the SPN with this key.
    fn duplicate_spn(&self, key: &str, ids: &[AccountId]) -> Option<Duplicate> {
        if ids.len() < 2 || (key == "kadmin/changepw" && ids.iter().all(|id| self.is_krbtgt(*id))) {
            return None;
        }
        let undisputed: Vec<AccountId> =
            ids.iter().copied().filter(|id| !self.key_is_disputed(key, *id)).collect();
        Some(Duplicate {
            kind: DuplicateKind::Spn,
            name: self.as_written(key),
            accounts: ids.to_vec(),
            shadowed: Vec::new(),
            certain: self.some_differ(&undisputed, &undisputed),
        })
    }

    /// The finding if an account with the SPN of this key shadows another one with the `HOST/` form.
    fn shadowing(&self, key: &str, ids: &[AccountId]) -> Option<Duplicate> {
        let (class, rest) = key.split_once('/')?;
        let alias = self.aliases().alias(class)?;
        let host_key = format!("{alias}/{rest}");
        let hosts = self.owners_of_key(&host_key);
        // An account with both is the owner either way.
        let apart = |of: &[AccountId], from: &[AccountId]| -> Vec<AccountId> {
            of.iter().copied().filter(|id| from.binary_search(id).is_err()).collect()
        };
        let (shadowing, shadowed) = (apart(ids, hosts), apart(hosts, ids));
        if shadowing.is_empty() || shadowed.is_empty() {
            return None;
        }
        let undisputed = |ids: &[AccountId], key: &str| -> Vec<AccountId> {
            ids.iter().copied().filter(|id| !self.key_is_disputed(key, *id)).collect()
        };
        let certain = self.some_differ(&undisputed(&shadowing, key), &undisputed(&shadowed, &host_key));
        Some(Duplicate {
            kind: DuplicateKind::HostAlias,
            name: self.as_written(key),
            accounts: shadowing,
            shadowed,
            certain,
        })
    }

    /// The finding if computers or accounts with an SPN have one name in two domains. Others are left out: people have
    /// namesakes, and nobody requests a ticket for them.
    fn same_name(&self, ids: &[AccountId]) -> Option<Duplicate> {
        if ids.len() < 2 {
            return None;
        }
        let of_interest: Vec<AccountId> = ids
            .iter()
            .copied()
            .filter(|id| self.records(*id).any(|r| r.name.ends_with('$') || !r.spns.is_empty()))
            // Every child domain has a trust account of the same name for the root domain.
            .filter(|id| !self.is_krbtgt(*id) && !self.records(*id).any(Account::is_trust))
            .collect();
        let first = *of_interest.first()?;
        let name = self.name(first).to_lowercase();
        let domain = |id: AccountId| self.domain(id).and_then(|d| self.domains.key(&d));
        let namesakes: Vec<AccountId> = of_interest
            .into_iter()
            .filter(|id| {
                let other = self.name(*id).to_lowercase();
                let cn = self.records(*id).chain(self.records(first)).all(|r| r.name_is_cn);
                other == name
                    || (!cn
                        && other.trim_end_matches('$') == name.trim_end_matches('$')
                        && self.both_computers(first, *id))
            })
            .collect();
        let mut domains: Vec<String> = namesakes.iter().filter_map(|id| domain(*id)).collect();
        domains.sort();
        domains.dedup();
        if domains.len() < 2 {
            return None;
        }
        Some(Duplicate {
            kind: DuplicateKind::AccountName,
            name: self.name(first).to_string(),
            certain: self.some_differ(&namesakes, &namesakes),
            accounts: namesakes,
            shadowed: Vec::new(),
        })
    }

    fn as_written(&self, key: &str) -> String {
        self.written(key).map_or_else(|| key.to_owned(), ToString::to_string)
    }

    fn both_computers(&self, a: AccountId, b: AccountId) -> bool {
        self.is_computer(a) && self.is_computer(b)
    }

    /// Is it krbtgt, or krbtgt_12345 of a read-only domain controller?
    fn is_krbtgt(&self, id: AccountId) -> bool {
        let name = self.name(id).to_lowercase();
        name == "krbtgt"
            || name
                .strip_prefix("krbtgt_")
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Is any of `a` certainly another account than any of `b`? Only the first few are compared, because an SPN may be on a
    /// thousand accounts.
    fn some_differ(&self, a: &[AccountId], b: &[AccountId]) -> bool {
        const MAX_COMPARED: usize = 16;
        a.iter()
            .take(MAX_COMPARED)
            .any(|x| b.iter().take(MAX_COMPARED).any(|y| x != y && self.surely_different(*x, *y)))
    }
}
