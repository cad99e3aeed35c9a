//! Merges the records of several files that describe one account.
//!
//! Records with the same distinguished name are one account, and so are records with the same sAMAccountName in one domain.
//! `setspn` has no sAMAccountName, and the project's CSV has no distinguished name. Their records are merged by name if only
//! one account fits. Records that are not merged may still be one account ([`surely_different`]).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Account;
use super::ldap_values::DistinguishedName;
use crate::names::{HostName, domain_key};

/// Converts the domains of accounts to the form in which they are compared, which is a DNS domain in lower case. A NetBIOS
/// name becomes the DNS domain that has it as first label, if exactly one is known.
pub(super) struct DomainKeys {
    /// DNS domain by its first label; `None` if two domains have it.
    of_flat: HashMap<String, Option<String>>,
}

impl DomainKeys {
    pub(super) fn new(accounts: &[Account]) -> Self {
        let dotted: HashSet<&str> = accounts.iter().map(|a| &*a.domain).filter(|d| d.contains('.')).collect();
        let mut of_flat: HashMap<String, Option<String>> = HashMap::new();
        let keys: BTreeSet<String> = dotted.into_iter().filter_map(domain_key).collect();
        for domain in keys {
            let flat = domain.split('.').next().unwrap_or_default().to_owned();
            of_flat.entry(flat).and_modify(|known| *known = None).or_insert(Some(domain));
        }
        Self { of_flat }
    }

    /// The form in which a domain is compared; `None` if it is empty.
    pub(super) fn key(&self, domain: &str) -> Option<String> {
        let key = domain_key(domain)?;
        match self.of_flat.get(&key) {
            Some(Some(dotted)) if !key.contains('.') => Some(dotted.clone()),
            _ => Some(key),
        }
    }
}

/// The account number of every record, counted from 0 in the order of the records.
pub(super) fn accounts_of(records: &[Account], domains: &DomainKeys) -> Vec<u32> {
    let mut same = DisjointSets::new(records.len());
    let mut by_dn: HashMap<String, usize> = HashMap::new();
    let mut by_name: HashMap<(String, String), usize> = HashMap::new();
    // Domain and name without `$` -> records with a CN only, and records with a sAMAccountName only.
    let mut halves: HashMap<(String, String), (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (i, record) in records.iter().enumerate() {
        let dn = record.distinguished_name.as_deref().and_then(DistinguishedName::parse);
        if let Some(dn) = &dn {
            same.join(i, *by_dn.entry(dn.key()).or_insert(i));
        }
        let Some(domain) = domains.key(&record.domain) else {
            // Without a domain, it belongs to the accounts of that name that have no domain either.
            if !record.name_is_cn {
                same.join(i, *by_name.entry((String::new(), record.name.to_lowercase())).or_insert(i));
            }
            continue;
        };
        let name = record.name.to_lowercase();
        if record.name_is_cn || dn.is_none() {
            let bare = name.strip_suffix('$').unwrap_or(&name).to_owned();
            let (cn, sam) = halves.entry((domain.clone(), bare)).or_default();
            if record.name_is_cn { cn.push(i) } else { sam.push(i) }
        }
        if !record.name_is_cn {
            same.join(i, *by_name.entry((domain, name)).or_insert(i));
        }
    }
    for (cn, sam) in halves.into_values() {
        if let (Some(cn), Some(sam)) = (same.only_set(&cn), same.only_set(&sam)) {
            same.join(cn, sam);
        }
    }
    same.numbers()
}

/// Disjoint sets of record numbers (union-find).
struct DisjointSets {
    parent: Vec<u32>,
}

impl DisjointSets {
    fn new(len: usize) -> Self {
        Self { parent: (0..u32::try_from(len).unwrap_or(u32::MAX)).collect() }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while let Some(&up) = self.parent.get(i) {
            if up as usize == i {
                break;
            }
            // Halves the path, so that long chains cost once.
            let above = self.parent.get(up as usize).copied().unwrap_or(up);
            if let Some(parent) = self.parent.get_mut(i) {
                *parent = above;
            }
            i = above as usize;
        }
        i
    }

    /// Joins the sets of `a` and `b`. The smaller number stays the root, so that an account keeps the position of its first
    /// record.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(parent) = self.parent.get_mut(a.max(b)) {
            *parent = u32::try_from(a.min(b)).unwrap_or(u32::MAX);
        }
    }

    /// The root of the set that has all these members; `None` if they are in several.
    fn only_set(&mut self, members: &[usize]) -> Option<usize> {
        let (first, rest) = members.split_first()?;
        let root = self.root(*first);
        rest.iter().all(|i| self.root(*i) == root).then_some(root)
    }

    /// The number of each member's set. Sets are numbered from 0 in the order of their first members.
    fn numbers(mut self) -> Vec<u32> {
        let mut number_of_root = HashMap::new();
        (0..self.parent.len())
            .map(|i| {
                let root = self.root(i);
                let next = u32::try_from(number_of_root.len()).unwrap_or(u32::MAX);
                *number_of_root.entry(root).or_insert(next)
            })
            .collect()
    }
}

