//! Measures in a separate process: as in the program, no memory was freed before, and the peak memory is that of the
//! measured work alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The environment variable with the path that a separate process measures.
const PATH_VARIABLE: &str = "KRBTRIAGE_BENCH_FILE";

/// The file or folder that this process measures. `None` in the process that starts the others.
pub fn path_to_measure() -> Option<PathBuf> {
    std::env::var_os(PATH_VARIABLE).map(PathBuf::from)
}

/// Runs this program in a separate process that measures `path`, and returns the numbers that it prints.
pub fn measure_separately<const N: usize>(path: &Path) -> [f64; N] {
    let run = Command::new(std::env::current_exe().unwrap()).env(PATH_VARIABLE, path).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// Runs some work and returns its processor time in ms.
pub fn processor_ms<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let (times, done) = measure_times(work);
    (times.processor_ms, done)
}

/// The times of some work.
pub struct Times {
    /// Time by the clock, which a user waits.
    #[allow(dead_code, reason = "not every bench uses it")]
    pub clock_ms: f64,
    /// Processor time of all threads of this process, which does not depend on the load of the machine. Where the system
    /// does not report it to the nanosecond, it is the same as `clock_ms`.
    pub processor_ms: f64,
}

/// Runs some work and returns its times.
pub fn measure_times<T>(work: impl FnOnce() -> T) -> (Times, T) {
    let (start, before) = (Instant::now(), processor_time());
    let done = work();
    let (clock, after) = (start.elapsed(), processor_time());
    let processor = match (before, after) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => clock,
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    (Times { clock_ms: ms(clock), processor_ms: ms(processor) }, done)
}

/// Processor time of all current threads of this process. Measured threads live until the process ends. `None` if the system
/// does not report it.
fn processor_time() -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let used: u64 = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    (used > 0).then(|| Duration::from_nanos(used))
}

/// Peak memory of this process in KiB. `None` if the system does not report it.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
