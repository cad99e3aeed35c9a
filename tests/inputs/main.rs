//! Every form a log comes in besides .evtx, through [`krbtriage::scan::scan`].

mod archives;
#[path = "../support/evtx/mod.rs"]
mod evtx_writer;
mod forms;
mod support;
