//! Logons of services and computers that failed.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// The SID of a computer's own account, as `Security/@UserID` has it.
const LOCAL_SYSTEM: &str = "S-1-5-18";
/// LDAP result 49: invalid credentials.
const INVALID_CREDENTIALS: u32 = 49;

/// Service Control Manager 7000: param1 service, param2 error. A signal only with the error of a refused logon.
pub(super) fn service_not_started(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let error = v.get("param2", 1);
    is_logon_failure(error).then_some(())?;
    signal.error = error_number(error);
    signal.about([(Role::Service, v.get("param1", 0))], v)
}

/// The errors of Service Control Manager 7000 that mean a refused logon: ERROR_SERVICE_LOGON_FAILED and
/// ERROR_LOGON_FAILURE.
pub(super) fn is_logon_failure(error: &str) -> bool {
    matches!(error_number(error), Some(1069 | 1326))
}

/// Service Control Manager 7038: param1 service, param2 account, param3 error; 7041: param1 service, param2 account.
pub(super) fn service_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    if signal.event_id == 7038 {
        signal.error = error_number(v.get("param3", 2));
    }
    signal.about([(Role::Service, v.get("param1", 0)), (Role::Account, v.get("param2", 1))], v)
}

/// GroupPolicy 1006, 1097: SupportInfo1, SupportInfo2, ProcessingMode, ProcessingTimeInMilliseconds, ErrorCode,
/// ErrorDescription (MAN). 1006 with another code than 49 is network trouble.
///
/// `Security/@UserID` says for whom policy was read: a user whose password expired logs 49 too.
pub(super) fn policy_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.get("ErrorCode", 4));
    if signal.event_id == 1006 && signal.error != Some(INVALID_CREDENTIALS) {
        return None;
    }
    let user = v.0.user_id.trim();
    signal.user_id = (!user.is_empty()).then(|| user.into());
    if matches!(user, "" | LOCAL_SYSTEM) {
        signal.about_this_computer();
    }
    signal.values = v.all().into();
    Some(())
}

/// Security-Kerberos 7: ClientName, Realm (MAN).
pub(super) fn pac_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Account, v.get("ClientName", 0)), (Role::Domain, v.get("Realm", 1))], v)
}
