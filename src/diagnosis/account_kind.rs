//! The kind of an account, and whether it is in use.

use jiff::{SignedDuration, Timestamp};

use super::remedy_input::{AccountFacts, AccountKind};
use crate::inventory::accounts::{Account, ObjectClass};
use crate::names::HostName;

/// Age of the password of a computer that is off or gone. It is twice the 30 days after which a computer sets a new password
/// ("Maximum machine account password age").
const UNUSED: SignedDuration = SignedDuration::from_hours(60 * 24);

impl AccountKind {
    pub(crate) fn from_account(account: &Account) -> Self {
        match account.object_class {
            _ if account.is_read_only_dc() => Self::ReadOnlyDomainController,
            _ if account.is_domain_controller() => Self::DomainController,
            _ if account.name.trim_end_matches('$').eq_ignore_ascii_case("AZUREADSSOACC") => {
                Self::EntraSeamlessSso
            }
            _ if account.is_azure_storage() => Self::AzureStorage,
            Some(ObjectClass::DelegatedManagedService) => Self::DelegatedManagedService,
            _ if account.is_managed_service_account() => Self::ManagedService,
            _ if account.is_cluster_name() => Self::ClusterName,
            _ if !account.is_computer() => Self::User,
            _ if has_own_host(account) || account.operating_system.is_some() => Self::Computer,
            _ => Self::Unknown,
        }
    }

    /// The kind as a noun with its article.
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

    /// Is it a computer or a domain controller?
    pub(crate) fn is_machine(self) -> bool {
        self == Self::Computer || self.is_domain_controller()
    }

    pub(crate) fn is_domain_controller(self) -> bool {
        matches!(self, Self::DomainController | Self::ReadOnlyDomainController)
    }

    /// Does Windows set the account's password itself?
    pub(crate) fn is_managed(self) -> bool {
        matches!(self, Self::ManagedService | Self::DelegatedManagedService)
    }
}

/// Is the account's name, without `$`, the label of this host?
pub(crate) fn is_named_after(account: &Account, host: &HostName) -> bool {
    HostName::parse(account.name.trim_end_matches('$')).is_some_and(|name| name.same_label(host))
}

/// Is there a host of the account's own name: in its DNS name, or in one of its SPNs? An account without SPNs may have one.
fn has_own_host(account: &Account) -> bool {
    let Some(name) = HostName::parse(account.name.trim_end_matches('$')) else { return false };
    let own = |host: &str| HostName::parse(host).is_some_and(|host| host.same_label(&name));
    account.dns_host_name.as_deref().is_some_and(own)
        || account.spns.lookup().hosts_like(&name).next().is_some()
        || account.spns.is_empty()
}

/// The date of the password of a computer account that was unused at the time of the events; `None` for any other account.
pub(crate) fn unused_since(account: &Account, events: Timestamp) -> Option<Timestamp> {
    let set = account.password_last_set.filter(|_| account.is_computer())?;
    (events.duration_since(set) > UNUSED).then_some(set)
}

/// Was the account enabled, and its password recent, at the time of the events?
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
        }
    }
}
