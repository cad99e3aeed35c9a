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
    each_row(text, to, columns, |columns, row, to| {
        let [address, name, state] = columns.map(|column| row.get(column));
        add_lease(to, address, name, state, row.line);
        Ok(())
    })
}

/// Adds a lease, from CSV or JSON. `name` is empty if the device gave none.
pub(super) fn add_lease(to: &mut AddressCollector<'_>, address: &str, name: &str, state: &str, line: u64) {
    let state = state.to_ascii_lowercase();
    // Only `Active` and `ActiveReservation` are in use; `Inactive...`, `Declined`, `Expired` and `Offered` are not.
    if name.is_empty() || !(state.is_empty() || state.starts_with("active")) {
        return;
    }
    if let Some((address, _)) = to.row_address(address, line) {
        to.add_name(name, address, line, NameOrigin::Lease);
    }
}
