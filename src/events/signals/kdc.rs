//! What the KDC logs, and what the client logs of the KDC's answers.

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
