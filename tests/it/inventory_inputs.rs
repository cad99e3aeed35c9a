//! Files of other people (`tests/data/inputs`) give the right rows or the right refusal.

use std::path::PathBuf;

use krbtriage::inventory::accounts;
use krbtriage::inventory::addresses::{AddressInventory, LoadOptions, load, load_bytes};

fn input(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs").join(name)
}

fn addresses(name: &str) -> AddressInventory {
    load(&[input(name)], &LoadOptions::default())
}

/// `host address [interface] [description] mac` of each row.
fn owned(inventory: &AddressInventory) -> Vec<String> {
    let text = |cell: &Option<std::sync::Arc<str>>| cell.as_deref().unwrap_or("-").to_owned();
    inventory
        .owned
        .iter()
        .map(|o| {
            let (interface, description, mac) = (text(&o.interface), text(&o.description), text(&o.mac));
            format!("{} {} [{interface}] [{description}] {mac}", o.host, o.address)
        })
        .collect()
}

fn resolved(inventory: &AddressInventory) -> Vec<String> {
    inventory.resolved.iter().map(|r| format!("{} {}", r.name, r.address)).collect()
}

/// For each file: the number of own addresses, of names and of accounts, and how the errors under `-i` and `-s` begin.
#[rustfmt::skip]
const EVERY_INPUT: &[(&str, usize, usize, usize, &str, &str)] = &[
    ("01-srv1.txt", 2, 0, 0, "", "this shows which host"),
    ("01-srv2.txt", 2, 0, 0, "", "this shows which host"),
    ("03-noblank.txt", 2, 0, 0, "", "this shows which host"),
    ("04-indented.txt", 2, 0, 0, "", "this shows which host"),
    ("05-events-4624.jsonl", 0, 0, 0, "these are events", "these are events"),
    ("05-interfaces.csv", 15, 0, 0, "", "this shows which host"),
    ("05-security-4624.jsonl", 0, 0, 0, "these are events", "these are events"),
    ("06-example.com.dns", 0, 6, 0, "", "this shows which host"),
    ("08-outerxml-in-csv.csv", 0, 0, 0, "these are events", "these are events"),
    ("09-sharphound-v3-domains.json", 0, 0, 0, "not an inventory", "this SharpHound file has no computers"),
    ("10-ridmanager.ldif", 0, 0, 1, "this shows which account", ""),
    ("11-adfind.txt", 0, 0, 2, "this shows which account", ""),
    ("13-no-log.zip", 0, 0, 0, "the archive has no file", "the archive has no file"),
    ("14-setspn-margin.txt", 0, 0, 2, "this shows which account", ""),
    ("15-get-netipaddress-list.txt", 1, 0, 0, "", "this shows which host"),
    ("17-select-cim-lost.csv", 0, 0, 0, "the export lost its data", "this shows which host"),
    ("17-select-cim.csv", 2, 0, 0, "", "this shows which host"),
    ("18-logs.tar", 0, 0, 0, "the archive holds logs", "the archive holds logs"),
    ("18-logs.tar.gz", 0, 0, 0, "the archive holds logs", "the archive holds logs"),
    ("19-sysmon-config.xml", 0, 0, 0, "not an inventory", "the kind of the file is unknown"),
    ("21-ipv6only.txt", 2, 0, 0, "", "this shows which host"),
    ("24-lansweeper.csv", 1, 0, 0, "", "this shows which host"),
    ("25-2024-01-05_SRV1_ipconfig.txt", 2, 0, 0, "", "this shows which host"),
    ("26-bind-origin.zone", 0, 2, 0, "", "this shows which host"),
];

