use std::net::{IpAddr, Ipv4Addr};

use crate::records::{EventFilter, Record};

/// An event that tells something about the hosts and accounts of an incident.
///
/// Which events these are, where their values stand and what they prove: `docs/causes.md`, "The other events".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal {
    pub kind: SignalKind,
    /// The provider's usual short name, as people quote it.
    pub provider: &'static str,
    pub event_id: u16,
    /// Who logged it.
    pub computer: Box<str>,
    /// The hosts, accounts or SPNs it is about, as the log has them.
    pub subjects: Vec<Box<str>>,
    pub addresses: Vec<IpAddr>,
    /// The values worth quoting, without those that change with every event (process IDs).
    pub values: Box<str>,
}

/// What a signal says. The subjects of each kind are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignalKind {
    /// KDC 11, Kerberos/Operational 101: the KDC found a name on more than one account. Subject: the name.
    DuplicateName,
    /// Kerberos/Operational 100: the KDC found no account. Subject: the SPN.
    NotRegistered,
    /// KDC 14, 16, 26, 27: no key of the wanted encryption type. Subjects: target and account.
    NoSuitableKey,
    /// KDC 42: an account lacks strong keys. Subject: the account.
    LacksStrongKeys,
    /// NETLOGON 3210: the domain does not know this computer's password. Subject: the computer.
    PasswordRejected,
    /// NETLOGON 5722, 5805: a computer failed to authenticate to a domain controller. Subject: the computer.
    SessionRefused,
    /// NETLOGON 5720, 5721, 5723: there is no account for the computer. Subject: the computer.
    NoMachineAccount,
    /// NETLOGON 5719: no domain controller was reached. Says nothing of keys. Subject: the domain.
    NoLogonServer,
    /// NETLOGON 5788, 5789: a computer could not write its own SPNs or host name. Subjects: the computer, the names.
    OwnNamesRefused,
    /// NETLOGON 5800: the domain controller has two accounts of one name. Subject: the name.
    TwoAccounts,
    /// LsaSrv 6037: a program used a target name that is not a name of the machine it reached: itself. Subject: the target.
    NotALocalName,
    /// LsaSrv 40960: authentication failed. Subject: the target.
    AuthenticationFailed,
    /// DistributedCOM 10006, 10009, 10028: DCOM to a peer failed. Subject: the peer (name or address).
    DcomFailed,
    /// DistributedCOM 10026: repeated DCOM events are suppressed, so counts are lower bounds.
    DcomSuppressed,
    /// WinRM 10154: WSMAN SPNs could not be created. Subjects: the SPNs.
    WinRmSpnRefused,
    /// Service Control Manager 7000 (with a logon error), 7038, 7041. Subjects: service, then account where it is named.
    ServiceLogonFailed,
    /// GroupPolicy 1006 with invalid credentials (49), 1097. Subject: the computer.
    PolicyLogonFailed,
    /// EventLog 6008: the computer went down unexpectedly; 6009: it started. Subject: the computer.
    Restarted,
    /// EventLog 6011: the computer was renamed. Subjects: old and new name.
    Renamed,
    /// Security-Kerberos 7: the PAC could not be validated, mostly a trust problem. Subject: the client.
    PacRefused,
    /// DNS-Client 8015 to 8021, DnsApi 11150 to 11167: host name and addresses of an adapter at that time.
    OwnAddresses,
    /// UserPnp 20001, 20003: a USB network adapter was installed. Subject: device instance ID.
    UsbNicInstalled,
    /// Dhcp-Client 1007: an adapter gave itself an address.
    SelfAssigned,
    /// Tcpip 4198, 4199: another machine on the link has this computer's address.
    AddressConflict,
}

/// One line per event: provider names, short name, IDs, kind.
type Line = (&'static [&'static str], &'static str, &'static [u16], SignalKind);

