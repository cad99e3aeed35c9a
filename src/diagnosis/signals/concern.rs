//! Decides which party of an incident a signal concerns, if any.

use super::near::Concern;
use crate::diagnosis::account_kind::is_named_after;
use crate::diagnosis::connection::{Connection, Topology};
use crate::diagnosis::ownership::Ownership;
use crate::diagnosis::parties::Parties;
use crate::diagnosis::signal_index::{SignalHosts, is_card_address};
use crate::events::{Role, SignalKind};
use crate::incidents::RecordedSignal;
use crate::inventory::accounts::Account;
use crate::names::{HostMatch, HostName, Principal, Spn, same_domain};

/// A signal and the parties of an incident.
pub(super) struct SignalContext<'r, 'a> {
    pub(super) parties: &'r Parties<'a>,
    pub(super) connection: &'r Connection,
    pub(super) ownership: &'r Ownership<'a>,
    pub(super) recorded: &'r RecordedSignal,
    pub(super) hosts: &'r SignalHosts,
    /// The full names that the responder may have.
    pub(super) responder: &'r [HostName],
    /// The full names that the target may have.
    pub(super) target: &'r [HostName],
}

/// The full names that a host may have, because a machine of the same short name in another domain is another machine.
///
/// A short name gets each domain of the incident, and the DNS names in the account lists are added.
fn full_names(parties: &Parties<'_>, host: &HostName, accounts: &[&Account]) -> Vec<HostName> {
    let flat = host.domain();
    if flat.is_some_and(|domain| domain.contains('.')) {
        return vec![host.clone()];
    }
    let domains = parties.realms.iter().map(String::as_str).chain(parties.client_domain());
    let fits = |domain: &&str| domain.contains('.') && flat.is_none_or(|flat| same_domain(flat, domain));
    let mut names: Vec<HostName> =
        domains.filter(fits).filter_map(|domain| in_dns_domain(host.label(), domain)).collect();
    names.extend(accounts.iter().filter_map(|account| HostName::parse(account.dns_host_name.as_deref()?)));
    match names.is_empty() {
        true => vec![host.clone()],
        false => names,
    }
}

/// Makes the host name of a label in a DNS domain; `None` for a NetBIOS domain.
fn in_dns_domain(label: &str, domain: &str) -> Option<HostName> {
    HostName::parse(label).filter(|_| domain.contains('.')).map(|host| host.in_domain(Some(domain)))
}

/// The full names that the responder may have, as far as the topology and the account lists show its domain.
pub(super) fn responder_names(
    parties: &Parties<'_>,
    connection: &Connection,
    ownership: &Ownership<'_>,
) -> Vec<HostName> {
    let Some(host) = &parties.responder_host else { return Vec::new() };
    let in_domain = |domain: &str| in_dns_domain(host.label(), domain);
    let mut names: Vec<HostName> = Vec::new();
    match connection.topology {
        Topology::OwnerAnswered => {
            for account in ownership.keys() {
                names.extend(account.dns_host_name.as_deref().and_then(HostName::parse));
                names.extend(in_domain(&account.domain));
            }
        }
        Topology::TargetAnswered => {
            let target = parties.target_host.iter().filter(|target| target.domain().is_some());
            names.extend(target.cloned());
            // In a disjoint namespace the DNS suffix is not a realm, and the event has the account's domain.
            let is_realm = |name: &HostName| parties.realms.iter().any(|r| Some(r.as_str()) == name.domain());
            if names.iter().any(|name| !is_realm(name)) {
                names.extend(parties.realms.iter().filter_map(|realm| in_domain(realm)));
            }
        }
        Topology::ClientAnswered => names.extend(parties.client_host.clone()),
        _ => {}
    }
    match names.is_empty() {
        true => full_names(parties, host, &ownership.responder_accounts),
        false => names,
    }
}

/// The full names that the target's host may have.
pub(super) fn target_names(parties: &Parties<'_>, ownership: &Ownership<'_>) -> Vec<HostName> {
    let Some(host) = &parties.target_host else { return Vec::new() };
    let own: Vec<&Account> =
        ownership.owners.iter().copied().filter(|owner| is_named_after(owner, host)).collect();
    full_names(parties, host, &own)
}

