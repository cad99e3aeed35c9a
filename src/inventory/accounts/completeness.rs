//! Decides whether a file has all SPNs of a domain.

use std::sync::Arc;

use super::account::{Account, REPLICATION};

/// The conclusion from the absence of an SPN in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Completeness {
    /// The file has only a part of the SPNs, so nothing follows.
    Part,
    /// The SPN is not registered in a domain whose marker SPNs are in the file: `kadmin/changepw` of krbtgt, and the
    /// replication SPN of a domain controller. Only a full dump has both. An export of computers lacks the first, an export
    /// of users the second, and an export of one SPN or organizational unit at least one of them.
    #[default]
    Evident,
    /// Like `Evident`. In addition, the file states that it has all SPNs of this domain.
    Declared(String),
}

/// The SPNs that an account has only in a full dump of the domain.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MarkerSpns {
    /// The replication SPN of a domain controller.
    replication: bool,
    /// `kadmin/changepw`, the SPN of krbtgt.
    password_change: bool,
}

impl MarkerSpns {
    /// Adds an SPN of the account.
    pub(super) fn add(&mut self, spn: &str) {
        match spn.as_bytes().first() {
            Some(b'E' | b'e') => {
                let class = spn.split_once('/').map(|(class, _)| class);
                self.replication |= class.is_some_and(|class| class.eq_ignore_ascii_case(REPLICATION));
            }
            Some(b'K' | b'k') => self.password_change |= spn.eq_ignore_ascii_case("kadmin/changepw"),
            _ => {}
        }
    }
}

/// The evidence that a file has all SPNs of its domains.
#[derive(Debug, Default)]
pub(super) struct CompletenessEvidence {
    domains: Vec<DomainEvidence>,
}

/// The evidence for one domain.
#[derive(Debug)]
struct DomainEvidence {
    domain: Arc<str>,
    /// The domain in lower case.
    key: String,
    krbtgt: bool,
    controller: bool,
}

impl CompletenessEvidence {
    /// Adds an account and its marker SPNs.
    pub(super) fn add(&mut self, account: &Account, markers: MarkerSpns) {
        let krbtgt = markers.password_change && account.name.eq_ignore_ascii_case("krbtgt");
        if (krbtgt || markers.replication) && !account.domain.is_empty() {
            let key = account.domain.to_lowercase();
            let domain = Arc::clone(&account.domain);
            self.note(DomainEvidence { domain, key, krbtgt, controller: markers.replication });
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

    /// The domains whose SPNs are all in the file.
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
