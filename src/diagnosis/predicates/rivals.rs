//! The predicates that exclude rivals. Each looks for the evidence that the rival's `excluded_by` names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::addresses::dcom_peer_addresses;
use super::is_site_class;
use super::target::is_of_target;
use crate::diagnosis::account_kind::is_in_use;
use crate::diagnosis::case::Case;
use crate::diagnosis::freshness::is_current;
use crate::diagnosis::proof::{Proof, TICKET_LIFETIME};
use crate::diagnosis::remedy_input::AccountKind;
use crate::diagnosis::signals::Concern;
use crate::diagnosis::verdict::Kind;
use crate::events::SignalKind;
use crate::inventory::accounts::Account;
use crate::names::same_domain;

/// Number of hosts in an inventory that shows how rare an address is.
const LARGE_INVENTORY: usize = 100;

/// An address is rare if at most one in this many hosts owns it. A coincidence is then not realistic.
const RARE_SHARE: usize = 50;

/// Number of owners if only the client and the target own an address.
const TWO_OWNERS: usize = 2;

/// Number of other clients that must have reached themselves through an address to show that programs choose it.
const ENOUGH_LOOPBACKS: usize = 2;

/// Did neither the hosts file nor DNS resolve the target's name to the client?
///
/// A line of the hosts file also causes DCOM 10006, 10009, 10028 and LsaSrv 6037, and DNS does not show such a line. So these
/// events count only if client and target are the only owners of the address. If many hosts own it, something must show that the
/// client used it.
pub(in crate::diagnosis) fn no_name_to_client(case: &Case<'_>, proof: &Proof) -> bool {
    let parties = &case.parties;
    let hosts = &parties.context.hosts;
    let resolved = parties.resolved_addresses();
    // An answer from another time does not show the name's addresses at the time of the events.
    let home = resolved.iter().any(|(_, source)| is_current(case, source))
        && resolved.iter().all(|(address, _)| parties.owns(parties.target_id, *address));
    // The client's own resolver reads its hosts file, so its answer decides.
    if !parties.resolved_on_client().is_empty() {
        return home;
    }
    let owners = |address: &IpAddr| hosts.owner_set(*address).map_or(0, BTreeSet::len);
    let with_addresses = hosts.with_addresses();
    let quoted = dcom_peer_addresses(case);
    let excludes = |address: &IpAddr| {
        let rare = with_addresses >= LARGE_INVENTORY && owners(address) * RARE_SHARE <= with_addresses;
        let followed = home && parties.resolves_to(*address);
        let others = parties.client_id.zip(parties.target_id);
        let others = others.map_or(0, |(client, target)| {
            case.fleet.other_loopbacks(*address, parties.class(), client, target)
        });
        rare || followed || (home && others >= ENOUGH_LOOPBACKS) || quoted.contains(address)
    };
    let kinds = [SignalKind::DcomFailed, SignalKind::NotALocalName];
    let logged = case.signals.find(&kinds, &[Concern::Connection]).is_some();
    let pair = || proof.reached.iter().all(|address| owners(address) <= TWO_OWNERS);
    !proof.reached.is_empty() && (proof.reached.iter().all(excludes) || ((logged || home) && pair()))
}

/// Is the address shared on purpose, or does a dated export or a conflict on the link show both owners at one time?
pub(in crate::diagnosis) fn shared_at_one_time(_: &Case<'_>, proof: &Proof) -> bool {
    proof.kind == Some(Kind::ClusterOrNlbAddress) || proof.caveats.is_empty()
}

/// Is the target's own account in use, so that no other server took over its name?
pub(in crate::diagnosis) fn target_in_use(case: &Case<'_>, _: &Proof) -> bool {
    let first = case.parties.incident.occurrences.first;
    let Some(target) = &case.parties.target_host else { return false };
    let accounts = case.parties.context.accounts.named(target.label());
    let of_domain = |account: &Account| {
        account.domain.is_empty() || target.domain().is_none_or(|domain| same_domain(domain, &account.domain))
    };
    let named = accounts.into_iter().filter(|account| of_domain(account));
    let mut own =
        named.chain(case.ownership.owners.iter().copied()).filter(|account| is_of_target(case, account));
    own.any(|account| is_in_use(account, first))
}

/// Is no web service involved: neither IIS in kernel mode nor WinRM on a host with a web site?
pub(in crate::diagnosis) fn no_web_service(case: &Case<'_>, _: &Proof) -> bool {
    let service = case.ownership.owners.iter().any(|owner| !AccountKind::from_account(owner).is_machine());
    let web = is_site_class(&case.parties.class());
    !(web && service && !case.ownership.via_host)
}

/// Were the owners and the responder unchanged during one ticket lifetime before the events?
pub(in crate::diagnosis) fn no_recent_move(case: &Case<'_>, _: &Proof) -> bool {
    let first = case.parties.incident.occurrences.first;
    let accounts = case.ownership.owners.iter().chain(&case.ownership.responder_accounts);
    accounts.filter_map(|account| account.when_changed).all(|changed| {
        let before = first.duration_since(changed);
        before.is_negative() || before > TICKET_LIFETIME
    })
}

/// Is every owner enabled?
pub(in crate::diagnosis) fn owners_enabled(case: &Case<'_>, _: &Proof) -> bool {
    !case.ownership.owners.iter().any(|owner| owner.is_disabled())
}

/// Does the responder own the SPN, or is its class one that services seldom have?
pub(in crate::diagnosis) fn machine_owns_spn(case: &Case<'_>, _: &Proof) -> bool {
    case.ownership.responder_owns() || !super::is_service_class(&case.parties.class())
}

/// Is it certain that the target answered: nothing suggests another machine of its name, and no record resolves elsewhere?
pub(in crate::diagnosis) fn responder_is_target(case: &Case<'_>, _: &Proof) -> bool {
    let parties = &case.parties;
    let own = parties.shareable_rows(parties.target_id);
    let astray = parties
        .resolved_addresses()
        .iter()
        .any(|(address, _)| !own.iter().any(|row| row.address == *address) && !own.is_empty());
    case.connection.confirmed && !astray
}