/// Are these different accounts in every reading of the files? Only then do two owners prove a duplicate, because records of
/// one account are not always merged: `CN=Web Service` of `setspn` may be `svc_web` of a CSV.
pub(super) fn surely_different(a: &[&Account], b: &[&Account], domains: &DomainKeys) -> bool {
    let domain = |records: &[&Account]| records.iter().find_map(|r| domains.key(&r.domain));
    let (a_domain, b_domain) = (domain(a), domain(b));
    match (&a_domain, &b_domain) {
        (Some(x), Some(y)) if x != y => {
            // A NetBIOS name without a known DNS domain may belong to any of them.
            return x.contains('.') == y.contains('.');
        }
        _ => {}
    }
    match (sam_name(a), sam_name(b)) {
        (Some(a), Some(b)) => a != b,
        (Some(sam), None) => sam_is_not_cn(&sam, a, b),
        (None, Some(sam)) => sam_is_not_cn(&sam, b, a),
        // Two DNs that were not merged. An object may have been moved between two exports.
        (None, None) => common_name(a) != common_name(b),
    }
}

fn sam_name(records: &[&Account]) -> Option<String> {
    records.iter().find(|r| !r.name_is_cn).map(|r| r.name.to_lowercase())
}

fn common_name(records: &[&Account]) -> Option<String> {
    records
        .iter()
        .find_map(|r| DistinguishedName::parse(r.distinguished_name.as_deref()?))
        .and_then(|dn| dn.common_name().map(str::to_lowercase))
}

/// Is an account with this sAMAccountName certainly another one than an account of which only the CN is known? If both have
/// a DN, their CNs decide. Otherwise only computers are compared, because their CN is their name.
fn sam_is_not_cn(sam: &str, with_sam: &[&Account], with_cn: &[&Account]) -> bool {
    let Some(cn) = common_name(with_cn) else { return false };
    if let Some(own) = common_name(with_sam) {
        return own != cn;
    }
    let label = |name: &str| HostName::parse(name).map(|host| host.netbios().to_owned());
    sam.strip_suffix('$').is_some_and(|computer| label(computer) != label(&cn))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sam(name: &str, domain: &str) -> Account {
        Account { name: name.into(), domain: domain.into(), ..Account::default() }
    }

    fn with_dn(mut account: Account, dn: &str) -> Account {
        let mut domain = String::new();
        DistinguishedName::domain_of(dn, &mut domain).unwrap();
        account.domain = domain.into();
        account.distinguished_name = Some(dn.into());
        account
    }

    fn cn(dn: &str) -> Account {
        let name = DistinguishedName::parse(dn).unwrap();
        let name = name.common_name().unwrap();
        with_dn(Account { name: name.into(), name_is_cn: true, ..Account::default() }, dn)
    }

    fn numbers(records: &[Account]) -> Vec<u32> {
        accounts_of(records, &DomainKeys::new(records))
    }

    const SRV1: &str = "CN=srv1,CN=Computers,DC=alpha,DC=example,DC=com";

    #[test]
    fn one_account_in_several_files() {
        let records = [
            with_dn(sam("srv1$", ""), SRV1),
            cn(&SRV1.to_uppercase()),
            sam("SRV1$", "Alpha.Example.COM."),
            sam("srv1$", "ALPHA"),
            with_dn(sam("srv1$", ""), "CN=srv1,OU=Moved,DC=alpha,DC=example,DC=com"),
        ];
        assert_eq!(numbers(&records), [0; 5]);
    }

    #[test]
    fn names_alone_join_only_where_they_are_unambiguous() {
        assert_eq!(numbers(&[cn(SRV1), sam("srv1$", "alpha.example.com")]), [0, 0]);
        // A computer srv1$ and a user srv1: the CN may belong to either.
        let both = [cn(SRV1), sam("srv1$", "alpha.example.com"), sam("srv1", "alpha.example.com")];
        assert_eq!(numbers(&both), [0, 1, 2]);
        // One CN in two organizational units.
        let twice =
            [cn(SRV1), cn("CN=srv1,OU=x,DC=alpha,DC=example,DC=com"), sam("srv1$", "alpha.example.com")];
        assert_eq!(numbers(&twice), [0, 1, 2]);
    }

    #[test]
    fn two_domains_are_two_accounts() {
        let records = [
            sam("srv1$", "alpha.example.com"),
            sam("srv1$", "beta.example.com"),
            sam("srv1$", ""),
            // Two DNS domains begin with this label, so it matches neither.
            sam("srv1$", "alpha.test"),
            sam("srv1$", "ALPHA"),
        ];
        assert_eq!(numbers(&records), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn different_for_sure() {
        let alpha = "alpha.example.com";
        let web = "CN=Web Service,OU=s,DC=alpha,DC=example,DC=com";
        let table = [
            (sam("a", alpha), sam("b", alpha), true),
            (sam("a", alpha), sam("a", "beta.example.com"), true),
            (sam("a", alpha), sam("a", ""), false),
            (sam("a", alpha), sam("b", ""), true),
            (sam("a", alpha), sam("a", "CORP"), false),
            (sam("svc_web", alpha), cn(web), false),
            (sam("srv1$", alpha), cn(web), true),
            (sam("srv-long-hostna$", alpha), cn("CN=srv-long-hostname,DC=alpha,DC=example,DC=com"), false),
            (with_dn(sam("svc_web", ""), "CN=Other,DC=alpha,DC=example,DC=com"), cn(web), true),
            (cn(SRV1), cn("CN=srv1,OU=Moved,DC=alpha,DC=example,DC=com"), false),
            (cn(SRV1), cn(web), true),
        ];
        for (a, b, want) in table {
            let domains = DomainKeys::new(&[a.clone(), b.clone()]);
            assert_eq!(surely_different(&[&a], &[&b], &domains), want, "{a:?} {b:?}");
            assert_eq!(surely_different(&[&b], &[&a], &domains), want, "{b:?} {a:?}");
        }
    }
}
