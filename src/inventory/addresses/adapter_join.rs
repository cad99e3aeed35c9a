//! Joins `Get-NetIPAddress`, which has addresses and interface names, with `Get-NetAdapter`, which has descriptions and MACs.

use std::collections::HashMap;
use std::sync::Arc;

use super::collector::AllAddresses;
use super::model::Adapter;
use super::values::normal_mac;

/// Position in [`AllAddresses::adapters`]; [`AMBIGUOUS`] if two different adapters have the key.
type Slot = usize;
const AMBIGUOUS: Slot = usize::MAX;

/// Fills in descriptions and MACs of the rows that wait for them.
///
/// An adapter belongs to a row of the same host and interface name, or interface index if the row has no name. One of the two may
/// have the host's short name and the other the full one, if only one full name fits.
pub(super) fn join(all: &mut AllAddresses) {
    let mut by_name: HashMap<(String, String), Slot> = HashMap::new();
    let mut by_index: HashMap<(String, u32), Slot> = HashMap::new();
    for (slot, adapter) in all.adapters.iter().enumerate() {
        let Some(host) = &adapter.host else { continue };
        for host in keys(host) {
            enter(&mut by_name, (host.clone(), adapter.name.to_lowercase()), slot, &all.adapters);
            if let Some(index) = adapter.if_index {
                enter(&mut by_index, (host, index), slot, &all.adapters);
            }
        }
    }
    if by_name.is_empty() {
        return;
    }
    for pending in &all.pending {
        let Some(row) = all.inventory.owned.get_mut(pending.row) else {
            continue;
        };
        let found = keys(&row.host).find_map(|host| match (&row.interface, pending.if_index) {
            (Some(name), _) => by_name.get(&(host, name.to_lowercase())).copied(),
            (None, Some(index)) => by_index.get(&(host, index)).copied(),
            (None, None) => None,
        });
        let Some(adapter) = found.and_then(|slot| all.adapters.get(slot)) else {
            continue;
        };
        if row.interface.is_none() {
            row.interface = Some(Arc::clone(&adapter.name));
        }
        if row.description.is_none() {
            row.description.clone_from(&adapter.description);
        }
        if row.mac.is_none() {
            let mac = adapter.mac.as_deref().and_then(normal_mac);
            row.mac = mac.map(|mac| all.names.get(&mac));
        }
    }
}

/// The host's full name and then its first label, in lower case.
fn keys(host: &str) -> impl Iterator<Item = String> {
    let host = host.to_lowercase();
    let short = host.split_once('.').map(|(label, _)| label.to_owned());
    std::iter::once(host).chain(short)
}

/// Enters an adapter under a key. Two adapters that differ make the key [`AMBIGUOUS`].
fn enter<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Slot>, key: K, slot: Slot, adapters: &[Adapter]) {
    index
        .entry(key)
        .and_modify(|old| {
            let same = match (adapters.get(*old), adapters.get(slot)) {
                (Some(a), Some(b)) => a.description == b.description && a.mac == b.mac,
                _ => false,
            };
            if !same {
                *old = AMBIGUOUS;
            }
        })
        .or_insert(slot);
}
