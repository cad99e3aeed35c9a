use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use jiff::Timestamp;

use super::case::{Case, Shape};
use super::ownership::Ownership;
use crate::events::{Role, Signal, SignalKind};
use crate::files::FileIndex;
use crate::incidents::RecordedSignal;
use crate::inventory::accounts::Account;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::names::{HostName, Principal, Same, Spn};

/// Clues by the names they are about, so that an incident meets only those that may concern it.
#[derive(Debug, Default)]
pub struct SignalIndex {
    signals: Vec<RecordedSignal>,
    /// Beside `signals`: their names as hosts.
    names: Vec<Names>,
    /// First 15 characters of a host label or account name, in lower case.
    by_label: HashMap<Box<str>, Vec<u32>>,
}

/// The hosts that a signal names.
#[derive(Debug)]
struct Names {
    logged_by: Option<HostName>,
    /// NETLOGON writes short names: the domain is that of the log it stands in.
    subjects: Vec<HostName>,
}

impl Names {
    fn of(signal: &Signal) -> Self {
        let logged_by = HostName::parse(&signal.computer);
        let domain = logged_by.as_ref().and_then(HostName::domain);
        let host = |subject: &str| {
            let host = Principal::parse(subject).host()?;
            Some(if host.domain().is_some() { host } else { host.in_domain(domain) })
        };
        let subjects = signal.subjects().filter_map(host).collect();
        Self { logged_by, subjects }
    }
}

/// A signal that lies near an incident in time and concerns one of its names.
#[derive(Debug, Clone, Copy)]
pub struct NearSignal<'a> {
    pub recorded: &'a RecordedSignal,
    /// The first time it was recorded within the window.
    pub at: Timestamp,
    pub about: About,
    /// It names the target's host with its domain: a short name may be that of another domain's machine.
    pub sure: bool,
}

/// Whom a signal concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The target's SPN itself (or its HOST form).
    Spn,
    /// The host or account that was meant.
    Target,
    /// The account that answered.
    Answerer,
    /// The account that owns the SPN.
    Owner,
    /// The account that answered, on another host than the one that was meant.
    Elsewhere,
    /// The client, about its connection to the target.
    Connection,
    /// The client itself.
    Client,
}

impl SignalIndex {
    pub fn new(signals: Vec<RecordedSignal>) -> Self {
        let mut by_label: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (i, recorded) in signals.iter().enumerate() {
            let mut labels: Vec<Box<str>> = recorded.signal.subjects().filter_map(label_of).collect();
            // What a client says of its connections is looked up by the client, too.
            labels.extend(label_of(&recorded.signal.computer));
            labels.sort();
            labels.dedup();
            for label in labels {
                by_label.entry(label).or_default().push(i as u32);
            }
        }
        let names = signals.iter().map(|recorded| Names::of(&recorded.signal)).collect();
        Self { signals, names, by_label }
    }

    /// Whose log each signal stands in, and the files that hold it.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &BTreeSet<FileIndex>)> {
        self.signals.iter().map(|recorded| (&*recorded.signal.computer, &recorded.occurrences.files))
    }

    pub(super) fn near<'a>(&'a self, case: &Case<'a>) -> Vec<NearSignal<'a>> {
        let window = u32::try_from(case.know.window.as_secs().max(0)).unwrap_or(u32::MAX);
        let mut indices: Vec<u32> = labels_of(case, &case.ownership)
            .iter()
            .filter_map(|label| self.by_label.get(label))
            .flatten()
            .copied()
            .collect();
        indices.sort_unstable();
        indices.dedup();
        let mut near: Vec<NearSignal<'a>> = indices
            .into_iter()
            .filter_map(|i| {
                let recorded = &self.signals[i as usize];
                // Times first: to compare them takes less than to compare names.
                let at = if timeless(recorded.signal.kind) {
                    recorded.occurrences.first
                } else {
                    let (signal, incident) =
                        (&recorded.occurrences.activity, &case.incident.occurrences.activity);
                    signal
                        .first_near(incident, window)
                        .or_else(|| lasted(case, recorded).then_some(recorded.occurrences.first))?
                };
                let names = &self.names[i as usize];
                Some(NearSignal {
                    recorded,
                    at,
                    about: about(case, recorded, names)?,
                    sure: names_target(case, names),
                })
            })
            .collect();
        near.sort_by_key(|c| (c.about, c.recorded.signal.kind, c.at));
        near
    }
}

