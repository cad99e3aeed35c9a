//! Reads `ConvertTo-Json` of `Get-NetIPAddress`, `Get-NetAdapter`, `Win32_NetworkAdapterConfiguration`,
//! `Get-DnsServerResourceRecord` and `Get-DhcpServerv4Lease`, one kind or mixed, from PowerShell 5 and 7.
//!
//! PowerShell 5 writes a single object without its array, arrays sometimes as `{"value":[...],"Count":n}`,
//! and enumerations as numbers in both.

use serde_json::Value;

use super::collector::AddressCollector;
use super::dhcp_leases;
use super::dns_records::{self, DnsRecord};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::{
    Object, each_object, first_text, has, list, nested, plain, property, split_list, text, texts,
};
use super::net_adapter::{self, NetAdapter};
use super::net_ip_address::{self, NetIpAddress};
use super::nic_configuration::{self, NicConfiguration};

pub(super) const FORMAT: Format = Format { name: "PowerShell JSON", recognise, read: Reader::Text(read) };

/// Properties of `MSFT_NetIPAddress` other than `IPAddress`. Events also have an `IpAddress`, that of the
/// other side, so one property alone does not identify a class.
const NET_IP_ADDRESS: &[&str] = &[
    "InterfaceAlias",
    "ifAlias",
    "InterfaceIndex",
    "ifIndex",
    "PrefixLength",
    "AddressFamily",
    "PrefixOrigin",
    "AddressState",
    "PSComputerName",
];

/// Members that only events have.
pub(super) const EVENT: &[&str] = &[
    "EventID",
    "EventRecordID",
    "Channel",
    "TimeCreated",
    "LogonType",
    "TargetUserName",
    "userPrincipalName",
    "createdDateTime",
];

fn recognise(sample: &Sample<'_>) -> bool {
    let has_any = |keys: &[&str]| keys.iter().any(|key| sample.has_key(key));
    sample.is_json()
        && !has_any(EVENT)
        && (has_any(&["InterfaceDescription", "RecordData", "RecordType", "IPEnabled"])
            || (sample.has_key("InterfaceAlias")
                && (sample.has_key("IPv4Address") || sample.has_key("AllIPAddresses")))
            || (sample.has_key("IPAddress")
                && (has_any(NET_IP_ADDRESS)
                    || has_any(&["IPSubnet", "DNSHostName", "ScopeId", "LeaseExpiryTime"]))))
}

fn read(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut unknown = 0u64;
    each_object(content, to, |object, line, to| {
        unknown += u64::from(!add_object(to, object, line)?);
        Ok(())
    })?;
    report_unknown(unknown, to);
    Ok(())
}

/// Reports the number of objects of other classes.
pub(super) fn report_unknown(count: u64, to: &mut AddressCollector<'_>) {
    if count > 0 {
        let what = "objects are neither addresses, adapters, DNS records nor leases; they are skipped";
        to.report(0, format!("{count} {what}"));
    }
}

/// Is the object of a class that [`add_object`] reads? Properties that other objects also have do not count.
pub(super) fn is_known_class(object: &Object) -> bool {
    let has_any = |names: &[&str]| names.iter().any(|name| has(object, name));
    !has_any(EVENT)
        && ((has(object, "IPAddress") && has_any(NET_IP_ADDRESS))
            || (has(object, "IPAddress") && has_any(&["IPSubnet", "DNSHostName", "IPEnabled", "ScopeId"]))
            || is_configuration(object)
            || (has(object, "InterfaceDescription") && has_any(&["Name", "ifIndex", "InterfaceIndex"]))
            || (has(object, "RecordType") && has(object, "HostName")))
}

/// Is it an object of `Get-NetIPConfiguration`?
fn is_configuration(object: &Object) -> bool {
    has(object, "InterfaceAlias")
        && CONFIGURATION_ADDRESSES.iter().any(|name| has(object, name))
        && !has(object, "IPAddress")
}

/// Members of `Get-NetIPConfiguration` with own addresses. Those of gateways and DNS servers are in other members.
const CONFIGURATION_ADDRESSES: &[&str] =
    &["IPv4Address", "IPv6Address", "IPv6TemporaryAddress", "IPv6LinkLocalAddress", "AllIPAddresses"];

