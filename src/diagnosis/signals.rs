//! Other events near an incident: which concern its parties, and whom.

use jiff::{SignedDuration, Timestamp};

use super::connection::{Connection, Topology};
use super::evidence::{Fact, QuotedEvent, Relation};
use super::ownership::Ownership;
use super::parties::{Parties, same_domain};
use super::signal_index::{Lookup, SignalHosts, is_card, label_of};
use crate::events::{Role, Signal, SignalKind};
use crate::incidents::RecordedSignal;
use crate::names::{HostName, Principal, Same, Spn};

/// NETLOGON retries a refused session within this time, so a longer gap means that nothing was refused in between.
const RETRY: SignedDuration = SignedDuration::from_hours(6);

/// A domain controller logs NETLOGON 5722 also when a computer changes its password (KB810977), and replication may take
/// this long to bring the new one everywhere.
const CHANGE: SignedDuration = SignedDuration::from_hours(1);

/// A signal that lies near an incident in time and concerns one of its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearSignal<'a> {
    pub(crate) recorded: &'a RecordedSignal,
    /// The first time it was recorded within the window.
    pub(crate) at: Timestamp,
    pub(crate) about: About,
    /// It names the target's host with its domain: a short name may be that of another domain's machine.
    pub(crate) names_domain: bool,
    /// It was logged at a change of the password that the account lists show, so it shows no broken password.
    pub(crate) routine: bool,
}

/// Whom a signal concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// The target's SPN itself, or its HOST form.
    Spn,
    /// The target's host or account.
    Target,
    /// The account that answered.
    Responder,
    /// The account that owns the SPN.
    Owner,
    /// The account that answered, on another host than the target.
    Elsewhere,
    /// A trust between two domains, and no computer of the incident.
    Trust,
    /// The client, about its connection to the target.
    Connection,
    /// The client itself.
    Client,
}

/// The signals near one incident, in a fixed order.
#[derive(Debug, Default)]
pub(crate) struct Signals<'a>(Vec<NearSignal<'a>>);

impl<'a> Signals<'a> {
    pub(crate) fn near(parties: &Parties<'a>, connection: &Connection, ownership: &Ownership<'a>) -> Self {
        let context = parties.context;
        let window = u32::try_from(context.window.as_secs().max(0)).unwrap_or(u32::MAX);
        let near = |(recorded, hosts): (&'a RecordedSignal, &'a SignalHosts)| {
            // Times first: comparing them takes less than comparing names.
            let at =
                if is_timeless(recorded.signal.kind) {
                    recorded.occurrences.first
                } else {
                    let incident = &parties.incident.occurrences.activity;
                    recorded.occurrences.activity.first_near(incident, window).or_else(|| {
                        lasted(parties, ownership, recorded).then_some(recorded.occurrences.first)
                    })?
                };
            let about = Reader { parties, connection, ownership, recorded, hosts }.about()?;
            Some(NearSignal {
                recorded,
                at,
                about,
                names_domain: names_target(parties, hosts),
                routine: is_routine(ownership, recorded, at),
            })
        };
        let labels = labels(parties, ownership);
        let lookup = Lookup {
            labels: &labels,
            client: parties.client_host.as_ref().map(HostName::netbios),
            target: parties.target_host.as_ref().map(HostName::netbios),
            addresses: parties.target_id.map(|id| context.hosts.owned_by_address(id)).unwrap_or_default(),
        };
        let mut found: Vec<NearSignal<'a>> = context.signals.find(lookup).filter_map(near).collect();
        found.sort_by_key(|signal| (signal.about, signal.recorded.signal.kind, signal.at));
        Self(found)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = NearSignal<'a>> + '_ {
        self.0.iter().copied()
    }

    /// The first signal of one of these kinds about one of these parties.
    pub(crate) fn find(&self, kinds: &[SignalKind], about: &[About]) -> Option<NearSignal<'a>> {
        self.iter().find(|near| kinds.contains(&near.recorded.signal.kind) && about.contains(&near.about))
    }
}

impl NearSignal<'_> {
    pub(crate) fn kind(&self) -> SignalKind {
        self.recorded.signal.kind
    }

    /// The event as evidence quotes it.
    pub(crate) fn quoted(&self) -> QuotedEvent {
        let signal = &self.recorded.signal;
        QuotedEvent {
            at: self.at,
            computer: signal.computer.clone(),
            provider: signal.provider,
            event_id: signal.event_id,
            values: signal.values.clone(),
            count: self.recorded.occurrences.events,
            says: says(self),
        }
    }

    pub(crate) fn fact(&self, relation: Relation) -> Fact {
        Fact::Event { relation, event: self.quoted() }
    }
}

