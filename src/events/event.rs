//! The meaning of a record: event 4, its twin, or a signal.

use super::ap_err_modified::ApErrModified;
use super::signals::Signal;
use crate::records::Record;

/// Names of the Kerberos client's provider. Without its manifest (and on XP and 2003) it is `Kerberos`.
pub(super) const KERBEROS: [&str; 2] = ["Microsoft-Windows-Security-Kerberos", "Kerberos"];

/// The meaning of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Event 4, or event 3 with its error.
    ApErrModified(ApErrModified),
    /// Another event, which may prove or exclude a cause or show who owns an address.
    Signal(Signal),
}

impl Event {
    /// Classifies a record; `None` for event 3 with another error, and for an event without the value that makes it a signal.
    pub fn read(record: &Record) -> Option<Self> {
        if is_kerberos(&record.provider) && matches!(record.event_id, 3 | 4) {
            return ApErrModified::read(record).map(Self::ApErrModified);
        }
        Signal::read(record).map(Self::Signal)
    }

    /// Passes every name, address and error of the event to `each`. They are the same in every file format.
    pub(super) fn for_each_name(&self, each: &mut dyn FnMut(&str)) {
        match self {
            Self::ApErrModified(event) => event.names().into_iter().for_each(each),
            Self::Signal(signal) => {
                signal.names.iter().for_each(|(_, name)| each(name));
                signal.addresses.iter().for_each(|address| each(&address.to_string()));
                each(&signal.error.map(|error| error.to_string()).unwrap_or_default());
            }
        }
    }
}

fn is_kerberos(provider: &str) -> bool {
    KERBEROS.iter().any(|k| k.eq_ignore_ascii_case(provider))
}
