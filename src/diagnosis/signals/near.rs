//! A signal near an incident, and whom it concerns.

use jiff::Timestamp;

use crate::events::{Signal, SignalKind};
use crate::incidents::RecordedSignal;

/// A signal that was logged near an incident and concerns one of its parties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NearSignal<'a> {
    pub(crate) recorded: &'a RecordedSignal,
    /// The first time within the window that it was logged.
    pub(crate) at: Timestamp,
    pub(crate) concern: Concern,
    /// Does it have the name of the target's host with a domain? A short name may belong to a machine of another domain.
    pub(crate) names_target_domain: bool,
    /// Was it logged at a password change that the account lists show? Then the password is not broken.
    pub(crate) is_routine: bool,
    /// When the account got a new password between this refusal and the events, as a list shows.
    pub(crate) password_replaced: Option<Timestamp>,
    /// Is it a NETLOGON 3210 whose domain may be the computer's own or that of a trust?
    pub(crate) is_of_unknown_domain: bool,
}

/// The party of an incident that a signal concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// The target's SPN, or the `HOST` SPN of its host.
    Spn,
    /// The target's host or account.
    Target,
    /// The account that answered.
    Responder,
    /// The account that owns the SPN.
    Owner,
    /// The account that answered, on another host than the target.
    Elsewhere,
    /// A trust between two domains.
    Trust,
    /// The client's connection to the target.
    Connection,
    /// The client itself.
    Client,
}

impl NearSignal<'_> {
    pub(crate) fn kind(&self) -> SignalKind {
        self.recorded.signal.kind
    }
}

/// Was an SPN refused because another account has it? The error is ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST (winerror.h).
pub(crate) fn is_spn_taken(signal: &Signal) -> bool {
    matches!(signal.kind, SignalKind::WinRmSpnRefused | SignalKind::SqlSpnRefused)
        && signal.error == Some(8647)
}