const KDC: &[&str] = &["Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC"];
const LSASRV: &[&str] = &["LsaSrv", "Microsoft-Windows-LSA", "LSASRV"];
const DCOM: &[&str] = &["Microsoft-Windows-DistributedCOM", "DCOM"];
const EVENTLOG: &[&str] = &["EventLog", "Microsoft-Windows-EventLog"];
const DNS: &[&str] = &["Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client-Events", "DnsApi"];
const KERBEROS_OPERATIONAL: &[&str] = &["Microsoft-Windows-Security-Kerberos"];

/// Every signal the program knows; sources in `docs/causes.md`.
const SIGNALS: &[Line] = &[
    (KDC, "KDC", &[11], SignalKind::DuplicateName),
    (KDC, "KDC", &[14, 16, 26, 27], SignalKind::NoSuitableKey),
    (KDC, "KDC", &[42], SignalKind::LacksStrongKeys),
    (&["NETLOGON"], "NETLOGON", &[3210], SignalKind::PasswordRejected),
    (&["NETLOGON"], "NETLOGON", &[5719], SignalKind::NoLogonServer),
    (&["NETLOGON"], "NETLOGON", &[5722, 5805], SignalKind::SessionRefused),
    (&["NETLOGON"], "NETLOGON", &[5720, 5721, 5723], SignalKind::NoMachineAccount),
    (&["NETLOGON"], "NETLOGON", &[5788, 5789], SignalKind::OwnNamesRefused),
    (&["NETLOGON"], "NETLOGON", &[5800], SignalKind::TwoAccounts),
    (LSASRV, "LsaSrv", &[6037], SignalKind::NotALocalName),
    (LSASRV, "LsaSrv", &[40960], SignalKind::AuthenticationFailed),
    (DCOM, "DistributedCOM", &[10006, 10009, 10028], SignalKind::DcomFailed),
    (DCOM, "DistributedCOM", &[10026], SignalKind::DcomSuppressed),
    (&["Microsoft-Windows-WinRM", "WinRM"], "WinRM", &[10154], SignalKind::WinRmSpnRefused),
    (
        &["Service Control Manager"],
        "Service Control Manager",
        &[7000, 7038, 7041],
        SignalKind::ServiceLogonFailed,
    ),
    (&["Microsoft-Windows-GroupPolicy"], "GroupPolicy", &[1006, 1097], SignalKind::PolicyLogonFailed),
    (EVENTLOG, "EventLog", &[6008, 6009], SignalKind::Restarted),
    (EVENTLOG, "EventLog", &[6011], SignalKind::Renamed),
    (KERBEROS_OPERATIONAL, "Security-Kerberos", &[7], SignalKind::PacRefused),
    (KERBEROS_OPERATIONAL, "Security-Kerberos", &[100], SignalKind::NotRegistered),
    (KERBEROS_OPERATIONAL, "Security-Kerberos", &[101], SignalKind::DuplicateName),
    (DNS, "DNS-Client", &[8015, 8016, 8017, 8018, 8019, 8020, 8021], SignalKind::OwnAddresses),
    (
        &["DnsApi"],
        "DnsApi",
        &[11150, 11151, 11152, 11153, 11154, 11155, 11160, 11161, 11162, 11163, 11164, 11165, 11166, 11167],
        SignalKind::OwnAddresses,
    ),
    (&["Microsoft-Windows-UserPnp"], "UserPnp", &[20001, 20003], SignalKind::UsbNicInstalled),
    (&["Microsoft-Windows-Dhcp-Client", "Dhcp"], "Dhcp-Client", &[1007], SignalKind::SelfAssigned),
    (&["Tcpip", "Microsoft-Windows-TCPIP"], "Tcpip", &[4198, 4199], SignalKind::AddressConflict),
];

/// The short name of each provider, and its events that can be signals.
pub fn known() -> impl Iterator<Item = (&'static str, &'static [u16])> {
    SIGNALS.iter().map(|(_, name, ids, _)| (*name, *ids))
}

