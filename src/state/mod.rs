//! What a schedule remembers from run to run (`--state FILE`): which events were reported, the incidents and their status,
//! and how far each log was read.
//!
//! One JSON file, written whole under a temporary name and renamed as the last thing a run does. Whenever a run is killed,
//! the file is the old state or the new one. The events of a run whose state was not kept are reported again, never lost.

mod checksum;
mod logs;

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::events::ReportedEvents;
use crate::files::{describe_read_error, read_regular};
use crate::output::ResolvedTarget;
use crate::report::json::write_items;
use crate::report::{Row, Status, baseline};
use checksum::ChecksumWriter;

pub use logs::{FileEnds, LogProgress, LogState, follow};

const FORMAT: &str = "krbtriage-state";

/// Rises when an older program would misread the file. Since version 2 there is a checksum.
const VERSION: u32 = 2;
const VERSION_WITH_CHECKSUM: u32 = 2;

/// Ten million events and a million incidents take 2.5 GB.
const MAX_LEN: u64 = 8 << 30;

/// Why the state could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("--state {}: {}", path.display(), describe_read_error(path, source))]
    Read { path: PathBuf, source: io::Error },
    #[error("--state {}: another run is using it; wait for that one, or name another state", path.display())]
    Busy { path: PathBuf },
    #[error(
        "--state {}: a later krbtriage wrote this file (version {version}, this program reads {VERSION}); \
         update the program, or name another state", path.display()
    )]
    Later { path: PathBuf, version: u32 },
    #[error("--state {}: this is not a state of krbtriage; name another file, which need not exist", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "--state {}: {why}; restore the file from a backup, or delete it to start over (every event counts as new then)",
        path.display()
    )]
    Damaged { path: PathBuf, why: String },
}

/// An incident as the last run with events of it reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateIncident {
    /// Events of all runs together, each counted once.
    pub total_events: u64,
    #[serde(flatten)]
    pub row: Row,
}

/// Content of the state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub reported: ReportedEvents,
    /// In the order of their names.
    pub logs: Vec<LogState>,
    /// Empty once [`State::take_rows`] has taken them.
    pub incidents: Vec<StateIncident>,
    /// Of incidents whose rows are elsewhere.
    counts: HashMap<String, EventCounts>,
}

/// How often an incident was logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct EventCounts {
    /// In all runs together.
    total: u64,
    /// In the last run with any.
    last: u64,
}

/// Keeps a second run away from the state. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize)]
struct Document {
    logs: Vec<LogState>,
    incidents: Vec<StateIncident>,
    /// Version 1 called it `told`.
    #[serde(alias = "told")]
    reported: String,
}