impl SignalContext<'_, '_> {
    /// The party that the signal concerns; `None` if it concerns none of the incident.
    pub(super) fn concern(&self) -> Option<Concern> {
        let (signal, parties) = (&self.recorded.signal, self.parties);
        match signal.kind {
            SignalKind::DuplicateName | SignalKind::NotRegistered => {
                signal.subjects().any(|subject| self.same_spn(subject)).then_some(Concern::Spn)
            }
            SignalKind::NoSuitableKey | SignalKind::LacksStrongKeys => {
                if signal.subjects().any(|subject| self.names_owner(subject)) {
                    Some(Concern::Owner)
                } else {
                    (self.names_any(self.responder) || self.names_any(self.target)).then_some(Concern::Target)
                }
            }
            SignalKind::PasswordRejected | SignalKind::SessionRefused | SignalKind::NoMachineAccount => {
                let concern = self.target_or_responder()?;
                Some(if self.is_of_a_trust() { Concern::Trust } else { concern })
            }
            SignalKind::OwnNamesRefused
            | SignalKind::TwoAccounts
            | SignalKind::PolicyLogonFailed
            | SignalKind::Restarted => self.target_or_responder(),
            SignalKind::UsbNicInstalled | SignalKind::SelfAssigned | SignalKind::OwnAddresses => {
                if self.is_logged_by_client() {
                    Some(Concern::Client)
                } else {
                    self.is_logged_by(self.target).then_some(Concern::Target)
                }
            }
            SignalKind::NotALocalName | SignalKind::AuthenticationFailed => {
                (self.is_logged_by_client() && self.names_any(self.target)).then_some(Concern::Connection)
            }
            SignalKind::DcomFailed => {
                (self.is_logged_by_client() && self.names_peer()).then_some(Concern::Connection)
            }
            SignalKind::WinRmSpnRefused => {
                let wsman = parties.class() == "wsman";
                (wsman && signal.subjects().any(|subject| self.same_spn(subject))).then_some(Concern::Spn)
            }
            SignalKind::ServiceLogonFailed => self.service_concern(),
            SignalKind::DcomSuppressed => self.is_logged_by_client().then_some(Concern::Client),
            SignalKind::WeakCipherUsed
            | SignalKind::WeakCipherRefused
            | SignalKind::CorruptKeys
            | SignalKind::PacNotValid
            | SignalKind::AccountLookupFailed
            | SignalKind::SqlSpnRefused
            | SignalKind::ManagedPasswordNotFetched
            | SignalKind::SpnNotUnique
            | SignalKind::ControllerSpnMissing
            | SignalKind::AccountChanged
            | SignalKind::PasswordReset
            | SignalKind::DowngradeDenied
            | SignalKind::ClusterAccountFailed
            | SignalKind::ClusterNoController
            | SignalKind::ClusterNotInDns
            | SignalKind::ClusterNameFailed => {
                if signal.subjects().any(|subject| self.same_spn(subject)) {
                    Some(Concern::Spn)
                } else if signal.names_of(Role::Account).any(|account| self.names_owner(account)) {
                    Some(Concern::Owner)
                } else {
                    self.target_or_responder()
                }
            }
            // These signals are about a trust or a policy, and not about a party of the incident.
            SignalKind::TrustKeyVersionUnknown | SignalKind::WeakCipherAllowed => None,
            SignalKind::MachineSidNotUnique
            | SignalKind::UsnRollback
            | SignalKind::SnapshotApplied
            | SignalKind::PoolLogonFailed
            | SignalKind::NoLogonServer
            | SignalKind::PacRefused
            | SignalKind::AddressConflict
            | SignalKind::Renamed => {
                if self.is_logged_by(self.target) {
                    Some(Concern::Target)
                } else if self.is_logged_by(self.responder) {
                    Some(Concern::Responder)
                } else {
                    self.is_logged_by_client().then_some(Concern::Client)
                }
            }
        }
    }

