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
//! Data flows one way, and the modules are in its order (`tests/layers/check` fails on an import against it):
//!
//! ```text
//! files -> chunks -> records -> events -> incidents -> diagnosis -> report
//!                                             ^
//!                       inventory (addresses, accounts), names
//! ```
//!
//! [`triage::run`] goes the whole way in five calls: it reads the paths, collects incidents from the logs, diagnoses
//! them with what the inventories hold, compares them with an earlier report, and writes. `docs/dev/architecture.md`
//! says where the next thing goes, and why things are as they are.

#![forbid(unsafe_code)]
#![warn(unreachable_pub, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// What every stage below uses: positioned reads; text, decoded when it is read and escaped when it is written; names, and
// when two are one; the reader's time zone.
#[doc(hidden)]
pub mod io_util;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod zone;

// Reading: from what the user named to single records. Knows nothing of Kerberos.
#[doc(hidden)]
pub mod files;
#[doc(hidden)]
pub mod chunks;
#[doc(hidden)]
pub mod records;
#[doc(hidden)]
pub mod scan;

// Meaning: which records are evidence, counted once, as incidents.
#[doc(hidden)]
pub mod events;
#[doc(hidden)]
pub mod incidents;

// Facts from outside the logs: who owns an address or an SPN.
#[doc(hidden)]
pub mod inventory;

// The network: the one stage that opens connections, and only where the user asks for it.
#[doc(hidden)]
pub mod probe;

// This machine: its logs and adapters.
#[doc(hidden)]
pub mod live;

// Diagnosis: whose key, who answered, who was meant. Knows nothing of files.
#[doc(hidden)]
pub mod diagnosis;

// Output: files that appear whole or not at all, report formats, and what the next run remembers.
#[doc(hidden)]
pub mod output;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod state;

// The person: subcommands with plain configurations, and the command line in front of them.
#[doc(hidden)]
pub mod suggest;
#[doc(hidden)]
pub mod commands;
#[doc(hidden)]
pub mod cli;

pub use commands::{audit, triage};
