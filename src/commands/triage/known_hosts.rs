//! Collects the hosts of all inventories and logs.

use crate::incidents::CollectedIncidents;
use crate::inventory::hosts::Hosts;
use crate::inventory::{accounts, addresses, build_hosts};
use crate::names::Principal;

/// Builds the index of every host in an inventory or a log. A short name means a full name only if no other host of the index
/// has the same label.
pub fn known_hosts<'a>(
    interfaces: &'a addresses::AddressInventory,
    accounts: &accounts::AccountInventory,
    collected: &CollectedIncidents,
) -> Hosts<'a> {
    let mut hosts = build_hosts::hosts(interfaces, accounts);
    for incident in &collected.incidents {
        hosts.add(&incident.client);
        if let Some(target) = Principal::parse(&incident.target).host() {
            hosts.mention(target);
        }
    }
    hosts.build()
}
