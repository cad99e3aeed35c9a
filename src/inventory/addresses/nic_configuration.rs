//! `Win32_NetworkAdapterConfiguration` as CSV: `wmic nicconfig get ... /format:csv`, and `Export-Csv`, which
//! keeps the addresses only when they were joined to text.

use super::format::{Format, Reader, Refusal, Sample};
use super::json::split_list;
use super::rows::{NewAddress, Rows, parse_address, parse_prefix, quoted};
use crate::inventory::text::{Row, Table};

pub const WMIC: Format =
    Format { name: "wmic nicconfig CSV", detect: detect_wmic, read: Reader::Text(read_wmic) };

pub const EXPORT_CSV: Format = Format {
    name: "Win32_NetworkAdapterConfiguration CSV",
    detect: detect_export,
    read: Reader::Text(read_export),
};

const COMMAND: &str = "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter IPEnabled=TRUE | Select-Object \
    DNSHostName,Description,MACAddress,IPAddress,IPSubnet | ConvertTo-Json -Depth 3 | Set-Content -Encoding UTF8 nics.json";

fn detect_wmic(sample: &Sample<'_>) -> bool {
    sample.columns.first().is_some_and(|first| first == "node") && sample.has(&["ipaddress"])
}

fn detect_export(sample: &Sample<'_>) -> bool {
    sample.has(&["ipaddress"]) && sample.has_any(&["dnshostname", "ipsubnet", "ipenabled", "servicename"])
}

fn read_wmic(text: &str, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    read(text, rows, true)
}

fn read_export(text: &str, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    read(text, rows, false)
}

fn read(text: &str, rows: &mut Rows<'_>, wmic: bool) -> Result<(), Refusal> {
    let Some(mut table) = Table::open(text) else {
        return Ok(());
    };
    let width = table.columns().len();
    let remote = table.column(&["Node", "PSComputerName", "ComputerName", "__SERVER"]);
    let dns_name = table.column(&["DNSHostName"]);
    let address = table.column(&["IPAddress"]);
    let subnet = table.column(&["IPSubnet"]);
    let description = table.column(&["Description"]);
    let caption = table.column(&["Caption"]);
    let mac = table.column(&["MACAddress"]);
    let header: Vec<String> = table.columns().to_vec();
    while let Some(row) = table.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                rows.push_problem(error.to_string());
                continue;
            }
        };
        // Two hosts in one `wmic /node:a,b` output each repeat the header.
        if wmic && header.first().is_some_and(|name| row.get(Some(0)).eq_ignore_ascii_case(name)) {
            continue;
        }
        let extra = row.len().saturating_sub(width);
        if extra > 0 && (description.is_none() || caption.is_some()) {
            rows.problem(row.line, format!("{} cells for {width} columns; the row is skipped", row.len()));
            continue;
        }
        // wmic quotes nothing, so commas in a description make cells: the description is stretched over them.
        let moved = |column: Option<usize>| match (column, description) {
            (Some(c), Some(d)) if c > d => Some(c + extra),
            (column, _) => column,
        };
        let described = stretched(&row, description, extra);
        take(
            rows,
            &NicConfiguration {
                dns_name: row.get(moved(dns_name)),
                remote: row.get(moved(remote)),
                addresses: &split_list(row.get(moved(address))),
                subnets: &split_list(row.get(moved(subnet))),
                description: &described,
                mac: row.get(moved(mac)),
                line: row.line,
            },
        )?;
    }
    Ok(())
}

fn stretched(row: &Row<'_>, column: Option<usize>, extra: usize) -> String {
    let Some(column) = column else {
        return String::new();
    };
    let cells: Vec<&str> = (column..=column + extra).map(|i| row.get(Some(i))).collect();
    cells.join(", ")
}

/// One `Win32_NetworkAdapterConfiguration`, from CSV or JSON.
pub struct NicConfiguration<'a> {
    /// `DNSHostName`: the computer's own name, without domain.
    pub dns_name: &'a str,
    /// What the operator typed, or the node.
    pub remote: &'a str,
    pub addresses: &'a [String],
    /// In the order of the addresses; a mask for IPv4, a length for IPv6.
    pub subnets: &'a [String],
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

pub fn take(rows: &mut Rows<'_>, new: &NicConfiguration<'_>) -> Result<(), Refusal> {
    if let Some(lost) = new.addresses.iter().find(|a| a.contains("[]") || a.starts_with("System.")) {
        let found = format!("the column IPAddress holds {}", quoted(lost));
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    if new.addresses.is_empty() {
        // An adapter without addresses.
        return Ok(());
    }
    // An address typed to reach the host is a poor name for it when it tells its own.
    let remote_is_name = !new.remote.is_empty() && parse_address(new.remote).is_none();
    let host = if remote_is_name || new.dns_name.is_empty() { new.remote } else { new.dns_name };
    rows.alias(new.remote, new.dns_name, new.line);
    for (i, text) in new.addresses.iter().enumerate() {
        let Some((address, in_address)) = parse_address(text) else {
            rows.problem(new.line, format!("{} is no address; it is skipped", quoted(text)));
            continue;
        };
        let prefix = new.subnets.get(i).and_then(|subnet| parse_prefix(subnet, address));
        rows.own(NewAddress {
            host,
            address,
            prefix_length: in_address.or(prefix),
            interface: "",
            description: new.description,
            mac: new.mac,
            line: new.line,
        });
    }
    Ok(())
}
