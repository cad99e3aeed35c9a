//! NETLOGON: the computer's own password, and the computers that a domain controller refused. Insertion strings as in LMERR;
//! the status is in `Binary` (XML of 5723 and 5805).

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// 3210: `%1` domain, `%2` domain controller. The controller is usually written `\\DC1`, which identifies it
/// if a converter exchanged the two.
pub(super) fn password_rejected(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (domain, controller) = match (v.at(0), v.at(1)) {
        (controller, domain) if controller.starts_with(r"\\") && !domain.starts_with(r"\\") => {
            (domain, controller)
        }
        in_order => in_order,
    };
    signal.about_this_computer();
    signal.names([(Role::Domain, domain), (Role::Controller, controller)]);
    signal.error = v.status();
    signal.values = v.all().into();
    Some(())
}

/// 5719: `%1` domain, `%2` error.
pub(super) fn no_logon_server(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = v.status().or_else(|| error_number(v.at(1)));
    signal.about([(Role::Domain, v.at(0))], v)
}

/// 5722: `%1` computer, `%2` account, `%3` error; 5723: `%1` computer, `%2` account; 5805: `%1` computer, `%2` error.
pub(super) fn session_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, error) = match signal.event_id {
        5722 => (v.at(1), v.at(2)),
        5723 => (v.at(1), ""),
        _ => ("", v.at(1)),
    };
    signal.error = v.status().or_else(|| error_number(error));
    signal.about([(Role::Computer, v.at(0)), (Role::Account, account)], v)
}

/// 5720, 5721, logged by the member: `%1` domain controller, `%2` domain, `%3` computer.
pub(super) fn no_account_for_this_computer(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    match v.at(2) {
        "" => signal.about_this_computer(),
        computer => signal.names([(Role::Computer, computer)]),
    }
    signal.names([(Role::Domain, v.at(1)), (Role::Controller, v.at(0))]);
    signal.error = v.status();
    signal.values = v.all().into();
    Some(())
}

/// 5788: the SPNs as `%1` and `%2`; 5789: the host name as `%1`.
pub(super) fn own_names_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let role = if signal.event_id == 5788 { Role::Spn } else { Role::Computer };
    signal.about_this_computer();
    signal.names([(role, v.at(0)), (role, v.at(1))]);
    signal.error = v.status();
    signal.values = v.all().into();
    Some(())
}

/// 5800: `%1` domain controller, `%2` account.
pub(super) fn two_accounts(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.about([(Role::Account, v.at(1)), (Role::Controller, v.at(0))], v)
}
