//! The zone of the times on the page, with its offsets for the script.

use jiff::{SignedDuration, Timestamp};

use crate::report::Report;
use crate::zone::Zone;

/// Time from which offsets are listed. Evidence may be much older than the events.
const FIRST: &str = "2000-01-01T00:00:00Z";

/// Time after the last event up to which offsets are listed. Evidence may be newer than the events.
const AFTER: SignedDuration = SignedDuration::from_hours(24 * 366);

/// The zone of the report with its offsets.
pub(super) struct ZoneOffsets {
    pub zone: Zone,
    /// Pairs of a Unix time in seconds and the offset in minutes from then on: `946684800:60 954032400:120`.
    pub offsets: String,
}

impl ZoneOffsets {
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
