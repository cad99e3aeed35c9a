//! One finding as a row of the report. The columns are a published contract: `docs/report.md`.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::sync::Arc;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::fix::Fix;
use super::item::{EvidenceItem, RequestItem};
use super::numbers::grouped;
use crate::diagnosis::{Cause, Collectable, Confidence, Finding, Kind, OrderKey, Orderable, Request};
use crate::files::FileIndex;
use crate::incidents::ActivityTimes;

/// The report's columns, in their order.
pub const COLUMNS: [&str; 28] = [
    "incident_id",
    "problem_id",
    "status",
    "cause",
    "kind",
    "confidence",
    "client",
    "answered_by",
    "target_spn",
    "service_class",
    "target_host",
    "target_realm",
    "client_realm",
    "shared_addresses",
    "events",
    "first_seen",
    "last_seen",
    "explanation",
    "evidence",
    "missing",
    "fix",
    "logs",
    "problem",
    "title",
    "evidence_roles",
    "requests",
    "collect",
    "evidence_sections",
];

/// Number of columns of the first reports. An earlier report may lack the later ones.
pub const FIRST_COLUMNS: usize = 22;

/// Separator of list items in one cell.
pub const LIST_SEPARATOR: &str = "; ";

/// Status of an incident against an earlier report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    New,
    Ongoing,
    Resolved,
    Reopened,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::New, Self::Ongoing, Self::Resolved, Self::Reopened];

    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ongoing => "ongoing",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
        }
    }

    /// Counts each status: `2 new, 5 ongoing, 1 resolved, 0 reopened`.
    pub fn counts(statuses: impl Iterator<Item = Self> + Clone) -> String {
        let count = |status: Self| statuses.clone().filter(|s| *s == status).count() as u64;
        Self::ALL.map(|status| format!("{} {}", grouped(count(status)), status.name())).join(", ")
    }

    /// Reports whether the incident is present now. Without a comparison every incident is.
    pub fn is_present(self) -> bool {
        self != Self::Resolved
    }

    /// Reports whether the incident is present now and was not present in the earlier report.
    pub fn is_new(self) -> bool {
        matches!(self, Self::New | Self::Reopened)
    }
}

/// One row. Texts are raw: each format escapes them. Its fields in this order are also the members of an
/// incident in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub incident_id: String,
    pub problem_id: String,
    /// The thing to fix.
    #[serde(default, with = "shared_text")]
    pub problem: Arc<str>,
    /// The finding as one sentence, without a full stop.
    #[serde(default, with = "shared_text")]
    pub title: Arc<str>,
    pub status: Status,
    pub cause: Cause,
    pub kind: Kind,
    pub confidence: Confidence,
    pub client: String,
    pub answered_by: String,
    pub target_spn: String,
    pub service_class: String,
    pub target_host: String,
    pub target_realm: String,
    pub client_realm: String,
    pub shared_addresses: Vec<String>,
    pub events: u64,
    /// RFC 3339, UTC, with `Z`.
    pub first_seen: String,
    pub last_seen: String,
    #[serde(with = "shared_text")]
    pub explanation: Arc<str>,
    pub evidence: Vec<EvidenceItem>,
    pub missing: Vec<RequestItem>,
    pub fix: Fix,
    pub logs: Vec<String>,
    /// Data that `collect-script` can collect for `missing`.
    #[serde(default)]
    pub collect: Vec<String>,
    /// The seconds with an event, for the timeline. Earlier reports do not have them.
    #[serde(skip)]
    pub activity: ActivityTimes,
}

/// Texts that a row shares with its problem.
mod shared_text {
    use super::{Arc, Deserialize};

    pub(super) fn serialize<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Into::into)
    }
}

/// The name of a problem: the thing to fix. An earlier report in CSV does not have it, then it is the ID.
pub fn problem_name<'a>(problem: &'a str, id: &'a str) -> &'a str {
    if problem.is_empty() { id } else { problem }
}

impl Orderable for Row {
    fn order_key(&self) -> OrderKey<'_> {
        OrderKey {
            problem_id: &self.problem_id,
            confidence: self.confidence,
            client: &self.client,
            incident_id: &self.incident_id,
            events: self.events,
        }
    }
}

