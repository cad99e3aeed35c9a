//! Result of a triage run.

use std::any::Any;
use std::time::Duration;

use crate::commands::fail_on::Alarm;
use crate::files::FileError;
use crate::incidents::{Dropped, OutsidePeriod, Period};
use crate::inventory::InventoryFile;
use crate::output::WrittenFile;
use crate::report::{Problem, Reading, Report, Row, Surroundings};
use crate::scan::FileReport;
use crate::zone::Zone;

/// Result of a run.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// The same rows grouped into problems.
    pub problems: Vec<Problem>,
    /// For `--new`: the problems that are new or reopened and not muted. Empty without that option.
    pub new: Vec<Problem>,
    /// Whether there was a baseline or a state.
    pub compared: bool,
    /// The conditions of `fail_on` that hold.
    pub alarms: Vec<Alarm>,
    /// Sentences about logs that were cleared or overwritten, hosts that did not answer, and muted problems.
    pub notes: Vec<String>,
    /// Files written, in the order of the options.
    pub written: Vec<WrittenFile>,
    pub logs: Vec<FileReport>,
    pub inventories: Vec<InventoryFile>,
    /// Number of files in folders that triage cannot use.
    pub unknown: usize,
    /// Paths that could not be accessed.
    pub unfound: Vec<FileError>,
    pub period: Period,
    /// Events that the period left out.
    pub outside: OutsidePeriod,
    /// Related events in the logs; empty if the logs have an event 4.
    pub surroundings: Surroundings,
    /// Zone of the times in outputs for people.
    pub zone: Zone,
    /// Number of events, each counted once.
    pub events: u64,
    /// Number of records that more than one log has.
    pub duplicates: u64,
    /// Number of events that an earlier run counted.
    pub already_reported: u64,
    /// Data left out because a limit was reached.
    pub dropped: Dropped,
    /// Title of the page.
    pub title: Option<String>,
    /// Duration of the run up to the report.
    pub took: Duration,
    /// Working data that is no longer needed. Freeing it takes longer than writing a report, so a process that ends here
    /// should forget the outcome.
    pub(super) working_set: Option<Box<dyn Any + Send>>,
}

impl Outcome {
    /// Returns the report to write.
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

    /// Reports whether all inputs could be read.
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty()
            && self.dropped == Dropped::default()
            && self.logs.iter().all(|f| f.read_errors.is_empty())
            && self.inventories.iter().all(|f| f.read_errors.is_empty())
    }
}