/// It says what a host has or is, whenever it was logged.
pub(super) fn timeless(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::UsbNicInstalled | SignalKind::Renamed)
}

/// A password that is refused before and after stays refused in between: nobody repairs it and breaks it again. NETLOGON
/// itself tries only every few hours.
fn lasted(case: &Case<'_>, recorded: &RecordedSignal) -> bool {
    use SignalKind::{NoMachineAccount, PasswordRejected, SessionRefused};
    let incident = &case.incident.occurrences;
    matches!(recorded.signal.kind, PasswordRejected | SessionRefused | NoMachineAccount)
        && recorded.occurrences.first <= incident.first
        && incident.last <= recorded.occurrences.last
}

fn label_of(name: &str) -> Option<Box<str>> {
    Principal::parse(name).host().map(|h| h.netbios().into())
}

fn labels_of(case: &Case<'_>, ownership: &Ownership<'_>) -> Vec<Box<str>> {
    let hosts = [&case.client_host, &case.target_host, &case.answerer_host];
    let mut labels: Vec<Box<str>> = hosts.into_iter().flatten().map(|h| h.netbios().into()).collect();
    labels.extend(ownership.owners.iter().filter_map(|a| label_of(&a.name)));
    labels.sort();
    labels.dedup();
    labels
}

/// Is one of the names that of C's host, with a domain?
fn names_target(case: &Case<'_>, names: &Names) -> bool {
    let Some(target) = &case.target_host else { return false };
    names.subjects.iter().any(|named| named.domain().is_some() && named.same(target) != Same::No)
}

/// Is this domain (DNS or NetBIOS name) the realm?
pub(super) fn is_of_realm(domain: &str, realm: &str) -> bool {
    let flat = |name: &str, other: &str| !name.contains('.') && other.split('.').next() == Some(name);
    domain == realm || flat(domain, realm) || flat(realm, domain)
}

/// Whom of the incident's names a signal concerns; `None` when it is about others.
fn about(case: &Case<'_>, recorded: &RecordedSignal, names: &Names) -> Option<About> {
    let (signal, logged_by) = (&recorded.signal, names.logged_by.as_ref());
    let by =
        |host: &Option<HostName>| host.as_ref().zip(logged_by).is_some_and(|(h, l)| h.same(l) != Same::No);
    let by_client = || by(&case.client_host);
    let subject = |wanted: Option<&HostName>| {
        wanted.is_some_and(|wanted| names.subjects.iter().any(|named| named.same(wanted) != Same::No))
    };
    match signal.kind {
        SignalKind::DuplicateName | SignalKind::NotRegistered => {
            signal.subjects().any(|s| same_spn(case, s)).then_some(About::Spn)
        }
        SignalKind::NoSuitableKey | SignalKind::LacksStrongKeys => {
            if signal.subjects().any(|s| names_account(case, s, &case.ownership.owners)) {
                Some(About::Owner)
            } else if subject(case.answerer_host.as_ref()) || subject(case.target_host.as_ref()) {
                Some(About::Target)
            } else {
                None
            }
        }
        SignalKind::PasswordRejected
        | SignalKind::SessionRefused
        | SignalKind::NoMachineAccount
        | SignalKind::OwnNamesRefused
        | SignalKind::TwoAccounts
        | SignalKind::PolicyLogonFailed
        | SignalKind::Restarted => {
            if subject(case.target_host.as_ref()) {
                Some(About::Target)
            } else if subject(case.answerer_host.as_ref()) {
                Some(About::Answerer)
            } else {
                None
            }
        }
        SignalKind::UsbNicInstalled | SignalKind::SelfAssigned | SignalKind::OwnAddresses => {
            if by_client() {
                Some(About::Client)
            } else {
                by(&case.target_host).then_some(About::Target)
            }
        }
        SignalKind::NotALocalName | SignalKind::AuthenticationFailed => {
            (by_client() && subject(case.target_host.as_ref())).then_some(About::Connection)
        }
        SignalKind::DcomFailed => {
            let peer = subject(case.target_host.as_ref())
                || case
                    .common(case.client_id, case.target_id)
                    .iter()
                    .any(|shared| signal.addresses.contains(shared))
                || signal.addresses.iter().any(|&address| is_card(address));
            (by_client() && peer).then_some(About::Connection)
        }
        SignalKind::WinRmSpnRefused => {
            let wsman = case.target.spn().is_some_and(|s| s.class.eq_ignore_ascii_case("wsman"));
            (wsman && signal.subjects().any(|s| same_spn(case, s))).then_some(About::Spn)
        }
        SignalKind::ServiceLogonFailed => {
            if case.shape != Shape::ServiceAnswered {
                return None;
            }
            let on_target = is_target(case, logged_by);
            match signal.name(Role::Account) {
                Some(account) if !names_account_of_answerer(case, account) => None,
                Some(_) if on_target => Some(About::Answerer),
                Some(_) => Some(About::Elsewhere),
                None => on_target.then_some(About::Target),
            }
        }
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
            if signal.subjects().any(|s| same_spn(case, s)) {
                Some(About::Spn)
            } else if signal.all(Role::Account).any(|a| names_account(case, a, &case.ownership.owners)) {
                Some(About::Owner)
            } else if subject(case.target_host.as_ref()) {
                Some(About::Target)
            } else {
                subject(case.answerer_host.as_ref()).then_some(About::Answerer)
            }
        }
        // It names a trust or a policy, and nobody of the incident.
        SignalKind::TrustKeyVersionUnknown | SignalKind::WeakCipherAllowed => None,
        SignalKind::DcomSuppressed => by_client().then_some(About::Client),
        SignalKind::NoLogonServer
        | SignalKind::MachineSidNotUnique
        | SignalKind::UsnRollback
        | SignalKind::SnapshotApplied
        | SignalKind::PoolLogonFailed
        | SignalKind::PacRefused
        | SignalKind::AddressConflict
        | SignalKind::Renamed => {
            if by(&case.target_host) {
                Some(About::Target)
            } else if by(&case.answerer_host) {
                Some(About::Answerer)
            } else {
                by_client().then_some(About::Client)
            }
        }
    }
}

