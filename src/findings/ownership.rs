use std::sync::Arc;

use super::case::{Case, Shape};
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, Spn};

/// Whose key encrypted the ticket (K), as far as the account lists tell.
#[derive(Debug, Default)]
pub struct Ownership<'a> {
    /// Accounts that own the SPN in the forest: exactly, or as `HOST/` where nobody owns it exactly.
    pub owners: Vec<&'a Account>,
    /// The owners own `HOST/<host>`, which the KDC takes where the exact SPN is registered nowhere (sPNMappings).
    pub via_host: bool,
    /// The SPN whose owners these are.
    pub spn: Option<Spn>,
    /// Of `owners`, those that are the account that answered.
    pub answerer_owns: bool,
    /// The accounts that the client's KDC may take: one where the lists tell, none where they know no owner.
    pub keys: Vec<&'a Account>,
    /// Accounts of the list that are the one that answered (by name, and by realm where that tells).
    pub answerer_accounts: Vec<&'a Account>,
    /// Full exports of the domains concerned were given: that an SPN is not listed means something.
    pub complete: bool,
    /// Two files name different owners: an account of which one says that it owns the SPN, and where.
    pub disputed: Option<(Arc<str>, String)>,
}

/// Whether the key that encrypted the ticket is B's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf {
    /// Every account that the KDC may have taken is B.
    Answerer,
    /// None of them is.
    Other,
    /// The lists know no owner, or it depends on how the KDC looks.
    Unknown,
}

impl<'a> Ownership<'a> {
    pub(super) fn of(case: &Case<'a>) -> Self {
        let accounts = &case.know.accounts;
        let mut out = Self { spn: case.target.spn().cloned(), ..Self::default() };
        out.answerer_accounts = answerer_accounts(case);
        if let Some(spn) = &out.spn {
            let exact = accounts.registered(spn);
            let host = accounts.registered_as_host(spn);
            out.keys = keys(case, &exact.accounts, &host.accounts);
            out.via_host = exact.accounts.is_empty() && !host.accounts.is_empty();
            out.disputed =
                exact.disputed.clone().or_else(|| host.disputed.clone().filter(|_| !exact.only_one()));
            out.owners = if out.via_host { host.accounts } else { exact.accounts };
            out.complete = domains_of_interest(case).iter().all(|d| accounts.is_complete(d));
        }
        out.answerer_owns = out.owners.iter().any(|owner| is_answerer(case, owner));
        out
    }

