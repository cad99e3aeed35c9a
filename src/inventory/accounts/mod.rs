//! Which account owns which SPN, and what else the directory says of the account.

use std::sync::Arc;

use jiff::Timestamp;

use super::{InventoryFile, Source};

/// A directory account (computer, user, managed service account) and its SPNs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// sAMAccountName as written (`SRV1$`, `svc_web`); the `CN` of the DN where the source has no more
    /// (`setspn` prints only DNs), see `name_is_cn`.
    pub name: Arc<str>,
    /// The name came from the DN's `CN`: a computer's has no `$` then.
    pub name_is_cn: bool,
    /// DNS domain, from the DN or the source's column; empty when unknown.
    pub domain: Arc<str>,
    pub distinguished_name: Option<Arc<str>>,
    /// As written.
    pub spns: Vec<Arc<str>>,
    /// dNSHostName.
    pub dns_host_name: Option<Arc<str>>,
    /// msDS-AdditionalDnsHostName.
    pub additional_dns_host_names: Vec<Arc<str>>,
    /// pwdLastSet; `None` when unknown or never (0).
    pub password_last_set: Option<Timestamp>,
    pub when_changed: Option<Timestamp>,
    /// userAccountControl (MS-ADTS 2.2.16).
    pub user_account_control: Option<u32>,
    /// msDS-SupportedEncryptionTypes (MS-KILE 2.2.7).
    pub supported_encryption_types: Option<u32>,
    pub source: Option<Source>,
}

/// All account inventories of a run, as read.
#[derive(Debug, Clone, Default)]
pub struct AccountInventory {
    pub accounts: Vec<Account>,
    pub files: Vec<InventoryFile>,
    /// Every SPN of every account of at least one domain was exported (`setspn -Q */*`, an LDIF with the
    /// `servicePrincipalName=*` filter): absence of an SPN in `complete_domains` means something.
    pub complete_domains: Vec<Arc<str>>,
}
