//! Groups the rows of a report into problems: incidents that one fix ends.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;

use super::csv_writer::CsvWriter;
use super::fix::Fix;
use super::numbers::saturating_sum;
use super::row::{LIST_SEPARATOR, Row, Status, problem_name};
use crate::diagnosis::{Cause, Confidence, Kind};

/// Columns of `--problems`, in their order.
pub const PROBLEM_COLUMNS: [&str; 16] = [
    "problem_id",
    "status",
    "cause",
    "kind",
    "confidence",
    "problem",
    "incidents",
    "new_incidents",
    "clients",
    "targets",
    "events",
    "first_seen",
    "last_seen",
    "fix",
    "title",
    "explanation",
];

/// Longest list of names in one cell, in bytes. Spreadsheets truncate a cell at 32,767 characters, and one problem may have
/// ten thousand clients. The rows of the report have all of them.
const LIST_LEN: usize = 8_000;

/// Incidents that one fix ends. Its texts are not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub problem_id: String,
    /// New if all its present incidents are new, reopened if it was resolved before, resolved if no incident
    /// is left.
    pub status: Status,
    pub cause: Cause,
    /// The kind of the incident with the highest confidence. Confidence, title, explanation and fix are also from that
    /// incident.
    pub kind: Kind,
    pub confidence: Confidence,
    /// The thing to fix, as a person would call it (`shared address 169.254.95.120`).
    pub problem: Arc<str>,
    /// The finding as one sentence without a full stop.
    pub title: Arc<str>,
    /// The reason of the verdict, without a full stop.
    pub explanation: Arc<str>,
    /// Indexes of its rows, including the resolved ones.
    pub incidents: Vec<usize>,
    /// Number of incidents that are new or reopened since the baseline.
    pub new: usize,
    /// Clients of the present incidents (of all, if the problem is resolved), each once, sorted.
    pub clients: Vec<String>,
    /// Targets of the same incidents, each once, sorted.
    pub targets: Vec<String>,
    /// Number of events of the same incidents.
    pub events: u64,
    /// Time of the first event of all its incidents (RFC 3339, UTC, with `Z`).
    pub first_seen: String,
    /// Time of the last event of all its incidents.
    pub last_seen: String,
    pub fix: Fix,
}

impl Problem {
    /// Returns the title, or for a report without titles the thing to fix.
    pub fn heading(&self) -> &str {
        if self.title.is_empty() { self.name() } else { &self.title }
    }

    /// Returns the thing to fix, or the ID for a report without it.
    pub fn name(&self) -> &str {
        problem_name(&self.problem, &self.problem_id)
    }
}

/// Groups the rows into problems, in the order of their first rows.
pub fn group(rows: &[Row]) -> Vec<Problem> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        let group = *by_id.entry(&row.problem_id).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(group) {
            group.push(i);
        }
    }
    groups.into_par_iter().filter_map(|incidents| problem(rows, incidents)).collect()
}

fn problem(rows: &[Row], incidents: Vec<usize>) -> Option<Problem> {
    let all: Vec<&Row> = incidents.iter().filter_map(|&i| rows.get(i)).collect();
    let present: Vec<&Row> = all.iter().copied().filter(|r| r.status.is_present()).collect();
    let counted = if present.is_empty() { &all } else { &present };
    // Of equal confidences the first counts, so that the result is always the same.
    let best = counted.iter().copied().reduce(|a, b| if b.confidence > a.confidence { b } else { a })?;
    Some(Problem {
        problem_id: best.problem_id.clone(),
        status: status(&all),
        cause: best.cause,
        kind: best.kind,
        confidence: best.confidence,
        problem: all.iter().map(|r| &r.problem).find(|p| !p.is_empty()).cloned().unwrap_or_default(),
        title: best.title.clone(),
        explanation: best.explanation.clone(),
        new: all.iter().filter(|r| r.status.is_new()).count(),
        clients: names(counted.iter().map(|r| &r.client)),
        targets: names(counted.iter().map(|r| &r.target_spn)),
        events: saturating_sum(counted.iter().map(|r| r.events)),
        first_seen: all.iter().map(|r| &r.first_seen).min_by(|a, b| by_time(a, b))?.clone(),
        last_seen: all.iter().map(|r| &r.last_seen).max_by(|a, b| by_time(a, b))?.clone(),
        fix: best.fix.clone(),
        incidents,
    })
}

