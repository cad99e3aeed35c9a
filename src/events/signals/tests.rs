use std::net::IpAddr;

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
    signal.map(|s| s.subjects().map(str::to_owned).collect()).unwrap_or_default()
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
        ("NETLOGON", 3210, &[("", "ALPHA"), ("", r"\\DC1")], &["dc1.alpha.example.com"]),
        ("NETLOGON", 5722, &[("", "SRV4"), ("", "SRV4$"), ("", "%%5")], &["SRV4", "SRV4$"]),
        ("NETLOGON", 5805, &[("", "SRV4"), ("", "%%5")], &["SRV4"]),
        ("NETLOGON", 5723, &[("", "SRV4"), ("", "SRV4$")], &["SRV4", "SRV4$"]),
        ("NETLOGON", 5721, &[("", "\\\\DC1"), ("", "ALPHA"), ("", "SRV4")], &["SRV4"]),
        ("NETLOGON", 5800, &[("", "DC1"), ("", "SRV4$")], &["SRV4$"]),
        ("LsaSrv", 6037, &[("PID", "4"), ("Program", "x.exe"), ("TargetName", "host/srv2")], &["host/srv2"]),
        ("Microsoft-Windows-DistributedCOM", 10028, &[("param1", "srv2"), ("param2", "    4679")], &["srv2"]),
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

/// What a signal names in a role.
fn named(signal: &Signal, role: Role) -> Vec<&str> {
    signal.all(role).collect()
}

#[test]
fn netlogon_3210_names_the_domain_that_refused() {
    for strings in [["BETA", r"\\DC9.beta.example.com"], [r"\\DC9.beta.example.com", "BETA"]] {
        let signal = read("NETLOGON", 3210, &strings.map(|s| ("", s))).unwrap();
        assert_eq!(named(&signal, Role::Domain), ["BETA"]);
        assert_eq!(named(&signal, Role::Controller), [r"\\DC9.beta.example.com"]);
    }
    let status = read("NETLOGON", 3210, &[("", "BETA"), ("", "DC9"), ("Binary", "220000C0")]).unwrap();
    assert_eq!(status.error, Some(0xc000_0022));
}

#[test]
fn netlogon_5722_and_5723_name_the_account_beside_the_computer() {
    for (id, error) in [(5722, Some(5)), (5723, None)] {
        let strings = [("", "DC9"), ("", "BETA$"), ("", "%%5")];
        let signal = read("NETLOGON", id, &strings).unwrap();
        assert_eq!(named(&signal, Role::Computer), ["DC9"]);
        assert_eq!(named(&signal, Role::Account), ["BETA$"]);
        assert_eq!(signal.error, error);
    }
}

#[test]
fn a_kdc_refusal_is_about_the_service_and_not_about_who_asked() {
    let values = ["krbtgt/BETA.EXAMPLE.COM", "SRV4$@ALPHA.EXAMPLE.COM", "9", "18 17 3", "23", "svc_web"]
        .map(|v| ("", v));
    for (id, account) in [(14, &["svc_web"] as &[&str]), (16, &["svc_web"]), (26, &[]), (27, &[])] {
        let signal = read("KDC", id, &values).unwrap();
        assert_eq!(named(&signal, Role::Spn), ["krbtgt/BETA.EXAMPLE.COM"], "{id}");
        assert_eq!(named(&signal, Role::Requester), ["SRV4$@ALPHA.EXAMPLE.COM"], "{id}");
        assert_eq!(named(&signal, Role::Account), account, "{id}");
        assert!(!signal.subjects().any(|s| s.starts_with("SRV4")), "{id}");
    }
    let unnamed = [("Target", "HTTP/web"), ("Account", "SRV1$"), ("Binary", "0D0000C0")];
    assert_eq!(named(&read("KDC", 16, &unnamed).unwrap(), Role::Account), [""; 0]);
}

#[test]
fn a_users_policy_logon_is_not_the_computers() {
    let logon = |user: &str| {
        let record = Record::of("srv4.alpha.example.com").saying(|content| {
            content.provider = "Microsoft-Windows-GroupPolicy".into();
            content.event_id = 1006;
            content.user_id = user.into();
            content.data = vec![Datum { name: Some("ErrorCode".into()), value: "49".into() }];
        });
        let signal = Signal::read(&record).unwrap();
        assert_eq!(signal.error, Some(49));
        signal
    };
    for computer in ["S-1-5-18", ""] {
        assert_eq!(named(&logon(computer), Role::Computer), ["srv4.alpha.example.com"]);
    }
    let user = logon("S-1-5-21-1-2-3-1105");
    assert_eq!(user.subjects().count(), 0);
    assert_eq!(user.user_id.as_deref(), Some("S-1-5-21-1-2-3-1105"));
}

#[test]
fn a_service_named_after_an_error_is_no_logon_failure() {
    for error in ["%%10690", "10690", "Svc1069", "%%1053"] {
        let values = [("param1", "Svc1069"), ("param2", error)];
        assert_eq!(read("Service Control Manager", 7000, &values), None, "{error}");
    }
    let values = [("param1", "App"), ("param2", r"ALPHA\svc_app"), ("param3", "%%1326")];
    let signal = read("Service Control Manager", 7038, &values).unwrap();
    assert_eq!(signal.error, Some(1326));
    assert_eq!(named(&signal, Role::Service), ["App"]);
    assert_eq!(named(&signal, Role::Account), [r"ALPHA\svc_app"]);
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
    assert_eq!(signal.addresses, ["169.254.95.120".parse::<IpAddr>().unwrap(), "192.0.2.1".parse().unwrap()]);
}

#[test]
fn an_apipa_number_is_read_in_either_byte_order() {
    let want: IpAddr = "169.254.95.120".parse().unwrap();
    assert_eq!(host::apipa(&0xA9FE_5F78u32.to_string()), Some(want));
    assert_eq!(host::apipa(&0x785F_FEA9u32.to_string()), Some(want));
    assert_eq!(host::apipa("169.254.95.120"), Some(want));
    assert_eq!(host::apipa("16909060"), None);
}

#[test]
fn only_usb_network_adapters_are_told_of() {
    let net = "{4d36e972-e325-11ce-bfc1-08002be10318}";
    let ibm = "USB\\VID_04B3&PID_4010\\6&1";
    assert!(
        read("Microsoft-Windows-UserPnp", 20001, &[("DeviceInstanceID", ibm), ("SetupClass", net)]).is_some()
    );
    assert!(
        read("Microsoft-Windows-UserPnp", 20003, &[("ServiceName", "usb_rndisx"), ("DeviceInstanceID", ibm)])
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
