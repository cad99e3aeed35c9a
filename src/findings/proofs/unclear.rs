//! Nothing certain.

use super::keys::account_repair;
use super::{Proof, Repair, answerer_name, proof};
use crate::findings::advice;
use crate::findings::case::Case;
use crate::names::Principal;

pub(in crate::findings) fn dsa_guid(case: &Case<'_>) -> Option<Proof> {
    let spn = case.target.spn().filter(|s| s.host_is_guid())?;
    let (client, answerer) = (case.client_host.as_ref()?, case.answerer_host.as_ref()?);
    if answerer.same_label(client) {
        return None;
    }
    let mut p = proof(case, account_repair(case));
    p.evidence.push(format!(
        "{} is the GUID of a domain controller's directory service: replication asked for {}'s key",
        spn.host, case.incident.answered_by
    ));
    p.missing.push(advice::dsa_name(spn));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

pub(in crate::findings) fn not_enough(case: &Case<'_>) -> Option<Proof> {
    Some(nothing(case))
}

pub(in crate::findings) fn nothing(case: &Case<'_>) -> Proof {
    let mut p = proof(case, Repair::Incident);
    if case.target == Principal::Missing {
        p.evidence.push("the event names no target".to_owned());
        p.missing.push(advice::tickets(&case.incident.client));
    } else if case.target_host.is_none() {
        p.evidence.push(format!("{} names no host that an inventory knows", case.incident.target));
        p.missing.push(match case.target.address() {
            Some(address) => advice::owner_of(&address.to_string()),
            None => advice::who_is(&case.incident.target),
        });
    }
    if case.answerer == Principal::Missing {
        p.evidence.push("the event does not say who answered".to_owned());
    }
    if case.client_host.is_none() {
        p.evidence.push("the event does not say which computer logged it".to_owned());
    }
    if p.missing.is_empty() {
        p.missing.push(advice::tickets(&case.incident.client));
    }
    p
}
