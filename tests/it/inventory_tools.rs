//! Columns and fields that only some tools write.

use krbtriage::inventory::accounts::{self, Account, AccountInventory, ObjectClass};
use krbtriage::inventory::addresses::{AddressInventory, LoadOptions, OwnedAddress, load_bytes};

fn addresses(name: &str, text: &str) -> AddressInventory {
    load_bytes(name, text.as_bytes(), &LoadOptions::default())
}

#[track_caller]
fn owned(name: &str, text: &str) -> Vec<String> {
    let inventory = addresses(name, text);
    assert_eq!(inventory.files[0].read_errors, [""; 0]);
    inventory.owned.iter().map(|row| format!("{} {}", row.host, row.address)).collect()
}

#[test]
fn columns_of_asset_lists_are_read() {
    for (text, want) in [
        // vNetwork of RVTools also has the ESX host.
        (
            "VM,Powerstate,Host,Network,Mac Address,Type,IPv4 Address\nSRV1,poweredOn,esx1.example.com,VLAN1,00:00:5e:00:53:01,vmxnet3,\"192.0.2.1, 192.0.2.2\"\n",
            vec!["SRV1 192.0.2.1", "SRV1 192.0.2.2"],
        ),
        ("Rechnername;IP-Adresse\nSRV1;192.0.2.1 192.0.2.2\n", vec!["SRV1 192.0.2.1", "SRV1 192.0.2.2"]),
        (
            "\"Nom de l'ordinateur\";\"Adresse IP\"\n\"SRV1\";\"192.0.2.1;192.0.2.2\"\n",
            vec!["SRV1 192.0.2.1", "SRV1 192.0.2.2"],
        ),
        (
            "Computer Name,IP Addresses\nALPHA\\SRV1$,192.0.2.1|fe80::1\n",
            vec!["SRV1 192.0.2.1", "SRV1 fe80::1"],
        ),
        // `Name` of Velociraptor is the interface, not the host.
        (
            "Fqdn,Index,MTU,Name,HardwareAddr,IP,Mask\nSRV1.alpha.example.com,12,1500,Ethernet0,00:00:5e:00:53:01,192.0.2.1,ffffff00\n",
            vec!["SRV1.alpha.example.com 192.0.2.1"],
        ),
    ] {
        assert_eq!(owned("assets.csv", text), want, "{text}");
    }
    // A list of people has names and addresses.
    let people = addresses("people.csv", "Name,Address\nAnna,Main Street 1\n");
    assert!(people.owned.is_empty() && people.files[0].read_errors[0].starts_with("not an inventory"));
}

#[test]
fn lists_of_wmic_and_powershell_are_read() {
    let wmic = "\r\r\n\r\r\nDescription=Intel\r\r\nDNSHostName=SRV1\r\r\nIPAddress={\"192.0.2.1\",\"fe80::1\"}\r\r\nIPSubnet={\"255.255.255.0\",\"64\"}\r\r\nMACAddress=00:00:5E:00:53:01\r\r\n\r\r\n\r\r\n";
    assert_eq!(owned("nics.txt", wmic), ["SRV1 192.0.2.1", "SRV1 fe80::1"]);
    let configuration = "\r\nInterfaceAlias       : Ethernet\r\nInterfaceIndex       : 12\r\nInterfaceDescription : Intel\r\nNetProfile.Name      : example.com\r\n\
        IPv4Address          : 192.0.2.1\r\nIPv6DefaultGateway   : \r\nIPv4DefaultGateway   : 192.0.2.254\r\nDNSServer            : 192.0.2.10\r\n                       192.0.2.11\r\n\r\n";
    assert_eq!(owned("SRV1-Get-NetIPConfiguration.txt", configuration), ["SRV1 192.0.2.1"]);
    let json = r#"[{"ComputerName":"SRV1","InterfaceAlias":"Ethernet","InterfaceIndex":12,"IPv4Address":[{"IPAddress":"192.0.2.1","PrefixLength":24}],"IPv6Address":[],"IPv4DefaultGateway":[{"NextHop":"192.0.2.254"}],"DNSServer":[{"ServerAddresses":["192.0.2.10"]}]}]"#;
    assert_eq!(owned("c.json", json), ["SRV1 192.0.2.1"]);
}