/// The address that management cards of a vendor have on every host.
pub(super) fn is_card(address: IpAddr) -> bool {
    matches!(recognise(address, None, None, &[]), AdapterKind::BmcUsbNic(_))
}

fn same_spn(case: &Case<'_>, text: &str) -> bool {
    let (Some(spn), Some(other)) = (case.target.spn(), Spn::parse(text)) else {
        return false;
    };
    // A KDC names the SPN it looked up, which is the HOST form where the exact one is registered nowhere.
    spn.key() == other.key()
        || (other.class.eq_ignore_ascii_case("host")
            && case.know.accounts.host_covers(&spn.class)
            && spn.with_class("host").key() == other.key())
}

fn names_account(case: &Case<'_>, subject: &str, accounts: &[&Account]) -> bool {
    let (Principal::Machine { name, domain } | Principal::Name { name, domain }) = Principal::parse(subject)
    else {
        return same_spn(case, subject);
    };
    accounts.iter().any(|account| {
        account.name.trim_end_matches('$').eq_ignore_ascii_case(&name)
            && domain.as_ref().is_none_or(|d| {
                let of = account.domain.to_lowercase();
                of.is_empty() || of == **d || of.split('.').next() == Some(d)
            })
    })
}

/// Is this host the one that was meant, by its names, or because C's name leads to an address of it?
fn is_target(case: &Case<'_>, host: Option<&HostName>) -> bool {
    let Some(host) = host else { return false };
    if case.target_host.as_ref().is_some_and(|t| t.same(host) != Same::No) {
        return true;
    }
    let id = case.know.hosts.find(host);
    // Where C has addresses of its own, a name that leads elsewhere leads astray.
    let alias = || case.usable(case.target_id).is_empty() && case.name_leads_to(id).is_some();
    id.is_some() && (id == case.target_id || alias())
}

/// `ALPHA\svc_app`, where the account that answered is svc_app of a realm named ALPHA. `.\svc_app` is of the machine alone.
fn names_account_of_answerer(case: &Case<'_>, subject: &str) -> bool {
    if subject.starts_with(".\\") {
        return false;
    }
    let (Principal::Name { name: a, domain }, Principal::Name { name: b, .. }) =
        (Principal::parse(subject), &case.answerer)
    else {
        return false;
    };
    let of_realm = |d: &str| {
        let known = case.ownership.answerer_accounts.iter().map(|a| a.domain.to_lowercase());
        let mut domains = known.chain(case.realms.iter().cloned()).filter(|r| !r.is_empty()).peekable();
        domains.peek().is_none() || domains.any(|r| r == d || r.split('.').next() == Some(d))
    };
    a.eq_ignore_ascii_case(b) && domain.is_none_or(|d| of_realm(&d))
}
