//! The relation of client, responder and target: the client itself, the target, a third machine or an account answered.

use super::parties::Parties;
use crate::inventory::accounts::Account;
use crate::inventory::hosts::HostId;
use crate::names::{HostMatch, HostName, Principal};

/// The relation of client, responder and target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topology {
    /// The target is `krbtgt/REALM` or `kadmin/changepw`, which name a realm.
    RealmTarget,
    /// The target's host is the name of a domain, for which every domain controller answers.
    DomainTarget,
    /// The target is a cloud service, and its account in the directory answered.
    CloudService,
    /// The account lists have the SPN on the responder alone. This is checked before names are compared.
    OwnerAnswered,
    /// The responder's name is an SPN, which shows no account.
    ServiceName,
    /// The responder is the client, and the target is another host.
    ClientAnswered,
    /// The responder is neither the client nor the target.
    OtherAnswered,
    /// Responder and target have one short name, and may be in two domains.
    SameShortName,
    /// The responder is the target.
    TargetAnswered,
    /// The responder is a service account.
    ServiceAnswered,
    /// A name is missing, or belongs to no host.
    Unclear,
}

impl Topology {
    /// The words for it in the decision table.
    pub fn text(self) -> &'static str {
        match self {
            Self::RealmTarget => "the target is a realm",
            Self::DomainTarget => "the target is a domain's name",
            Self::CloudService => "the account of a cloud service answered for it",
            Self::OwnerAnswered => "the only owner of the SPN answered",
            Self::ServiceName => "the responder names itself by an SPN",
            Self::ClientAnswered => "the client itself answered",
            Self::OtherAnswered => "a third machine answered",
            Self::SameShortName => "responder and target have one short name",
            Self::TargetAnswered => "the target answered",
            Self::ServiceAnswered => "a service account answered",
            Self::Unclear => "a name is missing or belongs to no host",
        }
    }
}

/// The machine or account that the client connected to, as far as names and account lists show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    pub(crate) topology: Topology,
    /// Nothing suggests that another machine has the responder's name.
    pub(crate) confirmed: bool,
    pub(crate) responder_id: Option<HostId>,
}

impl Connection {
    /// Decides by names alone, without the owners of the SPN.
    pub(crate) fn by_names(parties: &Parties<'_>) -> Self {
        let (topology, confirmed) = topology(parties);
        let responder_id = match topology {
            Topology::ClientAnswered => parties.client_id,
            Topology::TargetAnswered => parties.target_id,
            _ => parties.responder_in_domain.as_ref().and_then(|host| parties.context.hosts.find(host)),
        };
        Self { topology, confirmed, responder_id }
    }
}

fn topology(parties: &Parties<'_>) -> (Topology, bool) {
    if is_realm_target(parties) {
        return (Topology::RealmTarget, true);
    }
    if cloud_service(parties).is_some() {
        return (Topology::CloudService, true);
    }
    if is_domain_name(parties) {
        return (Topology::DomainTarget, true);
    }
    if parties.responder == Principal::Missing {
        return (Topology::Unclear, false);
    }
    let (Some(client), Some(target), Some(responder)) =
        (&parties.client_host, &parties.target_host, &parties.responder_host)
    else {
        return (Topology::Unclear, false);
    };
    if parties.responder_is_service_name() && responder.same_label(target) {
        return (Topology::ServiceName, false);
    }
    if is_service_account(parties, client, target, responder) {
        return (Topology::ServiceAnswered, true);
    }
    among_hosts(parties, client, target, responder)
}

fn among_hosts(
    parties: &Parties<'_>,
    client: &HostName,
    target: &HostName,
    responder: &HostName,
) -> (Topology, bool) {
    let client_is_target =
        client.compare(target) != HostMatch::No || parties.is_other_name_of(client, target);
    let from_client = parties.compare_responder(client);
    let from_target = parties.compare_responder(target);
    if client.compare(target) != HostMatch::No && from_client != HostMatch::No {
        // The client asked for itself, so the connection reached the target.
        return (Topology::TargetAnswered, from_client == HostMatch::Yes);
    }
    if responder.same_label(target) {
        if responder.same_label(client) {
            // If `srv1` in alpha asks for `srv1` in beta, either may have answered.
            return match (from_client, from_target) {
                (HostMatch::Yes, HostMatch::No) => (Topology::ClientAnswered, true),
                (HostMatch::No, HostMatch::Yes) => (Topology::TargetAnswered, true),
                _ => (Topology::SameShortName, false),
            };
        }
        if parties.resolves_to_namesake().is_some() {
            return (Topology::SameShortName, true);
        }
        return match from_target {
            HostMatch::Yes => (Topology::TargetAnswered, true),
            HostMatch::Maybe if parties.resolves_home() || !parties.may_be_two_domains(target) => {
                (Topology::TargetAnswered, false)
            }
            _ => (Topology::SameShortName, false),
        };
    }
    if from_client != HostMatch::No {
        // If the target is another name of the client, it resolved as the inventory shows.
        return (Topology::ClientAnswered, from_client == HostMatch::Yes || client_is_target);
    }
    (Topology::OtherAnswered, true)
}