/// Records that are signals only by a value, so that the others need not be decoded: event ID, the value's name, and
/// what it must be at least. A machine writes UserPnp 20001 and 20003 for every driver.
pub(super) const CONDITIONS: [(u16, &str, fn(&str) -> bool); 3] = [
    (20001, "DeviceInstanceID", is_usb_device),
    (20003, "DeviceInstanceID", is_usb_device),
    (7000, "param2", is_logon_failure),
];

/// The records that can be signals.
pub(super) fn wanted() -> impl Iterator<Item = EventFilter> {
    SIGNALS.iter().map(|(providers, _, ids, _)| EventFilter {
        providers: providers.iter().map(|p| (*p).to_owned()).collect(),
        event_ids: ids.to_vec(),
    })
}

impl Signal {
    pub fn read(record: &Record) -> Option<Self> {
        let (_, provider, _, kind) = SIGNALS.iter().find(|(providers, _, ids, _)| {
            ids.contains(&record.event_id)
                && providers.iter().any(|p| p.eq_ignore_ascii_case(&record.provider))
        })?;
        let mut signal = Self {
            kind: *kind,
            provider,
            event_id: record.event_id,
            computer: record.computer.as_str().into(),
            subjects: Vec::new(),
            addresses: Vec::new(),
            values: Box::default(),
        };
        signal.fill(&Values(record))?;
        Some(signal)
    }

    /// Subjects, addresses and quoted values of each kind; `None` when the value that makes it a signal is not there.
    fn fill(&mut self, v: &Values) -> Option<()> {
        use SignalKind as K;
        match self.kind {
            K::DuplicateName if self.event_id == 11 => self.about(&[v.get("Name", 0)], v.all())?,
            K::DuplicateName | K::NotRegistered => self.about(&[v.get("SPN", 0)], v.all())?,
            // %1 target, %2 account; 14 and 16 name the account again as %6.
            K::NoSuitableKey => self.about(&[v.get("Target", 0), v.get("Account", 1)], v.all())?,
            K::LacksStrongKeys => self.about(&[v.get("Account", 0)], v.all())?,
            K::PasswordRejected | K::PolicyLogonFailed | K::Restarted => {
                // LDAP 49 is invalid credentials; other codes of 1006 are network trouble.
                if self.event_id == 1006 && v.get("ErrorCode", 4) != "49" {
                    return None;
                }
                self.subjects = vec![self.computer.clone()];
                self.values = v.all().into();
            }
            K::SessionRefused => self.about(&[v.get("", 0)], v.all())?,
            K::NoMachineAccount if self.event_id == 5723 => self.about(&[v.get("", 0)], v.all())?,
            // 5720 and 5721 are logged by the member: domain controller, domain, computer.
            K::NoMachineAccount => {
                let named = v.get("", 2);
                let computer = self.computer.clone();
                self.about(&[if named.is_empty() { &computer } else { named }], v.all())?;
            }
            K::NoLogonServer => self.about(&[v.get("", 0)], v.all())?,
            K::OwnNamesRefused => {
                let computer = self.computer.clone();
                self.about(&[&computer, v.get("", 0), v.get("", 1)], v.all())?;
            }
            K::TwoAccounts => self.about(&[v.get("", 1)], v.all())?,
            K::NotALocalName => {
                let target = v.get("TargetName", 2);
                self.about(&[target], format!("Program={}, TargetName={target}", v.get("Program", 1)))?;
            }
            K::AuthenticationFailed => {
                let target = v.get("Target", 0);
                // The text is localised; only the code in parentheses is the same everywhere.
                let code = hex_in_parentheses(v.get("Error", 2)).unwrap_or_default();
                self.about(&[target], format!("Target={target}, Error={code}"))?;
            }
            K::DcomFailed => {
                // 10006 has the error text first and the computer second.
                let peer = match self.event_id {
                    10006 => v.get("param2", 1),
                    _ => v.get("param1", 0),
                };
                self.addresses.extend(peer.parse::<IpAddr>());
                self.about(&[peer], format!("computer={peer}"))?;
            }
            K::DcomSuppressed => self.values = v.all().into(),
            K::WinRmSpnRefused => self.about(&[v.get("spn1", 0), v.get("spn2", 1)], v.all())?,
            K::ServiceLogonFailed => match self.event_id {
                7000 => {
                    // 1069: the service did not start due to a logon failure. Other codes are other troubles.
                    let error = v.get("param2", 1);
                    if !is_logon_failure(error) {
                        return None;
                    }
                    self.about(&[v.get("param1", 0)], v.all())?;
                }
                _ => self.about(&[v.get("param1", 0), v.get("param2", 1)], v.all())?,
            },
            K::Renamed => self.about(&[v.get("", 0), v.get("", 1)], v.all())?,
            K::PacRefused => self.about(&[v.get("ClientName", 0)], v.all())?,
            K::OwnAddresses => {
                let host = v.get("HostName", 1);
                let suffix = v.get("AdapterSuffixName", 2);
                self.addresses = addresses_in(v.get("Ipaddress", 5));
                if self.addresses.is_empty() {
                    return None;
                }
                let list: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
                self.about(
                    &[host],
                    format!("HostName={host}, AdapterSuffixName={suffix}, Ipaddress={}", list.join(", ")),
                )?;
            }
            K::UsbNicInstalled => {
                let device = v.get("DeviceInstanceID", usize::MAX);
                if !is_usb_nic(v, device) {
                    return None;
                }
                self.about(
                    &[device],
                    format!("DeviceInstanceID={device}, {}", v.get("DriverDescription", usize::MAX)),
                )?;
            }
            K::SelfAssigned => {
                self.addresses.push(apipa(v.get("Address", 2))?);
                self.values = format!("HWAddress={}", v.get("HWAddress", 1)).into();
            }
            K::AddressConflict => {
                // The first string is the device name and often empty.
                let address: IpAddr = v.get("", 1).parse().ok()?;
                if address.is_unspecified() {
                    return None;
                }
                self.addresses.push(address);
                self.values = format!("address {address}, hardware address {}", v.get("", 2)).into();
            }
        }
        Some(())
    }

