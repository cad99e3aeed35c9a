//! Events that tests and samples need often, with the identifiers, qualifiers and field names of the real ones
//! (`domain.md` sections 1 and 2: manifests of Windows 7 to 10, message tables, real logs).

use super::event::{Event, Provider};
use super::value::{Value, guid, sid};

pub fn kerberos() -> Provider {
    Provider::new(
        "Microsoft-Windows-Security-Kerberos",
        "{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}",
        Some("Kerberos"),
    )
}

pub fn kdc() -> Provider {
    Provider::new(
        "Microsoft-Windows-Kerberos-Key-Distribution-Center",
        "{3FD9DA1A-5A54-46C5-9A26-9BD7C0685056}",
        Some("KDC"),
    )
}

pub fn lsasrv() -> Provider {
    Provider::new("LsaSrv", "{199FE037-2B82-40A9-82AC-E1D46C792B99}", Some("LsaSrv"))
}

pub fn distributed_com() -> Provider {
    Provider::new("Microsoft-Windows-DistributedCOM", "{1B562E86-B7AA-4131-BADC-B6F3A001407E}", Some("DCOM"))
}

pub fn dns_client() -> Provider {
    Provider::new("Microsoft-Windows-DNS-Client", "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}", None)
}

pub fn user_pnp() -> Provider {
    Provider::new("Microsoft-Windows-UserPnp", "{96F4A050-7E31-453C-88BE-9634F4E02139}", None)
}

pub fn time_service() -> Provider {
    Provider::new("Microsoft-Windows-Time-Service", "{06EDCFEB-0FD0-4E53-ACCA-A6F8BBF81BCB}", None)
}

pub fn service_control_manager() -> Provider {
    Provider::new(
        "Service Control Manager",
        "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
        Some("Service Control Manager"),
    )
}

/// KRB_AP_ERR_MODIFIED, logged on the client: `server` answered and could not decrypt the ticket for `targetname`.
pub fn kerberos_event4(
    computer: &str,
    server: &str,
    target_realm: &str,
    targetname: &str,
    client_realm: &str,
) -> Event {
    Event::classic(kerberos(), 4)
        .computer(computer)
        .qualifiers(16384)
        .named([
            ("Server", server),
            ("TargetRealm", target_realm),
            ("Targetname", targetname),
            ("ClientRealm", client_realm),
        ])
        .binary(&[])
}

/// KRB_AP_ERR_TKT_NYV (RFC 4120): the clocks differ.
pub fn kerberos_event5(computer: &str, server: &str, realm: &str) -> Event {
    Event::classic(kerberos(), 5)
        .computer(computer)
        .qualifiers(16384)
        .named([("Server", server), ("KDCRealm", realm)])
        .binary(&[])
}

/// A KRB-ERROR, logged when Kerberos' LogLevel is 1. With `0x29` it is the twin of an event 4.
pub fn kerberos_event3(
    computer: &str,
    code: &str,
    message: &str,
    realm: &str,
    server: &str,
    target: &str,
) -> Event {
    Event::classic(kerberos(), 3)
        .computer(computer)
        .qualifiers(32768)
        .named([
            ("LogonSession", ""),
            ("ClientTime", ""),
            ("ServerTime", ""),
            ("ErrorCode", code),
            ("ErrorMessage", message),
            ("ExtendedError", ""),
            ("ClientRealm", ""),
            ("ClientName", ""),
            ("ServerRealm", realm),
            ("ServerName", server),
            ("TargetName", target),
            ("ErrorText", ""),
            ("File", "onecore\\ds\\security\\protocols\\kerberos\\client2\\ctxtapi.cxx"),
            ("Line", "5a1"),
        ])
        .binary(&[])
}

/// The KDC's own event 4: a domain "propagated to us but did not authenticate". Its field name is not verified.
pub fn kdc_event4(computer: &str, domain: &str) -> Event {
    Event::classic(kdc(), 4).computer(computer).qualifiers(49152).named([("Domain", domain)]).binary(&[])
}