    /// Did one of these hosts log it?
    fn is_logged_by(&self, hosts: &[HostName]) -> bool {
        let logged_by = self.hosts.logged_by.as_ref();
        logged_by.is_some_and(|logged_by| hosts.iter().any(|host| host.compare(logged_by) != HostMatch::No))
    }

    fn is_logged_by_client(&self) -> bool {
        self.parties
            .client_host
            .as_ref()
            .is_some_and(|client| self.is_logged_by(std::slice::from_ref(client)))
    }

    /// Is it about one of these hosts?
    fn names_any(&self, hosts: &[HostName]) -> bool {
        let named =
            |host: &HostName| self.hosts.subjects.iter().any(|named| named.compare(host) != HostMatch::No);
        hosts.iter().any(named)
    }

    fn target_or_responder(&self) -> Option<Concern> {
        if self.names_any(self.target) {
            return Some(Concern::Target);
        }
        self.names_any(self.responder).then_some(Concern::Responder)
    }

    /// Is it about a trust?
    ///
    /// A domain controller logs 3210 with another domain than its own about a trust (Q271288). 5722 and 5723 with an account
    /// that is not the computer's are about a trust account (lmerrlog.h).
    fn is_of_a_trust(&self) -> bool {
        let signal = &self.recorded.signal;
        if signal.event_id == 3210 {
            return self.refused_by_own_domain() == Some(false);
        }
        match (signal.first_name(Role::Computer), signal.first_name(Role::Account)) {
            (Some(computer), Some(account)) => {
                let name = |text: &str| HostName::parse(text.trim_end_matches('$'));
                !name(computer).zip(name(account)).is_some_and(|(a, b)| a.same_label(&b))
            }
            _ => false,
        }
    }

    /// Is the domain in NETLOGON 3210 the computer's own? `None` if nothing shows it.
    ///
    /// A NetBIOS name need not be the first label of the DNS name. If the names differ, the realms of the event decide, then
    /// the domain controller's own name, then a list that shows the kind of the computer: only a domain controller logs 3210
    /// about a trust.
    fn refused_by_own_domain(&self) -> Option<bool> {
        let signal = &self.recorded.signal;
        let own = self.hosts.logged_by.as_ref().and_then(HostName::domain)?;
        // A text copied from Event Viewer has the whole message as its only value.
        let named = signal.first_name(Role::Domain).filter(|named| !named.contains(char::is_whitespace))?;
        if same_domain(named, own) {
            return Some(true);
        }
        let other = |domain: &String| !same_domain(domain, own) && same_domain(domain, named);
        if named.contains('.') || self.parties.realms.iter().any(other) {
            return Some(false);
        }
        let controller = signal.first_name(Role::Controller).map(|name| name.trim_start_matches('\\'));
        if let Some(of) = controller.and_then(HostName::parse).as_ref().and_then(HostName::domain) {
            return Some(same_domain(of, own));
        }
        let mut accounts = self.own_accounts(own).peekable();
        accounts.peek()?;
        Some(!accounts.any(Account::is_domain_controller))
    }

    /// Is it a 3210 that does not show whether it is about the computer's own domain or about a trust?
    pub(super) fn is_of_unknown_domain(&self) -> bool {
        let signal = &self.recorded.signal;
        let named = signal.first_name(Role::Domain).is_some_and(|named| !named.contains(char::is_whitespace));
        signal.event_id == 3210 && named && self.refused_by_own_domain().is_none()
    }

    /// The computer accounts in this domain of the host that logged it.
    fn own_accounts(&self, domain: &str) -> impl Iterator<Item = &Account> {
        let host = self.hosts.logged_by.as_ref();
        let accounts = host.map(|host| self.parties.context.accounts.named(host.label())).unwrap_or_default();
        accounts
            .into_iter()
            .filter(move |account| account.is_computer() && same_domain(&account.domain, domain))
    }

    /// Does DCOM name the target, an address that client and target own, or that of a management card?
    fn names_peer(&self) -> bool {
        let parties = self.parties;
        let is_common = |address| parties.is_common(parties.client_id, parties.target_id, address);
        let addresses = &self.recorded.signal.addresses;
        self.names_any(self.target)
            || addresses.iter().any(|&address| is_common(address) || is_card_address(address))
    }