/// Reads the addresses of a `Get-NetIPConfiguration` object: texts in a list, objects in JSON and CLIXML.
fn add_ip_configuration(rows: &mut AddressCollector<'_>, object: &Object, line: u64) -> Result<(), Refusal> {
    let mut taken = Vec::new();
    for name in CONFIGURATION_ADDRESSES {
        let Some(values) = property(object, name) else { continue };
        for value in list(&values) {
            let (addresses, prefix) = match value {
                Value::Object(address) => {
                    let names = ["IPAddress", "IPv4Address", "IPv6Address"];
                    (vec![first_text(address, &names)], text(address, "PrefixLength"))
                }
                other => (split_list(&plain(other)), String::new()),
            };
            for address in addresses.iter().filter(|address| !address.is_empty()) {
                if taken.contains(address) {
                    continue;
                }
                net_ip_address::add_ip_address(
                    rows,
                    &NetIpAddress {
                        host: &first_text(object, net_ip_address::HOST),
                        address,
                        alias: &text(object, "InterfaceAlias"),
                        index: &text(object, "InterfaceIndex"),
                        prefix: &prefix,
                        state: "",
                        description: &text(object, "InterfaceDescription"),
                        mac: &first_text(object, &["NetAdapter.LinkLayerAddress"]),
                        line,
                    },
                )?;
                taken.push(address.clone());
            }
        }
    }
    Ok(())
}

/// Reads one object. Returns false if its class is unknown.
pub(super) fn add_object(
    rows: &mut AddressCollector<'_>,
    object: &Object,
    line: u64,
) -> Result<bool, Refusal> {
    if EVENT.iter().any(|name| has(object, name)) {
        return Ok(false);
    }
    if has(object, "RecordType") && has(object, "HostName") {
        // The depth limit may have reduced `RecordData` to a class name.
        let record = nested(object, "RecordData").unwrap_or_default();
        let data = |name: &str| {
            Some(text(&record, name)).filter(|t| !t.is_empty()).or_else(|| Some(text(object, name)))
        };
        let found = ["IPv4Address", "IPv6Address", "HostNameAlias", "IPAddress", "Data"];
        let value = found.iter().filter_map(|name| data(name)).find(|t| !t.is_empty());
        dns_records::add_record(
            rows,
            &DnsRecord {
                name: &text(object, "HostName"),
                kind: &text(object, "RecordType"),
                zone: &text(object, "ZoneName"),
                distinguished_name: &text(object, "DistinguishedName"),
                data: &value.unwrap_or_else(|| text(object, "RecordData")),
                dynamic: dns_records::is_timestamp(&text(object, "Timestamp")),
                line,
            },
        )?;
    } else if has(object, "ScopeId") || has(object, "LeaseExpiryTime") {
        let [address, name, state] = ["IPAddress", "HostName", "AddressState"].map(|name| text(object, name));
        dhcp_leases::add_lease(rows, &address, &name, &state, line);
    } else if ["DNSHostName", "IPEnabled", "IPSubnet", "ServiceName"].iter().any(|key| has(object, key)) {
        nic_configuration::add_configuration(
            rows,
            &NicConfiguration {
                dns_name: &text(object, "DNSHostName"),
                remote: &first_text(object, &["PSComputerName", "ComputerName", "__SERVER"]),
                addresses: &texts(object, "IPAddress"),
                subnets: &texts(object, "IPSubnet"),
                description: &text(object, "Description"),
                mac: &text(object, "MACAddress"),
                line,
            },
        )?;
    } else if has(object, "IPAddress") && NET_IP_ADDRESS.iter().any(|name| has(object, name)) {
        net_ip_address::add_ip_address(
            rows,
            &NetIpAddress {
                host: &first_text(object, net_ip_address::HOST),
                address: &text(object, "IPAddress"),
                alias: &first_text(object, &["InterfaceAlias", "ifAlias"]),
                index: &first_text(object, &["InterfaceIndex", "ifIndex"]),
                prefix: &text(object, "PrefixLength"),
                state: &text(object, "AddressState"),
                description: &text(object, "InterfaceDescription"),
                mac: &text(object, "MacAddress"),
                line,
            },
        )?;
    } else if is_configuration(object) {
        add_ip_configuration(rows, object, line)?;
    } else if has(object, "InterfaceDescription") || has(object, "ifDesc") {
        net_adapter::add_adapter(
            rows,
            &NetAdapter {
                remote: &first_text(object, &["PSComputerName", "ComputerName", "Host"]),
                system: &text(object, "SystemName"),
                name: &first_text(object, &["Name", "InterfaceAlias", "ifAlias"]),
                index: &first_text(object, &["InterfaceIndex", "ifIndex"]),
                description: &first_text(object, &["InterfaceDescription", "ifDesc"]),
                mac: &first_text(object, &["MacAddress", "LinkLayerAddress"]),
                line,
            },
        );
    } else {
        return Ok(false);
    }
    Ok(true)
}
