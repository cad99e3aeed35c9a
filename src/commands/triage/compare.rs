//! Stage 4: gives each row its status against a baseline or state, and prepares the next state.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::collect::CollectedLogs;
use super::config::Config;
use super::inputs::{OpenState, PreviousRuns};
use crate::report::baseline::{self, EarlierRow, Silence};
use crate::report::{Problem, Row, Status, problem};
use crate::state::{self, Lock, LogProgress, State, StateError};

/// Result of the comparison.
pub(super) struct Comparison {
    pub rows: Vec<Row>,
    /// The same rows grouped into problems.
    pub problems: Vec<Problem>,
    /// Whether there was a baseline or a state.
    pub compared: bool,
    /// Sentences about logs that were cleared or overwritten since the last run.
    pub notes: Vec<String>,
    pub next: Option<NextState>,
}

/// State after this run, not yet written.
pub(super) struct NextState {
    pub path: PathBuf,
    pub state: State,
    pub lock: Lock,
}

/// Compares the rows with the earlier ones. Takes the log ranges out of `collected`. Fails if the state is damaged.
pub(super) fn compare(
    config: &Config,
    rows: Vec<Row>,
    previous: PreviousRuns,
    collected: &mut CollectedLogs,
) -> Result<Comparison, StateError> {
    let PreviousRuns { rows: baseline, state } = previous;
    let log_ranges = std::mem::take(&mut collected.incidents.log_ranges);
    let computers = log_ranges.computers();
    let progress: Option<LogProgress> = state
        .as_ref()
        .map(|open| state::compare_logs(&open.state.logs, log_ranges, &|place| collected.logs.ends(place)));
    let is_over = |client: &str, last_seen: &str| {
        let read_to = |progress: &LogProgress| progress.advanced_to.get(&client.to_lowercase()).copied();
        progress.as_ref().is_none_or(|progress| is_over(last_seen, read_to(progress), config.resolved_after))
    };
    let earlier = match &state {
        Some(open) => {
            let present: HashMap<&str, &Row> =
                rows.iter().map(|row| (row.incident_id.as_str(), row)).collect();
            Some(open.state.earlier(&open.path, &|id, status, last_seen| {
                let is_gone = |row: &&Row| {
                    row.events == 0 && (status == Status::Resolved || is_over(&row.client, last_seen))
                };
                present.get(id).is_none_or(is_gone)
            })?)
        }
        None => baseline.map(|rows| rows.into_iter().map(EarlierRow::from).collect()),
    };
    let compared = earlier.is_some();
    let rows = match earlier {
        None => rows,
        Some(earlier) => baseline::compare(rows, earlier, &|row| Silence {
            in_logs: computers.contains(&*row.client.to_lowercase()),
            over: is_over(&row.client, &row.last_seen),
        }),
    };
    let progress = progress.unwrap_or_default();
    let next = state.map(|OpenState { path, state, lock }| {
        let state = state.next(&rows, &collected.incidents.fingerprints, progress.logs);
        NextState { path, state, lock }
    });
    Ok(Comparison { problems: problem::group(&rows), rows, compared, notes: progress.notes, next })
}

/// Reports whether an incident without new events is over: this run read its client's log further than any run before, up to
/// `read_to`, which is at least `after` later than the last event.
fn is_over(last_seen: &str, read_to: Option<Timestamp>, after: SignedDuration) -> bool {
    let last: Option<Timestamp> = last_seen.parse().ok();
    let due = last.and_then(|last| last.checked_add(after).ok());
    read_to.zip(due).is_some_and(|(read_to, due)| read_to >= due)
}
