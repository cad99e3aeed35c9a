//! Reads which account owns which SPN, and other attributes of accounts.
//!
//! Order of the files: [`account`] and [`spn_list`]; [`entry`] and [`collector`], which fill them; [`format`] and [`rows`], one file
//! per format, [`registry`], `load`; then [`merge`], [`spn_index`] and [`duplicates`], which compare the accounts of all files.

mod account;
mod adrecon;
mod aliases;
mod collector;
mod completeness;
mod domain_names;
mod duplicates;
mod entry;
mod format;
mod ldap_values;
mod ldif;
mod load;
mod merge;
mod object_csv;
mod object_json;
mod object_list;
mod project_csv;
pub(super) mod registry;
mod rows;
mod setspn;
mod spn_index;
mod spn_key;
mod spn_list;
mod spn_lookup;

pub use account::{Account, AccountInventory, ObjectClass, is_cluster_spn};
pub(crate) use aliases::DEFAULT_MAPPINGS;
pub use aliases::{AliasError, HostAliases};
pub use duplicates::{Duplicate, DuplicateKind};
pub use load::{load, load_in_zone};
pub use spn_index::{AccountId, SpnIndex};
pub use spn_list::SpnList;
