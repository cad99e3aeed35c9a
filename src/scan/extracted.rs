//! Merges the lines of all extractions about each log.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::report::FileReport;
use crate::files::FileIndex;
use crate::files::{FileError, Kind};
use crate::records::extracted::{LogLine, UnreadLine, name_of, number_of};

/// Most memory for logs and unread paths: some three million of them.
const MAX_BYTES: usize = 1 << 30;

/// Memory of a log without its texts.
const ENTRY: usize = 300;

/// The bit that distinguishes these logs from the files of the run. The lowest 62 bits of the index are the
/// log's number.
const BIT: FileIndex = 1 << 62;

/// The index of the log with this number: the same in every run, whichever file has its line.
pub(super) fn index_of(number: u64) -> FileIndex {
    number & (BIT - 1) | BIT
}

/// Shared by all workers.
#[derive(Default)]
pub(super) struct ExtractedLogs(Mutex<Logs>);

#[derive(Default)]
struct Logs {
    logs: HashMap<FileIndex, Log>,
    unread: BTreeSet<UnreadLine>,
    /// Number of the extraction, and the file that has the line.
    begun: BTreeSet<(u64, FileIndex)>,
    ended: BTreeSet<(u64, FileIndex)>,
    bytes: usize,
}

/// A log, merged from the lines read so far.
#[derive(Default)]
struct Log {
    line: Option<LogLine>,
    /// Number of its events that were read.
    found: u64,
    /// Two lines about it differ that should be the same.
    disputed: bool,
}

const NO_END: &str = "its end is missing: the extraction was broken off, or the file was cut or not wholly copied; \
                      copy it or extract the logs again (where it is in parts, name all of them)";
const NO_BEGINNING: &str =
    "its beginning is missing; copy it or extract the logs again (where it is in parts, name all of them)";

fn full() -> String {
    "too many logs in the extractions; triage fewer at once".to_owned()
}

impl ExtractedLogs {
    fn lock(&self) -> MutexGuard<'_, Logs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line about a log. If two lines contradict each other, the smaller one counts, so that their
    /// order does not matter.
    pub(super) fn log(&self, mut line: LogLine) -> Result<(), String> {
        let number = number_of(&line.log).ok_or("\"log\" is not 16 hexadecimal digits")?;
        let mut logs = self.lock();
        logs.spend(size(&line))?;
        let log = logs.logs.entry(index_of(number)).or_default();
        if let Some(kept) = &mut log.line {
            // A later program may recognise fewer of its events. An event that neither has is not missing.
            let written = kept.written.min(line.written);
            (kept.written, line.written) = (written, written);
            if *kept != line {
                log.disputed = true;
                if line < *kept {
                    *kept = line;
                }
            }
        } else {
            log.line = Some(line);
        }
        Ok(())
    }

    pub(super) fn unread(&self, line: UnreadLine) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(line.path.len() + line.problem.len())?;
        logs.unread.insert(line);
        Ok(())
    }

    pub(super) fn begun(&self, extraction: u64, file: FileIndex) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(0)?;
        logs.begun.insert((extraction, file));
        Ok(())
    }

    pub(super) fn ended(&self, extraction: u64, file: FileIndex) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(0)?;
        logs.ended.insert((extraction, file));
        Ok(())
    }

    /// Files with the start of an extraction whose end no file has, or the reverse.
    pub(super) fn cut(&self) -> BTreeSet<(FileIndex, &'static str)> {
        let logs = self.lock();
        let lacking = |ones: &BTreeSet<(u64, FileIndex)>, others: &BTreeSet<(u64, FileIndex)>, what| {
            let has_none = |number| others.range((number, 0)..=(number, FileIndex::MAX)).next().is_none();
            let lacking = ones.iter().filter(|(number, _)| has_none(*number));
            lacking.map(|(_, file)| (*file, what)).collect::<Vec<_>>()
        };
        let endless = lacking(&logs.begun, &logs.ended, NO_END);
        endless.into_iter().chain(lacking(&logs.ended, &logs.begun, NO_BEGINNING)).collect()
    }

    /// Counts events that were read.
    pub(super) fn found(&self, events: impl IntoIterator<Item = (FileIndex, u64)>) -> Result<(), String> {
        let mut logs = self.lock();
        for (index, count) in events {
            if let Entry::Vacant(entry) = logs.logs.entry(index) {
                entry.insert(Log::default());
                logs.spend(0)?;
            }
            if let Some(log) = logs.logs.get_mut(&index) {
                log.found += count;
            }
        }
        Ok(())
    }

    /// The logs in the order of their paths, and the paths that could not be read.
    pub(super) fn into_reports(self) -> (Vec<FileReport>, Vec<FileError>) {
        let Logs { logs, unread, .. } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut reports: Vec<_> = logs.into_iter().map(|(index, log)| log.into_report(index)).collect();
        reports.sort_by(|a, b| (&a.path, a.index).cmp(&(&b.path, b.index)));
        let unread = unread
            .into_iter()
            .map(|line| FileError::ReportedElsewhere { path: line.path.into(), text: line.problem })
            .collect();
        (reports, unread)
    }
}

