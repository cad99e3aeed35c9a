use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::probe::HostProgress;
use crate::scan::Progress;

/// A shorter run needs no bar: it would only flicker.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

/// A progress bar by bytes on standard error. Hidden if that is not a terminal.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    pub(super) fn new(wanted: bool) -> Self {
        Self((wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template(
                "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        }))
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
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

/// A progress bar by hosts on standard error. Hidden if that is not a terminal.
pub(super) struct HostBar(Option<ProgressBar>);

impl HostBar {
    pub(super) fn new(wanted: bool) -> Self {
        Self((wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} hosts, {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        }))
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl HostProgress for HostBar {
    fn total(&self, hosts: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(hosts as u64);
            // One host is mostly answered before anybody looks.
            if hosts > 1 {
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                bar.enable_steady_tick(SHOWN_AFTER);
            }
        }
    }

    fn advance(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}