impl Row {
    /// Makes the row of a finding. `log_name` gives the path of an input by its index.
    pub fn new(finding: Finding, log_name: &dyn Fn(FileIndex) -> String) -> Self {
        let incident = finding.incident;
        let collect: BTreeSet<Collectable> = finding.missing.iter().flat_map(Request::collectables).collect();
        let mut logs: Vec<String> = incident.occurrences.files.iter().map(|&f| log_name(f)).collect();
        logs.sort();
        logs.dedup();
        let mut evidence: Vec<_> = finding.evidence.into_iter().map(EvidenceItem::new).collect();
        let mut missing: Vec<_> = finding.missing.into_iter().map(RequestItem::new).collect();
        // They reuse the memory of lists whose items are ten times as large.
        evidence.shrink_to_fit();
        missing.shrink_to_fit();
        Self {
            incident_id: finding.incident_id,
            problem_id: finding.problem_id,
            problem: finding.problem.into(),
            title: finding.title.into(),
            status: Status::New,
            cause: finding.cause,
            kind: finding.kind,
            confidence: finding.confidence,
            client: incident.client.into(),
            answered_by: incident.answered_by.into(),
            target_spn: incident.target.into(),
            service_class: finding.service_class,
            target_host: finding.target_host,
            target_realm: incident.target_realm.into(),
            client_realm: incident.client_realm.into(),
            shared_addresses: finding.shared_addresses.iter().map(ToString::to_string).collect(),
            events: incident.occurrences.events,
            first_seen: incident.occurrences.first.to_string(),
            last_seen: incident.occurrences.last.to_string(),
            explanation: finding.explanation.into(),
            evidence,
            missing,
            fix: Fix::new(finding.remedy),
            logs,
            collect: collect.iter().map(ToString::to_string).collect(),
            activity: incident.occurrences.activity,
        }
    }

    /// Gives the cells to `take`, in the order of [`COLUMNS`] and not yet escaped. `list` is any text: its memory is used for
    /// one list after the other.
    pub fn cells<E>(&self, list: &mut String, mut take: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        take(&self.incident_id)?;
        take(&self.problem_id)?;
        take(self.status.name())?;
        take(self.cause.name())?;
        take(self.kind.name())?;
        take(self.confidence.name())?;
        take(&self.client)?;
        take(&self.answered_by)?;
        take(&self.target_spn)?;
        take(&self.service_class)?;
        take(&self.target_host)?;
        take(&self.target_realm)?;
        take(&self.client_realm)?;
        take(join_into(list, &self.shared_addresses))?;
        take(join_into(list, [self.events]))?;
        take(&self.first_seen)?;
        take(&self.last_seen)?;
        take(&self.explanation)?;
        take(join_into(list, &self.evidence))?;
        take(join_into(list, &self.missing))?;
        take(join_into(list, &*self.fix.steps()))?;
        take(join_into(list, &self.logs))?;
        take(&self.problem)?;
        take(&self.title)?;
        take(join_into(list, self.evidence.iter().map(|item| item.role.name())))?;
        take(join_into(list, self.missing.iter().map(RequestItem::code)))?;
        take(join_into(list, &self.collect))?;
        take(join_into(list, self.evidence.iter().map(|item| item.section().name())))
    }
}

/// A list as one cell. If an item contains the separator (a crafted name can), its blank is removed, so that
/// the list can be split again.
pub fn join(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut cell = String::new();
    join_into(&mut cell, items);
    cell
}

/// Puts the list into `cell`, in place of what it holds.
fn join_into(cell: &mut String, items: impl IntoIterator<Item = impl Display>) -> &str {
    cell.clear();
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            cell.push_str(LIST_SEPARATOR);
        }
        let start = cell.len();
        // Writing into a text does not fail.
        let _ = write!(cell, "{item}");
        let item = cell.get(start..).unwrap_or_default();
        if memmem::find(item.as_bytes(), LIST_SEPARATOR.as_bytes()).is_some() {
            let item = item.replace(LIST_SEPARATOR, ";");
            cell.truncate(start);
            cell.push_str(&item);
        }
    }
    cell
}

/// The items of a cell that [`join`] made.
pub fn split(cell: &str) -> Vec<String> {
    cell.split(LIST_SEPARATOR).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_the_separator_does_not_split_the_list() {
        assert_eq!(join(["a; b", "c"]), "a;b; c");
    }
}