#[test]
fn every_input_gives_its_rows_or_its_refusal() {
    let mut names: Vec<String> = std::fs::read_dir(input(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected: Vec<&str> = EVERY_INPUT.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, expected, "a file of tests/data/inputs has no row here");
    for (name, own, names, accounts, address_error, account_error) in EVERY_INPUT {
        let inventory = addresses(name);
        assert_eq!((inventory.owned.len(), inventory.resolved.len()), (*own, *names), "{name}");
        let lists = accounts::load(&[input(name)]);
        assert_eq!(lists.accounts.len(), *accounts, "{name}");
        for (files, begins) in [(&inventory.files, address_error), (&lists.files, account_error)] {
            let errors: Vec<&String> = files.iter().flat_map(|file| &file.read_errors).collect();
            assert_eq!(errors.is_empty(), begins.is_empty(), "{name}: {errors:?}");
            assert!(errors.iter().all(|error| error.starts_with(begins)), "{name}: {errors:?}");
        }
    }
}

/// F1: 255.255.255.128 has twelve digits and is not a MAC.
#[test]
fn a_mask_is_not_a_mac() {
    let inventory = addresses("01-srv1.txt");
    assert_eq!(
        owned(&inventory),
        ["srv1 192.0.2.20 [Ethernet] [-] -", "srv1 169.254.0.2 [Ethernet 5] [-] -"]
            .map(|row| row.replacen("srv1", "01-srv1", 1))
    );
}

/// F1: an adapter of `ipconfig /all` without a physical address.
#[test]
fn an_adapter_without_mac_has_its_description() {
    let text = "Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : SRV1\n   Primary Dns Suffix  . . . . . . . :\n\n\
                Unknown adapter wg0:\n\n   Connection-specific DNS Suffix  . :\n   Description . . . . . . . . . . . : WireGuard Tunnel\n   \
                Physical Address. . . . . . . . . :\n   DHCP Enabled. . . . . . . . . . . : No\n   \
                IPv4 Address. . . . . . . . . . . : 100.115.71.166(Preferred)\n   \
                Subnet Mask . . . . . . . . . . . : 255.255.255.255\n   Default Gateway . . . . . . . . . :\n";
    let inventory = load_bytes("x.txt", text.as_bytes(), &LoadOptions::default());
    assert_eq!(owned(&inventory), ["SRV1 100.115.71.166 [wg0] [WireGuard Tunnel] -"]);
}

const SRV1: [&str; 2] = [
    "SRV1.example.com fe80::1 [Ethernet0] [Intel(R) 82574L Gigabit Network Connection] 00-00-5E-00-53-01",
    "SRV1.example.com 192.0.2.153 [Ethernet0] [Intel(R) 82574L Gigabit Network Connection] 00-00-5E-00-53-01",
];

/// F5 and F6: the blank lines are lost, the whole is indented, or a mail quotes it.
#[test]
fn ipconfig_without_blank_lines_indented_or_quoted_is_read() {
    assert_eq!(owned(&addresses("03-noblank.txt")), SRV1);
    assert_eq!(owned(&addresses("04-indented.txt")), SRV1);
    let text = std::fs::read_to_string(input("03-noblank.txt")).unwrap();
    for mark in ["> ", ">", "> > "] {
        let quoted: String = text.lines().map(|line| format!("{mark}{line}\n")).collect();
        let inventory = load_bytes("mail.txt", quoted.as_bytes(), &LoadOptions::default());
        assert_eq!(owned(&inventory), SRV1, "{mark:?}");
    }
}

#[test]
fn plain_ipconfig_of_an_adapter_without_ipv4() {
    let rows = owned(&addresses("21-ipv6only.txt"));
    assert_eq!(rows, ["21-ipv6only 2001:db8::5 [Ethernet] [-] -", "21-ipv6only fe80::5 [Ethernet] [-] -"]);
}

/// F2: the address in an event is that of another host.
#[test]
fn events_are_not_an_inventory() {
    for name in ["05-events-4624.jsonl", "05-security-4624.jsonl"] {
        let inventory = addresses(name);
        assert!(inventory.owned.is_empty() && inventory.resolved.is_empty(), "{name}");
        assert!(inventory.files[0].read_errors[0].starts_with("these are events"), "{:?}", inventory.files);
    }
    let sign_in = br#"[{"createdDateTime":"2026-01-01","userPrincipalName":"a@b","ipAddress":"192.0.2.9"}]"#;
    let inventory = load_bytes("SRV1.json", sign_in, &LoadOptions::default());
    assert!(inventory.owned.is_empty() && !inventory.files[0].read_errors.is_empty());
}

/// F3: the zone is in a comment of Windows Server 2016 and later, in `$ORIGIN` of BIND, or in the full names of dig.
#[test]
fn zone_files_keep_their_zone() {
    let inventory = addresses("06-example.com.dns");
    assert_eq!(
        resolved(&inventory),
        [
            "example.com 192.0.2.10",
            "dc1.example.com 192.0.2.10",
            "dc1.example.com 2001:db8::10",
            "srv1.example.com 192.0.2.5",
            "srv2.example.com 192.0.2.6",
            "sub.lab.example.com 192.0.2.7",
        ]
    );
    assert_eq!(inventory.files[0].read_errors, [""; 0]);
    let bind = addresses("26-bind-origin.zone");
    assert_eq!(resolved(&bind), ["example.com 192.0.2.10", "srv1.example.com 192.0.2.5"]);
    let axfr = "; <<>> DiG 9.18 <<>> axfr @ns1 example.com\nexample.com.\t3600\tIN\tSOA\tns1.example.com. h. 1 2 3 4 5\n\
                srv1.example.com.\t3600\tIN\tA\t192.0.2.5\n";
    let inventory = load_bytes("axfr.txt", axfr.as_bytes(), &LoadOptions::default());
    assert_eq!(resolved(&inventory), ["srv1.example.com 192.0.2.5"]);
}

/// F12: dates and tools' names in a file's name are not a host.
#[test]
fn a_date_in_the_name_of_a_file_is_not_a_host() {
    let rows = owned(&load_bytes(
        "2024-01-05_SRV1_ipconfig.txt",
        &std::fs::read(input("25-2024-01-05_SRV1_ipconfig.txt")).unwrap(),
        &LoadOptions::default(),
    ));
    assert!(rows.iter().all(|row| row.starts_with("SRV1 ")) && rows.len() == 2, "{rows:?}");
}

/// F13: a column of hosts and one of addresses are enough, and lists that were lost are reported.
#[test]
fn any_csv_of_hosts_and_addresses_is_read() {
    assert_eq!(
        owned(&addresses("17-select-cim.csv")),
        ["SRV1 192.0.2.1 [-] [Intel] 00-00-5E-00-53-01", "SRV1 fe80::1 [-] [Intel] 00-00-5E-00-53-01"]
    );
    assert_eq!(owned(&addresses("24-lansweeper.csv")), ["SRV1 192.0.2.1 [-] [-] 00-00-5E-00-53-01"]);
    let lost = addresses("17-select-cim-lost.csv");
    assert!(lost.owned.is_empty());
    assert!(lost.files[0].read_errors[0].starts_with("the export lost its data"), "{:?}", lost.files);
    let log = "time,host,ip,url\n2026-01-01,proxy1,192.0.2.7,http://x\n";
    let proxy = load_bytes("proxy.csv", log.as_bytes(), &LoadOptions::default());
    assert!(proxy.owned.is_empty() && !proxy.files[0].read_errors.is_empty(), "{:?}", proxy.files);
    let records = "name,type,ip\nsrv1,A,192.0.2.7\n";
    let records = load_bytes("dns.csv", records.as_bytes(), &LoadOptions::default());
    assert!(records.owned.is_empty() && !records.files[0].read_errors.is_empty(), "{:?}", records.files);
}

#[test]
fn a_list_of_properties_is_read_and_a_cut_one_refused() {
    assert_eq!(owned(&addresses("15-get-netipaddress-list.txt")), ["SRV1 192.0.2.1 [Ethernet] [-] -"]);
    let nic = "DNSHostName : SRV1\r\nIPAddress   : {192.0.2.1, fe80::1}\r\nIPSubnet    : {255.255.255.0, 64}\r\n\
               Description : Intel\r\nMACAddress  : 00:00:5E:00:53:01\r\n";
    let inventory = load_bytes("x.txt", nic.as_bytes(), &LoadOptions::default());
    assert_eq!(inventory.owned.len(), 2, "{:?}", inventory.files);
    let cut = nic.replace("fe80::1}", "fe80::1...}");
    let inventory = load_bytes("x.txt", cut.as_bytes(), &LoadOptions::default());
    assert!(inventory.owned.is_empty());
    assert!(
        inventory.files[0].read_errors[0].starts_with("the export lost its data"),
        "{:?}",
        inventory.files
    );
}

#[test]
fn a_recognised_file_without_rows_is_reported() {
    let text = "Windows IP Configuration\n\nEthernet adapter Ethernet:\n\n   Media State . . . . . . . . . . . : Media disconnected\n   \
                Description . . . . . . . . . . . : Intel\n";
    let inventory = load_bytes("SRV1.txt", text.as_bytes(), &LoadOptions::default());
    assert_eq!(inventory.files[0].kind, "ipconfig /all");
    assert_eq!(inventory.files[0].read_errors.len(), 1, "{:?}", inventory.files);
}

fn account_names(name: &str) -> (Vec<String>, Vec<String>) {
    let inventory = accounts::load(&[input(name)]);
    let shown = inventory.accounts.iter().map(|a| format!("{} {}", a.name, a.spns.len())).collect();
    (shown, inventory.files[0].read_errors.clone())
}

/// F10: `RID Manager$` of every domain has a `$` and is not an account.
#[test]
fn an_object_without_account_name_is_not_an_account() {
    assert_eq!(account_names("10-ridmanager.ldif"), (vec!["SRV1$ 1".to_owned()], vec![]));
}

#[test]
fn adfind_and_setspn_without_indentation_are_read() {
    let (accounts, problems) = account_names("11-adfind.txt");
    assert_eq!((accounts, problems), (vec!["SRV1$ 2".to_owned(), "svc_sql 1".to_owned()], vec![]));
    let (accounts, problems) = account_names("14-setspn-margin.txt");
    assert_eq!((accounts, problems), (vec!["SRV1 2".to_owned(), "svc_web 1".to_owned()], vec![]));
}

/// F13: the members of an ldap3 entry.
#[test]
fn ldap3_json_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("domain_computers.json");
    let text = r#"[{"attributes": {"sAMAccountName": ["SRV1$"], "servicePrincipalName": ["HOST/SRV1", "HOST/srv1.a.example"],
        "pwdLastSet": ["2026-01-01 10:00:00+00:00"]}, "dn": "CN=SRV1,DC=a,DC=example"}]"#;
    std::fs::write(&path, text).unwrap();
    let inventory = accounts::load(&[path]);
    assert_eq!(inventory.files[0].read_errors, [""; 0]);
    assert_eq!((&*inventory.accounts[0].name, inventory.accounts[0].spns.len()), ("SRV1$", 2));
    assert!(inventory.accounts[0].password_last_set.is_some());
}

