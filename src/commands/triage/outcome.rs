//! Result of a triage run.

use std::any::Any;
use std::time::Duration;

use crate::commands::fail_on::Alarm;
use crate::files::FileError;
use crate::incidents::{Dropped, OutsidePeriod, Period};
use crate::inventory::InventoryFile;
use crate::output::Written;
use crate::report::{Problem, Reading, Report, Row, Surroundings};
use crate::scan::FileReport;
use crate::zone::Zone;

/// Result of a run, for the summary on the terminal.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// The same rows, grouped by what one fix ends.
    pub problems: Vec<Problem>,
    /// Those of them that are new or reopened, and not muted, for `--new`; empty without it.
    pub new: Vec<Problem>,
    /// Was there an earlier report or a state to compare with?
    pub compared: bool,
    /// The conditions of `fail_on` that hold, each with the problems that fulfil it.
    pub alarms: Vec<Alarm>,
    /// Notes from the state (logs that were cleared or overwritten), and muted problems.
    pub notes: Vec<String>,
    /// Files written, in the order of the options.
    pub written: Vec<Written>,
    pub logs: Vec<FileReport>,
    pub inventories: Vec<InventoryFile>,
    /// Files in folders that are of no kind that a triage uses.
    pub unknown: usize,
    /// Paths that could not be looked at.
    pub unfound: Vec<FileError>,
    pub period: Period,
    /// Events that the period left out.
    pub outside: OutsidePeriod,
    /// Related events in the logs; empty if they have an event 4.
    pub surroundings: Surroundings,
    /// The zone of the times in outputs for people.
    pub zone: Zone,
    pub events: u64,
    pub duplicates: u64,
    /// Events that an earlier run had counted.
    pub already_reported: u64,
    /// Data left out because a limit was reached.
    pub dropped: Dropped,
    /// `--title`.
    pub title: Option<String>,
    pub took: Duration,
    /// Working data that is no longer needed. Freeing it piece by piece takes longer than writing a report: a
    /// process that ends here can forget the outcome.
    pub(super) working_set: Option<Box<dyn Any + Send>>,
}

impl Outcome {
    /// The report to write.
    pub fn report(&self) -> Report<'_> {
        Report {
            rows: &self.rows,
            problems: &self.problems,
            compared: self.compared,
            zone: &self.zone,
            read: Reading {
                period: self.period,
                outside: self.outside,
                surroundings: &self.surroundings,
                logs: &self.logs,
                inventories: &self.inventories,
                unfound: &self.unfound,
                notes: &self.notes,
                duplicates: self.duplicates,
                already_reported: self.already_reported,
                dropped: self.dropped,
            },
            title: self.title.as_deref(),
            events: None,
        }
    }

    /// Could all inputs be read?
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty()
            && self.dropped == Dropped::default()
            && self.logs.iter().all(|f| f.read_errors.is_empty())
            && self.inventories.iter().all(|f| f.read_errors.is_empty())
    }
}
