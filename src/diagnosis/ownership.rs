//! The accounts that own the target's SPN. The key of one of them encrypted the ticket.

use std::sync::Arc;

use super::connection::{Connection, Topology};
use super::parties::Parties;
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, same_domain};

/// The owners of the target's SPN in the account lists, and whether the responder is one of them.
#[derive(Debug, Default)]
pub(crate) struct Ownership<'a> {
    /// Accounts of the forest that own the exact SPN, or `HOST/<host>` if nobody owns the exact SPN.
    pub(crate) owners: Vec<&'a Account>,
    /// For each account in `owners`: is it the responder?
    is_responder: Vec<bool>,
    /// The owners own `HOST/<host>`, which the KDC looks up if the exact SPN is registered nowhere (sPNMappings).
    pub(crate) via_host: bool,
    /// The accounts that the client's KDC may find, and whether each is the responder. Several if the lists do not show which
    /// one the KDC finds, none if they have no owner.
    keys: Vec<(&'a Account, bool)>,
    /// Listed accounts that may be the responder, by name and realm.
    pub(crate) responder_accounts: Vec<&'a Account>,
    /// The lists are full exports of all domains concerned, so an SPN that they lack is not registered.
    pub(crate) complete: bool,
    /// An account that one file lists as owner and another file does not, and the line of the first file.
    pub(crate) disputed: Option<(Arc<str>, String)>,
}

/// The owner of the key that encrypted the ticket: the responder or another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketKey {
    /// Every account that the KDC may have found is the responder.
    Responder,
    /// No account that the KDC may have found is the responder.
    Other,
    /// The lists have no owner, or some of the accounts that the KDC may have found are the responder.
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
        let disputed =
            exact.disputed.clone().or_else(|| host.disputed.clone().filter(|_| !exact.is_single()));
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

    /// Compares the accounts that the KDC may have found with the responder.
    pub(crate) fn ticket_key(&self) -> TicketKey {
        let of_responder = self.keys.iter().filter(|(_, is_responder)| *is_responder).count();
        match (self.keys.len(), of_responder) {
            (0, _) => TicketKey::Unknown,
            (_, 0) => TicketKey::Other,
            (all, some) if all == some => TicketKey::Responder,
            _ => TicketKey::Unknown,
        }
    }

    /// The accounts that the client's KDC may find.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a Account> {
        self.keys.iter().map(|(key, _)| *key)
    }

    /// The account that the client's KDC finds; `None` unless it is the only one possible.
    pub(crate) fn key_owner(&self) -> Option<&'a Account> {
        match self.keys.as_slice() {
            [(one, _)] => Some(one),
            _ => None,
        }
    }

    /// Is the responder one of the owners?
    pub(crate) fn responder_owns(&self) -> bool {
        self.is_responder.contains(&true)
    }

    /// Are two of the accounts that the KDC may find in one domain? A KDC that finds both logs event 11 and issues no ticket.
    pub(crate) fn two_in_one_domain(&self) -> bool {
        let domains: Vec<String> = self.keys.iter().map(|(key, _)| key.domain.to_lowercase()).collect();
        domains.iter().enumerate().any(|(i, domain)| domains.iter().skip(i + 1).any(|other| other == domain))
    }
}

/// May this account be the responder?
fn is_responder(parties: &Parties<'_>, connection: &Connection, account: &Account) -> bool {
    let name = account.name.trim_end_matches('$');
    // `setspn` prints the CN of an account, which lacks the `$` of a managed service account.
    let machine = account.is_computer() || account.is_managed_service_account();
    let domain = match &parties.responder {
        // A list from `setspn`, or one made by hand, may have the account without its `$`.
        Principal::Machine { domain, name: by } if machine || account.name_is_cn => {
            is_same_label(by, name).then_some(domain.as_deref())
        }
        // A computer's account ends in `$`, so a user that a list has under this name comes before a computer.
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

/// Is the domain one of the event's realms? If the client or the target answered, it must also be that host's domain.
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
        // The host's domain may not be a realm in a disjoint namespace.
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

/// The accounts that the client's KDC may find for the SPN.
///
/// A KDC looks in its own domain before it asks the forest. No documentation says whether it prefers `HOST/` in its own domain
/// to the exact SPN in another domain, so both are possible.
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
    // A cross-realm referral reaches the KDC of the owner's domain, so `HOST/` of any domain is possible.
    found.dedup_by(|a, b| std::ptr::eq(*a, *b));
    found
}

/// Domains whose accounts may own the SPN: the client's, the target's, and the realms of the event.
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

/// Does the account have an SPN of this host?
pub(crate) fn has_spn_of_host(account: &Account, host: &HostName) -> bool {
    account.spns.lookup().hosts_like(host).next().is_some()
}
