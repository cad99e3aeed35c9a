//! Writes what names resolve to: records of a zone, and leases.

use std::fmt::Write;
use std::net::IpAddr;

use csv::QuoteStyle;
use serde_json::{Value, json};

/// One name and its address, in its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The first label, or `@` for the zone itself.
    pub name: String,
    pub zone: String,
    pub address: IpAddr,
}

impl Record {
    pub fn full_name(&self) -> String {
        if self.name == "@" { self.zone.clone() } else { format!("{}.{}", self.name, self.zone) }
    }

    fn kind(&self) -> &'static str {
        if self.address.is_ipv4() { "A" } else { "AAAA" }
    }

    fn distinguished_name(&self) -> String {
        let domain: Vec<String> = self.zone.split('.').map(|label| format!("DC={label}")).collect();
        format!("DC={},DC={},cn=MicrosoftDNS,DC=DomainDnsZones,{}", self.name, self.zone, domain.join(","))
    }
}

/// `Get-DnsServerResourceRecord` with expanded data, by the command that the program recommends. The columns before the
/// data are those of a real export.
pub fn csv(records: &[Record]) -> Vec<u8> {
    let header = [
        "DistinguishedName",
        "HostName",
        "RecordClass",
        "RecordType",
        "Timestamp",
        "TimeToLive",
        "Type",
        "Data",
    ];
    let lines = records.iter().map(|r| {
        let number = if r.address.is_ipv4() { "1" } else { "28" };
        let data = r.address.to_string();
        [&r.distinguished_name(), &r.name, "IN", r.kind(), "", "01:00:00", number, &data]
            .map(str::to_owned)
            .to_vec()
    });
    super::csv(&header, lines, QuoteStyle::Always)
}

/// `ConvertTo-Json -Depth 4`. The form of `RecordData` was not checked against a real export.
pub fn json(records: &[Record]) -> Vec<u8> {
    let list: Vec<Value> = records
        .iter()
        .map(|r| {
            let key = if r.address.is_ipv4() { "IPv4Address" } else { "IPv6Address" };
            let data = json!({key: {"Address": 1, "IPAddressToString": r.address.to_string()}, "PSComputerName": null});
            json!({"DistinguishedName": r.distinguished_name(), "HostName": r.name, "RecordClass": "IN",
                "RecordData": data, "RecordType": r.kind(), "Timestamp": null, "TimeToLive": {"Ticks": 36_000_000_000i64}})
        })
        .collect();
    serde_json::to_string_pretty(&list).unwrap().into_bytes()
}

/// `dnscmd /zoneprint` of each zone. The records are those of public transcripts, the comments follow the documentation.
pub fn zone_print(records: &[Record]) -> Vec<u8> {
    let mut text = String::new();
    let mut zone = "";
    for r in records {
        if r.zone != zone {
            zone = &r.zone;
            write!(text, ";\r\n;  Zone:    {zone}\r\n;  Server:  dc.{zone}\r\n;\r\n").unwrap();
            write!(text, "@                600 NS dc.{zone}.\r\n").unwrap();
        }
        write!(text, "{:<16} [Aging:3705469] 1200 {}\t{}\r\n", r.name, r.kind(), r.address).unwrap();
    }
    text.into_bytes()
}

/// `Get-DhcpServerv4Lease | Export-Csv` with full names. Some leases have no name or are no longer in use.
pub fn leases(records: &[Record]) -> Vec<u8> {
    let header = [
        "IPAddress",
        "ScopeId",
        "AddressState",
        "ClientId",
        "HostName",
        "LeaseExpiryTime",
        "ServerIP",
        "PSComputerName",
    ];
    let line = |address: &str, state: &str, name: &str| {
        [
            address,
            "192.0.2.0",
            state,
            "00-00-5e-00-53-01",
            name,
            "10/7/2026 8:00:00 PM",
            "198.51.100.253",
            "dc1",
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let mut lines: Vec<Vec<String>> =
        records.iter().map(|r| line(&r.address.to_string(), "Active", &r.full_name())).collect();
    lines.push(line("198.51.100.97", "Active", ""));
    lines.push(line("198.51.100.96", "Declined", "BAD_ADDRESS"));
    super::csv(&header, lines.into_iter(), QuoteStyle::Always)
}
