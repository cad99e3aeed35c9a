//! Every reader reads the files of the collection script. They are made by hand as `Export-Csv`, `ConvertTo-Json` and
//! `setspn` of Windows PowerShell 5.1 write them. The columns come from the script, so that both change together.

use std::fs;
use std::net::IpAddr;

use krbtriage::inventory::accounts;
use krbtriage::inventory::addresses::vendors::{AdapterKind, recognise};
use krbtriage::inventory::addresses::{self, LoadOptions};

use crate::support::program::*;

const COLLECTED: &str = "2026-10-06T20:00:00Z";

/// `Export-Csv -NoTypeInformation -Encoding UTF8`: a byte order mark, every cell quoted, CRLF.
fn export_csv(columns: &[&str], rows: &[&[&str]]) -> String {
    let line = |cells: &[&str]| {
        let cells: Vec<String> = cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
        cells.join(",") + "\r\n"
    };
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("\u{feff}{}{rows}", line(columns))
}

const ADDRESS_COLUMNS: [&str; 10] = [
    "host",
    "address",
    "prefix_length",
    "interface",
    "description",
    "mac",
    "pnp_device_id",
    "prefix_origin",
    "skip_as_source",
    "collected",
];
const DNS_COLUMNS: [&str; 5] = ["HostName", "RecordType", "ZoneName", "Data", "collected"];
const NAME_COLUMNS: [&str; 6] = ["client", "HostName", "RecordType", "Data", "source", "collected"];

fn addresses_csv() -> String {
    let host = "SRV1.alpha.example.com";
    export_csv(
        &ADDRESS_COLUMNS,
        &[
            &[
                host,
                "192.0.2.1",
                "24",
                "Ethernet",
                "Intel(R) X722",
                "00:00:5E:00:53:01",
                r"PCI\VEN_8086",
                "Manual",
                "False",
                COLLECTED,
            ],
            &[
                host,
                "192.0.2.50",
                "24",
                "Ethernet",
                "Intel(R) X722, Failover Cluster virtual address of SQL1",
                "00:00:5E:00:53:01",
                r"PCI\VEN_8086",
                "Manual",
                "True",
                COLLECTED,
            ],
            &[
                host,
                "169.254.7.7",
                "16",
                "Ethernet 5",
                r"Remote device, USB\VID_04B3&PID_4010",
                "36:40:B5:00:00:01",
                r"USB\VID_04B3&PID_4010\6&1",
                "Manual",
                "False",
                COLLECTED,
            ],
            &[
                host,
                "fe80::1",
                "64",
                "Ethernet",
                "Intel(R) X722",
                "00:00:5E:00:53:01",
                "",
                "WellKnown",
                "False",
                COLLECTED,
            ],
        ],
    )
}

fn dns_csv() -> String {
    export_csv(
        &DNS_COLUMNS,
        &[
            &["srv1", "A", "alpha.example.com", "192.0.2.1", COLLECTED],
            &["srv1", "AAAA", "alpha.example.com", "2001:db8::1", COLLECTED],
            &["portal", "CNAME", "alpha.example.com", "srv1.alpha.example.com.", COLLECTED],
            &["@", "A", "alpha.example.com", "192.0.2.53", COLLECTED],
            &["srv7", "A", "disjoint.example.net", "192.0.2.7", COLLECTED],
        ],
    )
}

fn names_csv() -> String {
    export_csv(
        &NAME_COLUMNS,
        &[
            &["SRV2.alpha.example.com", "srv1.alpha.example.com.", "A", "192.0.2.1", "DNS", COLLECTED],
            &["SRV2.alpha.example.com", "srv1.alpha.example.com.", "A", "192.0.2.1", "resolver", COLLECTED],
            &["SRV1.alpha.example.com", "srv9.alpha.example.com.", "A", "192.0.2.1", "hosts file", COLLECTED],
        ],
    )
}

