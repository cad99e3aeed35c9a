//! Signals about a host's connections and the names it serves.

use std::net::IpAddr;

use super::signal::{Role, Signal};
use super::values::{Values, error_number, hex_in_parentheses};

/// LsaSrv 6037: PID, Program, TargetName (MAN).
pub(super) fn not_a_local_name(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let target = v.value("TargetName", 2);
    signal.set_subjects([(Role::Spn, target)], v)?;
    signal.values = format!("Program={}, TargetName={target}", v.value("Program", 1)).into();
    Some(())
}

/// LsaSrv 40960: Target, Protocol, Error (MAN). The error is localised; only the code in parentheses is the same everywhere.
pub(super) fn authentication_failed(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    let target = v.value("Target", 0);
    signal.set_subjects([(Role::Spn, target)], v)?;
    let code = hex_in_parentheses(v.value("Error", 2));
    signal.error = code.map(|(_, number)| number);
    signal.values = format!("Target={target}, Error={}", code.map_or("", |(text, _)| text)).into();
    Some(())
}

/// LsaSrv 6167 (text in KB5070568; no values are known).
pub(super) fn this_computer(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.add_this_computer();
    signal.values = v.quote().into();
    Some(())
}

/// LsaSrv 40970: `%1` SPN, `%2` error as text with the code in parentheses (message table).
pub(super) fn downgrade_denied(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = hex_in_parentheses(v.insertion(1)).map(|(_, number)| number);
    signal.set_subjects([(Role::Spn, v.insertion(0))], v)
}

/// DistributedCOM 10009, 10028: param1 is the peer; 10006: param1 is the error's text and param2 the peer (message table).
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

/// Only quoted.
pub(super) fn quoted(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.values = v.quote().into();
    Some(())
}

/// WinRM 10154: spn1, spn2, error (XML).
pub(super) fn winrm_spns_refused(signal: &mut Signal, v: &Values<'_>) -> Option<()> {
    signal.error = error_number(v.value("error", 2));
    signal.set_subjects([(Role::Spn, v.value("spn1", 0)), (Role::Spn, v.value("spn2", 1))], v)
}
