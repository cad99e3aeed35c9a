//! Events: what a record means. Kerberos event 4 and its twin, and the signals around them.

mod ap_err_modified;
mod dedup;
mod event;
mod queries;
mod reported;
mod signals;

pub use ap_err_modified::ApErrModified;
pub use dedup::{ContentFingerprint, DedupIndex, Insertion};
pub use event::Event;
pub use queries::{EventQuery, queries};
pub use reported::ReportedEvents;
pub use signals::{Role, Signal, SignalKind, catalogue};

use crate::records::{EventFilter, Selection};
use event::KERBEROS;

/// Providers and event IDs that triage reads: event 4, its twin, and every signal.
pub fn filters() -> Vec<EventFilter> {
    let mut wanted =
        vec![EventFilter { providers: KERBEROS.map(String::from).to_vec(), event_ids: vec![3, 4] }];
    wanted.extend(signals::filters());
    wanted
}

/// The records that triage wants: those of [`filters`], with their conditions on values.
pub fn selection() -> Selection {
    signals::CONDITIONS.iter().fold(
        Selection::new(filters()).only_where(3, "ErrorCode", ap_err_modified::is_0x29),
        |selection, condition| selection.only_where(condition.event_id, condition.name, condition.accepts),
    )
}

/// Only Kerberos event 4 and its twin: the default of `extract`.
pub fn kerberos_selection() -> Selection {
    Selection::new(vec![EventFilter {
        providers: KERBEROS.map(String::from).to_vec(),
        event_ids: vec![3, 4],
    }])
    .only_where(3, "ErrorCode", ap_err_modified::is_0x29)
}
