//! The diagnosis of all incidents of a run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::case::Case;
use super::connection::Topology;
use super::context::{Context, Fleet};
use super::finding::Finding;
use super::problems::Orderable;
use super::proof::Repair;
use super::verdict::{Cause, Confidence, Kind};
use super::{narrative, problems, rules};
use crate::incidents::Incident;

/// The findings of a run, or values made of them.
pub struct Diagnosis<T = Finding> {
    /// Sorted by problem. The problem that affects most clients comes first.
    pub findings: Vec<T>,
    /// Number of findings without a verdict, because their diagnosis panicked.
    pub failed: u64,
}

/// Diagnoses every incident. If a diagnosis panics, only its incident has no verdict.
pub fn diagnose(incidents: Vec<Incident>, context: &Context<'_>) -> Diagnosis {
    diagnose_as(incidents, context, |finding| finding)
}

/// Diagnoses every incident, and makes a value of each finding at once. A hundred thousand findings take more memory than the
/// rows of a report.
pub(crate) fn diagnose_as<T: Orderable + Send>(
    incidents: Vec<Incident>,
    context: &Context<'_>,
    make: impl Fn(Finding) -> T + Sync,
) -> Diagnosis<T> {
    let fleet = Fleet::new(&incidents, context);
    let decide = |incident: &Incident| {
        let case = Case::new(incident, context, &fleet);
        let verdict = rules::decide(&case);
        narrative::make_finding(&case, verdict)
    };
    diagnose_with(incidents, decide, make)
}

fn diagnose_with<T: Orderable + Send>(
    incidents: Vec<Incident>,
    decide: impl Fn(&Incident) -> Finding + Sync,
    make: impl Fn(Finding) -> T + Sync,
) -> Diagnosis<T> {
    let (mut findings, failures): (Vec<T>, Vec<u64>) = incidents
        .into_par_iter()
        .map(|incident| match catch_unwind(AssertUnwindSafe(|| decide(&incident))) {
            Ok(finding) => (make(finding), 0),
            Err(_) => (make(without_verdict(incident)), 1),
        })
        .unzip();
    problems::sort(&mut findings);
    Diagnosis { findings, failed: failures.iter().sum() }
}

/// The finding for an incident whose diagnosis panicked.
fn without_verdict(incident: Incident) -> Finding {
    let cause = Cause::Undetermined;
    let (problem_id, problem) = problems::problem_of(cause, &Repair::Incident, &incident);
    Finding {
        incident_id: incident.id(),
        problem_id,
        problem,
        title: format!("krbtriage failed to diagnose {} for {}", incident.client, incident.target),
        row: (Topology::Unclear, "the diagnosis failed"),
        cause,
        kind: Kind::NotEnoughData,
        confidence: Confidence::Possible,
        service_class: String::new(),
        target_host: String::new(),
        shared_addresses: Vec::new(),
        explanation:
            "The diagnosis of this incident failed. This is a bug of krbtriage: report it with the inputs"
                .to_owned(),
        evidence: Vec::new(),
        missing: Vec::new(),
        remedy: None,
        incident,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::incidents::{ActivityTimes, Occurrences};

    fn incident(client: &str) -> Incident {
        let time = jiff::Timestamp::UNIX_EPOCH;
        Incident {
            client: client.into(),
            answered_by: "srv9$".into(),
            target: "cifs/srv8".into(),
            target_realm: "A".into(),
            client_realm: "A".into(),
            occurrences: Occurrences {
                events: 3,
                first: time,
                last: time,
                activity: ActivityTimes::default(),
                reported: ActivityTimes::default(),
                files: BTreeSet::new(),
                from_slack: 0,
            },
        }
    }

    /// Attack 15 of the review.
    #[test]
    fn a_panic_costs_the_verdict_of_its_incident_and_no_other() {
        let decide = |incident: &Incident| match &*incident.client {
            "bad" => panic!("injected"),
            _ => Finding { explanation: "decided".to_owned(), ..without_verdict(incident.clone()) },
        };
        let diagnosis = diagnose_with(["a", "bad", "c"].map(incident).into(), decide, |finding| finding);
        assert_eq!(diagnosis.failed, 1);
        let bad = diagnosis.findings.iter().find(|f| &*f.incident.client == "bad").unwrap();
        assert_eq!((bad.cause, bad.confidence), (Cause::Undetermined, Confidence::Possible));
        assert_eq!(bad.incident.occurrences.events, 3, "its events are counted");
        assert_eq!(diagnosis.findings.iter().filter(|f| f.explanation == "decided").count(), 2);
    }
}
