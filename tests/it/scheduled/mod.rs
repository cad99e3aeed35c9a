//! Through the real binary: what a schedule relies on.

mod alarms;
mod baseline;
mod collect_script;
mod collected_files;
mod events;
mod formats;
mod kills;
mod state;
