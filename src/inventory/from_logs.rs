//! What the logs themselves tell about hosts: addresses they registered or gave themselves, and new names.

use std::sync::Arc;

use super::Source;
use super::addresses::{AddressInventory, HostAlias, OwnedAddress};
use crate::events::ClueKind;
use crate::incidents::SeenClue;
use crate::names::HostName;
use crate::scan::FileIndex;

/// Adds what the clues tell. `log_name` gives the path of an input by its index.
pub fn add(inventory: &mut AddressInventory, clues: &[SeenClue], log_name: &dyn Fn(FileIndex) -> String) {
    for seen in clues {
        let clue = &seen.clue;
        let source = Source {
            file: format!(
                "{} {} in {}",
                clue.provider,
                clue.event_id,
                seen.seen.files.first().map(|&f| log_name(f)).unwrap_or_default()
            )
            .into(),
            line: 0,
            collected: None,
        };
        match clue.kind {
            ClueKind::OwnAddresses | ClueKind::SelfAssigned => {
                inventory.owned.extend(clue.addresses.iter().map(|&address| OwnedAddress {
                    host: Arc::from(&*clue.computer),
                    address,
                    prefix_length: None,
                    interface: None,
                    description: None,
                    mac: None,
                    source: source.clone(),
                    seen: Some(seen.seen.last),
                }));
            }
            ClueKind::Renamed => {
                if let [old, new] = &*clue.subjects {
                    // The event has short names; the log's computer tells the domain of both.
                    let domain = HostName::parse(&clue.computer).and_then(|h| h.domain().map(str::to_owned));
                    let full = |name: &str| match &domain {
                        Some(domain) => Arc::from(format!("{name}.{domain}")),
                        None => Arc::from(name),
                    };
                    inventory.aliases.push(HostAlias {
                        name: full(old),
                        other: full(new),
                        source,
                        cname: false,
                    });
                }
            }
            _ => {}
        }
    }
}
