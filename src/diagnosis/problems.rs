//! The identity, name and order of problems. A problem is all incidents that one fix ends.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::finding::Finding;
use super::proof::Repair;
use super::verdict::{Cause, Confidence};
use crate::incidents::{Incident, stable_id};

/// The ID of the problem that an incident belongs to, and its name. The ID is the same in every run.
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

/// A finding, or a value made of one, that has an order key.
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

/// Sorts findings by problem. The problem that affects most clients comes first, and the order depends only on the findings.
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
