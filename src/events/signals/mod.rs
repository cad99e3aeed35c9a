//! Events other than event 4 that say something about the hosts and accounts of an incident.
//!
//! [`CATALOGUE`] is the one table of them; each line has the function that reads its values, in the file of its family.
//! Layouts are tagged with how they are verified: MAN is a manifest of Windows, LMERR the SDK header `lmerrlog.h`, XML a
//! record in a public log. The rest is third-party documentation: there names and positions are both tried.

mod host;
mod kdc;
mod logon;
mod netlogon;
mod peer;
mod values;

use std::net::IpAddr;

use crate::records::{EventFilter, Record};
use values::Values;

/// An event that says something about the hosts and accounts of an incident.
///
/// What each proves: `docs/causes.md`, "The other events".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal {
    pub kind: SignalKind,
    /// The provider's usual short name, as people quote it.
    pub provider: &'static str,
    pub event_id: u16,
    /// Who logged it.
    pub computer: Box<str>,
    /// Whom and what it names, each with its role, as the log has them. Empty names are left out.
    pub names: Vec<(Role, Box<str>)>,
    pub addresses: Vec<IpAddr>,
    /// The error it names: a Win32 error, an NTSTATUS or an LDAP result, as is usual for the event.
    pub error: Option<u32>,
    /// `Security/@UserID`, where the event is about that account (GroupPolicy).
    pub user_id: Option<Box<str>>,
    /// The values worth quoting, without those that change with every event (process IDs).
    pub values: Box<str>,
}

/// What a name in an event is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A host that the event is about.
    Computer,
    /// An account that the event is about: the one to reset, the one that was refused.
    Account,
    /// The SPN, or what is asked for in its place.
    Spn,
    /// A Windows service, an application pool or a cluster resource.
    Service,
    /// A domain, as DNS or NetBIOS name.
    Domain,
    /// The domain controller that refused or was asked.
    Controller,
    /// Who asked the KDC for a ticket, or changed an account. The event is not about it.
    Requester,
    /// A device instance ID.
    Device,
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignalKind {
    /// KDC 11, Kerberos/Operational 101: the KDC found an SPN on more than one account.
    DuplicateName,
    /// Kerberos/Operational 100: the KDC found no account with the SPN.
    NotRegistered,
    /// KDC 14, 16, 26, 27: no key of the wanted encryption type. The KDC issued no ticket. SPN (or account) asked for,
    /// requester; 14 and 16 name the account to reset.
    NoSuitableKey,
    /// KDC 42: an account lacks strong keys.
    LacksStrongKeys,
    /// NETLOGON 3210: a domain (named) refused this computer's password. On a domain controller another domain is a trust.
    PasswordRejected,
    /// NETLOGON 5722, 5805: a computer failed to authenticate to a domain controller. 5722 names the account too, which
    /// is not the computer's when a trust is refused.
    SessionRefused,
    /// NETLOGON 5720, 5721, 5723: there is no account for the computer. 5723 names the account that was looked for.
    NoMachineAccount,
    /// NETLOGON 5719: no domain controller of the domain was reached. Says nothing of keys.
    NoLogonServer,
    /// NETLOGON 5788, 5789: a computer could not write its own SPNs or host name.
    OwnNamesRefused,
    /// NETLOGON 5800: the domain controller has two accounts of one name.
    TwoAccounts,
    /// LsaSrv 6037: a program used a target name that is not a name of the machine it reached: itself.
    NotALocalName,
    /// LsaSrv 40960: authentication to the target failed.
    AuthenticationFailed,
    /// DistributedCOM 10006, 10009, 10028: DCOM to a peer (host or address) failed.
    DcomFailed,
    /// DistributedCOM 10026: repeated DCOM events are suppressed, so counts are lower bounds.
    DcomSuppressed,
    /// WinRM 10154: WSMAN SPNs could not be created.
    WinRmSpnRefused,
    /// Service Control Manager 7000 (with a logon error), 7038, 7041: a service could not log on. 7000 names no account.
    ServiceLogonFailed,
    /// GroupPolicy 1006 with invalid credentials (49), 1097: a logon failed while policy was read. It names the computer
    /// only where the event is logged for the computer's own account (S-1-5-18) or says not for whom.
    PolicyLogonFailed,
    /// EventLog 6008: the computer went down unexpectedly; 6009: it started.
    Restarted,
    /// EventLog 6011: the computer was renamed. Computers: the old and the new name.
    Renamed,
    /// Security-Kerberos 7: the PAC of the client could not be validated, mostly a trust problem.
    PacRefused,
    /// DNS-Client 8015 to 8021, DnsApi 11150 to 11167: host name and addresses of an adapter at that time.
    OwnAddresses,
    /// UserPnp 20001, 20003: a USB network adapter was installed.
    UsbNicInstalled,
    /// Dhcp-Client 1007: an adapter gave itself an address.
    SelfAssigned,
    /// Tcpip 4198, 4199: another machine on the link has this computer's address.
    AddressConflict,
}

