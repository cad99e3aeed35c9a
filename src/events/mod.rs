//! Events: what a record means. Kerberos event 4 and its twin, and the signals around them.

mod ap_err_modified;
mod dedup;
mod queries;
mod reported;
mod signals;

pub use ap_err_modified::ApErrModified;
pub use dedup::{DedupIndex, Insertion, LogFingerprint};
pub use queries::{EventQuery, queries};
pub use reported::ReportedEvents;
pub use signals::{Role, Signal, SignalKind, known};

use crate::records::{EventFilter, Record, Selection};

/// Names the Kerberos client's provider goes by. Where its manifest is missing (and on XP and 2003) it is `Kerberos`.
const KERBEROS: [&str; 2] = ["Microsoft-Windows-Security-Kerberos", "Kerberos"];

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
}

/// Providers and event IDs that triage reads: event 4, its twin, and every signal.
pub fn filters() -> Vec<EventFilter> {
    let mut wanted =
        vec![EventFilter { providers: KERBEROS.map(String::from).to_vec(), event_ids: vec![3, 4] }];
    wanted.extend(signals::wanted());
    wanted
}

/// The records that triage wants: those of [`filters`], where a value decides only with that value.
pub fn selection() -> Selection {
    signals::CONDITIONS.iter().fold(
        Selection::new(filters()).only_where(3, "ErrorCode", ap_err_modified::is_0x29),
        |selection, condition| selection.only_where(condition.event_id, condition.name, condition.accepts),
    )
}

/// Kerberos event 4 and its twin alone: what `extract` writes when nothing else is asked for.
pub fn kerberos_selection() -> Selection {
    Selection::new(vec![EventFilter {
        providers: KERBEROS.map(String::from).to_vec(),
        event_ids: vec![3, 4],
    }])
    .only_where(3, "ErrorCode", ap_err_modified::is_0x29)
}

fn is_kerberos(provider: &str) -> bool {
    KERBEROS.iter().any(|k| k.eq_ignore_ascii_case(provider))
}
