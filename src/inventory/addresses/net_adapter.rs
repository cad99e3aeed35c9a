//! Reads `Get-NetAdapter | Export-Csv`, which has no addresses, but the descriptions and MACs that `Get-NetIPAddress` lacks.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::model::Adapter;
use super::rows::each_row;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format = Format { name: "Get-NetAdapter CSV", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has(&["interfacedescription"])
        && sample.has_any(&["name", "interfacealias", "ifalias"])
        && !sample.has_any(&["ipaddress", "allipaddresses"])
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    const COLUMNS: [&[&str]; 5] = [
        &["SystemName"],
        &["Name", "InterfaceAlias", "ifAlias"],
        &["InterfaceIndex", "ifIndex"],
        &["InterfaceDescription", "ifDesc"],
        &["MacAddress", "LinkLayerAddress"],
    ];
    let columns = |finder: &mut ColumnFinder<'_>| {
        let remote = finder.alternatives(&["PSComputerName", "ComputerName", "Host", "HostName"]);
        Ok((remote, COLUMNS.map(|names| finder.find(names))))
    };
    each_row(text, to, columns, |(remote, columns), row, to| {
        let [system, name, index, description, mac] = columns.map(|column| row.get(column));
        let remote = row.first(remote);
        add_adapter(to, &NetAdapter { remote, system, name, index, description, mac, line: row.line });
        Ok(())
    })
}

/// An `MSFT_NetAdapter`, from CSV or JSON.
pub(super) struct NetAdapter<'a> {
    /// `PSComputerName`, as the operator typed it. Empty for a local run.
    pub remote: &'a str,
    /// `SystemName`, the computer's own full name.
    pub system: &'a str,
    pub name: &'a str,
    pub index: &'a str,
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

pub(super) fn add_adapter(rows: &mut AddressCollector<'_>, new: &NetAdapter<'_>) {
    if new.name.is_empty() {
        rows.report(new.line, "an adapter without a name; the row is skipped");
        return;
    }
    // The addresses' host column holds what the operator typed, so that name joins the two.
    rows.add_alias(new.remote, new.system, new.line);
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
    rows.add_adapter(adapter);
}
