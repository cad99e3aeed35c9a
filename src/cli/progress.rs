use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::probe::HostProgress;
use crate::scan::Progress;

/// A shorter run needs no bar: it would only flicker.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

/// A progress bar on standard error: by bytes of logs, then by hosts that are probed. Hidden if that is not a terminal.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    pub(super) fn new(wanted: bool) -> Self {
        Self((wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            bar.set_style(style("{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left"));
            bar
        }))
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bar {
    fn total(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(bytes);
        }
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
            if bar.is_hidden() && bar.elapsed() >= SHOWN_AFTER {
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            }
        }
    }
}

impl HostProgress for Bar {
    fn hosts(&self, count: usize) {
        if let Some(bar) = &self.0
            && count > 0
        {
            bar.reset();
            bar.set_style(style("{bar:30} {pos} of {len} hosts asked, {elapsed}"));
            bar.set_length(count as u64);
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            // Silent hosts answer nothing: the clock shows that the program waits.
            bar.enable_steady_tick(SHOWN_AFTER);
        }
    }

    fn host_done(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}
