//! Stage 1: finds the inputs, and reads the baseline or state.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tempfile::TempDir;

use super::config::{Config, Error};
use crate::commands::allow_list::AllowList;
use crate::commands::paths;
use crate::files::{self, FileError, Input, Kind, list};
use crate::inventory::foreign_file::{ArchiveContents, ForeignFile};
use crate::output::{Output, OutputError, ProtectedPaths};
use crate::report::numbers::{counted, counted_as};
use crate::report::{Row, baseline};
use crate::state::{Lock, State};

/// Inputs of a run, not yet read, and the baseline or state.
pub(super) struct Inputs {
    pub logs: Vec<Input>,
    /// Paths that could not be looked at.
    pub unread: Vec<FileError>,
    pub previous: Previous,
    pub protected: ProtectedPaths,
    /// Problems that raise no alarm.
    pub allow: AllowList,
    /// Address inventories and account lists: passed explicitly, or found among the logs.
    pub interfaces: Vec<PathBuf>,
    pub spns: Vec<PathBuf>,
    /// Files in folders that are of no kind that a triage uses.
    pub unknown: usize,
    /// Temporary copy of standard input; removed at the end.
    stdin: Option<TempDir>,
}

impl Inputs {
    /// A path for people and reports: standard input was kept in a file whose name means nothing.
    pub(super) fn shown(&self, path: &str) -> Option<String> {
        let kept = self.stdin.as_ref()?.path().join(STDIN_FILE);
        path.strip_prefix(&*kept.to_string_lossy()).map(|rest| format!("standard input{rest}"))
    }
}

/// The file that keeps standard input.
const STDIN_FILE: &str = "standard-input";

/// Result of earlier runs: a report, or a state.
pub(super) struct Previous {
    pub rows: Option<Vec<Row>>,
    pub state: Option<OpenState>,
}

/// A state that is read and locked.
pub(super) struct OpenState {
    pub path: PathBuf,
    pub state: State,
    pub lock: Lock,
}

impl Previous {
    fn read(config: &Config) -> Result<Self, Error> {
        let mut previous = Self { rows: None, state: None };
        if let Some(path) = &config.state {
            Output::File(path.clone()).check()?;
            let (state, lock) = State::open(path)?;
            previous.state = Some(OpenState { path: path.clone(), state, lock });
        }
        if let Some(path) = &config.baseline {
            previous.rows = Some(baseline::read(path)?);
        }
        Ok(previous)
    }

    /// Is there anything to compare with?
    pub(super) fn exists(&self) -> bool {
        self.rows.is_some() || self.state.is_some()
    }
}

/// Fails before any log is read if the run would be useless: an output cannot be written or would replace an
/// input, the baseline or state is damaged, or there is no log.
pub(super) fn read_inputs(config: &Config) -> Result<Inputs, Error> {
    config.outputs.check(config.state.as_deref())?;
    let previous = Previous::read(config)?;
    let allow = AllowList::read(config.allow.as_deref())?;
    let mut paths = list::all(&config.logs, config.files_from.as_deref())?;
    let stdin = spool_stdin(&mut paths)?;
    let mut forced = Forced::of(config);
    // `-i FILE LOGS`: the option takes all that follows it.
    let are_paths_taken = paths.is_empty();
    forced.give_back_logs(&mut paths);
    let (mut logs, unread) = files::find(&paths);
    if are_paths_taken {
        let (inside, _) = files::find(&forced.folders());
        logs.extend(inside.into_iter().filter(|log| !log.kind.is_foreign()));
    }
    let FoundInventories { addresses, accounts, unknown } = match config.logs_only {
        true => FoundInventories::default(),
        false => FoundInventories::of(&mut logs, &forced),
    };
    for log in &logs {
        log::debug!("{}: {} by its first bytes, {} bytes", log.path.display(), log.kind.name(), log.len);
    }
    let protected = protect_inputs(config, &logs, [&addresses[..], &accounts].concat())?;
    if !logs.iter().any(|log| log.kind.is_read()) {
        let mut reasons = files::no_log_among(&logs, &unread);
        if !addresses.is_empty() || !accounts.is_empty() {
            let found = [
                (
                    addresses.len(),
                    counted_as(addresses.len() as u64, "address inventory", "address inventories"),
                ),
                (accounts.len(), counted(accounts.len() as u64, "SPN list")),
            ];
            let found: Vec<String> =
                found.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
            reasons.push(format!(
                "the paths hold {}, and no log: add the System log of the client, the machine that made the failing connection",
                found.join(" and ")
            ));
        }
        return Err(Error::NoLogs(reasons));
    }
    let interfaces = [forced.interfaces, addresses].concat();
    let spns = [forced.spns, accounts].concat();
    Ok(Inputs { logs, unread, previous, protected, allow, interfaces, spns, unknown, stdin })
}

