//! Writes every counted event with its incident (`--events FILE`), as evidence.
//!
//! Rows are spooled during the scan and sorted outside memory. Each already has the ID of its incident, which depends only on
//! the names in the event. The end of the scan decides which twins (event 3) count, and which file a duplicate is listed with.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::csv_writer::CsvWriter;
use super::external_sort::{self, Key, Sorter};
use crate::events::{ApErrModified, ReportedEvents};
use crate::files::FileIndex;
use crate::incidents::{self, EventSink, Twin};
use crate::records::{Record, RecordOrigin};
use crate::text::escape::escape_json;

/// Columns of the CSV and members of the JSON.
pub const EVENT_COLUMNS: [&str; 13] = [
    "incident_id",
    "time_created",
    "client",
    "channel",
    "record_id",
    "event_id",
    "provider",
    "answered_by",
    "target_spn",
    "target_realm",
    "client_realm",
    "origin",
    "log",
];

/// Format of the events file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventFormat {
    Csv,
    Jsonl,
}

/// An event as a line of the file of events.
#[derive(Serialize, Deserialize)]
pub(super) struct EventRow {
    pub incident_id: String,
    pub time_created: Timestamp,
    pub client: Box<str>,
    pub channel: Box<str>,
    pub record_id: u64,
    pub event_id: u16,
    pub provider: Box<str>,
    pub answered_by: Box<str>,
    pub target_spn: Box<str>,
    pub target_realm: Box<str>,
    pub client_realm: Box<str>,
    pub origin: Box<str>,
    /// Path of the log. It is empty in the spool.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log: String,
}

/// A row that may still be replaced by the same event from another file.
struct PendingRow {
    /// Nanoseconds since 1970.
    time: i128,
    /// Client, channel and record ID, as [`encode`] writes them.
    identity: Vec<u8>,
    row: EventRow,
}

impl PendingRow {
    /// Returns the sort key of several copies of an event. The lowest is written: a live one, then the first by log and by
    /// spelling.
    fn rank(&self) -> (bool, &str, [&str; 6]) {
        let row = &self.row;
        let spelling = [
            &*row.client,
            &*row.provider,
            &*row.answered_by,
            &*row.target_spn,
            &*row.target_realm,
            &*row.client_realm,
        ];
        (&*row.origin != "live", &row.log, spelling)
    }
}

/// The rows of all workers.
#[derive(Default)]
pub struct EventSpool(Mutex<Vec<Sorter>>);

/// The rows of one worker. Dropping it adds them to the spool.
struct WorkerSpool<'a> {
    spool: &'a EventSpool,
    sorter: Sorter,
}

impl EventSpool {
    /// Creates the sink of one of `workers` workers.
    pub fn event_sink(&self, workers: usize) -> Box<dyn EventSink + '_> {
        Box::new(WorkerSpool { spool: self, sorter: Sorter::new(workers) })
    }

    /// Writes every event once, in the order of [`Self::drain`]. Returns the number of events written.
    pub fn write(
        &self,
        format: EventFormat,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
        out: &mut dyn Write,
    ) -> io::Result<u64> {
        let mut writer = EventWriter::new(format, out)?;
        let mut written = 0;
        self.drain(twins, log_name, |row| {
            written += 1;
            writer.write(&row)
        })?;
        writer.finish()?;
        Ok(written)
    }

    /// Empties the spool and passes on every event once, sorted by time, client, channel and record ID. An event that several
    /// logs have gets the first of their names.
    fn drain(
        &self,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
        mut use_event: impl FnMut(EventRow) -> io::Result<()>,
    ) -> io::Result<()> {
        let twins: HashMap<&str, &Twin> = twins.iter().map(|t| (&*t.own_id, t)).collect();
        let sorters = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut pending: Option<PendingRow> = None;
        let mut write = |pending: PendingRow| {
            let mut row = pending.row;
            if row.event_id == 3
                && let Some(twin) = twins.get(&*row.incident_id)
            {
                if !twin.counted.contains(row.time_created) {
                    return Ok(());
                }
                row.incident_id.clone_from(&twin.incident_id);
            }
            use_event(row)
        };
        external_sort::merge(sorters, |key, bytes| {
            let Some((identity, file, json)) = decode(bytes) else {
                return Err(io::Error::other("the spooled events are damaged"));
            };
            let mut row: EventRow = serde_json::from_slice(json)?;
            row.log = log_name(file);
            let next = PendingRow { time: key.time, identity: identity.to_vec(), row };
            match &mut pending {
                Some(kept) if kept.time == next.time && kept.identity == next.identity => {
                    if next.rank() < kept.rank() {
                        *kept = next;
                    }
                    Ok(())
                }
                kept => kept.replace(next).map_or(Ok(()), &mut write),
            }
        })?;
        pending.map_or(Ok(()), &mut write)
    }
}