/// F13: SharpHound's list of domains has no accounts.
#[test]
fn domains_of_sharphound_are_not_accounts() {
    let (accounts, problems) = account_names("09-sharphound-v3-domains.json");
    assert!(accounts.is_empty());
    assert!(problems[0].contains("give its computers and users files"), "{problems:?}");
}

/// Bug 13: a folder of links was empty for inventories.
#[cfg(unix)]
#[test]
fn a_folder_of_links_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let links = folder.path().join("links");
    std::fs::create_dir(&links).unwrap();
    for (name, text) in
        [("a.csv", "host,address\nsrv1,192.0.2.1\n"), ("s.csv", "account,domain,spn\nsrv1$,a,HOST/a\n")]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
        std::os::unix::fs::symlink(folder.path().join(name), links.join(name)).unwrap();
    }
    assert_eq!(load(std::slice::from_ref(&links), &LoadOptions::default()).owned.len(), 1);
    assert_eq!(accounts::load(&[links]).accounts.len(), 1);
}

/// A file whose name is not UTF-8 has a date.
#[cfg(unix)]
#[test]
fn a_file_of_any_name_has_a_date() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"srv\xff.csv"));
    std::fs::write(&path, "host,address\nsrv1,192.0.2.1\n").unwrap();
    let inventory = load(&[path], &LoadOptions::default());
    assert!(inventory.files[0].modified.is_some());
}

