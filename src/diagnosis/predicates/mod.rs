//! Predicates of the decision table. Each returns the proof if it matches.

pub(super) mod addresses;
pub(super) mod hosts;
pub(super) mod keys;
pub(super) mod names;
pub(super) mod registration;
pub(super) mod rivals;
mod target;
pub(super) mod undetermined;

use super::case::Case;
use super::command::{Name, NameRole};
use super::evidence::Fact;
use super::proof::Proof;
use super::request::Request;

/// Classes that services of their own accounts often have.
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

/// Web classes: IIS decrypts in kernel mode with the machine's key, and WinRM asks for `HTTP/host` beside a web site.
pub(super) fn is_web_class(class: &str) -> bool {
    is_site_class(class) || class == "wsman"
}

/// Classes that a web site may serve.
fn is_site_class(class: &str) -> bool {
    matches!(class, "http" | "www")
}

/// Addresses of the target's name as the client resolves it.
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

pub(super) fn ask_host_log(case: &Case<'_>) -> Request {
    Request::HostLog { host: case.server_name() }
}

/// The kind of responder whose name ends in `$` and is in no list.
pub(super) fn note_unlisted_account(case: &Case<'_>, proof: &mut Proof) {
    if is_unlisted_account(case) {
        proof.evidence.push(Fact::UnlistedAccount { account: case.parties.incident.answered_by.clone() });
        proof.missing.push(Request::AccountClass { account: case.account_name() });
    }
}

/// The responder's name ends in `$`, and no list has a host or an account of that name.
pub(super) fn is_unlisted_account(case: &Case<'_>) -> bool {
    matches!(case.parties.responder, crate::names::Principal::Machine { .. })
        && !case.parties.responder_name.is_known
        && case.ownership.responder_accounts.is_empty()
}
