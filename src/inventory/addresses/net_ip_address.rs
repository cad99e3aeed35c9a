//! Reads `Get-NetIPAddress | Export-Csv`. Six of its fifty columns look like addresses, and only `IPAddress` is one.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::model::PendingJoin;
use super::rows::each_row;
use super::values::{parse_prefix, quoted};
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format =
    Format { name: "Get-NetIPAddress CSV", recognise, read: Reader::Text(read) };

/// Host columns, the most reliable first. `PSComputerName` is empty for a local run, `SystemName` always.
pub(super) const HOST: &[&str] = &["PSComputerName", "ComputerName", "Host", "HostName", "SystemName"];

const COMMAND: &str = "Get-NetIPAddress | Export-Csv -NoTypeInformation addresses.csv";

fn recognise(sample: &Sample<'_>) -> bool {
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

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    const COLUMNS: [&[&str]; 7] = [
        &["IPAddress"],
        &["InterfaceAlias", "ifAlias"],
        &["InterfaceIndex", "ifIndex"],
        &["PrefixLength"],
        &["AddressState"],
        &["InterfaceDescription"],
        &["MacAddress"],
    ];
    let columns = |finder: &mut ColumnFinder<'_>| {
        if finder.header().column(&["AllIPAddresses"]).is_some() {
            // Get-NetIPConfiguration: its addresses are objects, and Export-Csv keeps only their class names.
            let found = "Get-NetIPConfiguration's addresses do not survive Export-Csv".to_owned();
            return Err(Refusal::LostData { found, command: COMMAND });
        }
        Ok((finder.alternatives(HOST), COLUMNS.map(|names| finder.find(names))))
    };
    each_row(text, to, columns, |(hosts, columns), row, to| {
        let [address, alias, index, prefix, state, description, mac] = columns.map(|column| row.get(column));
        let (host, line) = (row.first(hosts), row.line);
        add_ip_address(
            to,
            &NetIpAddress { host, address, alias, index, prefix, state, description, mac, line },
        )
    })
}

/// An `MSFT_NetIPAddress`, from CSV or JSON.
pub(super) struct NetIpAddress<'a> {
    pub host: &'a str,
    pub address: &'a str,
    pub alias: &'a str,
    pub index: &'a str,
    pub prefix: &'a str,
    pub state: &'a str,
    /// Only in a column that the user calculated. Usually `Get-NetAdapter` has it.
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

/// Is the `AddressState` one in which the host does not answer: 0 Invalid, 1 Tentative, 2 Duplicate? JSON has
/// the numbers, CSV the names.
fn not_bound(state: &str) -> bool {
    ["0", "1", "2", "Invalid", "Tentative", "Duplicate"].iter().any(|s| s.eq_ignore_ascii_case(state))
}

pub(super) fn add_ip_address(rows: &mut AddressCollector<'_>, new: &NetIpAddress<'_>) -> Result<(), Refusal> {
    if new.address.contains("System.") && new.address.contains("[]") {
        let found = format!("the column IPAddress holds {}", quoted(new.address));
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    let Some((address, in_address)) = rows.row_address(new.address, new.line) else {
        return Ok(());
    };
    if not_bound(new.state) {
        return Ok(());
    }
    let row = rows.add_address(NewAddress {
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
