//! The types of a row of the decision table and of a rival.

use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::Fact;
use crate::diagnosis::proof::Proof;
use crate::diagnosis::request::Request;
use crate::diagnosis::verdict::{Cause, Confidence, Kind};

/// A row of the decision table: if the topology is the incident's and the predicate matches, the verdict.
pub struct Rule {
    pub topology: Topology,
    /// The evidence that the row asks for, in words.
    pub when: &'static str,
    pub cause: Cause,
    /// The kind, unless the proof has another one.
    pub kind: Kind,
    pub confidence: Confidence,
    /// Other causes of the same evidence. With one that is not excluded, the verdict is at most `likely`.
    pub rivals: &'static [Rival],
    pub(super) matches: fn(&Case<'_>) -> Option<Proof>,
}

/// Another cause of the same evidence as a row's.
pub struct Rival {
    pub cause: Cause,
    pub kind: Kind,
    /// How this cause gives the same evidence.
    pub story: &'static str,
    /// The evidence that excludes it, in words.
    pub excluded_by: &'static str,
    pub(super) is_excluded: fn(&Case<'_>, &Proof) -> bool,
    /// The check that separates it from the row's cause.
    pub(crate) settled_by: fn(&Case<'_>) -> Request,
}

impl Rival {
    /// The rival as evidence.
    pub(crate) fn fact(&self, excluded: bool) -> Fact {
        let (cause, rival, story) = (self.cause, self.kind, self.story);
        match excluded {
            true => Fact::RivalExcluded { cause, rival, story, by: self.excluded_by },
            false => Fact::Rival { cause, rival, story },
        }
    }
}
