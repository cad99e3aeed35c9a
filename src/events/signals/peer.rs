//! Events about a host's connections and the names that it serves.

use std::net::IpAddr;

use super::signal::{Role, Signal};
use super::values::{Values, error_number, hex_in_parentheses};

/// Reads LsaSrv 6037: PID, Program, TargetName (manifest).
pub(super) fn not_a_local_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let target = v.value("TargetName", 2);
    signal.set_subjects([(Role::Spn, target)], v)?;
    signal.values = format!("Program={}, TargetName={target}", v.value("Program", 1)).into();
    Some(())
}

/// Reads LsaSrv 40960: Target, Protocol, Error (manifest). The error is a localised text with the code in parentheses.
pub(super) fn authentication_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let target = v.value("Target", 0);
    signal.set_subjects([(Role::Spn, target)], v)?;
    let code = hex_in_parentheses(v.value("Error", 2));
    signal.error = code.map(|(_, number)| number);
    signal.values = format!("Target={target}, Error={}", code.map_or("", |(text, _)| text)).into();
    Some(())
}

/// Reads LsaSrv 40970: `%1` SPN, `%2` error text with the code in parentheses (message table).
pub(super) fn downgrade_denied(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = hex_in_parentheses(v.insertion(1)).map(|(_, number)| number);
    signal.set_subjects([(Role::Spn, v.insertion(0))], v)
}

/// Reads DistributedCOM 10009, 10028: param1 peer; 10006: param1 error text, param2 peer (message table).
pub(super) fn dcom_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let peer = match signal.event_id {
        10006 => v.value("param2", 1),
        _ => v.value("param1", 0),
    };
    signal.addresses.extend(peer.parse::<IpAddr>());
    signal.set_subjects([(Role::Computer, peer)], v)?;
    signal.values = format!("computer={peer}").into();
    Some(())
}

/// Reads WinRM 10154: spn1, spn2, error (public log).
pub(super) fn winrm_spns_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("error", 2));
    signal.set_subjects([(Role::Spn, v.value("spn1", 0)), (Role::Spn, v.value("spn2", 1))], v)
}
