//! Problems: what one fix ends. Their identity, name and order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::finding::Finding;
use super::proof::Repair;
use super::verdict::{Cause, Confidence};
use crate::incidents::{Incident, stable_id};

/// The problem an incident belongs to: its identity, the same in every run, and the thing to fix as a person names it.
pub(super) fn problem_of(cause: Cause, repair: &Repair, incident: &Incident) -> (String, String) {
    let (what, text) = match repair {
        Repair::Addresses(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            ("address", format!("shared address {}", addresses.join(", ")))
        }
        Repair::Hosts(a, b) => ("hosts", format!("addresses of {a} and {b}")),
        Repair::Spn(spn) => ("spn", format!("SPN {spn}")),
        Repair::Account(account) => ("account", format!("key of {account}")),
        Repair::Name(name) => ("name", format!("name {}", name.to_lowercase())),
        Repair::Incident => {
            let id = incident.id();
            return (stable_id('p', &["incident", &id]), format!("incident {id}"));
        }
    };
    (stable_id('p', &[cause.name(), what, &text]), text)
}

/// The key that orders findings in a report.
pub(crate) struct OrderKey<'f> {
    pub(crate) problem_id: &'f str,
    pub(crate) confidence: Confidence,
    pub(crate) client: &'f str,
    pub(crate) incident_id: &'f str,
    pub(crate) events: u64,
}

/// A finding, or what was made of it.
pub(crate) trait Orderable {
    fn order_key(&self) -> OrderKey<'_>;
}

impl Orderable for Finding {
    fn order_key(&self) -> OrderKey<'_> {
        OrderKey {
            problem_id: &self.problem_id,
            confidence: self.confidence,
            client: &self.incident.client,
            incident_id: &self.incident_id,
            events: self.incident.occurrences.events,
        }
    }
}

/// Orders findings by problem, the one that affects most clients first; all of it by values of the findings alone.
pub(super) fn sort<T: Orderable>(findings: &mut [T]) {
    let mut clients: HashMap<String, (BTreeSet<String>, u64)> = HashMap::new();
    for key in findings.iter().map(T::order_key) {
        let entry = clients.entry(key.problem_id.to_owned()).or_default();
        entry.0.insert(key.client.to_lowercase());
        entry.1 += key.events;
    }
    let weight: HashMap<String, (usize, u64)> =
        clients.into_iter().map(|(id, (clients, events))| (id, (clients.len(), events))).collect();
    findings.sort_by_cached_key(|finding| {
        let key = finding.order_key();
        (
            Reverse(weight.get(key.problem_id).copied()),
            key.problem_id.to_owned(),
            Reverse(key.confidence),
            key.client.to_lowercase(),
            key.incident_id.to_owned(),
        )
    });
}
