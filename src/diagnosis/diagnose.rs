//! All incidents, decided.

use rayon::prelude::*;

use super::case::Case;
use super::context::{Context, Fleet};
use super::finding::Finding;
use super::{narrative, problems, rules};
use crate::incidents::Incident;

/// Decides every incident, and orders the findings by problem, the one that affects most clients first.
pub fn diagnose(incidents: Vec<Incident>, context: &Context<'_>) -> Vec<Finding> {
    let fleet = Fleet::of(&incidents, context);
    let mut findings: Vec<Finding> = incidents
        .into_par_iter()
        .map(|incident| {
            let case = Case::new(&incident, context, &fleet);
            let verdict = rules::decide(&case);
            narrative::finding(&case, verdict)
        })
        .collect();
    problems::order(&mut findings);
    findings
}
