//! The subcommands. Each has a plain configuration, which knows nothing of the command line, and a `run` function with a result.

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
mod silent_hosts;
