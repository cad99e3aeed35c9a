//! Writes exports that are JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Row, by_adapter, by_host};

/// `Get-NetIPAddress | ConvertTo-Json` in the documented form. Enumerations are numbers. PowerShell 5 wraps an array that a
/// method made. The other properties of the class, which are null for addresses, are left out.
pub fn net_ip(rows: &[Row], wrapped: bool) -> String {
    let object = |r: &Row, state: u8| {
        let v6 = r.address.is_ipv6();
        let text = if v6 { format!("{}%12", r.address) } else { r.address.to_string() };
        json!({
            "Name": ";C?8;@B8;:8;55;", "Address": null, "PrefixOrigin": 1, "SuffixOrigin": 1, "Type": 1, "Store": 1,
            "AddressFamily": if v6 { 23 } else { 2 }, "AddressState": state, "ifIndex": 12, "SystemName": null,
            "IPv4Address": if v6 { None } else { Some(&text) }, "IPv6Address": if v6 { Some(&text) } else { None },
            "PrefixLength": r.prefix, "InterfaceAlias": r.interface, "InterfaceIndex": 12, "IPAddress": text,
            "ValidLifetime": {"Ticks": 9_223_372_036_854_775_807i64, "Days": 10_675_199}, "SkipAsSource": false,
            "PSComputerName": r.host,
        })
    };
    let unbound = Row { address: "198.51.100.99".parse().unwrap(), ..rows[0].clone() };
    let mut list: Vec<Value> = rows.iter().map(|r| object(r, 4)).collect();
    list.extend([object(&unbound, 1), object(&unbound, 2)]);
    let whole = match list.len() {
        count if wrapped => json!({"value": list, "Count": count}),
        _ => Value::Array(list),
    };
    serde_json::to_string_pretty(&whole).unwrap()
}

pub fn net_adapter(rows: &[Row]) -> String {
    let mut list = Vec::new();
    for host in by_host(rows) {
        for adapter in by_adapter(&host) {
            let r = adapter[0];
            list.push(json!({
                "Name": r.interface, "InterfaceDescription": r.description, "ifIndex": 12, "MacAddress": r.mac,
                "Status": "Up", "SystemName": r.host, "PSComputerName": r.host,
            }));
        }
    }
    // PowerShell writes a single object without an array.
    let whole = if list.len() == 1 { list.remove(0) } else { Value::Array(list) };
    serde_json::to_string_pretty(&whole).unwrap()
}

/// `Win32_NetworkAdapterConfiguration`: arrays of addresses and masks, with prefix lengths for IPv6.
pub fn nic_configuration(rows: &[Row]) -> String {
    let mut list = Vec::new();
    for host in by_host(rows) {
        for adapter in by_adapter(&host) {
            let r = adapter[0];
            let addresses: Vec<String> = adapter.iter().map(|r| r.address.to_string()).collect();
            let subnet =
                |r: &&Row| if r.address.is_ipv4() { r.mask().to_string() } else { r.prefix.to_string() };
            let subnets: Vec<String> = adapter.iter().map(subnet).collect();
            list.push(json!({
                "DHCPEnabled": true, "DHCPServer": "198.51.100.253", "DNSDomain": r.domain(),
                "DNSServerSearchOrder": ["198.51.100.252"], "Description": r.description, "ServiceName": "usbrndis6",
                "DNSHostName": r.label(), "IPEnabled": true, "IPAddress": addresses, "IPSubnet": subnets,
                "DefaultIPGateway": ["198.51.100.254"], "MACAddress": r.mac.replace('-', ":"), "Index": 7,
                "WINSPrimaryServer": "198.51.100.250", "PSComputerName": r.host,
            }));
        }
        // An adapter without addresses.
        list.push(json!({"Description": "WAN Miniport (IP)", "IPAddress": null, "IPEnabled": false,
            "DNSHostName": host[0].label(), "PSComputerName": host[0].host}));
    }
    serde_json::to_string_pretty(&Value::Array(list)).unwrap()
}

/// Standard output of `ansible -m ansible.windows.setup all`. The facts have the form of `setup.ps1`: an object, a list or
/// null, by the number of addresses.
pub fn ansible(rows: &[Row]) -> String {
    let mut text = String::new();
    for host in by_host(rows) {
        let mut interfaces = Vec::new();
        for adapter in by_adapter(&host) {
            let r = adapter[0];
            let family = |v6: bool| {
                let found = adapter.iter().filter(|r| r.address.is_ipv6() == v6);
                let mut list: Vec<Value> = found
                    .map(|r| json!({"address": r.address.to_string(), "prefix": r.prefix.to_string()}))
                    .collect();
                match list.len() {
                    0 => Value::Null,
                    1 => list.remove(0),
                    _ => Value::Array(list),
                }
            };
            interfaces.push(json!({
                "connection_name": r.interface, "default_gateway": "198.51.100.254", "dns_domain": r.domain(),
                "interface_index": 12, "interface_name": {"__ansible_unsafe": r.description},
                "ipv4": family(false), "ipv6": family(true), "macaddress": r.mac.replace('-', ":"), "mtu": 1500,
            }));
        }
        let addresses: Vec<String> = host.iter().map(|r| r.address.to_string()).collect();
        let facts = json!({"ansible_facts": {
            "ansible_hostname": host[0].label(), "ansible_fqdn": host[0].host, "ansible_domain": host[0].domain(),
            "ansible_interfaces": interfaces, "ansible_ip_addresses": addresses, "ansible_os_family": "Windows",
        }, "changed": false});
        let pretty = serde_json::to_string_pretty(&facts).unwrap();
        writeln!(text, "{} | SUCCESS => {pretty}", host[0].host).unwrap();
    }
    text
}

/// The result log of a differential query that joins `interface_details`. Every column is text.
pub fn osquery(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut line = |r: &Row, address: &str, action: &str| {
        let event = json!({
            "name": "pack_network_addresses", "hostIdentifier": r.host, "calendarTime": "Tue Oct  6 20:00:00 2026 UTC",
            "unixTime": 1_791_316_800, "action": action,
            "columns": {
                "interface": "12", "friendly_name": r.interface, "address": address, "mask": r.mask().to_string(),
                "broadcast": "", "point_to_point": "", "type": "manual", "description": r.description,
                "mac": r.mac.replace('-', ":").to_lowercase(),
            },
        });
        writeln!(text, "{event}").unwrap();
    };
    for r in rows {
        line(r, "198.51.100.98", "added");
        line(r, &r.address.to_string(), "added");
        line(r, "198.51.100.98", "removed");
    }
    text
}
