//! The predicates of the decision table. Each returns a proof if its row matches.
//!
//! Files by subject: [`addresses`], [`hosts`], [`names`], [`registration`] of SPNs, [`keys`], [`undetermined`]; then [`rivals`] with
//! the predicates that exclude a rival. They share [`target`] and this file.

pub(super) mod addresses;
pub(super) mod hosts;
pub(super) mod keys;
pub(super) mod names;
pub(super) mod registration;
pub(super) mod rivals;
mod target;
pub(super) mod undetermined;

use std::net::IpAddr;

use super::case::Case;
use super::command::{Name, NameRole};
use super::evidence::Fact;
use super::proof::Proof;
use super::remedy_input::AccountFacts;
use super::request::Request;
use crate::inventory::Source;
use crate::inventory::accounts::Account;

/// Is this, in lower case, a class of services that often run under an account of their own?
pub(super) fn is_service_class(class: &str) -> bool {
    const CLASSES: [&str; 12] = [
        "http",
        "www",
        "mssqlsvc",
        "msolapsvc.3",
        "msolapdisco.3",
        "exchangemdb",
        "sip",
        "oracle",
        "fimservice",
        "msomsdksvc",
        "msomhsvc",
        "spsvc",
    ];
    CLASSES.contains(&class)
}

/// Is this a class of web sites or of WinRM, which asks for `HTTP/host` by default?
pub(super) fn is_web_class(class: &str) -> bool {
    is_site_class(class) || class == "wsman"
}

/// Is this a class that a web site may serve?
fn is_site_class(class: &str) -> bool {
    matches!(class, "http" | "www")
}

/// The target's name resolves to this address. `owner` is the host that owns it.
pub(super) fn resolves(case: &Case<'_>, address: IpAddr, owner: Option<Box<str>>, source: &Source) -> Fact {
    Fact::Resolves { name: case.parties.target_text().into(), address, owner, source: source.clone() }
}

/// Asks what the target's name resolves to on the client.
pub(super) fn ask_resolution(case: &Case<'_>) -> Request {
    Request::Resolution { name: case.target_name(), client: case.client_name() }
}

pub(super) fn ask_meant_name(case: &Case<'_>) -> Request {
    Request::MeantName { name: case.target_name(), responder: case.server_name() }
}

pub(super) fn ask_spn_owner(case: &Case<'_>) -> Request {
    Request::SpnOwner { spn: case.spn_name() }
}

pub(super) fn ask_target_addresses(case: &Case<'_>) -> Request {
    Request::Addresses { host: case.target_name() }
}

pub(super) fn ask_responder_addresses(case: &Case<'_>) -> Request {
    Request::Addresses { host: Name::host(&case.parties.responder_name, NameRole::Responder) }
}

pub(super) fn ask_encryption_types(case: &Case<'_>) -> Request {
    Request::EncryptionTypes { account: case.account_name(), host: case.server_name() }
}

pub(super) fn ask_cluster_account(case: &Case<'_>, account: &Account) -> Request {
    let account = Name::account(&AccountFacts::from_account(account), NameRole::Account);
    Request::ClusterAccount { account, host: case.server_name() }
}

pub(super) fn ask_service_identity(case: &Case<'_>) -> Request {
    Request::ServiceIdentity { host: case.server_name(), name: case.target_name() }
}

pub(super) fn ask_host_log(case: &Case<'_>) -> Request {
    Request::HostLog { host: case.server_name() }
}

/// If the responder is an unlisted account, adds that to the evidence and asks what it is.
pub(super) fn note_unlisted_account(case: &Case<'_>, proof: &mut Proof) {
    if is_unlisted_account(case) {
        proof.evidence.push(Fact::UnlistedAccount { account: case.parties.incident.answered_by.clone() });
        proof.missing.push(Request::AccountClass { account: case.account_name() });
    }
}

/// Does the responder's name end in `$`, and does no list have a host or an account of that name?
pub(super) fn is_unlisted_account(case: &Case<'_>) -> bool {
    matches!(case.parties.responder, crate::names::Principal::Machine { .. })
        && !case.parties.responder_name.is_known
        && case.ownership.responder_accounts.is_empty()
}
