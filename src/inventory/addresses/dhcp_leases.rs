//! Reads `Get-DhcpServerv4Lease | Export-Csv`: which name leased which address. Clients resolve what a DHCP
//! server registers in DNS, so leases count as names, not as ownership.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::model::NameOrigin;
use super::rows::each_row;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format = Format { name: "DHCP leases CSV", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has(&["ipaddress", "hostname"])
        && sample.has_any(&["scopeid", "leaseexpirytime", "leaseexpires", "clientid", "uniqueid"])
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let columns = |finder: &mut ColumnFinder<'_>| {
        Ok(["IPAddress", "HostName", "AddressState"].map(|name| finder.find(&[name])))
    };
    each_row(text, to, columns, |[address, name, state], row, to| {
        add_lease(
            to,
            &Lease {
                address: row.get(*address),
                name: row.get(*name),
                state: row.get(*state),
                line: row.line,
            },
        );
        Ok(())
    })
}

/// A lease, from CSV or JSON.
pub(super) struct Lease<'a> {
    pub address: &'a str,
    /// Empty if the device gave no name.
    pub name: &'a str,
    pub state: &'a str,
    pub line: u64,
}

pub(super) fn add_lease(rows: &mut AddressCollector<'_>, lease: &Lease<'_>) {
    let state = lease.state.to_ascii_lowercase();
    // Only `Active` and `ActiveReservation` are in use; `Inactive...`, `Declined`, `Expired`, `Offered` are
    // not.
    if lease.name.is_empty() || !(state.is_empty() || state.starts_with("active")) {
        return;
    }
    if let Some((address, _)) = rows.row_address(lease.address, lease.line) {
        rows.add_name(lease.name, address, lease.line, NameOrigin::Lease);
    }
}
