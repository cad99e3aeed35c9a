//! Mutes the problems that `--allow` accepts: the report has them, but they raise no alarm.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::commands::allow_list::{AcceptedProblem, AllowList};
use crate::report::{Problem, Row};

/// Rows and problems that may raise an alarm, and notes about the muted ones.
pub(super) struct UnmutedFindings<'a> {
    pub rows: Vec<&'a Row>,
    pub problems: Vec<&'a Problem>,
    pub notes: Vec<String>,
}

/// Leaves out the rows and problems that `list` accepts. A problem is muted if `list` has it, or all of its present incidents.
pub(super) fn leave_out_muted<'a>(
    rows: &'a [Row],
    problems: &'a [Problem],
    list: &AllowList,
    path: Option<&Path>,
    now: Timestamp,
) -> UnmutedFindings<'a> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let of_id: HashMap<&str, &AcceptedProblem> =
        list.accepted.iter().filter(|entry| entry.until >= today).map(|entry| (&*entry.id, entry)).collect();
    let accepted = |row: &Row| of_id.get(&*row.problem_id).or_else(|| of_id.get(&*row.incident_id)).copied();
    let present = |problem: &'a Problem| {
        let rows = problem.incidents.iter().filter_map(|&i| rows.get(i));
        rows.filter(|row| row.status.is_present())
    };
    let mut unmuted = UnmutedFindings { rows: Vec::new(), problems: Vec::new(), notes: Vec::new() };
    unmuted.rows.extend(rows.iter().filter(|row| accepted(row).is_none()));
    for problem in problems {
        let mut muted = present(problem).map(accepted).peekable();
        let first = muted.peek().copied().flatten();
        match first.filter(|_| muted.all(|entry| entry.is_some())) {
            Some(entry) => {
                let what = problem.heading();
                let id = &problem.problem_id;
                unmuted.notes.push(format!("muted until {}: {what} ({id}): {}", entry.until, entry.reason));
            }
            None => unmuted.problems.push(problem),
        }
    }
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    for entry in list.accepted.iter().filter(|entry| entry.until < today) {
        let matches = |row: &Row| row.problem_id == entry.id || row.incident_id == entry.id;
        if rows.iter().any(|row| row.status.is_present() && matches(row)) {
            unmuted.notes.push(format!(
                "--allow {path}: line {}: {} is not muted any more, because {} was its last day",
                entry.line, entry.id, entry.until
            ));
        }
    }
    unmuted
}
