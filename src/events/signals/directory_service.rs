//! Events of domain controllers in the Directory Service and Security logs.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Maximum number of SPNs read from one change. More do not help a reader.
const MAX_SPNS: usize = 64;

/// Reads ActiveDirectory_DomainService 2095: `%1` remote domain controller (message text; unnamed strings as in public logs
/// with 2092 and 1988); 2103, 2168 to 2170: about the domain controller that logs them.
pub(super) fn controller_restored(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    match signal.event_id {
        2095 => signal.add_names([(Role::Controller, v.insertion(0))]),
        _ => signal.add_this_computer(),
    }
    signal.quote(v)
}

/// Reads ActiveDirectory_DomainService 2974 (Microsoft's page on SPN and UPN uniqueness), 1645: a domain controller and its
/// SPN.
///
/// The order of the strings of 2974 is unknown. So the SPN is the first word with a `/`, and the error is 8647 (SPN not
/// unique) or 8648 (UPN not unique).
pub(super) fn spn_problem(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let values = || v.0.data.iter().map(|datum| datum.value.trim());
    let spn = values()
        .flat_map(str::split_whitespace)
        .map(|word| word.strip_prefix("Value=").unwrap_or(word))
        .find(|word| word.contains('/') && !word.contains(['=', ',', '<']) && !word.starts_with("http"));
    signal.error = values().filter_map(error_number).find(|error| matches!(error, 8647 | 8648));
    match spn {
        Some(spn) => signal.add_names([(Role::Spn, spn)]),
        // A string without `/` is a userPrincipalName.
        None if signal.event_id == 2974 => return None,
        None => {}
    }
    if signal.event_id == 1645 {
        signal.add_names([(Role::Controller, v.insertion(0))]);
    }
    signal.quote(v)
}

/// Reads Security 4742, 4738 (manifest). An attribute that was changed has its new value, any other has `-`.
pub(super) fn account_changed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    const CHANGES: [&str; 4] =
        ["PasswordLastSet", "ServicePrincipalNames", "DnsHostName", "UserAccountControl"];
    let changed = |name: &str| Some(v.value_of(name)).filter(|value| !matches!(*value, "" | "-"));
    let changes: Vec<String> =
        CHANGES.iter().filter_map(|name| Some(format!(", {name}={}", one_line(changed(name)?)))).collect();
    changes.first()?;
    set_target(signal, v)?;
    if let Some(spns) = changed("ServicePrincipalNames") {
        let spns = spns.split_whitespace().filter(|spn| spn.contains('/')).take(MAX_SPNS);
        signal.add_names(spns.map(|spn| (Role::Spn, spn)));
    }
    signal.add_names([(Role::Computer, changed("DnsHostName").unwrap_or_default())]);
    let text = changes.concat();
    signal.values = super::values::truncate(&format!("{}{text}", signal.values)).into();
    Some(())
}

/// Reads Security 4724 (manifest).
pub(super) fn password_reset(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    set_target(signal, v)
}

/// Adds the account that was changed (TargetUserName, TargetDomainName) and who changed it (SubjectUserName).
fn set_target(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, requester) = (v.value_of("TargetUserName"), v.value_of("SubjectUserName"));
    let domain = v.value_of("TargetDomainName");
    (!account.is_empty()).then_some(())?;
    signal.add_names([(Role::Account, account), (Role::Domain, domain), (Role::Requester, requester)]);
    signal.values = format!(
        "TargetUserName={account}, TargetDomainName={domain}, SubjectUserName={requester}, SubjectDomainName={}",
        v.value_of("SubjectDomainName")
    )
    .into();
    Some(())
}

/// Joins the lines of a list with blanks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
