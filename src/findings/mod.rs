//! Findings: what is wrong in each incident, how sure that is, what proves it, and what to do.
//!
//! One idea carries it (`docs/causes.md`): whose key encrypted the ticket, who answered, who was meant.
//! [`case`] answers the three questions from the names and inventories, [`rules`] decides in one table,
//! [`story`] tells it, [`problems`] groups what one repair ends.

mod advice;
mod age;
mod beside;
mod case;
mod conflicts;
mod evidence;
mod ownership;
mod patterns;
mod problems;
mod proofs;
mod rules;
mod signals;
mod story;
mod topics;

pub use crate::diagnosis::{Cause, Confidence, Kind, UnknownName};
pub use advice::fix;
pub use advice::{Wanted, is_silence, silence, wanted};
pub use age::{FileDates, LogDates};
pub use case::{Case, Knowledge, Shape};
pub use evidence::Evidence;
pub use problems::{RowNames, order, problem_named};
pub use rules::{RULES, Rule, table};
pub use topics::{Topic, topic};

use std::net::IpAddr;

use crate::incidents::Incident;

/// What was found out about one incident. Texts hold names as the log has them; whoever writes them guards them.
#[derive(Debug, Clone)]
pub struct Finding {
    pub incident: Incident,
    pub incident_id: String,
    pub problem_id: String,
    /// The thing to repair, as a person would name it (`address 169.254.95.120`, `SPN HTTP/portal...`).
    pub problem: String,
    /// The row of [`RULES`] that decided: its shape and what it asks for.
    pub row: (Shape, &'static str),
    pub cause: Cause,
    pub kind: Kind,
    pub confidence: Confidence,
    pub service_class: String,
    pub target_host: String,
    pub shared_addresses: Vec<IpAddr>,
    pub explanation: String,
    /// What proves it, what speaks against it, and the other causes and why they were not chosen.
    pub evidence: Vec<String>,
    /// What would settle it, each with the command that collects it.
    pub missing: Vec<String>,
    /// Steps in safe order.
    pub fix: Vec<String>,
}

/// Decides every incident, and orders the findings by problem, the one that hurts most clients first.
pub fn diagnose(incidents: Vec<Incident>, knowledge: &Knowledge<'_>) -> Vec<Finding> {
    use rayon::prelude::*;
    let patterns = patterns::Patterns::of(&incidents, knowledge);
    let mut findings: Vec<Finding> = incidents
        .into_par_iter()
        .map(|incident| {
            let case = Case::new(&incident, knowledge, &patterns);
            let verdict = rules::decide(&case);
            story::tell(&case, verdict)
        })
        .collect();
    order(&mut findings);
    findings
}
