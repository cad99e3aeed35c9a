use super::ap_err_modified::ApErrModified;
use super::signals::Signal;
use crate::records::Record;

/// Names the Kerberos client's provider goes by. Where its manifest is missing (and on XP and 2003) it is `Kerberos`.
pub(super) const KERBEROS: [&str; 2] = ["Microsoft-Windows-Security-Kerberos", "Kerberos"];

/// A record whose meaning is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// KRB_AP_ERR_MODIFIED: what the program is about.
    ApErrModified(ApErrModified),
    /// Something else that happened, which may prove or refute a cause, or tell who owns an address.
    Signal(Signal),
}

impl Event {
    /// The record's meaning; `None` for a record that only looks like one of ours (event 3 with another error,
    /// a signal without the value that makes it one).
    pub fn read(record: &Record) -> Option<Self> {
        if is_kerberos(&record.provider) && matches!(record.event_id, 3 | 4) {
            return ApErrModified::read(record).map(Self::ApErrModified);
        }
        Signal::read(record).map(Self::Signal)
    }

    /// Hands on everything it names, and its error: what it means, whatever the file that it was read from looks like.
    pub(super) fn each_name(&self, each: &mut dyn FnMut(&str)) {
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
