//! Every form a log comes in besides .evtx, through [`krbtriage::scan::scan`].

mod archives;
mod extract;
mod forms;
mod other_tools;
mod support;
