//! Measures in a process of its own: as in the program, nothing was freed before, and its peak memory is its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Set for the process that measures one file or folder.
const WHAT: &str = "KRBTRIAGE_BENCH_FILE";

/// What this process is to measure; `None` in the one that asks.
pub fn file() -> Option<PathBuf> {
    std::env::var_os(WHAT).map(PathBuf::from)
}

/// The numbers that another process of this program prints for the file.
pub fn measured_apart<const N: usize>(file: &Path) -> [f64; N] {
    let run = Command::new(std::env::current_exe().unwrap()).env(WHAT, file).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// Processor time in ms.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let (Spent { processor, .. }, done) = spent(work);
    (processor, done)
}

/// What some work took, in ms.
pub struct Spent {
    /// What a user waits.
    #[allow(dead_code, reason = "not every bench asks for it")]
    pub clock: f64,
    /// Of all threads of this process, where the system tells it to the nanosecond: what else the machine does must
    /// not count. Else the clock again.
    pub processor: f64,
}

pub fn spent<T>(work: impl FnOnce() -> T) -> (Spent, T) {
    let (start, before) = (Instant::now(), processor_time());
    let done = work();
    let (clock, after) = (start.elapsed(), processor_time());
    let processor = match (before, after) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => clock,
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    (Spent { clock: ms(clock), processor: ms(processor) }, done)
}

/// Of the threads that this process has; none of those that are measured ends before the process.
fn processor_time() -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let used: u64 = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    (used > 0).then(|| Duration::from_nanos(used))
}

/// In KiB, where the system tells it.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
