//! Outputs of a triage run.

use std::collections::HashSet;
use std::path::Path;

use crate::output::{Output, OutputError, ResolvedTarget};
use crate::report::{EventFormat, Format, Target};

/// Outputs of a run, except its state.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// The report, once or more.
    pub reports: Vec<Target>,
    /// A row per problem.
    pub problems: Option<Output>,
    /// The new and reopened problems as text.
    pub new: Option<Output>,
    /// A row per event.
    pub events: Option<(Output, EventFormat)>,
    /// Per-file results as JSON Lines.
    pub summary: Option<Output>,
}

impl Outputs {
    /// All outputs, without formats.
    fn all(&self) -> impl Iterator<Item = &Output> {
        self.reports.iter().map(|target| &target.output).chain(self.side_outputs())
    }

    /// All outputs but the report.
    fn side_outputs(&self) -> impl Iterator<Item = &Output> {
        self.problems
            .iter()
            .chain(&self.new)
            .chain(self.events.as_ref().map(|(output, _)| output))
            .chain(&self.summary)
    }

    /// The files that are written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.all().filter_map(Output::path)
    }

    /// The files that are written, apart from the report.
    pub(super) fn side_files(&self) -> impl Iterator<Item = &Path> {
        self.side_outputs().filter_map(Output::path)
    }

    /// Fails if an output (or the state) cannot be written, as far as that is known in advance.
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

    /// The first report with a sheet of events.
    pub(super) fn report_with_events(&self) -> Option<&Target> {
        self.reports.iter().find(|target| target.format.needs_events())
    }

    /// Does anything hold single events?
    pub(super) fn need_events(&self) -> bool {
        self.events.is_some() || self.report_with_events().is_some()
    }

    /// Does standard output get bytes that are not text?
    pub fn write_binary_to_stdout(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && t.format == Format::Xlsx)
    }

    /// Is the report itself shown on the terminal? Then the summary need not repeat it.
    pub fn are_viewed(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && matches!(t.format, Format::Text(_)))
    }
}
