//! Outputs of a triage run.

use std::collections::HashSet;
use std::path::Path;

use crate::output::{Output, OutputError, ResolvedTarget};
use crate::report::{EventFormat, Format, Target};

/// Outputs of a run, except its state.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// The report, in one or more formats.
    pub reports: Vec<Target>,
    /// CSV with a row for each problem.
    pub problems: Option<Output>,
    /// Text of the new and reopened problems.
    pub new: Option<Output>,
    /// Table with a row for each event.
    pub events: Option<(Output, EventFormat)>,
    /// JSON Lines with one line for each input.
    pub summary: Option<Output>,
}

impl Outputs {
    /// Returns all outputs.
    fn all(&self) -> impl Iterator<Item = &Output> {
        self.reports.iter().map(|target| &target.output).chain(self.side_outputs())
    }

    /// Returns all outputs except the report.
    fn side_outputs(&self) -> impl Iterator<Item = &Output> {
        self.problems
            .iter()
            .chain(&self.new)
            .chain(self.events.as_ref().map(|(output, _)| output))
            .chain(&self.summary)
    }

    /// Returns the files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.all().filter_map(Output::path)
    }

    /// Returns the files that are written, except the report.
    pub(super) fn side_files(&self) -> impl Iterator<Item = &Path> {
        self.side_outputs().filter_map(Output::path)
    }

    /// Fails if an output cannot be written, as far as that is known in advance, or if two of them (or the state) are one file.
    pub(super) fn check(&self, state: Option<&Path>) -> Result<(), OutputError> {
        self.all().try_for_each(Output::check)?;
        if self.all().filter(|output| **output == Output::Stdout).count() > 1 {
            return Err(OutputError::StdoutTwice);
        }
        let mut keys = HashSet::new();
        let twice = |path: &&Path| ResolvedTarget::resolve(path).key().is_some_and(|key| !keys.insert(key));
        match self.files().chain(state).find(twice) {
            Some(path) => Err(OutputError::Twice { path: path.to_path_buf() }),
            None => Ok(()),
        }
    }

    /// Returns the first report with a sheet of events.
    pub(super) fn report_with_events(&self) -> Option<&Target> {
        self.reports.iter().find(|target| target.format.needs_events())
    }

    /// Reports whether an output contains single events.
    pub(super) fn need_events(&self) -> bool {
        self.events.is_some() || self.report_with_events().is_some()
    }

    /// Reports whether standard output gets bytes that are not text.
    pub fn has_binary_on_stdout(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && t.format == Format::Xlsx)
    }

    /// Reports whether a person reads the report itself on standard output, so that a summary need not repeat it.
    pub fn are_viewed(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && matches!(t.format, Format::Text(_)))
    }
}
