//! The input of the rules: an incident with all data about it.

use super::command::{Name, NameRole};
use super::connection::{Connection, Topology};
use super::context::{Context, Fleet};
use super::dates::LogCoverage;
use super::ownership::{Ownership, TicketKey};
use super::parties::Parties;
use super::remedy_input::{AccountFacts, AccountKind};
use super::signals::Signals;
use crate::incidents::Incident;
use crate::names::same_domain;

/// An incident with its hosts, accounts, signals and topology.
pub(crate) struct Case<'a> {
    pub(crate) parties: Parties<'a>,
    pub(crate) connection: Connection,
    pub(crate) ownership: Ownership<'a>,
    pub(crate) signals: Signals<'a>,
    /// The end of the client's logs.
    pub(super) coverage: Option<LogCoverage>,
    /// Counts over all incidents.
    pub(super) fleet: &'a Fleet,
}

impl<'a> Case<'a> {
    pub(super) fn new(incident: &'a Incident, context: &'a Context<'a>, fleet: &'a Fleet) -> Self {
        let parties = Parties::new(incident, context);
        let by_names = Connection::by_names(&parties);
        let ownership = Ownership::new(&parties, &by_names);
        let connection = correct_by_key(by_names, &parties, &ownership);
        let signals = Signals::near(&parties, &connection, &ownership);
        Self {
            coverage: fleet.coverage(&incident.client, &context.dates),
            fleet,
            parties,
            connection,
            ownership,
            signals,
        }
    }
}

/// Names of the incident for requests.
impl Case<'_> {
    pub(crate) fn client_name(&self) -> Name {
        Name::host(&self.parties.client_name, NameRole::Client)
    }

    pub(crate) fn target_name(&self) -> Name {
        Name::target(&self.parties.target_name)
    }

    /// The host that answered. If a service account answered, it is the target, where the service should run.
    pub(crate) fn server_name(&self) -> Name {
        match self.account_answered() {
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

    /// The target's SPN as text; empty if the target is not an SPN.
    pub(crate) fn spn_text(&self) -> Box<str> {
        self.parties.spn().map(ToString::to_string).unwrap_or_default().into()
    }

    /// Is the responder a service account?
    pub(crate) fn account_answered(&self) -> bool {
        match self.connection.topology {
            Topology::ServiceAnswered | Topology::ServiceName => true,
            Topology::OwnerAnswered => {
                let accounts = &self.ownership.responder_accounts;
                !accounts.is_empty()
                    && accounts.iter().all(|account| !AccountKind::from_account(account).is_machine())
            }
            _ => false,
        }
    }
}

/// Corrects the topology if the account lists have the SPN on the responder alone. Then the right account answered, whatever
/// the names suggest.
fn correct_by_key(by_names: Connection, parties: &Parties<'_>, ownership: &Ownership<'_>) -> Connection {
    let by_hosts = matches!(
        by_names.topology,
        Topology::ClientAnswered
            | Topology::OtherAnswered
            | Topology::SameShortName
            | Topology::TargetAnswered
            | Topology::ServiceAnswered
    );
    let certain = !has_namesake(by_names, parties, ownership);
    match by_hosts && certain && ownership.ticket_key() == TicketKey::Responder {
        true => Connection { topology: Topology::OwnerAnswered, ..by_names },
        false => by_names,
    }
}

/// Does a machine of the responder's name exist in a realm other than the owner's? That machine may have answered instead.
fn has_namesake(by_names: Connection, parties: &Parties<'_>, ownership: &Ownership<'_>) -> bool {
    let Some(responder) = &parties.responder_host else { return false };
    by_names.topology == Topology::SameShortName
        && parties.realms.iter().any(|realm| {
            parties.is_machine_in(responder, realm)
                && !ownership.keys().any(|key| same_domain(&key.domain, realm))
        })
}
