//! `krbtriage triage` makes a report from logs in five stages.
//!
//! [`inputs`] finds the inputs. [`collect`] scans the logs. [`diagnose`] diagnoses every incident, and [`ask`]s this machine
//! and the network if the user wants it. [`compare`] compares with earlier runs. [`write`] writes all outputs. Each stage imports
//! only from those before it.

mod ask;
mod collect;
mod compare;
mod config;
mod decision;
mod diagnose;
mod inputs;
mod known_hosts;
mod muting;
mod outcome;
mod outputs;
mod target_policy;
mod write;

use std::time::Instant;

use jiff::Timestamp;

use super::threads::with_threads;
use crate::commands::fail_on::FailOn;
use crate::probe::HostProgress;
use crate::report::numbers::saturating_sum;
use crate::report::{Row, Surroundings};
use crate::scan::Progress;

pub use config::{Config, Error};
pub(crate) use decision::decision;
pub use known_hosts::known_hosts;
pub use outcome::Outcome;
pub use outputs::Outputs;

/// Progress of a run, first in bytes of logs, then in hosts that are probed.
pub trait TriageProgress: Progress + HostProgress {}

impl<T: Progress + HostProgress> TriageProgress for T {}

/// Runs the pipeline and writes the report.
pub fn run(config: &Config, progress: &dyn TriageProgress) -> Result<Outcome, Error> {
    with_threads(config.scan.threads, || run_stages(config, progress))
}

fn run_stages(config: &Config, progress: &dyn TriageProgress) -> Result<Outcome, Error> {
    let start = Instant::now();
    let mut inputs = inputs::read_inputs(config)?;
    log::debug!("reading {} logs on {} threads", inputs.logs.len(), config.scan.workers());
    let mut collected = collect::collect(config, &inputs, progress);
    log::debug!(
        "scanned in {:?}: {} events, {} incidents, {} signals",
        start.elapsed(),
        collected.incidents.events,
        collected.incidents.incidents.len(),
        collected.incidents.signals.len()
    );
    if let Some(reasons) = collected.no_log(&inputs) {
        return Err(Error::NoLogs(reasons));
    }
    let surroundings = match collected.incidents.incidents.is_empty() {
        true => Surroundings::new(&collected.incidents.signals),
        false => Surroundings::default(),
    };
    let diagnoses = diagnose::diagnose(config, &inputs, &mut collected, progress, Row::new);
    log::debug!("diagnosed after {:?}: {} incidents", start.elapsed(), diagnoses.findings.len());
    let compared = compare::compare(config, diagnoses.findings, inputs.previous, &mut collected)?;
    inputs.unread.append(&mut collected.unread);
    let allow = config.allow.as_deref();
    let unmuted =
        muting::leave_out_muted(&compared.rows, &compared.problems, &inputs.allow, allow, Timestamp::now());
    let holds = |what: &FailOn| what.alarm(&unmuted.rows, &unmuted.problems);
    let fulfilled = config.fail_on.iter().filter_map(holds).collect();
    // Without a state every problem is new. Only `--new` needs the copies.
    let new = match &config.outputs.new {
        Some(_) => {
            let problems = unmuted.problems.iter().filter(|problem| problem.status.is_new());
            problems.map(|problem| (*problem).clone()).collect()
        }
        None => Vec::new(),
    };
    let notes = [config.notes.clone(), diagnoses.notes, compared.notes, unmuted.notes].concat();
    let mut outcome = Outcome {
        alarms: fulfilled,
        new,
        unknown: inputs.unknown,
        rows: compared.rows,
        problems: compared.problems,
        compared: compared.compared,
        notes,
        written: Vec::new(),
        duplicates: saturating_sum(collected.logs.files.iter().map(|log| log.duplicates)),
        logs: std::mem::take(&mut collected.logs.files),
        inventories: diagnoses.inventories,
        unfound: inputs.unread,
        period: config.period,
        outside: collected.incidents.outside,
        surroundings,
        zone: config.scan.zone.clone(),
        events: collected.incidents.events,
        already_reported: collected.incidents.already_reported,
        dropped: collected.incidents.dropped,
        title: config.title.clone(),
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
