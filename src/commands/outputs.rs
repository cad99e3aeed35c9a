//! What a triage run writes: all outputs are complete on disk before the first takes its place.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::triage::{Error, Outcome};
use crate::incidents::Twin;
use crate::inventory::other::Other;
use crate::report::output::{Spared, Staged, folder_of, write_screen, write_stdout};
use crate::report::place::Place;
use crate::report::unfinished;
use crate::report::{EventFormat, EventSpool, Format, Output, Target, problem, text};
use crate::scan::FileIndex;

/// Where a run writes besides its state.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// The report, once or more.
    pub reports: Vec<Target>,
    /// A row per problem.
    pub problems: Option<PathBuf>,
    /// A row per event.
    pub events: Option<(PathBuf, EventFormat)>,
    /// Per-file results as JSON Lines.
    pub summary: Option<PathBuf>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub asked: PathBuf,
    /// Another one where the asked is open in a program that locks it.
    pub path: PathBuf,
}

/// What the events file needs besides the report.
pub struct Evidence<'a> {
    pub spool: &'a EventSpool,
    pub twins: &'a [Twin],
    pub log_name: &'a dyn Fn(FileIndex) -> String,
}

impl Outputs {
    /// Can everything (the state too) be written, as far as one can tell before the work is done?
    pub fn check(&self, state: Option<&Path>) -> Result<(), Error> {
        for target in &self.reports {
            target.output.check()?;
        }
        let others =
            [self.problems.as_deref(), self.events.as_ref().map(|(p, _)| &**p), self.summary.as_deref()];
        for path in others.into_iter().flatten() {
            Output::File(path.to_path_buf()).check()?;
        }
        let mut places = HashSet::new();
        let twice = |path: &&Path| Place::of(path).key().is_some_and(|key| !places.insert(key));
        match self.files().chain(state).find(twice) {
            Some(path) => Err(Error::Twice(path.to_path_buf())),
            None => Ok(()),
        }
    }

    /// Does a person see the report itself, so that nothing of it need be said again?
    pub fn are_viewed(&self) -> bool {
        self.reports.iter().any(|t| t.output == Output::Stdout && matches!(t.format, Format::Text(_)))
    }

    /// The files that are written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let reports = self.reports.iter().filter_map(|t| t.output.path());
        reports
            .chain(self.problems.as_deref())
            .chain(self.events.as_ref().map(|(path, _)| path.as_path()))
            .chain(self.summary.as_deref())
    }

    /// Writes everything. Was all of it taken (standard output may have been closed early)?
    pub fn write(
        &self,
        spared: &Spared,
        outcome: &mut Outcome,
        evidence: &Evidence<'_>,
    ) -> Result<bool, Error> {
        let mut staged = Vec::new();
        let mut stage =
            |path: &Path, fill: &mut dyn FnMut(&mut dyn std::io::Write) -> std::io::Result<()>| {
                staged.push((path.to_path_buf(), Staged::new(path, fill)?));
                Ok::<(), Error>(())
            };
        let report = outcome.report();
        for target in &self.reports {
            if let Output::File(path) = &target.output {
                stage(path, &mut |out| target.format.write(&report, out))?;
            }
        }
        if let Some(path) = &self.problems {
            stage(path, &mut |out| problem::write(report.problems, out))?;
        }
        if let Some((path, format)) = &self.events {
            stage(path, &mut |out| {
                evidence.spool.write(*format, evidence.twins, evidence.log_name, out).map(drop)
            })?;
        }
        if let Some(path) = &self.summary {
            stage(path, &mut |out| super::summary::write(outcome, out))?;
        }
        let mut taken = true;
        for target in self.reports.iter().filter(|t| t.output == Output::Stdout) {
            taken &= match target.format {
                Format::Text(paper) => write_screen(&text::view(report.rows, report.problems, paper))?,
                format => write_stdout(|out| format.write(&report, out))?,
            };
        }
        // A pipe may wait for its reader for ever, and then an interruption must not wait too.
        let (devices, files): (Vec<_>, Vec<_>) = staged.into_iter().partition(|(_, file)| file.is_device());
        for (_, file) in devices {
            file.replace()?;
        }
        let _all = unfinished::settle();
        for (asked, file) in files {
            let path = file.commit(spared)?;
            outcome.written.push(Written { asked, path });
        }
        Ok(taken)
    }
}

/// What lies in one of the `named` folders beside an output, is called like it, and is read: an output must not replace
/// it. An earlier report is not read, and the next one takes its place.
pub fn beside<'a>(
    outputs: impl Iterator<Item = &'a Path>,
    named: impl Iterator<Item = &'a Path>,
) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> =
        named.filter(|path| path.is_dir()).filter_map(|path| path.canonicalize().ok()).collect();
    let mut found = Vec::new();
    for output in outputs {
        let Some(stem) = output.file_stem() else { continue };
        let inside = |place: &PathBuf| folders.iter().any(|folder| place.starts_with(folder));
        let place = folder_of(output).canonicalize().ok().filter(inside);
        let Some(files) = place.and_then(|place| place.read_dir().ok()) else { continue };
        let stem = stem.to_string_lossy().to_lowercase();
        found.extend(files.flatten().map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
            name.is_some_and(|name| name.starts_with(&stem))
                && path.is_file()
                && Other::of_file(path).is_some_and(|other| other != Other::Report)
        }));
    }
    found
}