fn lists(text: &str) -> AccountInventory {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt");
    std::fs::write(&path, text).unwrap();
    accounts::load(&[path])
}

#[track_caller]
fn found(text: &str) -> (&'static str, Vec<String>) {
    let lists = lists(text);
    assert_eq!(lists.files[0].read_errors, [""; 0]);
    let shown = |account: &Account| {
        let spns: Vec<String> = account.spns.iter().map(str::to_owned).collect();
        format!("{}@{} {}", account.name, account.domain, spns.join(" "))
    };
    (lists.files[0].kind, lists.accounts.iter().map(shown).collect())
}

const BOTH: [&str; 2] = [
    "SRV1$@alpha.example.com HOST/SRV1 HOST/srv1.alpha.example.com",
    "svc_sql@alpha.example.com MSSQLSvc/srv3.alpha.example.com:1433",
];

#[test]
fn lists_of_directory_objects_are_read() {
    let get_ad = "\r\nDistinguishedName             : CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com\r\nDNSHostName                   : srv1.alpha.example.com\r\nEnabled                       : True\r\n\
        msDS-SupportedEncryptionTypes : 28\r\nObjectClass                   : computer\r\nprimaryGroupID                : 516\r\nSamAccountName                : SRV1$\r\n\
        servicePrincipalName          : {HOST/SRV1, HOST/srv1.alpha.example.com}\r\nuserAccountControl            : 4096\r\n\r\n\
        DistinguishedName : CN=svc_sql,CN=Users,DC=alpha,DC=example,DC=com\r\nSamAccountName : svc_sql\r\nservicePrincipalName : {MSSQLSvc/srv3.alpha.example.com:1433}\r\n\r\n";
    assert_eq!(found(get_ad), ("Get-AD or dsquery list", BOTH.map(str::to_owned).to_vec()));
    let account = &lists(get_ad).accounts[0];
    assert_eq!(account.object_class, Some(ObjectClass::Computer));
    assert_eq!((account.primary_group_id, account.supported_encryption_types), (Some(516), Some(28)));
    let cut = get_ad.replace("HOST/srv1.alpha.example.com}", "HOST/srv1.alpha.example.com...}");
    let cut = lists(&cut);
    assert!(
        cut.accounts.is_empty() && cut.files[0].read_errors[0].contains("cut off with ..."),
        "{:?}",
        cut.files
    );

    let dsquery = "distinguishedName: CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com\r\nsAMAccountName: SRV1$\r\nservicePrincipalName: HOST/SRV1;HOST/srv1.alpha.example.com\r\n\r\n\
        distinguishedName: CN=svc_sql,CN=Users,DC=alpha,DC=example,DC=com\r\nsAMAccountName: svc_sql\r\nservicePrincipalName: MSSQLSvc/srv3.alpha.example.com:1433\r\n";
    assert_eq!(found(dsquery), ("Get-AD or dsquery list", BOTH.map(str::to_owned).to_vec()));

    let table = "  sAMAccountName    distinguishedName                                   servicePrincipalName                            \r\n\
        \x20 SRV1$             CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com     HOST/SRV1;HOST/srv1.alpha.example.com;          \r\n\
        \x20 svc_sql           CN=svc_sql,CN=Users,DC=alpha,DC=example,DC=com      MSSQLSvc/srv3.alpha.example.com:1433            \r\n";
    assert_eq!(found(table), ("dsquery table", BOTH.map(str::to_owned).to_vec()));
}

#[test]
fn clixml_of_the_active_directory_module_is_read() {
    let xml = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0"><T>Microsoft.ActiveDirectory.Management.ADComputer</T></TN><ToString>CN=SRV1</ToString><Props>
        <S N="DistinguishedName">CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com</S><S N="DNSHostName">srv1.alpha.example.com</S><B N="Enabled">true</B><S N="ObjectClass">computer</S><S N="SamAccountName">SRV1$</S>
        <Obj N="servicePrincipalName" RefId="1"><TN RefId="1"><T>Microsoft.ActiveDirectory.Management.ADPropertyValueCollection</T></TN><LST><S>HOST/SRV1</S><S>HOST/srv1.alpha.example.com</S></LST></Obj>
        <DT N="PasswordLastSet">2026-09-18T04:03:51.1+00:00</DT></Props></Obj></Objs>"#;
    assert_eq!(found(xml), ("Get-AD CLIXML", vec![BOTH[0].to_owned()]));
    assert!(lists(xml).accounts[0].password_last_set.is_some());
}

