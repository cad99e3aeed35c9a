//! Stage 5: writes all outputs. All of them are complete on disk before the first one replaces a file.

use std::io::{self, Write};

use super::compare::NextState;
use super::config::{Config, Error};
use super::outcome::Outcome;
use super::outputs::Outputs;
use crate::files::FileIndex;
use crate::incidents::Twin;
use crate::output::{
    Output, OutputError, ProtectedPaths, ResolvedTarget, StagedFile, cleanup, commit_all, folder_of,
    write_stdout, write_terminal,
};
use crate::report::{
    EventSpool, Format, Problem, Report, SortedEvents, Target, new_problems, problem, run_summary, text,
};

/// Events of the run, for the events file and the sheet of events.
pub(super) struct EventRows<'a> {
    pub spool: &'a EventSpool,
    pub twins: &'a [Twin],
    /// Returns the path of a log.
    pub log_name: &'a dyn Fn(FileIndex) -> String,
}

impl EventRows<'_> {
    /// Sorts the events. An error is reported as one of `output`.
    fn sort(&self, output: &Output) -> Result<SortedEvents, OutputError> {
        SortedEvents::new(self.spool, self.twins, self.log_name).map_err(|source| match output {
            Output::File(path) => OutputError::Write { path: path.clone(), source },
            Output::Stdout => OutputError::Stdout(source),
        })
    }
}

/// Stages all files and writes to standard output. Returns the files, and false if a reader closed standard output early.
fn stage(
    outputs: &Outputs,
    report: &Report<'_>,
    new: &[Problem],
    events: &EventRows<'_>,
) -> Result<(Vec<StagedFile>, bool), OutputError> {
    let sorted = outputs.report_with_events().map(|target| events.sort(&target.output)).transpose()?;
    let report = &Report { events: sorted.as_ref(), ..*report };
    let (mut staged, mut complete) = (Vec::new(), true);
    // Write to standard output last, so that no error about a file follows it.
    for to_stdout in [false, true] {
        let is_now = |output: &Output| (*output == Output::Stdout) == to_stdout;
        for Target { output, format } in outputs.reports.iter().filter(|target| is_now(&target.output)) {
            complete &= match format {
                Format::Text(layout) if to_stdout => write_terminal(&text::view(report, *layout))?,
                format => write_one(output, &mut staged, |out| format.write(report, out))?,
            };
        }
        if let Some(output) = outputs.problems.as_ref().filter(|output| is_now(output)) {
            complete &= write_one(output, &mut staged, |out| problem::write(report.problems, out))?;
        }
        if let Some(output) = outputs.new.as_ref().filter(|output| is_now(output)) {
            let new: Vec<&Problem> = new.iter().collect();
            complete &= write_one(output, &mut staged, |out| {
                new_problems::write(report.rows, &new, report.zone, out)
            })?;
        }
        if let Some((output, format)) = outputs.events.as_ref().filter(|(output, _)| is_now(output)) {
            complete &= write_one(output, &mut staged, |out| match &sorted {
                Some(sorted) => sorted.write(*format, out),
                None => events.spool.write(*format, events.twins, events.log_name, out).map(drop),
            })?;
        }
        if let Some(output) = outputs.summary.as_ref().filter(|output| is_now(output)) {
            complete &= write_one(output, &mut staged, |out| run_summary::write(&report.read, out))?;
        }
    }
    Ok((staged, complete))
}

/// Writes one output: to standard output, or to a staged file. Returns false if a reader closed standard output early.
fn write_one(
    output: &Output,
    staged: &mut Vec<StagedFile>,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<bool, OutputError> {
    match output {
        Output::Stdout => write_stdout(fill),
        Output::File(path) => {
            staged.push(StagedFile::new(path, fill)?);
            Ok(true)
        }
    }
}

/// Writes all outputs, and then the state, so that the next run reports the events of a failed run again. The state stays
/// unchanged if a reader closed standard output early, because it missed a part of the report.
pub(super) fn write(
    config: &Config,
    protected: &ProtectedPaths,
    outcome: &mut Outcome,
    events: &EventRows<'_>,
    next: Option<NextState>,
) -> Result<(), Error> {
    let rows = &outcome.rows;
    let stage_state = |next: &NextState| StagedFile::new(&next.path, |out| next.state.write(rows, out));
    let state = next.as_ref().map(stage_state).transpose()?;
    let (staged, complete) = stage(&config.outputs, &outcome.report(), &outcome.new, events)?;
    outcome.written = commit_all(staged, state.filter(|_| complete), protected)?;
    let Some(NextState { path, lock, .. }) = next else { return Ok(()) };
    if !complete {
        outcome.notes.push(format!(
            "--state {}: not updated, because standard output was closed before the end of the report",
            path.display()
        ));
    }
    // The lock is still held, so no other run with this state has a temporary file there.
    for output in config.outputs.files().chain([&*path]) {
        if let ResolvedTarget::File(file) = ResolvedTarget::resolve(output) {
            cleanup::remove_abandoned(folder_of(&file));
        }
    }
    drop(lock);
    Ok(())
}
