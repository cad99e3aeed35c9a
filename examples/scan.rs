//! How long the scan takes, beside a plain parallel read of the same bytes:
//!
//! ```text
//! cargo run --release --example scan -- [--threads N] [--rounds N] LOGS...
//! ```
//!
//! Both read the files with positioned reads of the same size into a buffer per thread; the plain read does
//! nothing with the bytes. The best of the rounds counts.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use krbtriage::chunks::BLOCK_LEN;
use krbtriage::chunks::read::fill_at;
use krbtriage::files::{self, Input, Kind};
use krbtriage::records::{Record, Selection, Wanted};
use krbtriage::scan::{Collector, FileIndex, ScanOptions, scan};

/// Counts records and lets them go.
#[derive(Default)]
struct Counted(u64);

impl Collector for Counted {
    fn record(&mut self, _: FileIndex, record: Record) {
        self.0 += 1;
        std::hint::black_box(&record);
    }
}

fn main() {
    let (mut threads, mut rounds, mut paths) = (0, 5, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        match &*argument {
            "--threads" => threads = number(),
            "--rounds" => rounds = number(),
            path => paths.push(PathBuf::from(path)),
        }
    }
    let (inputs, errors) = files::find(&paths);
    for error in errors {
        eprintln!("{error}");
    }
    let bytes: u64 = inputs.iter().filter(|input| input.kind == Kind::Evtx).map(|input| input.len).sum();
    if threads == 0 {
        threads = std::thread::available_parallelism().map_or(1, usize::from);
    }
    let plain = best(rounds, || plain_read(&inputs, threads));
    println!("{:28} {}", "plain parallel read", rate(bytes, plain));
    for (name, selection) in [("event 4", kerberos()), ("all correlated providers", correlated())] {
        let mut found = (0, 0);
        let options = ScanOptions { threads, recover: false };
        let took = best(rounds, || {
            let done = scan(&inputs, &selection, &options, &(), Counted::default);
            let events: u64 = done.collectors.iter().map(|c| c.0).sum();
            found = (events, done.files.iter().map(|f| f.records).sum());
        });
        println!(
            "{name:28} {}  {:.2} of the plain read, {} of {} records",
            rate(bytes, took),
            plain.as_secs_f64() / took.as_secs_f64(),
            found.0,
            found.1
        );
    }
}

fn kerberos() -> Selection {
    Selection::new(vec![Wanted {
        providers: vec!["Microsoft-Windows-Security-Kerberos".into(), "Kerberos".into()],
        event_ids: vec![4],
    }])
}

/// Roughly what a triage asks for.
fn correlated() -> Selection {
    let wanted = |providers: &[&str], event_ids: &[u16]| Wanted {
        providers: providers.iter().map(|p| (*p).to_string()).collect(),
        event_ids: event_ids.to_vec(),
    };
    Selection::new(vec![
        wanted(&["Microsoft-Windows-Security-Kerberos", "Kerberos"], &[3, 4]),
        wanted(&["Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC"], &[11, 14, 16, 26, 27, 42]),
        wanted(&["NETLOGON"], &[3210, 5719, 5721, 5722, 5723, 5783, 5805]),
        wanted(&["LsaSrv", "LSA"], &[6037, 40960, 40961]),
        wanted(&["Microsoft-Windows-DistributedCOM", "DCOM"], &[10009, 10028]),
        wanted(&["EventLog"], &[6011]),
        wanted(&["Microsoft-Windows-DNS-Client"], &[8015, 8018, 11163]),
        wanted(&["Microsoft-Windows-UserPnp"], &[20001, 20003]),
    ])
}

fn plain_read(inputs: &[Input], threads: usize) {
    let steps: Vec<(&Input, u64)> = inputs
        .iter()
        .filter(|input| input.kind == Kind::Evtx)
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
                let n = fill_at(file, &mut buffer, block * BLOCK_LEN as u64).unwrap_or(0);
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

fn best(rounds: usize, mut run: impl FnMut()) -> Duration {
    (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn rate(bytes: u64, took: Duration) -> String {
    format!("{:7.1} ms {:6.2} GB/s", took.as_secs_f64() * 1e3, bytes as f64 / took.as_secs_f64() / 1e9)
}
