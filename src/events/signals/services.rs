//! Signals of services that could not log on or register their SPN.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Service Control Manager 7000: param1 service, param2 error. A signal only with the error of a refused logon.
pub(super) fn service_not_started(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let error = v.value("param2", 1);
    is_logon_failure(error).then_some(())?;
    signal.error = error_number(error);
    signal.set_subjects([(Role::Service, v.value("param1", 0))], v)
}

/// The errors of Service Control Manager 7000 that mean a refused logon: ERROR_SERVICE_LOGON_FAILED and
/// ERROR_LOGON_FAILURE.
pub(super) fn is_logon_failure(error: &str) -> bool {
    matches!(error_number(error), Some(1069 | 1326))
}

/// Service Control Manager 7038: param1 service, param2 account, param3 error; 7041: param1 service, param2 account.
pub(super) fn service_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    if signal.event_id == 7038 {
        signal.error = error_number(v.value("param3", 2));
    }
    signal.set_subjects([(Role::Service, v.value("param1", 0)), (Role::Account, v.value("param2", 1))], v)
}

/// WAS 5021, 5057, 5059: AppPoolID (XML of 5011 and 5139; the same name in these by third party); the HRESULT is in
/// `Binary`.
pub(super) fn pool_logon_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = v.binary_status();
    signal.set_subjects([(Role::Service, v.value("AppPoolID", 0))], v)
}

/// SQL Server 26037, 26067 (message list of SQL Server: the SPN, the Windows error as `0x21c7`, a state). The source is
/// `MSSQLSERVER` or `MSSQL$INSTANCE`, which the selection cannot name: it takes the IDs of every provider, and this function
/// turns the others away. The SPN is looked for by its class, as the strings' order is unknown.
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
    signal.values = v.quote().into();
    Some(())
}
