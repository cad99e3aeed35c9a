//! Stage 5: writes all outputs. They are complete on disk before the first replaces a file.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use super::compare::NextState;
use super::{Config, Error, Outcome};
use crate::incidents::Twin;
use crate::output::{
    Output, OutputError, ProtectedPaths, ResolvedTarget, StagedFile, cleanup, commit_all, folder_of,
    write_stdout, write_terminal,
};
use crate::report::{EventFormat, EventSpool, Format, Report, Target, problem, run_summary, text};
use crate::scan::FileIndex;

/// Where a run writes, apart from its state.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// The report, once or more.
    pub reports: Vec<Target>,
    /// A row per problem.
    pub problems: Option<Output>,
    /// A row per event.
    pub events: Option<(Output, EventFormat)>,
    /// Per-file results as JSON Lines.
    pub summary: Option<Output>,
}

/// What the events file is made of, apart from the report.
pub(super) struct EventRows<'a> {
    pub spool: &'a EventSpool,
    pub twins: &'a [Twin],
    pub log_name: &'a dyn Fn(FileIndex) -> String,
}

impl Outputs {
    /// All outputs, without formats.
    fn all(&self) -> impl Iterator<Item = &Output> {
        self.reports.iter().map(|target| &target.output).chain(self.side_outputs())
    }

    /// All outputs but the report.
    fn side_outputs(&self) -> impl Iterator<Item = &Output> {
        self.problems.iter().chain(self.events.as_ref().map(|(output, _)| output)).chain(&self.summary)
    }

    /// The files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.all().filter_map(Output::path)
    }

    /// The files that are written, apart from the report.
    pub(super) fn side_files(&self) -> impl Iterator<Item = &Path> {
        self.side_outputs().filter_map(Output::path)
    }

    /// Fails where an output (the state too) cannot be written, as far as that can be known before the work is done.
    pub(super) fn check(&self, state: Option<&Path>) -> Result<(), OutputError> {
        self.all().try_for_each(Output::check)?;
        if self.all().filter(|output| **output == Output::Stdout).count() > 1 {
            return Err(OutputError::StdoutTwice);
        }
        let mut keys = HashSet::new();
        let twice = |path: &&Path| ResolvedTarget::of(path).key().is_some_and(|key| !keys.insert(key));
        match self.files().chain(state).find(twice) {
            Some(path) => Err(OutputError::Twice { path: path.to_path_buf() }),
            None => Ok(()),
        }
    }

    /// Is the report itself shown on the terminal, so that nothing of it need be repeated there?
    pub fn are_viewed(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && matches!(t.format, Format::Text(_)))
    }

    /// Stages all files and writes to standard output. Returns the files, and false where standard output was closed early.
    fn stage(
        &self,
        report: &Report<'_>,
        events: &EventRows<'_>,
    ) -> Result<(Vec<StagedFile>, bool), OutputError> {
        let (mut staged, mut complete) = (Vec::new(), true);
        // Standard output last, so that no error about a file follows what it shows.
        for to_stdout in [false, true] {
            let is_now = |output: &Output| (*output == Output::Stdout) == to_stdout;
            for Target { output, format } in self.reports.iter().filter(|target| is_now(&target.output)) {
                complete &= match format {
                    Format::Text(paper) if to_stdout => {
                        write_terminal(&text::view(report.rows, report.problems, *paper))?
                    }
                    format => write_one(output, &mut staged, |out| format.write(report, out))?,
                };
            }
            if let Some(output) = self.problems.as_ref().filter(|output| is_now(output)) {
                complete &= write_one(output, &mut staged, |out| problem::write(report.problems, out))?;
            }
            if let Some((output, format)) = self.events.as_ref().filter(|(output, _)| is_now(output)) {
                complete &= write_one(output, &mut staged, |out| {
                    events.spool.write(*format, events.twins, events.log_name, out).map(drop)
                })?;
            }
            if let Some(output) = self.summary.as_ref().filter(|output| is_now(output)) {
                complete &= write_one(output, &mut staged, |out| run_summary::write(&report.read, out))?;
            }
        }
        Ok((staged, complete))
    }
}

/// Writes one output: to standard output, or to a staged file. Returns false where standard output was closed early.
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

/// Writes everything, and the state last: the events of a run that failed before are reported again. The state stays as it
/// was where standard output was closed early, because its reader missed part of the report.
pub(super) fn write(
    config: &Config,
    protected: &ProtectedPaths,
    outcome: &mut Outcome,
    events: &EventRows<'_>,
    next: Option<NextState>,
) -> Result<(), Error> {
    let stage_state = |next: &NextState| StagedFile::new(&next.path, |out| next.state.write(out));
    let state = next.as_ref().map(stage_state).transpose()?;
    let (staged, complete) = config.outputs.stage(&outcome.report(), events)?;
    outcome.written = commit_all(staged, state.filter(|_| complete), protected)?;
    let Some(NextState { path, lock, .. }) = next else { return Ok(()) };
    if !complete {
        outcome.notes.push(format!(
            "--state {}: not updated, because standard output was closed before the end of the report",
            path.display()
        ));
    }
    // Under the lock, so that no other run is between writing and renaming a file here.
    for output in config.outputs.files().chain([&*path]) {
        if let ResolvedTarget::File(file) = ResolvedTarget::of(output) {
            cleanup::remove_abandoned(folder_of(&file));
        }
    }
    drop(lock);
    Ok(())
}
