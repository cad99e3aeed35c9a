//! `Get-NetIPAddress | Export-Csv`: fifty columns, of which six look like addresses and one is.

use super::format::{Format, Reader, Refusal, Sample};
use super::rows::{NewAddress, PendingJoin, Rows, parse_address, parse_prefix, quoted};
use crate::inventory::text::Table;

pub const FORMAT: Format = Format { name: "Get-NetIPAddress CSV", detect, read: Reader::Text(read) };

/// The host, in the order of trust. `PSComputerName` is empty for a local run, `SystemName` always.
pub const HOST: &[&str] = &["PSComputerName", "ComputerName", "Host", "HostName", "SystemName"];

const COMMAND: &str = "Get-NetIPAddress | Export-Csv -NoTypeInformation addresses.csv";

fn detect(sample: &Sample<'_>) -> bool {
    let net_ip_configuration = sample.has(&["allipaddresses", "interfacealias"]);
    net_ip_configuration
        || sample.has(&["ipaddress"])
            && sample.has_any(&[
                "interfacealias",
                "addressfamily",
                "prefixlength",
                "prefixorigin",
                "interfaceindex",
            ])
}

fn read(text: &str, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    let Some(mut table) = Table::open(text) else {
        return Ok(());
    };
    if table.column(&["AllIPAddresses"]).is_some() {
        // Get-NetIPConfiguration: its addresses are objects, of which Export-Csv keeps the class names.
        let found = "Get-NetIPConfiguration's addresses do not survive Export-Csv".to_owned();
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    let host: Vec<Option<usize>> =
        HOST.iter().map(|name| table.column(&[name])).filter(Option::is_some).collect();
    let address = table.column(&["IPAddress"]);
    let alias = table.column(&["InterfaceAlias", "ifAlias"]);
    let index = table.column(&["InterfaceIndex", "ifIndex"]);
    let prefix = table.column(&["PrefixLength"]);
    let state = table.column(&["AddressState"]);
    let description = table.column(&["InterfaceDescription"]);
    let mac = table.column(&["MacAddress"]);
    while let Some(row) = table.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                rows.push_problem(error.to_string());
                continue;
            }
        };
        take(
            rows,
            &NetIpAddress {
                host: host.iter().map(|column| row.get(*column)).find(|text| !text.is_empty()).unwrap_or(""),
                address: row.get(address),
                alias: row.get(alias),
                index: row.get(index),
                prefix: row.get(prefix),
                state: row.get(state),
                description: row.get(description),
                mac: row.get(mac),
                line: row.line,
            },
        )?;
    }
    Ok(())
}

/// One `MSFT_NetIPAddress`, from CSV or JSON.
pub struct NetIpAddress<'a> {
    pub host: &'a str,
    pub address: &'a str,
    pub alias: &'a str,
    pub index: &'a str,
    pub prefix: &'a str,
    pub state: &'a str,
    /// A calculated column of somebody's own; `Get-NetAdapter` has it otherwise.
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

/// `AddressState` of an address nobody is answered on: 0 Invalid, 1 Tentative, 2 Duplicate (JSON has the
/// numbers, CSV the names).
fn not_bound(state: &str) -> bool {
    ["0", "1", "2", "Invalid", "Tentative", "Duplicate"].iter().any(|s| s.eq_ignore_ascii_case(state))
}

pub fn take(rows: &mut Rows<'_>, new: &NetIpAddress<'_>) -> Result<(), Refusal> {
    if new.address.contains("System.") && new.address.contains("[]") {
        let found = format!("the column IPAddress holds {}", quoted(new.address));
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    let Some((address, in_address)) = parse_address(new.address) else {
        rows.problem(new.line, format!("{} is no address; the row is skipped", quoted(new.address)));
        return Ok(());
    };
    if not_bound(new.state) {
        return Ok(());
    }
    let row = rows.own(NewAddress {
        host: new.host,
        address,
        prefix_length: in_address.or_else(|| parse_prefix(new.prefix, address)),
        interface: new.alias,
        description: new.description,
        mac: new.mac,
        line: new.line,
    });
    if let Some(row) = row
        && (new.description.is_empty() || new.mac.is_empty())
    {
        rows.all.pending.push(PendingJoin { row, if_index: new.index.parse().ok() });
    }
    Ok(())
}
