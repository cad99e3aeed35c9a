//! Incidents: events that are one trouble, counted once however many exports hold them.
//!
//! An incident is one (client, answered by, target SPN, realms). Signals are gathered beside them, like with like, to be
//! joined by host, account and time in [`crate::diagnosis`].
//!
//! A file imports only what stands before it: `activity`, `log_range`, `incident`, `bounded`, `builder` (one worker's share),
//! `collected` (all shares).

mod activity;
mod bounded;
mod builder;
mod collected;
mod incident;
mod log_range;

pub use activity::ActivityTimes;
pub use builder::{CutNames, Dropped, EventSink, IncidentBuilder, MAX_NAME, Period};
pub use collected::{CollectedIncidents, Twin};
pub use incident::{Incident, Occurrences, RecordedSignal, id_of, stable_id};
pub use log_range::{LogName, LogRange, LogRanges, RecordPosition};
