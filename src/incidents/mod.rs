//! Incidents: all events 4 with one client, responder, target and pair of realms.
//!
//! Each event counts once, however many exports contain it. Equal signals are counted together, and
//! [`crate::diagnosis`] assigns them to incidents by host, account and time.
//!
//! A file imports only files listed before it: `activity`, `log_range`, `incident`, `bounded`, `builder`
//! (results of one worker), `collected` (results of all workers).

mod activity;
mod bounded;
mod builder;
mod collected;
mod incident;
mod log_range;

pub use activity::ActivityTimes;
pub use builder::{CutNames, Dropped, EventSink, IncidentBuilder, MAX_NAME, OutsidePeriod, Period};
pub use collected::{CollectedIncidents, Twin};
pub use incident::{Incident, Occurrences, RecordedSignal, incident_id, stable_id};
pub use log_range::{LogName, LogRange, LogRanges, RecordPosition};
