//! The scan: inputs in, wanted records out, in parallel.
//!
//! Everything between a path and a [`Record`](crate::records::Record) is behind [`scan`]: blocks of chunks, the gate,
//! decoding, archives, XML and text. It knows nothing of what the records mean.
//!
//! A file imports only what stands before it: `visitor` and `report` (what goes out), `extracted` and `plan` (the tasks),
//! `sink` (what a reader leaves), `stream` (inputs read from front to back), `worker`.

mod extracted;
mod order;
mod plan;
mod report;
mod sink;
mod stream;
mod visitor;
mod worker;

pub use order::FileOrder;
pub use report::{FileReport, Scan};
pub use visitor::{Progress, RecordVisitor};

use std::sync::atomic::AtomicUsize;

use crate::files::Input;
use crate::records::Selection;
use plan::Plan;
use worker::{Run, Worker};

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

/// Reads all inputs and hands every wanted record to a visitor.
///
/// No input can stop the run: what is wrong with one is in its [`FileReport`].
pub fn scan<C: RecordVisitor>(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
    progress: &dyn Progress,
    new_visitor: impl Fn() -> C + Sync,
) -> Scan<C> {
    let plan = Plan::new(inputs);
    progress.total(plan.bytes());
    let run = Run { plan: &plan, selection, recover: options.recover, progress, next: AtomicUsize::new(0) };
    let threads = options.workers();
    let work = || {
        let mut visitor = new_visitor();
        Worker::new(&run, &mut visitor).run();
        visitor
    };
    let visitors = std::thread::scope(|scope| {
        // The calling thread works too, so a small input starts no thread at all. Where one cannot be
        // started, the others do its work.
        let others: Vec<_> = (1..plan.useful_threads(threads))
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok())
            .collect();
        let mut visitors = vec![work()];
        // No panic leaves a worker but one of `new_visitor`, and then there is nothing to lose.
        visitors.extend(others.into_iter().filter_map(|other| other.join().ok()));
        visitors
    });
    let (files, unread) = plan.into_reports();
    Scan { visitors, files, unread }
}

/// For the `evtx` crate, which recurses with the nesting of elements (up to 512 deep).
const STACK: usize = 8 << 20;
