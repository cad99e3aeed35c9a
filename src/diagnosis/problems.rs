//! Problems: what one fix ends. Their identity, name and order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::finding::Finding;
use super::proof::Repair;
use super::verdict::Cause;
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

/// Orders findings by problem, the one that affects most clients first; all of it by values of the findings alone.
pub fn order(findings: &mut [Finding]) {
    let mut clients: HashMap<String, (BTreeSet<String>, u64)> = HashMap::new();
    for finding in findings.iter() {
        let entry = clients.entry(finding.problem_id.clone()).or_default();
        entry.0.insert(finding.incident.client.to_lowercase());
        entry.1 += finding.incident.occurrences.events;
    }
    let weight: HashMap<String, (usize, u64)> =
        clients.into_iter().map(|(id, (clients, events))| (id, (clients.len(), events))).collect();
    findings.sort_by_cached_key(|finding| {
        (
            Reverse(weight.get(&finding.problem_id).copied()),
            finding.problem_id.clone(),
            Reverse(finding.confidence),
            finding.incident.client.to_lowercase(),
            finding.incident_id.clone(),
        )
    });
}
