use std::collections::{BTreeSet, HashMap};

use super::proofs::Repair;
use super::{Cause, Finding};
use crate::incidents::{Incident, stable_id};

/// The problem an incident belongs to: its identity, the same in every run, and what a person would repair.
pub(super) fn problem_of(cause: Cause, repair: &Repair, incident: &Incident) -> (String, String) {
    let list = |items: &[String]| items.join(", ");
    let (what, text) = match repair {
        Repair::Addresses(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            ("address", format!("shared address {}", list(&addresses)))
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

/// Orders findings by problem, the one that hurts most clients first; all of it by values of the findings alone.
pub fn order(findings: &mut [Finding]) {
    let mut clients: HashMap<String, (BTreeSet<String>, u64)> = HashMap::new();
    for finding in findings.iter() {
        let entry = clients.entry(finding.problem_id.clone()).or_default();
        entry.0.insert(finding.incident.client.to_lowercase());
        entry.1 += finding.incident.seen.events;
    }
    let weight: HashMap<String, (usize, u64)> =
        clients.into_iter().map(|(id, (clients, events))| (id, (clients.len(), events))).collect();
    findings.sort_by(|a, b| {
        let (wa, wb) = (weight.get(&a.problem_id), weight.get(&b.problem_id));
        wb.cmp(&wa)
            .then_with(|| a.problem_id.cmp(&b.problem_id))
            .then_with(|| b.confidence.cmp(&a.confidence))
            .then_with(|| a.incident.client.to_lowercase().cmp(&b.incident.client.to_lowercase()))
            .then_with(|| a.incident_id.cmp(&b.incident_id))
    });
}
