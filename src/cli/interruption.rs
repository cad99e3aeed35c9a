//! Removes temporary files when the run is interrupted: by Ctrl-C, by a closed terminal, or by a scheduler's stop.

use crate::output::cleanup;

/// Exit status after an interruption, which changes no output: the one that a shell, or Windows, shows for Ctrl-C.
const INTERRUPTED: i32 = if cfg!(windows) { 0xC000_013A_u32 as i32 } else { 130 };

/// Installs the handler. Where that fails, an interruption leaves temporary files, and a later run removes them.
pub(super) fn handle() {
    // On Unix this fails if one of the signals is ignored, and then it handles none.
    if ctrlc::try_set_handler(end).is_err() {
        #[cfg(unix)]
        handle_unignored();
    }
}

fn end() {
    cleanup::exit_cleaning_up(INTERRUPTED)
}

/// Handles each signal that is not ignored. `nohup` ignores SIGHUP, and a shell ignores SIGINT for its background jobs, so
/// that the run survives them.
#[cfg(unix)]
fn handle_unignored() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let is_ignored = |signal: i32| match ignored {
        Some(mask) => mask >> (signal - 1) & 1 == 1,
        // A scheduler ends a job with SIGTERM, which nothing usually ignores.
        None => signal != SIGTERM,
    };
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if signals.forever().next().is_some() {
            end();
        }
    });
}

/// Reads the set of ignored signals, where bit 0 is signal 1 (proc_pid_status(5)). `None` on systems other than Linux.
#[cfg(unix)]
fn ignored_signals() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}
