//! Which host owns which address, and what names resolve to.
//!
//! [`load`] takes files and folders of any supported export; [`format::FORMATS`] lists them. Decisions that
//! hold for all formats:
//!
//! - Only addresses a host owns are taken, never its gateways, name servers or DHCP servers.
//! - Rows Windows marks `Tentative`, `Duplicate` or `Invalid` are left out: such an address is not bound,
//!   so nobody is answered on it and it is not offered to callers (a NIC without a link is `Tentative`).
//!   `Deprecated` ones are kept, they still answer.
//! - Loopback and multicast are taken as written; [`vendors::never_shared`] says what not to compare.

mod ansible;
mod capture;
mod dhcp_leases;
mod dns_records;
mod dnscmd;
pub mod format;
mod ipconfig;
mod join;
mod json;
mod load;
mod net_adapter;
mod net_ip_address;
mod nic_configuration;
mod osquery;
mod powershell_json;
mod project_csv;
mod rows;
mod server_alive;
mod server_alive_text;
pub mod vendors;

pub use load::{LoadOptions, load, load_bytes};

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::{InventoryFile, Source};

/// One address on one interface of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedAddress {
    /// The host as the source names it; compared through `names::HostName`.
    pub host: Arc<str>,
    /// Without zone (`%12`).
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    /// Interface alias (`Ethernet 5`).
    pub interface: Option<Arc<str>>,
    /// Adapter description (`IBM USB Remote NDIS Network Device`).
    pub description: Option<Arc<str>>,
    /// As `AA-BB-CC-DD-EE-FF`.
    pub mac: Option<Arc<str>>,
    pub source: Source,
    /// When it was seen, for facts that come from an event; `None` for an inventory file.
    pub logged_at: Option<Timestamp>,
}

/// A name and the address it resolves to (DNS, DHCP): what clients reach, not what hosts own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedName {
    pub name: Arc<str>,
    pub address: IpAddr,
    pub source: Source,
}

/// Two names of one host (host name and FQDN in one export, CNAME, renamed by EventLog 6011).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAlias {
    pub name: Arc<str>,
    pub other: Arc<str>,
    pub source: Source,
    /// A CNAME: where the name leads, which may be wrong; else the host itself goes by both names.
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
