//! What the program does for each subcommand: a plain configuration in, a result out; nothing here knows
//! how the command line is written.

pub mod inventory;
pub mod summary;
pub mod triage;
