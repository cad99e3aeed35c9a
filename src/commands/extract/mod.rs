//! `krbtriage extract` writes events one per line with all their values, or everything that a triage needs of the logs.

mod for_triage;
mod row;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::commands::paths::protect_inputs;
use crate::commands::threads::with_threads;
use crate::events::{self, ApErrModified};
use crate::files::FileIndex;
use crate::files::list::{self, ListError};
use crate::files::{self, FileError};
use crate::output::{Output, OutputError};
use crate::records::{EventFilter, Record, Selection};
use crate::report::external_sort::{self, Key, Sorter};
use crate::scan::{self, FileOrder, FileReport, Progress, RecordVisitor, ScanOptions};
use for_triage::{ExtractionWriter, FingerprintSums};

pub use row::{COLUMNS, Format};

/// Options of an extract run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files and folders.
    pub logs: Vec<PathBuf>,
    /// A file with more paths for `logs`.
    pub files_from: Option<PathBuf>,
    /// Name to write instead of the path of the only file in `logs`.
    pub display_name: Option<String>,
    /// Providers of the events, compared without case. An empty list means any provider.
    pub providers: Vec<String>,
    /// IDs of the events. An empty list means any ID. If `providers` is empty too, Kerberos event 4 and event 3 with error 0x29
    /// are written.
    pub event_ids: Vec<u16>,
    pub format: Format,
    pub output: Output,
    /// Compress the output with Zstandard.
    pub compress: bool,
    pub scan: ScanOptions,
}

/// Result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Number of events written. An event in two exports counts twice.
    pub rows: u64,
    /// The file written; `None` for standard output.
    pub written: Option<PathBuf>,
    pub logs: Vec<FileReport>,
    /// Paths that could not be accessed.
    pub unfound: Vec<FileError>,
}

impl Outcome {
    /// Reports whether all inputs could be read.
    pub fn is_complete(&self) -> bool {
        self.unfound.is_empty() && self.logs.iter().all(|file| file.read_errors.is_empty())
    }
}

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no log could be read, so nothing is written; name .evtx files, or folders that hold some{}", indent_lines(.0))]
    NoLogs(Vec<String>),
    #[error("--as calls one file by another name; name one file, and no folder")]
    NotOne,
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

fn indent_lines(reasons: &[String]) -> String {
    reasons.iter().map(|reason| format!("\n  {reason}")).collect()
}

/// Reads the logs and writes the wanted events, sorted by file, record ID and time. Sorting uses 32 MiB of memory and a
/// temporary file.
pub fn run(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    with_threads(config.scan.threads, || extract(config, progress))
}

fn extract(config: &Config, progress: &dyn Progress) -> Result<Outcome, Error> {
    config.output.check()?;
    let paths = list::with_files_from(&config.logs, config.files_from.as_deref())?;
    if config.display_name.is_some() && (paths.len() != 1 || paths.iter().any(|path| path.is_dir())) {
        return Err(Error::NotOne);
    }
    let (inputs, mut unfound) = files::find(&paths);
    let list = config.files_from.as_deref();
    let protected = protect_inputs(config.output.path(), files::paths_to_protect(&inputs).chain(list))?;
    let any_log = inputs.iter().any(|input| input.kind.is_read());
    // An extraction for triage also reports which logs could not be read.
    let has_failures = !unfound.is_empty() || inputs.iter().any(|input| input.explicit);
    if !(any_log || has_failures && config.format == Format::ForTriage) {
        return Err(Error::NoLogs(files::reasons_without_log(&inputs, &unfound)));
    }
    let (selection, only_modified) = selection(config);
    let workers = config.scan.workers();
    let rows = || RowCollector {
        format: config.format,
        only_modified,
        left_out: HashMap::new(),
        sums: FingerprintSums::new(),
        rows: 0,
        sorter: Sorter::new(workers),
    };
    let scan = scan::scan(&inputs, &selection, &config.scan, progress, rows);
    let mut logs = scan.files;
    unfound.extend(scan.unread);
    let order = FileOrder::new(&logs);
    if let (Some(name), [path]) = (&config.display_name, &paths[..]) {
        rename(&mut logs, path, name);
        unfound = unfound.into_iter().map(|error| error.with_path(Path::new(name))).collect();
    }
    let mut total = 0;
    let mut sorters = Vec::new();
    let mut sums = FingerprintSums::new();
    for rows in scan.visitors {
        total += rows.rows;
        for (file, sum) in rows.sums {
            let total = sums.entry(file).or_default();
            *total = total.wrapping_add(sum);
        }
        for (file, left_out) in rows.left_out {
            if let Some(report) = order.position(file).and_then(|i| logs.get_mut(i)) {
                report.events = report.events.saturating_sub(left_out);
            }
        }
        sorters.push(rows.sorter);
    }
    let name = |file| order.position(file).and_then(|i| logs.get(i)).map_or("", |report| &*report.path);
    let written = config.output.write(&protected, |out| {
        write_compressed(config.compress, out, |out| match config.format {
            Format::ForTriage => {
                let mut writer = ExtractionWriter::new(&logs, &unfound, &sums, out)?;
                external_sort::merge(sorters, |key, row| writer.event(key.file, row))?;
                total = writer.finish()?;
                Ok(())
            }
            format => write_rows(format, sorters, &name, out),
        })
    })?;
    Ok(Outcome { rows: total, written, logs, unfound })
}

