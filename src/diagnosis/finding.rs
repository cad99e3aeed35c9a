//! The diagnosis of one incident.

use std::net::IpAddr;
use std::sync::Arc;

use super::connection::Topology;
use super::evidence::Evidence;
use super::remedy;
use super::remedy_input::RemedyInput;
use super::request::Request;
use super::verdict::{Cause, Confidence, Kind};
use crate::incidents::Incident;

/// An incident with its verdict. Its texts have names as logged, which the writer of a report escapes.
#[derive(Debug, Clone)]
pub struct Finding {
    pub incident: Incident,
    pub incident_id: String,
    pub problem_id: String,
    /// The object to fix, such as `shared address 169.254.95.120` or `SPN HTTP/portal.example.com`.
    pub problem: String,
    /// The finding as one sentence, without a full stop.
    pub title: String,
    /// The row of the decision table that decided: its topology and the evidence that it asks for.
    pub row: (Topology, &'static str),
    pub cause: Cause,
    pub kind: Kind,
    pub confidence: Confidence,
    pub service_class: String,
    pub target_host: String,
    pub shared_addresses: Vec<IpAddr>,
    pub explanation: String,
    pub evidence: Vec<Evidence>,
    /// Data to collect next.
    pub(crate) missing: Vec<Request>,
    /// The names and facts for the steps of the fix; `None` if the diagnosis failed.
    pub(crate) remedy: Option<Arc<RemedyInput>>,
}

impl Finding {
    /// The evidence as texts.
    pub fn evidence(&self) -> Vec<String> {
        self.evidence.iter().map(ToString::to_string).collect()
    }

    /// Data to collect next, as texts.
    pub fn missing(&self) -> Vec<String> {
        self.missing.iter().map(ToString::to_string).collect()
    }

    /// The steps of the fix in safe order, as texts.
    pub fn fix(&self) -> Vec<String> {
        let steps = self.remedy.as_deref().map(remedy::steps).unwrap_or_default();
        steps.iter().map(ToString::to_string).collect()
    }
}

/// The steps of the fix for a kind as texts, with placeholders for all names.
pub fn general_fix(kind: Kind) -> Vec<String> {
    remedy::general(kind).iter().map(ToString::to_string).collect()
}
