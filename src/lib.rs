//! krbtriage finds out why Windows logs Kerberos event 4, KRB_AP_ERR_MODIFIED.
//!
//! The library is the program without its `main`. Its stable part is small: a plain configuration and a `run` function
//! for each command, re-exported here. Everything else is open to tests, benchmarks and fuzz targets only, and changes
//! without notice.
//!
//! ```
//! use krbtriage::triage;
//!
//! let config = triage::Config { logs: vec!["samples/logs".into()], ..triage::Config::default() };
//! let outcome = triage::run(&config, &())?;
//! for problem in &outcome.problems {
//!     println!("{} {}: {}", problem.confidence, problem.kind, problem.title);
//! }
//! assert_eq!(outcome.events, 29);
//! # Ok::<(), triage::Error>(())
//! ```
//!
//! Data flows one way, and the modules are declared in that order (`tests/layers/check` fails on an import against it):
//!
//! ```text
//! files -> chunks -> records -> events -> incidents -> diagnosis -> report
//!                                             ^
//!                       inventory (addresses, accounts), names
//! ```
//!
//! [`triage::run`] goes the whole way in five calls: it reads the paths, collects incidents from the logs, diagnoses
//! them with the inventories, compares them with an earlier report, and writes. `docs/dev/architecture.md` says where new
//! code goes. `docs/dev/decisions.md` gives the reasons for the design.

#![forbid(unsafe_code)]
#![warn(unreachable_pub, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// Shared by every stage: positioned reads, decoding and escaping of text, comparison of names, time zones.
#[doc(hidden)]
pub mod io_util;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod zone;

// Reading: turns paths into single records. It knows nothing of Kerberos.
#[doc(hidden)]
pub mod files;
#[doc(hidden)]
pub mod chunks;
#[doc(hidden)]
pub mod records;
#[doc(hidden)]
pub mod scan;

// Meaning: turns records into events, and counts each event once in an incident.
#[doc(hidden)]
pub mod events;
#[doc(hidden)]
pub mod incidents;

// Facts from outside the logs: the owners of addresses and SPNs.
#[doc(hidden)]
pub mod inventory;

// The network: the only stage that opens connections, and only if the user asks for it.
#[doc(hidden)]
pub mod probe;

// This machine: its logs and adapters.
#[doc(hidden)]
pub mod live;

// Diagnosis: finds the cause of each incident. It knows nothing of files.
#[doc(hidden)]
pub mod diagnosis;

// Output: files that appear whole or not at all, report formats, and the state for the next run.
#[doc(hidden)]
pub mod output;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod state;

// Subcommands with plain configurations, and the command line in front of them.
#[doc(hidden)]
pub mod suggest;
#[doc(hidden)]
pub mod commands;
#[doc(hidden)]
pub mod cli;

pub use commands::{audit, triage};
