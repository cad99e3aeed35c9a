//! The rows of address inventories: addresses, names and adapters, as read from the files.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::inventory::{InventoryFile, Source};

/// An address on an interface of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedAddress {
    /// The host's name in the source. It is compared as `names::HostName`.
    pub host: Arc<str>,
    /// The address without its zone (`%12`).
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    /// Interface alias (`Ethernet 5`).
    pub interface: Option<Arc<str>>,
    /// Adapter description (`IBM USB Remote NDIS Network Device`).
    pub description: Option<Arc<str>>,
    /// MAC as `AA-BB-CC-DD-EE-FF`.
    pub mac: Option<Arc<str>>,
    pub source: Source,
    /// When a log recorded the address; `None` for an inventory file.
    pub logged_at: Option<Timestamp>,
}

/// A name and the address it resolves to (DNS, DHCP): where clients connect, not what hosts own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedName {
    pub name: Arc<str>,
    pub address: IpAddr,
    pub source: Source,
    pub origin: NameOrigin,
    /// The host whose resolver (including its hosts file) gave the answer; `None` for DNS, which serves every
    /// client.
    pub resolver: Option<Arc<str>>,
}

/// The way in which a name got its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameOrigin {
    /// The source does not show it.
    #[default]
    Unknown,
    /// A DNS record with a timestamp: the host registered it itself, or DHCP did so for it.
    Dynamic,
    /// A DHCP lease of the host of this name.
    Lease,
}

/// Two names of one host: its short and its full name in one export, a CNAME, or the old and the new name of EventLog 6011.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAlias {
    pub name: Arc<str>,
    pub other: Arc<str>,
    pub source: Source,
    /// Is it a CNAME, which may be wrong? Otherwise the host itself uses both names.
    pub cname: bool,
}

/// All address inventories of a run, as read; nothing is merged or compared yet.
#[derive(Debug, Clone, Default)]
pub struct AddressInventory {
    pub owned: Vec<OwnedAddress>,
    pub resolved: Vec<ResolvedName>,
    pub aliases: Vec<HostAlias>,
    pub files: Vec<InventoryFile>,
}

/// An adapter of `Get-NetAdapter`.
#[derive(Debug, Clone)]
pub(crate) struct Adapter {
    /// `None` if neither the export nor its file's name shows it.
    pub host: Option<Arc<str>>,
    /// `Name`, which is the `InterfaceAlias` of the addresses.
    pub name: Arc<str>,
    pub if_index: Option<u32>,
    pub description: Option<Arc<str>>,
    pub mac: Option<Arc<str>>,
}

/// A row of `Get-NetIPAddress` that waits for its adapter, because it has no description or no MAC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PendingJoin {
    /// Position in `AddressInventory::owned`.
    pub row: usize,
    pub if_index: Option<u32>,
}
