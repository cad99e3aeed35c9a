//! Events of NETLOGON about the computer's own password, and about computers that a domain controller refused. The insertion
//! strings are those of `lmerrlog.h`. `Binary` has the status (public logs with 5723 and 5805).

use super::signal::{Role, Signal};
use super::values::{Values, error_number};

/// Reads NETLOGON 3210: `%1` domain, `%2` domain controller. A converter may have exchanged them. The controller is usually
/// written `\\DC1`, which identifies it.
pub(super) fn password_rejected(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (domain, controller) = match (v.insertion(0), v.insertion(1)) {
        (controller, domain) if controller.starts_with(r"\\") && !domain.starts_with(r"\\") => {
            (domain, controller)
        }
        in_order => in_order,
    };
    signal.add_this_computer();
    signal.add_names([(Role::Domain, domain), (Role::Controller, controller)]);
    signal.error = v.binary_status();
    signal.quote(v)
}

/// Reads NETLOGON 5719: `%1` domain, `%2` error.
pub(super) fn no_logon_server(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = v.binary_status().or_else(|| error_number(v.insertion(1)));
    signal.set_subjects([(Role::Domain, v.insertion(0))], v)
}

/// Reads NETLOGON 5722: `%1` computer, `%2` account, `%3` error; 5723: `%1` computer, `%2` account; 5805: `%1` computer,
/// `%2` error.
pub(super) fn session_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let (account, error) = match signal.event_id {
        5722 => (v.insertion(1), v.insertion(2)),
        5723 => (v.insertion(1), ""),
        _ => ("", v.insertion(1)),
    };
    signal.error = v.binary_status().or_else(|| error_number(error));
    signal.set_subjects([(Role::Computer, v.insertion(0)), (Role::Account, account)], v)
}

/// Reads NETLOGON 5720, 5721, logged by the member: `%1` domain controller, `%2` domain, `%3` computer.
pub(super) fn no_account_for_this_computer(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    match v.insertion(2) {
        "" => signal.add_this_computer(),
        computer => signal.add_names([(Role::Computer, computer)]),
    }
    signal.add_names([(Role::Domain, v.insertion(1)), (Role::Controller, v.insertion(0))]);
    signal.error = v.binary_status();
    signal.quote(v)
}

/// Reads NETLOGON 5788: `%1` and `%2` SPNs; 5789: `%1` host name.
pub(super) fn own_names_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let role = if signal.event_id == 5788 { Role::Spn } else { Role::Computer };
    signal.add_this_computer();
    signal.add_names([(role, v.insertion(0)), (role, v.insertion(1))]);
    signal.error = v.binary_status();
    signal.quote(v)
}

/// Reads NETLOGON 5800: `%1` domain controller, `%2` account.
pub(super) fn two_accounts(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.set_subjects([(Role::Account, v.insertion(1)), (Role::Controller, v.insertion(0))], v)
}
