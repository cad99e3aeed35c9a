//! What a host answers to `IObjectExporter::ServerAlive2` (MS-DCOM 3.1.2.5.1.6): its name and then its
//! addresses, exactly the list another computer chooses from. The best inventory there is for this fault.

use super::collector::{AddressCollector, NewAddress};
use super::values::parse_address;

/// One answer, whatever it was read from.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The host as the source of the answer was addressed: a full name where the NetBIOS name in the answer
    /// is a short one, or an address.
    pub asked: String,
    /// Network addresses in the answer's order, names among them, with their lines.
    pub entries: Vec<(String, u64)>,
}

/// Longest NetBIOS computer name; a longer first label is cut to it in the answer.
const NETBIOS: usize = 15;

/// Takes the answer's addresses for the host that names itself in it.
///
/// `asked` only completes that name (`SRV2` and `srv2.beta.example.com`). Where the two disagree the answer is
/// believed and `asked` is dropped: that is the very fault looked for, or stale DNS, and joining the two names
/// would hide it.
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
