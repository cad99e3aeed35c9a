use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::proofs::Repair;
use super::{Cause, Finding};
use crate::incidents::{Incident, stable_id};
use crate::names::{HostName, Spn};

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

/// What a row of an earlier report tells about its problem.
#[derive(Debug, Clone, Copy)]
pub struct RowNames<'a> {
    pub incident_id: &'a str,
    pub client: &'a str,
    pub answered_by: &'a str,
    pub target: &'a str,
    pub target_host: &'a str,
    pub realms: [&'a str; 2],
    pub shared_addresses: &'a [String],
}

/// The thing to repair, told again from a row whose format has no place for it (CSV). Every way to name it is tried; the
/// identity of the problem, a hash of its name, tells which was meant.
pub fn problem_named(problem_id: &str, cause: Cause, row: &RowNames<'_>) -> Option<String> {
    let host = row.target_host.to_lowercase();
    let spn = Spn::parse(row.target).map_or_else(|| row.target.to_lowercase(), |s| s.key());
    let mut hosts = [row.client.to_lowercase(), host.clone()];
    hosts.sort();
    let mut ways = vec![
        ("address", format!("shared address {}", row.shared_addresses.join(", "))),
        ("hosts", format!("addresses of {} and {}", hosts[0], hosts[1])),
        ("spn", format!("SPN {spn}")),
    ];
    for name in [&*host, row.target].into_iter().chain(host.split('.').next()) {
        ways.push(("name", format!("name {}", name.to_lowercase())));
    }
    let mut domains: Vec<String> = row.realms.iter().map(|r| r.to_lowercase()).collect();
    domains.extend(host.split_once('.').map(|(_, domain)| domain.to_owned()));
    let answerer = row.answered_by.to_lowercase();
    let computer = HostName::parse(answerer.trim_end_matches('$')).map(|h| h.netbios().to_owned());
    for account in [Some(answerer), computer].into_iter().flatten() {
        ways.extend(domains.iter().map(|d| ("account", format!("key of {account} of {d}"))));
        ways.push(("account", format!("key of {account}")));
    }
    if stable_id('p', &["incident", row.incident_id]) == problem_id {
        return Some(format!("incident {}", row.incident_id));
    }
    ways.into_iter()
        .find(|(what, text)| stable_id('p', &[cause.name(), what, text]) == problem_id)
        .map(|(_, text)| text)
}

/// Orders findings by problem, the one that hurts most clients first; all of it by values of the findings alone.
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