/// Events of one provider that say the same.
struct Entry {
    providers: &'static [&'static str],
    /// As people quote the provider.
    name: &'static str,
    ids: &'static [u16],
    kind: SignalKind,
    /// Fills in what the values say; `None` when the value that makes it a signal is missing.
    read: fn(&mut Signal, &Values<'_>) -> Option<()>,
}

const KDC: &[&str] = &["Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC"];
const NETLOGON: &[&str] = &["NETLOGON"];
const LSASRV: &[&str] = &["LsaSrv", "Microsoft-Windows-LSA", "LSASRV"];
const DCOM: &[&str] = &["Microsoft-Windows-DistributedCOM", "DCOM"];
const EVENTLOG: &[&str] = &["EventLog", "Microsoft-Windows-EventLog"];
const DNS: &[&str] = &["Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client-Events", "DnsApi"];
const KERBEROS: &[&str] = &["Microsoft-Windows-Security-Kerberos"];
const SERVICES: &[&str] = &["Service Control Manager"];
const POLICY: &[&str] = &["Microsoft-Windows-GroupPolicy"];

/// Every signal that is read.
const CATALOGUE: &[Entry] = &[
    entry(KDC, "KDC", &[11], SignalKind::DuplicateName, kdc::duplicate_name),
    entry(KDC, "KDC", &[14, 16, 26, 27], SignalKind::NoSuitableKey, kdc::no_suitable_key),
    entry(KDC, "KDC", &[42], SignalKind::LacksStrongKeys, kdc::account),
    entry(NETLOGON, "NETLOGON", &[3210], SignalKind::PasswordRejected, netlogon::password_rejected),
    entry(NETLOGON, "NETLOGON", &[5719], SignalKind::NoLogonServer, netlogon::no_logon_server),
    entry(NETLOGON, "NETLOGON", &[5722, 5805], SignalKind::SessionRefused, netlogon::session_refused),
    entry(
        NETLOGON,
        "NETLOGON",
        &[5720, 5721],
        SignalKind::NoMachineAccount,
        netlogon::no_account_for_this_computer,
    ),
    entry(NETLOGON, "NETLOGON", &[5723], SignalKind::NoMachineAccount, netlogon::session_refused),
    entry(NETLOGON, "NETLOGON", &[5788, 5789], SignalKind::OwnNamesRefused, netlogon::own_names_refused),
    entry(NETLOGON, "NETLOGON", &[5800], SignalKind::TwoAccounts, netlogon::two_accounts),
    entry(LSASRV, "LsaSrv", &[6037], SignalKind::NotALocalName, peer::not_a_local_name),
    entry(LSASRV, "LsaSrv", &[40960], SignalKind::AuthenticationFailed, peer::authentication_failed),
    entry(DCOM, "DistributedCOM", &[10006, 10009, 10028], SignalKind::DcomFailed, peer::dcom_failed),
    entry(DCOM, "DistributedCOM", &[10026], SignalKind::DcomSuppressed, peer::quoted),
    entry(
        &["Microsoft-Windows-WinRM", "WinRM"],
        "WinRM",
        &[10154],
        SignalKind::WinRmSpnRefused,
        peer::winrm_spns_refused,
    ),
    entry(
        SERVICES,
        "Service Control Manager",
        &[7000],
        SignalKind::ServiceLogonFailed,
        logon::service_not_started,
    ),
    entry(
        SERVICES,
        "Service Control Manager",
        &[7038, 7041],
        SignalKind::ServiceLogonFailed,
        logon::service_logon_failed,
    ),
    entry(POLICY, "GroupPolicy", &[1006, 1097], SignalKind::PolicyLogonFailed, logon::policy_logon_failed),
    entry(EVENTLOG, "EventLog", &[6008, 6009], SignalKind::Restarted, host::restarted),
    entry(EVENTLOG, "EventLog", &[6011], SignalKind::Renamed, host::renamed),
    entry(KERBEROS, "Security-Kerberos", &[7], SignalKind::PacRefused, logon::pac_refused),
    entry(KERBEROS, "Security-Kerberos", &[100], SignalKind::NotRegistered, kdc::asked_spn),
    entry(KERBEROS, "Security-Kerberos", &[101], SignalKind::DuplicateName, kdc::asked_spn),
    entry(
        DNS,
        "DNS-Client",
        &[8015, 8016, 8017, 8018, 8019, 8020, 8021],
        SignalKind::OwnAddresses,
        host::own_addresses,
    ),
    entry(
        &["DnsApi"],
        "DnsApi",
        &[11150, 11151, 11152, 11153, 11154, 11155, 11160, 11161, 11162, 11163, 11164, 11165, 11166, 11167],
        SignalKind::OwnAddresses,
        host::own_addresses,
    ),
    entry(
        &["Microsoft-Windows-UserPnp"],
        "UserPnp",
        &[20001, 20003],
        SignalKind::UsbNicInstalled,
        host::usb_nic_installed,
    ),
    entry(
        &["Microsoft-Windows-Dhcp-Client", "Dhcp"],
        "Dhcp-Client",
        &[1007],
        SignalKind::SelfAssigned,
        host::self_assigned,
    ),
    entry(
        &["Tcpip", "Microsoft-Windows-TCPIP"],
        "Tcpip",
        &[4198, 4199],
        SignalKind::AddressConflict,
        host::address_conflict,
    ),
];

