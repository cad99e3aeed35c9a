//! All account lists of a run.

use std::sync::Arc;

use super::account::Account;
use crate::inventory::InventoryFile;

/// All account inventories of a run, before any merge.
#[derive(Debug, Clone, Default)]
pub struct AccountInventory {
    pub accounts: Vec<Account>,
    pub files: Vec<InventoryFile>,
    /// Every SPN of every account of at least one domain was exported (`setspn -Q */*`, an LDIF with the
    /// `servicePrincipalName=*` filter): absence of an SPN in `complete_domains` means something.
    pub complete_domains: Vec<Arc<str>>,
    /// The same by file: its path, as in [`files`](Self::files), and the domain.
    pub complete_files: Vec<(Arc<str>, Arc<str>)>,
}
