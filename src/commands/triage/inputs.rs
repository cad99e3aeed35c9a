//! Stage 1: finds the inputs, and reads the baseline or state.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tempfile::TempDir;

use super::config::{Config, Error};
use crate::commands::allow_list::AllowList;
use crate::commands::paths;
use crate::files::{self, FileError, FileKind, Input, list};
use crate::inventory::foreign_file::{ArchiveContents, ForeignFile};
use crate::output::{Output, OutputError, ProtectedPaths};
use crate::report::numbers::{pluralize, pluralize_as};
use crate::report::{Row, baseline};
use crate::state::{Lock, State};

/// Inputs of a run. Logs and inventories are found but not read.
pub(super) struct Inputs {
    pub logs: Vec<Input>,
    /// Paths that could not be accessed.
    pub unread: Vec<FileError>,
    pub previous: PreviousRuns,
    pub protected: ProtectedPaths,
    /// Problems that raise no alarm.
    pub allow: AllowList,
    /// Address inventories that were passed explicitly or found among the logs.
    pub interfaces: Vec<PathBuf>,
    /// Account lists that were passed explicitly or found among the logs.
    pub spns: Vec<PathBuf>,
    /// Number of files in folders that triage cannot use.
    pub unknown: usize,
    /// Temporary copy of standard input; removed at the end.
    stdin: Option<TempDir>,
}

impl Inputs {
    /// Returns the name to show for the temporary copy of standard input, and `None` for any other path.
    pub(super) fn display_name(&self, path: &str) -> Option<String> {
        let copy = self.stdin.as_ref()?.path().join(STDIN_FILE);
        path.strip_prefix(&*copy.to_string_lossy()).map(|rest| format!("standard input{rest}"))
    }
}

/// Name of the temporary copy of standard input.
const STDIN_FILE: &str = "standard-input";

/// Result of earlier runs.
pub(super) struct PreviousRuns {
    /// Rows of the baseline.
    pub rows: Option<Vec<Row>>,
    pub state: Option<OpenState>,
}

/// A state that was read and is locked.
pub(super) struct OpenState {
    pub path: PathBuf,
    pub state: State,
    pub lock: Lock,
}

impl PreviousRuns {
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

    /// Reports whether there is a baseline or a state.
    pub(super) fn exists(&self) -> bool {
        self.rows.is_some() || self.state.is_some()
    }
}

