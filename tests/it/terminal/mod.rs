//! The report on a terminal, and as snapshots.

#[cfg(unix)]
mod pty;
mod view;
