//! Extraction on many machines and triage on one, through the real binary.

#[path = "../support/evtx/mod.rs"]
mod evtx_writer;
#[path = "../scheduled/support.rs"]
#[allow(dead_code)]
mod support;

mod hostile;
mod lines;
mod merge;
mod packing;
mod sets;
mod signals;
mod world;
