//! Quotations in evidence: an event of a log, and the line of a list.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::inventory::Source;

/// An event of a log, quoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotedEvent {
    pub at: Timestamp,
    pub computer: Box<str>,
    pub provider: &'static str,
    pub event_id: u16,
    /// Its values, without those that change with every event.
    pub values: Box<str>,
    /// How many such events there are.
    pub count: u64,
    pub says: &'static str,
}

impl fmt::Display for QuotedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {} on {}", self.at, self.provider, self.event_id, self.computer)?;
        if !self.values.is_empty() {
            write!(f, " ({})", self.values)?;
        }
        if self.count > 1 {
            write!(f, ", {} times in all", self.count)?;
        }
        write!(f, ": {}", self.says)
    }
}

pub(super) fn source_text<S: serde::Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(source)
}
