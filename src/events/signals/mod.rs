//! Signals: events other than event 4 that show something about the hosts and accounts of an incident.
//!
//! [`CATALOGUE`] lists them all. Each line names the function that reads the event's values, which is in the file of its family.
//!
//! The comment of that function lists the values in order, and in parentheses where they are documented: in a provider's
//! manifest, in a message table or message list of Microsoft, in the SDK header `lmerrlog.h`, or by a record in a public log. A
//! message table has positions (`%1`, `%2`) and no names. If names are not documented, names and positions are both tried.

mod cluster;
mod directory_service;
mod host;
mod kdc;
mod logon;
mod netlogon;
mod peer;
mod services;
mod signal;
mod values;

use crate::records::{EventFilter, Record};

pub use signal::{Role, Signal, SignalKind};
use values::Values;

/// Provider and channel of events.
pub(super) struct EventSource {
    /// Names of the provider, the usual one first. Empty for any provider.
    pub providers: &'static [&'static str],
    /// Short name of the provider, as people write it.
    pub name: &'static str,
    pub channel: &'static str,
}

/// Events of one source with the same meaning.
pub(super) struct CatalogueEntry {
    pub source: EventSource,
    pub ids: &'static [u16],
    kind: SignalKind,
    /// Reads the values; `None` if the value that makes the event a signal is missing.
    read: fn(&mut Signal, &Values<'_>) -> Option<()>,
}

const fn system(name: &'static str, providers: &'static [&'static str]) -> EventSource {
    EventSource { providers, name, channel: "System" }
}

const KDC: EventSource = system("KDC", &["Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC"]);
const NETLOGON: EventSource = system("NETLOGON", &["NETLOGON"]);
const LSASRV: EventSource = system("LsaSrv", &["LsaSrv", "Microsoft-Windows-LSA", "LSASRV"]);
const DCOM: EventSource = system("DistributedCOM", &["Microsoft-Windows-DistributedCOM", "DCOM"]);
const WINRM: EventSource = system("WinRM", &["Microsoft-Windows-WinRM", "WinRM"]);
const SERVICE_CONTROL_MANAGER: EventSource = system("Service Control Manager", &["Service Control Manager"]);
const WAS: EventSource = system("WAS", &["Microsoft-Windows-WAS", "WAS"]);
const GROUP_POLICY: EventSource = system("GroupPolicy", &["Microsoft-Windows-GroupPolicy"]);
const EVENTLOG: EventSource = system("EventLog", &["EventLog", "Microsoft-Windows-EventLog"]);
const KERBEROS: EventSource = system("Security-Kerberos", &["Microsoft-Windows-Security-Kerberos"]);
const FAILOVER_CLUSTERING: EventSource =
    system("FailoverClustering", &["Microsoft-Windows-FailoverClustering"]);
const DNS_CLIENT: EventSource =
    system("DNS-Client", &["Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client-Events", "DnsApi"]);
const DNS_API: EventSource = system("DnsApi", &["DnsApi"]);
const USER_PNP: EventSource = system("UserPnp", &["Microsoft-Windows-UserPnp"]);
const DHCP_CLIENT: EventSource = system("Dhcp-Client", &["Microsoft-Windows-Dhcp-Client", "Dhcp"]);
const TCPIP: EventSource = system("Tcpip", &["Tcpip", "Microsoft-Windows-TCPIP"]);
/// Windows has this channel off by default.
const KERBEROS_OPERATIONAL: EventSource =
    EventSource { channel: "Microsoft-Windows-Kerberos/Operational", ..KERBEROS };
const AD_DS: EventSource = EventSource {
    providers: &["Microsoft-Windows-ActiveDirectory_DomainService", "NTDS General", "NTDS Replication"],
    name: "ActiveDirectory_DomainService",
    channel: "Directory Service",
};
/// SQL Server's provider name contains the instance, so any provider is read.
const SQL_SERVER: EventSource = EventSource { providers: &[], name: "MSSQLSERVER", channel: "Application" };
const SECURITY_AUDITING: EventSource = EventSource {
    providers: &["Microsoft-Windows-Security-Auditing"],
    name: "Security-Auditing",
    channel: "Security",
};

/// Every signal that is read.
#[rustfmt::skip]
pub(super) const CATALOGUE: &[CatalogueEntry] = &[
    entry(KDC, &[7], SignalKind::AccountLookupFailed, kdc::account_lookup_failed),
    entry(KDC, &[11], SignalKind::DuplicateName, kdc::duplicate_name),
    entry(KDC, &[13], SignalKind::CorruptKeys, kdc::corrupt_keys),
    entry(KDC, &[14, 16, 26, 27], SignalKind::NoSuitableKey, kdc::no_suitable_key),
    entry(KDC, &[18, 35, 36, 37, 38, 43, 44], SignalKind::PacNotValid, kdc::pac_not_valid),
    entry(KDC, &[28], SignalKind::TrustKeyVersionUnknown, kdc::trust_key_version),
    entry(KDC, &[42], SignalKind::LacksStrongKeys, kdc::lacks_strong_keys),
    entry(KDC, &[201, 202, 206, 207], SignalKind::WeakCipherUsed, kdc::weak_cipher),
    entry(KDC, &[203, 204, 208, 209], SignalKind::WeakCipherRefused, kdc::weak_cipher),
    entry(KDC, &[205], SignalKind::WeakCipherAllowed, Signal::quote),
    entry(NETLOGON, &[3210], SignalKind::PasswordRejected, netlogon::password_rejected),
    entry(NETLOGON, &[5719], SignalKind::NoLogonServer, netlogon::no_logon_server),
    entry(NETLOGON, &[5720, 5721], SignalKind::NoMachineAccount, netlogon::no_account_for_this_computer),
    entry(NETLOGON, &[5722, 5805], SignalKind::SessionRefused, netlogon::session_refused),
    entry(NETLOGON, &[5723], SignalKind::NoMachineAccount, netlogon::session_refused),
    entry(NETLOGON, &[5788, 5789], SignalKind::OwnNamesRefused, netlogon::own_names_refused),
    entry(NETLOGON, &[5800], SignalKind::TwoAccounts, netlogon::two_accounts),
    entry(LSASRV, &[6037], SignalKind::NotALocalName, peer::not_a_local_name),
    // KB5070568 has the text of 6167. Its values are not documented.
    entry(LSASRV, &[6167], SignalKind::MachineSidNotUnique, Signal::set_this_computer),
    entry(LSASRV, &[40960], SignalKind::AuthenticationFailed, peer::authentication_failed),
    entry(LSASRV, &[40970], SignalKind::DowngradeDenied, peer::downgrade_denied),
    entry(DCOM, &[10006, 10009, 10028], SignalKind::DcomFailed, peer::dcom_failed),
    entry(DCOM, &[10026], SignalKind::DcomSuppressed, Signal::quote),
    entry(WINRM, &[10154], SignalKind::WinRmSpnRefused, peer::winrm_spns_refused),
    entry(SERVICE_CONTROL_MANAGER, &[7000], SignalKind::ServiceLogonFailed, services::service_not_started),
    entry(SERVICE_CONTROL_MANAGER, &[7038, 7041], SignalKind::ServiceLogonFailed, services::service_logon_failed),
    entry(WAS, &[5021, 5057, 5059], SignalKind::PoolLogonFailed, services::pool_logon_failed),
    entry(SQL_SERVER, &[26037, 26067], SignalKind::SqlSpnRefused, services::sql_spn_refused),
    entry(GROUP_POLICY, &[1006, 1097], SignalKind::PolicyLogonFailed, logon::policy_logon_failed),
    entry(KERBEROS, &[7], SignalKind::PacRefused, logon::pac_refused),
    entry(KERBEROS_OPERATIONAL, &[100], SignalKind::NotRegistered, kdc::asked_spn),
    entry(KERBEROS_OPERATIONAL, &[101], SignalKind::DuplicateName, kdc::asked_spn),
    entry(KERBEROS_OPERATIONAL, &[105], SignalKind::ManagedPasswordNotFetched, logon::managed_password_not_fetched),
    entry(FAILOVER_CLUSTERING, &[1069], SignalKind::ClusterNameFailed, cluster::name_failed),
    entry(FAILOVER_CLUSTERING, &[1196], SignalKind::ClusterNotInDns, cluster::network_name),
    entry(FAILOVER_CLUSTERING, &[1206, 1207, 1218], SignalKind::ClusterAccountFailed, cluster::account_failed),
    entry(FAILOVER_CLUSTERING, &[1211, 1212, 1219], SignalKind::ClusterNoController, cluster::no_controller),
    entry(AD_DS, &[1645], SignalKind::ControllerSpnMissing, directory_service::spn_problem),
    entry(AD_DS, &[2095, 2103], SignalKind::UsnRollback, directory_service::controller_restored),
    entry(AD_DS, &[2168, 2169, 2170], SignalKind::SnapshotApplied, directory_service::controller_restored),
    entry(AD_DS, &[2974], SignalKind::SpnNotUnique, directory_service::spn_problem),
    entry(SECURITY_AUDITING, &[4724], SignalKind::PasswordReset, directory_service::password_reset),
    entry(SECURITY_AUDITING, &[4738, 4742], SignalKind::AccountChanged, directory_service::account_changed),
    entry(EVENTLOG, &[6008, 6009], SignalKind::Restarted, Signal::set_this_computer),
    entry(EVENTLOG, &[6011], SignalKind::Renamed, host::computer_renamed),
    entry(DNS_CLIENT, &[8015, 8016, 8017, 8018, 8019, 8020, 8021], SignalKind::OwnAddresses, host::own_addresses),
    entry(DNS_API, &[11150, 11151, 11152, 11153, 11154, 11155], SignalKind::OwnAddresses, host::own_addresses),
    entry(DNS_API, &[11160, 11161, 11162, 11163, 11164, 11165, 11166, 11167], SignalKind::OwnAddresses, host::own_addresses),
    entry(USER_PNP, &[20001, 20003], SignalKind::UsbNicInstalled, host::usb_nic_installed),
    entry(DHCP_CLIENT, &[1007], SignalKind::SelfAssigned, host::self_assigned),
    entry(TCPIP, &[4198, 4199], SignalKind::AddressConflict, host::address_conflict),
];

const fn entry(
    source: EventSource,
    ids: &'static [u16],
    kind: SignalKind,
    read: fn(&mut Signal, &Values<'_>) -> Option<()>,
) -> CatalogueEntry {
    CatalogueEntry { source, ids, kind, read }
}

/// The short name of each provider, and its events that can be signals.
pub fn catalogue() -> impl Iterator<Item = (&'static str, &'static [u16])> {
    CATALOGUE.iter().map(|entry| (entry.source.name, entry.ids))
}

/// Condition on a value, without which a record is no signal.
pub(super) struct Condition {
    pub event_id: u16,
    /// The value's name.
    pub name: &'static str,
    pub accepts: fn(&str) -> bool,
    /// The condition in XPath. Windows has no function for "begins with".
    pub xpath: &'static str,
}

/// The conditions on frequent events, so that most of them need not be decoded. Windows logs UserPnp 20001 and 20003 for every
/// driver.
pub(super) const CONDITIONS: [Condition; 3] = [
    Condition {
        event_id: 7000,
        name: "param2",
        accepts: services::is_logon_failure,
        xpath: "EventData[Data[@Name='param2']='%%1069' or Data[@Name='param2']='%%1326']",
    },
    Condition {
        event_id: 20001,
        name: "DeviceInstanceID",
        accepts: host::is_usb_device,
        xpath: "UserData[InstallDeviceID[SetupClass='{4d36e972-e325-11ce-bfc1-08002be10318}']]",
    },
    Condition {
        event_id: 20003,
        name: "DeviceInstanceID",
        accepts: host::is_usb_device,
        xpath: "UserData[AddServiceID[ServiceName='usb_rndisx' or ServiceName='usbrndis6' or ServiceName='UsbNcm']]",
    },
];

/// Providers and IDs of all events that can be signals.
pub(super) fn filters() -> impl Iterator<Item = EventFilter> {
    CATALOGUE.iter().map(|entry| EventFilter {
        providers: entry.source.providers.iter().map(|p| (*p).to_owned()).collect(),
        event_ids: entry.ids.to_vec(),
    })
}

impl Signal {
    /// Classifies a record as a signal, if it is one.
    pub fn read(record: &Record) -> Option<Self> {
        let entry = CATALOGUE.iter().find(|entry| {
            let providers = entry.source.providers;
            entry.ids.contains(&record.event_id)
                && (providers.is_empty()
                    || providers.iter().any(|p| p.eq_ignore_ascii_case(&record.provider)))
        })?;
        let mut signal = Self {
            kind: entry.kind,
            provider: entry.source.name,
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
