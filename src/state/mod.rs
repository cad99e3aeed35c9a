//! Memory of a schedule from run to run (`--state FILE`): the reported events, the incidents and their status,
//! and how far each log was read.
//!
//! The file begins with a line that names its kind. JSON lines follow, compressed with Zstandard and a checksum: one for the
//! logs and the reported events, then one per incident. A run writes the state under a temporary name and renames it after all
//! outputs, so a run that is killed at any time leaves the old state or the new one. If it leaves the old one, the next run
//! reports its events again: no event is lost.

mod logs;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::events::ReportedEvents;
use crate::files::{describe_read_error, read_regular};
use crate::output::ResolvedTarget;
use crate::report::baseline::{self, EarlierRow};
use crate::report::in_order::write_in_order;
use crate::report::{Row, Status};
use crate::text::escape::escape_json;

pub use logs::{FileEnds, LogProgress, LogState, compare_logs};

/// Value of `format` in the first JSON line. A file with another value is refused.
const FORMAT: &str = "krbtriage-state";

/// Version of the format. It rises when an older program would misread the file. Version 3 is the first that is compressed.
const VERSION: u32 = 3;

/// Longest state in bytes, compressed. A million incidents and ten million events take less.
const MAX_LEN: u64 = 4 << 30;
/// Longest line in bytes, not compressed. The first line reaches it with a hundred million reported events.
const MAX_LINE: u64 = 2 << 30;

/// Level of the compression. Higher levels take several times longer and save a tenth of the size.
const LEVEL: i32 = 1;

/// First line of the file. Without it, a state in a folder of logs would look like a compressed log.
const MARK: &[u8] = b"krbtriage-state\n";

/// Why a state cannot be used. Each message names the file and says what to do.
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
    #[error(
        "--state {}: an earlier krbtriage wrote this file, uncompressed; delete it to start over (every event counts as \
         new then), or name another state", path.display()
    )]
    Uncompressed { path: PathBuf },
    #[error("--state {}: this is not a state of krbtriage; name another file, which need not exist", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "--state {}: {why}; restore the file from a backup, or delete it to start over (every event counts as new then)",
        path.display()
    )]
    Damaged { path: PathBuf, why: String },
}

/// Content of a state. Its rows stay compressed until [`State::earlier`] compares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub reported: ReportedEvents,
    /// Sorted by name.
    pub logs: Vec<LogState>,
    /// The counts by incident ID.
    counts: HashMap<String, EventCounts>,
    /// The whole file, compressed.
    packed: Vec<u8>,
}

/// Number of events of one incident.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct EventCounts {
    /// Number of events of all runs.
    total: u64,
    /// Events of the last run that had any.
    last: u64,
}

/// Lock that keeps a second run away from a state. The system releases it when the process ends for any reason.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// First JSON line of a state.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    #[serde(default)]
    logs: Vec<LogState>,
    #[serde(default)]
    reported: String,
}

/// The line of one incident. The fields that each run needs come before the row. The row is a [`Row`] when it is written, and is
/// parsed only on demand when it is read.
#[derive(Serialize, Deserialize)]
struct IncidentLine<'a, R> {
    incident_id: &'a str,
    status: Status,
    /// [`EventCounts::total`].
    total_events: u64,
    /// [`EventCounts::last`].
    events: u64,
    first_seen: &'a str,
    last_seen: &'a str,
    row: R,
}

