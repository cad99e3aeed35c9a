//! Whose key encrypted the ticket: the accounts that own the target's SPN, as the account lists have them.

use std::sync::Arc;

use super::connection::{Connection, Topology};
use super::parties::Parties;
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, same_domain};

/// The owners of the SPN, and which of them the responder is.
#[derive(Debug, Default)]
pub(crate) struct Ownership<'a> {
    /// Accounts that own the SPN in the forest: exactly, or as `HOST/` where nobody owns it exactly.
    pub(crate) owners: Vec<&'a Account>,
    /// For each of `owners`: is it the account that answered?
    is_responder: Vec<bool>,
    /// The owners own `HOST/<host>`, which the KDC takes where the exact SPN is registered nowhere (sPNMappings).
    pub(crate) via_host: bool,
    /// The accounts that the client's KDC may take, and whether each is the responder: one where the lists show it, none
    /// where they have no owner.
    keys: Vec<(&'a Account, bool)>,
    /// Accounts of the lists that are the responder, by name, and by realm where that decides.
    pub(crate) responder_accounts: Vec<&'a Account>,
    /// Full exports of the domains concerned were given: the absence of an SPN means something.
    pub(crate) complete: bool,
    /// Two files name different owners. This is an account that one file lists as the owner, with the file's line.
    pub(crate) disputed: Option<(Arc<str>, String)>,
}

/// Whether the key that encrypted the ticket is the responder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketKey {
    /// Every account that the KDC may have taken is the responder.
    Responder,
    /// None of them is.
    Other,
    /// The lists have no owner, or it depends on how the KDC looks.
    Unknown,
}

impl<'a> Ownership<'a> {
    pub(crate) fn new(parties: &Parties<'a>, connection: &Connection) -> Self {
        let accounts = &parties.context.accounts;
        let is_responder = |account: &Account| is_responder(parties, connection, account);
        let responder_accounts =
            accounts_named_as_responder(parties).into_iter().filter(|a| is_responder(a)).collect();
        let Some(spn) = parties.spn() else { return Self { responder_accounts, ..Self::default() } };
        let exact = accounts.registered(spn);
        let host = accounts.registered_as_host(spn);
        let keys = candidate_keys(parties, &exact.accounts, &host.accounts);
        let via_host = exact.accounts.is_empty() && !host.accounts.is_empty();
        let disputed = exact.disputed.clone().or_else(|| host.disputed.clone().filter(|_| !exact.only_one()));
        let owners = if via_host { host.accounts } else { exact.accounts };
        Self {
            is_responder: owners.iter().map(|owner| is_responder(owner)).collect(),
            keys: keys.into_iter().map(|key| (key, is_responder(key))).collect(),
            complete: domains_of_interest(parties).iter().all(|domain| accounts.is_complete(domain)),
            responder_accounts,
            owners,
            via_host,
            disputed,
        }
    }

    /// Is K the account that answered?
    pub(crate) fn ticket_key(&self) -> TicketKey {
        let of_responder = self.keys.iter().filter(|(_, is_responder)| *is_responder).count();
        match (self.keys.len(), of_responder) {
            (0, _) => TicketKey::Unknown,
            (_, 0) => TicketKey::Other,
            (all, some) if all == some => TicketKey::Responder,
            _ => TicketKey::Unknown,
        }
    }

    /// The accounts that the KDC may take.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a Account> {
        self.keys.iter().map(|(key, _)| *key)
    }

    /// The owner that the client's KDC finds, where that is one account.
    pub(crate) fn key_owner(&self) -> Option<&'a Account> {
        match self.keys.as_slice() {
            [(one, _)] => Some(one),
            _ => None,
        }
    }

    /// The responder is one of the owners.
    pub(crate) fn responder_owns(&self) -> bool {
        self.is_responder.contains(&true)
    }

    /// Two keys that the KDC may take are of one domain. A KDC that finds both issues no ticket (its event 11).
    pub(crate) fn two_in_one_domain(&self) -> bool {
        let domains: Vec<String> = self.keys.iter().map(|(key, _)| key.domain.to_lowercase()).collect();
        domains.iter().enumerate().any(|(i, domain)| domains.iter().skip(i + 1).any(|other| other == domain))
    }
}

