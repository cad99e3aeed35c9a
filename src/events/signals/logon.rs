//! Events about failed logons of computers and managed accounts.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// The SID of a computer's own account, as `Security/@UserID` has it.
const LOCAL_SYSTEM: &str = "S-1-5-18";
/// LDAP result 49: invalid credentials.
const INVALID_CREDENTIALS: u32 = 49;

/// Reads GroupPolicy 1006, 1097: SupportInfo1, SupportInfo2, ProcessingMode, ProcessingTimeInMilliseconds, ErrorCode,
/// ErrorDescription (manifest). 1006 with another code than 49 is a network problem.
///
/// `Security/@UserID` shows for whom policy was read. Code 49 also appears for a user whose password expired.
pub(super) fn policy_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("ErrorCode", 4));
    if signal.event_id == 1006 && signal.error != Some(INVALID_CREDENTIALS) {
        return None;
    }
    let user = v.0.user_id.trim();
    signal.user_id = (!user.is_empty()).then(|| user.into());
    if matches!(user, "" | LOCAL_SYSTEM) {
        signal.add_this_computer();
    }
    signal.quote(v)
}

/// Reads Kerberos/Operational 105: LuidHighPart, LuidLowPart, DomainName, UserName, Refresh, CurrentFileTime, ErrorCode
/// (manifest).
pub(super) fn managed_password_not_fetched(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("ErrorCode", 6));
    let (domain, account) = (v.value("DomainName", 2), v.value("UserName", 3));
    signal.set_subjects([(Role::Account, account), (Role::Domain, domain)], v)?;
    // The logon session and the time change with every event.
    signal.values =
        format!("DomainName={domain}, UserName={account}, ErrorCode={}", v.value("ErrorCode", 6)).into();
    Some(())
}

/// Reads Security-Kerberos 7, version 0: ClientName, Realm (manifest). Version 1 is about smart cards.
pub(super) fn pac_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    (v.0.version == 0).then_some(())?;
    signal.set_subjects([(Role::Account, v.value("ClientName", 0)), (Role::Domain, v.value("Realm", 1))], v)
}
