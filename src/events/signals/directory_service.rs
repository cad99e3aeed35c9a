//! Domain controllers: Directory Service and Security logs.

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Most SPNs read from one change. More do not help a reader.
const MAX_SPNS: usize = 64;

/// ActiveDirectory_DomainService 2095: the remote domain controller first (message text; strings are unnamed, XML of 2092
/// and 1988); 2103, and 2168 to 2170: of this domain controller itself.
pub(super) fn restored(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    match signal.event_id {
        2095 => signal.add_names([(Role::Controller, v.insertion(0))]),
        _ => signal.add_this_computer(),
    }
    signal.values = v.quote().into();
    Some(())
}

/// ActiveDirectory_DomainService 2974 (text in Microsoft's page on SPN and UPN uniqueness; the order of the strings is
/// unknown): the SPN is looked for, and the error is the one that can be meant. 1645: the destination domain controller and
/// its SPN.
pub(super) fn spn(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let values = || v.0.data.iter().map(|datum| datum.value.trim());
    let spn = values()
        .flat_map(str::split_whitespace)
        .map(|word| word.strip_prefix("Value=").unwrap_or(word))
        .find(|word| word.contains('/') && !word.contains(['=', ',', '<']) && !word.starts_with("http"));
    signal.error = values().filter_map(error_number).find(|error| matches!(error, 8647 | 8648));
    match spn {
        Some(spn) => signal.add_names([(Role::Spn, spn)]),
        // A userPrincipalName.
        None if signal.event_id == 2974 => return None,
        None => {}
    }
    if signal.event_id == 1645 {
        signal.add_names([(Role::Controller, v.insertion(0))]);
    }
    signal.values = v.quote().into();
    Some(())
}

/// Security 4742, 4738 (MAN): what was changed has a value, the rest is `-`. Other changes are of no use here.
pub(super) fn account_changed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    const CHANGES: [&str; 4] =
        ["PasswordLastSet", "ServicePrincipalNames", "DnsHostName", "UserAccountControl"];
    let changed = |name: &str| Some(v.value_of(name)).filter(|value| !matches!(*value, "" | "-"));
    let changes: Vec<String> =
        CHANGES.iter().filter_map(|name| Some(format!(", {name}={}", one_line(changed(name)?)))).collect();
    changes.first()?;
    target(signal, v)?;
    if let Some(spns) = changed("ServicePrincipalNames") {
        let spns = spns.split_whitespace().filter(|spn| spn.contains('/')).take(MAX_SPNS);
        signal.add_names(spns.map(|spn| (Role::Spn, spn)));
    }
    signal.add_names([(Role::Computer, changed("DnsHostName").unwrap_or_default())]);
    let text = changes.concat();
    signal.values = super::values::truncate(&format!("{}{text}", signal.values)).into();
    Some(())
}

/// Security 4724 (MAN).
pub(super) fn password_reset(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    target(signal, v)
}

/// TargetUserName, TargetDomainName; SubjectUserName, SubjectDomainName.
fn target(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
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

/// A list of several lines in one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
