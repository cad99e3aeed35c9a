//! The scan: inputs in, wanted records out, in parallel.
//!
//! Everything between a path and a [`Record`] is behind [`scan`]: blocks of chunks, the gates, decoding,
//! archives, XML and text. It knows nothing of what the records mean.

mod extracted;
mod order;
mod plan;
mod sink;
mod stream;
mod worker;

pub use order::FileOrder;
pub use sink::Sink;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use jiff::Timestamp;
use serde::Serialize;

use crate::files::{FileError, Input};
use crate::records::extracted::LogLine;
use crate::records::{Record, Selection};
use plan::Plan;
use worker::{Run, Worker};

/// What takes the records. One per worker; they are merged by the caller afterwards.
pub trait Collector: Send {
    /// `input` is the record's file ([`FileReport::index`]).
    fn record(&mut self, input: FileIndex, record: Record);
}

/// What stands for a file of a run: for a file that is read, its place in [`Scan::files`] (inside an archive every member
/// has its own); for a log that was extracted elsewhere, bits of its number, which are the same in every run.
pub type FileIndex = u64;

/// What the user may choose about scanning.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// Also read records in slack space.
    pub recover: bool,
}

impl ScanOptions {
    /// Threads that will work at most.
    pub fn workers(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            asked => asked,
        }
    }
}

/// How far the scan is; drawn by the terminal, ignored elsewhere.
pub trait Progress: Sync {
    /// Called once, before reading: bytes of all inputs.
    fn total(&self, bytes: u64);
    /// Called from any worker: bytes done since the last call.
    fn advance(&self, bytes: u64);
}

/// No progress is shown.
impl Progress for () {
    fn total(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// The outcome of a scan.
pub struct Scan<C> {
    /// One per worker, in no particular order.
    pub collectors: Vec<C>,
    /// One per input in the inputs' order, then one per file in archives, in the archives' order.
    ///
    /// Behind them, logs that were extracted elsewhere, in the order of their paths.
    pub files: Vec<FileReport>,
    /// Paths that an extraction could not look at.
    pub unread: Vec<FileError>,
}

/// What happened to one file. Written as a line of `--summary`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FileReport {
    #[serde(skip)]
    pub index: FileIndex,
    /// As the user named it or as found in the folder; archive members as `archive.zip!inner/System.evtx`.
    pub path: Arc<str>,
    /// `evtx`, `xml`, `text`, `zip`, `gz`, or what it is instead.
    pub kind: &'static str,
    pub bytes: u64,
    pub chunks: u64,
    pub bad_checksums: u64,
    /// Records looked at (their headers, at least).
    pub records: u64,
    /// EventFilter records found.
    pub events: u64,
    /// Of `events`, those that an earlier file (or place in this file) also holds.
    pub duplicates: u64,
    /// Lowest and highest record identifier by the record headers of sound chunks; `None` where there are none.
    #[serde(skip)]
    pub record_ids: Option<(u64, u64)>,
    /// When the latest of these records was written.
    #[serde(skip)]
    pub last_written: Option<Timestamp>,
    /// When the file itself was written; `None` for a member of an archive.
    #[serde(skip)]
    pub modified: Option<Timestamp>,
    /// Why something in it could not be read, each naming an offset; empty when all was read.
    pub problems: Vec<String>,
    /// What had to be assumed to read it: the zone of times in copied text. Nothing was lost by it.
    pub notes: Vec<String>,
    /// As an extraction told it, where this is a log that was extracted elsewhere.
    #[serde(skip)]
    pub extracted: Option<Box<LogLine>>,
}

impl FileReport {
    /// Something in it was looked at: it is a log, and no file that was only met in a folder.
    pub fn was_read(&self) -> bool {
        self.chunks + self.records + self.events > 0
    }
}

/// Reads all inputs and hands every wanted record to a collector.
///
/// No input can stop the run: what is wrong with one is in its [`FileReport`].
pub fn scan<C: Collector>(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
    progress: &dyn Progress,
    new_collector: impl Fn() -> C + Sync,
) -> Scan<C> {
    let plan = Plan::new(inputs);
    progress.total(plan.bytes());
    let run = Run { plan: &plan, selection, recover: options.recover, progress, next: AtomicUsize::new(0) };
    let threads = options.workers();
    let work = || {
        let mut collector = new_collector();
        Worker::new(&run, &mut collector).run();
        collector
    };
    let collectors = std::thread::scope(|scope| {
        // The calling thread works too, so a small input starts no thread at all. Where one cannot be
        // started, the others do its work.
        let others: Vec<_> = (1..plan.useful_threads(threads))
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok())
            .collect();
        let mut collectors = vec![work()];
        collectors.extend(others.into_iter().filter_map(|other| other.join().ok()));
        collectors
    });
    let (files, unread) = plan.into_reports();
    Scan { collectors, files, unread }
}

/// For the `evtx` crate, which recurses with the nesting of elements (up to 512 deep).
const STACK: usize = 8 << 20;
