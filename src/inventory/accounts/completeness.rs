//! Decides whether a file has all SPNs of a domain.

use std::sync::Arc;

use super::account::Account;

/// The service class of directory replication: every domain controller has one (MS-DRSR 2.2.3.2).
const REPLICATION_CLASS: &str = "E3514235-4B06-11D1-AB04-00C04FC2DCD2/";

/// Meaning of an SPN's absence from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Completeness {
    /// Nothing: the file is only a part, or lost some SPNs.
    Part,
    /// A domain is complete if the file has what only a full dump has: krbtgt's `kadmin/changepw` and a
    /// domain controller's replication SPN. An export of computers lacks the first, one of users the second,
    /// one of some SPN or organizational unit lacks one or both.
    #[default]
    Evident,
    /// Like `Evident`, and the file states that it has all of this domain.
    Declared(String),
}

/// Completeness of one account's SPNs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    replication: bool,
    password_change: bool,
}

impl Shown {
    /// Called for every SPN.
    pub(super) fn see(&mut self, spn: &str) {
        match spn.as_bytes().first() {
            Some(b'E' | b'e') => {
                let class = spn.get(..REPLICATION_CLASS.len());
                self.replication |= class.is_some_and(|class| class.eq_ignore_ascii_case(REPLICATION_CLASS));
            }
            Some(b'K' | b'k') => self.password_change |= spn.eq_ignore_ascii_case("kadmin/changepw"),
            _ => {}
        }
    }
}

/// Evidence for the completeness of the domains in a file.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    domains: Vec<DomainEvidence>,
}

#[derive(Debug)]
struct DomainEvidence {
    domain: Arc<str>,
    /// The domain in lower case.
    key: String,
    krbtgt: bool,
    controller: bool,
}

impl Evidence {
    /// Called for every account, with what its SPNs show.
    pub(super) fn add(&mut self, account: &Account, shown: Shown) {
        let krbtgt = shown.password_change && account.name.eq_ignore_ascii_case("krbtgt");
        if (krbtgt || shown.replication) && !account.domain.is_empty() {
            let key = account.domain.to_lowercase();
            let domain = Arc::clone(&account.domain);
            self.note(DomainEvidence { domain, key, krbtgt, controller: shown.replication });
        }
    }

    fn note(&mut self, more: DomainEvidence) {
        match self.domains.iter_mut().find(|known| known.key == more.key) {
            Some(known) => {
                known.krbtgt |= more.krbtgt;
                known.controller |= more.controller;
            }
            None => self.domains.push(more),
        }
    }

    /// The domains whose SPNs are all in the list.
    pub(super) fn complete(self, completeness: &Completeness, accounts: &[Account]) -> Vec<Arc<str>> {
        if *completeness == Completeness::Part {
            return Vec::new();
        }
        let whole = self.domains.into_iter().filter(|of| of.krbtgt && of.controller);
        let mut complete: Vec<Arc<str>> = whole.map(|of| of.domain).collect();
        if let Completeness::Declared(domain) = completeness {
            let domain = domain.to_lowercase();
            let of_domain = |d: &Arc<str>| d.to_lowercase() == domain;
            if !complete.iter().any(of_domain) {
                let first = accounts.iter().map(|a| &a.domain).find(|d| of_domain(d));
                complete.extend(first.cloned());
            }
        }
        complete.sort();
        complete
    }
}
