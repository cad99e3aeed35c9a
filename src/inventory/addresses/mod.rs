//! Reads which host owns which address, and what names resolve to.
//!
//! `load` reads files, folders and archives of any supported export. [`registry::FORMATS`] lists the formats. Rules for all of
//! them:
//!
//! - Only a host's own addresses count, never its gateways, name servers or DHCP servers.
//! - Rows that Windows marks `Tentative`, `Duplicate` or `Invalid` are left out. Such an address is not bound, so the host neither
//!   answers on it nor offers it to callers (a NIC without a link is `Tentative`). `Deprecated` ones are kept, because the host
//!   still answers on them.
//! - Loopback and multicast addresses are kept as written. [`vendors::never_shared`] says which not to compare.
//!
//! Order of the files: [`model`] and [`values`]; [`collector`] and what formats share ([`rows`], [`json`], [`host_names`]);
//! [`format`], one file per format, [`registry`]; [`adapter_join`], `load`. [`vendors`] is independent.

mod adapter_join;
mod ansible;
mod asset_csv;
mod capture;
mod clixml;
mod collector;
mod dhcp_leases;
mod dns_records;
mod dnscmd;
mod facter_text;
mod format;
mod host_names;
mod hosts_file;
mod ipconfig;
mod json;
mod load;
mod machine_facts;
mod model;
mod net_adapter;
mod net_ip_address;
mod netsh;
mod nic_configuration;
mod osquery;
mod powershell_json;
mod project_csv;
mod property_list;
pub(super) mod registry;
mod resolver_answers;
mod rows;
pub(crate) mod server_alive;
mod server_alive_text;
mod systeminfo;
mod values;
mod velociraptor;
pub mod vendors;

pub use load::{LoadOptions, load, load_bytes};
pub use model::{AddressInventory, HostAlias, NameOrigin, OwnedAddress, ResolvedName};