#[test]
fn adfind_csv_and_adrecon_are_read() {
    let adfind = "\"dn\",\"sAMAccountName\",\"servicePrincipalName\"\n\"CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com\",\"SRV1$\",\"HOST/SRV1;HOST/srv1.alpha.example.com\"\n\
        \"CN=svc_sql,CN=Users,DC=alpha,DC=example,DC=com\",\"svc_sql\",\"MSSQLSvc/srv3.alpha.example.com:1433\"\n";
    assert_eq!(found(adfind), ("csvde", BOTH.map(str::to_owned).to_vec()));
    let spns = "\"UserName\",\"Name\",\"Service\",\"Host\"\n\"SRV1$\",\"SRV1\",\"HOST\",\"SRV1\"\n\"SRV1$\",\"SRV1\",\"HOST\",\"srv1.alpha.example.com\"\n";
    assert_eq!(
        found(spns),
        ("ADRecon SPNs", vec!["SRV1$@ HOST/SRV1 HOST/srv1.alpha.example.com".to_owned()])
    );
    let computers = "\"UserName\",\"Name\",\"DNSHostName\",\"Enabled\",\"Operating System\",\"Logon Age (days)\",\"Password Age (days)\",\"Primary GroupID\",\"UserAccountControl\",\"Distinguished Name\"\n\
        \"SRV1$\",\"SRV1\",\"srv1.alpha.example.com\",\"True\",\"Windows Server 2019\",\"1\",\"5\",\"515\",\"4096\",\"CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com\"\n";
    assert_eq!(found(computers), ("Get-AD CSV", vec!["SRV1$@alpha.example.com ".to_owned()]));
    let account = &lists(computers).accounts[0];
    assert_eq!(
        (account.operating_system.as_deref(), account.primary_group_id),
        (Some("Windows Server 2019"), Some(515))
    );
    assert!(account.spns_are_partial);
}

/// The kind of the file, and `host address/length [interface] [description] mac` of each row.
#[track_caller]
fn rows(text: &str) -> (&'static str, Vec<String>) {
    let inventory = addresses("facts.txt", text);
    assert_eq!(inventory.files[0].read_errors, [""; 0]);
    let cell = |cell: &Option<std::sync::Arc<str>>| cell.as_deref().unwrap_or("-").to_owned();
    let row = |o: &OwnedAddress| {
        let length = o.prefix_length.map_or("-".to_owned(), |length| length.to_string());
        let (interface, description, mac) = (cell(&o.interface), cell(&o.description), cell(&o.mac));
        format!("{} {}/{length} [{interface}] [{description}] {mac}", o.host, o.address)
    };
    (inventory.files[0].kind, inventory.owned.iter().map(row).collect())
}

#[test]
fn ohai_has_all_interfaces() {
    let node = r#"{"chef_packages":{},"domain":"alpha.example.com","fqdn":"srv1.alpha.example.com","hostname":"SRV1","ipaddress":"192.0.2.1",
        "network":{"default_gateway":"192.0.2.254","interfaces":{"0xe":{"addresses":{"192.0.2.1":{"family":"inet","netmask":"255.255.255.0","prefixlen":"24"},
        "00:00:5E:00:53:01":{"family":"lladdr"}},"arp":{"192.0.2.254":"fe:ff:ff:ff:ff:ff"},"configuration":{"description":"Intel"},"instance":{"net_connection_id":"Ethernet"}}}},
        "ohai_time":1548885997.0}"#;
    let want = ["srv1.alpha.example.com 192.0.2.1/24 [Ethernet] [Intel] 00-00-5E-00-53-01".to_owned()];
    assert_eq!(rows(node), ("Ohai JSON", want.to_vec()));
    assert_eq!(rows(&format!("{{\"name\":\"srv1\",\"automatic\":{node}}}")).1, want);
}

