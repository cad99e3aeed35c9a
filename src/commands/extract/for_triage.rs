//! `extract --for-triage`: the lines of [`crate::records::extracted`].

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::events::{Event, ReportedEvents};
use crate::files::FileIndex;
use crate::files::{FileError, FileKind};
use crate::records::extracted::{
    BoundLine, EventLine, LogLine, LogReference, UnreadLine, VERSION, name_of, number_of,
};
use crate::records::{Origin, Record};
use crate::scan::FileReport;

/// Precedes each line while it is sorted: the fingerprint of its record, and whether it was read from slack space. So a
/// record that is twice in a log is written once, and the live copy wins.
const PRINT: usize = 8;
const PREFIX: usize = PRINT + 1;

/// The sum of the fingerprints of each file's events. It distinguishes two logs of one name and size.
pub(super) type Sums = HashMap<FileIndex, u64>;

/// An event's row without its log. `None` for an event that triage does not use.
pub(super) fn front(record: &Record, file: FileIndex, sums: &mut Sums) -> Option<io::Result<Vec<u8>>> {
    Event::read(record)?;
    let print = ReportedEvents::fingerprint(record, None);
    let sum = sums.entry(file).or_default();
    *sum = sum.wrapping_add(print);
    let mut row = print.to_be_bytes().to_vec();
    row.push(u8::from(record.origin == Origin::Slack));
    Some(line("event", &EventLine::new(record)).map(|mut json| {
        // The log is the last member.
        json.pop();
        row.extend_from_slice(json.as_bytes());
        row
    }))
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    krbtriage: u32,
    r#type: &'static str,
    #[serde(flatten)]
    line: &'a T,
}

#[derive(Serialize)]
struct Begin<'a> {
    #[serde(flatten)]
    bound: &'a BoundLine,
    program: &'static str,
}

fn line(kind: &'static str, line: &impl Serialize) -> io::Result<String> {
    ascii(&serde_json::to_string(&Versioned { krbtriage: VERSION, r#type: kind, line })?)
}

/// JSON in ASCII: code pages and UTF-16 keep it, so no console or mail gateway can damage it.
fn ascii(json: &str) -> io::Result<String> {
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

/// Writes the lines: the events of a log, then the log itself, one log after the other.
pub(super) struct Lines<'a> {
    out: &'a mut dyn Write,
    bound: BoundLine,
    unfound: &'a [FileError],
    /// The logs not written yet, the next one last.
    logs: Vec<Log<'a>>,
    /// Files that repeat one of these logs: passed twice, or together with an extraction of it.
    again: HashSet<FileIndex>,
    /// The member that names the log whose events are being written.
    of_log: Vec<u8>,
    last: Option<[u8; PRINT]>,
    written: u64,
    repeated: u64,
    pub rows: u64,
}

struct Log<'a> {
    number: u64,
    report: &'a FileReport,
}

impl<'a> Lines<'a> {
    /// `reports` are those of a scan whose events come by the files' indexes.
    pub(super) fn new(
        reports: &'a [FileReport],
        unfound: &'a [FileError],
        sums: &Sums,
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
        let (mut numbers, mut again) = (HashSet::new(), HashSet::new());
        logs.retain(|log| numbers.insert(log.number) || !again.insert(log.report.index));
        logs.reverse();
        let bound = BoundLine { extraction: name_of(number_of_all(&logs, unfound)) };
        let program = concat!("krbtriage ", env!("CARGO_PKG_VERSION"));
        writeln!(out, "{}", line("begin", &Begin { bound: &bound, program })?)?;
        let mut lines = Self {
            out,
            bound,
            unfound,
            logs,
            again,
            of_log: Vec::new(),
            last: None,
            written: 0,
            repeated: 0,
            rows: 0,
        };
        lines.begin_log()?;
        Ok(lines)
    }

    /// The next event, by file and time.
    pub(super) fn event(&mut self, file: FileIndex, row: &[u8]) -> io::Result<()> {
        if self.again.contains(&file) {
            return Ok(());
        }
        while self.logs.last().is_some_and(|log| log.report.index < file) {
            self.end_log()?;
        }
        let (Some(print), Some(json)) = (row.first_chunk(), row.get(PREFIX..)) else {
            return Err(io::Error::other("the sorted events are damaged"));
        };
        if self.last.replace(*print) == Some(*print) {
            self.repeated += 1;
            return Ok(());
        }
        self.written += 1;
        self.rows += 1;
        self.out.write_all(json)?;
        self.out.write_all(&self.of_log)
    }

    /// Writes what could not be read, and the end. Returns the number of events written.
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
            let name = serde_json::to_string(&LogReference { log: name_of(log.number).into() })?;
            self.of_log = name.replacen('{', ",", 1).into_bytes();
            self.of_log.push(b'\n');
        }
        Ok(())
    }

    fn end_log(&mut self) -> io::Result<()> {
        if let Some(log) = self.logs.pop() {
            let facts = match &log.report.extracted {
                // It was extracted elsewhere, and its line stays as it was, also where events were lost since.
                Some(line) => LogLine { written: line.written.max(self.written), ..(**line).clone() },
                None => LogLine {
                    written: self.written,
                    repeated: self.repeated,
                    ..log_line(log.report, name_of(log.number))
                },
            };
            writeln!(self.out, "{}", line("log", &facts)?)?;
        }
        self.begin_log()
    }
}

/// Does the file get a line? Not where it is not a log and was only found in a folder, is an extraction itself, or had no line
/// in its extraction, unless something in it could not be read.
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

/// The number of a log: the same whenever the log is extracted under the same name, and different for every other log.
fn number(report: &FileReport, sum: u64) -> u64 {
    if let Some(line) = &report.extracted
        && let Some(number) = number_of(&line.log)
    {
        return number;
    }
    number_for(format!("{sum:016x} {:?}", log_line(report, String::new()))) >> 2
}

/// The number of an extraction, from all that it holds. It does not depend on the order in which parts were merged.
fn number_of_all(logs: &[Log<'_>], unfound: &[FileError]) -> u64 {
    let mut logs: Vec<_> = logs.iter().map(|log| log.number).collect();
    logs.sort_unstable();
    let mut unfound: Vec<_> = unfound.iter().map(ToString::to_string).collect();
    unfound.sort_unstable();
    number_for(format!("{logs:?} {unfound:?}"))
}

fn number_for(facts: String) -> u64 {
    Sha256::digest(facts).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