/// Cells that were escaped for a spreadsheet are read without the escape.
#[test]
fn escaped_cells_of_an_account_list_are_unescaped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.csv");
    std::fs::write(&path, "account,domain,spn\n'=x,alpha.com,HTTP/a\n").unwrap();
    assert_eq!(&*accounts::load(&[path]).accounts[0].name, "=x");
}

/// `host address` of each row of a text, and its problems.
fn rows_of(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let inventory = load_bytes(name, text.as_bytes(), &LoadOptions::default());
    let rows = inventory.owned.iter().map(|row| format!("{} {}", row.host, row.address)).collect();
    (rows, inventory.files[0].read_errors.clone())
}

#[test]
fn a_row_with_a_mask_a_subnet_or_a_mac_is_skipped() {
    let text = "Server,IP Address\nSRV1,255.255.255.0\nSRV2,192.0.2.0/24\nSRV3,192.0.2.255/24\nSRV4,0.0.0.0\n\
                00-00-5E-00-53-08,192.0.2.8\nunknown,192.0.2.9\nSRV5,192.0.2.5/24\n";
    let (rows, problems) = rows_of("list.csv", text);
    assert_eq!(rows, ["SRV5 192.0.2.5"]);
    assert_eq!(problems.len(), 5, "{problems:?}");
}

#[test]
fn a_row_with_a_delimiter_in_a_value_is_skipped() {
    let text = "Vendor,Broadcast,IP Address,Server\nExample, Inc.,192.0.2.255,192.0.2.5,SRV5\nExample,192.0.2.255,192.0.2.6,SRV6\n";
    let (rows, problems) = rows_of("list.csv", text);
    assert_eq!(rows, ["SRV6 192.0.2.6"]);
    assert!(problems[0].starts_with("line 2: 5 cells, and the header has 4 columns"), "{problems:?}");
    // Each line ends with a delimiter.
    let (rows, problems) = rows_of("list.csv", "Server,IP Address\nSRV5,192.0.2.5,\nSRV6,192.0.2.6,\n");
    assert_eq!((rows.len(), problems.len()), (2, 0));
}

