//! The test writer itself: its logs against the `evtx` crate, and against what was seen in real logs.

#[path = "support/evtx/mod.rs"]
mod evtx_writer;

use evtx_writer::*;
