//! `krbtriage extract`: the events themselves, one a line, with all their values.

mod row;

use std::collections::HashMap;
use std::path::PathBuf;

use crate::events::{self, Modified};
use crate::files::{self, FileError};
use crate::records::{Record, Selection, Wanted};
use crate::report::sorter::{self, Key, Sorter};
use crate::report::{Output, OutputError, output};
use crate::scan::{self, Collector, FileIndex, FileReport, Progress, ScanOptions};

pub use row::COLUMNS;

/// How the rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// With a first line of [`COLUMNS`]. Cells that a spreadsheet would execute begin with an apostrophe,
    /// control characters are escaped; the cell `data` is the JSON of the other format.
    #[default]
    Csv,
    /// An object a line, members as [`COLUMNS`]; `data` is a list of `{"name": ..., "value": ...}` in the
    /// event's order, the name `null` where the value has none.
    JsonLines,
}

/// What an extract run is asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files and folders.
    pub logs: Vec<PathBuf>,
    /// Names compared without case with the provider's; empty: any, if there are event IDs.
    pub providers: Vec<String>,
    /// Empty: any, if there are providers. Without both: Kerberos event 4, and event 3 with error 0x29.
    pub event_ids: Vec<u16>,
    pub format: Format,
    pub output: Output,
    pub scan: ScanOptions,
}

/// What a run did.
#[derive(Debug)]
pub struct Outcome {
    /// Events written, a row each. The same event in two exports is two rows.
    pub rows: u64,
    /// The place they went to; `None` for standard output.
    pub written: Option<PathBuf>,
    pub logs: Vec<FileReport>,
    /// Paths that could not be looked at.
    pub unfound: Vec<FileError>,
}

impl Outcome {
    /// Everything that was named could be read.
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty() && self.logs.iter().all(|file| file.problems.is_empty())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no log could be read, so nothing is written; name .evtx files, or folders that hold some{}", list(.0))]
    NoLogs(Vec<String>),
    #[error(transparent)]
    Output(#[from] OutputError),
}

fn list(reasons: &[String]) -> String {
    reasons.iter().map(|reason| format!("\n  {reason}")).collect()
}

/// Reads the logs and writes the wanted events.
///
/// They come in the order of the files, in each by record ID, then by time: the same in every run. What
/// does not fit into 32 MiB is sorted in a temporary file.
pub fn run(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    config.output.check()?;
    let (inputs, unfound) = files::find(&config.logs);
    output::spare(config.output.path(), files::to_spare(&inputs))?;
    if !inputs.iter().any(|input| input.kind.is_read()) {
        return Err(Error::NoLogs(files::no_log_among(&inputs, &unfound)));
    }
    let (selection, only_modified) = selection(config);
    let workers = match config.scan.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        asked => asked,
    };
    let rows = || Rows {
        format: config.format,
        only_modified,
        left_out: HashMap::new(),
        rows: 0,
        sorter: Sorter::new(workers),
    };
    let scan = scan::scan(&inputs, &selection, &config.scan, progress, rows);
    let mut logs = scan.files;
    let mut total = 0;
    let mut sorters = Vec::new();
    for rows in scan.collectors {
        total += rows.rows;
        for (file, left_out) in rows.left_out {
            if let Some(report) = logs.get_mut(file as usize) {
                report.events = report.events.saturating_sub(left_out);
            }
        }
        sorters.push(rows.sorter);
    }
    let written = config.output.write(|out| {
        if config.format == Format::Csv {
            out.write_all(&row::head()?)?;
        }
        let mut file = None;
        let mut back = Vec::new();
        sorter::merge(sorters, |key, front| {
            if file.replace(key.file) != Some(key.file) {
                let name = logs.get(key.file as usize).map_or("", |report| &*report.path);
                back = row::back(name, config.format)?;
            }
            out.write_all(front)?;
            out.write_all(&back)
        })
    })?;
    Ok(Outcome { rows: total, written, logs, unfound })
}

/// What is wanted, and whether event 3 has to be looked at for its error.
fn selection(config: &Config) -> (Selection, bool) {
    if config.providers.is_empty() && config.event_ids.is_empty() {
        return (events::kerberos_selection(), true);
    }
    let wanted = Wanted { providers: config.providers.clone(), event_ids: config.event_ids.clone() };
    (Selection::new(vec![wanted]), false)
}

struct Rows {
    format: Format,
    only_modified: bool,
    /// Per file, events 3 with another error: the scan cannot know them from the others.
    left_out: HashMap<FileIndex, u64>,
    rows: u64,
    sorter: Sorter,
}

impl Collector for Rows {
    fn record(&mut self, input: FileIndex, record: Record) {
        if self.only_modified && Modified::read(&record).is_none() {
            *self.left_out.entry(input).or_default() += 1;
            return;
        }
        let key = Key { file: input, record_id: record.record_id, time: record.time.as_nanosecond() };
        match row::front(&record, self.format) {
            Ok(front) => {
                self.rows += 1;
                self.sorter.add(key, front);
            }
            Err(error) => self.sorter.fail(error),
        }
    }
}
