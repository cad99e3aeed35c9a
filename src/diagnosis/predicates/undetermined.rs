//! Predicates for incidents whose names show no connection between two hosts.

use super::ask_host_log;
use super::keys::repair_of_account;
use super::registration::owner_fact;
use crate::diagnosis::case::Case;
use crate::diagnosis::command::Name;
use crate::diagnosis::connection::{CloudService, cloud_service};
use crate::diagnosis::evidence::{Fact, Relation};
use crate::diagnosis::proof::{Proof, Repair};
use crate::diagnosis::request::Request;
use crate::diagnosis::signals::Concern;
use crate::names::Principal;

/// The target is the GUID of a domain controller, and another machine than the client answered.
pub(in crate::diagnosis) fn directory_server(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let spn = parties.spn().filter(|spn| spn.host_is_guid())?;
    let (client, responder) = (parties.client_host.as_ref()?, parties.responder_host.as_ref()?);
    if responder.same_label(client) {
        return None;
    }
    let mut p = Proof::new(case, repair_of_account(case));
    p.evidence.push(Fact::DirectoryServer {
        guid: spn.host.clone(),
        responder: parties.incident.answered_by.clone(),
    });
    let forest = spn.service_name.as_deref().unwrap_or_default();
    let known = parties.context.accounts.has_domain(&forest.to_lowercase())
        || parties.client_domain() == Some(&forest.to_lowercase());
    p.missing.push(Request::DirectoryServer {
        guid: spn.host.split('.').next().unwrap_or_default().to_owned(),
        forest: Name::domain(forest, known),
    });
    p.missing.push(ask_host_log(case));
    Some(p)
}

/// The target is a realm. This always matches.
pub(in crate::diagnosis) fn realm_target(case: &Case<'_>) -> Option<Proof> {
    let mut p = Proof::new(case, Repair::Name(case.parties.incident.target.to_string()));
    p.evidence.push(Fact::RealmTarget { target: case.parties.incident.target.clone() });
    let of_trust = case.signals.iter().filter(|near| near.concern == Concern::Trust);
    p.evidence.extend(of_trust.map(|near| near.as_fact(Relation::Decisive)));
    p.missing.push(Request::Trust { domains: case.domain_names() });
    Some(p)
}

/// The target is the name of a domain. This always matches.
pub(in crate::diagnosis) fn domain_target(case: &Case<'_>) -> Option<Proof> {
    let mut p = Proof::for_target_name(case);
    p.evidence.push(Fact::DomainTarget { target: case.parties.target_text().into() });
    p.missing.extend([ask_host_log(case), Request::ControllerLogs { spn: case.spn_name() }]);
    Some(p)
}

/// The target is an Azure file share.
pub(in crate::diagnosis) fn azure_files(case: &Case<'_>) -> Option<Proof> {
    let mut p = cloud_proof(case, CloudService::AzureFiles, "an Azure file share")?;
    p.missing.push(Request::StorageKeys { account: case.account_name() });
    p.missing.push(super::ask_encryption_types(case));
    Some(p)
}

/// The target is the Seamless SSO service of Entra ID.
pub(in crate::diagnosis) fn entra_sso(case: &Case<'_>) -> Option<Proof> {
    let mut p = cloud_proof(case, CloudService::EntraSeamlessSso, "the Seamless SSO service of Entra ID")?;
    p.missing.push(Request::EntraKey { account: case.account_name() });
    Some(p)
}

fn cloud_proof(case: &Case<'_>, wanted: CloudService, service: &'static str) -> Option<Proof> {
    if cloud_service(&case.parties) != Some(wanted) {
        return None;
    }
    let mut p = Proof::new(case, repair_of_account(case));
    p.evidence.push(Fact::CloudService { target: case.parties.target_text().into(), service });
    p.evidence.extend(case.ownership.owners.iter().map(|owner| owner_fact(case, owner)));
    Some(p)
}

/// A name is missing, or belongs to no host. This always matches.
pub(in crate::diagnosis) fn nothing_known(case: &Case<'_>) -> Proof {
    let parties = &case.parties;
    let mut p = Proof::new(case, Repair::Incident);
    if parties.target == Principal::Missing {
        p.evidence.push(Fact::MissingName { what: "a target" });
        p.missing.push(Request::Tickets { client: case.client_name() });
    } else if parties.target_host.is_none() {
        p.evidence.push(Fact::UnknownTarget { target: parties.incident.target.clone() });
        p.missing.push(match parties.target.address() {
            Some(address) => Request::AddressOwner { address },
            None => Request::Machine { name: case.target_name() },
        });
    }
    if parties.responder == Principal::Missing {
        p.evidence.push(Fact::MissingName { what: "who answered" });
    }
    if parties.client_host.is_none() {
        p.evidence.push(Fact::MissingName { what: "the computer that logged it" });
    }
    if p.missing.is_empty() {
        p.missing.push(Request::Tickets { client: case.client_name() });
    }
    p
}
