//! Every form of a log other than .evtx, through [`krbtriage::scan::scan`].

mod archives;
mod extract;
mod forms;
mod other_tools;
mod support;
