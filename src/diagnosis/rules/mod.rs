//! The decision: one table, read from the top. The first row whose topology fits and whose predicate matches decides.
//!
//! `docs/causes.md` prints the table; a test keeps the two the same. What a row asks for is a function in
//! [`super::predicates`]; what speaks against a verdict afterwards is in [`super::contradictions`].
//!
//! Files: [`rule`] (a row and its rivals), [`rivals`] (all rivals), [`table`], [`decide`], [`markdown`] (the table for the
//! documents).

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