    /// `None` when the first name is missing: a signal about nobody is none.
    fn about(&mut self, names: &[&str], values: impl Into<Box<str>>) -> Option<()> {
        if names.first().is_none_or(|n| n.is_empty()) {
            return None;
        }
        self.subjects = names.iter().filter(|n| !n.is_empty()).map(|n| Box::from(*n)).collect();
        self.values = values.into();
        Some(())
    }
}

/// A record's values by name or, where they are unnamed, by position.
struct Values<'a>(&'a Record);

impl<'a> Values<'a> {
    fn get(&self, name: &str, position: usize) -> &'a str {
        let named = (!name.is_empty()).then(|| self.0.named(name)).flatten();
        named
            .or_else(|| self.0.strings().nth(position))
            // KDC values are known by position only: their names differ between Windows versions.
            .or_else(|| self.0.data.get(position).map(|d| &*d.value))
            .unwrap_or_default()
            .trim()
    }

    /// All values as they are quoted: at most 300 characters, so that a hostile record cannot swell the report.
    fn all(&self) -> String {
        const MAX: usize = 300;
        let mut out = String::new();
        for datum in &self.0.data {
            let name = datum.name.as_deref().unwrap_or_default();
            if datum.value.is_empty() || name.eq_ignore_ascii_case("__binLength") {
                continue;
            }
            if !out.is_empty() {
                out.push_str(", ");
            }
            if !name.is_empty() {
                out.push_str(name);
                out.push('=');
            }
            out.extend(datum.value.trim().chars().take(MAX));
            if out.len() > MAX {
                out.push_str(" ...");
                break;
            }
        }
        out
    }
}

