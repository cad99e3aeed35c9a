//! Writes exports that are tables or plain text.

use std::fmt::Write;
use std::net::IpAddr;

use csv::QuoteStyle;

use super::{Row, by_adapter, by_host};

pub fn project_csv(rows: &[Row], delimiter: &str) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter.as_bytes()[0]).from_writer(Vec::new());
    writer.write_record(["host", "address", "interface", "description", "mac", "prefix_length"]).unwrap();
    for r in rows {
        let (address, prefix) = (r.address.to_string(), r.prefix.to_string());
        writer.write_record([&r.host, &address, &r.interface, &r.description, &r.mac, &prefix]).unwrap();
    }
    writer.into_inner().unwrap()
}

/// The columns of `MSFT_NetIPAddress` in their order. The values follow the documentation, because there was no real file.
const NET_IP: &str = "PrefixOrigin,SuffixOrigin,Type,Store,AddressFamily,AddressState,ifIndex,Caption,Description,\
    ElementName,InstanceID,CommunicationStatus,DetailedStatus,HealthState,InstallDate,Name,OperatingStatus,\
    OperationalStatus,PrimaryStatus,Status,StatusDescriptions,AvailableRequestedStates,EnabledDefault,EnabledState,\
    OtherEnabledState,RequestedState,TimeOfLastStateChange,TransitioningToState,CreationClassName,\
    SystemCreationClassName,SystemName,NameFormat,OtherTypeDescription,ProtocolIFType,ProtocolType,Address,\
    AddressOrigin,AddressType,IPv4Address,IPv6Address,IPVersionSupport,PrefixLength,SubnetMask,InterfaceAlias,\
    InterfaceIndex,IPAddress,PreferredLifetime,SkipAsSource,ValidLifetime,PSComputerName";

pub fn net_ip_csv(rows: &[Row]) -> Vec<u8> {
    let header: Vec<&str> = NET_IP.split(',').collect();
    assert_eq!(header.len(), 50);
    let zone = |r: &Row| if r.address.is_ipv6() { "%12" } else { "" };
    let cell = |r: &Row, state: &str, name: &str| match name {
        "PrefixOrigin" => "Manual".to_owned(),
        "AddressFamily" => if r.address.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned(),
        "AddressState" => state.to_owned(),
        "ifIndex" | "InterfaceIndex" => "12".to_owned(),
        "Store" => "ActiveStore".to_owned(),
        // The key of the CIM object, which looks like an address and must not be read as one.
        "Name" | "InstanceID" => ";C?8;@B8;:8;55;".to_owned(),
        "IPv4Address" if r.address.is_ipv4() => r.address.to_string(),
        "IPv6Address" if r.address.is_ipv6() => format!("{}{}", r.address, zone(r)),
        "PrefixLength" => r.prefix.to_string(),
        "InterfaceAlias" => r.interface.clone(),
        "IPAddress" => format!("{}{}", r.address, zone(r)),
        "ValidLifetime" | "PreferredLifetime" => "10675199.02:48:05.4775807".to_owned(),
        "SkipAsSource" => "False".to_owned(),
        "PSComputerName" => r.host.clone(),
        _ => String::new(),
    };
    // An address that is not bound, which must not be read.
    let unbound = Row { address: "198.51.100.99".parse().unwrap(), prefix: 24, ..rows[0].clone() };
    let states =
        rows.iter().map(|r| (r, "Preferred")).chain([(&unbound, "Tentative"), (&unbound, "Duplicate")]);
    let lines = states.map(|(r, state)| header.iter().map(|name| cell(r, state, name)).collect());
    let mut text =
        b"#TYPE Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetIPAddress\r\n"
            .to_vec();
    text.extend(super::csv(&header, lines, QuoteStyle::Always));
    text
}

/// The columns of `MSFT_NetAdapter` that the program reads, of some sixty, in the documented form.
pub fn net_adapter_csv(rows: &[Row]) -> Vec<u8> {
    let header = [
        "MacAddress",
        "Status",
        "InterfaceAlias",
        "ifIndex",
        "ifDesc",
        "Name",
        "InterfaceDescription",
        "SystemName",
        "PSComputerName",
    ];
    let mut lines = Vec::new();
    for host in by_host(rows) {
        for adapter in by_adapter(&host) {
            let r = adapter[0];
            let cells = [
                &r.mac,
                "Up",
                &r.interface,
                "12",
                &r.description,
                &r.interface,
                &r.description,
                &r.host,
                &r.host,
            ];
            lines.push(cells.map(str::to_owned).to_vec());
        }
    }
    let mut text =
        b"#TYPE Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetAdapter\r\n"
            .to_vec();
    text.extend(super::csv(&header, lines.into_iter(), QuoteStyle::Always));
    text
}

