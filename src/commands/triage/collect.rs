//! Stage 2: scans the logs and builds incidents.

use jiff::Timestamp;

use super::config::Config;
use super::inputs::Inputs;
use crate::diagnosis::LogDates;
use crate::events::{self, DedupIndex};
use crate::files::FileError;
use crate::files::{FileIndex, FileKind};
use crate::incidents::{CollectedIncidents, IncidentBuilder, MAX_NAME, Period};
use crate::report::EventSpool;
use crate::report::numbers::pluralize_as;
use crate::scan::{self, FileOrder, FileReport, Progress, Scan};
use crate::state::FileEnds;

/// Incidents and everything else that the scan found.
pub(super) struct CollectedLogs {
    pub incidents: CollectedIncidents,
    pub logs: Logs,
    /// Paths that an extraction lists as unreadable.
    pub unread: Vec<FileError>,
    pub spool: EventSpool,
    /// Index of the scan. It is kept because freeing it takes longer than writing a report.
    pub dedup: DedupIndex,
}

/// The files that were scanned.
pub(super) struct Logs {
    pub files: Vec<FileReport>,
    /// Order of the files by their paths. It does not depend on threads.
    order: FileOrder,
    /// The paths of the files in this order.
    names: Vec<String>,
}

/// Scans the logs with all threads.
pub(super) fn collect(config: &Config, inputs: &Inputs, progress: &dyn Progress) -> CollectedLogs {
    let (dedup, spool) = (DedupIndex::default(), EventSpool::default());
    let reported = inputs.previous.state.as_ref().map(|open| &open.state.reported);
    let (workers, now) = (config.scan.workers(), Timestamp::now());
    let Scan { visitors, mut files, unread } =
        scan::scan(&inputs.logs, &events::selection(), &config.scan, progress, || {
            IncidentBuilder::new(&dedup, config.period)
                .without_reported(reported)
                .with_log_ranges(inputs.previous.exists().then_some(now))
                .with_event_sink(config.outputs.need_events().then(|| spool.event_sink(workers)))
        });
    for file in &mut files {
        if let Some(name) = inputs.display_name(&file.path) {
            file.path = name.into();
        }
    }
    let mut incidents = CollectedIncidents::merge(visitors);
    let mut logs = Logs::new(files);
    logs.add_duplicates(&incidents);
    logs.report_cut_names(&incidents);
    logs.note_conflicts(&dedup);
    incidents.renumber_files(&|file| logs.order.rank(file));
    CollectedLogs { incidents, logs, unread, spool, dedup }
}

impl CollectedLogs {
    /// Returns the read errors if the paths are archives from which no log could be read, so that there is no report.
    pub(super) fn no_log(&self, inputs: &Inputs) -> Option<Vec<String>> {
        let are_archives = inputs
            .logs
            .iter()
            .filter(|log| log.kind.is_read())
            .all(|log| matches!(log.kind, FileKind::Zip | FileKind::Tar));
        let files = &self.logs.files;
        let is_nothing = are_archives
            && !files.iter().any(FileReport::was_read)
            && files.iter().any(|f| !f.read_errors.is_empty());
        let reasons =
            files.iter().flat_map(|file| file.read_errors.iter().map(|why| format!("{}: {why}", file.path)));
        is_nothing.then(|| reasons.collect())
    }
}

impl Logs {
    fn new(files: Vec<FileReport>) -> Self {
        let order = FileOrder::new(&files);
        let name = |place| order.report(&files, place).map(|file| file.path.to_string()).unwrap_or_default();
        let names = (0..files.len() as FileIndex).map(name).collect();
        Self { files, order, names }
    }

    fn add_duplicates(&mut self, incidents: &CollectedIncidents) {
        for (&file, &count) in &incidents.duplicates {
            if let Some(report) = self.order.position(file).and_then(|i| self.files.get_mut(i)) {
                report.duplicates += count;
            }
        }
    }

    fn report_cut_names(&mut self, incidents: &CollectedIncidents) {
        for (&file, cut) in &incidents.cut_names {
            if let Some(report) = self.order.position(file).and_then(|i| self.files.get_mut(i)) {
                report.read_errors.push(format!(
                    "{} with a name of more than {MAX_NAME} bytes, first record {}; the beginning of the name and its \
                     SHA-256 are kept",
                    pluralize_as(cut.records, "event", "events"),
                    cut.first_record_id
                ));
            }
        }
    }

    /// Adds a note to each file that has an event whose record ID another file has with other content.
    fn note_conflicts(&mut self, dedup: &DedupIndex) {
        for (files, count) in dedup.conflicts() {
            let names: Vec<_> = files.iter().map(|file| self.name_by_index(*file)).collect();
            let note = format!(
                "{} of one computer, channel, record ID and time say different things in {}, and all are counted; one of the \
                 logs was copied from another machine, or changed",
                pluralize_as(count, "pair of events", "pairs of events"),
                names.join(" and ")
            );
            for file in files {
                if let Some(report) = self.order.position(file).and_then(|i| self.files.get_mut(i)) {
                    report.notes.push(note.clone());
                }
            }
        }
    }

    /// Returns the path of the file at this place of the order.
    pub(super) fn name(&self, place: FileIndex) -> String {
        usize::try_from(place).ok().and_then(|place| self.names.get(place)).cloned().unwrap_or_default()
    }

    /// Returns the path of the file with this index of the scan.
    pub(super) fn name_by_index(&self, index: FileIndex) -> String {
        self.name(self.order.rank(index))
    }

    /// Returns the dates of each file by its place. Its last record counts only up to the end of the period.
    pub(super) fn dates(&self, period: Period) -> Vec<(FileIndex, LogDates)> {
        let places = 0..self.files.len() as FileIndex;
        let dates = places.filter_map(|place| {
            let file = self.order.report(&self.files, place)?;
            let ends = match period.until {
                Some(until) => file.last_written.map(|to| to.min(until)),
                None => file.last_written,
            };
            Some((place, LogDates { ends, written: file.modified }))
        });
        dates.collect()
    }

    /// Returns the first and last record of a file, and nothing of a file that was not read in full.
    pub(super) fn ends(&self, place: FileIndex) -> FileEnds {
        let whole = self.order.report(&self.files, place).filter(|file| file.read_errors.is_empty());
        whole.map_or(FileEnds::default(), |file| FileEnds {
            whole: true,
            ids: file.record_ids,
            last_written: file.last_written,
        })
    }
}