    fn service_concern(&self) -> Option<Concern> {
        let is_account = matches!(
            self.connection.topology,
            Topology::ServiceAnswered | Topology::OwnerAnswered | Topology::ServiceName
        );
        if !is_account {
            return None;
        }
        let on_target = self.is_target();
        match self.recorded.signal.first_name(Role::Account) {
            Some(account) if !self.names_responder(account) => None,
            Some(_) if on_target => Some(Concern::Responder),
            Some(_) => Some(Concern::Elsewhere),
            None => on_target.then_some(Concern::Target),
        }
    }

    fn same_spn(&self, text: &str) -> bool {
        let (Some(spn), Some(other)) = (self.parties.spn(), Spn::parse(text)) else {
            return false;
        };
        // A KDC names the SPN that it looked up. That is the HOST SPN if the exact one is registered nowhere.
        spn.key() == other.key()
            || (other.class.eq_ignore_ascii_case("host")
                && self.parties.context.accounts.host_covers(&spn.class)
                && spn.with_class("host").key() == other.key())
    }

    fn names_owner(&self, subject: &str) -> bool {
        let (Principal::Machine { name, domain } | Principal::Name { name, domain }) =
            Principal::parse(subject)
        else {
            return self.same_spn(subject);
        };
        // A domain controller writes the accounts of its own domain without the domain.
        let logger = self.hosts.logged_by.as_ref().and_then(HostName::domain);
        let domain = domain.as_deref().or(logger);
        self.ownership.owners.iter().any(|account| {
            let dns = account.dns_host_name.as_deref().and_then(HostName::parse);
            let own = match (&*account.domain, &dns) {
                ("", Some(dns)) => dns.domain(),
                ("", None) => None,
                (own, _) => Some(own),
            };
            account.name.trim_end_matches('$').eq_ignore_ascii_case(&name)
                && (own.zip(domain).is_none_or(|(own, domain)| same_domain(own, domain))
                    || self.own_accounts(&account.domain).any(|own| self.is_logger(own)))
        })
    }

    /// Is it the account of the host that logged the signal, by its DNS name? In a disjoint namespace the domains differ.
    fn is_logger(&self, account: &Account) -> bool {
        let name = account.dns_host_name.as_deref().and_then(HostName::parse);
        name.is_some() && name == self.hosts.logged_by
    }

    /// Did the target log it, by its name or because the target's name resolves to an address of the host that logged it?
    fn is_target(&self) -> bool {
        let parties = self.parties;
        let Some(host) = &self.hosts.logged_by else { return false };
        if parties.target_host.as_ref().is_some_and(|target| target.compare(host) != HostMatch::No) {
            return true;
        }
        let id = parties.context.hosts.find(host);
        // If the target has addresses of its own, a name that resolves elsewhere is wrong.
        let alias =
            || parties.shareable_rows(parties.target_id).is_empty() && parties.resolves_to_host(id).is_some();
        id.is_some() && (id == parties.target_id || alias())
    }

    /// Is `subject` the account that answered: `ALPHA\svc_app`, if svc_app of a realm ALPHA answered? `.\svc_app` is a local
    /// account.
    fn names_responder(&self, subject: &str) -> bool {
        if subject.starts_with(".\\") {
            return false;
        }
        let named = Principal::parse(subject);
        let (name, domain) = match &named {
            Principal::Name { name, domain } | Principal::Machine { name, domain } => (name, domain),
            _ => return false,
        };
        let (Principal::Name { name: responder, .. } | Principal::Machine { name: responder, .. }) =
            &self.parties.responder
        else {
            return false;
        };
        let of_realm = |domain: &str| {
            let accounts = self.ownership.responder_accounts.iter().map(|a| a.domain.to_lowercase());
            let mut domains = accounts
                .chain(self.parties.realms.iter().cloned())
                .filter(|realm| !realm.is_empty())
                .peekable();
            domains.peek().is_none() || domains.any(|realm| same_domain(&realm, domain))
        };
        name.eq_ignore_ascii_case(responder) && domain.as_ref().is_none_or(|domain| of_realm(domain))
    }
}