    /// Owners that are not the account that answered.
    pub fn others(&self, case: &Case<'_>) -> Vec<&'a Account> {
        self.owners.iter().copied().filter(|owner| !is_answerer(case, owner)).collect()
    }

    /// Is K the account that answered?
    pub fn key_of(&self, case: &Case<'_>) -> KeyOf {
        let of_answerer = self.keys.iter().filter(|k| is_answerer(case, k)).count();
        match (self.keys.len(), of_answerer) {
            (0, _) => KeyOf::Unknown,
            (_, 0) => KeyOf::Other,
            (all, some) if all == some => KeyOf::Answerer,
            _ => KeyOf::Unknown,
        }
    }

    /// The owner that the client's KDC finds, where that is one account.
    pub fn key_owner(&self) -> Option<&'a Account> {
        match self.keys.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Is this account the one that answered?
pub(super) fn is_answerer(case: &Case<'_>, account: &Account) -> bool {
    let name = account.name.trim_end_matches('$');
    // `setspn` shows managed service accounts by their CN, without `$`.
    let machine = is_machine(account) || account.is_managed_service_account();
    let explicit = match &case.answerer {
        Principal::Machine { domain, name: by } if machine => {
            same_name(by, name).then_some(domain.as_deref())
        }
        Principal::Name { domain, name: by } if !by.contains('.') => {
            same_name(by, name).then_some(domain.as_deref())
        }
        Principal::Spn(_) | Principal::Name { .. } if machine => {
            let Some(host) = &case.answerer_host else { return false };
            let dns = account.dns_host_name.as_deref().and_then(HostName::parse);
            if dns.is_some_and(|dns| dns == *host)
                || (same_name(host.label(), name) && account.has_host_spn(host))
            {
                return true;
            }
            same_name(host.label(), name).then_some(host.domain())
        }
        _ => None,
    };
    let Some(domain) = explicit else { return false };
    let account_domain = account.domain.to_lowercase();
    if account_domain.is_empty() {
        return true;
    }
    match domain {
        Some(domain) => domain == account_domain || account_domain.split('.').next() == Some(domain),
        None => in_realms(case, &account_domain),
    }
}

/// The account is of one of the event's realms. A machine that is A or C is also of that host's domain.
fn in_realms(case: &Case<'_>, domain: &str) -> bool {
    if case.realms.is_empty() {
        return true;
    }
    let realm = case
        .realms
        .iter()
        .any(|r| r == domain || (!r.contains('.') && domain.split('.').next() == Some(r.as_str())));
    let host = match case.shape {
        Shape::ClientAnswered => case.client_host.as_ref(),
        Shape::TargetAnswered => case.target_host.as_ref(),
        _ => None,
    };
    match host.and_then(HostName::domain) {
        // B is this host, so B's account is of its domain, where that is a realm at all.
        Some(of_host) if case.realms.iter().any(|r| r == of_host) => realm && of_host == domain,
        _ => realm,
    }
}

fn answerer_accounts<'a>(case: &Case<'a>) -> Vec<&'a Account> {
    let label = match &case.answerer {
        Principal::Machine { name, .. } | Principal::Name { name, .. } => name.to_string(),
        Principal::Spn(_) => match &case.answerer_host {
            Some(host) => host.netbios().to_owned(),
            None => return Vec::new(),
        },
        Principal::Missing => return Vec::new(),
    };
    case.know.accounts.named(&label).into_iter().filter(|a| is_answerer(case, a)).collect()
}

/// The accounts a KDC may take for the SPN. It looks in its own domain before it asks the forest; whether it takes its
/// own `HOST/` form before another domain's exact SPN is documented nowhere, so both are possible.
fn keys<'a>(case: &Case<'_>, exact: &[&'a Account], host: &[&'a Account]) -> Vec<&'a Account> {
    let domain = case.client_host.as_ref().and_then(HostName::domain);
    let own = |of: &[&'a Account]| -> Vec<&'a Account> {
        of.iter().copied().filter(|a| domain.is_some_and(|d| a.domain.eq_ignore_ascii_case(d))).collect()
    };
    let mut found = own(exact);
    if found.is_empty() {
        found = if exact.is_empty() { own(host) } else { [own(host), exact.to_vec()].concat() };
    }
    if found.is_empty() {
        found = host.to_vec();
    }
    // A referral leads to the KDC of the owner's domain, so that a name that is `HOST/` in several is found in any.
    found.dedup_by(|a, b| std::ptr::eq(*a, *b));
    found
}

/// Domains whose accounts could own the target: the client's, the target's and the realms.
fn domains_of_interest(case: &Case<'_>) -> Vec<String> {
    let hosts = [&case.client_host, &case.target_host];
    let mut domains: Vec<String> = hosts
        .into_iter()
        .flatten()
        .filter_map(|h| h.domain())
        .map(str::to_owned)
        .chain(case.realms.iter().cloned())
        .collect();
    domains.sort();
    domains.dedup();
    domains
}

/// A computer account: its name ends in `$`, it has a DNS host name, or (as `setspn` shows it) a CN and a `HOST/` SPN.
pub(super) fn is_machine(account: &Account) -> bool {
    account.is_computer()
}

fn same_name(a: &str, b: &str) -> bool {
    match (HostName::parse(a), HostName::parse(b)) {
        (Some(a), Some(b)) => a.same_label(&b),
        _ => false,
    }
}
