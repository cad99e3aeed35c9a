//! Adds what logs show about hosts to the inventory: addresses that they registered or assigned to themselves, and new names.

use std::sync::Arc;

use super::Source;
use super::addresses::{AddressInventory, HostAlias, OwnedAddress};
use crate::events::{Role, SignalKind};
use crate::files::FileIndex;
use crate::incidents::RecordedSignal;
use crate::names::HostName;

/// Adds the facts in the signals. `log_name` gives the path of an input by its index.
pub fn add(
    inventory: &mut AddressInventory,
    signals: &[RecordedSignal],
    log_name: &dyn Fn(FileIndex) -> String,
) {
    for recorded in signals {
        let signal = &recorded.signal;
        let source = Source {
            file: format!(
                "{} {} in {}",
                signal.provider,
                signal.event_id,
                recorded.occurrences.files.first().map(|&f| log_name(f)).unwrap_or_default()
            )
            .into(),
            line: 0,
            collected: None,
        };
        match signal.kind {
            SignalKind::OwnAddresses | SignalKind::SelfAssigned => {
                inventory.owned.extend(signal.addresses.iter().map(|&address| OwnedAddress {
                    host: Arc::from(&*signal.computer),
                    address,
                    prefix_length: None,
                    interface: None,
                    description: None,
                    mac: None,
                    source: source.clone(),
                    logged_at: Some(recorded.occurrences.last),
                }));
            }
            SignalKind::Renamed => {
                let mut names = signal.names_of(Role::Computer);
                if let (Some(old), Some(new)) = (names.next(), names.next()) {
                    // EventLog 6011 has short names. The computer that logged it has the domain of both.
                    let domain =
                        HostName::parse(&signal.computer).and_then(|h| h.domain().map(str::to_owned));
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