/// It shows what a host has or is, whenever it was logged.
pub(crate) fn is_timeless(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::UsbNicInstalled | SignalKind::Renamed)
}

/// The password was refused all the time from before the first event to after the last: a refusal every few hours, and no
/// new password in between. Two refusals weeks apart say nothing of the time between them.
fn lasted(parties: &Parties<'_>, ownership: &Ownership<'_>, recorded: &RecordedSignal) -> bool {
    use SignalKind::{NoMachineAccount, PasswordRejected, SessionRefused};
    if !matches!(recorded.signal.kind, PasswordRejected | SessionRefused | NoMachineAccount) {
        return false;
    }
    let incident = &parties.incident.occurrences;
    let mut covered: Option<Timestamp> = None;
    for time in recorded.occurrences.activity.iter() {
        let follows = covered.is_some_and(|last| time.duration_since(last) <= RETRY);
        let begins = time <= incident.first && incident.first.duration_since(time) <= RETRY;
        match follows || begins {
            true => covered = Some(time),
            false if time > incident.first => return false,
            false => covered = None,
        }
        if covered.is_some_and(|last| last >= incident.last) {
            let changed = ownership.responder_accounts.iter().filter_map(|account| account.password_last_set);
            return !changed.into_iter().any(|set| recorded.occurrences.first < set && set <= time);
        }
    }
    false
}

/// A refusal within an hour of the password change that a list shows (KB810977): the change itself.
fn is_routine(ownership: &Ownership<'_>, recorded: &RecordedSignal, at: Timestamp) -> bool {
    recorded.signal.kind == SignalKind::SessionRefused
        && recorded.signal.event_id == 5722
        && ownership
            .responder_accounts
            .iter()
            .filter_map(|account| account.password_last_set)
            .any(|set| at.duration_since(set).abs() <= CHANGE)
}

fn labels(parties: &Parties<'_>, ownership: &Ownership<'_>) -> Vec<Box<str>> {
    let hosts = [&parties.client_host, &parties.target_host, &parties.responder_host];
    let mut labels: Vec<Box<str>> = hosts.into_iter().flatten().map(|host| host.netbios().into()).collect();
    labels.extend(ownership.owners.iter().filter_map(|account| label_of(&account.name)));
    labels.sort();
    labels.dedup();
    labels
}

/// Is one of the names that of the target's host, with a domain?
fn names_target(parties: &Parties<'_>, hosts: &SignalHosts) -> bool {
    let Some(target) = &parties.target_host else { return false };
    hosts.subjects.iter().any(|named| named.domain().is_some() && named.same(target) != Same::No)
}

/// What decides whom a signal concerns.
struct Reader<'r, 'a> {
    parties: &'r Parties<'a>,
    connection: &'r Connection,
    ownership: &'r Ownership<'a>,
    recorded: &'r RecordedSignal,
    hosts: &'r SignalHosts,
}

