//! Reads an earlier report, and compares a run with it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;

use super::item::{EvidenceItem, RequestItem, StepItem};
use super::json::{Document, FORMAT, OLDEST, VERSION};
use super::problem::by_time;
use super::row::{COLUMNS, FIRST_COLUMNS, Row, Status, is_id, split};
use super::saved_file::{SavedError, SavedFile, shorten};
use crate::diagnosis::{EvidenceRole, IncidentName, LogReason, Name, NameRole, Request};

/// Description of a valid file, for messages.
const EXPECTED: &str = "a report of krbtriage triage (.csv, .json or .jsonl)";

/// Reads a report in CSV (also saved by a spreadsheet program), JSON or JSON Lines.
pub fn read(path: &Path) -> Result<Vec<Row>, SavedError> {
    parse(path, &SavedFile { path, expected: EXPECTED }.text()?)
}

/// Parses the text of a report. `path` is for messages.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Row>, SavedError> {
    let saved = SavedFile { path, expected: EXPECTED };
    let rows = match text.trim_start().bytes().next() {
        Some(b'{') => read_json(saved, text)?,
        // In JSON Lines a report without incidents is empty.
        None if path.extension().is_some_and(|e| e == "jsonl" || e == "ndjson") => Vec::new(),
        None => return Err(saved.foreign("it is empty")),
        Some(_) => {
            let (first, later) = COLUMNS.split_at(FIRST_COLUMNS);
            let rows = saved.csv_rows(text, first, later, row)?;
            rows.into_iter().map(|(line, row)| (Some(line), row)).collect()
        }
    };
    let mut ids = HashSet::new();
    for (line, row) in &rows {
        let checked = check(row).and_then(|()| match ids.insert(row.incident_id.as_str()) {
            true => Ok(()),
            false => Err(format!("{} appears twice", row.incident_id)),
        });
        if let Err(why) = checked {
            return Err(saved.line(line.unwrap_or_else(|| line_of(text, &row.incident_id)), why));
        }
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Checks the forms of IDs and times. Fails with a clause about the row.
pub fn check(row: &Row) -> Result<(), String> {
    if !is_id(&row.incident_id, &['i']) {
        return Err(format!("\"{}\" is not a valid incident_id", shorten(&row.incident_id)));
    }
    if !is_id(&row.problem_id, &['p']) {
        return Err(format!("\"{}\" is not a valid problem_id", shorten(&row.problem_id)));
    }
    for (column, time) in [("first_seen", &row.first_seen), ("last_seen", &row.last_seen)] {
        if time.parse::<Timestamp>().is_err() {
            return Err(format!(
                "{column} \"{}\" is not a valid time (a spreadsheet program may have changed it)",
                shorten(time)
            ));
        }
    }
    Ok(())
}

/// Returns the number of the last line that contains `text`.
fn line_of(all: &str, text: &str) -> u64 {
    let before = all.rfind(text).and_then(|at| all.get(..at)).unwrap_or_default();
    1 + before.matches('\n').count() as u64
}

/// A row, and the number of its line if that is known.
type NumberedRow = (Option<u64>, Row);

fn read_json(saved: SavedFile<'_>, text: &str) -> Result<Vec<NumberedRow>, SavedError> {
    let wrong = |line: usize, error: serde_json::Error| match error.is_eof() {
        true => saved.cut(line as u64),
        false => saved.line(line as u64, error.to_string()),
    };
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    let is_lines = serde_json::from_str::<serde_json::Value>(first_line)
        .is_ok_and(|object| object.get("incidents").is_none());
    if is_lines {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        return lines
            .map(|(i, line)| {
                let row = serde_json::from_str(line).map_err(|e| wrong(i + 1, e))?;
                Ok((Some(i as u64 + 1), row))
            })
            .collect();
    }
    let document: Document = serde_json::from_str(text).map_err(|e| wrong(e.line(), e))?;
    if document.format != FORMAT || !(OLDEST..=VERSION).contains(&document.version) {
        return Err(saved.foreign(format!("it is {} {}", shorten(&document.format), document.version)));
    }
    Ok(document.incidents.into_iter().map(|row| (None, row)).collect())
}

/// Parses a row from the report's cells, in the order of [`COLUMNS`].
fn row(cells: &[Cow<'_, str>]) -> Result<Row, String> {
    let cells: Vec<&str> = cells.iter().map(|cell| &**cell).collect();
    let [
        incident_id,
        problem_id,
        status,
        cause,
        kind,
        confidence,
        client,
        answered_by,
        target_spn,
        service_class,
        target_host,
        target_realm,
        client_realm,
        shared_addresses,
        events,
        first_seen,
        last_seen,
        explanation,
        evidence,
        missing,
        fix,
        logs,
        problem,
        title,
        evidence_roles,
        requests,
        collect,
        evidence_sections,
    ] = cells[..]
    else {
        return Err("it has too few cells".to_owned());
    };
    let text = str::to_owned;
    let status = Status::ALL
        .into_iter()
        .find(|s| s.name() == status)
        .ok_or_else(|| format!("\"{}\" is not a valid status", shorten(status)))?;
    let row = Row {
        incident_id: text(incident_id),
        problem_id: text(problem_id),
        problem: match problem {
            // A report from before this column existed.
            "" if target_spn.is_empty() => answered_by.into(),
            "" => target_spn.into(),
            problem => problem.into(),
        },
        title: title.into(),
        status,
        cause: cause.parse().map_err(|_| format!("\"{}\" is not a valid cause", shorten(cause)))?,
        kind: kind.parse().map_err(|_| format!("\"{}\" is not a valid kind", shorten(kind)))?,
        confidence: confidence
            .parse()
            .map_err(|_| format!("\"{}\" is not a valid confidence", shorten(confidence)))?,
        client: text(client),
        answered_by: text(answered_by),
        target_spn: text(target_spn),
        service_class: text(service_class),
        target_host: text(target_host),
        target_realm: text(target_realm),
        client_realm: text(client_realm),
        shared_addresses: split(shared_addresses),
        events: events.parse().map_err(|_| format!("events \"{}\" is not a number", shorten(events)))?,
        first_seen: text(first_seen),
        last_seen: text(last_seen),
        explanation: explanation.into(),
        evidence: evidence_items(&split(evidence), &split(evidence_roles), &split(evidence_sections)),
        missing: pair_items(&split(missing), &split(requests), RequestItem::from_cell),
        fix: split(fix).iter().map(|step| StepItem::from_cell(step)).collect(),
        logs: split(logs),
        collect: split(collect),
        activity: Default::default(),
    };
    Ok(row)
}

fn evidence_items(items: &[String], roles: &[String], sections: &[String]) -> Vec<EvidenceItem> {
    let items = pair_items(items, roles, |item, role| {
        let role = EvidenceRole::ALL.into_iter().find(|valid| valid.name() == role);
        EvidenceItem::from_cell(item, role.unwrap_or(EvidenceRole::For))
    });
    let sections = sections.iter().map(String::as_str).chain(std::iter::repeat(""));
    items.into_iter().zip(sections).map(|(item, section)| item.in_section(section)).collect()
}

/// Makes an item of each text and the text at the same position in another column, or an empty one if the report lacks that
/// column.
fn pair_items<T>(items: &[String], others: &[String], make: impl Fn(&str, &str) -> T) -> Vec<T> {
    let others = others.iter().map(String::as_str).chain(std::iter::repeat(""));
    items.iter().zip(others).map(|(item, other)| make(item, other)).collect()
}

/// Facts about an incident without new events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Do the logs have an event of its client?
    pub in_logs: bool,
    /// Is the incident over?
    pub over: bool,
}

/// An incident of an earlier run.
#[derive(Debug, Clone)]
pub struct EarlierRow {
    pub incident_id: String,
    pub status: Status,
    pub first_seen: String,
    pub last_seen: String,
    /// The whole row; `None` if the incident continues in this run, which has a newer one.
    pub row: Option<Box<Row>>,
}

impl From<Row> for EarlierRow {
    fn from(row: Row) -> Self {
        Self {
            incident_id: row.incident_id.clone(),
            status: row.status,
            first_seen: row.first_seen.clone(),
            last_seen: row.last_seen.clone(),
            row: Some(Box::new(row)),
        }
    }
}

/// Gives each row its status against an earlier report, and adds the earlier incidents that are gone: as resolved, or as
/// ongoing if nothing shows that they are over. A row without events had all its events reported before. `silence_of` is called
/// for these rows and for the gone ones.
pub fn compare(rows: Vec<Row>, earlier: Vec<EarlierRow>, silence_of: &dyn Fn(&Row) -> Silence) -> Vec<Row> {
    let mut earlier: HashMap<String, EarlierRow> =
        earlier.into_iter().map(|row| (row.incident_id.clone(), row)).collect();
    let (mut present, mut gone) = (Vec::with_capacity(rows.len()), Vec::new());
    for mut row in rows {
        let Some(old) = earlier.remove(&row.incident_id) else {
            // An incident without new events is only there to diagnose the others.
            if row.events > 0 {
                row.status = Status::New;
                present.push(row);
            }
            continue;
        };
        let is_over = |old: &Row| old.status == Status::Resolved || silence_of(old).over;
        if let Some(old) = old.row.filter(|old| row.events == 0 && is_over(old)) {
            gone.push(*old);
            continue;
        }
        row.status = match old.status {
            Status::Resolved => Status::Reopened,
            Status::New | Status::Ongoing | Status::Reopened => Status::Ongoing,
        };
        if by_time(&old.first_seen, &row.first_seen).is_lt() {
            row.first_seen = old.first_seen;
        }
        if row.events == 0 && by_time(&old.last_seen, &row.last_seen).is_gt() {
            row.last_seen = old.last_seen;
        }
        present.push(row);
    }
    gone.extend(earlier.into_values().filter_map(|old| old.row.map(|row| *row)));
    for row in &mut gone {
        let silence = silence_of(row);
        let request = request_log(row);
        // The earlier run may have asked for its own logs.
        row.missing.retain(|item| item.code() != request.code());
        if !silence.in_logs {
            row.collect.extend(request.collectables().iter().map(ToString::to_string));
            row.missing.push(RequestItem::new(request));
        }
        if silence.over || row.status == Status::Resolved {
            row.status = Status::Resolved;
        } else {
            row.status = Status::Ongoing;
            row.events = 0;
        }
    }
    arrange(present, gone)
}

/// Asks for the client's log, because the inputs may not have it.
fn request_log(row: &Row) -> Request {
    let client = IncidentName { text: row.client.as_str().into(), is_known: true };
    Request::ClientLog { client: Name::host(&client, NameRole::Client), reason: LogReason::Silent }
}

/// Puts the gone rows after the other rows of their problem, the resolved ones last. Problems with only such rows follow, the
/// latest first. Problems that are wholly resolved come last.
fn arrange(rows: Vec<Row>, gone: Vec<Row>) -> Vec<Row> {
    let mut by_problem: HashMap<String, Vec<Row>> = HashMap::new();
    for row in gone {
        by_problem.entry(row.problem_id.clone()).or_default().push(row);
    }
    for rows in by_problem.values_mut() {
        rows.sort_by(|a, b| {
            let resolved = |row: &Row| row.status == Status::Resolved;
            resolved(a)
                .cmp(&resolved(b))
                .then_with(|| b.confidence.cmp(&a.confidence))
                .then_with(|| a.client.to_lowercase().cmp(&b.client.to_lowercase()))
                .then_with(|| a.incident_id.cmp(&b.incident_id))
        });
    }
    let mut out = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let problem = row.problem_id.clone();
        out.push(row);
        if rows.peek().is_none_or(|next| next.problem_id != problem) {
            out.extend(by_problem.remove(&problem).into_iter().flatten());
        }
    }
    let latest = |rows: &[Row]| rows.iter().filter_map(|r| r.last_seen.parse::<Timestamp>().ok()).max();
    let mut rest: Vec<_> = by_problem.into_iter().collect();
    let is_over = |rows: &[Row]| rows.iter().all(|row| row.status == Status::Resolved);
    rest.sort_by_cached_key(|(problem, rows)| (is_over(rows), Reverse(latest(rows)), problem.clone()));
    out.extend(rest.into_iter().flat_map(|(_, rows)| rows));
    out
}
