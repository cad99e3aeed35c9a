//! What a schedule remembers from run to run (`--state FILE`): which events were told, the incidents and their status,
//! and how far each log reached.
//!
//! One JSON file, written whole beside its place and renamed, last of all a run does: whenever a run is killed, there is
//! the old state or the new one, and the events of a run whose state was not kept are told again, never lost.

mod logs;

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::events::ReportedEvents;
use crate::files::describe_read_error;
use crate::report::{Row, Status, baseline};
use crate::text::escape;

pub use logs::{FileEnds, Followed, LogState, follow};

const FORMAT: &str = "krbtriage-state";

/// Rises when an older program would misread the file.
const VERSION: u32 = 1;

/// Why the state could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("--state {}: {}", path.display(), describe_read_error(path, source))]
    Read { path: PathBuf, source: io::Error },
    #[error("--state {}: another run is using it; wait for that one, or name another state", path.display())]
    Busy { path: PathBuf },
    #[error(
        "--state {}: version {version} was written by a later krbtriage, this one knows version {VERSION}; update it, \
         or name another state", path.display()
    )]
    Later { path: PathBuf, version: u32 },
    #[error(
        "--state {}: {why}; restore the file from a backup, or delete it to start over (every event counts as new then)",
        path.display()
    )]
    Damaged { path: PathBuf, why: String },
}

/// An incident as the last run that saw it told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Events of all runs together, each counted once.
    pub total_events: u64,
    #[serde(flatten)]
    pub row: Row,
}

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub told: ReportedEvents,
    /// In the order of their names.
    pub logs: Vec<LogState>,
    pub incidents: Vec<Kept>,
}

/// Keeps a second run away for as long as it lives; the system lets go of it when the process is killed.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize)]
struct Document {
    logs: Vec<LogState>,
    incidents: Vec<Kept>,
    told: String,
}

impl State {
    /// The state in `path`, an empty one where there is no such file, and the lock on it.
    pub fn open(path: &Path) -> Result<(Self, Lock), StateError> {
        let failed = |source| StateError::Read { path: path.to_path_buf(), source };
        // Beside the file: the file itself is replaced at the end.
        let mut lock_name = path.as_os_str().to_owned();
        lock_name.push(".lock");
        let lock =
            File::options().create(true).truncate(false).write(true).open(lock_name).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Busy { path: path.to_path_buf() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Self::default(), Lock(lock)));
            }
            Err(error) => return Err(failed(error)),
        };
        Ok((Self::parse(path, &text)?, Lock(lock)))
    }

    fn parse(path: &Path, text: &[u8]) -> Result<Self, StateError> {
        let damaged = |why: String| StateError::Damaged { path: path.to_path_buf(), why };
        let unread = |e: serde_json::Error| damaged(format!("it is no state of krbtriage, or damaged: {e}"));
        let head: Head = serde_json::from_slice(text).map_err(unread)?;
        if head.format != FORMAT {
            return Err(damaged("it is another kind of file".to_owned()));
        }
        if head.version > VERSION {
            return Err(StateError::Later { path: path.to_path_buf(), version: head.version });
        }
        let document: Document = serde_json::from_slice(text).map_err(unread)?;
        let mut ids = HashSet::new();
        for kept in &document.incidents {
            baseline::check(&kept.row).map_err(damaged)?;
            if !ids.insert(&kept.row.incident_id) {
                return Err(damaged(format!("{} stands in it twice", kept.row.incident_id)));
            }
        }
        let told = ReportedEvents::from_text(&document.told)
            .ok_or_else(|| damaged("\"told\" is damaged".to_owned()))?;
        Ok(Self { told, logs: document.logs, incidents: document.incidents })
    }

    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\n\"format\": \"{FORMAT}\",\n\"version\": {VERSION},\n\"logs\": [")?;
        items(&self.logs, out)?;
        out.write_all(b"],\n\"incidents\": [")?;
        items(&self.incidents, out)?;
        write!(out, "],\n\"told\": \"{}\"\n}}\n", self.told.to_text())
    }

    /// The incidents as an earlier report has them.
    pub fn rows(&self) -> Vec<Row> {
        self.incidents.iter().map(|kept| kept.row.clone()).collect()
    }

    /// What is remembered after a run: its rows (compared with [`State::rows`]), the events it counted, how far it read.
    #[must_use]
    pub fn after(mut self, rows: &[Row], fingerprints: &[u64], logs: Vec<LogState>) -> Self {
        let before: HashMap<&str, &Kept> =
            self.incidents.iter().map(|kept| (&*kept.row.incident_id, kept)).collect();
        let incidents = rows
            .iter()
            .map(|row| {
                let before = before.get(&*row.incident_id);
                let now = if row.status == Status::Resolved { 0 } else { row.events };
                let total_events = before.map_or(0, |kept| kept.total_events).saturating_add(now);
                let mut row = row.clone();
                if row.events == 0 {
                    // When it is resolved one day, it is told with the events of the run that saw it last.
                    row.events = before.map_or(0, |kept| kept.row.events);
                }
                Kept { total_events, row }
            })
            .collect();
        self.told.add(fingerprints);
        Self { told: self.told, logs, incidents }
    }
}

fn items(objects: &[impl Serialize], out: &mut dyn Write) -> io::Result<()> {
    for (i, object) in objects.iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        out.write_all(escape::escape_json(object)?.as_bytes())?;
    }
    if objects.is_empty() { Ok(()) } else { out.write_all(b"\n") }
}