/// All events in their order, in an unnamed temporary file that several outputs can read.
#[derive(Debug)]
pub struct SortedEvents(File);

impl SortedEvents {
    /// Sorts the events of the spool, which is empty afterwards.
    pub fn new(
        spool: &EventSpool,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
    ) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        spool.drain(twins, log_name, |row| {
            serde_json::to_writer(&mut out, &row)?;
            out.write_all(b"\n")
        })?;
        out.flush()?;
        drop(out);
        Ok(Self(file))
    }

    /// Calls `use_event` for every event.
    pub(super) fn for_each(&self, mut use_event: impl FnMut(&EventRow) -> io::Result<()>) -> io::Result<()> {
        (&self.0).seek(SeekFrom::Start(0))?;
        BufReader::with_capacity(1 << 20, &self.0)
            .split(b'\n')
            .try_for_each(|line| use_event(&serde_json::from_slice(&line?)?))
    }

    /// Writes every event.
    pub fn write(&self, format: EventFormat, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = EventWriter::new(format, out)?;
        self.for_each(|row| writer.write(row))?;
        writer.finish()
    }
}

impl EventSink for WorkerSpool<'_> {
    fn event(&mut self, event: &ApErrModified, record: &Record, file: FileIndex) {
        let row = EventRow {
            incident_id: incidents::incident_id(event),
            time_created: record.time,
            client: event.client.clone(),
            channel: record.channel.as_str().into(),
            record_id: record.record_id,
            event_id: record.event_id,
            provider: record.provider.as_str().into(),
            answered_by: event.answered_by.clone(),
            target_spn: event.target.clone(),
            target_realm: event.target_realm.clone(),
            client_realm: event.client_realm.clone(),
            origin: match record.origin {
                RecordOrigin::Live => "live",
                RecordOrigin::Slack => "slack",
            }
            .into(),
            log: String::new(),
        };
        match encode(record, file, &row) {
            Ok(bytes) => {
                let time = record.time.as_nanosecond();
                self.sorter.add(Key { file: 0, record_id: 0, time }, bytes);
            }
            Err(error) => self.sorter.fail(error),
        }
    }
}

impl Drop for WorkerSpool<'_> {
    fn drop(&mut self) {
        let sorter = std::mem::replace(&mut self.sorter, Sorter::new(1));
        self.spool.0.lock().unwrap_or_else(PoisonError::into_inner).push(sorter);
    }
}

/// Encodes a row for the sorter: the identity of its record, the file, and the JSON. They are separated by NUL, which JSON
/// never has. Rows with equal times are sorted by these bytes.
fn encode(record: &Record, file: FileIndex, row: &EventRow) -> io::Result<Vec<u8>> {
    let fingerprint = if record.record_id == 0 { ReportedEvents::fingerprint(record, None) } else { 0 };
    let (client, channel, id) = (record.computer.to_lowercase(), &record.channel, record.record_id);
    let mut bytes = format!("{client}\0{channel}\0{id:020}{fingerprint:016x}\0{file:010}\0").into_bytes();
    serde_json::to_writer(&mut bytes, row)?;
    Ok(bytes)
}

/// Splits the result of [`encode`] into identity, file and JSON.
fn decode(bytes: &[u8]) -> Option<(&[u8], FileIndex, &[u8])> {
    let mut parts = bytes.rsplitn(3, |b| *b == 0);
    let (json, file, identity) = (parts.next()?, parts.next()?, parts.next()?);
    Some((identity, std::str::from_utf8(file).ok()?.parse().ok()?, json))
}

/// Writer of the events file.
enum EventWriter<'a> {
    Csv(Box<CsvWriter<&'a mut dyn Write>>),
    Jsonl(&'a mut dyn Write),
}

impl<'a> EventWriter<'a> {
    fn new(format: EventFormat, out: &'a mut dyn Write) -> io::Result<Self> {
        match format {
            EventFormat::Jsonl => Ok(Self::Jsonl(out)),
            EventFormat::Csv => Ok(Self::Csv(Box::new(CsvWriter::with_header(out, &EVENT_COLUMNS)?))),
        }
    }

    fn write(&mut self, row: &EventRow) -> io::Result<()> {
        match self {
            Self::Jsonl(out) => {
                out.write_all(escape_json(row)?.as_bytes())?;
                out.write_all(b"\n")
            }
            Self::Csv(csv) => csv.row([
                &*row.incident_id,
                &row.time_created.to_string(),
                &row.client,
                &row.channel,
                &row.record_id.to_string(),
                &row.event_id.to_string(),
                &row.provider,
                &row.answered_by,
                &row.target_spn,
                &row.target_realm,
                &row.client_realm,
                &row.origin,
                &row.log,
            ]),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Jsonl(_) => Ok(()),
            Self::Csv(csv) => csv.finish().map(drop),
        }
    }
}
