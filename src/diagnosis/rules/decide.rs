//! A case and the table give a verdict.

use super::rule::{Rival, Rule};
use super::table::RULES;
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::Caveat;
use crate::diagnosis::predicates::undetermined;
use crate::diagnosis::proof::Proof;
use crate::diagnosis::verdict::{Cause, Confidence, Kind};
use crate::diagnosis::{contradictions, freshness};

/// A row's answer for one case.
pub(crate) struct Verdict {
    /// The row that decided.
    pub(crate) when: &'static str,
    pub(crate) cause: Cause,
    pub(crate) kind: Kind,
    pub(crate) confidence: Confidence,
    pub(crate) proof: Proof,
    /// Evidence against it. Each item lowers the confidence once.
    pub(crate) contradictions: Vec<Caveat>,
    /// Why its evidence may be from another time.
    pub(crate) caveats: Vec<Caveat>,
    pub(crate) open_rivals: Vec<&'static Rival>,
    pub(crate) excluded_rivals: Vec<&'static Rival>,
}

/// Decides one case.
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
    // Every topology ends in a row that always matches; this keeps a future table from panicking.
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

/// The rows that were tried before the one that decided, each without a proof. `when` is what that row asks for.
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
