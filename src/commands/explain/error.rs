//! Why nothing can be explained.

use std::path::PathBuf;

use crate::commands::audit::AuditKind;
use crate::diagnosis::{Cause, Kind};
use crate::report::saved::SavedError;
use crate::suggest::did_you_mean;

/// Why nothing can be explained.
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
    #[error("{}: it has no incident or problem {id}{}. Its first two columns have the IDs.", path.display(), similar_id.as_ref().map_or(String::new(), |s| format!(" (did you mean {s}?)")))]
    NoIncident { path: PathBuf, id: String, similar_id: Option<String> },
}
