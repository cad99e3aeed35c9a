//! `krbtriage triage`: from logs to the report, in five stages.
//!
//! `read_inputs` finds what to read, `collect` scans the logs, `diagnose` decides every incident, `compare` adds what
//! earlier runs left, `write` writes all outputs.

mod collect;
mod compare;
mod diagnose;
mod inputs;
mod write;

use std::any::Any;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::fail_on::FailOn;
use super::threads::with_threads;
use crate::files::FileError;
use crate::files::list::ListError;
use crate::incidents::Period;
use crate::inventory::{InventoryFile, accounts};
use crate::output::{OutputError, Written};
use crate::report::baseline::BaselineError;
use crate::report::{Problem, Reading, Report, Row};
use crate::scan::{FileReport, Progress, ScanOptions};
use crate::state::StateError;

pub use diagnose::known_hosts;
pub use write::Outputs;

/// What a triage run is asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files and folders, and what was extracted of some.
    pub logs: Vec<PathBuf>,
    /// A file with more names for `logs`.
    pub files_from: Option<PathBuf>,
    /// Interface inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// The host of inventory rows that name none.
    pub host: Option<String>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Service classes that `HOST/` stands for.
    pub host_aliases: accounts::HostAliases,
    pub outputs: Outputs,
    /// An earlier report to compare with.
    pub baseline: Option<PathBuf>,
    /// What is remembered from run to run; it is read, and replaced when all else has succeeded.
    pub state: Option<PathBuf>,
    /// With a state: how long a client's log must have gone on without an incident's events for it to be resolved.
    pub resolved_after: SignedDuration,
    pub fail_on: Vec<FailOn>,
    pub period: Period,
    /// How far another event may lie from an incident's events to count for it.
    pub window: SignedDuration,
    pub scan: ScanOptions,
}

/// What a run did, for the summary on the terminal.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    /// The same rows, grouped by what one fix ends.
    pub problems: Vec<Problem>,
    /// There was something to compare with: an earlier report, or a state.
    pub compared: bool,
    /// It holds something of what `fail_on` asks for.
    pub found: bool,
    /// What the state noticed: logs that were cleared or overwritten.
    pub notes: Vec<String>,
    /// Files written, in the order of the options.
    pub written: Vec<Written>,
    pub logs: Vec<FileReport>,
    pub inventories: Vec<InventoryFile>,
    /// Paths that could not be looked at.
    pub unfound: Vec<FileError>,
    pub period: Period,
    pub events: u64,
    pub duplicates: u64,
    /// Events that an earlier run had counted.
    pub already_reported: u64,
    pub signals_dropped: u64,
    pub took: Duration,
    /// Working data that the run does not need any more. Freeing it piece by piece takes longer than writing a report: a
    /// process that ends here can forget the outcome.
    working_set: Option<Box<dyn Any + Send>>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", no_logs(.0))]
    NoLogs(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("--baseline {0}, or leave --baseline out to begin anew")]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Error {
    /// The command line asks for something impossible, whatever the inputs hold.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

fn no_logs(reasons: &[String]) -> String {
    let mut text = String::from("no log could be read, so there is no report");
    for reason in reasons {
        text.push_str(&format!("\n  {reason}"));
    }
    if reasons.is_empty() {
        text.push_str(
            "; name .evtx files, or folders that hold some (wevtutil epl System System.evtx makes one)",
        );
    }
    text
}

impl Outcome {
    /// What is written.
    pub fn report(&self) -> Report<'_> {
        Report {
            rows: &self.rows,
            problems: &self.problems,
            compared: self.compared,
            read: Reading {
                period: self.period,
                logs: &self.logs,
                inventories: &self.inventories,
                unfound: &self.unfound,
                notes: &self.notes,
                duplicates: self.duplicates,
                already_reported: self.already_reported,
                signals_dropped: self.signals_dropped,
            },
        }
    }

    /// Everything that was named could be read.
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty()
            && self.signals_dropped == 0
            && self.logs.iter().all(|f| f.problems.is_empty())
            && self.inventories.iter().all(|f| f.problems.is_empty())
    }
}

/// Runs the pipeline and writes the report.
pub fn run(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    with_threads(config.scan.threads, || run_stages(config, progress))
}

fn run_stages(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    let start = Instant::now();
    let mut inputs = inputs::read_inputs(config)?;
    let mut collected = collect::collect(config, &inputs, progress);
    let diagnosed = diagnose::diagnose(config, &mut collected);
    let compared = compare::compare(config, diagnosed.rows, inputs.previous, &mut collected);
    inputs.unread.append(&mut collected.unread);
    let mut outcome = Outcome {
        found: config.fail_on.iter().any(|what| what.is_in(&compared.rows, &compared.problems)),
        rows: compared.rows,
        problems: compared.problems,
        compared: compared.compared,
        notes: compared.notes,
        written: Vec::new(),
        duplicates: collected.logs.files.iter().map(|log| log.duplicates).sum(),
        logs: std::mem::take(&mut collected.logs.files),
        inventories: diagnosed.inventories,
        unfound: inputs.unread,
        period: config.period,
        events: collected.incidents.events,
        already_reported: collected.incidents.already_reported,
        signals_dropped: collected.incidents.signals_dropped,
        took: start.elapsed(),
        working_set: None,
    };
    let events = write::EventRows {
        spool: &collected.spool,
        twins: &collected.incidents.twins,
        log_name: &|file| collected.logs.name_by_index(file),
    };
    write::write(config, &inputs.protected, &mut outcome, &events, compared.next)?;
    outcome.working_set = Some(Box::new((collected.incidents, collected.dedup)));
    Ok(outcome)
}
