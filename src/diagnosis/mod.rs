//! Diagnosis: the cause of each incident, how well it is proved, and what to do.
//!
//! A line of whole parts, each built from those before it:
//!
//! ```text
//! verdict (vocabulary) -> parties -> ownership -> signals -> freshness -> predicates -> rules -> narrative
//! ```

#[allow(dead_code, reason = "triage uses it as soon as the rules are here")]
mod command;
#[allow(dead_code, reason = "triage uses it as soon as the rules are here")]
mod remedy;
#[allow(dead_code, reason = "triage uses it as soon as the rules are here")]
mod request;
mod subject;
mod verdict;

pub use subject::{AccountFacts, AccountKind, Named, RemedyInput, SharedAddress};
pub use verdict::{Cause, Confidence, Kind, UnknownName};
