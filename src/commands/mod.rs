//! The subcommands: each takes a plain configuration and returns a result. Nothing here knows the command
//! line.

mod allow_list;
pub mod audit;
pub mod collect_script;
pub mod explain;
pub mod extract;
pub mod fail_on;
pub mod inventory;
mod paths;
pub mod probe;
mod threads;
pub mod triage;
mod unanswered;