impl Reader<'_, '_> {
    /// `None` when it is about others.
    fn about(&self) -> Option<About> {
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

/// ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST (winerror.h): another account has the SPN.
pub(crate) fn is_taken(signal: &Signal) -> bool {
    matches!(signal.kind, SignalKind::WinRmSpnRefused | SignalKind::SqlSpnRefused)
        && signal.error == Some(8647)
}

/// What an event of this kind says, whoever logs it.
fn says(near: &NearSignal<'_>) -> &'static str {
    let signal = &near.recorded.signal;
    match signal.kind {
        SignalKind::DuplicateName => "the KDC found the name on more than one account",
        SignalKind::NotRegistered => "the KDC found no account with this SPN",
        SignalKind::NoSuitableKey => {
            "the KDC refused a ticket, because the account has no key of the encryption type that was asked for"
        }
        SignalKind::LacksStrongKeys => "the account has no strong keys until its password is set again",
        SignalKind::PasswordRejected if near.about == About::Trust => {
            "another domain refused the password of a trust, which is not the computer's own"
        }
        SignalKind::PasswordRejected => "its domain does not accept its password",
        SignalKind::SessionRefused if near.about == About::Trust => {
            "the account is a trust account (trusted domain), and not the computer's own"
        }
        SignalKind::SessionRefused if near.routine => {
            "logged at a routine password change, whose time the account list has (KB810977)"
        }
        SignalKind::SessionRefused if signal.event_id == 5722 => {
            "the domain controller refused a session of the computer; it is also logged at a routine password change (KB810977)"
        }
        SignalKind::SessionRefused => "the domain controller refused a session of the computer",
        SignalKind::NoMachineAccount if near.about == About::Trust => {
            "the account of a trust was not found, and not the computer's own"
        }
        SignalKind::NoMachineAccount if signal.event_id == 5723 => {
            "the domain controller found no account for the computer: on a read-only one the account is not cacheable, and a \
             single event may be transient"
        }
        SignalKind::NoMachineAccount => "the domain has no account for the computer",
        SignalKind::NoLogonServer => "it reached no domain controller, which says nothing of keys",
        SignalKind::OwnNamesRefused => {
            "it could not write its own SPNs or DNS name, often because another account has them"
        }
        SignalKind::TwoAccounts => "the domain controller has more than one account of this name",
        SignalKind::NotALocalName => {
            "a program asked its own machine for a name that is not the machine's: it had reached itself"
        }
        SignalKind::AuthenticationFailed => failure(signal.error),
        SignalKind::DcomFailed => "DCOM to it failed",
        SignalKind::DcomSuppressed => {
            "repeated DCOM events are not logged, so there were more than are counted"
        }
        SignalKind::WinRmSpnRefused if is_taken(signal) => {
            "the SPNs could not be created: another account has them"
        }
        SignalKind::WinRmSpnRefused => "the SPNs could not be created",
        SignalKind::ServiceLogonFailed => "the service could not log on",
        SignalKind::PolicyLogonFailed => "the computer's own logon failed when it read its policy",
        SignalKind::Restarted if signal.event_id == 6008 => "it had gone down unexpectedly",
        SignalKind::Restarted => "it started, as it does after a snapshot was put back",
        SignalKind::Renamed => "the computer got another name",
        SignalKind::PacRefused => "the rights in a ticket could not be checked, mostly because of a trust",
        SignalKind::OwnAddresses => "it registered these addresses",
        SignalKind::UsbNicInstalled => "a USB network adapter was installed",
        SignalKind::SelfAssigned => "an adapter gave itself an address",
        SignalKind::AddressConflict => "another machine has its address",
        SignalKind::WeakCipherUsed => "the KDC issued a ticket with a cipher that it will refuse (RC4)",
        SignalKind::WeakCipherRefused => "the KDC refused a cipher (RC4) and issued no ticket",
        SignalKind::WeakCipherAllowed => "the domain's default encryption types have a weak one",
        SignalKind::CorruptKeys => "the account's keys are corrupt until its password is set again",
        SignalKind::TrustKeyVersionUnknown => "the KDC lacked the key version of a trust",
        SignalKind::PacNotValid => "the KDC found a ticket whose rights are not signed as they must be",
        SignalKind::AccountLookupFailed => "the account database failed a request of the KDC",
        SignalKind::MachineSidNotUnique => {
            "two machines have one SID (cloned without Sysprep), and updates since August 2025 refuse that"
        }
        SignalKind::DowngradeDenied => "authentication was denied, because it would have fallen back to NTLM",
        SignalKind::PoolLogonFailed => "the identity of an application pool was refused",
        SignalKind::SqlSpnRefused if signal.error == Some(8647) => {
            "SQL Server could not register its SPN, because another account has it"
        }
        SignalKind::SqlSpnRefused => "SQL Server could not register its SPN",
        SignalKind::ManagedPasswordNotFetched => {
            "the password of a managed service account could not be fetched"
        }
        SignalKind::ClusterAccountFailed => "the computer object of a cluster name could not be updated",
        SignalKind::ClusterNoController => "the cluster name reached no writable domain controller",
        SignalKind::ClusterNotInDns => "the cluster name could not be registered in DNS",
        SignalKind::ClusterNameFailed => "the cluster name failed",
        SignalKind::UsnRollback => {
            "a domain controller was restored in a way that replication does not know (USN rollback)"
        }
        SignalKind::SnapshotApplied => "the virtual machine of the domain controller was cloned or set back",
        SignalKind::SpnNotUnique => "the directory refused the SPN, because another account has it",
        SignalKind::ControllerSpnMissing => "the replication SPN of a domain controller is not registered",
        SignalKind::AccountChanged => "the account was changed",
        SignalKind::PasswordReset => "the account's password was reset",
    }
}

/// LsaSrv 40960 by its code (ntstatus.h).
fn failure(code: Option<u32>) -> &'static str {
    match code {
        Some(0xC000_006D) => "the logon was refused: a wrong name, password or key",
        Some(0xC000_005E) => "no domain controller was reached, which says nothing of keys",
        Some(0xC000_0133) => "the clocks differ too much, which is another trouble",
        Some(0xC000_0234) => "the account is locked, which is another trouble",
        _ => "the authentication failed",
    }
}
