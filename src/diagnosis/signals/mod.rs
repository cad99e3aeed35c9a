//! The signals near an incident: [`near`] has the type, [`concern`] decides whom a signal concerns, and [`meaning`] has the words
//! for it.

mod concern;
mod meaning;
mod near;

use jiff::{SignedDuration, Timestamp};

use super::connection::Connection;
use super::ownership::Ownership;
use super::parties::Parties;
use super::signal_index::{SignalHosts, SignalLookup, lookup_label};
use crate::events::SignalKind;
use crate::incidents::RecordedSignal;
use crate::names::{HostMatch, HostName};

use concern::{SignalContext, responder_names, target_names};
pub(crate) use near::{Concern, NearSignal, is_spn_taken};

/// Longest time between two tries of NETLOGON. In a longer gap between refusals a session may have worked.
const NETLOGON_RETRY: SignedDuration = SignedDuration::from_hours(6);

/// Longest time between a computer's password change and NETLOGON 5722, which a domain controller logs until the new password
/// has replicated (KB810977).
const PASSWORD_CHANGE: SignedDuration = SignedDuration::from_hours(1);

/// The signals near one incident, sorted by concern, kind and time.
#[derive(Debug, Default)]
pub(crate) struct Signals<'a>(Vec<NearSignal<'a>>);

impl<'a> Signals<'a> {
    pub(crate) fn near(parties: &Parties<'a>, connection: &Connection, ownership: &Ownership<'a>) -> Self {
        let context = parties.context;
        let responder = responder_names(parties, connection, ownership);
        let target = target_names(parties, ownership);
        let window = u32::try_from(context.window.as_secs().max(0)).unwrap_or(u32::MAX);
        let near = |(recorded, hosts): (&'a RecordedSignal, &'a SignalHosts)| {
            // Times are compared first, because that is faster than comparing names.
            let at = if is_timeless(recorded.signal.kind) {
                recorded.occurrences.first
            } else {
                let incident = &parties.incident.occurrences.activity;
                recorded.occurrences.activity.first_near(incident, window).or_else(|| {
                    lasted_through_incident(parties, ownership, recorded)
                        .then_some(recorded.occurrences.first)
                })?
            };
            let context = SignalContext {
                parties,
                connection,
                ownership,
                recorded,
                hosts,
                responder: &responder,
                target: &target,
            };
            let concern = context.concern()?;
            Some(NearSignal {
                recorded,
                at,
                concern,
                names_target_domain: names_target(parties, hosts),
                is_routine: is_routine_change(ownership, recorded, at),
                password_replaced: password_replaced(parties, ownership, recorded),
                is_of_unknown_domain: context.is_of_unknown_domain(),
            })
        };
        let labels = lookup_labels(parties, ownership);
        let lookup = SignalLookup {
            labels: &labels,
            client: parties.client_host.as_ref().map(HostName::netbios),
            target: parties.target_host.as_ref().map(HostName::netbios),
            addresses: parties.target_id.map(|id| context.hosts.owned_by_address(id)).unwrap_or_default(),
        };
        let mut found: Vec<NearSignal<'a>> = context.signals.find(lookup).filter_map(near).collect();
        found.sort_by_key(|signal| (signal.concern, signal.recorded.signal.kind, signal.at));
        Self(found)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = NearSignal<'a>> + '_ {
        self.0.iter().copied()
    }

    /// The first signal of one of these kinds with one of these concerns.
    pub(crate) fn find(&self, kinds: &[SignalKind], concerns: &[Concern]) -> Option<NearSignal<'a>> {
        self.iter()
            .find(|near| kinds.contains(&near.recorded.signal.kind) && concerns.contains(&near.concern))
    }
}

/// Does a signal of this kind show what a host has or is, whenever it was logged?
pub(crate) fn is_timeless(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::UsbNicInstalled | SignalKind::Renamed)
}

/// Was the password refused from before the first event to after the last, without a new password in between?
///
/// The refusals must follow each other within hours. Two refusals weeks apart show nothing about the time between them.
fn lasted_through_incident(
    parties: &Parties<'_>,
    ownership: &Ownership<'_>,
    recorded: &RecordedSignal,
) -> bool {
    use SignalKind::{NoMachineAccount, PasswordRejected, SessionRefused};
    if !matches!(recorded.signal.kind, PasswordRejected | SessionRefused | NoMachineAccount) {
        return false;
    }
    let incident = &parties.incident.occurrences;
    let mut covered: Option<Timestamp> = None;
    for time in recorded.occurrences.activity.iter() {
        let follows = covered.is_some_and(|last| time.duration_since(last) <= NETLOGON_RETRY);
        let begins = time <= incident.first && incident.first.duration_since(time) <= NETLOGON_RETRY;
        match follows || begins {
            true => covered = Some(time),
            false if time > incident.first => return false,
            false => covered = None,
        }
        if covered.is_some_and(|last| last >= incident.last) {
            let changed = ownership.responder_accounts.iter().filter_map(|account| account.password_last_set);
            return !changed.into_iter().any(|set| recorded.occurrences.first < set && set <= time);
        }
    }
    false
}

/// Is it a NETLOGON 5722 within an hour of a password change that a list shows? Then the change caused it (KB810977).
fn is_routine_change(ownership: &Ownership<'_>, recorded: &RecordedSignal, at: Timestamp) -> bool {
    recorded.signal.kind == SignalKind::SessionRefused
        && recorded.signal.event_id == 5722
        && ownership
            .responder_accounts
            .iter()
            .filter_map(|account| account.password_last_set)
            .any(|set| at.duration_since(set).abs() <= PASSWORD_CHANGE)
}

/// The time of a new password that lies between the events and every refusal within the window. Then the refused password was
/// another one.
fn password_replaced(
    parties: &Parties<'_>,
    ownership: &Ownership<'_>,
    recorded: &RecordedSignal,
) -> Option<Timestamp> {
    use SignalKind::{PasswordRejected, ServiceLogonFailed, SessionRefused};
    if !matches!(recorded.signal.kind, PasswordRejected | SessionRefused | ServiceLogonFailed) {
        return None;
    }
    let (window, incident) = (parties.context.window, &parties.incident.occurrences);
    let (first, last) = (incident.first, incident.last);
    let near = |time: Timestamp| first.duration_since(time) <= window && time.duration_since(last) <= window;
    let apart = |set: Timestamp, time: Timestamp| (time < set && set <= first) || (last <= set && set < time);
    let accounts = ownership.responder_accounts.iter().filter_map(|account| account.password_last_set);
    accounts.filter(|&set| near(set)).find(|&set| {
        let mut times = recorded.occurrences.activity.iter().filter(|&time| near(time)).peekable();
        times.peek().is_some() && times.all(|time| apart(set, time))
    })
}

fn lookup_labels(parties: &Parties<'_>, ownership: &Ownership<'_>) -> Vec<Box<str>> {
    let hosts = [&parties.client_host, &parties.target_host, &parties.responder_host];
    let mut labels: Vec<Box<str>> = hosts.into_iter().flatten().map(|host| host.netbios().into()).collect();
    labels.extend(ownership.owners.iter().filter_map(|account| lookup_label(&account.name)));
    labels.sort();
    labels.dedup();
    labels
}

/// Does the signal name the target's host with a domain?
fn names_target(parties: &Parties<'_>, hosts: &SignalHosts) -> bool {
    let Some(target) = &parties.target_host else { return false };
    hosts.subjects.iter().any(|named| named.domain().is_some() && named.compare(target) != HostMatch::No)
}
