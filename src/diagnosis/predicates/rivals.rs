//! Predicates that exclude the rivals of a cause. Each asks for the evidence in the table's `excluded_by`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::addresses::quoted_addresses;
use super::hosts::both_live;
use super::is_site_class;
use super::keys::failed_service_serves_class;
use super::target::is_of_target;
use crate::diagnosis::account_class::is_in_use;
use crate::diagnosis::case::Case;
use crate::diagnosis::freshness::is_current;
use crate::diagnosis::proof::{Proof, TICKET_LIFETIME};
use crate::diagnosis::signals::Concern;
use crate::diagnosis::subject::AccountKind;
use crate::diagnosis::verdict::Kind;
use crate::events::SignalKind;
use crate::inventory::accounts::Account;
use crate::names::same_domain;

/// An inventory this large shows how rare an address is.
const LARGE_INVENTORY: usize = 100;

/// So rare that a coincidence is not realistic: 1 in 50 hosts.
const RARE_SHARE: usize = 50;

/// Hosts that own an address which is not the fleet's: the client and the target alone.
const TWO_OWNERS: usize = 2;

/// So many other clients that reached themselves show that the programs of this fleet choose the address.
const ENOUGH_LOOPBACKS: usize = 2;

/// The client did not reach itself by its hosts file or DNS.
///
/// A line of the hosts file gives the same DCOM 10006, 10009, 10028 and LsaSrv 6037, and DNS does not show it. So these exclude
/// it only where client and target alone own the address: that a wrong line hits just such a pair is not realistic. Where the
/// whole fleet owns it, the address has to show that it was used.
pub(in crate::diagnosis) fn no_name_to_client(case: &Case<'_>, proof: &Proof) -> bool {
    let parties = &case.parties;
    let hosts = &parties.context.hosts;
    let resolved = parties.resolved();
    // An answer from another time does not show the name's addresses at the time of the events.
    let home = resolved.iter().any(|(_, source)| is_current(case, source))
        && resolved.iter().all(|(address, _)| parties.owns(parties.target_id, *address));
    // The client's own resolver reads its hosts file, so its answer decides.
    if !parties.resolved_on_client().is_empty() {
        return home;
    }
    let owners = |address: &IpAddr| hosts.owner_set(*address).map_or(0, BTreeSet::len);
    let with_addresses = hosts.with_addresses();
    let quoted = quoted_addresses(case);
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

/// The address is shared on purpose, or one dated export or a conflict on the link shows both owners at one time.
pub(in crate::diagnosis) fn shared_at_one_time(_: &Case<'_>, proof: &Proof) -> bool {
    proof.kind == Some(Kind::ClusterOrNlbAddress) || proof.caveats.is_empty()
}

/// Both computers live: addresses of their own, and passwords of the last two months.
pub(in crate::diagnosis) fn two_live_computers(case: &Case<'_>, _: &Proof) -> bool {
    both_live(case)
}

/// The target's own account is in use, so its name was not given to another server.
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

/// No web service is involved: neither IIS in kernel mode nor WinRM beside a web site.
pub(in crate::diagnosis) fn no_web_service(case: &Case<'_>, _: &Proof) -> bool {
    let service = case.ownership.owners.iter().any(|owner| !AccountKind::from_account(owner).is_machine());
    let web = is_site_class(&case.parties.class());
    !(web && service && !case.ownership.via_host)
}

/// No owner of the SPN was changed within ticket lifetime before the events.
pub(in crate::diagnosis) fn no_recent_move(case: &Case<'_>, _: &Proof) -> bool {
    let first = case.parties.incident.occurrences.first;
    let accounts = case.ownership.owners.iter().chain(&case.ownership.responder_accounts);
    accounts.filter_map(|account| account.when_changed).all(|changed| {
        let before = first.duration_since(changed);
        before.is_negative() || before > TICKET_LIFETIME
    })
}

/// No owner is disabled.
pub(in crate::diagnosis) fn owners_enabled(case: &Case<'_>, _: &Proof) -> bool {
    !case.ownership.owners.iter().any(|owner| owner.is_disabled())
}

/// The service that could not log on is the one that the SPN is for.
pub(in crate::diagnosis) fn same_service(case: &Case<'_>, _: &Proof) -> bool {
    failed_service_serves_class(case)
}

/// The account that answered is the machine's, or no service is likely to have the SPN.
pub(in crate::diagnosis) fn machine_owns_spn(case: &Case<'_>, _: &Proof) -> bool {
    case.ownership.responder_owns() || !super::is_service_class(&case.parties.class())
}

/// The responder is certain: the target's name resolves to it, or nothing suggests another machine of its name.
pub(in crate::diagnosis) fn responder_is_target(case: &Case<'_>, _: &Proof) -> bool {
    let parties = &case.parties;
    let own = parties.shareable(parties.target_id);
    let astray = parties
        .resolved()
        .iter()
        .any(|(address, _)| !own.iter().any(|row| row.address == *address) && !own.is_empty());
    case.connection.confirmed && !astray
}