const FACTER: &str = r#"{"hostname":"SRV1","kernel":"windows","networking":{"domain":"alpha.example.com","fqdn":"SRV1.alpha.example.com","hostname":"SRV1",
    "interfaces":{"Ethernet0":{"bindings":[{"address":"192.0.2.1","netmask":"255.255.255.0"}],"bindings6":[{"address":"fe80::1","netmask":"ffff:ffff:ffff:ffff::"}],
    "dhcp":"192.0.2.254","ip":"192.0.2.1","mac":"00:00:5E:00:53:01"}}}}"#;

#[test]
fn facter_in_its_forms() {
    let want = [
        "SRV1.alpha.example.com 192.0.2.1/24 [Ethernet0] [-] 00-00-5E-00-53-01",
        "SRV1.alpha.example.com fe80::1/64 [Ethernet0] [-] 00-00-5E-00-53-01",
    ];
    assert_eq!(rows(FACTER), ("facter facts", want.map(str::to_owned).to_vec()));
    let text = "disks => {\n  sda => {\n    size => \"1 GiB\"\n  }\n}\nhostname => SRV1\nnetworking => {\n  domain => \"alpha.example.com\",\n  fqdn => \"SRV1.alpha.example.com\",\n  \
        hostname => \"SRV1\",\n  interfaces => {\n    Ethernet0 => {\n      bindings => [\n        {\n          address => \"192.0.2.1\",\n          netmask => \"255.255.255.0\"\n        }\n      ],\n      \
        mac => \"00:00:5E:00:53:01\"\n    }\n  }\n}\nos => {\n  name => \"windows\"\n}\n";
    assert_eq!(rows(text), ("facter facts", want[..1].iter().map(|row| (*row).to_owned()).collect()));
    let flat = r#"{"facterversion":"2.5.1","networking":{"hostname":"SRV1"},"fqdn":"SRV1.alpha.example.com","hostname":"SRV1","ipaddress":"192.0.2.1","ipaddress_ethernet0_2":"192.0.2.1",
        "macaddress_ethernet0_2":"00:00:5E:00:53:01","netmask_ethernet0_2":"255.255.255.0"}"#;
    assert_eq!(rows(flat).1, ["SRV1.alpha.example.com 192.0.2.1/24 [ethernet0_2] [-] 00-00-5E-00-53-01"]);
}

#[test]
fn velociraptor_names_the_client() {
    let rows_of = "{\"Index\":12,\"MTU\":1500,\"Name\":\"Ethernet0\",\"HardwareAddr\":\"00:00:5e:00:53:01\",\"Flags\":19,\"IP\":\"192.0.2.1\",\"Mask\":\"ffffff00\",\"ClientId\":\"C.1\",\"Fqdn\":\"SRV1.alpha.example.com\"}\n";
    assert_eq!(
        rows(rows_of),
        (
            "Velociraptor interfaces",
            vec!["SRV1.alpha.example.com 192.0.2.1/24 [Ethernet0] [-] 00-00-5E-00-53-01".to_owned()]
        )
    );
}

/// A bug: a line below a table of `dsquery` or `netsh` was read by the columns of the table.
#[test]
fn a_line_below_a_table_of_dsquery_or_netsh_is_not_a_row() {
    let table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/spns/dsquery-table.txt"))
            .unwrap();
    let below = lists(&format!("{table}\n#TYPE Microsoft.Management.Infrastructure.CimInstance#ROOT/x\n"));
    assert_eq!(below.accounts.len(), lists(&table).accounts.len());
    assert_eq!(below.files[0].read_errors, ["line 4: the line is not a row of the table and is skipped"]);
    let table = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fuzz/seeds/inventory/netsh-ipaddresses.txt"
    ))
    .unwrap();
    let prose = format!("{}\nPS C:\\Users\\ann> # on SRV77, IP 10.77.0.7\n", table.trim_end());
    assert_eq!(owned("SRV1.txt", &prose), owned("SRV1.txt", &table));
}

/// A bug: with a comment mark before RVTools' header, `VM` was unknown and the ESX host got the addresses.
#[test]
fn a_list_of_machines_with_a_comment_mark_gives_no_row() {
    let list =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/inventory/rvtools.csv"))
            .unwrap();
    let marked: String = list.lines().map(|line| format!("# {line}\n")).collect();
    assert!(!owned("list.csv", &list).is_empty());
    assert_eq!(addresses("list.csv", &marked).owned, []);
}
