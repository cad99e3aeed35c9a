//! Applies the decision table to a case.

use super::rule::{Rival, Rule};
use super::table::RULES;
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::Caveat;
use crate::diagnosis::predicates::undetermined;
use crate::diagnosis::proof::Proof;
use crate::diagnosis::verdict::{Cause, Confidence, Kind};
use crate::diagnosis::{contradictions, freshness};

/// The decision about one case.
pub(crate) struct Verdict {
    /// The evidence that the row which decided asks for.
    pub(crate) when: &'static str,
    pub(crate) cause: Cause,
    pub(crate) kind: Kind,
    pub(crate) confidence: Confidence,
    pub(crate) proof: Proof,
    /// Evidence against it. With any, the confidence is one step lower.
    pub(crate) contradictions: Vec<Caveat>,
    /// Reasons why the confidence is at most `likely`.
    pub(crate) caveats: Vec<Caveat>,
    pub(crate) open_rivals: Vec<&'static Rival>,
    pub(crate) excluded_rivals: Vec<&'static Rival>,
}

/// Decides one case by the first row that matches.
pub(in crate::diagnosis) fn decide(case: &Case<'_>) -> Verdict {
    let incident = &case.parties.incident;
    let topology = case.connection.topology;
    log::trace!(
        "{} -> {} ({} answered): {}",
        incident.client,
        incident.target,
        incident.answered_by,
        topology.text()
    );
    let mut rows = RULES.iter().filter(|rule| rule.topology == topology);
    if let Some((rule, proof)) = rows.find_map(|rule| Some((rule, (rule.matches)(case)?))) {
        if log::log_enabled!(log::Level::Trace) {
            for rule in refused(topology, rule.when) {
                log::trace!("{}: no: {}", incident.target, rule.when);
            }
        }
        return verdict(case, rule, proof);
    }
    // Every topology ends in a row that always matches. A table without such a row must not make the program fail.
    let proof = undetermined::nothing_known(case);
    Verdict {
        when: "",
        cause: Cause::Undetermined,
        kind: Kind::NotEnoughData,
        confidence: Confidence::Possible,
        proof,
        contradictions: Vec::new(),
        caveats: Vec::new(),
        open_rivals: Vec::new(),
        excluded_rivals: Vec::new(),
    }
}

/// The rows that did not match before the one that decided. `when` identifies the latter.
pub(crate) fn refused(topology: Topology, when: &str) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.topology == topology).take_while(move |rule| rule.when != when)
}

fn verdict(case: &Case<'_>, rule: &'static Rule, mut proof: Proof) -> Verdict {
    let kind = proof.kind.unwrap_or(rule.kind);
    let contradictions = contradictions::find(case, rule.cause, kind, &proof);
    let (excluded_rivals, open_rivals): (Vec<&Rival>, Vec<&Rival>) =
        rule.rivals.iter().partition(|rival| (rival.is_excluded)(case, &proof));
    let mut caveats = std::mem::take(&mut proof.caveats);
    caveats.extend(freshness::caveats(case, rule.cause, kind, &proof));
    let mut confidence = rule.confidence;
    if !contradictions.is_empty() {
        confidence = confidence.lower();
    }
    confidence = confidence.min(proof.at_most);
    if !caveats.is_empty() || !open_rivals.is_empty() {
        confidence = confidence.min(Confidence::Likely);
    }
    log::trace!(
        "{}: yes: {}: {}/{kind} {confidence}; the row allows {}, its evidence {}, against it {}, caveats {}, open rivals {:?}",
        case.parties.incident.target,
        rule.when,
        rule.cause,
        rule.confidence,
        proof.at_most,
        contradictions.len(),
        caveats.len(),
        open_rivals.iter().map(|rival| rival.story).collect::<Vec<_>>()
    );
    Verdict {
        when: rule.when,
        cause: rule.cause,
        kind,
        confidence,
        proof,
        contradictions,
        caveats,
        open_rivals,
        excluded_rivals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_above_a_row_of_its_topology_were_tried_before_it() {
        for rule in RULES {
            let same = RULES.iter().filter(|other| other.topology == rule.topology);
            let above = same.take_while(|other| !std::ptr::eq(*other, rule)).count();
            assert_eq!(refused(rule.topology, rule.when).count(), above, "{}", rule.when);
        }
    }
}
