//! An event of every kind that a triage looks at besides event 4 and its twin.

use krbtriage::events;

use crate::support::evtx::*;

/// The short name of the provider and the event ID of each signal.
pub fn kinds() -> Vec<(&'static str, u16)> {
    events::catalogue().flat_map(|(provider, ids)| ids.iter().map(move |id| (provider, *id))).collect()
}

/// The hosts that a signal is about.
pub struct About<'a> {
    /// Full name of the computer that logs.
    pub computer: &'a str,
    /// Short names of hosts.
    pub host: &'a str,
    pub other: &'a str,
}

/// The address that two hosts of the inventory have.
const ADDRESS: &str = "169.254.95.120";

/// An event that is a signal, with the values that make it one.
pub fn signal((provider, id): (&str, u16), about: &About<'_>) -> Event {
    let About { computer, host, other } = *about;
    let account = &*format!("{host}$");
    let spn = &*format!("cifs/{other}.alpha.example.com");
    let classic = |from: Provider| Event::classic(from, id).computer(computer);
    let plain = |from: &str| classic(Provider::plain(from));
    match (provider, id) {
        ("KDC", 11) => kdc_event11(computer, spn),
        ("KDC", 201..=209) => classic(kdc()).named([("AccountName", "user"), ("ServiceName", account)]),
        ("KDC", 7) => classic(kdc()).named([("AccountName", account), ("LookupType", "0x8")]),
        ("KDC", 13) => classic(kdc()).named([("Name", account)]),
        ("KDC", 18 | 28 | 35..=38 | 43 | 44) => classic(kdc()).strings(["ALPHA", host, "DC1", spn]),
        ("KDC", 42) => classic(kdc()).named([("Account", account)]),
        ("KDC", _) => classic(kdc()).named([("Target", spn), ("Account", account), ("ID", "1")]),
        ("NETLOGON", 3210) => netlogon(computer, id, &["DC1", "ALPHA"], 0xc000_0022),
        ("NETLOGON", 5719) => netlogon(computer, id, &["ALPHA"], 0xc000_005e),
        ("NETLOGON", 5720 | 5721) => netlogon(computer, id, &[r"\\DC1", "ALPHA", host], 0xc000_018b),
        ("NETLOGON", 5788 | 5789) => netlogon(computer, id, &[spn, host], 5),
        ("NETLOGON", 5800) => netlogon(computer, id, &["DC1", account], 5),
        ("NETLOGON", _) => netlogon(computer, id, &[host, account, "%%5"], 0xc000_0022),
        ("LsaSrv", 6037) => lsasrv_6037(computer, "C:\\a \"b\" é漢.exe", spn),
        ("LsaSrv", 6167) => classic(lsasrv()).strings([host]),
        ("LsaSrv", 40970) => classic(lsasrv()).strings([spn, "text (0xc00002fd)"]),
        ("LsaSrv", _) => classic(lsasrv()).named([
            ("Target", spn),
            ("Protocol", "Kerberos"),
            ("Error", "\"Das Kennwort ist falsch.\r\n (0xc000006d)\""),
        ]),
        ("DistributedCOM", 10006) => {
            classic(distributed_com()).named([("param1", "denied"), ("param2", ADDRESS)])
        }
        ("DistributedCOM", 10026) => classic(distributed_com()).named([("param1", "86400")]),
        ("DistributedCOM", _) => classic(distributed_com()).named([("param1", host), ("param2", "    1a2c")]),
        ("WinRM", _) => {
            let (long, short) = (format!("WSMAN/{host}.alpha.example.com"), format!("WSMAN/{host}"));
            plain("Microsoft-Windows-WinRM").named([("spn1", &*long), ("spn2", &short), ("error", "5")])
        }
        ("Service Control Manager", 7000) => {
            classic(service_control_manager()).named([("param1", "App"), ("param2", "%%1069")])
        }
        ("Service Control Manager", _) => {
            classic(service_control_manager()).named([("param1", "App"), ("param2", r"ALPHA\svc_app")])
        }
        ("GroupPolicy", _) => plain("Microsoft-Windows-GroupPolicy").named([
            ("SupportInfo1", "1"),
            ("SupportInfo2", "5014"),
            ("ProcessingMode", "0"),
            ("ProcessingTimeInMilliseconds", "400"),
            ("ErrorCode", "49"),
            ("ErrorDescription", "Invalid Credentials"),
        ]),
        ("EventLog", _) => event_log(computer, id, &[host, other]),
        ("WAS", _) => plain("Microsoft-Windows-WAS").named([("AppPoolID", host)]),
        ("MSSQLSERVER", _) => plain("MSSQL$INST1").strings([
            &*format!("MSSQLSvc/{host}.alpha.example.com:1433"),
            "0x21c7",
            "15",
        ]),
        ("FailoverClustering", _) => {
            plain("Microsoft-Windows-FailoverClustering").strings([host, other, "Network Name", "5", account])
        }
        ("ActiveDirectory_DomainService", _) => {
            let values = [format!("servicePrincipalName Value={spn}"), format!("CN={host},DC=alpha")];
            plain("Microsoft-Windows-ActiveDirectory_DomainService").strings(values)
        }
        ("Security-Auditing", _) => plain("Microsoft-Windows-Security-Auditing").named([
            ("TargetUserName", account),
            ("TargetDomainName", "ALPHA"),
            ("SubjectUserName", "admin"),
            ("PasswordLastSet", "10/6/2026 12:00:00"),
        ]),
        ("Security-Kerberos", 105) => {
            classic(kerberos()).named([("DomainName", "ALPHA"), ("UserName", account), ("ErrorCode", "5")])
        }
        ("Security-Kerberos", 7) => classic(kerberos()).named([("ClientName", account)]),
        ("Security-Kerberos", _) => classic(kerberos()).named([("SPN", spn)]),
        ("DNS-Client", _) => {
            let event = dns_client_8015(computer, host, "alpha.example.com", &["192.0.2.1", ADDRESS]);
            Event { event_id: id, ..event }
        }
        ("DnsApi", _) => {
            plain("DnsApi").strings(["{G}", host, "alpha.example.com", "192.0.2.53", "<?>", ADDRESS])
        }
        ("UserPnp", _) => {
            let device = format!(r"USB\VID_04B3&PID_4010\6&{}", host.len() + other.len());
            Event {
                event_id: id,
                ..user_pnp_20001(computer, "usb_rndisx.inf", &device, "IBM USB Remote NDIS")
            }
        }
        ("Dhcp-Client", _) => {
            let address = u32::from_le_bytes([169, 254, 95, 120]).to_string();
            let values = [("NetworkCardName", "{G}"), ("HWAddress", "021A2B3C4D5E"), ("Address", &address)];
            plain("Microsoft-Windows-Dhcp-Client").named(values)
        }
        ("Tcpip", _) => plain("Tcpip").strings(["", ADDRESS, "02:1A:2B:3C:4D:5E"]),
        other => panic!("{other:?} is new: make one here"),
    }
}