/// `wmic /node:... nicconfig get ... /format:csv` in the documented form: a blank line first, CR CR LF, columns sorted by
/// name, no quotes. Current Windows has no wmic.
pub fn wmic_csv(rows: &[Row]) -> Vec<u8> {
    let mut text = String::from(
        "\r\r\nNode,DefaultIPGateway,Description,DHCPServer,DNSHostName,IPAddress,IPSubnet,MACAddress\r\r\n",
    );
    for host in by_host(rows) {
        for adapter in by_adapter(&host) {
            let r = adapter[0];
            let list =
                |f: &dyn Fn(&Row) -> String| adapter.iter().map(|r| f(r)).collect::<Vec<_>>().join(";");
            let subnet =
                |r: &Row| if r.address.is_ipv4() { r.mask().to_string() } else { r.prefix.to_string() };
            write!(
                text,
                "{},{{198.51.100.254}},{},198.51.100.253,{},{{{}}},{{{}}},{}\r\r\n",
                r.netbios(),
                r.description,
                r.netbios(),
                list(&|r| r.address.to_string()),
                list(&subnet),
                r.mac.replace('-', ":"),
            )
            .unwrap();
        }
    }
    text.into_bytes()
}

/// `ipconfig /all` of many hosts in one file, as a loop of `psexec` or `winrs` makes it, in the documented form. No host owns
/// the gateways, DHCP, DNS and WINS servers in it.
pub fn ipconfig(rows: &[Row]) -> Vec<u8> {
    let mut text = String::new();
    for host in by_host(rows) {
        text.push_str("\r\nWindows IP Configuration\r\n\r\n");
        field(&mut text, "Host Name ", host[0].label());
        field(&mut text, "Primary Dns Suffix  ", host[0].domain());
        field(&mut text, "Node Type ", "Hybrid");
        field(&mut text, "IP Routing Enabled", "No");
        for adapter in by_adapter(&host) {
            write!(text, "\r\nEthernet adapter {}:\r\n\r\n", adapter[0].interface).unwrap();
            field(&mut text, "Connection-specific DNS Suffix  ", "");
            field(&mut text, "Description ", &adapter[0].description);
            field(&mut text, "Physical Address", &adapter[0].mac);
            field(&mut text, "DHCP Enabled", "Yes");
            for r in &adapter {
                if let IpAddr::V4(address) = r.address {
                    field(&mut text, "IPv4 Address", &format!("{address}(Preferred) "));
                    field(&mut text, "Subnet Mask ", &r.mask().to_string());
                } else {
                    field(&mut text, "IPv6 Address", &format!("{}%12(Preferred) ", r.address));
                }
            }
            field(&mut text, "Default Gateway ", "198.51.100.254");
            field(&mut text, "DHCP Server ", "198.51.100.253");
            field(
                &mut text,
                "DNS Servers ",
                "198.51.100.252\r\n                                       198.51.100.251",
            );
            field(&mut text, "Primary WINS Server ", "198.51.100.250");
        }
    }
    text.into_bytes()
}

fn field(text: &mut String, label: &str, value: &str) {
    let mut label = format!("   {label}");
    while label.len() < 37 {
        label.push(if label.len() % 2 == 0 { ' ' } else { '.' });
    }
    write!(text, "{label}: {value}\r\n").unwrap();
}

/// IOXIDResolver: the tool asked each host by its full name, and hosts answer with their NetBIOS name first.
pub fn ioxid_resolver(rows: &[Row]) -> Vec<u8> {
    let mut text = String::new();
    for host in by_host(rows) {
        writeln!(text, "[*] Retrieving network interface of {}", host[0].host).unwrap();
        writeln!(text, "Address: {}", host[0].netbios()).unwrap();
        for r in host {
            writeln!(text, "Address: {}", r.address).unwrap();
        }
    }
    text.into_bytes()
}

/// Frames copied from Network Monitor, as in the public write-up of the reference case.
pub fn network_monitor(rows: &[Row]) -> Vec<u8> {
    let mut text = String::new();
    for (i, host) in by_host(rows).into_iter().enumerate() {
        writeln!(
            text,
            "{}\t14:38:{:02} 06.10.2026\t0.0111483\t{}\t135 (0x87)\t198.51.100.7\t55535 (0xD8EF)\tDCOM\t\
             DCOM:IObjectExporter:ServerAlive2 Response\t{{MSRPC:10, TCP:9, IPv4:8}}",
            i + 14,
            i % 60,
            host[0].host,
        )
        .unwrap();
        writeln!(text, "NetworkAddress: {}", host[0].netbios()).unwrap();
        for r in host {
            writeln!(text, "NetworkAddress: {}", r.address).unwrap();
        }
        text.push('\n');
    }
    text.into_bytes()
}
