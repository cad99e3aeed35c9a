//! One row of the decision table, and its rivals.

use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::Fact;
use crate::diagnosis::proof::Proof;
use crate::diagnosis::request::Request;
use crate::diagnosis::verdict::{Cause, Confidence, Kind};

/// One row of the decision table.
pub struct Rule {
    pub topology: Topology,
    /// Evidence from inventories and other events, as the document prints it.
    pub when: &'static str,
    pub cause: Cause,
    /// The proof may name a closer kind (which adapter owns the shared address).
    pub kind: Kind,
    pub confidence: Confidence,
    /// Other causes that give the same event. One that is not excluded keeps the verdict at `likely`.
    pub rivals: &'static [Rival],
    pub(super) matches: fn(&Case<'_>) -> Option<Proof>,
}

/// Another cause that fits the evidence of a row, unless something excludes it.
pub struct Rival {
    pub cause: Cause,
    pub kind: Kind,
    /// The other cause.
    pub story: &'static str,
    /// The evidence that excludes it.
    pub excluded_by: &'static str,
    pub(super) is_excluded: fn(&Case<'_>, &Proof) -> bool,
    /// The one check that separates it from the row's cause.
    pub(super) settled_by: fn(&Case<'_>) -> Request,
}

impl Rival {
    pub(crate) fn fact(&self, excluded: bool) -> Fact {
        let (cause, rival, story) = (self.cause, self.kind, self.story);
        match excluded {
            true => Fact::RivalExcluded { cause, rival, story, by: self.excluded_by },
            false => Fact::Rival { cause, rival, story },
        }
    }

    pub(crate) fn request(&self, case: &Case<'_>) -> Request {
        (self.settled_by)(case)
    }
}
