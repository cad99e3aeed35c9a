//! Counts right and wrong verdicts against the truth of a scenario.

use std::collections::BTreeMap;

use krbtriage::diagnosis::{Cause, Confidence, EvidenceRole, Fact, Finding, Kind};

use super::ambiguity::same_in_another_world;
use super::faults::Fault;
use super::inputs::Inputs;
use super::scenario::{Expected, Scenario};

/// Counts of verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    pub incidents: u64,
    /// Verdicts with the right cause.
    pub cause: u64,
    /// Verdicts with the right cause and kind.
    pub kind: u64,
    /// Wrong verdicts that the inputs cannot separate from the truth.
    pub ambiguous: u64,
    pub confirmed: u64,
    /// Verdicts that confirm a wrong cause.
    pub wrong: u64,
    /// Verdicts that confirm the right cause and a wrong kind.
    pub wrong_kind: u64,
    /// Confirmed and wrong verdicts, where the inputs would be the same if the verdict were right.
    pub indistinguishable: u64,
    /// Verdicts that are not confirmed and do not ask for anything to collect.
    pub without_request: u64,
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.incidents += other.incidents;
        self.cause += other.cause;
        self.kind += other.kind;
        self.ambiguous += other.ambiguous;
        self.confirmed += other.confirmed;
        self.wrong += other.wrong;
        self.wrong_kind += other.wrong_kind;
        self.indistinguishable += other.indistinguishable;
        self.without_request += other.without_request;
    }
}