const fn entry(
    providers: &'static [&'static str],
    name: &'static str,
    ids: &'static [u16],
    kind: SignalKind,
    read: fn(&mut Signal, &Values<'_>) -> Option<()>,
) -> Entry {
    Entry { providers, name, ids, kind, read }
}

/// The short name of each provider, and its events that can be signals.
pub fn known() -> impl Iterator<Item = (&'static str, &'static [u16])> {
    CATALOGUE.iter().map(|entry| (entry.name, entry.ids))
}

/// Records that are signals only by a value, so that the others need not be decoded: event ID, the value's name, and
/// what it must be at least. A machine writes UserPnp 20001 and 20003 for every driver.
pub(super) const CONDITIONS: [(u16, &str, fn(&str) -> bool); 3] = [
    (20001, "DeviceInstanceID", host::is_usb_device),
    (20003, "DeviceInstanceID", host::is_usb_device),
    (7000, "param2", logon::is_logon_failure),
];

/// The records that can be signals.
pub(super) fn wanted() -> impl Iterator<Item = EventFilter> {
    CATALOGUE.iter().map(|entry| EventFilter {
        providers: entry.providers.iter().map(|p| (*p).to_owned()).collect(),
        event_ids: entry.ids.to_vec(),
    })
}

impl Signal {
    pub fn read(record: &Record) -> Option<Self> {
        let entry = CATALOGUE.iter().find(|entry| {
            entry.ids.contains(&record.event_id)
                && entry.providers.iter().any(|p| p.eq_ignore_ascii_case(&record.provider))
        })?;
        let mut signal = Self {
            kind: entry.kind,
            provider: entry.name,
            event_id: record.event_id,
            computer: record.computer.as_str().into(),
            names: Vec::new(),
            addresses: Vec::new(),
            error: None,
            user_id: None,
            values: Box::default(),
        };
        (entry.read)(&mut signal, &Values(record))?;
        Some(signal)
    }

    /// The hosts, accounts and SPNs it is about: not those of the domain, its controller or whoever asked.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let is_about = |role: Role| match role {
            Role::Computer | Role::Account | Role::Spn | Role::Service | Role::Device => true,
            Role::Domain | Role::Controller | Role::Requester => false,
        };
        self.names.iter().filter(move |(role, _)| is_about(*role)).map(|(_, name)| &**name)
    }

    /// Every name of this role, in the event's order.
    pub fn all(&self, wanted: Role) -> impl Iterator<Item = &str> {
        self.names.iter().filter(move |(role, _)| *role == wanted).map(|(_, name)| &**name)
    }

    /// The first name of this role.
    pub fn name(&self, wanted: Role) -> Option<&str> {
        self.all(wanted).next()
    }

    /// Adds names that are not empty.
    fn names<'v>(&mut self, names: impl IntoIterator<Item = (Role, &'v str)>) {
        let given = names.into_iter().filter(|(_, name)| !name.is_empty());
        self.names.extend(given.map(|(role, name)| (role, name.into())));
    }

    /// Adds the names and quotes all values. `None` when the first name is missing: a signal about nobody is none.
    fn about<const N: usize>(&mut self, names: [(Role, &str); N], v: &Values<'_>) -> Option<()> {
        names.first().filter(|(_, name)| !name.is_empty())?;
        self.names(names);
        self.values = v.all().into();
        Some(())
    }

    /// Adds the computer that logged the event, which it is about.
    fn about_this_computer(&mut self) {
        self.names.push((Role::Computer, self.computer.clone()));
    }
}

#[cfg(test)]
mod tests;