/// Finds the inputs. Fails before any log is read if an output cannot be written or would replace an input, if the baseline or
/// state is damaged, or if there is no log.
pub(super) fn read_inputs(config: &Config) -> Result<Inputs, Error> {
    config.outputs.check(config.state.as_deref())?;
    let previous = PreviousRuns::read(config)?;
    let allow = AllowList::read(config.allow.as_deref())?;
    let mut paths = list::with_files_from(&config.logs, config.files_from.as_deref())?;
    let stdin = spool_stdin(&mut paths)?;
    let mut explicit = ExplicitInventories::new(config);
    // In `-i FILE LOGS` the option takes all the paths.
    let has_no_paths = paths.is_empty();
    explicit.move_logs_to(&mut paths);
    let (mut logs, unread) = files::find(&paths);
    if has_no_paths {
        let (inside, _) = files::find(&explicit.containers());
        logs.extend(inside.into_iter().filter(|log| !log.kind.is_foreign()));
    }
    let FoundInventories { addresses, accounts, unknown } = match config.logs_only {
        true => FoundInventories::default(),
        false => FoundInventories::take_from(&mut logs, &explicit),
    };
    for log in &logs {
        log::debug!("{}: {} by its first bytes, {} bytes", log.path.display(), log.kind.name(), log.len);
    }
    let protected = protect_inputs(config, &logs, [&addresses[..], &accounts].concat())?;
    if !logs.iter().any(|log| log.kind.is_read()) {
        let mut reasons = files::reasons_without_log(&logs, &unread);
        if !addresses.is_empty() || !accounts.is_empty() {
            let found = [
                (
                    addresses.len(),
                    pluralize_as(addresses.len() as u64, "address inventory", "address inventories"),
                ),
                (accounts.len(), pluralize(accounts.len() as u64, "SPN list")),
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
    let interfaces = [explicit.interfaces, addresses].concat();
    let spns = [explicit.spns, accounts].concat();
    Ok(Inputs { logs, unread, previous, protected, allow, interfaces, spns, unknown, stdin })
}

/// Copies standard input to a temporary file and replaces the path `-` by it, because inputs are read by their paths. The file
/// exists until the folder is dropped.
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

/// Inventories and account lists that options pass.
struct ExplicitInventories {
    interfaces: Vec<PathBuf>,
    spns: Vec<PathBuf>,
}

impl ExplicitInventories {
    fn new(config: &Config) -> Self {
        Self { interfaces: config.interfaces.clone(), spns: config.spns.clone() }
    }

    /// Moves the files that are logs to `paths`.
    fn move_logs_to(&mut self, paths: &mut Vec<PathBuf>) {
        for list in [&mut self.interfaces, &mut self.spns] {
            list.retain(|path| {
                let is_log =
                    path.is_file() && files::sniff_file(path).is_some_and(|kind| holds_only_logs(path, kind));
                if is_log {
                    paths.push(path.clone());
                }
                !is_log
            });
        }
    }

    /// Returns the folders and archives, which may also hold logs.
    fn containers(&self) -> Vec<PathBuf> {
        let is_archive =
            |path: &Path| path.is_file() && files::sniff_file(path).is_some_and(FileKind::is_archive);
        let all = self.interfaces.iter().chain(&self.spns);
        all.filter(|path| path.is_dir() || is_archive(path)).cloned().collect()
    }

    /// Reports whether an option passes the file or a folder that it is in.
    fn contains(&self, file: &Path) -> bool {
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let file = full(file);
        self.interfaces.iter().chain(&self.spns).any(|path| file.starts_with(full(path)))
    }
}

fn holds_only_logs(path: &Path, kind: FileKind) -> bool {
    let is_archive_of_logs = || {
        let held = ArchiveContents::read(path, kind);
        held.logs && !held.has_inventory()
    };
    kind.is_log() || (kind.is_archive() && is_archive_of_logs())
}

/// Inventories found among the logs.
#[derive(Default)]
struct FoundInventories {
    addresses: Vec<PathBuf>,
    accounts: Vec<PathBuf>,
    /// Number of files that triage cannot use.
    unknown: usize,
}

impl FoundInventories {
    /// Moves the inventories out of the files that were found. An archive that also has logs stays there, too.
    fn take_from(logs: &mut Vec<Input>, explicit: &ExplicitInventories) -> Self {
        let contents: Vec<InputContent> = logs.par_iter().map(InputContent::detect).collect();
        let mut found = Self::default();
        let mut contents = contents.into_iter();
        logs.retain(|log| {
            let (addresses, accounts, stays) = match contents.next() {
                Some(InputContent::File(Some(ForeignFile::Addresses))) => (true, false, false),
                Some(InputContent::File(Some(ForeignFile::Accounts))) => (false, true, false),
                Some(InputContent::Archive(held)) => {
                    (held.addresses, held.accounts, held.logs || !held.has_inventory())
                }
                Some(InputContent::File(other)) => {
                    let is_report = other == Some(ForeignFile::Report);
                    found.unknown += usize::from(log.kind.is_foreign() && !log.explicit && !is_report);
                    return true;
                }
                None => return true,
            };
            for (list, holds) in [(&mut found.addresses, addresses), (&mut found.accounts, accounts)] {
                if holds && !explicit.contains(&log.path) && !list.contains(&log.path) {
                    list.push(log.path.clone());
                }
            }
            stays
        });
        found
    }
}

/// The content of an input that is not a log.
enum InputContent {
    File(Option<ForeignFile>),
    Archive(ArchiveContents),
}

impl InputContent {
    fn detect(log: &Input) -> Self {
        match log.kind {
            kind if kind.is_archive() => Self::Archive(ArchiveContents::read(&log.path, log.kind)),
            kind if kind.is_foreign() => Self::File(ForeignFile::recognise_file(&log.path)),
            _ => Self::File(None),
        }
    }
}

/// Fails if an output would replace an input. `found` are the inventories found among the logs.
fn protect_inputs(
    config: &Config,
    logs: &[Input],
    found: Vec<PathBuf>,
) -> Result<ProtectedPaths, OutputError> {
    // The report may replace the baseline, as in a schedule. No other output may.
    let others = config.outputs.side_files().chain(config.state.as_deref());
    paths::protect_inputs(others, config.baseline.as_deref())?;
    // The state is an input and an output. No other output may replace it.
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
    paths::protect_inputs(outputs, files::paths_to_protect(logs).chain(named))
}
