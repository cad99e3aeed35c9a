//! What the program does for each subcommand: a plain configuration in, a result out; nothing here knows
//! how the command line is written.

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
