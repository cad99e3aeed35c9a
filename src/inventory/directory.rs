//! The directory as the account lists show it: who owns an SPN, which accounts have a name.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::accounts::{Account, AccountInventory};
use crate::names::{HostName, Spn};

/// Service classes that `HOST/` stands for (sPNMappings of CN=Directory Service, forest default).
pub const HOST_ALIASES: &str = "alerter,appmgmt,cisvc,clipsrv,browser,dhcp,dnscache,replicator,eventlog,\
eventsystem,policyagent,oakley,dmserver,dns,mcsvc,fax,msiserver,ias,messenger,netlogon,netman,netdde,netddedsm,\
nmagent,plugplay,protectedstorage,rasman,rpclocator,rpc,rpcss,remoteaccess,rsvp,samss,scardsvr,scesrv,seclogon,\
scm,dcom,cifs,spooler,snmp,schedule,tapisrv,trksvr,trkwks,ups,time,wins,www,http,w3svc,iisadmin,msdtc";

/// An index over all account lists of a run.
pub struct Directory<'a> {
    accounts: Vec<&'a Account>,
    by_spn: HashMap<Box<str>, Vec<u32>>,
    /// By sAMAccountName without `$`, cut to 15 characters.
    by_name: HashMap<Box<str>, Vec<u32>>,
    complete: HashSet<String>,
    host_aliases: HashSet<String>,
    /// Domain and name of accounts that two files describe with different SPNs.
    disputed: HashSet<(Box<str>, Box<str>)>,
}

/// The owners of an SPN.
#[derive(Debug, Default)]
pub struct Owners<'a> {
    pub accounts: Vec<&'a Account>,
    /// Nobody owns the exact SPN; these own its `HOST/` form.
    pub via_host: bool,
    /// Files disagree about one of the owners.
    pub disputed: bool,
}

impl<'a> Directory<'a> {
    pub fn new(inventory: &'a AccountInventory) -> Self {
        let mut directory = Self {
            accounts: inventory.accounts.iter().collect(),
            by_spn: HashMap::new(),
            by_name: HashMap::new(),
            complete: inventory.complete_domains.iter().map(|d| d.to_lowercase()).collect(),
            host_aliases: HOST_ALIASES.split(',').map(str::to_owned).collect(),
            disputed: HashSet::new(),
        };
        for (i, account) in inventory.accounts.iter().enumerate() {
            let i = i as u32;
            for spn in &account.spns {
                let key = Spn::parse(spn).map_or_else(|| spn.to_lowercase(), |s| s.key());
                let owners = directory.by_spn.entry(key.into()).or_default();
                if owners.last() != Some(&i) {
                    owners.push(i);
                }
            }
            if let Some(name) = HostName::parse(account.name.trim_end_matches('$')) {
                directory.by_name.entry(name.netbios().into()).or_default().push(i);
            }
        }
        directory.find_disputed();
        directory
    }

    /// Two sources that both list an account's SPNs and differ in them: one is older than the other.
    fn find_disputed(&mut self) {
        for ids in self.by_name.values() {
            for (n, &a) in ids.iter().enumerate() {
                for &b in ids.iter().skip(n + 1).take(8) {
                    let (a, b) = (self.accounts[a as usize], self.accounts[b as usize]);
                    if same_account(a, b) && spn_set(a) != spn_set(b) {
                        self.disputed.insert(account_key(a));
                    }
                }
            }
        }
    }

    /// Owners of the SPN, exactly or, where there is none, of its `HOST/` form.
    pub fn owners(&self, spn: &Spn) -> Owners<'a> {
        let exact = self.by_spn.get(&*spn.key());
        let (ids, via_host) = match exact {
            Some(ids) => (Some(ids), false),
            None if self.host_covers(&spn.class) => (self.by_spn.get(&*spn.with_class("host").key()), true),
            None => (None, false),
        };
        let mut seen = BTreeSet::new();
        let accounts: Vec<&Account> = ids
            .into_iter()
            .flatten()
            .map(|&i| self.accounts[i as usize])
            .filter(|a| seen.insert(account_key(a)))
            .collect();
        let disputed = accounts.iter().any(|a| self.disputed.contains(&account_key(a)));
        Owners { via_host: via_host && !accounts.is_empty(), accounts, disputed }
    }

    /// Accounts of this name, with or without `$`, also cut to 15 characters, in any domain.
    pub fn named(&self, name: &str) -> Vec<&'a Account> {
        let Some(name) = HostName::parse(name.trim_end_matches('$')) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        self.by_name
            .get(name.netbios())
            .into_iter()
            .flatten()
            .map(|&i| self.accounts[i as usize])
            .filter(|a| HostName::parse(a.name.trim_end_matches('$')).is_some_and(|n| n.same_label(&name)))
            .filter(|a| seen.insert(account_key(a)))
            .collect()
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
        self.complete.contains(domain)
    }

    /// `HOST/x` stands for `class/x`.
    pub fn host_covers(&self, class: &str) -> bool {
        self.host_aliases.contains(&class.to_lowercase())
    }

    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    pub fn accounts(&self) -> &[&'a Account] {
        &self.accounts
    }
}

/// What makes two rows one account: domain and name.
fn account_key(account: &Account) -> (Box<str>, Box<str>) {
    (account.domain.to_lowercase().into(), account.name.trim_end_matches('$').to_lowercase().into())
}

fn same_account(a: &Account, b: &Account) -> bool {
    account_key(a) == account_key(b)
        && a.source.as_ref().map(|s| &s.file) != b.source.as_ref().map(|s| &s.file)
}

fn spn_set(account: &Account) -> BTreeSet<String> {
    account.spns.iter().map(|s| s.to_lowercase()).collect()
}
