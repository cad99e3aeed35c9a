//! The hosts that anything names.

use crate::incidents::CollectedIncidents;
use crate::inventory::hosts::Hosts;
use crate::inventory::{accounts, addresses, build_hosts};
use crate::names::Principal;

/// Every host in an inventory or a log. With all of them, a short name is read as a full one only if no other
/// fits.
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
