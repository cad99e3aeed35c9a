//! Diagnosis: decides the cause of each incident, the confidence in it, and the fix.
//!
//! Three questions decide (`docs/causes.md`): which account's key encrypted the ticket, which machine answered, and which one the
//! client meant. The files form a pipeline. Each builds its result from the results of those before it:
//!
//! 1. Vocabulary: `verdict`, `remedy_input`, `account_kind`, `command`, `request`, `evidence`, `dates`.
//! 2. Data of one incident: `signal_index`, `context`, `parties`, `connection`, `ownership`, `signals`, `case`.
//! 3. Decision: `proof`, `freshness`, `predicates`, `contradictions`, `rules`.
//! 4. Result: `problems`, `remedy`, `finding`, `narrative`, `diagnose`.

mod account_kind;
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
mod remedy_input;
mod verdict;

pub(crate) use command::{Name, NameRole};
pub use connection::Topology;
pub use context::Context;
pub use dates::{FileDates, LogDates};
pub(crate) use diagnose::diagnose_as;
pub use diagnose::{Diagnosis, diagnose};
pub(crate) use evidence::AGAINST_PREFIX;
pub use evidence::{Evidence, EvidenceRole, Fact, Relation};
pub use finding::Finding;
pub use finding::general_fix;
pub(crate) use problems::{OrderKey, Orderable};
pub(crate) use remedy::{AuditSubject, Step, audit_steps, steps as fix_steps};
pub use remedy_input::{AccountFacts, AccountKind, IncidentName, RemedyInput, SharedAddress};
pub(crate) use request::{Collectable, LogReason, Request, is_for_people, title_of};
pub(crate) use rules::refused;
pub use rules::{RULES, Rival, Rule, rivals_table, table};
pub use verdict::{Cause, Confidence, Kind, UnknownName};