impl Logs {
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let bytes = self.bytes + bytes + ENTRY;
        if bytes > MAX_BYTES {
            return Err(full());
        }
        self.bytes = bytes;
        Ok(())
    }
}

fn size(line: &LogLine) -> usize {
    let texts = line.read_errors.iter().chain(&line.notes).chain([&line.path, &line.kind]);
    texts.map(|text| text.len() + size_of::<String>()).sum()
}

impl Log {
    fn into_report(self, index: FileIndex) -> FileReport {
        let Self { line, found, disputed } = self;
        let Some(line) = line else {
            let name = name_of(index & (BIT - 1));
            return FileReport {
                index,
                path: format!("log {name}").into(),
                kind: Kind::Extract.name(),
                events: found,
                read_errors: vec![
                    "its events are there, but not the line that names it; name all files of the \
                     extraction, or extract the log again"
                        .to_owned(),
                ],
                ..FileReport::default()
            };
        };
        let mut read_errors = line.read_errors.clone();
        if found < line.written {
            read_errors.push(format!(
                "{} of its {} extracted events are missing; copy or extract again",
                line.written - found,
                line.written
            ));
        }
        if disputed {
            read_errors.push(
                "extractions disagree about it; extract the log again, and triage only that".to_owned(),
            );
        }
        FileReport {
            index,
            path: line.path.as_str().into(),
            kind: Kind::named(&line.kind).name(),
            bytes: line.bytes,
            chunks: line.chunks,
            bad_checksums: line.bad_checksums,
            records: line.records,
            events: line.events,
            duplicates: line.repeated,
            record_ids: line.first_record_id.zip(line.last_record_id),
            first_written: None,
            last_written: line.last_written,
            modified: line.modified,
            read_errors,
            notes: line.notes.clone(),
            extracted: Some(Box::new(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, written: u64) -> LogLine {
        LogLine {
            log: "00000000000000ff".into(),
            path: path.into(),
            kind: "evtx".into(),
            bytes: 1,
            chunks: 1,
            bad_checksums: 0,
            records: 9,
            events: 9,
            first_record_id: Some(1),
            last_record_id: Some(9),
            last_written: None,
            modified: None,
            read_errors: vec![],
            notes: vec![],
            repeated: 0,
            written,
        }
    }

    fn read_errors(tell: impl FnOnce(&ExtractedLogs)) -> Vec<String> {
        let logs = ExtractedLogs::default();
        tell(&logs);
        let (reports, _) = logs.into_reports();
        assert_eq!(reports.len(), 1);
        reports[0].read_errors.clone()
    }

    #[test]
    fn a_log_reported_twice_is_one_log() {
        let found = read_errors(|logs| {
            logs.log(line("a", 3)).unwrap();
            logs.found([(index_of(255), 3)]).unwrap();
            logs.log(line("a", 3)).unwrap();
            logs.found([(index_of(255), 1)]).unwrap();
        });
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn what_was_lost_on_the_way_is_reported() {
        let missing = read_errors(|logs| {
            logs.log(line("a", 3)).unwrap();
            logs.found([(index_of(255), 1)]).unwrap();
        });
        assert_eq!(missing, ["2 of its 3 extracted events are missing; copy or extract again"]);
        let nameless = read_errors(|logs| logs.found([(index_of(255), 1)]).unwrap());
        assert!(nameless[0].contains("not the line that names it"));
    }

    #[test]
    fn contradictions_are_reported_and_end_the_same_in_every_order() {
        for order in [["a", "b"], ["b", "a"]] {
            let logs = ExtractedLogs::default();
            for path in order {
                logs.log(line(path, 0)).unwrap();
            }
            let (reports, _) = logs.into_reports();
            assert_eq!((&*reports[0].path, reports[0].read_errors.len()), ("a", 1));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let logs = ExtractedLogs::default();
        let long = "x".repeat(MAX_BYTES / 4);
        let kept = (0..10).filter(|_| logs.log(line(&long, 0)).is_ok()).count();
        assert_eq!(kept, 3);
        assert!(logs.unread(UnreadLine { path: long.clone(), problem: long }).is_err());
    }
}