fn hex_in_parentheses(text: &str) -> Option<&str> {
    let start = text.rfind("(0x")?;
    let end = text[start..].find(')')?;
    Some(&text[start + 1..start + end])
}

/// Every address in a list separated by commas, blanks and line ends.
fn addresses_in(text: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter_map(|word| word.split('%').next()?.parse().ok())
        .take(256)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The errors of Service Control Manager 7000 that mean a wrong password: 1069 and 1326.
fn is_logon_failure(error: &str) -> bool {
    error.contains("1069") || error.contains("1326")
}

fn is_usb_device(device: &str) -> bool {
    const USB: &[u8] = b"USB\\VID_";
    device.trim().as_bytes().get(..USB.len()).is_some_and(|start| start.eq_ignore_ascii_case(USB))
}

/// `USB\VID_..` of the network class, or served by an RNDIS/NCM driver.
fn is_usb_nic(v: &Values, device: &str) -> bool {
    const NET_CLASS: &str = "{4d36e972-e325-11ce-bfc1-08002be10318}";
    is_usb_device(device)
        && (v.get("SetupClass", usize::MAX).eq_ignore_ascii_case(NET_CLASS)
            || ["ServiceName", "DriverName", "DriverFileName"].iter().any(|name| {
                let value = v.get(name, usize::MAX).to_ascii_lowercase();
                ["rndis", "usbncm", "cdc"].iter().any(|driver| value.contains(driver))
            }))
}

/// The address of Dhcp-Client 1007: text, or a number in either byte order. Only 169.254.0.0/16 makes sense in this event,
/// and that tells the order.
fn apipa(text: &str) -> Option<IpAddr> {
    let is_apipa = |a: &Ipv4Addr| a.is_link_local();
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return is_apipa(&address).then_some(address.into());
    }
    let number: u32 = text.parse().ok()?;
    [Ipv4Addr::from(number), Ipv4Addr::from(number.swap_bytes())].into_iter().find(is_apipa).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Datum;

    fn read(provider: &str, id: u16, data: &[(&str, &str)]) -> Option<Signal> {
        Signal::read(&Record::of("dc1.alpha.example.com").saying(|content| {
            content.provider = provider.into();
            content.event_id = id;
            content.data = data
                .iter()
                .map(|(n, v)| Datum { name: (!n.is_empty()).then(|| (*n).into()), value: (*v).into() })
                .collect();
        }))
    }

    fn subjects(signal: Option<Signal>) -> Vec<String> {
        signal.map(|c| c.subjects.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn what_each_event_is_about() {
        let table: &[(&str, u16, &[(&str, &str)], &[&str])] = &[
            (
                "Microsoft-Windows-Kerberos-Key-Distribution-Center",
                11,
                &[("Name", "host/a.b"), ("Type", "DS_SERVICE_PRINCIPAL_NAME")],
                &["host/a.b"],
            ),
            ("NETLOGON", 3210, &[("", "DC1"), ("", "ALPHA")], &["dc1.alpha.example.com"]),
            ("NETLOGON", 5722, &[("", "SRV4"), ("", "SRV4$"), ("", "%%5")], &["SRV4"]),
            ("NETLOGON", 5805, &[("", "SRV4"), ("", "%%5")], &["SRV4"]),
            ("NETLOGON", 5723, &[("", "SRV4"), ("", "SRV4$")], &["SRV4"]),
            ("NETLOGON", 5721, &[("", "\\\\DC1"), ("", "ALPHA"), ("", "SRV4")], &["SRV4"]),
            ("NETLOGON", 5800, &[("", "DC1"), ("", "SRV4$")], &["SRV4$"]),
            (
                "LsaSrv",
                6037,
                &[("PID", "4"), ("Program", "x.exe"), ("TargetName", "host/srv2")],
                &["host/srv2"],
            ),
            (
                "Microsoft-Windows-DistributedCOM",
                10028,
                &[("param1", "srv2"), ("param2", "    4679")],
                &["srv2"],
            ),
            (
                "Microsoft-Windows-DistributedCOM",
                10006,
                &[("param1", "Access denied"), ("param2", "srv2")],
                &["srv2"],
            ),
            (
                "Microsoft-Windows-WinRM",
                10154,
                &[("spn1", "WSMAN/x.y"), ("spn2", "WSMAN/x"), ("error", "5")],
                &["WSMAN/x.y", "WSMAN/x"],
            ),
            (
                "Service Control Manager",
                7038,
                &[("param1", "App"), ("param2", "ALPHA\\svc_app")],
                &["App", "ALPHA\\svc_app"],
            ),
            ("EventLog", 6011, &[("", "WIN-1"), ("", "SRV9")], &["WIN-1", "SRV9"]),
        ];
        for (provider, id, data, want) in table {
            assert_eq!(subjects(read(provider, *id, data)), *want, "{provider} {id}");
        }
    }

    #[test]
    fn trap_11_another_providers_event_of_the_same_id_is_no_signal() {
        assert_eq!(read("Microsoft-Windows-Time-Service", 11, &[("Name", "x")]), None);
        assert_eq!(read("NETLOGON", 11, &[("Name", "x")]), None);
    }

    #[test]
    fn events_with_another_reason_are_no_signal() {
        assert_eq!(read("Service Control Manager", 7000, &[("param1", "App"), ("param2", "%%1053")]), None);
        assert!(read("Service Control Manager", 7000, &[("param1", "App"), ("param2", "%%1069")]).is_some());
        assert_eq!(read("Microsoft-Windows-GroupPolicy", 1006, &[("ErrorCode", "81")]), None);
        assert_eq!(read("Tcpip", 4199, &[("", ""), ("", "0.0.0.0"), ("", "00:11")]), None);
    }

    #[test]
    fn addresses_a_host_registers_are_read_from_the_multi_line_list() {
        let signal = read(
            "Microsoft-Windows-DNS-Client",
            8015,
            &[
                ("AdapterName", "{G}"),
                ("HostName", "SRV1"),
                ("AdapterSuffixName", "alpha.example.com"),
                ("DnsServerList", "192.0.2.53"),
                ("SentUpdateServer", "<?>"),
                ("Ipaddress", "\n 192.0.2.1, 169.254.95.120\n"),
                ("ErrorCode", "9002"),
            ],
        )
        .unwrap();
        assert_eq!(
            signal.addresses,
            ["169.254.95.120".parse::<IpAddr>().unwrap(), "192.0.2.1".parse().unwrap()]
        );
    }

    #[test]
    fn an_apipa_number_is_read_in_either_byte_order() {
        let want: IpAddr = "169.254.95.120".parse().unwrap();
        assert_eq!(apipa(&0xA9FE_5F78u32.to_string()), Some(want));
        assert_eq!(apipa(&0x785F_FEA9u32.to_string()), Some(want));
        assert_eq!(apipa("169.254.95.120"), Some(want));
        assert_eq!(apipa("16909060"), None);
    }

    #[test]
    fn only_usb_network_adapters_are_told_of() {
        let net = "{4d36e972-e325-11ce-bfc1-08002be10318}";
        let ibm = "USB\\VID_04B3&PID_4010\\6&1";
        assert!(
            read("Microsoft-Windows-UserPnp", 20001, &[("DeviceInstanceID", ibm), ("SetupClass", net)])
                .is_some()
        );
        assert!(
            read(
                "Microsoft-Windows-UserPnp",
                20003,
                &[("ServiceName", "usb_rndisx"), ("DeviceInstanceID", ibm)]
            )
            .is_some()
        );
        assert_eq!(
            read(
                "Microsoft-Windows-UserPnp",
                20001,
                &[("DeviceInstanceID", "USB\\VID_046D&PID_C52B\\1"), ("SetupClass", "{other}")]
            ),
            None
        );
    }
}
