//! krbtriage finds out why Windows logs Kerberos event 4, KRB_AP_ERR_MODIFIED.
//!
//! Data flows one way, and the modules are in its order (`tests/layers/check` fails on an import against it):
//!
//! ```text
//! files -> chunks -> records -> events -> incidents -> diagnosis -> report
//!                                             ^
//!                       inventory (addresses, accounts), names
//! ```
//!
//! [`commands::triage::run`] goes the whole way in one function: it finds the logs, scans them in parallel, gathers
//! incidents, judges them with what the inventories know, and writes what it found. `docs/architecture.md` says where
//! the next thing goes, and why things are as they are.

// What every stage below uses: positioned reads; text, decoded when it is read and escaped when it is written; names, and
// when two are one.
pub mod io_util;
pub mod text;
pub mod names;

// Reading: from what the user named to single records. Knows nothing of Kerberos.
pub mod files;
pub mod chunks;
pub mod records;
pub mod scan;

// Meaning: which records tell something, counted once, as incidents.
pub mod events;
pub mod incidents;

// Knowledge beside the logs: who owns an address or an SPN.
pub mod inventory;

// Diagnosis: whose key, who answered, who was meant. Knows nothing of files.
pub mod diagnosis;

// Telling: bytes that are safe where they go, and what the next run should remember.
pub mod output;
pub mod report;
pub mod state;

// The person: subcommands with plain configurations, and the command line in front of them.
pub mod suggest;
pub mod commands;
pub mod cli;
