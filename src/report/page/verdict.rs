//! The summary at the top of the page: the numbers of problems and incidents by cause, confidence and status.

use super::text::{sanitize, sanitize_to};
use crate::diagnosis::{Cause, Confidence};
use crate::report::numbers::{group_digits, pluralize, saturating_sum};
use crate::report::problem::by_time;
use crate::report::{Problem, Report, Status, left_out};

/// Maximum number of new problems that the summary lists.
const MAX_HEADS: usize = 8;

/// Content of the summary.
pub(super) struct Verdict {
    pub heading: String,
    /// Sentences below the heading.
    pub lead: Vec<String>,
    pub heads_title: String,
    /// Problems to look at first: the new ones, or without a comparison the most urgent.
    pub heads: Vec<LeadProblem>,
    pub causes: Vec<CauseLine>,
    pub facts: Vec<SummaryFact>,
    /// Sentence about inputs that are not, or not completely, in the report.
    pub incomplete: Option<String>,
}

/// A problem to look at first.
pub(super) struct LeadProblem {
    pub id: String,
    pub title: String,
    pub cause: &'static str,
    pub label: &'static str,
    pub confidence: &'static str,
    pub counts: String,
}

/// Row of the table of causes.
pub(super) struct CauseLine {
    pub cause: &'static str,
    pub label: &'static str,
    pub means: &'static str,
    pub problems: String,
    pub incidents: String,
    /// Incidents by confidence, in the order of [`Confidence::ALL`].
    pub by_confidence: Vec<ConfidenceCount>,
    pub events: String,
    /// Number of new problems.
    pub new: String,
}

/// Number of incidents with one confidence.
pub(super) struct ConfidenceCount {
    pub confidence: &'static str,
    pub incidents: usize,
    /// The same number, formatted.
    pub shown: String,
}

/// Fact about the events or the inputs.
pub(super) struct SummaryFact {
    pub name: &'static str,
    pub value: String,
}

impl Verdict {
    /// Makes the summary. `all` are the problems of the report, the most urgent first.
    pub(super) fn new(report: &Report<'_>, all: &[&Problem]) -> Self {
        let present: Vec<_> = report.rows.iter().filter(|r| r.status.is_present()).collect();
        let problems: Vec<&Problem> = all.iter().copied().filter(|p| p.status.is_present()).collect();
        let resolved = report.problems.len() - problems.len();
        let new = problems.iter().filter(|p| p.status.is_new()).count();
        let events = saturating_sum(present.iter().map(|r| r.events));
        let n = |n: usize, what: &str| pluralize(n as u64, what);

        let by: Vec<String> = Confidence::ALL
            .iter()
            .map(|c| (problems.iter().filter(|p| p.confidence == *c).count(), c.name()))
            .filter(|(n, _)| *n > 0)
            .map(|(n, name)| format!("{} {name}", group_digits(n as u64)))
            .collect();
        let heading = match (problems.len(), report.compared) {
            (0, true) if resolved > 0 => "No problem is left".to_owned(),
            (0, _) => "No incident was found".to_owned(),
            (1, false) => format!("1 problem, {}", by.join("")),
            (all, false) => format!("{}: {}", n(all, "problem"), by.join(", ")),
            (all, true) => format!("{}, {} of them new", n(all, "problem"), group_digits(new as u64)),
        };
        let mut lead = Vec::new();
        if !present.is_empty() {
            let confidence = match report.compared {
                true => format!(" Confidence: {}.", by.join(", ")),
                false => String::new(),
            };
            lead.push(format!(
                "{} with {}.{confidence}",
                n(present.len(), "incident"),
                pluralize(events, "event")
            ));
        }
        if report.compared {
            lead.push(format!(
                "Since the earlier report: incidents {}; problems resolved {}.",
                Status::counts(report.rows.iter().map(|row| row.status)),
                group_digits(resolved as u64)
            ));
        }
        let (heads_title, heads) = heads(report, &problems);
        Self {
            heading,
            lead,
            heads_title,
            heads,
            causes: causes(report),
            facts: facts(report),
            incomplete: incomplete(report),
        }
    }
}

