//! Measures the scan next to a plain parallel read of the same bytes:
//!
//! ```text
//! cargo run --release --example scan -- [--threads N] [--rounds N] [--only SELECTION] LOGS...
//! ```
//!
//! Both read the files with positioned reads of the same size into a buffer per thread. The plain read ignores the bytes. The
//! scan counts the records. The best of the rounds is printed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use krbtriage::chunks::BLOCK_LEN;
use krbtriage::files::{self, FileIndex, FileKind, Input};
use krbtriage::io_util::read_full_at;
use krbtriage::records::{EventFilter, Record, Selection};
use krbtriage::scan::{RecordVisitor, ScanOptions, scan};

/// Counts records.
#[derive(Default)]
struct RecordCounter(u64);

impl RecordVisitor for RecordCounter {
    fn record(&mut self, _: FileIndex, record: Record) {
        self.0 += 1;
        std::hint::black_box(&record);
    }
}

fn main() {
    let (mut threads, mut rounds, mut only, mut paths) = (0, 5, String::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--only" => only = arguments.next().unwrap_or_default(),
            "--threads" => threads = number(arguments.next()),
            "--rounds" => rounds = number(arguments.next()),
            path => paths.push(PathBuf::from(path)),
        }
    }
    let wanted = |name: &str| name.contains(&only);
    let (inputs, errors) = files::find(&paths);
    for error in errors {
        eprintln!("{error}");
    }
    let bytes: u64 = inputs.iter().filter(|input| input.kind == FileKind::Evtx).map(|input| input.len).sum();
    if threads == 0 {
        threads = std::thread::available_parallelism().map_or(1, usize::from);
    }
    let options = ScanOptions { threads, ..Default::default() };
    let selections = [
        ("nothing", Selection::new(vec![])),
        ("event 4", kerberos()),
        ("selection of a triage", krbtriage::events::selection()),
    ];
    // The measurements alternate, so that other load on the machine affects all of them.
    let mut plain = Duration::MAX;
    let mut took = [Duration::MAX; 3];
    let mut found = [(0, 0); 3];
    for _ in 0..rounds.max(1) {
        plain = plain.min(time(|| plain_read(&inputs, threads)));
        for (((name, selection), took), found) in selections.iter().zip(&mut took).zip(&mut found) {
            if !wanted(name) {
                continue;
            }
            *took = time(|| {
                let done = scan(&inputs, selection, &options, &(), RecordCounter::default);
                let events: u64 = done.visitors.iter().map(|c| c.0).sum();
                *found = (events, done.files.iter().map(|f| f.records).sum());
            })
            .min(*took);
        }
    }
    println!("{:28} {}", "plain parallel read", rate(bytes, plain));
    for (((name, _), took), found) in selections.iter().zip(took).zip(found) {
        if !wanted(name) {
            continue;
        }
        println!(
            "{name:28} {}  {:.2} of the plain read, {} of {} records",
            rate(bytes, took),
            plain.as_secs_f64() / took.as_secs_f64(),
            found.0,
            found.1
        );
    }
}

fn number(text: Option<String>) -> usize {
    text.and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn kerberos() -> Selection {
    Selection::new(vec![EventFilter {
        providers: vec!["Microsoft-Windows-Security-Kerberos".into(), "Kerberos".into()],
        event_ids: vec![4],
    }])
}

fn plain_read(inputs: &[Input], threads: usize) {
    let steps: Vec<(&Input, u64)> = inputs
        .iter()
        .filter(|input| input.kind == FileKind::Evtx)
        .flat_map(|input| (0..input.len.div_ceil(BLOCK_LEN as u64)).map(move |block| (input, block)))
        .collect();
    let (next, read) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || {
        let mut buffer = vec![0; BLOCK_LEN];
        let mut open: Option<(&Input, File)> = None;
        while let Some(&(input, block)) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
            if open.as_ref().is_none_or(|(other, _)| !std::ptr::eq(*other, input)) {
                open = File::open(&input.path).ok().map(|file| (input, file));
            }
            if let Some((_, file)) = &open {
                let n = read_full_at(file, &mut buffer, block * BLOCK_LEN as u64).unwrap_or(0);
                read.fetch_add(n as u64, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn rate(bytes: u64, took: Duration) -> String {
    format!("{:7.1} ms {:6.2} GB/s", took.as_secs_f64() * 1e3, bytes as f64 / took.as_secs_f64() / 1e9)
}
