//! Events of the KDC, and events of the client about the KDC's answers.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Reads KDC 11: Name, Type (third-party documentation).
pub(super) fn duplicate_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Spn, v.value("Name", 0))], v)
}

/// Reads Kerberos/Operational 100, 101: SPN, ErrorCode (manifest).
pub(super) fn asked_spn(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("ErrorCode", 1));
    signal.set_subjects([(Role::Spn, v.value("SPN", 0))], v)
}

/// Reads KDC 14, 16, 26, 27: `%1` requested name, `%2` requester, `%3` key, `%4` requested and `%5` available encryption
/// types, in 14 and 16 `%6` account to reset (message table; third-party names).
pub(super) fn no_suitable_key(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let to_reset = match signal.event_id {
        14 | 16 => v.value("AccountToReset", 5),
        _ => "",
    };
    let names = [
        (Role::Spn, v.value("Target", 0)),
        (Role::Requester, v.value("Account", 1)),
        (Role::Account, to_reset),
    ];
    signal.set_subjects(names, v)
}

/// Reads KDC 42: `%1` account (message table).
pub(super) fn lacks_strong_keys(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("Account", 0))], v)
}

/// Reads KDC 13: Name (third-party documentation).
pub(super) fn corrupt_keys(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("Name", 0))], v)
}

/// Reads KDC 7: AccountName, LookupType (public log).
pub(super) fn account_lookup_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("AccountName", 0))], v)
}

/// Reads KDC 201 to 209: AccountName is the requester, ServiceName the service's account. Records of a test domain have them
/// (KB5073381; third party). The message table lacks these events, so positions are unknown.
pub(super) fn weak_cipher(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, service) = (v.value_of("AccountName"), v.value_of("ServiceName"));
    match (account, service) {
        ("", "") => return None,
        // If a SIEM kept only one name, it belongs to the affected account.
        (only, "") => signal.add_names([(Role::Account, only)]),
        (requester, service) => {
            let role = if service.contains('/') { Role::Spn } else { Role::Account };
            signal.add_names([(role, service), (Role::Requester, requester)]);
        }
    }
    signal.quote(v)
}

/// Reads KDC 28: `%1` domain, `%2` requested and `%3` available key version (message table).
pub(super) fn trust_key_version(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Domain, v.insertion(0))], v)
}

/// Reads KDC 18: `%1` signer; 35: `%1` other KDC; 36: `%1` client domain, `%2` client, `%3` target; 37, 38: `%1` KDC that
/// made the PAC, then as 36; 43, 44: `%1` client domain, `%2` client (message table).
pub(super) fn pac_not_valid(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (domain, client, target) = match signal.event_id {
        18 => ("", v.insertion(0), ""),
        35 => (v.insertion(0), "", ""),
        36 => (v.insertion(0), v.insertion(1), v.insertion(2)),
        37 | 38 => (v.insertion(1), v.insertion(2), v.insertion(3)),
        _ => (v.insertion(0), v.insertion(1), ""),
    };
    signal.add_names([(Role::Spn, target), (Role::Requester, client), (Role::Domain, domain)]);
    signal.quote(v)
}