/// A list of JSON objects, one per line, as `ConvertTo-Json -Compress` of Windows PowerShell 5.1 escapes them.
fn accounts_json() -> String {
    let object = |name: &str, class: &str, dns: &str, spns: &[&str]| {
        let label = name.trim_end_matches('$');
        let spns: Vec<String> = spns.iter().map(|s| format!("\"{s}\"")).collect();
        format!(
            "{{\"sAMAccountName\":\"{name}\",\"distinguishedName\":\"CN={label},CN=Computers,DC=alpha,DC=example,DC=com\",\
             \"objectClass\":\"{class}\",\"dNSHostName\":{dns},\"servicePrincipalName\":[{}],\
             \"msDS-AdditionalDnsHostName\":[],\"userPrincipalName\":null,\"pwdLastSet\":134341777710000000,\
             \"whenCreated\":\"2020-01-02T03:04:05Z\",\"whenChanged\":\"2026-09-18T04:03:51Z\",\"userAccountControl\":4096,\
             \"msDS-SupportedEncryptionTypes\":28,\"operatingSystem\":\"Windows Server 2022 \\u0026 more\",\"primaryGroupID\":515,\
             \"isCriticalSystemObject\":false,\"lastLogonTimestamp\":null,\"collected\":\"{COLLECTED}\"}}",
            spns.join(",")
        )
    };
    let objects = [
        object(
            "SRV1$",
            "computer",
            "\"SRV1.alpha.example.com\"",
            &["HOST/srv1", "HOST/SRV1.alpha.example.com"],
        ),
        object("gmsa_web$", "msDS-GroupManagedServiceAccount", "null", &["HTTP/portal.alpha.example.com"]),
        object("BETA$", "user", "null", &[]),
    ];
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// `setspn` through `Out-File -Encoding UTF8`.
const SETSPN: &str = "\u{feff}Checking domain DC=beta,DC=example,DC=com\r\nCN=SRV2,CN=Computers,DC=beta,DC=example,DC=com\r\n\
    \tHOST/SRV2\r\n\tHOST/SRV2.beta.example.com\r\n\r\nFound such SPN!\r\n";

/// Abridged output of `klist -li 0x3e7`, which is not an inventory.
const KLIST: &str = "\u{feff}\r\nCurrent LogonId is 0:0x3e7\r\n\r\nCached Tickets: (1)\r\n\r\n\
    #0>\tClient: srv1$ @ ALPHA.EXAMPLE.COM\r\n\tServer: cifs/dc1.alpha.example.com/alpha.example.com @ ALPHA.EXAMPLE.COM\r\n\
    \tKerbTicket Encryption Type: AES-256-CTS-HMAC-SHA1-96\r\n\tKdc Called: dc1.alpha.example.com\r\n";

fn details(sandbox: &Sandbox) {
    let settings = export_csv(
        &["reported_by", "item", "value", "collected"],
        &[&["SRV1.alpha.example.com", "service MSSQLSERVER (Running)", r"ALPHA\svc_sql", COLLECTED]],
    );
    let clusters = export_csv(
        &["reported_by", "resource", "type", "group", "node", "ip", "dns", "state", "collected"],
        &[&[
            "SRV1.alpha.example.com",
            "IP Address",
            "IP Address",
            "SQL1",
            "SRV1",
            "192.0.2.50",
            "",
            "2",
            COLLECTED,
        ]],
    );
    sandbox.write("run/details/settings.csv", settings);
    sandbox.write("run/details/clusters.csv", clusters);
    sandbox.write("run/details/SRV1.alpha.example.com-klist-0x3e7.txt", KLIST);
    sandbox.write("run/details/spn-mappings.txt", "host=alerter,appmgmt,cifs,http\r\n");
    sandbox.write("run/krbtriage-collected.txt", format!("Written by collect.ps1 at {COLLECTED}\r\n"));
    sandbox
        .write("run/failed.txt", "\u{feff}logs of srv9.alpha.example.com: no answer within 300 seconds\r\n");
    sandbox.write(
        "run/findings.csv",
        export_csv(
            &["asked", "answered", "finding", "collected"],
            &[&[
                "srv3.alpha.example.com",
                "SRV1.alpha.example.com",
                "asked for srv3, and SRV1 answered",
                COLLECTED,
            ]],
        ),
    );
}

#[test]
fn the_columns_are_those_of_the_script() {
    let script = Sandbox::new().run(&["collect-script", "srv1"]).exits(0).stdout();
    for column in ADDRESS_COLUMNS.iter().chain(&NAME_COLUMNS) {
        assert!(script.contains(&format!("'{column}'")), "{column}");
    }
    for column in DNS_COLUMNS {
        assert!(script.lines().any(|l| l.trim_start().starts_with(column) && l.contains(" = $")), "{column}");
    }
    let accounts: serde_json::Value = serde_json::from_str(&accounts_json()).unwrap();
    for attribute in accounts[0].as_object().unwrap().keys() {
        assert!(script.contains(&format!("'{attribute}'")), "{attribute}");
    }
}

#[test]
fn addresses_and_names_are_read_with_their_adapter_and_date() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("run/addresses")).unwrap();
    sandbox.write("run/addresses/addresses.csv", addresses_csv());
    sandbox.write("run/addresses/dns-alpha.example.com.csv", dns_csv());
    sandbox.write("run/addresses/names.csv", names_csv());
    let inventory = addresses::load(&[sandbox.path("run/addresses")], &LoadOptions::default());
    let problems: Vec<_> = inventory.files.iter().flat_map(|f| &f.read_errors).collect();
    assert!(problems.is_empty(), "{problems:?}");

    let kind = |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        let owned = inventory.owned.iter().find(|o| o.address == address).unwrap();
        assert_eq!(owned.source.collected.map(|t| t.to_string()).as_deref(), Some(COLLECTED));
        assert!(owned.prefix_length.is_some(), "{address}");
        recognise(address, owned.description.as_deref(), owned.mac.as_deref(), &[])
    };
    assert_eq!(kind("192.0.2.1"), AdapterKind::Other);
    assert_eq!(kind("192.0.2.50"), AdapterKind::ClusterOrNlb);
    // No description and no default address of IBM's: the USB identity alone shows the vendor.
    assert_eq!(kind("169.254.7.7").vendor(), Some("IBM IMM or Lenovo XCC"));

    let mut names: Vec<String> = inventory
        .resolved
        .iter()
        .filter(|r| r.resolver.is_none())
        .map(|r| format!("{} {}", r.name, r.address))
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(
        names,
        [
            "alpha.example.com 192.0.2.53",
            "srv1.alpha.example.com 192.0.2.1",
            "srv1.alpha.example.com 2001:db8::1",
            "srv7.disjoint.example.net 192.0.2.7",
        ]
    );
    let on_clients = inventory.resolved.iter().filter_map(|r| Some((r.resolver.as_deref()?, &*r.name)));
    assert_eq!(
        on_clients.collect::<Vec<_>>(),
        [
            ("SRV2.alpha.example.com", "srv1.alpha.example.com"),
            ("SRV1.alpha.example.com", "srv9.alpha.example.com")
        ]
    );
    let cname = inventory.aliases.iter().find(|a| a.cname).unwrap();
    assert_eq!((&*cname.name, &*cname.other), ("portal.alpha.example.com", "srv1.alpha.example.com"));
}