/// The counts of all forests.
#[derive(Default)]
pub struct Tally {
    /// By the name of the run.
    pub scores: BTreeMap<&'static str, Score>,
    /// By true and diagnosed cause, with full inventories.
    pub confusion: BTreeMap<(Cause, Cause), u64>,
    /// By true and diagnosed kind, with full inventories.
    pub kinds: BTreeMap<(Kind, Kind), u64>,
    /// Those of `kinds` where the evidence fits both kinds and the verdict asks for what separates them.
    pub ambiguous: BTreeMap<(Kind, Kind), u64>,
    /// By the row of the table that decided and what keeps the verdict from being confirmed, with full inventories.
    pub unconfirmed: BTreeMap<(&'static str, String), u64>,
    /// By the fault that gave the incident, with full inventories. `wrong` counts wrong causes and wrong kinds.
    pub by_fault: BTreeMap<String, Score>,
    /// Number of incidents by fault.
    pub faults: BTreeMap<Fault, u64>,
    /// Descriptions of confirmed and wrong verdicts.
    pub mistakes: Vec<String>,
    /// Descriptions of confirmed and wrong verdicts that the inputs cannot separate from the truth.
    pub undecided: Vec<String>,
    /// Descriptions of wrong verdicts with full inventories.
    pub missed: Vec<String>,
}

impl Tally {
    /// Counts the verdicts of one run over a scenario.
    pub fn add(&mut self, name: &'static str, scenario: &Scenario, inputs: &Inputs, findings: &[Finding]) {
        let score = self.scores.entry(name).or_default();
        assert_eq!(
            findings.len(),
            scenario.expected.len(),
            "seed {}: an incident was lost or split",
            scenario.seed
        );
        if name == "full" {
            for fault in
                scenario.silent.iter().chain(scenario.expected.values().filter_map(|e| e.fault.as_ref()))
            {
                *self.faults.entry(*fault).or_default() += 1;
            }
        }
        for finding in findings {
            let i = &finding.incident;
            let key = [&i.client, &i.answered_by, &i.target, &i.target_realm, &i.client_realm]
                .map(|n| n.to_lowercase());
            let expected =
                scenario.expected.get(&key).unwrap_or_else(|| panic!("seed {}: {key:?}", scenario.seed));
            let diagnosed = (finding.cause, finding.kind);
            let true_kind = expected.truths.contains(&diagnosed);
            let true_cause = expected.truths.iter().any(|t| t.0 == finding.cause);
            // A lookalike is right to report and wrong to confirm.
            let kind = true_kind || expected.lookalikes.contains(&diagnosed);
            let cause = true_cause || expected.lookalikes.iter().any(|t| t.0 == finding.cause);
            score.incidents += 1;
            score.cause += u64::from(cause);
            score.kind += u64::from(kind);
            if name == "full" {
                let wanted =
                    expected.truths.iter().find(|t| t.0 == finding.cause).unwrap_or(&expected.truths[0]);
                *self.confusion.entry((wanted.0, finding.cause)).or_default() += 1;
                let wanted = if true_kind { finding.kind } else { wanted.1 };
                *self.kinds.entry((wanted, finding.kind)).or_default() += 1;
                if kind && !true_kind && !finding.missing().is_empty() {
                    *self.ambiguous.entry((wanted, finding.kind)).or_default() += 1;
                }
                if finding.confidence != Confidence::Confirmed {
                    *self.unconfirmed.entry((finding.row.1, lacks(finding))).or_default() += 1;
                }
                let of_fault = self
                    .by_fault
                    .entry(expected.fault.map_or_else(|| "ordinary work".into(), |f| format!("{f:?}")))
                    .or_default();
                of_fault.incidents += 1;
                of_fault.cause += u64::from(cause);
                of_fault.kind += u64::from(kind);
                let confirmed = finding.confidence == Confidence::Confirmed;
                of_fault.confirmed += u64::from(confirmed);
                of_fault.wrong += u64::from(confirmed && !true_kind);
                if !cause || !kind {
                    if same_in_another_world(scenario, inputs, expected, finding) {
                        score.ambiguous += 1;
                    }
                    let text = describe(name, scenario, inputs, expected, finding);
                    self.missed.push(text);
                }
            }
            let confirmed = finding.confidence == Confidence::Confirmed;
            score.confirmed += u64::from(confirmed);
            score.without_request += u64::from(!confirmed && finding.missing().is_empty());
            if confirmed && !true_kind {
                let text = describe(name, scenario, inputs, expected, finding);
                if same_in_another_world(scenario, inputs, expected, finding) {
                    score.indistinguishable += 1;
                    self.undecided.push(text);
                    continue;
                }
                if true_cause {
                    score.wrong_kind += 1
                } else {
                    score.wrong += 1
                }
                self.mistakes.push(text);
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (name, score) in other.scores {
            self.scores.entry(name).or_default().add(&score);
        }
        for (fault, score) in other.by_fault {
            self.by_fault.entry(fault).or_default().add(&score);
        }
        for (key, n) in other.confusion {
            *self.confusion.entry(key).or_default() += n;
        }
        for (key, n) in other.kinds {
            *self.kinds.entry(key).or_default() += n;
        }
        for (key, n) in other.ambiguous {
            *self.ambiguous.entry(key).or_default() += n;
        }
        for (key, n) in other.unconfirmed {
            *self.unconfirmed.entry(key).or_default() += n;
        }
        for (fault, n) in other.faults {
            *self.faults.entry(fault).or_default() += n;
        }
        self.mistakes.extend(other.mistakes);
        self.missed.extend(other.missed);
        self.undecided.extend(other.undecided);
    }
}

/// Returns what keeps a verdict from being confirmed: the open rivals and the evidence against it, without names.
fn lacks(finding: &Finding) -> String {
    let mut out: Vec<String> = Vec::new();
    for evidence in &finding.evidence {
        match (&evidence.role, &evidence.fact) {
            (EvidenceRole::Rival, Fact::Rival { story, .. }) => out.push(format!("rival: {story}")),
            (EvidenceRole::Against, fact) => {
                let name = serde_json::to_value(fact).unwrap_or_default();
                let of = |key: &str| name.get(key).and_then(|v| v.as_str().map(str::to_owned));
                out.push(format!("against: {}", of("caveat").or(of("kind")).unwrap_or_default()));
            }
            _ => {}
        }
    }
    out.sort();
    out.dedup();
    if out.is_empty() { "the row".to_owned() } else { out.join("; ") }
}

fn describe(
    name: &str,
    scenario: &Scenario,
    inputs: &Inputs,
    expected: &Expected,
    finding: &Finding,
) -> String {
    let i = &finding.incident;
    format!(
        "{name} seed {}: {} | {} | {} | {} {} -> {} {} {} (row: {}), true {:?} by {:?}\n    given {:?} addresses {:?}% dns {:?} spns {:?} dc {} members {}\n    {}\n    {}",
        scenario.seed,
        i.client,
        i.answered_by,
        i.target,
        i.target_realm,
        i.client_realm,
        finding.cause,
        finding.kind,
        finding.confidence,
        finding.row.1,
        expected.truths,
        expected.fault,
        inputs.addresses,
        inputs.coverage_percent,
        inputs.dns,
        inputs.spns,
        inputs.controllers,
        inputs.members,
        finding.explanation,
        finding.evidence().join("\n    ")
    )
}
