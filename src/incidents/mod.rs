//! Incidents: events that are one trouble, counted once however many exports hold them.
//!
//! An incident is one (client, answered by, target SPN, realms). Clues are gathered beside them, like with like, to be
//! joined by host, account and time in [`crate::findings`].

mod activity;
mod builder;
mod incident;
mod log_range;

pub use activity::ActivityTimes;
pub use builder::{CollectedIncidents, EventSink, IncidentBuilder, Period, Twin};
pub use incident::{Incident, Occurrences, RecordedSignal, id_of, stable_id};
pub use log_range::{LogName, LogRange, LogRanges, RecordPosition};
