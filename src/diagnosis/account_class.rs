//! Kind of an account, and whether it is in use.

use jiff::{SignedDuration, Timestamp};

use super::subject::{AccountFacts, AccountKind};
use crate::inventory::accounts::{Account, ObjectClass};
use crate::names::HostName;

/// A computer sets its password every 30 days ("Maximum machine account password age"). One that has not for twice that
/// time is off, or left behind.
const UNUSED: SignedDuration = SignedDuration::from_hours(60 * 24);

impl AccountKind {
    pub(crate) fn from_account(account: &Account) -> Self {
        let name = account.name.trim_end_matches('$');
        if account.is_read_only_dc() {
            return Self::ReadOnlyDomainController;
        }
        if account.is_domain_controller() {
            return Self::DomainController;
        }
        if name.eq_ignore_ascii_case("AZUREADSSOACC") {
            return Self::EntraSeamlessSso;
        }
        if account.is_azure_storage() {
            return Self::AzureStorage;
        }
        match account.object_class {
            Some(ObjectClass::DelegatedManagedService) => return Self::DelegatedManagedService,
            _ if account.is_managed_service_account() => return Self::ManagedService,
            _ if account.is_cluster_name() => return Self::ClusterName,
            _ if !account.is_computer() => return Self::User,
            _ => {}
        }
        match has_own_host(account) || account.operating_system.is_some() {
            true => Self::Computer,
            false => Self::Unknown,
        }
    }

    /// In a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Computer => "a computer",
            Self::DomainController => "a domain controller",
            Self::ReadOnlyDomainController => "a read-only domain controller",
            Self::ManagedService => "a managed service account",
            Self::DelegatedManagedService => "a delegated managed service account",
            Self::ClusterName => "a cluster name",
            Self::EntraSeamlessSso => "the account of Entra Seamless SSO",
            Self::AzureStorage => "the account of an Azure storage account",
            Self::User => "a user account",
            Self::Unknown => "an account of an unknown kind",
        }
    }

    pub(crate) fn is_machine(self) -> bool {
        matches!(self, Self::Computer | Self::DomainController | Self::ReadOnlyDomainController)
    }
}

/// The account has its own name as a host: a DNS name, or an SPN of its own label.
fn has_own_host(account: &Account) -> bool {
    let Some(name) = HostName::parse(account.name.trim_end_matches('$')) else { return false };
    let own = |host: &str| HostName::parse(host).is_some_and(|host| host.same_label(&name));
    account.dns_host_name.as_deref().is_some_and(own)
        || account.spns.hosts_like(&name).next().is_some()
        || account.spns.is_empty()
}

/// A computer's account whose password was set long before the events: the machine is off, gone, or never logs on.
pub(crate) fn unused_since(account: &Account, events: Timestamp) -> Option<Timestamp> {
    let set = account.password_last_set.filter(|_| account.is_computer())?;
    (events.duration_since(set) > UNUSED).then_some(set)
}

/// It was in use when the events happened, as its password shows.
pub(crate) fn is_in_use(account: &Account, events: Timestamp) -> bool {
    !account.is_disabled()
        && account.password_last_set.is_some_and(|set| events.duration_since(set) <= UNUSED)
}

impl AccountFacts {
    pub(crate) fn from_account(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            domain: account.domain.clone(),
            kind: AccountKind::from_account(account),
            listed: true,
            disabled: account.is_disabled(),
            operating_system: account.operating_system.clone(),
            password_last_set: account.password_last_set,
            source: account.source.clone(),
        }
    }
}
