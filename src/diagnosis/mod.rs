//! Diagnosis: the cause of each incident, how well it is proved, and what to do.
//!
//! A line of whole parts, each built from those before it. Three questions carry it (`docs/causes.md`): whose key encrypted
//! the ticket, who answered, who was meant.
//!
//! ```text
//! verdict (vocabulary) -> context -> parties -> connection -> ownership -> signals -> case
//!     -> proof, freshness -> predicates -> rules -> remedy -> narrative
//! ```

mod account_class;
mod case;
mod command;
mod connection;
mod context;
mod contradictions;
mod dates;
mod diagnose;
mod evidence;
mod finding;
mod freshness;
mod narrative;
mod ownership;
mod parties;
mod predicates;
mod problems;
mod proof;
mod remedy;
mod request;
mod rules;
mod signal_index;
mod signals;
mod subject;
mod verdict;

pub(crate) use command::{Name, NameRole};
pub use connection::Topology;
pub use context::Context;
pub use dates::{FileDates, LogDates};
pub(crate) use diagnose::diagnose_as;
pub use diagnose::{Diagnosis, diagnose};
pub(crate) use evidence::AGAINST;
pub use evidence::{Evidence, EvidenceRole, Fact, Relation};
pub use finding::Finding;
pub use finding::general_fix;
pub(crate) use problems::{OrderKey, Orderable};
pub(crate) use remedy::{AuditSubject, Step, audit_steps, steps as fix_steps};
pub(crate) use request::{Collectable, LogReason, Request, is_for_people, title_of};
pub(crate) use rules::refused;
pub use rules::{RULES, Rival, Rule, rivals_table, table};
pub use subject::{AccountFacts, AccountKind, IncidentName, RemedyInput, SharedAddress};
pub use verdict::{Cause, Confidence, Kind, UnknownName};
