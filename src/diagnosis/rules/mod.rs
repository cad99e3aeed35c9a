//! The decision table. The first row whose topology is the incident's and whose predicate matches decides.
//!
//! `docs/causes.md` contains the table, and a test compares the two. The predicates are in [`super::predicates`]. Evidence
//! against a verdict is in [`super::contradictions`].
//!
//! A file imports only files listed before it: [`rule`] (a row and its rivals), [`rivals`] (all rivals), [`table`], [`decide`] and
//! [`markdown`] (the table for the documents).

mod decide;
mod markdown;
mod rivals;
mod rule;
mod table;

pub(super) use decide::decide;
pub(crate) use decide::{Verdict, refused};
pub use markdown::{rivals_table, table};
pub use rule::{Rival, Rule};
pub use table::RULES;
