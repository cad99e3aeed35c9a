//! A signal near an incident.

use jiff::Timestamp;

use crate::events::{Signal, SignalKind};
use crate::incidents::RecordedSignal;

/// A signal that lies near an incident in time and concerns one of its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearSignal<'a> {
    pub(crate) recorded: &'a RecordedSignal,
    /// The first time it was recorded within the window.
    pub(crate) at: Timestamp,
    pub(crate) concern: Concern,
    /// It names the target's host with its domain: a short name may be that of another domain's machine.
    pub(crate) names_target_domain: bool,
    /// It was logged at a change of the password that the account lists show, so it shows no broken password.
    pub(crate) is_routine: bool,
    /// A list shows a new password between this refusal and the events: when it was set.
    pub(crate) password_replaced: Option<Timestamp>,
    /// NETLOGON 3210 with a domain that may be the computer's own, or that of a trust.
    pub(crate) is_of_unknown_domain: bool,
}

/// Whom a signal concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// The target's SPN itself, or its HOST form.
    Spn,
    /// The target's host or account.
    Target,
    /// The account that answered.
    Responder,
    /// The account that owns the SPN.
    Owner,
    /// The account that answered, on another host than the target.
    Elsewhere,
    /// A trust between two domains, and no computer of the incident.
    Trust,
    /// The client, about its connection to the target.
    Connection,
    /// The client itself.
    Client,
}

impl NearSignal<'_> {
    pub(crate) fn kind(&self) -> SignalKind {
        self.recorded.signal.kind
    }
}

/// ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST (winerror.h): another account has the SPN.
pub(crate) fn is_taken(signal: &Signal) -> bool {
    matches!(signal.kind, SignalKind::WinRmSpnRefused | SignalKind::SqlSpnRefused)
        && signal.error == Some(8647)
}
