//! `krbtriage triage`: the whole pipeline, from files to the report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::fail_on::FailOn;
use super::outputs::{Evidence, Outputs, Written, beside};
use crate::events::{self, DedupIndex};
use crate::files::list::{self, ListError};
use crate::files::{self, FileError};
use crate::findings::{self, FileDates, Finding, Knowledge, LogDates};
use crate::incidents::{CollectedIncidents, IncidentBuilder, Period};
use crate::inventory::directory::Directory;
use crate::inventory::hosts::Hosts;
use crate::inventory::{InventoryFile, accounts, addresses, from_logs, known};
use crate::names::Principal;
use crate::report::baseline::{self, BaselineError, Silence};
use crate::report::output;
use crate::report::{EventSpool, Output, OutputError, Problem, Reading, Report, Row, Staged, problem};
use crate::scan::{self, FileIndex, FileOrder, FileReport, Progress, Scan, ScanOptions};
use crate::state::{self, FileEnds, Lock, State, StateError};

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
    /// The same rows, by what one repair ends.
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
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", no_logs(.0))]
    NoLogs(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error("{}: two outputs cannot go to one file; name another one", .0.display())]
    Twice(PathBuf),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("--baseline {0}, or leave --baseline out to begin anew")]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Error {
    /// The command line asks for what cannot be.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Twice(_) | Self::Output(OutputError::IsInput { .. }))
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

/// What is known from before: an earlier report, or a state.
struct Before {
    rows: Option<Vec<Row>>,
    state: Option<(PathBuf, State, Lock)>,
}

impl Before {
    /// Read first: a baseline or state that is damaged is told at once, not after an hour.
    fn read(config: &Config) -> Result<Self, Error> {
        let mut before = Self { rows: None, state: None };
        if let Some(path) = &config.state {
            Output::File(path.clone()).check()?;
            let (state, lock) = State::open(path)?;
            before.rows = Some(state.rows());
            before.state = Some((path.clone(), state, lock));
        }
        if let Some(path) = &config.baseline {
            before.rows = Some(baseline::read(path)?);
        }
        Ok(before)
    }
}

/// Runs the pipeline and writes the report.
pub fn run(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    let start = Instant::now();
    config.outputs.check(config.state.as_deref())?;
    let before = Before::read(config)?;
    let paths = list::all(&config.logs, config.files_from.as_deref())?;
    let (inputs, mut unfound) = files::find(&paths);
    let others = config.interfaces.iter().chain(&config.spns).map(PathBuf::as_path);
    let outputs = || config.outputs.files().chain(config.state.as_deref());
    let beside = beside(outputs(), others.clone());
    let spared = output::spare(
        outputs(),
        files::to_spare(&inputs).chain(others).chain(beside.iter().map(PathBuf::as_path)),
    )?;
    if !inputs.iter().any(|input| input.kind.is_read()) {
        return Err(Error::NoLogs(files::no_log_among(&inputs, &unfound)));
    }

    let (seen, spool) = (DedupIndex::default(), EventSpool::default());
    let told = before.state.as_ref().map(|(_, state, _)| &state.told);
    let workers = config.scan.workers();
    let Scan { collectors, files: mut logs, unread } =
        scan::scan(&inputs, &events::selection(), &config.scan, progress, || {
            IncidentBuilder::new(&seen, config.period)
                .told(told)
                .with_log_ranges(before.rows.is_some())
                .event_sink(config.outputs.events.is_some().then(|| spool.event_sink(workers)))
        });
    unfound.extend(unread);
    let mut collected = CollectedIncidents::merge(collectors);
    let order = FileOrder::new(&logs);
    for (&file, &count) in &collected.duplicates {
        if let Some(report) = order.position(file).and_then(|i| logs.get_mut(i)) {
            report.duplicates += count;
        }
    }
    let duplicates = logs.iter().map(|log| log.duplicates).sum();
    collected.rename_files(&|file| order.place(file));
    let names: Vec<_> = (0..logs.len() as FileIndex)
        .map(|place| order.report(&logs, place).map(|file| file.path.clone()).unwrap_or_default())
        .collect();
    let log_name = |place: FileIndex| {
        let place = usize::try_from(place).ok();
        place.and_then(|place| names.get(place)).map(ToString::to_string).unwrap_or_default()
    };

    let log_dates = (0..logs.len() as FileIndex).filter_map(|place| {
        let file = order.report(&logs, place)?;
        // Behind the end of the period, nobody looked.
        let ends = match config.period.until {
            Some(until) => file.last_written.map(|to| to.min(until)),
            None => file.last_written,
        };
        Some((place, LogDates { ends, written: file.modified }))
    });
    let (mut rows, inventories) = diagnose(config, &mut collected, log_dates.collect(), &log_name);
    let log_ranges = std::mem::take(&mut collected.log_ranges);
    let computers = log_ranges.computers();
    let followed = before.state.as_ref().map(|(_, state, _)| {
        state::follow(&state.logs, log_ranges, &|file| {
            let whole = order.report(&logs, file).filter(|f| f.problems.is_empty());
            whole.map_or(FileEnds::default(), |f| FileEnds {
                whole: true,
                ids: f.record_ids,
                last_written: f.last_written,
            })
        })
    });
    let compared = before.rows.is_some();
    if let Some(earlier) = before.rows {
        rows = baseline::compare(rows, earlier, &|row| {
            let client = row.client.to_lowercase();
            let over =
                followed.as_ref().is_none_or(|f| is_over(row, f.went_on.get(&client), config.resolved_after));
            Silence { heard: computers.contains(&*client), over }
        });
    }
    let mut outcome = Outcome {
        problems: problem::group(&rows),
        rows,
        compared,
        found: false,
        notes: Vec::new(),
        written: Vec::new(),
        logs,
        inventories,
        unfound,
        period: config.period,
        events: collected.events,
        duplicates,
        already_reported: collected.already_reported,
        signals_dropped: collected.signals_dropped,
        took: start.elapsed(),
    };
    outcome.found = config.fail_on.iter().any(|what| what.is_in(&outcome.rows, &outcome.problems));
    let next = match before.state {
        Some((path, state, lock)) => {
            let followed = followed.unwrap_or_default();
            outcome.notes = followed.notes;
            let state = state.after(&outcome.rows, &collected.fingerprints, followed.logs);
            Some((Staged::new(&path, |out| state.write(out))?, path, lock))
        }
        None => None,
    };
    let evidence = Evidence {
        spool: &spool,
        twins: &collected.twins,
        log_name: &|file: FileIndex| log_name(order.place(file)),
    };
    let taken = config.outputs.write(&spared, &mut outcome, &evidence)?;
    match next {
        // Last of all: an event whose report did not arrive is told again.
        Some((staged, _, _lock)) if taken => staged.replace()?,
        Some((_, path, _lock)) => outcome.notes.push(format!(
            "--state {}: not updated, because standard output was closed before the whole report was taken",
            path.display()
        )),
        None => {}
    }
    // The process gives them back at once; piece by piece it would take longer than writing the report.
    std::mem::forget((collected, seen));
    Ok(outcome)
}

/// Is an incident of earlier runs over, of which this one found nothing new? Only when its client's log was read further
/// than before (`to`), and long enough behind its last event.
fn is_over(row: &Row, to: Option<&Timestamp>, after: SignedDuration) -> bool {
    let last: Option<Timestamp> = row.last_seen.parse().ok();
    let due = last.and_then(|last| last.checked_add(after).ok());
    to.zip(due).is_some_and(|(to, due)| *to >= due)
}

/// Reads the inventories and decides every incident.
fn diagnose(
    config: &Config,
    collected: &mut CollectedIncidents,
    log_dates: Vec<(FileIndex, LogDates)>,
    log_name: &(dyn Fn(FileIndex) -> String + Sync),
) -> (Vec<Row>, Vec<InventoryFile>) {
    let load = addresses::LoadOptions { host: config.host.clone() };
    let mut interfaces = addresses::load(&config.interfaces, &load);
    let accounts = accounts::load(&config.spns);
    from_logs::add(&mut interfaces, &collected.signals, log_name);
    let inventories = [interfaces.files.clone(), accounts.files.clone()].concat();

    let hosts = known_hosts(&interfaces, &accounts, collected);
    let directory = Directory::new(&accounts, &config.host_aliases);
    let signals = std::mem::take(&mut collected.signals);
    let written = inventories.iter().map(|file| (Arc::clone(&file.path), file.written()));
    let dates = FileDates::new(written, Timestamp::now()).with_logs(log_dates);
    let knowledge = Knowledge::new(hosts, directory, signals, config.window).dated(dates);
    let findings = findings::diagnose(std::mem::take(&mut collected.incidents), &knowledge);
    (findings.into_par_iter().map(|f: Finding| Row::new(&f, log_name)).collect(), inventories)
}

/// Every name that anything mentions, so that a short name is only taken for a full one where no other fits.
pub fn known_hosts<'a>(
    interfaces: &'a addresses::AddressInventory,
    accounts: &accounts::AccountInventory,
    collected: &CollectedIncidents,
) -> Hosts<'a> {
    let mut hosts = known::hosts(interfaces, accounts);
    for incident in &collected.incidents {
        hosts.add(&incident.client);
        if let Some(target) = Principal::parse(&incident.target).host() {
            hosts.mention(target);
        }
    }
    hosts.settle();
    hosts
}
