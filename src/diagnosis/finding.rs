//! The diagnosis of one incident.

use std::net::IpAddr;
use std::sync::Arc;

use super::connection::Topology;
use super::evidence::Evidence;
use super::remedy;
use super::request::Request;
use super::subject::RemedyInput;
use super::verdict::{Cause, Confidence, Kind};
use crate::incidents::Incident;

/// A decided incident. Texts hold names as the log has them; whoever writes them escapes them.
#[derive(Debug, Clone)]
pub struct Finding {
    pub incident: Incident,
    pub incident_id: String,
    pub problem_id: String,
    /// The thing to fix, as a person names it (`shared address 169.254.95.120`, `SPN HTTP/portal...`).
    pub problem: String,
    /// The finding as one sentence, without a full stop.
    pub title: String,
    /// The row of the table that decided: its topology and what it asks for.
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
    /// Facts from which the steps of the fix are made; `None` if the diagnosis failed.
    pub(crate) remedy: Option<Arc<RemedyInput>>,
}

impl Finding {
    /// The evidence, as the cells of a report have it.
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

/// The steps for a kind, with placeholders for every name: for `explain` and the documents.
pub fn general_fix(cause: Cause, kind: Kind) -> Vec<String> {
    remedy::general(cause, kind).iter().map(ToString::to_string).collect()
}
