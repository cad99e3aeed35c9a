//! The input of the rules: an incident with all data about it.

use super::connection::{Connection, Topology};
use super::context::{Context, Fleet};
use super::dates::LogCoverage;
use super::ownership::{Ownership, TicketKey};
use super::parties::Parties;
use super::signals::Signals;
use crate::incidents::Incident;
use crate::names::same_domain;

/// One incident with its hosts, accounts, signals and topology.
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
        let connection = key_before_names(by_names, &parties, &ownership);
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

/// Corrects the topology if the account lists have the SPN on the responder alone. Then the right account answered, whatever
/// the names suggest.
fn key_before_names(by_names: Connection, parties: &Parties<'_>, ownership: &Ownership<'_>) -> Connection {
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