impl State {
    /// Reads and locks the state in `path`, which is empty if there is no such file. The lock is on a file next to the final
    /// target of any links, because the state itself is replaced at the end of the run.
    pub fn open(path: &Path) -> Result<(Self, Lock), StateError> {
        let failed = |source| StateError::Read { path: path.to_path_buf(), source };
        let not_a_file = || failed(io::Error::other("it is a pipe or a device"));
        let lock_path = ResolvedTarget::resolve(path).with_suffix(".lock").ok_or_else(not_a_file)?;
        let is_new = !lock_path.exists();
        let options = File::options().create(true).truncate(false).write(true).clone();
        let lock = options.open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Busy { path: path.to_path_buf() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let state = match read_regular(path, MAX_LEN) {
            Ok(packed) => Self::parse(path, packed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(error)),
        };
        if state.is_err() && is_new {
            // The file is not a state, so no other run uses a lock next to it. A lock that stays does no harm.
            let _ = std::fs::remove_file(&lock_path);
        }
        Ok((state?, Lock(lock)))
    }

    fn parse(path: &Path, packed: Vec<u8>) -> Result<Self, StateError> {
        let path = path.to_path_buf();
        if !packed.starts_with(MARK) {
            let is_old = packed.starts_with(b"{") && memmem::find(&packed, FORMAT.as_bytes()).is_some();
            return Err(if is_old {
                StateError::Uncompressed { path }
            } else {
                StateError::Foreign { path }
            });
        }
        let damaged = &|why: String| StateError::Damaged { path: path.clone(), why };
        let mut lines = LineReader::new(&packed).map_err(damaged)?;
        // The message of a damaged state advises to delete the file. A file that never was a state must not get it.
        let foreign = || StateError::Foreign { path: path.clone() };
        let header: Header = serde_json::from_str(lines.next().map_err(damaged)?.ok_or_else(foreign)?)
            .map_err(|_| foreign())?;
        if header.format != FORMAT {
            return Err(foreign());
        }
        if header.version > VERSION {
            return Err(StateError::Later { path: path.clone(), version: header.version });
        }
        let reported = ReportedEvents::from_text(&header.reported)
            .ok_or_else(|| damaged("its list of reported events is damaged".to_owned()))?;
        let mut counts = HashMap::new();
        while let Some(line) = lines.next().map_err(damaged)? {
            let line: IncidentLine<'_, &RawValue> =
                serde_json::from_str(line).map_err(|e| damaged(format!("it is damaged: {e}")))?;
            let events = EventCounts { total: line.total_events, last: line.events };
            if counts.insert(line.incident_id.to_owned(), events).is_some() {
                return Err(damaged(format!("{} appears twice", line.incident_id)));
            }
        }
        drop(lines);
        Ok(Self { reported, logs: header.logs, counts, packed })
    }

    /// Returns each incident as reported by the last run that had events of it. `is_wanted` gets its ID, status and last time,
    /// and decides whether its row is read: a row is far larger than the rest.
    pub fn earlier(
        &self,
        path: &Path,
        is_wanted: &dyn Fn(&str, Status, &str) -> bool,
    ) -> Result<Vec<EarlierRow>, StateError> {
        let damaged = &|why: String| StateError::Damaged { path: path.to_path_buf(), why };
        let mut earlier = Vec::with_capacity(self.counts.len());
        if self.packed.is_empty() {
            return Ok(earlier);
        }
        let mut lines = LineReader::new(&self.packed).map_err(damaged)?;
        lines.next().map_err(damaged)?;
        while let Some(text) = lines.next().map_err(damaged)? {
            let unread = |e: serde_json::Error| damaged(format!("it is damaged: {e}"));
            let line: IncidentLine<'_, &RawValue> = serde_json::from_str(text).map_err(unread)?;
            earlier.push(if is_wanted(line.incident_id, line.status, line.last_seen) {
                let row: Row = serde_json::from_str(line.row.get()).map_err(unread)?;
                baseline::check(&row).map_err(damaged)?;
                Row { events: line.events, ..row }.into()
            } else {
                EarlierRow {
                    incident_id: line.incident_id.to_owned(),
                    status: line.status,
                    first_seen: line.first_seen.to_owned(),
                    last_seen: line.last_seen.to_owned(),
                    row: None,
                }
            });
        }
        Ok(earlier)
    }

    /// Returns the number of events of all runs together, each counted once.
    pub fn total_events(&self) -> u64 {
        self.counts.values().map(|counts| counts.total).sum()
    }

    /// Writes the state and its rows: those that [`State::next`] got.
    pub fn write(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(MARK)?;
        let mut out = zstd::Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            logs: self.logs.clone(),
            reported: self.reported.to_text(),
        };
        writeln!(out, "{}", escape_json(&header)?)?;
        write_in_order(rows, &mut out, |rows, piece| {
            rows.iter().try_for_each(|row| {
                let counts = self.counts.get(&row.incident_id).copied().unwrap_or_default();
                let line = IncidentLine {
                    incident_id: &row.incident_id,
                    status: row.status,
                    total_events: counts.total,
                    events: counts.last,
                    first_seen: &row.first_seen,
                    last_seen: &row.last_seen,
                    row,
                };
                writeln!(piece, "{}", escape_json(&line)?)
            })
        })?;
        out.finish().map(drop)
    }

    /// Returns the state after a run. `rows` have been compared with [`State::earlier`], `fingerprints` are those of the
    /// counted events, and `logs` says how far each log was read.
    #[must_use]
    pub fn next(mut self, rows: &[Row], fingerprints: &[u64], logs: Vec<LogState>) -> Self {
        let count = |row: &Row| {
            let earlier = self.counts.get(&row.incident_id).copied().unwrap_or_default();
            let now = if row.status == Status::Resolved { 0 } else { row.events };
            // A resolved incident is reported with the events of the last run that had some.
            let last = if row.events == 0 { earlier.last } else { row.events };
            (row.incident_id.clone(), EventCounts { total: earlier.total.saturating_add(now), last })
        };
        let counts = rows.iter().map(count).collect();
        self.reported.add(fingerprints);
        Self { reported: self.reported, logs, counts, packed: Vec::new() }
    }
}

/// Reader of the JSON lines of a compressed state. Its errors are clauses about the file: `it is damaged: ...`.
struct LineReader<'a> {
    unpacked: BufReader<zstd::Decoder<'a, &'a [u8]>>,
    line: String,
}

impl<'a> LineReader<'a> {
    fn new(packed: &'a [u8]) -> Result<Self, String> {
        let frame = packed.strip_prefix(MARK).unwrap_or_default();
        let decoder = zstd::Decoder::with_buffer(frame).map_err(|e| format!("it is damaged: {e}"))?;
        Ok(Self { unpacked: BufReader::new(decoder), line: String::new() })
    }

    /// Returns the next line, or `None` at the end. Fails there if the checksum is wrong.
    fn next(&mut self) -> Result<Option<&str>, String> {
        self.line.clear();
        let mut line = self.unpacked.by_ref().take(MAX_LINE);
        let read = line.read_line(&mut self.line).map_err(|e| format!("it is damaged: {e}"))?;
        match self.line.ends_with('\n') {
            true => Ok(Some(&self.line)),
            false if read == 0 => Ok(None),
            false => Err("it is damaged: a line has no end".to_owned()),
        }
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
        State::default().write(&[], &mut File::create(&state).unwrap()).unwrap();
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

    /// Attack 9 of the review.
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
        let mut packed = Vec::new();
        state.write(&[], &mut packed).unwrap();
        let path = Path::new("state.json");
        let read = |packed: &[u8]| {
            State::parse(path, packed.to_vec()).map(|read| State { packed: Vec::new(), ..read })
        };
        assert_eq!(read(&packed).unwrap(), state);
        for bit in 0..packed.len() * 8 {
            let mut flipped = packed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = read(&flipped) {
                assert_eq!(read, state, "bit {bit}: what is read is what was written");
            }
        }
        for len in 0..packed.len() {
            assert!(read(&packed[..len]).is_err(), "cut at {len}");
        }
    }
}
