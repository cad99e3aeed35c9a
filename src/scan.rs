//! The scan reads all inputs in parallel and passes the wanted records to visitors.
//!
//! [`scan`] hides everything between a path and a [`Record`](crate::records::Record): blocks of chunks, the gate, decoding,
//! archives, XML and text. It does not know the meaning of a record.
//!
//! A file imports only files listed before it: `options`, `visitor`, `report` and `order` (results), `extracted` and `plan`
//! (tasks), `sink` (output of a reader), `stream` (sequential inputs), `worker`.

mod extracted;
mod options;
mod order;
mod plan;
mod report;
mod sink;
mod stream;
mod visitor;
mod worker;

pub use options::ScanOptions;
pub use order::FileOrder;
pub use report::{FileReport, Scan};
pub use visitor::{Progress, RecordVisitor};

use std::sync::atomic::AtomicUsize;

use crate::files::Input;
use crate::records::Selection;
use plan::Plan;
use worker::{SharedState, Worker};

/// Reads all inputs and passes every wanted record to a visitor. Each worker thread makes its own with `new_visitor`.
///
/// No input can stop the scan. Its errors are in its [`FileReport`].
pub fn scan<C: RecordVisitor>(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
    progress: &dyn Progress,
    new_visitor: impl Fn() -> C + Sync,
) -> Scan<C> {
    let plan = Plan::new(inputs);
    progress.total(plan.bytes());
    progress.files(plan.files());
    let shared = SharedState { plan: &plan, selection, options, progress, next: AtomicUsize::new(0) };
    let threads = options.workers();
    let work = || {
        let mut visitor = new_visitor();
        Worker::new(&shared, &mut visitor).run();
        visitor
    };
    let visitors = std::thread::scope(|scope| {
        // The calling thread is a worker, too, so a small input starts no thread. If a thread cannot be started, the other
        // workers do its tasks.
        let others: Vec<_> = (1..plan.useful_threads(threads))
            .filter_map(|_| {
                std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).ok()
            })
            .collect();
        let mut visitors = vec![work()];
        // A worker panics only if `new_visitor` does, and then it has read nothing.
        visitors.extend(others.into_iter().filter_map(|other| other.join().ok()));
        visitors
    });
    let (files, unread) = plan.into_reports();
    Scan { visitors, files, unread }
}

/// Stack of a worker in bytes. The `evtx` crate recurses into nested elements, up to 512 deep.
pub(crate) const STACK_BYTES: usize = 8 << 20;
