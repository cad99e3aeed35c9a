//! The proof that a row of the decision table matches.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::case::Case;
use super::evidence::{Caveat, Fact};
use super::request::Request;
use super::verdict::{Confidence, Kind};
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;

/// Default of "Maximum lifetime for service ticket": 600 minutes.
pub(crate) const TICKET_LIFETIME: SignedDuration = SignedDuration::from_hours(10);

/// The result of a row whose predicate matched.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) evidence: Vec<Fact>,
    /// The kind, if it is another one than the row's.
    pub(crate) kind: Option<Kind>,
    /// Addresses that two hosts own.
    pub(crate) shared: Vec<IpAddr>,
    /// The adapter of the shared address; empty if it is unknown.
    pub(crate) adapter: String,
    /// The addresses by which the client reached the responder.
    pub(crate) reached: Vec<IpAddr>,
    /// Data to collect next.
    pub(crate) missing: Vec<Request>,
    pub(crate) repair: Repair,
    /// Highest confidence that this evidence allows.
    pub(crate) at_most: Confidence,
    /// Evidence against the verdict. With any, the verdict is at most `likely`.
    pub(crate) caveats: Vec<Caveat>,
    pub(crate) basis: Basis,
}

/// The sources of a proof, whose dates are compared with the events.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    /// The sources of each fact.
    pub(crate) facts: Vec<Vec<Source>>,
    /// The proof also uses the owners of the SPN.
    pub(crate) owners: bool,
    /// The facts change by themselves (leases, dynamic registration), so an inventory without a date does not show them.
    pub(crate) changes_by_itself: bool,
}

/// The object that one fix repairs. Incidents with an equal repair are one problem.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Addresses that two hosts own.
    Addresses(Vec<IpAddr>),
    /// Two hosts that may share an address, which no inventory has.
    Hosts(String, String),
    /// The registration of an SPN.
    Spn(String),
    /// The key of an account.
    Account(String),
    /// A name that resolves to another host.
    Name(String),
    /// The incident has nothing in common with others.
    #[default]
    Incident,
}

impl Proof {
    pub(crate) fn new(case: &Case<'_>, repair: Repair) -> Self {
        Self {
            evidence: Vec::new(),
            kind: None,
            shared: Vec::new(),
            adapter: String::new(),
            reached: Vec::new(),
            missing: Vec::new(),
            repair,
            at_most: match case.connection.confirmed {
                true => Confidence::Confirmed,
                false => Confidence::Likely,
            },
            caveats: Vec::new(),
            basis: Basis::default(),
        }
    }

    /// A proof whose fix is about what the target's name resolves to.
    pub(crate) fn for_target_name(case: &Case<'_>) -> Self {
        Self::new(case, Repair::Name(case.parties.target_text().to_owned()))
    }

    /// Lowers the highest confidence.
    pub(crate) fn cap(&mut self, confidence: Confidence) {
        self.at_most = self.at_most.min(confidence);
    }

    /// Makes `likely` the highest confidence if the condition holds.
    pub(crate) fn likely_if(&mut self, condition: bool) {
        if condition {
            self.cap(Confidence::Likely);
        }
    }
}

/// The sources of these rows.
pub(crate) fn sources_of<'r>(rows: impl IntoIterator<Item = &'r OwnedAddress>) -> Vec<Source> {
    rows.into_iter().map(|row| row.source.clone()).collect()
}

/// The sources that resolve the target's name to an address that satisfies `is_wanted`.
pub(crate) fn dns_sources(case: &Case<'_>, is_wanted: impl Fn(IpAddr) -> bool) -> Vec<Source> {
    let resolved = case.parties.resolved_addresses().iter().filter(|(address, _)| is_wanted(*address));
    resolved.map(|(_, source)| (*source).clone()).collect()
}
