//! Stage 4: compares the rows with a baseline or state, and prepares the next state.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::collect::Collected;
use super::config::Config;
use super::inputs::{OpenState, Previous};
use crate::report::baseline::{self, EarlierRow, Silence};
use crate::report::{Problem, Row, Status, problem};
use crate::state::{self, Lock, LogProgress, State, StateError};

/// The rows with their status.
pub(super) struct Compared {
    pub rows: Vec<Row>,
    /// The same rows, grouped by what one fix ends.
    pub problems: Vec<Problem>,
    /// Was there an earlier report or a state?
    pub compared: bool,
    /// Logs that were cleared or overwritten since the last run.
    pub notes: Vec<String>,
    pub next: Option<NextState>,
}

/// The state after this run, not yet written.
pub(super) struct NextState {
    pub path: PathBuf,
    pub state: State,
    pub lock: Lock,
}

/// Takes the log ranges out of `collected`. Fails if the rows of the state are damaged.
pub(super) fn compare(
    config: &Config,
    rows: Vec<Row>,
    previous: Previous,
    collected: &mut Collected,
) -> Result<Compared, StateError> {
    let Previous { rows: baseline, state } = previous;
    let log_ranges = std::mem::take(&mut collected.incidents.log_ranges);
    let computers = log_ranges.computers();
    let progress: Option<LogProgress> = state
        .as_ref()
        .map(|open| state::follow(&open.state.logs, log_ranges, &|place| collected.logs.ends(place)));
    let is_over = |client: &str, last_seen: &str| {
        let to = |progress: &LogProgress| progress.advanced_to.get(&client.to_lowercase()).copied();
        progress.as_ref().is_none_or(|progress| is_over(last_seen, to(progress), config.resolved_after))
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
    Ok(Compared { problems: problem::group(&rows), rows, compared, notes: progress.notes, next })
}

/// Is an incident without new events over? Only if its client's log was read further than before (`to`), and
/// at least `after` past the incident's last event.
fn is_over(last_seen: &str, to: Option<Timestamp>, after: SignedDuration) -> bool {
    let last: Option<Timestamp> = last_seen.parse().ok();
    let due = last.and_then(|last| last.checked_add(after).ok());
    to.zip(due).is_some_and(|(to, due)| to >= due)
}
