//! The progress bar on standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::probe::HostProgress;
use crate::scan::Progress;

/// Time until the bar appears, so that it does not flicker in a short run.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

/// Progress bar that counts bytes and files of logs, then probed hosts. It is hidden if standard error is not a terminal.
pub(super) struct ProgressReporter {
    bar: Option<ProgressBar>,
    /// Number of log files of the run.
    files: AtomicUsize,
    /// Number of log files whose reading has begun.
    begun_files: AtomicUsize,
}

impl ProgressReporter {
    pub(super) fn new(wanted: bool) -> Self {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            // The bar fills the width that the numbers leave.
            bar.set_style(style("{wide_bar} {msg}{bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left"));
            bar
        });
        Self { bar, files: AtomicUsize::new(0), begun_files: AtomicUsize::new(0) }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for ProgressReporter {
    fn total(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(bytes);
        }
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
            if bar.is_hidden() && bar.elapsed() >= SHOWN_AFTER {
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            }
        }
    }

    fn files(&self, files: usize) {
        self.files.store(files, Ordering::Relaxed);
    }

    fn begin_file(&self) {
        let (files, begun) =
            (self.files.load(Ordering::Relaxed), self.begun_files.fetch_add(1, Ordering::Relaxed) + 1);
        if let Some(bar) = self.bar.as_ref().filter(|_| files > 1) {
            bar.set_message(format!("file {begun}/{files}, "));
        }
    }
}

impl HostProgress for ProgressReporter {
    fn hosts(&self, count: usize) {
        if let Some(bar) = &self.bar
            && count > 0
        {
            bar.reset();
            bar.set_style(style("{wide_bar} asked {pos} of {len}, {elapsed}"));
            bar.set_length(count as u64);
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            // The elapsed time shows that the program still waits for a host that does not answer.
            bar.enable_steady_tick(SHOWN_AFTER);
        }
    }

    fn host_done(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}