#[test]
fn accounts_are_read_with_their_attributes() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("run/accounts")).unwrap();
    sandbox.write("run/accounts/accounts-alpha.example.com.json", accounts_json());
    sandbox.write("run/accounts/setspn-beta.example.com.txt", SETSPN);
    let inventory = accounts::load(&[sandbox.path("run/accounts")]);
    let problems: Vec<_> = inventory.files.iter().flat_map(|f| &f.read_errors).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let account = |name: &str| inventory.accounts.iter().find(|a| &*a.name == name).unwrap();
    let srv1 = account("SRV1$");
    assert_eq!(srv1.spns.iter().collect::<Vec<_>>(), ["HOST/srv1", "HOST/SRV1.alpha.example.com"]);
    assert_eq!(srv1.dns_host_name.as_deref(), Some("SRV1.alpha.example.com"));
    assert_eq!(srv1.when_changed.map(|t| t.to_string()).as_deref(), Some("2026-09-18T04:03:51Z"));
    assert!(srv1.password_last_set.is_some());
    assert_eq!((srv1.user_account_control, srv1.supported_encryption_types), (Some(4096), Some(28)));
    assert_eq!(account("gmsa_web$").domain.as_ref(), "alpha.example.com");
    assert!(account("BETA$").spns.is_empty(), "a trust account");
    assert_eq!(account("SRV2").domain.as_ref(), "beta.example.com");
}

/// A triage reads no file of details, and a line of a hosts file counts only for its own host.
#[test]
fn a_triage_of_the_folder_uses_no_file_of_details() {
    let sandbox = Sandbox::new();
    for folder in ["addresses", "accounts", "details", "logs"] {
        fs::create_dir_all(sandbox.path(&format!("run/{folder}"))).unwrap();
    }
    sandbox.write("run/addresses/addresses.csv", addresses_csv());
    sandbox.write("run/addresses/dns-alpha.example.com.csv", dns_csv());
    sandbox.write("run/accounts/accounts-alpha.example.com.json", accounts_json());
    sandbox.write("run/logs/SRV1.alpha.example.com-System.evtx", log([four("A", "srv8", 1, 1)]));
    details(&sandbox);
    let of = |file: &str| {
        let path = sandbox.path(&format!("run/details/{file}"));
        let found = addresses::load(std::slice::from_ref(&path), &LoadOptions::default());
        let accounts = accounts::load(&[path]);
        (found.owned.len(), found.resolved.len(), accounts.accounts.len())
    };
    for file in ["settings.csv", "clusters.csv", "SRV1.alpha.example.com-klist-0x3e7.txt", "spn-mappings.txt"]
    {
        assert_eq!(of(file), (0, 0, 0), "{file}");
    }
    let (addresses, accounts, logs) = ("run/addresses", "run/accounts", "run/logs");
    sandbox.run(&["triage", "-i", addresses, "-s", accounts, logs, "-o", "report.csv"]).exits(0);
    assert_eq!(rows(&sandbox.text("report.csv")).len(), 1);
}
