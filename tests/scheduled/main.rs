//! Through the real binary: what a schedule relies on.

#[path = "../support/evtx/mod.rs"]
mod evtx_writer;

mod baseline;
mod collect_script;
mod events;
mod formats;
mod kills;
mod state;
mod support;
