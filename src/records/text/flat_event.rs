//! The form that every text of an event is converted to before it becomes a record.

use crate::records::{Datum, Record};

/// The error name in the text of event 4, which is the same in every language.
pub(super) const MODIFIED_ERROR: &str = "KRB_AP_ERR_MODIFIED";

/// The provider of event 4 since Windows Vista.
pub(super) const KERBEROS_PROVIDER: &str = "Microsoft-Windows-Security-Kerberos";

/// An event as text: its fields are not parsed, and empty where the source has none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct FlatEvent {
    pub provider: String,
    pub event_id: String,
    pub record_id: String,
    pub time: String,
    /// Is the time in UTC by the name of its field?
    pub is_utc: bool,
    pub channel: String,
    pub computer: String,
    pub level: String,
    pub user_id: String,
    /// The event's description.
    pub message: String,
    pub data: Vec<Datum>,
}

/// The content of an object that a tool wrote.
#[derive(Debug)]
pub(super) enum ObjectContent {
    Event(Box<FlatEvent>),
    /// A record, read from the event's XML in the object. The error says why it cannot be read.
    Record(Result<Record, String>),
    /// The object is not an event.
    Nothing,
}
