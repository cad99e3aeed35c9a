use super::case::{Case, Shape};
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, Spn};

/// Whose key encrypted the ticket (K), as far as the account lists tell.
#[derive(Debug, Default)]
pub struct Ownership<'a> {
    /// Accounts that own the SPN: exactly, or as `HOST/` where nobody owns it exactly.
    pub owners: Vec<&'a Account>,
    /// The owners own `HOST/<host>`, which the KDC takes where the exact SPN is registered nowhere (sPNMappings).
    pub via_host: bool,
    /// The SPN whose owners these are.
    pub spn: Option<Spn>,
    /// Of `owners`, those that are the account that answered.
    pub answerer_owns: bool,
    /// The owner that the client's KDC finds, where that is one account.
    pub key_owner: Option<&'a Account>,
    /// Accounts of the list that are the one that answered (by name, and by realm where that tells).
    pub answerer_accounts: Vec<&'a Account>,
    /// Full exports of the domains concerned were given: that an SPN is not listed means something.
    pub complete: bool,
    /// Two files name different owners.
    pub disputed: bool,
}

impl<'a> Ownership<'a> {
    pub(super) fn of(case: &Case<'a>) -> Self {
        let accounts = &case.know.accounts;
        let mut out = Self { spn: case.target.spn().cloned(), ..Self::default() };
        out.answerer_accounts = answerer_accounts(case);
        if let Some(spn) = &out.spn {
            let found = accounts.owners(spn);
            out.owners = found.accounts;
            out.via_host = found.via_host;
            out.disputed = found.disputed;
            out.complete = domains_of_interest(case).iter().all(|d| accounts.is_complete(d));
        }
        out.answerer_owns = out.owners.iter().any(|owner| is_answerer(case, owner));
        out.key_owner = key_owner(case, &out.owners);
        out
    }

    /// Owners that are not the account that answered.
    pub fn others(&self, case: &Case<'_>) -> Vec<&'a Account> {
        self.owners.iter().copied().filter(|owner| !is_answerer(case, owner)).collect()
    }
}

/// Is this account the one that answered?
pub(super) fn is_answerer(case: &Case<'_>, account: &Account) -> bool {
    let name = account.name.trim_end_matches('$');
    let machine = is_machine(account);
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
            if dns.is_some_and(|dns| dns == *host) {
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

/// K: the KDC of the client's domain looks in its own domain before it asks the forest.
fn key_owner<'a>(case: &Case<'_>, owners: &[&'a Account]) -> Option<&'a Account> {
    match owners {
        [] => None,
        [one] => Some(one),
        many => {
            let domain = case.client_host.as_ref().and_then(HostName::domain)?;
            let mut own = many.iter().filter(|a| a.domain.eq_ignore_ascii_case(domain));
            match (own.next(), own.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            }
        }
    }
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

/// A computer account: its name ends in `$`, or it has a DNS host name.
pub(super) fn is_machine(account: &Account) -> bool {
    account.name.ends_with('$') || account.dns_host_name.is_some()
}

fn same_name(a: &str, b: &str) -> bool {
    match (HostName::parse(a), HostName::parse(b)) {
        (Some(a), Some(b)) => a.same_label(&b),
        _ => false,
    }
}
