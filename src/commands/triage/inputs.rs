//! Stage 1: finds the inputs, and reads the baseline or state.

use std::path::PathBuf;

use super::config::{Config, Error};
use crate::commands::allow_list::AllowList;
use crate::commands::paths;
use crate::files::{self, FileError, Input, list};
use crate::output::{Output, OutputError, ProtectedPaths};
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
}

/// What earlier runs left: a report, or a state.
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
            let (mut state, lock) = State::open(path)?;
            previous.rows = Some(state.take_rows());
            previous.state = Some(OpenState { path: path.clone(), state, lock });
        }
        if let Some(path) = &config.baseline {
            previous.rows = Some(baseline::read(path)?);
        }
        Ok(previous)
    }
}

/// Fails before any log is read if the run would be useless: an output cannot be written or would replace an
/// input, the baseline or state is damaged, or there is no log.
pub(super) fn read_inputs(config: &Config) -> Result<Inputs, Error> {
    config.outputs.check(config.state.as_deref())?;
    let previous = Previous::read(config)?;
    let allow = AllowList::read(config.allow.as_deref())?;
    let paths = list::all(&config.logs, config.files_from.as_deref())?;
    let (logs, unread) = files::find(&paths);
    for log in &logs {
        log::debug!("{}: {} by its first bytes, {} bytes", log.path.display(), log.kind.name(), log.len);
    }
    let protected = protect_inputs(config, &logs)?;
    if !logs.iter().any(|log| log.kind.is_read()) {
        return Err(Error::NoLogs(files::no_log_among(&logs, &unread)));
    }
    Ok(Inputs { logs, unread, previous, protected, allow })
}

fn protect_inputs(config: &Config, logs: &[Input]) -> Result<ProtectedPaths, OutputError> {
    // A schedule may replace the earlier report by the new one, and by nothing else.
    let others = config.outputs.side_files().chain(config.state.as_deref());
    paths::protect_inputs(others, config.baseline.as_deref())?;
    let named = config.interfaces.iter().chain(&config.spns).chain(&config.files_from).chain(&config.allow);
    let named = named.map(PathBuf::as_path);
    let outputs = config.outputs.files().chain(config.state.as_deref());
    paths::protect_inputs(outputs, files::to_spare(logs).chain(named))
}
