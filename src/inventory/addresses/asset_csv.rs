//! Reads any CSV with a column of host names and columns of addresses: Lansweeper, PDQ, SCCM, RVTools, GLPI,
//! NetBox, `Get-ADComputer`, `Get-CimInstance | Select-Object`, or a user's own.
//!
//! The names in [`HOST`] and [`ADDRESS`] identify the columns. A cell may hold several addresses, separated
//! by commas, semicolons or blanks.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::split_list;
use super::rows::each_row;
use super::values::{parse_address, quoted};
use crate::text::delimited::Header;
use crate::text::escape::unescape_cell;

pub(super) const FORMAT: Format =
    Format { name: "CSV of hosts and addresses", detect, read: Reader::Text(read) };

/// Columns with host names, the most reliable first, as [`column_key`](crate::text::delimited::column_key)
/// writes them.
const HOST: &[&str] = &[
    "dnshostname",
    "fqdn",
    "dnsname",
    "pscomputername",
    "computername",
    "hostname",
    "host",
    "computer",
    "assetname",
    "devicename",
    "machinename",
    "servername",
    "server",
    "machine",
    "vm",
    "name",
];

/// Columns that hold addresses of the host.
const ADDRESS: &[&str] = &[
    "ipaddress",
    "ipaddresses",
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "ipv4address",
    "ipv6address",
    "ipv4addresses",
    "ipv6addresses",
    "primaryip",
    "primaryipaddress",
    "primaryip4",
    "primaryip6",
    "address",
    "addresses",
];

const MAC: &[&str] = &["mac", "macaddress", "physicaladdress"];
const DESCRIPTION: &[&str] = &["description", "adapter", "interfacedescription", "adapterdescription"];

/// Columns that show a list whose addresses are not the host's own: events, connections, DNS records, leases,
/// cluster resources.
const OTHERS: &[&str] = &[
    "eventid",
    "eventrecordid",
    "channel",
    "timecreated",
    "timegenerated",
    "timestamp",
    "eventtime",
    "sourceip",
    "srcip",
    "destinationip",
    "dstip",
    "remoteaddress",
    "port",
    "url",
    "useragent",
    "logontype",
    "recordtype",
    "rrtype",
    "ttl",
    "leaseexpirytime",
    "scopeid",
    // Addresses of cluster resources move from node to node.
    "resource",
    "reportedby",
];

const COMMAND: &str = "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter IPEnabled=TRUE | Select-Object \
    PSComputerName,DNSHostName,Description,MACAddress,@{n='IPAddress';e={$_.IPAddress -join ' '}} | \
    Export-Csv -NoTypeInformation -Encoding UTF8 nics.csv";

fn detect(sample: &Sample<'_>) -> bool {
    sample.has_any(HOST) && sample.has_any(ADDRESS) && !sample.has_any(OTHERS)
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let columns = |header: &Header| {
        let all = |names: &[&str]| -> Vec<Option<usize>> {
            names.iter().map(|name| header.column(&[name])).filter(Option::is_some).collect()
        };
        Ok((
            all(HOST),
            all(ADDRESS),
            header.column(MAC),
            header.column(DESCRIPTION),
            header.column(&["type"]),
        ))
    };
    each_row(text, to, columns, |(hosts, addresses, mac, description, kind), row, to| {
        if ["A", "AAAA", "CNAME", "PTR"].contains(&row.get(*kind)) {
            let what = "these are DNS records; name their columns HostName, RecordType, ZoneName and Data";
            return Err(Refusal::Unreadable(what.to_owned()));
        }
        let (host, line) = (unescape_cell(row.first(hosts)), row.line);
        let description = unescape_cell(row.get(*description));
        for cell in addresses.iter().map(|column| row.get(*column)) {
            if cell.contains("[]") && cell.contains("System.") {
                let found = format!("a column of addresses holds {}", quoted(cell));
                return Err(Refusal::LostData { found, command: COMMAND });
            }
            for part in split_list(cell) {
                match parse_address(&part) {
                    // An asset without an address, as some tools write it.
                    Some((address, _)) if address.is_unspecified() => {}
                    Some((address, prefix_length)) => {
                        to.own(NewAddress {
                            host: &host,
                            prefix_length,
                            description: &description,
                            mac: row.get(*mac),
                            line,
                            ..NewAddress::of(address)
                        });
                    }
                    None => {
                        to.problem(line, format!("{} is not a valid address; it is skipped", quoted(&part)))
                    }
                }
            }
        }
        Ok(())
    })
}
