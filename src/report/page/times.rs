//! The zone of the page's times, and what its script needs to show them in another one.

use jiff::{SignedDuration, Timestamp};

use crate::report::Report;
use crate::zone::Zone;

/// Changes of the offset are listed from this year on: evidence has times before the events.
const FIRST: &str = "2000-01-01T00:00:00Z";

/// How long after the last event, for accounts and files that changed later.
const AFTER: SignedDuration = SignedDuration::from_hours(24 * 366);

pub(super) struct Times {
    pub zone: Zone,
    /// Seconds since 1970 and the offset in minutes from then on, separated by blanks: `946684800:60 954032400:120`.
    pub offsets: String,
}

impl Times {
    pub(super) fn new(report: &Report<'_>) -> Self {
        let first = FIRST.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let last = report.rows.iter().filter_map(|row| row.last_seen.parse::<Timestamp>().ok()).max();
        let to = last.unwrap_or(first).checked_add(AFTER).unwrap_or(Timestamp::MAX);
        let offsets = report.zone.offsets_between(first, to);
        let offsets: Vec<String> =
            offsets.iter().map(|(from, minutes)| format!("{from}:{minutes}")).collect();
        Self { zone: report.zone.clone(), offsets: offsets.join(" ") }
    }
}
