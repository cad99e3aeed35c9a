//! The addresses of this machine's adapters.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::inventory::addresses::{AddressInventory, OwnedAddress};
use crate::inventory::{InventoryFile, Source};

/// An address of an adapter. In a `--machine` file its members have the same names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    /// Name of the connection, such as `Ethernet 5`.
    pub interface: Option<String>,
    /// Description of the adapter, such as `IBM USB Remote NDIS Network Device`.
    pub description: Option<String>,
    /// Hardware address in the form `AA-BB-CC-DD-EE-FF`.
    pub mac: Option<String>,
}

/// The addresses of all adapters that are up. An adapter without a link does not use its address.
pub fn adapters() -> Vec<Adapter> {
    let up = netdev::get_interfaces().into_iter().filter(netdev::Interface::is_up);
    up.flat_map(|interface| {
        let v4 = interface.ipv4.iter().map(|net| (IpAddr::V4(net.addr()), net.prefix_len()));
        let v6 = interface.ipv6.iter().map(|net| (IpAddr::V6(net.addr()), net.prefix_len()));
        let addresses: Vec<_> = v4.chain(v6).collect();
        let mac = interface.mac_addr.map(|mac| mac.to_string().to_uppercase().replace(':', "-"));
        let name = interface.friendly_name.clone().unwrap_or_else(|| interface.name.clone());
        let description = interface.description.clone();
        addresses.into_iter().map(move |(address, length)| Adapter {
            address,
            prefix_length: Some(length),
            interface: Some(name.clone()),
            description: description.clone(),
            mac: mac.clone(),
        })
    })
    .collect()
}

/// The adapters' addresses as an inventory of `host` that was collected at `at`. Evidence shows `source`.
pub fn own_addresses(host: &str, adapters: &[Adapter], source: &str, at: Timestamp) -> AddressInventory {
    let path: Arc<str> = source.into();
    let host: Arc<str> = host.into();
    let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
    let owned: Vec<OwnedAddress> = adapters
        .iter()
        .map(|adapter| OwnedAddress {
            host: Arc::clone(&host),
            address: adapter.address,
            prefix_length: adapter.prefix_length,
            interface: shared(&adapter.interface),
            description: shared(&adapter.description),
            mac: shared(&adapter.mac),
            source: Source { file: Arc::clone(&path), line: 0, collected: Some(at) },
            logged_at: None,
        })
        .collect();
    let rows = owned.len() as u64;
    let file =
        InventoryFile { path, kind: "adapters of this machine", rows, hosts: 1, ..InventoryFile::default() };
    AddressInventory { owned, files: vec![file], ..AddressInventory::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_loopback_address() {
        let found = adapters();
        assert!(found.iter().any(|adapter| adapter.address.is_loopback()), "{found:?}");
    }
}
