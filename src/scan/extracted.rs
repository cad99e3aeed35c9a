//! Merges what the lines of all extractions say about each log that was extracted elsewhere.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::report::FileReport;
use crate::files::{FileError, FileIndex, FileKind};
use crate::records::extracted::{LogLine, UnreadLine, name_of, number_of};

/// Maximum memory in bytes for logs and unread paths, enough for some three million of them.
const MAX_BYTES: usize = 1 << 30;

/// Memory of a log in bytes, without its texts.
const LOG_BYTES: usize = 300;

/// The bit that distinguishes a log that was extracted elsewhere from a file of the run. The lower 62 bits of its index are
/// from the log's number.
const EXTRACTED_BIT: FileIndex = 1 << 62;

/// The index of the log with this number in an extraction. It is the same in every run.
pub(super) fn index_of(number: u64) -> FileIndex {
    number & (EXTRACTED_BIT - 1) | EXTRACTED_BIT
}

/// The logs of all extractions, which the workers share.
#[derive(Default)]
pub(super) struct ExtractedLogs(Mutex<MergedLogs>);

/// The content of [`ExtractedLogs`].
#[derive(Default)]
struct MergedLogs {
    logs: HashMap<FileIndex, MergedLog>,
    unread: BTreeSet<UnreadLine>,
    /// The number of each extraction with a `begin` line, and the file with the line.
    begun: BTreeSet<(u64, FileIndex)>,
    /// The same for `end` lines.
    ended: BTreeSet<(u64, FileIndex)>,
    /// Memory used so far.
    bytes: usize,
}

/// A log, merged from the lines read so far.
#[derive(Default)]
struct MergedLog {
    line: Option<LogLine>,
    /// Number of its events that were read.
    events_read: u64,
    /// Do two lines about the log contradict each other?
    contradictory: bool,
}

const NO_END: &str = "its end is missing: the extraction was broken off, or the file was cut or not wholly copied; \
                      copy it or extract the logs again (where it is in parts, name all of them)";
const NO_BEGINNING: &str =
    "its beginning is missing; copy it or extract the logs again (where it is in parts, name all of them)";

impl ExtractedLogs {
    fn lock(&self) -> MutexGuard<'_, MergedLogs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line about a log. If two lines contradict each other, the smaller one counts, so that their order does not
    /// matter. Fails for an invalid number and if memory is used up.
    pub(super) fn add_log(&self, mut line: LogLine) -> Result<(), String> {
        let number = number_of(&line.log).ok_or("\"log\" is not 16 hexadecimal digits")?;
        let mut logs = self.lock();
        logs.spend(text_bytes(&line))?;
        let log = logs.logs.entry(index_of(number)).or_default();
        if let Some(kept) = &mut log.line {
            // Two versions of the program may extract different numbers of events. Only the smaller number is expected.
            let written = kept.written.min(line.written);
            (kept.written, line.written) = (written, written);
            if *kept != line {
                log.contradictory = true;
                if line < *kept {
                    *kept = line;
                }
            }
        } else {
            log.line = Some(line);
        }
        Ok(())
    }

    /// Adds a path that an extraction could not read.
    pub(super) fn add_unread(&self, line: UnreadLine) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(line.path.len() + line.problem.len())?;
        logs.unread.insert(line);
        Ok(())
    }

    /// Adds the `begin` line of an extraction, which is in `file`.
    pub(super) fn add_begin(&self, extraction: u64, file: FileIndex) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(0)?;
        logs.begun.insert((extraction, file));
        Ok(())
    }

    /// Adds the `end` line of an extraction, which is in `file`.
    pub(super) fn add_end(&self, extraction: u64, file: FileIndex) -> Result<(), String> {
        let mut logs = self.lock();
        logs.spend(0)?;
        logs.ended.insert((extraction, file));
        Ok(())
    }

    /// The files with the `begin` line of an extraction whose `end` line is missing, or the reverse, and the error of each.
    pub(super) fn incomplete_files(&self) -> BTreeSet<(FileIndex, &'static str)> {
        let logs = self.lock();
        let lacking = |ones: &BTreeSet<(u64, FileIndex)>, others: &BTreeSet<(u64, FileIndex)>, what| {
            let has_none = |number| others.range((number, 0)..=(number, FileIndex::MAX)).next().is_none();
            let lacking = ones.iter().filter(|(number, _)| has_none(*number));
            lacking.map(|(_, file)| (*file, what)).collect::<Vec<_>>()
        };
        let endless = lacking(&logs.begun, &logs.ended, NO_END);
        endless.into_iter().chain(lacking(&logs.ended, &logs.begun, NO_BEGINNING)).collect()
    }

    /// Adds numbers of events that were read.
    pub(super) fn add_events(
        &self,
        events: impl IntoIterator<Item = (FileIndex, u64)>,
    ) -> Result<(), String> {
        let mut logs = self.lock();
        for (index, count) in events {
            if let Entry::Vacant(entry) = logs.logs.entry(index) {
                entry.insert(MergedLog::default());
                logs.spend(0)?;
            }
            if let Some(log) = logs.logs.get_mut(&index) {
                log.events_read += count;
            }
        }
        Ok(())
    }

    /// The logs in the order of their paths, and the paths that could not be read.
    pub(super) fn into_reports(self) -> (Vec<FileReport>, Vec<FileError>) {
        let MergedLogs { logs, unread, .. } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut reports: Vec<_> = logs.into_iter().map(|(index, log)| log.into_report(index)).collect();
        reports.sort_by(|a, b| (&a.path, a.index).cmp(&(&b.path, b.index)));
        let unread = unread
            .into_iter()
            .map(|line| FileError::reported_elsewhere(line.path.into(), line.problem))
            .collect();
        (reports, unread)
    }
}

