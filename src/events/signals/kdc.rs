//! Signals of the KDC, and of the client about the KDC's answers.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// KDC 11: Name, Type (names third party).
pub(super) fn duplicate_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Spn, v.get("Name", 0))], v)
}

/// Kerberos/Operational 100, 101: SPN, ErrorCode (MAN).
pub(super) fn asked_spn(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.get("ErrorCode", 1));
    signal.about([(Role::Spn, v.get("SPN", 0))], v)
}

/// KDC 14, 16, 26, 27: `%1` what is asked for, `%2` who asks, `%3` the key, `%4` the requested and `%5` the available
/// encryption types (message table); 14 and 16 have the account to reset as `%6`. Names third party.
pub(super) fn no_suitable_key(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let to_reset = match signal.event_id {
        14 | 16 => v.get("AccountToReset", 5),
        _ => "",
    };
    let names =
        [(Role::Spn, v.get("Target", 0)), (Role::Requester, v.get("Account", 1)), (Role::Account, to_reset)];
    signal.about(names, v)
}

/// One account as `%1`.
pub(super) fn account(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Account, v.get("Account", 0))], v)
}

/// KDC 13: Name (third party).
pub(super) fn corrupt_keys(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Account, v.get("Name", 0))], v)
}

/// KDC 7: AccountName, LookupType (XML).
pub(super) fn account_lookup_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Account, v.get("AccountName", 0))], v)
}

/// KDC 201 to 209: AccountName is who asked and ServiceName the account of the service (third party: a laboratory's
/// records of KB5073381; not in the message table). Read by name, as positions are unknown.
pub(super) fn weak_cipher(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, service) = (v.of_name("AccountName"), v.of_name("ServiceName"));
    match (account, service) {
        ("", "") => return None,
        // If a SIEM kept only one name, it is that of the affected account.
        (only, "") => signal.names([(Role::Account, only)]),
        (requester, service) => {
            let role = if service.contains('/') { Role::Spn } else { Role::Account };
            signal.names([(role, service), (Role::Requester, requester)]);
        }
    }
    signal.values = v.all().into();
    Some(())
}

/// KDC 205: a policy of the domain.
pub(super) fn quoted(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.values = v.all().into();
    Some(())
}

/// KDC 28: `%1` domain, `%2` key version of the request, `%3` the available one (message table).
pub(super) fn trust_key_version(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Domain, v.at(0))], v)
}

/// KDC 18, 35 to 38, 43, 44 (message table): 18 has the signer as `%1`, 35 the other KDC; 36 client domain, client and what
/// the ticket is for; 37 and 38 the same after the PAC's maker; 43 and 44 client domain and client.
pub(super) fn pac_not_valid(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (domain, client, target) = match signal.event_id {
        18 => ("", v.at(0), ""),
        35 => (v.at(0), "", ""),
        36 => (v.at(0), v.at(1), v.at(2)),
        37 | 38 => (v.at(1), v.at(2), v.at(3)),
        _ => (v.at(0), v.at(1), ""),
    };
    signal.names([(Role::Spn, target), (Role::Requester, client), (Role::Domain, domain)]);
    signal.values = v.all().into();
    Some(())
}
