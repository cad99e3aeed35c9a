//! `Get-NetAdapter | Export-Csv`: no addresses, but the descriptions and MACs `Get-NetIPAddress` lacks.

use super::format::{Format, Reader, Refusal, Sample};
use super::join::Adapter;
use super::rows::Rows;
use crate::inventory::text::Table;

pub const FORMAT: Format = Format { name: "Get-NetAdapter CSV", detect, read: Reader::Text(read) };

fn detect(sample: &Sample<'_>) -> bool {
    sample.has(&["interfacedescription"])
        && sample.has_any(&["name", "interfacealias", "ifalias"])
        && !sample.has_any(&["ipaddress", "allipaddresses"])
}

fn read(text: &str, rows: &mut Rows<'_>) -> Result<(), Refusal> {
    let Some(mut table) = Table::open(text) else {
        return Ok(());
    };
    let remote = table.column(&["PSComputerName", "ComputerName", "Host", "HostName"]);
    let system = table.column(&["SystemName"]);
    let name = table.column(&["Name", "InterfaceAlias", "ifAlias"]);
    let index = table.column(&["InterfaceIndex", "ifIndex"]);
    let description = table.column(&["InterfaceDescription", "ifDesc"]);
    let mac = table.column(&["MacAddress", "LinkLayerAddress"]);
    while let Some(row) = table.next_row() {
        match row {
            Ok(row) => take(
                rows,
                &NetAdapter {
                    remote: row.get(remote),
                    system: row.get(system),
                    name: row.get(name),
                    index: row.get(index),
                    description: row.get(description),
                    mac: row.get(mac),
                    line: row.line,
                },
            ),
            Err(error) => rows.push_problem(error.to_string()),
        }
    }
    Ok(())
}

/// One `MSFT_NetAdapter`, from CSV or JSON.
pub struct NetAdapter<'a> {
    /// `PSComputerName`: what the operator typed, empty for a local run.
    pub remote: &'a str,
    /// `SystemName`: the computer's own full name.
    pub system: &'a str,
    pub name: &'a str,
    pub index: &'a str,
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

pub fn take(rows: &mut Rows<'_>, new: &NetAdapter<'_>) {
    if new.name.is_empty() {
        rows.problem(new.line, "an adapter without a name; the row is skipped");
        return;
    }
    // The addresses' host column holds what the operator typed, so that is what joins.
    rows.alias(new.remote, new.system, new.line);
    let own = if new.remote.is_empty() { new.system } else { new.remote };
    let host = rows.host(own);
    let names = &mut rows.all.names;
    let mut shared = |text: &str| (!text.is_empty()).then(|| names.get(text));
    let adapter = Adapter {
        host,
        name: shared(new.name).unwrap_or_default(),
        if_index: new.index.parse().ok(),
        description: shared(new.description),
        mac: shared(new.mac),
    };
    rows.adapter(adapter);
}
