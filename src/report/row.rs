//! One finding as a row of the report. The columns are a published contract: `docs/report.md`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::item::{EvidenceItem, RequestItem, StepItem};
use crate::diagnosis::{Cause, Collect, Confidence, Finding, Kind, Request};
use crate::files::FileIndex;
use crate::incidents::ActivityTimes;

/// The report's columns, in their order.
pub const COLUMNS: [&str; 27] = [
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

    /// Is it present now? Only a comparison can show that it is not.
    pub fn is_present(self) -> bool {
        self != Self::Resolved
    }

    /// Is it one that an earlier report did not have as present?
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
    #[serde(default)]
    pub problem: String,
    /// The finding as one sentence, without a full stop.
    #[serde(default)]
    pub title: String,
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
    pub explanation: String,
    pub evidence: Vec<EvidenceItem>,
    pub missing: Vec<RequestItem>,
    pub fix: Vec<StepItem>,
    pub logs: Vec<String>,
    /// What `collect-script` can collect for `missing`.
    #[serde(default)]
    pub collect: Vec<String>,
    /// The seconds with an event, for the timeline. Earlier reports do not have them.
    #[serde(skip)]
    pub activity: ActivityTimes,
}

/// The name of a problem: the thing to fix. An earlier report in CSV does not have it, then it is the ID.
pub fn problem_name<'a>(problem: &'a str, id: &'a str) -> &'a str {
    if problem.is_empty() { id } else { problem }
}

impl Row {
    /// Makes the row of a finding. `log_name` gives the path of an input by its index.
    pub fn new(finding: Finding, log_name: &dyn Fn(FileIndex) -> String) -> Self {
        let incident = &finding.incident;
        let collect: BTreeSet<Collect> = finding.missing.iter().flat_map(Request::collects).collect();
        let mut logs: Vec<String> = incident.occurrences.files.iter().map(|&f| log_name(f)).collect();
        logs.sort();
        logs.dedup();
        Self {
            incident_id: finding.incident_id.clone(),
            problem_id: finding.problem_id.clone(),
            problem: finding.problem.clone(),
            title: finding.title.clone(),
            status: Status::New,
            cause: finding.cause,
            kind: finding.kind,
            confidence: finding.confidence,
            client: incident.client.to_string(),
            answered_by: incident.answered_by.to_string(),
            target_spn: incident.target.to_string(),
            service_class: finding.service_class.clone(),
            target_host: finding.target_host.clone(),
            target_realm: incident.target_realm.to_string(),
            client_realm: incident.client_realm.to_string(),
            shared_addresses: finding.shared_addresses.iter().map(ToString::to_string).collect(),
            events: incident.occurrences.events,
            first_seen: incident.occurrences.first.to_string(),
            last_seen: incident.occurrences.last.to_string(),
            explanation: finding.explanation.clone(),
            evidence: finding.evidence.into_iter().map(EvidenceItem::new).collect(),
            missing: finding.missing.into_iter().map(RequestItem::new).collect(),
            fix: finding.fix.into_iter().map(StepItem::new).collect(),
            logs,
            collect: collect.iter().map(ToString::to_string).collect(),
            activity: incident.occurrences.activity.clone(),
        }
    }

    /// The cells in the order of [`COLUMNS`], not yet escaped.
    pub fn cells(&self) -> [Cow<'_, str>; 27] {
        [
            (&self.incident_id).into(),
            (&self.problem_id).into(),
            self.status.name().into(),
            self.cause.name().into(),
            self.kind.name().into(),
            self.confidence.name().into(),
            (&self.client).into(),
            (&self.answered_by).into(),
            (&self.target_spn).into(),
            (&self.service_class).into(),
            (&self.target_host).into(),
            (&self.target_realm).into(),
            (&self.client_realm).into(),
            join(&self.shared_addresses).into(),
            self.events.to_string().into(),
            (&self.first_seen).into(),
            (&self.last_seen).into(),
            (&self.explanation).into(),
            join(self.evidence.iter().map(EvidenceItem::cell)).into(),
            join(self.missing.iter().map(RequestItem::text)).into(),
            join(self.fix.iter().map(StepItem::text)).into(),
            join(&self.logs).into(),
            (&self.problem).into(),
            (&self.title).into(),
            join(self.evidence.iter().map(|item| item.role.name())).into(),
            join(self.missing.iter().map(RequestItem::code)).into(),
            join(&self.collect).into(),
        ]
    }
}

/// A list as one cell. If an item contains the separator (a crafted name can), its blank is removed, so that
/// the list can be split again.
pub fn join(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut cell = String::new();
    for (i, item) in items.into_iter().enumerate() {
        let item = item.as_ref();
        if i > 0 {
            cell.push_str(LIST_SEPARATOR);
        }
        // Few items contain a semicolon, and searching for it is faster.
        if item.contains(';') {
            cell.push_str(&item.replace(LIST_SEPARATOR, ";"));
        } else {
            cell.push_str(item);
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
