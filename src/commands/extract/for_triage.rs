//! Writes an extraction (`extract --for-triage`) in the form of [`crate::records::extracted`].

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use serde::Serialize;

use crate::events::{Event, ReportedEvents};
use crate::files::FileIndex;
use crate::files::{FileError, FileKind};
use crate::records::extracted::{BoundLine, EventLine, LogLine, UnreadLine, VERSION, name_of, number_of};
use crate::records::{Record, RecordOrigin};
use crate::scan::FileReport;
use crate::text::sha256_64;

/// Length of the fingerprint that begins a row while it is sorted.
const FINGERPRINT_LEN: usize = 8;
/// Length of the sort prefix of a row: the fingerprint of its record, then 1 if it was read from slack space. A record that is
/// twice in a log is written once, and the live copy comes first.
const PREFIX_LEN: usize = FINGERPRINT_LEN + 1;

/// Sum of the fingerprints of the events of each file. It distinguishes two logs with the same name and size.
pub(super) type FingerprintSums = HashMap<FileIndex, u64>;

/// Formats the sort prefix and the line of an event up to the name of its log. `None` for an event that triage does not use.
pub(super) fn line_start(
    record: &Record,
    file: FileIndex,
    sums: &mut FingerprintSums,
) -> Option<io::Result<Vec<u8>>> {
    Event::read(record)?;
    let fingerprint = ReportedEvents::fingerprint(record, None);
    let sum = sums.entry(file).or_default();
    *sum = sum.wrapping_add(fingerprint);
    let mut row = fingerprint.to_be_bytes().to_vec();
    row.push(u8::from(record.origin == RecordOrigin::Slack));
    Some(line("event", &EventLine::new(record)).map(|mut json| {
        // Drop the closing brace: the log is the last member.
        json.pop();
        row.extend_from_slice(json.as_bytes());
        row
    }))
}

/// Line with the members that every line has.
#[derive(Serialize)]
struct VersionedLine<'a, T> {
    krbtriage: u32,
    r#type: &'static str,
    #[serde(flatten)]
    line: &'a T,
}

/// First line of an extraction.
#[derive(Serialize)]
struct BeginLine<'a> {
    #[serde(flatten)]
    bound: &'a BoundLine,
    program: &'static str,
}

/// Formats a line without its line break.
fn line(kind: &'static str, line: &impl Serialize) -> io::Result<String> {
    to_ascii(&serde_json::to_string(&VersionedLine { krbtriage: VERSION, r#type: kind, line })?)
}

/// Escapes all characters outside ASCII, so that no code page of a console or mail gateway can damage the JSON.
fn to_ascii(json: &str) -> io::Result<String> {
    use std::fmt::Write;
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\x7f' {
            out.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            write!(out, "\\u{unit:04x}").map_err(io::Error::other)?;
        }
    }
    Ok(out)
}

/// Writer of an extraction. It writes the events of a log, then the line of the log, one log after the other.
pub(super) struct ExtractionWriter<'a> {
    out: &'a mut dyn Write,
    bound: BoundLine,
    unfound: &'a [FileError],
    /// The logs that are not written yet, the next one last.
    logs: Vec<Log<'a>>,
    /// Files that repeat one of these logs, because the user passed it twice or together with an extraction of it.
    repeated_logs: HashSet<FileIndex>,
    /// End of each event's line: the name of the current log.
    line_end: Vec<u8>,
    /// Fingerprint of the last event of the current log.
    last: Option<[u8; FINGERPRINT_LEN]>,
    /// Number of events written for the current log.
    written: u64,
    /// Number of events of the current log left out, because it has them twice.
    repeated: u64,
    /// Number of events written for all logs.
    rows: u64,
}

/// A log with its number in the extraction.
struct Log<'a> {
    number: u64,
    report: &'a FileReport,
}

impl<'a> ExtractionWriter<'a> {
    /// Writes the first line. `reports` are those of the scan, and their events are written in the order of their indexes.
    pub(super) fn new(
        reports: &'a [FileReport],
        unfound: &'a [FileError],
        sums: &FingerprintSums,
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        let mut logs: Vec<_> = reports
            .iter()
            .filter(|report| has_line(report))
            .map(|report| {
                let sum = sums.get(&report.index).copied().unwrap_or_default();
                Log { number: number(report, sum), report }
            })
            .collect();
        logs.sort_by_key(|log| log.report.index);
        let (mut numbers, mut repeated_logs) = (HashSet::new(), HashSet::new());
        logs.retain(|log| numbers.insert(log.number) || !repeated_logs.insert(log.report.index));
        logs.reverse();
        let bound = BoundLine { extraction: name_of(extraction_number(&logs, unfound)) };
        let program = concat!("krbtriage ", env!("CARGO_PKG_VERSION"));
        writeln!(out, "{}", line("begin", &BeginLine { bound: &bound, program })?)?;
        let mut writer = Self {
            out,
            bound,
            unfound,
            logs,
            repeated_logs,
            line_end: Vec::new(),
            last: None,
            written: 0,
            repeated: 0,
            rows: 0,
        };
        writer.begin_log()?;
        Ok(writer)
    }

