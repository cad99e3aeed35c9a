//! Whom a signal concerns.

use super::About;
use crate::diagnosis::connection::{Connection, Topology};
use crate::diagnosis::ownership::Ownership;
use crate::diagnosis::parties::{Parties, same_domain};
use crate::diagnosis::signal_index::{SignalHosts, is_card};
use crate::events::{Role, SignalKind};
use crate::incidents::RecordedSignal;
use crate::names::{HostName, Principal, Same, Spn};

/// What decides whom a signal concerns.
pub(super) struct Reader<'r, 'a> {
    pub(super) parties: &'r Parties<'a>,
    pub(super) connection: &'r Connection,
    pub(super) ownership: &'r Ownership<'a>,
    pub(super) recorded: &'r RecordedSignal,
    pub(super) hosts: &'r SignalHosts,
}

impl Reader<'_, '_> {
    /// `None` when it is about others.
    pub(super) fn about(&self) -> Option<About> {
        let (signal, parties) = (&self.recorded.signal, self.parties);
        match signal.kind {
            SignalKind::DuplicateName | SignalKind::NotRegistered => {
                signal.subjects().any(|subject| self.same_spn(subject)).then_some(About::Spn)
            }
            SignalKind::NoSuitableKey | SignalKind::LacksStrongKeys => {
                if signal.subjects().any(|subject| self.names_owner(subject)) {
                    Some(About::Owner)
                } else {
                    (self.names(&parties.responder_host) || self.names(&parties.target_host))
                        .then_some(About::Target)
                }
            }
            SignalKind::PasswordRejected | SignalKind::SessionRefused | SignalKind::NoMachineAccount => {
                let about = self.target_or_responder()?;
                Some(if self.is_of_a_trust() { About::Trust } else { about })
            }
            SignalKind::OwnNamesRefused
            | SignalKind::TwoAccounts
            | SignalKind::PolicyLogonFailed
            | SignalKind::Restarted => self.target_or_responder(),
            SignalKind::UsbNicInstalled | SignalKind::SelfAssigned | SignalKind::OwnAddresses => {
                if self.by(&parties.client_host) {
                    Some(About::Client)
                } else {
                    self.by(&parties.target_host).then_some(About::Target)
                }
            }
            SignalKind::NotALocalName | SignalKind::AuthenticationFailed => (self.by(&parties.client_host)
                && self.names(&parties.target_host))
            .then_some(About::Connection),
            SignalKind::DcomFailed => {
                (self.by(&parties.client_host) && self.names_peer()).then_some(About::Connection)
            }
            SignalKind::WinRmSpnRefused => {
                let wsman = parties.class() == "wsman";
                (wsman && signal.subjects().any(|subject| self.same_spn(subject))).then_some(About::Spn)
            }
            SignalKind::ServiceLogonFailed => self.about_service(),
            SignalKind::DcomSuppressed => self.by(&parties.client_host).then_some(About::Client),
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
                    Some(About::Spn)
                } else if signal.all(Role::Account).any(|account| self.names_owner(account)) {
                    Some(About::Owner)
                } else {
                    self.target_or_responder()
                }
            }
            // It names a trust or a policy, and nobody of the incident.
            SignalKind::TrustKeyVersionUnknown | SignalKind::WeakCipherAllowed => None,
            SignalKind::MachineSidNotUnique
            | SignalKind::UsnRollback
            | SignalKind::SnapshotApplied
            | SignalKind::PoolLogonFailed
            | SignalKind::NoLogonServer
            | SignalKind::PacRefused
            | SignalKind::AddressConflict
            | SignalKind::Renamed => {
                if self.by(&parties.target_host) {
                    Some(About::Target)
                } else if self.by(&parties.responder_host) {
                    Some(About::Responder)
                } else {
                    self.by(&parties.client_host).then_some(About::Client)
                }
            }
        }
    }

    fn by(&self, host: &Option<HostName>) -> bool {
        let pair = host.as_ref().zip(self.hosts.logged_by.as_ref());
        pair.is_some_and(|(host, logged_by)| host.same(logged_by) != Same::No)
    }

    fn names(&self, host: &Option<HostName>) -> bool {
        host.as_ref().is_some_and(|host| self.hosts.subjects.iter().any(|named| named.same(host) != Same::No))
    }

    fn target_or_responder(&self) -> Option<About> {
        if self.names(&self.parties.target_host) {
            return Some(About::Target);
        }
        self.names(&self.parties.responder_host).then_some(About::Responder)
    }

    /// 3210 with another domain than the computer's is logged by a domain controller for a trust (Q271288). 5722 and 5723 with
    /// an account that is not the computer's are about a trust account (lmerrlog.h).
    fn is_of_a_trust(&self) -> bool {
        let signal = &self.recorded.signal;
        if signal.event_id == 3210 {
            let own = self.hosts.logged_by.as_ref().and_then(HostName::domain);
            // A text that was copied has the whole message as its only value.
            let named = signal.name(Role::Domain).filter(|named| !named.contains(char::is_whitespace));
            return named.zip(own).is_some_and(|(named, own)| {
                let other = |domain: &String| !same_domain(domain, own) && same_domain(domain, named);
                // A NetBIOS name need not be the first label of the DNS name: another domain is one that the event knows.
                !same_domain(named, own)
                    && (named.contains('.')
                        || self.parties.realms.iter().any(other)
                        || self.is_controller(own))
            });
        }
        match (signal.name(Role::Computer), signal.name(Role::Account)) {
            (Some(computer), Some(account)) => {
                let name = |text: &str| HostName::parse(text.trim_end_matches('$'));
                !name(computer).zip(name(account)).is_some_and(|(a, b)| a.same_label(&b))
            }
            _ => false,
        }
    }

    /// The host that logged it is a domain controller, as the account lists show.
    fn is_controller(&self, domain: &str) -> bool {
        let Some(host) = &self.hosts.logged_by else { return false };
        let accounts = self.parties.context.accounts.named(host.label());
        accounts.iter().any(|account| same_domain(&account.domain, domain) && account.is_domain_controller())
    }

    /// DCOM names the target, an address that both own, or one of a management card.
    fn names_peer(&self) -> bool {
        let parties = self.parties;
        let is_common = |address| parties.is_common(parties.client_id, parties.target_id, address);
        let addresses = &self.recorded.signal.addresses;
        self.names(&parties.target_host)
            || addresses.iter().any(|&address| is_common(address) || is_card(address))
    }

    fn about_service(&self) -> Option<About> {
        let is_account = matches!(
            self.connection.topology,
            Topology::ServiceAnswered | Topology::OwnerAnswered | Topology::ServiceName
        );
        if !is_account {
            return None;
        }
        let on_target = self.is_target();
        match self.recorded.signal.name(Role::Account) {
            Some(account) if !self.names_responder(account) => None,
            Some(_) if on_target => Some(About::Responder),
            Some(_) => Some(About::Elsewhere),
            None => on_target.then_some(About::Target),
        }
    }

    fn same_spn(&self, text: &str) -> bool {
        let (Some(spn), Some(other)) = (self.parties.spn(), Spn::parse(text)) else {
            return false;
        };
        // A KDC names the SPN it looked up, which is the HOST form where the exact one is registered nowhere.
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
        self.ownership.owners.iter().any(|account| {
            account.name.trim_end_matches('$').eq_ignore_ascii_case(&name)
                && domain
                    .as_ref()
                    .is_none_or(|domain| account.domain.is_empty() || same_domain(&account.domain, domain))
        })
    }

    /// Is the host that logged it the target, by its names, or because the target's name resolves to an address of it?
    fn is_target(&self) -> bool {
        let parties = self.parties;
        let Some(host) = &self.hosts.logged_by else { return false };
        if parties.target_host.as_ref().is_some_and(|target| target.same(host) != Same::No) {
            return true;
        }
        let id = parties.context.hosts.find(host);
        // Where the target has addresses of its own, a name that resolves elsewhere is wrong.
        let alias = || parties.usable(parties.target_id).is_empty() && parties.resolves_to_host(id).is_some();
        id.is_some() && (id == parties.target_id || alias())
    }

    /// `ALPHA\svc_app`, where the account that answered is svc_app of a realm named ALPHA. `.\svc_app` is of the machine alone.
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
