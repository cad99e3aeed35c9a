//! The names, accounts and addresses of an incident that the steps of its fix need.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Confidence, Kind};

/// A host or account name of an incident, as logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentName {
    pub text: Arc<str>,
    /// Does an inventory, an account list or the `Computer` field of a log have this name? Otherwise only the responder
    /// reports it, without authentication, and no command may contain it.
    pub is_known: bool,
}

/// Kind of an account, from objectClass, userAccountControl, primaryGroupID or its SPNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    Computer,
    DomainController,
    ReadOnlyDomainController,
    /// A group managed service account (gMSA), or a stand-alone one.
    ManagedService,
    /// A delegated managed service account (dMSA).
    DelegatedManagedService,
    /// The computer object of a failover cluster (CNO) or of one of its roles (VCO).
    ClusterName,
    /// The computer account AZUREADSSOACC. Entra ID has its key.
    EntraSeamlessSso,
    /// The account that represents an Azure storage account. The storage account has its key.
    AzureStorage,
    User,
    /// An account whose name ends in `$`, and whose class nothing shows.
    Unknown,
}

/// The facts about an account that the steps of a fix need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// sAMAccountName in the list, or the name in the event if no list has the account.
    pub name: Arc<str>,
    /// DNS domain; empty if it is unknown.
    pub domain: Arc<str>,
    pub kind: AccountKind,
    /// An account list has it. Otherwise only the responder reports the name.
    pub listed: bool,
    pub disabled: bool,
    pub operating_system: Option<Arc<str>>,
}

/// An address that two hosts of an incident own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAddress {
    pub address: IpAddr,
    /// Description or interface name of the adapter; empty if it is unknown.
    pub adapter: Box<str>,
    /// Number of hosts in the inventories that own it.
    pub owners: usize,
    /// Number of hosts in the inventories that have any address.
    pub hosts: usize,
}

/// The facts from which the steps of a fix are made. A row of a report keeps them instead of the steps, which take ten times
/// the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemedyInput {
    pub kind: Kind,
    pub confidence: Confidence,
    /// The `Computer` that logged the event.
    pub client: IncidentName,
    /// `Targetname` as logged.
    pub target: Box<str>,
    /// The host that the target names.
    pub target_host: IncidentName,
    /// `Server` as logged.
    pub responder: IncidentName,
    /// The host that answered. If a service account answered, the target, where its service should run.
    pub responder_host: Option<IncidentName>,
    pub responder_account: Option<Box<AccountFacts>>,
    /// The accounts that own the SPN, exactly or through its HOST alias.
    pub owners: Vec<AccountFacts>,
    /// The owners own `HOST/<host>`, and nobody owns the exact SPN.
    pub via_host: bool,
    pub addresses: Vec<SharedAddress>,
    /// The realms of the event in lower case.
    pub realms: Vec<String>,
    /// Is the responder a domain controller? `None` if nothing shows it.
    pub responder_is_controller: Option<bool>,
}

impl RemedyInput {
    /// The input for a kind without an incident. It has no names.
    pub(super) fn general(kind: Kind) -> Self {
        Self {
            kind,
            confidence: Confidence::Confirmed,
            client: IncidentName::default(),
            target: "".into(),
            target_host: IncidentName::default(),
            responder: IncidentName::default(),
            responder_host: None,
            responder_account: None,
            owners: Vec::new(),
            via_host: false,
            addresses: Vec::new(),
            realms: Vec::new(),
            responder_is_controller: None,
        }
    }
}
