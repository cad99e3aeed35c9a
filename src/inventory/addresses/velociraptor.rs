//! Reads the rows of Velociraptor's artifact `Windows.Network.InterfaceAddresses` as JSON. Their shape is that of its query.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::{each_object, first_text, text};

pub(super) const FORMAT: Format =
    Format { name: "Velociraptor interfaces", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    sample.is_json() && ["HardwareAddr", "IP", "Mask"].iter().all(|key| sample.has_key(key))
}

fn read(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_object(content, to, |row, line, to| {
        let host = first_text(row, &["Fqdn", "Hostname", "Host"]);
        let cell = text(row, "IP");
        // An interface without an address.
        if cell.is_empty() {
            return Ok(());
        }
        if let Some((address, in_address)) = to.row_address(&cell, line) {
            to.add_address(NewAddress {
                host: &host,
                prefix_length: in_address.or_else(|| hexadecimal_mask(&text(row, "Mask"), address)),
                interface: &text(row, "Name"),
                mac: &text(row, "HardwareAddr"),
                line,
                ..NewAddress::new(address)
            });
        }
        Ok(())
    })
}

/// The prefix length of `ffffff00`, the form in which Go writes masks.
fn hexadecimal_mask(mask: &str, address: std::net::IpAddr) -> Option<u8> {
    let bits = u32::from_str_radix(mask, 16).ok().filter(|_| mask.len() == 8 && address.is_ipv4())?;
    let length = bits.leading_ones();
    (bits.count_ones() == length).then_some(length).and_then(|length| u8::try_from(length).ok())
}