impl MergedLogs {
    /// Counts the memory of one more entry with texts of `bytes`. Fails if there is none left.
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let bytes = self.bytes + bytes + LOG_BYTES;
        if bytes > MAX_BYTES {
            return Err("too many logs in the extractions; triage fewer at once".to_owned());
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// Memory of the texts of a line in bytes.
fn text_bytes(line: &LogLine) -> usize {
    let texts = line.read_errors.iter().chain(&line.notes).chain([&line.path, &line.kind]);
    texts.map(|text| text.len() + size_of::<String>()).sum()
}

impl MergedLog {
    fn into_report(self, index: FileIndex) -> FileReport {
        let Self { line, events_read, contradictory } = self;
        let Some(line) = line else {
            let name = name_of(index & (EXTRACTED_BIT - 1));
            return FileReport {
                index,
                path: format!("log {name}").into(),
                kind: FileKind::Extract.name(),
                events: events_read,
                read_errors: vec![
                    "its events are there, but not the line that names it; name all files of the \
                     extraction, or extract the log again"
                        .to_owned(),
                ],
                ..FileReport::default()
            };
        };
        let mut read_errors = line.read_errors.clone();
        if events_read < line.written {
            read_errors.push(format!(
                "{} of its {} extracted events are missing; copy or extract again",
                line.written - events_read,
                line.written
            ));
        }
        if contradictory {
            read_errors.push(
                "extractions disagree about it; extract the log again, and triage only that".to_owned(),
            );
        }
        FileReport {
            index,
            path: line.path.as_str().into(),
            kind: FileKind::from_name(&line.kind).name(),
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

    fn read_errors_after(add: impl FnOnce(&ExtractedLogs)) -> Vec<String> {
        let logs = ExtractedLogs::default();
        add(&logs);
        let (reports, _) = logs.into_reports();
        assert_eq!(reports.len(), 1);
        reports[0].read_errors.clone()
    }

    #[test]
    fn a_log_reported_twice_is_one_log() {
        let found = read_errors_after(|logs| {
            logs.add_log(line("a", 3)).unwrap();
            logs.add_events([(index_of(255), 3)]).unwrap();
            logs.add_log(line("a", 3)).unwrap();
            logs.add_events([(index_of(255), 1)]).unwrap();
        });
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn what_was_lost_on_the_way_is_reported() {
        let missing = read_errors_after(|logs| {
            logs.add_log(line("a", 3)).unwrap();
            logs.add_events([(index_of(255), 1)]).unwrap();
        });
        assert_eq!(missing, ["2 of its 3 extracted events are missing; copy or extract again"]);
        let nameless = read_errors_after(|logs| logs.add_events([(index_of(255), 1)]).unwrap());
        assert!(nameless[0].contains("not the line that names it"));
    }

    #[test]
    fn contradictions_are_reported_and_end_the_same_in_every_order() {
        for order in [["a", "b"], ["b", "a"]] {
            let logs = ExtractedLogs::default();
            for path in order {
                logs.add_log(line(path, 0)).unwrap();
            }
            let (reports, _) = logs.into_reports();
            assert_eq!((&*reports[0].path, reports[0].read_errors.len()), ("a", 1));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let logs = ExtractedLogs::default();
        let long = "x".repeat(MAX_BYTES / 4);
        let kept = (0..10).filter(|_| logs.add_log(line(&long, 0)).is_ok()).count();
        assert_eq!(kept, 3);
        assert!(logs.add_unread(UnreadLine { path: long.clone(), problem: long }).is_err());
    }
}