#[test]
fn a_list_of_people_is_not_a_list_of_machines() {
    let (rows, problems) = rows_of("list.csv", "Name,E-Mail,IP Address\nann,ann@alpha.example,192.0.2.5\n");
    assert_eq!(rows, [""; 0]);
    assert!(problems[0].starts_with("not an inventory"), "{problems:?}");
}

#[test]
fn plain_ipconfig_after_ipconfig_all_is_of_the_same_machine() {
    let plain = "\nWindows IP Configuration\n\n\nEthernet adapter Ethernet0:\n\n   Connection-specific DNS Suffix  . :\n   \
                 IPv4 Address. . . . . . . . . . . : 192.0.2.5\n   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n   \
                 Default Gateway . . . . . . . . . : 192.0.2.1\n";
    let all = format!(
        "\nWindows IP Configuration\n\n   Host Name . . . . . . . . . . . . : SRV1\n   Primary Dns Suffix  . . . . . . . : alpha.example\n{}",
        plain.trim_start_matches("\nWindows IP Configuration\n").replace("192.0.2.5", "192.0.2.5(Preferred)")
    );
    let both = format!("C:\\>ipconfig /all\n{all}\nC:\\>ipconfig\n{plain}");
    assert_eq!(rows_of("notes.txt", &both), (vec!["SRV1.alpha.example 192.0.2.5".to_owned()], vec![]));
}

#[test]
fn a_list_that_a_mail_quotes_is_read() {
    let quoted = |text: &str| text.lines().map(|line| format!("> {line}\n")).collect::<String>();
    let (rows, problems) = rows_of("mail.txt", &format!("Hi,\n{}", quoted("host,address\nsrv1,192.0.2.1\n")));
    assert_eq!((rows, problems.len()), (vec![], 1), "a table below other text has no header");
    assert_eq!(rows_of("mail.txt", &quoted("host,address\nsrv1,192.0.2.1\n")).0, ["srv1 192.0.2.1"]);
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "setspn.txt",
            "Registered ServicePrincipalNames for CN=SRV1,CN=Computers,DC=alpha,DC=example:\n        HOST/srv1\n",
        ),
        (
            "ldif.txt",
            "dn: CN=SRV1,CN=Computers,DC=alpha,DC=example\nsAMAccountName: SRV1$\nservicePrincipalName: HOST/srv1\n",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, quoted(&quoted(text))).unwrap();
        let found = accounts::load(&[path]);
        assert_eq!(found.accounts.len(), 1, "{name}: {:?}", found.files);
        assert_eq!(found.accounts[0].spns.len(), 1, "{name}");
    }
}

/// F7: a text with a DN and an SPN in a sentence was read as a listing of `setspn`.
#[test]
fn a_text_about_a_directory_is_not_setspn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("README.md");
    for text in [
        "# tool\n\nCN=Computers,DC=alpha,DC=example\n\nsee host/srv1 for details\n",
        "The base is DC=alpha,DC=example in this test\nand more text\n",
        "base DC=alpha,DC=example\nuri ldap://dc1.alpha.example\n",
    ] {
        std::fs::write(&path, text).unwrap();
        let found = accounts::load(std::slice::from_ref(&path));
        assert!(found.files[0].read_errors[0].contains("kind of the file is unknown"), "{:?}", found.files);
    }
}

#[test]
fn yaml_of_facter_is_read() {
    let text = "---\nhostname: SRV1\nkernel: windows\nnetworking:\n  domain: alpha.example\n  hostname: SRV1\n  interfaces:\n    \
                Ethernet 3:\n      dhcp: 192.0.2.67\n      ip: 192.0.2.5\n      mac: 00:00:5E:00:53:01\n      netmask: 255.255.255.0\n      \
                network: 192.0.2.0\n  ip: 192.0.2.5\n";
    let inventory = load_bytes("facts.yaml", text.as_bytes(), &LoadOptions::default());
    assert_eq!(inventory.files[0].kind, "facter facts");
    assert_eq!(owned(&inventory), ["SRV1.alpha.example 192.0.2.5 [Ethernet 3] [-] 00-00-5E-00-53-01"]);
}
