//! A host's answer to `IObjectExporter::ServerAlive2` (MS-DCOM 3.1.2.5.1.6): its name and its addresses,
//! exactly the list from which another computer chooses. It is the best inventory for this fault.

pub(crate) mod bindings;
pub(crate) mod pdu;

use std::path::Path;

use jiff::Timestamp;

use super::collector::{AddressCollector, CollectedAddresses, DefaultHost, NewAddress};
use super::model::AddressInventory;
use super::values::parse_address;
use crate::inventory::InventoryFile;

/// A dual string array has at most 65,535 units and 16 bytes around it.
pub(crate) const MAX_STUB: usize = 160 * 1024;

/// One answer, whatever it was read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The host as the source of the answer was addressed: a full name where the NetBIOS name in the answer
    /// is a short one, or an address.
    pub asked: String,
    /// Network addresses in the answer's order, names among them, with their lines.
    pub entries: Vec<(String, u64)>,
}

/// The addresses of one answer, collected at `at`. Evidence shows `name` as its source.
pub(crate) fn inventory_of(name: &str, answer: &Answer, at: Timestamp) -> AddressInventory {
    let mut all = CollectedAddresses::default();
    let mut rows =
        AddressCollector::new(&mut all, InventoryFile::at(Path::new(name)), DefaultHost::default());
    rows.set_kind("ServerAlive2 answer");
    rows.collected_at(at);
    take(&mut rows, answer);
    rows.finish();
    all.inventory
}

/// Longest NetBIOS computer name; a longer first label is cut to it in the answer.
const NETBIOS: usize = 15;

/// Adds the answer's addresses to the host that the answer names.
///
/// `asked` only completes that name (`SRV2` and `srv2.beta.example.com`). If the two disagree, the answer
/// counts and `asked` is dropped: the difference is the fault that is looked for, or stale DNS, and joining
/// the two names would hide it.
pub(super) fn take(rows: &mut AddressCollector<'_>, answer: &Answer) {
    let mut names = answer.entries.iter().filter(|(text, _)| parse_address(text).is_none());
    let own = names.next().map_or("", |(name, _)| name.as_str());
    let asked_is_name = !answer.asked.is_empty() && parse_address(&answer.asked).is_none();
    let host = match (own, asked_is_name) {
        ("", _) => answer.asked.as_str(),
        (own, true) if completes(&answer.asked, own) => answer.asked.as_str(),
        (own, _) => own,
    };
    for (other, line) in names {
        rows.alias(other, host, *line);
    }
    for (text, line) in &answer.entries {
        if let Some((address, _)) = parse_address(text) {
            rows.own(NewAddress { host, line: *line, ..NewAddress::of(address) });
        }
    }
}

fn completes(full: &str, netbios: &str) -> bool {
    let label: String = full.split('.').next().unwrap_or_default().chars().take(NETBIOS).collect();
    full.contains('.') && label.eq_ignore_ascii_case(netbios)
}