/// The KDC's event 11: two accounts have the name.
pub fn kdc_event11(computer: &str, name: &str) -> Event {
    Event::classic(kdc(), 11)
        .computer(computer)
        .qualifiers(49152)
        .named([("Name", name), ("Type", "DS_SERVICE_PRINCIPAL_NAME")])
        .binary(&[])
}

/// A NETLOGON event: insertion strings and an NTSTATUS, little-endian, as Binary.
pub fn netlogon(computer: &str, event_id: u16, strings: &[&str], status: u32) -> Event {
    Event::classic(Provider::plain("NETLOGON"), event_id)
        .computer(computer)
        .qualifiers(0)
        .strings(strings.iter().copied())
        .binary(&status.to_le_bytes())
}

/// An event of the EventLog service. 6011 has the old and the new name of a renamed computer.
pub fn event_log(computer: &str, event_id: u16, strings: &[&str]) -> Event {
    Event::classic(Provider::plain("EventLog"), event_id)
        .computer(computer)
        .qualifiers(32768)
        .level(4)
        .strings(strings.iter().copied())
}

/// "The program could not authenticate locally by using the target name", which nearly proves a loopback. The fields are
/// from the manifest. No real record shows that it has the manifest layout.
pub fn lsasrv_6037(computer: &str, program: &str, target: &str) -> Event {
    Event::manifest(lsasrv(), 6037).computer(computer).named([
        ("PID", Value::U32(2244)),
        ("Program", Value::from(program)),
        ("TargetName", Value::from(target)),
    ])
}

/// DCOM could not reach a computer.
pub fn dcom_10028(computer: &str, peer: &str, program: &str) -> Event {
    Event::classic(distributed_com(), 10028)
        .computer(computer)
        .qualifiers(0)
        .named([
            ("param1", peer),
            ("param2", "    1a2c"),
            ("param3", program),
            ("param4", "{8BC3F05E-D86B-11D0-A075-00C04FB68820}"),
        ])
        .binary(&[])
}

/// A DNS registration failed. `addresses` are the adapter's own. The fields are from the manifest, and their newlines and
/// indents follow descriptions, because no real record was found.
pub fn dns_client_8015(computer: &str, host: &str, suffix: &str, addresses: &[&str]) -> Event {
    Event::manifest(dns_client(), 8015).computer(computer).named([
        ("AdapterName", Value::from("{6B7C3B5B-5F8A-4F0C-9C0F-0C52D5B0B2A1}")),
        ("HostName", Value::from(host)),
        ("AdapterSuffixName", Value::from(suffix)),
        ("DnsServerList", Value::from("     \t192.0.2.53\n     ")),
        ("SentUpdateServer", Value::from("<?>")),
        ("Ipaddress", Value::from(format!("     {}\n     ", addresses.join("\n     ")))),
        ("ErrorCode", Value::U32(9005)),
    ])
}

/// A device was installed. The event has `UserData`, not `EventData`.
pub fn user_pnp_20001(computer: &str, driver: &str, device: &str, description: &str) -> Event {
    let mut event = Event::manifest(user_pnp(), 20001).computer(computer).level(4).user_data(
        "InstallDeviceID",
        "http://manifests.microsoft.com/win/2004/08/windows/userpnp",
        [
            ("DriverName", Value::from(driver)),
            ("DriverVersion", Value::from("6.2.9200.16384")),
            ("DriverProvider", Value::from("Microsoft")),
            ("DeviceInstanceID", Value::from(device)),
            ("SetupClass", guid("{4d36e972-e325-11ce-bfc1-08002be10318}")),
            ("RebootOption", Value::Bool(false)),
            ("UpgradeDevice", Value::Bool(false)),
            ("IsDriverOEM", Value::Bool(false)),
            ("InstallStatus", Value::Hex32(0)),
            ("DriverDescription", Value::from(description)),
        ],
    );
    event.user = Some(sid("S-1-5-18"));
    event.task = 7005;
    event
}

/// A service entered a state: the commonest record of a System log.
pub fn service_state(computer: &str, service: &str, state: &str) -> Event {
    Event::classic(service_control_manager(), 7036)
        .computer(computer)
        .qualifiers(16384)
        .level(4)
        .named([("param1", service), ("param2", state)])
        .binary(&[])
}
