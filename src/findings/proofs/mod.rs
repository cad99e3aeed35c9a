//! What each row of the decision table needs to hold, and the evidence when it does.

pub mod hosts;
pub mod keys;
pub mod names;
pub mod registration;
pub mod shared;
pub mod unclear;

use crate::findings::Kind;
use crate::findings::case::Case;
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::names::Principal;
use jiff::SignedDuration;
use std::net::IpAddr;

pub(super) use super::beside::quote;

/// Where these addresses stand.
fn sources_of<'r>(rows: impl IntoIterator<Item = &'r OwnedAddress>) -> Vec<Source> {
    rows.into_iter().map(|row| row.source.clone()).collect()
}

/// Where it stands that C's name leads to such an address.
fn dns_sources(case: &Case<'_>, is_such: impl Fn(IpAddr) -> bool) -> Vec<Source> {
    let led = case.resolved().iter().filter(|(address, _)| is_such(*address));
    led.map(|(_, source)| (*source).clone()).collect()
}

/// Service tickets live at most this long by default ("Maximum lifetime for service ticket", 600 minutes).
pub(super) const TICKET_LIFETIME: SignedDuration = SignedDuration::from_hours(10);

/// Adapters named in one piece of evidence; a cluster of hundreds of addresses must not fill a cell.
const MAX_ADDRESSES: usize = 4;

/// Why a row holds.
#[derive(Debug, Default)]
pub struct Proof {
    pub evidence: Vec<String>,
    /// A closer kind than the row's.
    pub kind: Option<Kind>,
    pub shared: Vec<IpAddr>,
    /// The addresses by which B was reached, as the inventories say.
    pub reached: Vec<IpAddr>,
    /// What would settle it, with the command.
    pub missing: Vec<String>,
    pub repair: Repair,
    /// Who owns the SPN or adapter, for the explanation.
    pub detail: String,
    /// The names alone do not tell surely who answered.
    pub at_most_likely: bool,
    /// The facts that inventories prove it with: for each, where it stands.
    pub rests_on: Vec<Vec<Source>>,
    /// It is proved by who owns the SPN, as the account lists say.
    pub rests_on_owners: bool,
    /// It rests on names and addresses that change without anybody's doing (leases, dynamic registration): only lists that are
    /// known to be of the time show it.
    pub changes_by_itself: bool,
}

/// What one repair would end: incidents with the same repair are one problem.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Repair {
    Addresses(Vec<IpAddr>),
    /// Two hosts that seem to share an address nobody has listed.
    Hosts(String, String),
    Spn(String),
    Account(String),
    /// A name that leads to the wrong host.
    Name(String),
    #[default]
    Incident,
}

pub(super) fn proof(case: &Case<'_>, repair: Repair) -> Proof {
    Proof { repair, at_most_likely: !case.sure_who_answered, ..Proof::default() }
}

/// C as a person names it: the host where there is one, else the target itself.
pub(super) fn target_name(case: &Case<'_>) -> String {
    match (&case.target, &case.target_host) {
        (Principal::Spn(spn), Some(_)) if spn.address().is_none() => spn.host.to_string(),
        (_, Some(host)) => host.to_string(),
        _ => case.incident.target.to_string(),
    }
}

/// B as a host name.
pub(super) fn answerer_name(case: &Case<'_>) -> String {
    match &case.answerer_host {
        Some(host) => host.to_string(),
        None => case.incident.answered_by.to_string(),
    }
}
