//! All account lists of a run.

use std::sync::Arc;

use super::account::Account;
use crate::inventory::InventoryFile;

/// All account inventories of a run, before any merge.
#[derive(Debug, Clone, Default)]
pub struct AccountInventory {
    pub accounts: Vec<Account>,
    pub files: Vec<InventoryFile>,
    /// Domains of which a file has every SPN of every account (`setspn -Q */*`, an LDIF with the filter
    /// `servicePrincipalName=*`). An SPN that the lists lack is not registered there.
    pub complete_domains: Vec<Arc<str>>,
    /// Path of each file that has every SPN of a domain, as in [`files`](Self::files), and the domain.
    pub complete_files: Vec<(Arc<str>, Arc<str>)>,
}
