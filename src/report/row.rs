//! Rows of the report, one for each incident. `docs/report.md` documents their columns.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::sync::Arc;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::fix::Fix;
use super::item::{EvidenceItem, RequestItem};
use super::numbers::group_digits;
use crate::diagnosis::{Cause, Collectable, Confidence, Finding, Kind, OrderKey, Orderable, Request};
use crate::files::FileIndex;
use crate::incidents::ActivityTimes;

/// Columns of the report, in their order.
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

/// Number of columns that every report has. Later columns were added over time.
pub const FIRST_COLUMNS: usize = 22;

/// Separator of the items of a list in one cell.
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
        Self::ALL.map(|status| format!("{} {}", group_digits(count(status)), status.name())).join(", ")
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

/// An incident as a row of the report. Its texts are not escaped. Its fields are, in this order, the members of an incident in
/// JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub incident_id: String,
    pub problem_id: String,
    /// The thing to fix, as a person would call it (`shared address 169.254.95.120`).
    #[serde(default, with = "shared_text")]
    pub problem: Arc<str>,
    /// The finding as one sentence without a full stop.
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
    /// Number of events.
    pub events: u64,
    /// Time of the first event (RFC 3339, UTC, with `Z`).
    pub first_seen: String,
    /// Time of the last event.
    pub last_seen: String,
    /// The reason of the verdict, without a full stop.
    #[serde(with = "shared_text")]
    pub explanation: Arc<str>,
    pub evidence: Vec<EvidenceItem>,
    pub missing: Vec<RequestItem>,
    pub fix: Fix,
    pub logs: Vec<String>,
    /// Data that `collect-script` can collect for `missing`, such as `addresses=HOST` and `resolve=NAME@CLIENT`.
    #[serde(default)]
    pub collect: Vec<String>,
    /// Seconds with an event, for the timeline. A saved report does not have them.
    #[serde(skip)]
    pub activity: ActivityTimes,
}

/// Serialization of a text that a row shares with its problem.
mod shared_text {
    use super::{Arc, Deserialize};

    pub(super) fn serialize<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Into::into)
    }
}

/// Returns the name of a problem: the thing to fix, or the ID if an old report does not have that.
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
    /// Makes the row of a finding. `log_name` returns the path of a log by its index.
    pub fn new(finding: Finding, log_name: &dyn Fn(FileIndex) -> String) -> Self {
        let incident = finding.incident;
        let collect: BTreeSet<Collectable> = finding.missing.iter().flat_map(Request::collectables).collect();
        let mut logs: Vec<String> = incident.occurrences.files.iter().map(|&f| log_name(f)).collect();
        logs.sort();
        logs.dedup();
        let mut evidence: Vec<_> = finding.evidence.into_iter().map(EvidenceItem::new).collect();
        let mut missing: Vec<_> = finding.missing.into_iter().map(RequestItem::new).collect();
        // `collect` reuses the memory of the old lists, whose items are ten times as large.
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

    /// Passes the cells to `write` in the order of [`COLUMNS`], not yet escaped. `buffer` holds one list after the other, so that
    /// they need no memory of their own.
    pub fn cells<E>(
        &self,
        buffer: &mut String,
        mut write: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        write(&self.incident_id)?;
        write(&self.problem_id)?;
        write(self.status.name())?;
        write(self.cause.name())?;
        write(self.kind.name())?;
        write(self.confidence.name())?;
        write(&self.client)?;
        write(&self.answered_by)?;
        write(&self.target_spn)?;
        write(&self.service_class)?;
        write(&self.target_host)?;
        write(&self.target_realm)?;
        write(&self.client_realm)?;
        write(join_into(buffer, &self.shared_addresses))?;
        write(join_into(buffer, [self.events]))?;
        write(&self.first_seen)?;
        write(&self.last_seen)?;
        write(&self.explanation)?;
        write(join_into(buffer, &self.evidence))?;
        write(join_into(buffer, &self.missing))?;
        write(join_into(buffer, &*self.fix.steps()))?;
        write(join_into(buffer, &self.logs))?;
        write(&self.problem)?;
        write(&self.title)?;
        write(join_into(buffer, self.evidence.iter().map(|item| item.role.name())))?;
        write(join_into(buffer, self.missing.iter().map(RequestItem::code)))?;
        write(join_into(buffer, &self.collect))?;
        write(join_into(buffer, self.evidence.iter().map(|item| item.section().name())))
    }
}

/// Reports whether the text is an ID: one of `letters` (`i` for an incident, `p` for a problem), then 12 hexadecimal digits.
pub fn is_id(text: &str, letters: &[char]) -> bool {
    let digits = text.strip_prefix(letters);
    digits.is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Joins a list for one cell. A separator inside an item, as in a crafted name, loses its blank so that [`split`] returns the same
/// items.
pub fn join(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut cell = String::new();
    join_into(&mut cell, items);
    cell
}

/// Replaces the text of `cell` by the list.
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

/// Returns the items of a cell that [`join`] made.
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
