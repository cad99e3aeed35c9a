//! Why a row of the table matches.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::case::Case;
use super::command::{Name, NameRole};
use super::connection::Topology;
use super::evidence::{Caveat, Fact};
use super::request::Request;
use super::subject::AccountFacts;
use super::verdict::{Confidence, Kind};
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;

/// Service tickets live at most this long by default ("Maximum lifetime for service ticket", 600 minutes).
pub(crate) const TICKET_LIFETIME: SignedDuration = SignedDuration::from_hours(10);

/// The result of a row whose predicate matched.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) evidence: Vec<Fact>,
    /// A closer kind than the row's.
    pub(crate) kind: Option<Kind>,
    /// Addresses that two hosts own.
    pub(crate) shared: Vec<IpAddr>,
    /// The adapter of the shared address; empty where unknown.
    pub(crate) adapter: String,
    /// The addresses by which the responder was reached.
    pub(crate) reached: Vec<IpAddr>,
    /// Data to collect next.
    pub(crate) missing: Vec<Request>,
    pub(crate) repair: Repair,
    /// Doubts that the row itself has.
    pub(crate) at_most: Confidence,
    /// Shown as against the verdict, and keeps it from being confirmed.
    pub(crate) caveats: Vec<Caveat>,
    pub(crate) basis: Basis,
}

/// Sources of a verdict, to compare their dates with the events.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    /// For each fact, where inventories have it.
    pub(crate) facts: Vec<Vec<Source>>,
    /// Who owns the SPN, as the account lists have it.
    pub(crate) owners: bool,
    /// Names and addresses that change by themselves (leases, dynamic registration): only lists that are known to be of the
    /// time of the events show them.
    pub(crate) changes_by_itself: bool,
}

/// The object that one fix repairs. Incidents with the same repair are one problem.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Repair {
    Addresses(Vec<IpAddr>),
    /// Two hosts that seem to share an address nobody has listed.
    Hosts(String, String),
    Spn(String),
    Account(String),
    /// A name that resolves to another host.
    Name(String),
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

    pub(crate) fn cap(&mut self, confidence: Confidence) {
        self.at_most = self.at_most.min(confidence);
    }

    /// Caps it at likely where the condition holds.
    pub(crate) fn likely_if(&mut self, condition: bool) {
        if condition {
            self.cap(Confidence::Likely);
        }
    }
}

/// Where these addresses are listed.
pub(crate) fn sources_of<'r>(rows: impl IntoIterator<Item = &'r OwnedAddress>) -> Vec<Source> {
    rows.into_iter().map(|row| row.source.clone()).collect()
}

/// Where the target's name resolves to such an address.
pub(crate) fn dns_sources(case: &Case<'_>, is_such: impl Fn(IpAddr) -> bool) -> Vec<Source> {
    let resolved = case.parties.resolved().iter().filter(|(address, _)| is_such(*address));
    resolved.map(|(_, source)| (*source).clone()).collect()
}

/// The names of an incident, for requests.
impl Case<'_> {
    pub(crate) fn client_name(&self) -> Name {
        Name::host(&self.parties.client_name, NameRole::Client)
    }

    pub(crate) fn target_name(&self) -> Name {
        Name::target(&self.parties.target_name)
    }

    /// The host that answered; for a service account the target, where the service runs.
    pub(crate) fn server_name(&self) -> Name {
        match self.is_account() {
            true => Name::host(&self.parties.target_name, NameRole::Host),
            false => Name::host(&self.parties.responder_name, NameRole::Responder),
        }
    }

    pub(crate) fn account_name(&self) -> Name {
        match self.ownership.responder_accounts.first() {
            Some(account) => Name::account(&AccountFacts::from_account(account), NameRole::Account),
            None => Name::unverified(&self.parties.incident.answered_by, NameRole::Account),
        }
    }

    pub(crate) fn spn_name(&self) -> Name {
        match self.parties.spn() {
            Some(spn) => Name::spn(spn),
            None => Name::unverified(&self.parties.incident.target, NameRole::Spn),
        }
    }

    pub(crate) fn domain_names(&self) -> Vec<Name> {
        let known = |realm: &str| {
            self.parties.client_domain() == Some(realm) || self.parties.context.accounts.has_domain(realm)
        };
        self.parties.realms.iter().map(|realm| Name::domain(realm, known(realm))).collect()
    }

    /// The responder is an account and no machine.
    pub(crate) fn is_account(&self) -> bool {
        match self.connection.topology {
            Topology::ServiceAnswered | Topology::ServiceName => true,
            Topology::OwnerAnswered => {
                let accounts = &self.ownership.responder_accounts;
                !accounts.is_empty()
                    && accounts.iter().all(|account| !super::AccountKind::from_account(account).is_machine())
            }
            _ => false,
        }
    }
}
