//! Reads `Win32_NetworkAdapterConfiguration` as CSV from `wmic nicconfig get ... /format:csv` and from `Export-Csv`, which
//! keeps the addresses only if they were joined to text.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::split_list;
use super::rows::each_row;
use super::values::{parse_address, parse_prefix, quoted};
use crate::text::delimited::Row;
use crate::text::row_check::ColumnFinder;

pub(super) const WMIC: Format =
    Format { name: "wmic nicconfig CSV", recognise: detect_wmic, read: Reader::Text(read) };

pub(super) const EXPORT_CSV: Format = Format {
    name: "Win32_NetworkAdapterConfiguration CSV",
    recognise: detect_export,
    read: Reader::Text(read),
};

const COMMAND: &str = "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter IPEnabled=TRUE | Select-Object \
    DNSHostName,Description,MACAddress,IPAddress,IPSubnet | ConvertTo-Json -Depth 3 | Set-Content -Encoding UTF8 nics.json";

fn detect_wmic(sample: &Sample<'_>) -> bool {
    sample.columns.first().is_some_and(|first| first == "node") && sample.has(&["ipaddress"])
}

fn detect_export(sample: &Sample<'_>) -> bool {
    sample.has(&["ipaddress"]) && sample.has_any(&["dnshostname", "ipsubnet", "ipenabled", "servicename"])
}

/// Positions of the columns.
struct Columns {
    remote: Vec<Option<usize>>,
    dns_name: Option<usize>,
    address: Option<usize>,
    subnet: Option<usize>,
    description: Option<usize>,
    caption: Option<usize>,
    mac: Option<usize>,
    /// Number of columns.
    width: usize,
}

impl Columns {
    fn find(finder: &mut ColumnFinder<'_>) -> Result<Self, Refusal> {
        // wmic quotes nothing, so a value may fill several cells.
        finder.allow_any_width();
        Ok(Self {
            remote: finder.alternatives(&["Node", "PSComputerName", "ComputerName", "__SERVER"]),
            dns_name: finder.find(&["DNSHostName"]),
            address: finder.find(&["IPAddress"]),
            subnet: finder.find(&["IPSubnet"]),
            description: finder.find(&["Description"]),
            caption: finder.find(&["Caption"]),
            mac: finder.find(&["MACAddress"]),
            width: finder.header().columns().len(),
        })
    }
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_row(text, to, Columns::find, |columns, row, to| {
        let (width, description) = (columns.width, columns.description);
        let extra = row.width().saturating_sub(width);
        if extra > 0 && (description.is_none() || columns.caption.is_some()) {
            to.report(row.line, format!("{} cells for {width} columns; the row is skipped", row.width()));
            return Ok(());
        }
        // The cells above the number of columns belong to the description, which has commas in it.
        let moved = |column: Option<usize>| match (column, description) {
            (Some(c), Some(d)) if c > d => row.get(Some(c + extra)),
            (column, _) => row.get(column),
        };
        add_configuration(
            to,
            &NicConfiguration {
                dns_name: moved(columns.dns_name),
                remote: columns
                    .remote
                    .iter()
                    .map(|column| moved(*column))
                    .find(|name| !name.is_empty())
                    .unwrap_or(""),
                addresses: &split_list(moved(columns.address)),
                subnets: &split_list(moved(columns.subnet)),
                description: &stretched(row, description, extra),
                mac: moved(columns.mac),
                line: row.line,
            },
        )
    })
}

/// The value that fills a column's cell and `extra` cells after it.
fn stretched(row: &Row<'_>, column: Option<usize>, extra: usize) -> String {
    let Some(column) = column else {
        return String::new();
    };
    let cells: Vec<&str> = (column..=column + extra).map(|i| row.get(Some(i))).collect();
    cells.join(", ")
}

/// A `Win32_NetworkAdapterConfiguration`, from CSV or JSON.
pub(super) struct NicConfiguration<'a> {
    /// `DNSHostName`, the computer's own name without domain.
    pub dns_name: &'a str,
    /// The name or address that the operator typed, or the node's name.
    pub remote: &'a str,
    pub addresses: &'a [String],
    /// The masks (IPv4) or prefix lengths (IPv6) in the order of the addresses.
    pub subnets: &'a [String],
    pub description: &'a str,
    pub mac: &'a str,
    pub line: u64,
}

pub(super) fn add_configuration(
    rows: &mut AddressCollector<'_>,
    new: &NicConfiguration<'_>,
) -> Result<(), Refusal> {
    if let Some(lost) = new.addresses.iter().find(|a| a.contains("[]") || a.starts_with("System.")) {
        let found = format!("the column IPAddress holds {}", quoted(lost));
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    if new.addresses.is_empty() {
        // An adapter without addresses.
        return Ok(());
    }
    // If the operator typed an address, the host's own name is better.
    let remote_is_name = !new.remote.is_empty() && parse_address(new.remote).is_none();
    let host = if remote_is_name || new.dns_name.is_empty() { new.remote } else { new.dns_name };
    rows.add_alias(new.remote, new.dns_name, new.line);
    for (i, text) in new.addresses.iter().enumerate() {
        let Some((address, in_address)) = rows.list_address(text, new.line) else {
            continue;
        };
        let prefix = new.subnets.get(i).and_then(|subnet| parse_prefix(subnet, address));
        rows.add_address(NewAddress {
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
