use std::net::IpAddr;

use super::*;
use crate::records::Datum;

fn read(provider: &str, id: u16, data: &[(&str, &str)]) -> Option<Signal> {
    Signal::read(&Record::event_4("dc1.alpha.example.com").with_content(|content| {
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

/// Names that a signal has in a role.
fn named(signal: &Signal, role: Role) -> Vec<&str> {
    signal.names_of(role).collect()
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
        let record = Record::event_4("srv4.alpha.example.com").with_content(|content| {
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
    assert_eq!(host::parse_apipa(&0xA9FE_5F78u32.to_string()), Some(want));
    assert_eq!(host::parse_apipa(&0x785F_FEA9u32.to_string()), Some(want));
    assert_eq!(host::parse_apipa("169.254.95.120"), Some(want));
    assert_eq!(host::parse_apipa("16909060"), None);
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

/// Role, name and error of each new event as its provider lays it out.
#[test]
fn roles_of_the_events_of_domain_controllers_clusters_and_services() {
    use Role::*;
    type Case = (
        &'static str,
        u16,
        &'static [(&'static str, &'static str)],
        &'static [(Role, &'static str)],
        Option<u32>,
    );
    const KDC: &str = "Microsoft-Windows-Kerberos-Key-Distribution-Center";
    const CLUSTER: &str = "Microsoft-Windows-FailoverClustering";
    const AD_DS: &str = "Microsoft-Windows-ActiveDirectory_DomainService";
    let cases: &[Case] = &[
        (
            KDC,
            201,
            &[("AccountName", "SRV1$"), ("ServiceName", "svc_java")],
            &[(Account, "svc_java"), (Requester, "SRV1$")],
            None,
        ),
        (
            KDC,
            203,
            &[("ServiceName", "HTTP/web"), ("AccountName", "u")],
            &[(Spn, "HTTP/web"), (Requester, "u")],
            None,
        ),
        (KDC, 208, &[("AccountName", "svc_java")], &[(Account, "svc_java")], None),
        (KDC, 205, &[("", "RC4-HMAC-NT")], &[], None),
        (KDC, 28, &[("", "BETA.EXAMPLE.COM"), ("", "5"), ("", "4")], &[(Domain, "BETA.EXAMPLE.COM")], None),
        (KDC, 18, &[("", "SRV1$")], &[(Requester, "SRV1$")], None),
        (KDC, 35, &[("", "BETA")], &[(Domain, "BETA")], None),
        (
            KDC,
            37,
            &[("", "DC1"), ("", "ALPHA"), ("", "u"), ("", "cifs/x")],
            &[(Spn, "cifs/x"), (Requester, "u"), (Domain, "ALPHA")],
            None,
        ),
        (KDC, 44, &[("", "ALPHA"), ("", "u")], &[(Requester, "u"), (Domain, "ALPHA")], None),
        (
            "LsaSrv",
            40970,
            &[("", "ldap/a/b"), ("", "text (0xc00002fd)")],
            &[(Spn, "ldap/a/b")],
            Some(0xc000_02fd),
        ),
        (
            "Microsoft-Windows-WAS",
            5057,
            &[("AppPoolID", "Portal"), ("Binary", "2E050780")],
            &[(Service, "Portal")],
            Some(0x8007_052e),
        ),
        (
            "MSSQL$INST1",
            26067,
            &[("", "MSSQLSvc/db.a.com:INST1"), ("", "0x21c7"), ("", "15")],
            &[(Spn, "MSSQLSvc/db.a.com:INST1")],
            Some(8647),
        ),
        (
            "MSSQLSERVER",
            26037,
            &[("", "0x2098"), ("", "15")],
            &[(Computer, "dc1.alpha.example.com")],
            Some(0x2098),
        ),
        (
            "Microsoft-Windows-Security-Kerberos",
            105,
            &[
                ("LuidHighPart", "0"),
                ("LuidLowPart", "7"),
                ("DomainName", "ALPHA"),
                ("UserName", "gmsa1$"),
                ("Refresh", "true"),
                ("CurrentFileTime", "1"),
                ("ErrorCode", "3221225581"),
            ],
            &[(Account, "gmsa1$"), (Domain, "ALPHA")],
            Some(0xc000_006d),
        ),
        (
            CLUSTER,
            1207,
            &[("", "FS1"), ("", "alpha.com"), ("", "password"), ("", "denied"), ("", "CLU1$")],
            &[(Service, "FS1"), (Computer, "FS1"), (Domain, "alpha.com"), (Requester, "CLU1$")],
            None,
        ),
        (
            CLUSTER,
            1211,
            &[("", "SQL Network Name (V1)"), ("", "alpha.com"), ("", "1355")],
            &[(Service, "SQL Network Name (V1)"), (Computer, "V1"), (Domain, "alpha.com")],
            Some(1355),
        ),
        (
            CLUSTER,
            1218,
            &[("", "FS1"), ("", "dc1"), ("", "OLD"), ("", "NEW")],
            &[(Service, "FS1"), (Computer, "FS1"), (Computer, "OLD"), (Controller, "dc1")],
            None,
        ),
        (
            CLUSTER,
            1069,
            &[("ResourceName", "FS1"), ("ResourceGroup", "G"), ("ResTypeDll", "Network Name")],
            &[(Service, "FS1"), (Computer, "FS1")],
            None,
        ),
        (AD_DS, 2095, &[("", "dc2._msdcs")], &[(Controller, "dc2._msdcs")], None),
        (AD_DS, 2103, &[], &[(Computer, "dc1.alpha.example.com")], None),
        (
            AD_DS,
            2974,
            &[("", "servicePrincipalName Value=HTTP/web"), ("", "CN=A/B,DC=x"), ("", "8647")],
            &[(Spn, "HTTP/web")],
            Some(8647),
        ),
        (
            AD_DS,
            1645,
            &[("", "dc2.alpha.com"), ("", "E3514235-4B06-11D1-AB04-00C04FC2DCD2/1/alpha.com")],
            &[(Spn, "E3514235-4B06-11D1-AB04-00C04FC2DCD2/1/alpha.com"), (Controller, "dc2.alpha.com")],
            None,
        ),
        (
            "Microsoft-Windows-Security-Auditing",
            4742,
            &[
                ("TargetUserName", "SRV4$"),
                ("TargetDomainName", "ALPHA"),
                ("SubjectUserName", "admin"),
                ("PasswordLastSet", "-"),
                ("ServicePrincipalNames", "\n\t\tHOST/srv4\n\t\tHTTP/web"),
            ],
            &[
                (Account, "SRV4$"),
                (Domain, "ALPHA"),
                (Requester, "admin"),
                (Spn, "HOST/srv4"),
                (Spn, "HTTP/web"),
            ],
            None,
        ),
        (
            "Microsoft-Windows-Security-Auditing",
            4724,
            &[("TargetUserName", "svc"), ("SubjectUserName", "admin")],
            &[(Account, "svc"), (Requester, "admin")],
            None,
        ),
    ];
    for (provider, id, values, names, error) in cases {
        let signal = read(provider, *id, values).unwrap_or_else(|| panic!("{provider} {id}"));
        let got: Vec<(Role, &str)> = signal.names.iter().map(|(role, name)| (*role, &**name)).collect();
        assert_eq!(got, *names, "{provider} {id}");
        assert_eq!(signal.error, *error, "{provider} {id}");
    }
}

#[test]
fn events_of_the_same_id_that_say_something_else_are_no_signal() {
    let none = [
        ("Microsoft-Windows-FailoverClustering", 1069, ("ResTypeDll", "Physical Disk")),
        ("Application Error", 26037, ("", "MSSQLSvc/db")),
        ("Microsoft-Windows-ActiveDirectory_DomainService", 2974, ("", "userPrincipalName Value=a@b.com")),
        ("Microsoft-Windows-Security-Auditing", 4738, ("TargetUserName", "u")),
        ("Microsoft-Windows-Kerberos-Key-Distribution-Center", 203, ("Other", "x")),
    ];
    for (provider, id, value) in none {
        assert_eq!(read(provider, id, &[value]), None, "{provider} {id}");
    }
    // Version 1 of Security-Kerberos 7 is about smart cards.
    let record = Record::event_4("srv1").with_content(|content| {
        content.event_id = 7;
        content.version = 1;
        content.data = vec![Datum { name: Some("Error".into()), value: "x".into() }];
    });
    assert_eq!(Signal::read(&record), None);
}
