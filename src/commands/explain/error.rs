//! Errors of `explain`.

use std::path::PathBuf;

use crate::commands::audit::AuditKind;
use crate::commands::triage;
use crate::diagnosis::{Cause, Kind};
use crate::report::saved_file::SavedError;
use crate::report::text_writer::few;
use crate::suggest::did_you_mean;

/// Logs that a message lists.
const MAX_LOGS: usize = 3;

/// Why `explain` has no answer. Each message says what to pass instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "\"{name}\" is not a known code, message, cause or kind{}. `krbtriage explain` lists the causes and kinds; \
         docs/symptoms.md lists the codes.",
        did_you_mean(name, Cause::ALL.map(Cause::name).into_iter().chain(Kind::ALL.map(Kind::name)).chain(AuditKind::AUDIT_ONLY.map(AuditKind::name)))
    )]
    Unknown { name: String },
    #[error("{id} is an ID of a report. Pass the report as well: krbtriage explain {id} report.csv")]
    NeedsReport { id: String },
    #[error(transparent)]
    Report(#[from] SavedError),
    #[error(
        "--why needs the ID of one incident: krbtriage explain i963b2fe1d1d6 --why LOGS INVENTORIES. The first column of a report has the IDs."
    )]
    NeedsIncident,
    #[error(
        "--why needs the inputs of the report: its logs, address inventories and account lists{}. Pass them after --why.",
        if logs.is_empty() { String::new() } else { format!(" (it was made from {})", few(logs, MAX_LOGS)) }
    )]
    NeedsInputs { logs: Vec<String> },
    #[error(
        "the inputs after --why have no incident {id}. Pass the logs that its report was made from{}",
        unread.first().map_or(String::new(), |why| format!("; one could not be read: {why}"))
    )]
    NotInInputs { id: String, unread: Vec<String> },
    #[error(transparent)]
    Triage(#[from] Box<triage::Error>),
    #[error("{}: it has no incident or problem {id}{}. Its first two columns have the IDs.", path.display(), similar_id.as_ref().map_or(String::new(), |s| format!(" (did you mean {s}?)")))]
    NoIncident { path: PathBuf, id: String, similar_id: Option<String> },
}

impl Error {
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        use Error::{NeedsIncident, NeedsInputs, NeedsReport, Unknown};
        matches!(self, Unknown { .. } | NeedsReport { .. } | NeedsIncident | NeedsInputs { .. })
    }
}