impl State {
    /// Reads the state in `path` (an empty one if there is no such file) and locks it. The lock is on a file
    /// next to the final target of any links, because the state itself is replaced at the end of the run.
    pub fn open(path: &Path) -> Result<(Self, Lock), StateError> {
        let failed = |source| StateError::Read { path: path.to_path_buf(), source };
        let not_a_file = || failed(io::Error::other("it is a pipe or a device"));
        let lock_path = ResolvedTarget::of(path).with_suffix(".lock").ok_or_else(not_a_file)?;
        let is_new = !lock_path.exists();
        let options = File::options().create(true).truncate(false).write(true).clone();
        let lock = options.open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Busy { path: path.to_path_buf() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let state = match read_regular(path, MAX_LEN) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(error)),
        };
        if state.is_err() && is_new {
            // The file is not a state, so no run of the program uses a lock next to it. One that stays does no harm.
            let _ = std::fs::remove_file(&lock_path);
        }
        Ok((state?, Lock(lock)))
    }

    fn parse(path: &Path, text: &[u8]) -> Result<Self, StateError> {
        let damaged = |why: String| StateError::Damaged { path: path.to_path_buf(), why };
        // Advice to delete a file must not be given for one that never was a state.
        if !text.starts_with(b"{")
            || !text.windows(FORMAT.len()).take(1024).any(|part| part == FORMAT.as_bytes())
        {
            return Err(StateError::Foreign { path: path.to_path_buf() });
        }
        let unread = |e: serde_json::Error| damaged(format!("it is damaged: {e}"));
        let head: Head = serde_json::from_slice(text).map_err(unread)?;
        if head.format != FORMAT || head.version == 0 {
            return Err(damaged("this is another kind of file".to_owned()));
        }
        if head.version > VERSION {
            return Err(StateError::Later { path: path.to_path_buf(), version: head.version });
        }
        if head.version >= VERSION_WITH_CHECKSUM && !checksum::is_intact(text) {
            return Err(damaged("it is damaged or was edited: its checksum does not match".to_owned()));
        }
        let document: Document = serde_json::from_slice(text).map_err(unread)?;
        let mut ids = HashSet::new();
        for incident in &document.incidents {
            baseline::check(&incident.row).map_err(damaged)?;
            if !ids.insert(&incident.row.incident_id) {
                return Err(damaged(format!("{} appears twice", incident.row.incident_id)));
            }
        }
        let reported = ReportedEvents::from_text(&document.reported)
            .ok_or_else(|| damaged("its list of reported events is damaged".to_owned()))?;
        Ok(Self { reported, logs: document.logs, incidents: document.incidents, counts: HashMap::new() })
    }

    /// Writes a state whose rows were not taken.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_incidents(&self.incidents, out)
    }

    /// Writes the state with these rows, which [`State::next`] counted.
    pub fn write_with(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let incidents = rows.iter().map(|row| {
            let counts = self.counts.get(&row.incident_id).copied().unwrap_or_default();
            StateIncident { total_events: counts.total, row: Row { events: counts.last, ..row.clone() } }
        });
        self.write_incidents(incidents, out)
    }

    fn write_incidents(
        &self,
        incidents: impl IntoIterator<Item = impl Serialize>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut out = ChecksumWriter::new(out);
        write!(out, "{{\n\"format\": \"{FORMAT}\",\n\"version\": {VERSION},\n\"logs\": [")?;
        write_items(&self.logs, &mut out)?;
        out.write_all(b"],\n\"incidents\": [")?;
        write_items(incidents, &mut out)?;
        write!(out, "],\n\"reported\": \"{}\"", self.reported.to_text())?;
        out.finish()
    }

    /// Takes the incidents as an earlier report has them. Their counts stay.
    pub fn take_rows(&mut self) -> Vec<Row> {
        let incidents = std::mem::take(&mut self.incidents);
        let count = |incident: &StateIncident| {
            let counts = EventCounts { total: incident.total_events, last: incident.row.events };
            (incident.row.incident_id.clone(), counts)
        };
        self.counts = incidents.iter().map(count).collect();
        incidents.into_iter().map(|incident| incident.row).collect()
    }

    /// The state after a run: its rows (compared with [`State::take_rows`]), the events it counted, how far it read.
    #[must_use]
    pub fn next(mut self, rows: &[Row], fingerprints: &[u64], logs: Vec<LogState>) -> Self {
        let count = |row: &Row| {
            let earlier = self.counts.get(&row.incident_id).copied().unwrap_or_default();
            let now = if row.status == Status::Resolved { 0 } else { row.events };
            // When it is resolved, it is reported with the events of the last run that had some.
            let last = if row.events == 0 { earlier.last } else { row.events };
            (row.incident_id.clone(), EventCounts { total: earlier.total.saturating_add(now), last })
        };
        let counts = rows.iter().map(count).collect();
        self.reported.add(fingerprints);
        Self { reported: self.reported, logs, incidents: Vec::new(), counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_state_is_locked_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let (state, link) = (folder.path().join("s.json"), folder.path().join("l.json"));
        std::os::unix::fs::symlink("s.json", &link).unwrap();
        let (_, lock) = State::open(&state).unwrap();
        assert!(
            matches!(State::open(&link), Err(StateError::Busy { .. })),
            "a link to a file that is not there yet"
        );
        drop(lock);
        State::default().write(&mut File::create(&state).unwrap()).unwrap();
        let (_, _lock) = State::open(&link).unwrap();
        assert!(matches!(State::open(&state), Err(StateError::Busy { .. })));
    }

    #[test]
    fn no_lock_stays_next_to_a_file_that_is_not_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "buy milk").unwrap();
        assert!(matches!(State::open(&path), Err(StateError::Foreign { .. })));
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_state_without_checksum_is_read_only_where_its_version_had_none() {
        let old = br#"{"format": "krbtriage-state", "version": 1, "logs": [], "incidents": [], "told": ""}"#;
        let path = Path::new("state.json");
        assert_eq!(State::parse(path, old).unwrap(), State::default());
        let new = String::from_utf8_lossy(old).replace("\"version\": 1", "\"version\": 2");
        assert!(matches!(State::parse(path, new.as_bytes()), Err(StateError::Damaged { .. })));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let log = LogState {
            computer: "srv1".into(),
            channel: "System".into(),
            record_id: 7,
            time: "2026-10-06T10:00:00Z".parse().unwrap(),
            read_to: None,
        };
        let mut state = State { logs: vec![log], ..State::default() };
        state.reported.add(&[1, 2, 3]);
        let mut text = Vec::new();
        state.write(&mut text).unwrap();
        let path = Path::new("state.json");
        assert_eq!(State::parse(path, &text).unwrap(), state);
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = State::parse(path, &flipped) {
                assert_eq!(read, state, "bit {bit}: what is read is what was written");
            }
        }
    }
}