    /// Writes the next event. `row` is a result of [`line_start`].
    pub(super) fn event(&mut self, file: FileIndex, row: &[u8]) -> io::Result<()> {
        if self.repeated_logs.contains(&file) {
            return Ok(());
        }
        while self.logs.last().is_some_and(|log| log.report.index < file) {
            self.end_log()?;
        }
        let (Some(fingerprint), Some(json)) = (row.first_chunk(), row.get(PREFIX_LEN..)) else {
            return Err(io::Error::other("the sorted events are damaged"));
        };
        if self.last.replace(*fingerprint) == Some(*fingerprint) {
            self.repeated += 1;
            return Ok(());
        }
        self.written += 1;
        self.rows += 1;
        self.out.write_all(json)?;
        self.out.write_all(&self.line_end)
    }

    /// Writes the remaining logs, the paths that could not be read, and the last line. Returns the number of events written.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        while !self.logs.is_empty() {
            self.end_log()?;
        }
        for error in self.unfound {
            let unread = UnreadLine { path: error.path.to_string_lossy().into(), problem: error.to_string() };
            writeln!(self.out, "{}", line("unread", &unread)?)?;
        }
        writeln!(self.out, "{}", line("end", &self.bound)?)?;
        Ok(self.rows)
    }

    fn begin_log(&mut self) -> io::Result<()> {
        (self.last, self.written, self.repeated) = (None, 0, 0);
        if let Some(log) = self.logs.last() {
            self.line_end = format!(",\"log\":\"{}\"}}\n", name_of(log.number)).into_bytes();
        }
        Ok(())
    }

    fn end_log(&mut self) -> io::Result<()> {
        if let Some(log) = self.logs.pop() {
            let log_line = match &log.report.extracted {
                // The line of an earlier extraction is kept. Its number of events shows if events were lost since.
                Some(line) => LogLine { written: line.written.max(self.written), ..(**line).clone() },
                None => LogLine {
                    written: self.written,
                    repeated: self.repeated,
                    ..log_line(log.report, name_of(log.number))
                },
            };
            writeln!(self.out, "{}", line("log", &log_line)?)?;
        }
        self.begin_log()
    }
}

/// Reports whether the extraction has a line for the file: a log, or any file with events, read errors or notes. Extractions
/// among the inputs, and other files found in folders, have no line.
fn has_line(report: &FileReport) -> bool {
    let kind = FileKind::from_name(report.kind);
    report.extracted.is_some()
        || !report.read_errors.is_empty()
        || !report.notes.is_empty()
        || report.events > 0
        || kind.is_read() && kind != FileKind::Extract
}

fn log_line(report: &FileReport, log: String) -> LogLine {
    LogLine {
        log,
        path: report.path.to_string(),
        kind: report.kind.to_owned(),
        bytes: report.bytes,
        chunks: report.chunks,
        bad_checksums: report.bad_checksums,
        records: report.records,
        events: report.events,
        first_record_id: report.record_ids.map(|(first, _)| first),
        last_record_id: report.record_ids.map(|(_, last)| last),
        last_written: report.last_written,
        modified: report.modified,
        read_errors: report.read_errors.clone(),
        notes: report.notes.clone(),
        repeated: 0,
        written: 0,
    }
}

/// Returns the number of a log. It is the same whenever the log is extracted under the same name, and differs from that of every
/// other log.
fn number(report: &FileReport, sum: u64) -> u64 {
    if let Some(line) = &report.extracted
        && let Some(number) = number_of(&line.log)
    {
        return number;
    }
    sha256_64(&format!("{sum:016x} {:?}", log_line(report, String::new()))) >> 2
}

/// Returns the number of an extraction. It depends on its logs and unreadable paths, but not on their order.
fn extraction_number(logs: &[Log<'_>], unfound: &[FileError]) -> u64 {
    let mut logs: Vec<_> = logs.iter().map(|log| log.number).collect();
    logs.sort_unstable();
    let mut unfound: Vec<_> = unfound.iter().map(ToString::to_string).collect();
    unfound.sort_unstable();
    sha256_64(&format!("{logs:?} {unfound:?}"))
}