/// `-`: standard input, kept in a file until the run ends, as every other input is read by its name.
fn spool_stdin(paths: &mut [PathBuf]) -> Result<Option<TempDir>, Error> {
    let Some(path) = paths.iter_mut().find(|path| path.as_os_str() == "-") else { return Ok(None) };
    let spool = || -> io::Result<(TempDir, PathBuf)> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(STDIN_FILE);
        io::copy(&mut io::stdin().lock(), &mut File::create(&file)?)?;
        Ok((folder, file))
    };
    let (folder, file) = spool().map_err(Error::Stdin)?;
    *path = file;
    Ok(Some(folder))
}

/// Files whose kind an option gives.
struct Forced {
    interfaces: Vec<PathBuf>,
    spns: Vec<PathBuf>,
}

impl Forced {
    fn of(config: &Config) -> Self {
        Self { interfaces: config.interfaces.clone(), spns: config.spns.clone() }
    }

    /// Moves the files that are logs to the paths.
    fn give_back_logs(&mut self, paths: &mut Vec<PathBuf>) {
        for list in [&mut self.interfaces, &mut self.spns] {
            list.retain(|path| {
                let is_log =
                    path.is_file() && files::kind_of(path).is_some_and(|kind| holds_only_logs(path, kind));
                if is_log {
                    paths.push(path.clone());
                }
                !is_log
            });
        }
    }

    /// The folders and archives, which may also hold logs.
    fn folders(&self) -> Vec<PathBuf> {
        let is_archive = |path: &Path| path.is_file() && files::kind_of(path).is_some_and(Kind::is_archive);
        let all = self.interfaces.iter().chain(&self.spns);
        all.filter(|path| path.is_dir() || is_archive(path)).cloned().collect()
    }

    /// Does an option name the file, or a folder that it is in?
    fn has(&self, file: &Path) -> bool {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let file = whole(file);
        self.interfaces.iter().chain(&self.spns).any(|path| file.starts_with(whole(path)))
    }
}

fn holds_only_logs(path: &Path, kind: Kind) -> bool {
    let is_archive_of_logs = || {
        let held = ArchiveContents::of(path, kind);
        held.logs && !held.has_inventory()
    };
    kind.is_log() || (kind.is_archive() && is_archive_of_logs())
}

/// Inventories found among the logs.
#[derive(Default)]
struct FoundInventories {
    addresses: Vec<PathBuf>,
    accounts: Vec<PathBuf>,
    unknown: usize,
}

impl FoundInventories {
    /// Takes the inventories out of the files that were found.
    fn of(logs: &mut Vec<Input>, forced: &Forced) -> Self {
        let looks: Vec<Look> = logs.par_iter().map(Look::at).collect();
        let mut found = Self::default();
        let mut looks = looks.into_iter();
        logs.retain(|log| {
            let (addresses, accounts, stays) = match looks.next() {
                Some(Look::File(Some(ForeignFile::Addresses))) => (true, false, false),
                Some(Look::File(Some(ForeignFile::Accounts))) => (false, true, false),
                Some(Look::Archive(held)) => {
                    (held.addresses, held.accounts, held.logs || !held.has_inventory())
                }
                Some(Look::File(other)) => {
                    let is_report = other == Some(ForeignFile::Report);
                    found.unknown += usize::from(log.kind.is_foreign() && !log.named && !is_report);
                    return true;
                }
                None => return true,
            };
            for (list, holds) in [(&mut found.addresses, addresses), (&mut found.accounts, accounts)] {
                if holds && !forced.has(&log.path) && !list.contains(&log.path) {
                    list.push(log.path.clone());
                }
            }
            stays
        });
        found
    }
}

/// Kind of a file that is not a log.
enum Look {
    File(Option<ForeignFile>),
    Archive(ArchiveContents),
}

impl Look {
    fn at(log: &Input) -> Self {
        match log.kind {
            kind if kind.is_archive() => Self::Archive(ArchiveContents::of(&log.path, log.kind)),
            kind if kind.is_foreign() => Self::File(ForeignFile::of_file(&log.path)),
            _ => Self::File(None),
        }
    }
}

fn protect_inputs(
    config: &Config,
    logs: &[Input],
    found: Vec<PathBuf>,
) -> Result<ProtectedPaths, OutputError> {
    // A schedule may replace the earlier report by the new one, and by nothing else.
    let others = config.outputs.side_files().chain(config.state.as_deref());
    paths::protect_inputs(others, config.baseline.as_deref())?;
    // The state is read and written, under no other name.
    paths::protect_inputs(config.outputs.files(), config.state.as_deref())?;
    let named = config
        .interfaces
        .iter()
        .chain(&config.spns)
        .chain(&config.files_from)
        .chain(&config.allow)
        .chain(&found)
        .map(PathBuf::as_path);
    let outputs = config.outputs.files().chain(config.state.as_deref());
    paths::protect_inputs(outputs, files::to_spare(logs).chain(named))
}
