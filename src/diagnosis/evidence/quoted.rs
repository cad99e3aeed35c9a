//! Events that evidence quotes.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

/// A quoted event of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotedEvent {
    pub at: Timestamp,
    pub computer: Box<str>,
    pub provider: &'static str,
    pub event_id: u16,
    /// Its values, without those that change with every event.
    pub values: Box<str>,
    /// Number of such events.
    pub count: u64,
    /// The meaning of the event, as the second half of a sentence.
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