/// Is the responder a user's account, or a managed service account, whose name ends in `$` as a computer's does?
fn is_service_account(
    parties: &Parties<'_>,
    client: &HostName,
    target: &HostName,
    responder: &HostName,
) -> bool {
    let of_host = responder.same_label(client) || responder.same_label(target);
    match &parties.responder {
        // A computer's account ends in `$`. So a user that a list has under this name is the responder, even if the target has
        // the same label.
        Principal::Name { name, .. } if of_host => {
            let is_user =
                |account: &&Account| !account.is_computer() && account.name.eq_ignore_ascii_case(name);
            parties.context.accounts.named(name).iter().any(is_user)
        }
        Principal::Name { .. } => {
            responder.domain().is_none_or(|domain| !domain.contains('.'))
                && !parties.context.hosts.is_known(responder)
        }
        Principal::Machine { name, .. } if !of_host => {
            let accounts = parties.context.accounts.named(name);
            !accounts.is_empty()
                && accounts.iter().all(|account| account.is_managed_service_account())
                && parties.shareable_rows(parties.context.hosts.find(responder)).is_empty()
        }
        _ => false,
    }
}

/// Is the target the ticket-granting service of a realm (`krbtgt/REALM`) or its password service (`kadmin/changepw`)?
fn is_realm_target(parties: &Parties<'_>) -> bool {
    let name = match &parties.target {
        Principal::Spn(spn) => &*spn.class,
        Principal::Machine { name, .. } | Principal::Name { name, .. } => &**name,
        Principal::Missing => return false,
    };
    ["krbtgt", "kadmin"].iter().any(|class| name.eq_ignore_ascii_case(class))
}

/// Is the target's host a realm of the event, the client's domain, or the domain of a listed account?
fn is_domain_name(parties: &Parties<'_>) -> bool {
    let Some(spn) = parties.spn() else { return false };
    let host = spn.host.trim_end_matches('.').to_lowercase();
    host.contains('.')
        && parties.target_id.is_none_or(|id| parties.context.hosts.owned(id).is_empty())
        && (parties.realms.contains(&host)
            || parties.client_domain() == Some(&host)
            || parties.context.accounts.has_domain(&host))
}

/// A cloud service that has an account in the directory for Kerberos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloudService {
    /// A file share such as `account.file.core.windows.net`, in any Azure cloud.
    AzureFiles,
    /// `autologon.microsoftazuread-sso.com`, whose account is AZUREADSSOACC.
    EntraSeamlessSso,
}

/// The cloud service that the target names, if the service's own account answered.
pub(crate) fn cloud_service(parties: &Parties<'_>) -> Option<CloudService> {
    let spn = parties.spn()?;
    let host = spn.host.trim_end_matches('.').to_lowercase();
    let responder = match &parties.responder {
        Principal::Machine { name, .. } | Principal::Name { name, .. } => name.to_lowercase(),
        Principal::Spn(spn) => spn.host.to_lowercase(),
        Principal::Missing => return None,
    };
    if host == "autologon.microsoftazuread-sso.com" && responder == "azureadssoacc" {
        return Some(CloudService::EntraSeamlessSso);
    }
    const CLOUDS: [&str; 3] =
        [".file.core.windows.net", ".file.core.usgovcloudapi.net", ".file.core.chinacloudapi.cn"];
    let account = CLOUDS.iter().find_map(|cloud| host.strip_suffix(cloud))?;
    // The directory may have a storage account under another name, which the account lists show.
    let owns = || {
        let owners = parties.context.accounts.registered(spn).accounts;
        owners.iter().any(|owner| owner.name.trim_end_matches('$').eq_ignore_ascii_case(&responder))
    };
    let same = HostName::parse(account)
        .zip(HostName::parse(&responder))
        .is_some_and(|(account, responder)| account.same_label(&responder));
    (same || owns()).then_some(CloudService::AzureFiles)
}
