//! Events: the meaning of records. They are Kerberos event 4, its twin, and the signals near them.
//!
//! A file imports only files listed before it: `ap_err_modified`, `signals`, `event` (either of them), `dedup` (each record counts
//! once), `reported` (each event counts in one run), `queries` (for exports and subscriptions).

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
    std::iter::once(kerberos_filter()).chain(signals::filters()).collect()
}

/// The records that triage reads: those of [`filters`], with their conditions on values.
pub fn selection() -> Selection {
    signals::CONDITIONS.iter().fold(select_twins(Selection::new(filters())), |selection, condition| {
        selection.only_where(condition.event_id, condition.name, condition.accepts)
    })
}

/// Only Kerberos event 4 and its twin: the default of `extract`.
pub fn kerberos_selection() -> Selection {
    select_twins(Selection::new(vec![kerberos_filter()]))
}

fn kerberos_filter() -> EventFilter {
    EventFilter { providers: KERBEROS.map(String::from).to_vec(), event_ids: vec![3, 4] }
}

/// Leaves out every event 3 whose error is not 0x29 (KRB_AP_ERR_MODIFIED).
fn select_twins(selection: Selection) -> Selection {
    selection.only_where(3, "ErrorCode", ap_err_modified::is_0x29)
}
