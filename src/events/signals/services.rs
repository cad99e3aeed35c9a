//! Events about services that could not log on or register their SPN.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Reads Service Control Manager 7000: param1 service, param2 error. Only a refused logon is a signal.
pub(super) fn service_not_started(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let error = v.value("param2", 1);
    is_logon_failure(error).then_some(())?;
    signal.error = error_number(error);
    signal.set_subjects([(Role::Service, v.value("param1", 0))], v)
}

/// Does this error of Service Control Manager 7000 mean a refused logon? These are ERROR_SERVICE_LOGON_FAILED (1069) and
/// ERROR_LOGON_FAILURE (1326).
pub(super) fn is_logon_failure(error: &str) -> bool {
    matches!(error_number(error), Some(1069 | 1326))
}

/// Reads Service Control Manager 7038: param1 service, param2 account, param3 error; 7041: param1 service, param2 account.
pub(super) fn service_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    if signal.event_id == 7038 {
        signal.error = error_number(v.value("param3", 2));
    }
    signal.set_subjects([(Role::Service, v.value("param1", 0)), (Role::Account, v.value("param2", 1))], v)
}

/// Reads WAS 5021, 5057, 5059: AppPoolID (third-party documentation; public logs with 5011 and 5139 have the same name).
/// `Binary` has the HRESULT.
pub(super) fn pool_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = v.binary_status();
    signal.set_subjects([(Role::Service, v.value("AppPoolID", 0))], v)
}

/// Reads SQL Server 26037, 26067: an SPN, a Windows error such as `0x21c7`, and a state (message list of SQL Server).
///
/// The provider is `MSSQLSERVER` or `MSSQL$INSTANCE`. The selection cannot name it, so this function rejects the same IDs of
/// other providers. The order of the strings is unknown, so the SPN is found by its class.
pub(super) fn sql_spn_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let source = v.0.provider.get(..5)?;
    source.eq_ignore_ascii_case("MSSQL").then_some(())?;
    let words =
        || v.0.data.iter().flat_map(|datum| datum.value.split(|c: char| c.is_whitespace() || c == ','));
    let spn = words().find(|word| word.get(..9).is_some_and(|class| class.eq_ignore_ascii_case("MSSQLSvc/")));
    signal.error = words().find_map(|word| word.starts_with("0x").then(|| error_number(word))?);
    match spn {
        Some(spn) => signal.add_names([(Role::Spn, spn)]),
        None => signal.add_this_computer(),
    }
    signal.quote(v)
}
