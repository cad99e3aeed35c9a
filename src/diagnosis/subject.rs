//! Facts of an incident for its remedy: names and their sources, accounts, addresses.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Cause, Confidence, Kind};
use crate::inventory::Source;

/// A host or account name of the incident, as written there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentName {
    pub text: Arc<str>,
    /// An inventory, an account list, or the `Computer` of a given log has this name. Else only the responder reports it,
    /// which nobody authenticated: such a name goes into no command.
    pub is_known: bool,
}

/// Kind of an account, from objectClass, userAccountControl, primaryGroupID or its SPNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    Computer,
    DomainController,
    ReadOnlyDomainController,
    /// Group or stand-alone managed service account.
    ManagedService,
    /// Delegated managed service account (dMSA).
    DelegatedManagedService,
    /// CNO or VCO of a failover cluster.
    ClusterName,
    /// AZUREADSSOACC: Entra ID has its key.
    EntraSeamlessSso,
    /// An account whose key an Azure storage account has.
    AzureStorage,
    User,
    /// The name ends in `$`, and nothing shows what it is.
    Unknown,
}

/// An account of the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// sAMAccountName as the list has it; the name in the event where no list has the account.
    pub name: Arc<str>,
    /// DNS domain; empty where unknown.
    pub domain: Arc<str>,
    pub kind: AccountKind,
    /// An account list has it. Else the name is only reported by the responder.
    pub listed: bool,
    pub disabled: bool,
    pub operating_system: Option<Arc<str>>,
    pub password_last_set: Option<Timestamp>,
    pub source: Option<Source>,
}

/// An address that decides the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAddress {
    pub address: IpAddr,
    /// The adapter's description or interface name; empty where unknown.
    pub adapter: Box<str>,
    /// How many hosts of the inventories own it, and how many hosts have addresses there.
    pub owners: usize,
    pub hosts: usize,
}

/// Everything the steps of a fix may name. A row keeps it instead of the steps, which take ten times the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemedyInput {
    pub cause: Cause,
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
    /// Its host: for `srv1$` and `host/srv1`. `None` for a service account.
    pub responder_host: Option<IncidentName>,
    pub responder_account: Option<Box<AccountFacts>>,
    /// The accounts that own the SPN, exactly or through its HOST alias.
    pub owners: Vec<AccountFacts>,
    /// The owners own `HOST/host`, and nobody owns the exact SPN: the HOST SPN must stay where it is.
    pub via_host: bool,
    pub addresses: Vec<SharedAddress>,
    /// Domains of the event, lower case.
    pub realms: Vec<String>,
    /// The responder is or may be a domain controller: `None` where nothing shows it.
    pub responder_is_controller: Option<bool>,
}

impl RemedyInput {
    /// For a kind without an incident: every name is absent.
    pub(super) fn general(cause: Cause, kind: Kind) -> Self {
        Self {
            cause,
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