fn write_rows<'a>(
    format: Format,
    sorters: Vec<Sorter>,
    name: &dyn Fn(FileIndex) -> &'a str,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == Format::Csv {
        out.write_all(&row::header()?)?;
    }
    let mut file = None;
    let mut line_end = Vec::new();
    external_sort::merge(sorters, |key, line_start| {
        if file.replace(key.file) != Some(key.file) {
            line_end = row::line_end(name(key.file), format)?;
        }
        out.write_all(line_start)?;
        out.write_all(&line_end)
    })
}

/// Writes the output of `fill` to `out`, compressed if requested.
fn write_compressed(
    compress: bool,
    out: &mut dyn Write,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if !compress {
        return fill(out);
    }
    let mut encoder = zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    // The reader notices damage by the checksum.
    encoder.include_checksum(true)?;
    fill(&mut encoder)?;
    encoder.finish().map(drop)
}

/// Replaces the path of the only file, also in the paths of archive members.
fn rename(logs: &mut [FileReport], path: &Path, name: &str) {
    let path = path.to_string_lossy();
    for log in logs.iter_mut().filter(|log| log.extracted.is_none()) {
        if let Some(rest) = log.path.strip_prefix(&*path) {
            log.path = format!("{name}{rest}").into();
        }
    }
}

/// Returns the selection of events, and whether event 3 must be checked for its error.
fn selection(config: &Config) -> (Selection, bool) {
    if config.format == Format::ForTriage {
        return (events::selection(), false);
    }
    if config.providers.is_empty() && config.event_ids.is_empty() {
        return (events::kerberos_selection(), true);
    }
    let filter = EventFilter { providers: config.providers.clone(), event_ids: config.event_ids.clone() };
    (Selection::new(vec![filter]), false)
}

/// Formats the events of one worker.
struct RowCollector {
    format: Format,
    /// Leave out every event 3 whose error is not 0x29 (KRB_AP_ERR_MODIFIED).
    only_modified: bool,
    /// Number of events 3 left out, by file. The scan counted them.
    left_out: HashMap<FileIndex, u64>,
    sums: FingerprintSums,
    rows: u64,
    sorter: Sorter,
}

impl RecordVisitor for RowCollector {
    fn record(&mut self, input: FileIndex, record: Record) {
        if self.only_modified && ApErrModified::read(&record).is_none() {
            *self.left_out.entry(input).or_default() += 1;
            return;
        }
        let key = Key { file: input, record_id: record.record_id, time: record.time.as_nanosecond() };
        let line = match self.format {
            Format::ForTriage => match for_triage::line_start(&record, input, &mut self.sums) {
                Some(line) => line,
                None => return,
            },
            format => row::line_start(&record, format),
        };
        match line {
            Ok(line) => {
                self.rows += 1;
                self.sorter.add(key, line);
            }
            Err(error) => self.sorter.fail(error),
        }
    }
}
