//! `--events FILE`: every event that counts, with the incident it belongs to, as evidence.
//!
//! Rows are spooled during the scan and sorted outside memory. An incident's ID follows from the event's
//! names, so it is known at once. Only at the end it is decided which twin counts (event 3) and which file
//! keeps a duplicate.

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
use crate::records::{Origin, Record};
use crate::text::escape::escape_json;

/// The columns of the CSV, and the members of a line of JSON.
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

/// The format of the events file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventFormat {
    Csv,
    Jsonl,
}

/// An event without the name of its log.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
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
}

/// A row that may still be replaced by the same event from another file.
struct PendingRow {
    time: i128,
    identity: Vec<u8>,
    log: String,
    line: Line,
}

impl PendingRow {
    /// Of several copies, the one with the lowest rank is written: a live one first, then by its log's name
    /// and its own spelling.
    fn rank(&self) -> (bool, &str, [&str; 6]) {
        let line = &self.line;
        let spelling = [
            &*line.client,
            &*line.provider,
            &*line.answered_by,
            &*line.target_spn,
            &*line.target_realm,
            &*line.client_realm,
        ];
        (&*line.origin != "live", &self.log, spelling)
    }
}

#[derive(Serialize)]
struct WithLog<'a> {
    #[serde(flatten)]
    line: &'a Line,
    log: &'a str,
}

/// The rows that all workers spooled.
#[derive(Default)]
pub struct EventSpool(Mutex<Vec<Sorter>>);

/// One worker's rows. They are handed over on drop.
struct Share<'a> {
    spool: &'a EventSpool,
    sorter: Sorter,
}

impl EventSpool {
    /// Creates the sink of one of `workers`.
    pub fn event_sink(&self, workers: usize) -> Box<dyn EventSink + '_> {
        Box::new(Share { spool: self, sorter: Sorter::new(workers) })
    }

    /// Writes every event once, as [`Self::take`] orders them. Returns the number of events written.
    pub fn write(
        &self,
        format: EventFormat,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
        out: &mut dyn Write,
    ) -> io::Result<u64> {
        let mut lines = Lines::new(format, out)?;
        let mut written = 0;
        self.take(twins, log_name, |line, log| {
            written += 1;
            lines.write(&line, &log)
        })?;
        lines.finish()?;
        Ok(written)
    }

    /// Hands over every event once, in the order of time, then client, channel and record ID, with the first by name of the
    /// logs that hold it. The spool is empty afterwards.
    fn take(
        &self,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
        mut use_event: impl FnMut(Line, String) -> io::Result<()>,
    ) -> io::Result<()> {
        let twins: HashMap<&str, &Twin> = twins.iter().map(|t| (&*t.own_id, t)).collect();
        let sorters = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut pending: Option<PendingRow> = None;
        let mut write = |pending: PendingRow| {
            let mut line = pending.line;
            if line.event_id == 3
                && let Some(twin) = twins.get(&*line.incident_id)
            {
                if !twin.counted.contains(line.time_created) {
                    return Ok(());
                }
                line.incident_id.clone_from(&twin.incident_id);
            }
            use_event(line, pending.log)
        };
        external_sort::merge(sorters, |key, row| {
            let Some((identity, file, line)) = taken_apart(row) else {
                return Err(io::Error::other("the spooled events are damaged"));
            };
            let next = PendingRow {
                time: key.time,
                identity: identity.to_vec(),
                log: log_name(file),
                line: serde_json::from_slice(line)?,
            };
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

/// An event with the name of its log.
#[derive(Serialize, Deserialize)]
pub(super) struct EventRow {
    pub line: Line,
    pub log: String,
}

/// All events in their order, in a temporary file without a name: several outputs can read it.
#[derive(Debug)]
pub struct SortedEvents(File);

impl SortedEvents {
    /// Empties the spool.
    pub fn new(
        spool: &EventSpool,
        twins: &[Twin],
        log_name: &dyn Fn(FileIndex) -> String,
    ) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        spool.take(twins, log_name, |line, log| {
            serde_json::to_writer(&mut out, &EventRow { line, log })?;
            out.write_all(b"\n")
        })?;
        out.flush()?;
        drop(out);
        Ok(Self(file))
    }

    /// Hands over every event.
    pub(super) fn each(&self, mut use_event: impl FnMut(&EventRow) -> io::Result<()>) -> io::Result<()> {
        (&self.0).seek(SeekFrom::Start(0))?;
        BufReader::with_capacity(1 << 20, &self.0)
            .split(b'\n')
            .try_for_each(|line| use_event(&serde_json::from_slice(&line?)?))
    }

    /// Writes every event.
    pub fn write(&self, format: EventFormat, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = Lines::new(format, out)?;
        self.each(|event| lines.write(&event.line, &event.log))?;
        lines.finish()
    }
}

impl EventSink for Share<'_> {
    fn event(&mut self, event: &ApErrModified, record: &Record, file: FileIndex) {
        let line = Line {
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
                Origin::Live => "live",
                Origin::Slack => "slack",
            }
            .into(),
        };
        match put_together(record, file, &line) {
            Ok(row) => {
                let time = record.time.as_nanosecond();
                self.sorter.add(Key { file: 0, record_id: 0, time }, row);
            }
            Err(error) => self.sorter.fail(error),
        }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let sorter = std::mem::replace(&mut self.sorter, Sorter::new(1));
        self.spool.0.lock().unwrap_or_else(PoisonError::into_inner).push(sorter);
    }
}

/// Sort key after the time: the record's identity, then the file, then the line, separated by NUL, which JSON
/// never contains.
fn put_together(record: &Record, file: FileIndex, line: &Line) -> io::Result<Vec<u8>> {
    let print = if record.record_id == 0 { ReportedEvents::fingerprint(record, None) } else { 0 };
    let (client, channel, id) = (record.computer.to_lowercase(), &record.channel, record.record_id);
    let mut row = format!("{client}\0{channel}\0{id:020}{print:016x}\0{file:010}\0").into_bytes();
    serde_json::to_writer(&mut row, line)?;
    Ok(row)
}

fn taken_apart(row: &[u8]) -> Option<(&[u8], FileIndex, &[u8])> {
    let mut parts = row.rsplitn(3, |b| *b == 0);
    let (line, file, identity) = (parts.next()?, parts.next()?, parts.next()?);
    Some((identity, std::str::from_utf8(file).ok()?.parse().ok()?, line))
}

/// Destination of the lines, by format.
enum Lines<'a> {
    Csv(Box<CsvWriter<&'a mut dyn Write>>),
    Jsonl(&'a mut dyn Write),
}

impl<'a> Lines<'a> {
    fn new(format: EventFormat, out: &'a mut dyn Write) -> io::Result<Self> {
        match format {
            EventFormat::Jsonl => Ok(Self::Jsonl(out)),
            EventFormat::Csv => Ok(Self::Csv(Box::new(CsvWriter::with_header(out, &EVENT_COLUMNS)?))),
        }
    }

    fn write(&mut self, line: &Line, log: &str) -> io::Result<()> {
        match self {
            Self::Jsonl(out) => {
                out.write_all(escape_json(&WithLog { line, log })?.as_bytes())?;
                out.write_all(b"\n")
            }
            Self::Csv(csv) => csv.row([
                &*line.incident_id,
                &line.time_created.to_string(),
                &line.client,
                &line.channel,
                &line.record_id.to_string(),
                &line.event_id.to_string(),
                &line.provider,
                &line.answered_by,
                &line.target_spn,
                &line.target_realm,
                &line.client_realm,
                &line.origin,
                log,
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