fn status(all: &[&Row]) -> Status {
    let has = |status| all.iter().any(|r| r.status == status);
    if has(Status::Ongoing) {
        Status::Ongoing
    } else if !has(Status::New) && !has(Status::Reopened) {
        Status::Resolved
    } else if has(Status::Reopened) || has(Status::Resolved) {
        // The same thing must be fixed again, even if the new incident has another client.
        Status::Reopened
    } else {
        Status::New
    }
}

/// Returns each name once, without regard to case, and no empty name.
fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut kept: BTreeMap<String, &String> = BTreeMap::new();
    for name in names.filter(|n| !n.is_empty()) {
        kept.entry(name.to_lowercase()).and_modify(|k| *k = (*k).min(name)).or_insert(name);
    }
    kept.into_values().cloned().collect()
}

/// Sorts the most urgent problem first: by confidence, then new ones if there was a comparison, then by number of clients.
pub fn sort_by_urgency(problems: &mut [&Problem], compared: bool) {
    problems.sort_by_key(|problem| {
        let is_new = compared && problem.status.is_new();
        std::cmp::Reverse((problem.confidence, is_new, problem.clients.len()))
    });
}

/// Compares two times in RFC 3339. A comparison of texts would put `09.5Z` before `09Z`.
pub fn by_time(a: &str, b: &str) -> Ordering {
    match (a.parse::<Timestamp>(), b.parse::<Timestamp>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

impl Problem {
    /// Returns the cells in the order of [`PROBLEM_COLUMNS`], not yet escaped.
    pub fn cells(&self) -> [String; 16] {
        [
            self.problem_id.clone(),
            self.status.name().to_owned(),
            self.cause.to_string(),
            self.kind.to_string(),
            self.confidence.to_string(),
            self.problem.to_string(),
            self.incidents.len().to_string(),
            self.new.to_string(),
            list(&self.clients),
            list(&self.targets),
            self.events.to_string(),
            self.first_seen.clone(),
            self.last_seen.clone(),
            list(&self.fix.steps().iter().map(|step| step.text().into_owned()).collect::<Vec<_>>()),
            self.title.to_string(),
            self.explanation.to_string(),
        ]
    }
}

/// Joins a list for one cell, as in the report. A long list ends with the number of items left out.
fn list(items: &[String]) -> String {
    let mut out = String::new();
    for (i, item) in items.iter().enumerate() {
        if out.len() + item.len() > LIST_LEN && i > 0 {
            out.push_str(&format!("{LIST_SEPARATOR}and {} more", items.len() - i));
            break;
        }
        if i > 0 {
            out.push_str(LIST_SEPARATOR);
        }
        out.push_str(&item.replace(LIST_SEPARATOR, ";"));
    }
    out
}

/// Writes header and rows.
pub fn write(problems: &[Problem], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvWriter::with_header(out, &PROBLEM_COLUMNS)?;
    problems.iter().try_for_each(|problem| csv.row(problem.cells()))?;
    csv.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::item::StepItem;

    fn row(problem: &str, client: &str, status: Status, confidence: Confidence) -> Row {
        Row {
            incident_id: format!("i-{client}"),
            problem_id: problem.into(),
            problem: format!("thing {problem}").into(),
            title: "".into(),
            status,
            cause: Cause::WrongHost,
            kind: Kind::StaleDns,
            confidence,
            client: client.into(),
            answered_by: "srv9$".into(),
            target_spn: "cifs/srv8".into(),
            service_class: "cifs".into(),
            target_host: "srv8".into(),
            target_realm: String::new(),
            client_realm: String::new(),
            shared_addresses: vec![],
            events: 2,
            first_seen: "2026-10-06T10:00:00Z".into(),
            last_seen: "2026-10-06T10:00:00.5Z".into(),
            explanation: "".into(),
            evidence: vec![],
            missing: vec![],
            fix: [StepItem::from_cell(&format!("repair it ({confidence})"))].into_iter().collect(),
            logs: vec![],
            collect: vec![],
            activity: Default::default(),
        }
    }

    #[test]
    fn one_row_per_problem_in_the_order_of_the_report() {
        let rows = [
            row("p2", "b", Status::New, Confidence::Likely),
            row("p1", "a", Status::New, Confidence::Possible),
            row("p2", "A", Status::New, Confidence::Confirmed),
            row("p2", "a", Status::New, Confidence::Confirmed),
        ];
        let problems = group(&rows);
        assert_eq!(problems.iter().map(|p| &*p.problem_id).collect::<Vec<_>>(), ["p2", "p1"]);
        let p2 = &problems[0];
        assert_eq!((p2.incidents.as_slice(), p2.new, p2.events), (&[0, 2, 3][..], 3, 6));
        assert_eq!(p2.clients, ["A", "b"]);
        assert_eq!(p2.confidence, Confidence::Confirmed);
        assert_eq!(*p2.fix.steps(), [StepItem::from_cell("repair it (confirmed)")]);
    }

    #[test]
    fn the_status_of_a_problem_follows_its_incidents() {
        use Status::{New, Ongoing, Reopened, Resolved};
        let table: [(&[Status], Status, usize); 7] = [
            (&[New, New], New, 2),
            (&[New, Ongoing], Ongoing, 1),
            (&[Ongoing, Resolved], Ongoing, 0),
            (&[Resolved, Resolved], Resolved, 0),
            (&[Resolved, New], Reopened, 1),
            (&[Reopened, New], Reopened, 2),
            (&[Reopened, Ongoing], Ongoing, 1),
        ];
        for (statuses, want, new) in table {
            let rows: Vec<Row> = statuses.iter().map(|&s| row("p", "a", s, Confidence::Likely)).collect();
            let problems = group(&rows);
            assert_eq!((problems[0].status, problems[0].new), (want, new), "{statuses:?}");
        }
    }

    #[test]
    fn resolved_incidents_do_not_count_while_others_are_present() {
        let rows = [
            row("p", "old", Status::Resolved, Confidence::Confirmed),
            row("p", "now", Status::Ongoing, Confidence::Likely),
        ];
        let problem = &group(&rows)[0];
        assert_eq!((problem.events, problem.clients.len(), problem.confidence), (2, 1, Confidence::Likely));
        assert_eq!(problem.incidents, [0, 1]);
    }

    #[test]
    fn half_seconds_come_after_the_whole_second() {
        assert_eq!(by_time("2026-10-06T10:00:00.5Z", "2026-10-06T10:00:00Z"), Ordering::Greater);
        assert_eq!(
            group(&[row("p", "a", Status::New, Confidence::Likely)])[0].last_seen,
            "2026-10-06T10:00:00.5Z"
        );
    }

    #[test]
    fn the_file_holds_guarded_cells_and_long_lists_end() {
        let mut problem = group(&[row("p", "=cmd()", Status::New, Confidence::Likely)]).remove(0);
        problem.targets = (0..2_000).map(|i| format!("host/srv{i}.alpha.example.com")).collect();
        let mut out = Vec::new();
        write(&[problem], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("problem_id,status,cause,kind,confidence,problem,incidents,new_incidents,"));
        assert!(text.contains(",'=cmd(),"), "{text}");
        assert!(text.contains(" more,2,"), "{text}");
        assert!(text.len() < 10_000);
        assert_eq!(text.lines().count(), 2);
    }
}
