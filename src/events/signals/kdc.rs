//! Signals of the KDC, and of the client about the KDC's answers.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// KDC 11: Name, Type (names third party).
pub(super) fn duplicate_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Spn, v.value("Name", 0))], v)
}

/// Kerberos/Operational 100, 101: SPN, ErrorCode (MAN).
pub(super) fn asked_spn(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("ErrorCode", 1));
    signal.set_subjects([(Role::Spn, v.value("SPN", 0))], v)
}

/// KDC 14, 16, 26, 27: `%1` what is asked for, `%2` who asks, `%3` the key, `%4` the requested and `%5` the available
/// encryption types (message table); 14 and 16 have the account to reset as `%6`. Names third party.
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

/// One account as `%1`.
pub(super) fn account(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("Account", 0))], v)
}

/// KDC 13: Name (third party).
pub(super) fn corrupt_keys(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("Name", 0))], v)
}

/// KDC 7: AccountName, LookupType (XML).
pub(super) fn account_lookup_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.value("AccountName", 0))], v)
}

/// KDC 201 to 209: AccountName is who asked and ServiceName the account of the service (third party: a laboratory's
/// records of KB5073381; not in the message table). Read by name, as positions are unknown.
pub(super) fn weak_cipher(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, service) = (v.value_of("AccountName"), v.value_of("ServiceName"));
    match (account, service) {
        ("", "") => return None,
        // If a SIEM kept only one name, it is that of the affected account.
        (only, "") => signal.add_names([(Role::Account, only)]),
        (requester, service) => {
            let role = if service.contains('/') { Role::Spn } else { Role::Account };
            signal.add_names([(role, service), (Role::Requester, requester)]);
        }
    }
    signal.values = v.quote().into();
    Some(())
}

/// KDC 205: a policy of the domain.
pub(super) fn quoted(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.values = v.quote().into();
    Some(())
}

/// KDC 28: `%1` domain, `%2` key version of the request, `%3` the available one (message table).
pub(super) fn trust_key_version(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Domain, v.insertion(0))], v)
}

/// KDC 18, 35 to 38, 43, 44 (message table): 18 has the signer as `%1`, 35 the other KDC; 36 client domain, client and what
/// the ticket is for; 37 and 38 the same after the PAC's maker; 43 and 44 client domain and client.
pub(super) fn pac_not_valid(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (domain, client, target) = match signal.event_id {
        18 => ("", v.insertion(0), ""),
        35 => (v.insertion(0), "", ""),
        36 => (v.insertion(0), v.insertion(1), v.insertion(2)),
        37 | 38 => (v.insertion(1), v.insertion(2), v.insertion(3)),
        _ => (v.insertion(0), v.insertion(1), ""),
    };
    signal.add_names([(Role::Spn, target), (Role::Requester, client), (Role::Domain, domain)]);
    signal.values = v.quote().into();
    Some(())
}
