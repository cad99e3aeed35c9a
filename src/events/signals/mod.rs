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
mod signal;
mod values;

use crate::records::{EventFilter, Record};

pub use signal::{Role, Signal, SignalKind};
use values::Values;

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
    /// The signal that a record is, if it is one.
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
}

#[cfg(test)]
mod tests;