/// Is this account the one that answered?
fn is_responder(parties: &Parties<'_>, connection: &Connection, account: &Account) -> bool {
    let name = account.name.trim_end_matches('$');
    // `setspn` shows managed service accounts by their CN, without `$`.
    let machine = account.is_computer() || account.is_managed_service_account();
    let domain = match &parties.responder {
        // A list may have the account without its `$` (`setspn`'s CN, a table made by hand).
        Principal::Machine { domain, name: by } if machine || account.name_is_cn => {
            is_same_label(by, name).then_some(domain.as_deref())
        }
        // A computer's account ends in `$`, so a user that a list has under this very name is meant before a computer.
        Principal::Name { domain, name: by } if !by.contains('.') => {
            let is_user = |other: &&Account| !other.is_computer() && other.name.eq_ignore_ascii_case(by);
            let of_user = machine && parties.context.accounts.named(by).iter().any(is_user);
            (!of_user && is_same_label(by, name)).then_some(domain.as_deref())
        }
        Principal::Spn(_) | Principal::Name { .. } if machine && !parties.responder_is_service_name() => {
            let Some(host) = &parties.responder_host else { return false };
            let dns = account.dns_host_name.as_deref().and_then(HostName::parse);
            if dns.is_some_and(|dns| dns == *host)
                || (is_same_label(host.label(), name) && account.has_host_spn(host))
            {
                return true;
            }
            is_same_label(host.label(), name).then_some(host.domain())
        }
        _ => None,
    };
    let Some(domain) = domain else { return false };
    let account_domain = account.domain.to_lowercase();
    if account_domain.is_empty() {
        return true;
    }
    match domain {
        Some(domain) => same_domain(domain, &account_domain),
        None => is_in_realms(parties, connection, &account_domain),
    }
}

/// The account is of one of the event's realms. A machine that is the client or the target is also of that host's domain.
fn is_in_realms(parties: &Parties<'_>, connection: &Connection, domain: &str) -> bool {
    if parties.realms.is_empty() {
        return true;
    }
    let realm = parties.realms.iter().any(|realm| same_domain(realm, domain));
    let host = match connection.topology {
        Topology::ClientAnswered => parties.client_host.as_ref(),
        Topology::TargetAnswered => parties.target_host.as_ref(),
        _ => None,
    };
    match host.and_then(HostName::domain) {
        // The responder is this host, so its account is of the host's domain, where that is a realm at all.
        Some(of_host) if parties.realms.iter().any(|r| r == of_host) => realm && same_domain(of_host, domain),
        _ => realm,
    }
}

fn accounts_named_as_responder<'a>(parties: &Parties<'a>) -> Vec<&'a Account> {
    let label = match &parties.responder {
        Principal::Machine { name, .. } | Principal::Name { name, .. } => name.to_string(),
        Principal::Spn(_) => match &parties.responder_host {
            Some(host) if !parties.responder_is_service_name() => host.netbios().to_owned(),
            _ => return Vec::new(),
        },
        Principal::Missing => return Vec::new(),
    };
    parties.context.accounts.named(&label)
}

/// The accounts a KDC may take for the SPN. It looks in its own domain before it asks the forest; whether it takes its
/// own `HOST/` form before another domain's exact SPN is documented nowhere, so both are possible.
fn candidate_keys<'a>(
    parties: &Parties<'_>,
    exact: &[&'a Account],
    host: &[&'a Account],
) -> Vec<&'a Account> {
    let domain = parties.client_domain();
    let own = |of: &[&'a Account]| -> Vec<&'a Account> {
        of.iter().copied().filter(|a| domain.is_some_and(|d| same_domain(d, &a.domain))).collect()
    };
    let mut found = own(exact);
    if found.is_empty() {
        found = if exact.is_empty() { own(host) } else { [own(host), exact.to_vec()].concat() };
    }
    if found.is_empty() {
        found = host.to_vec();
    }
    // A referral reaches the KDC of the owner's domain, so a name that is `HOST/` in several domains is found in any.
    found.dedup_by(|a, b| std::ptr::eq(*a, *b));
    found
}

/// Domains whose accounts could own the target: the client's, the target's and the realms.
fn domains_of_interest(parties: &Parties<'_>) -> Vec<String> {
    let hosts = [&parties.client_host, &parties.target_host];
    let of_hosts = hosts.into_iter().flatten().filter_map(|host| host.domain()).map(str::to_owned);
    let mut domains: Vec<String> = of_hosts.chain(parties.realms.iter().cloned()).collect();
    domains.sort();
    domains.dedup();
    domains
}

fn is_same_label(a: &str, b: &str) -> bool {
    match (HostName::parse(a), HostName::parse(b)) {
        (Some(a), Some(b)) => a.same_label(&b),
        _ => false,
    }
}

/// Has the account an SPN of this host?
pub(crate) fn has_spn_of_host(account: &Account, host: &HostName) -> bool {
    account.spns.hosts_like(host).next().is_some()
}
