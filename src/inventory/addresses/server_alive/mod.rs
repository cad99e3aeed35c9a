//! Reads a host's answer to `IObjectExporter::ServerAlive2` (MS-DCOM 3.1.2.5.1.6). It has the host's name and exactly the
//! addresses from which another computer chooses, so it is the best inventory for this fault.
//!
//! Order of the files: [`bindings`], [`pdu`].

pub(crate) mod bindings;
pub(crate) mod pdu;

use std::path::Path;

use jiff::Timestamp;

use super::collector::{AddressCollector, AllAddresses, DefaultHost, NewAddress};
use super::model::AddressInventory;
use super::values::parse_address;
use crate::inventory::InventoryFile;

/// Largest stub in bytes. A dual string array has at most 65,535 units of two bytes and 16 bytes around them.
pub(crate) const MAX_STUB: usize = 160 * 1024;

/// An answer, from a capture, a text or a probe.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The name or address by which the host was asked. Empty if it is unknown. The name may be full, while the answer has the
    /// NetBIOS name.
    pub asked: String,
    /// Network addresses in the answer's order, names among them, with their lines.
    pub entries: Vec<(String, u64)>,
}

/// The addresses of one answer, collected at `at`. Evidence shows `name` as its source.
pub(crate) fn inventory_of(name: &str, answer: &Answer, at: Timestamp) -> AddressInventory {
    let mut all = AllAddresses::default();
    let mut rows =
        AddressCollector::new(&mut all, InventoryFile::at(Path::new(name)), DefaultHost::default());
    rows.set_kind("ServerAlive2 answer");
    rows.set_collected_at(at);
    add_answer(&mut rows, answer);
    rows.finish();
    all.inventory
}

/// Length of the longest NetBIOS computer name. A longer first label is cut to it in the answer.
const NETBIOS_LEN: usize = 15;

/// Adds the answer's addresses to the host that the answer names.
///
/// `asked` only completes that name (`SRV2` and `srv2.beta.example.com`). If the two disagree, `asked` is ignored. The
/// difference may be the fault itself or stale DNS, and joining the two names would hide it.
pub(super) fn add_answer(rows: &mut AddressCollector<'_>, answer: &Answer) {
    let mut names = answer.entries.iter().filter(|(text, _)| parse_address(text).is_none());
    let own = names.next().map_or("", |(name, _)| name.as_str());
    let asked_is_name = !answer.asked.is_empty() && parse_address(&answer.asked).is_none();
    let host = match (own, asked_is_name) {
        ("", _) => answer.asked.as_str(),
        (own, true) if completes(&answer.asked, own) => answer.asked.as_str(),
        (own, _) => own,
    };
    for (other, line) in names {
        rows.add_alias(other, host, *line);
    }
    for (text, line) in &answer.entries {
        if let Some((address, _)) = parse_address(text) {
            rows.add_address(NewAddress { host, line: *line, ..NewAddress::new(address) });
        }
    }
}

/// Is `full` a full name whose first label, cut to 15 characters, is `netbios`?
fn completes(full: &str, netbios: &str) -> bool {
    let label: String = full.split('.').next().unwrap_or_default().chars().take(NETBIOS_LEN).collect();
    full.contains('.') && label.eq_ignore_ascii_case(netbios)
}