/// Returns the problems to look at first, and the title of their list.
fn heads(report: &Report<'_>, present: &[&Problem]) -> (String, Vec<LeadProblem>) {
    let wanted: Vec<&Problem> =
        present.iter().copied().filter(|p| !report.compared || p.status.is_new()).collect();
    // With one problem, this list would repeat the list of problems that follows.
    if wanted.is_empty() || present.len() == 1 {
        return (String::new(), Vec::new());
    }
    let title = match (report.compared, wanted.len() > MAX_HEADS) {
        (true, false) => "New since the earlier report:".to_owned(),
        (true, true) => format!("New since the earlier report, the first {MAX_HEADS}:"),
        (false, _) => "Start with:".to_owned(),
    };
    let head = |p: &&Problem| LeadProblem {
        id: sanitize_to(&p.problem_id, 40),
        title: sanitize_to(p.heading(), 300),
        cause: p.cause.name(),
        label: p.kind.label(),
        confidence: p.confidence.name(),
        counts: format!(
            "{}, {}",
            pluralize(p.clients.len() as u64, "client"),
            pluralize(p.incidents.len() as u64, "incident")
        ),
    };
    let shown = if report.compared { MAX_HEADS } else { 3 };
    (title, wanted.iter().take(shown).map(head).collect())
}

fn causes(report: &Report<'_>) -> Vec<CauseLine> {
    let line = |cause: Cause| {
        let rows: Vec<_> = report.rows.iter().filter(|r| r.cause == cause && r.status.is_present()).collect();
        let problems: Vec<_> =
            report.problems.iter().filter(|p| p.cause == cause && p.status.is_present()).collect();
        (!rows.is_empty()).then(|| CauseLine {
            cause: cause.name(),
            label: cause.label(),
            means: cause.meaning(),
            problems: group_digits(problems.len() as u64),
            incidents: group_digits(rows.len() as u64),
            by_confidence: Confidence::ALL
                .iter()
                .map(|c| {
                    let incidents = rows.iter().filter(|r| r.confidence == *c).count();
                    ConfidenceCount { confidence: c.name(), incidents, shown: group_digits(incidents as u64) }
                })
                .collect(),
            events: group_digits(saturating_sum(rows.iter().map(|r| r.events))),
            new: group_digits(problems.iter().filter(|p| p.status.is_new()).count() as u64),
        })
    };
    Cause::ALL.into_iter().filter_map(line).collect()
}

fn facts(report: &Report<'_>) -> Vec<SummaryFact> {
    let mut facts = Vec::new();
    let first = report.rows.iter().map(|r| &r.first_seen).min_by(|a, b| by_time(a, b));
    let last = report.rows.iter().map(|r| &r.last_seen).max_by(|a, b| by_time(a, b));
    if let (Some(first), Some(last)) = (first, last) {
        let value = format!("{} to {}", sanitize_to(first, 40), sanitize_to(last, 40));
        facts.push(SummaryFact { name: "First to last event", value });
    }
    let period = match (report.read.period.since, report.read.period.until) {
        (Some(since), Some(until)) => Some(format!("{since} to {until}")),
        (Some(since), None) => Some(format!("from {since} on")),
        (None, Some(until)) => Some(format!("up to {until}")),
        (None, None) => None,
    };
    facts.extend(period.map(|value| SummaryFact { name: "Period asked for", value }));
    let read: Vec<_> = report.read.logs.iter().filter(|f| f.was_read()).collect();
    let logs = match read.as_slice() {
        [one] => sanitize(&one.path),
        all => pluralize(all.len() as u64, "log"),
    };
    let records = saturating_sum(read.iter().map(|f| f.records));
    facts.push(SummaryFact { name: "Read", value: format!("{logs}, {}", pluralize(records, "record")) });
    let inventories = report.read.inventories.iter().filter(|f| f.rows > 0).count();
    facts.push(SummaryFact {
        name: "Inventories",
        value: match inventories {
            0 => "none: nothing can be confirmed by addresses or accounts".to_owned(),
            n => group_digits(n as u64),
        },
    });
    facts
}

fn incomplete(report: &Report<'_>) -> Option<String> {
    let read = &report.read;
    let incomplete = read.unfound.len()
        + read.logs.iter().filter(|f| !f.read_errors.is_empty()).count()
        + read.inventories.iter().filter(|f| !f.read_errors.is_empty()).count();
    match incomplete {
        0 => left_out(read.dropped).into_iter().next(),
        1 => Some("1 input could not be read, or not all of it".to_owned()),
        n => Some(format!("{} inputs could not be read, or not all of them", group_digits(n as u64))),
    }
}
