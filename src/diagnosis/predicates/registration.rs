//! Predicates for an SPN on another account than the responder's.

use super::target::{is_no_computer, is_of_target, out_of_use_fact, repair_of_spn};
use super::{
    ask_encryption_types, ask_host_log, ask_resolution, ask_service_identity, ask_spn_owner,
    ask_target_addresses, is_service_class, is_site_class, is_unlisted_account, is_web_class,
    note_unlisted_account, resolves,
};
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::{AccountName, Caveat, Fact, MAX_ADDRESSES, Relation};
use crate::diagnosis::ownership::{TicketKey, has_spn_of_host};
use crate::diagnosis::proof::{Proof, dns_sources, sources_of};
use crate::diagnosis::remedy_input::AccountKind;
use crate::diagnosis::request::Request;
use crate::diagnosis::signals::{Concern, NearSignal, is_spn_taken};
use crate::diagnosis::verdict::{Confidence, Kind};
use crate::events::SignalKind;
use crate::inventory::accounts::Account;
use crate::names::{HostMatch, HostName, same_domain};

/// A proof about the registration of the SPN, with its owners.
pub(super) fn spn_proof(case: &Case<'_>) -> Proof {
    let own = &case.ownership;
    let mut p = Proof::new(case, repair_of_spn(case));
    p.evidence.extend(own.owners.iter().take(MAX_ADDRESSES).map(|owner| owner_fact(case, owner)));
    if let Some(more) = own.owners.len().checked_sub(MAX_ADDRESSES).filter(|more| *more > 0) {
        p.evidence.push(Fact::MoreOwners { count: more });
    }
    for owner in own.owners.iter().take(MAX_ADDRESSES).filter(|owner| owner.is_disabled()) {
        p.evidence.push(Fact::Disabled { account: AccountName::from_account(owner) });
    }
    p.basis.owners = true;
    // `setspn` prints the CN of an account, which for a user may differ from the account's name.
    let service = case.connection.topology == Topology::ServiceAnswered;
    p.likely_if(service && own.owners.iter().any(|owner| owner.name_is_cn));
    p
}

/// The fact that the account owns the SPN.
pub(super) fn owner_fact(case: &Case<'_>, account: &Account) -> Fact {
    Fact::Registered {
        spn: case.spn_text(),
        via_host: case.ownership.via_host,
        account: AccountName::from_account(account),
    }
}

/// The kind if a machine answered and a service account is the only owner: a leftover, a web site whose node decrypts with the
/// machine's key, or a name that several nodes share.
pub(super) fn kind_of_two_accounts(case: &Case<'_>) -> Option<Kind> {
    let [owner] = case.ownership.owners.as_slice() else { return None };
    let machine_answered = matches!(
        case.connection.topology,
        Topology::TargetAnswered | Topology::OtherAnswered | Topology::ClientAnswered
    );
    let kind = AccountKind::from_account(owner);
    if !machine_answered || kind.is_machine() || case.ownership.via_host {
        return None;
    }
    if owner.is_disabled() {
        return Some(Kind::LeftoverAccount);
    }
    match asks_for_web_site(case) {
        // Nodes share an account that is not a user's, such as the ASA of Exchange.
        true if kind != AccountKind::User && is_no_computer(case) => Some(Kind::SharedName),
        true => Some(Kind::KernelMode),
        false if is_no_computer(case) => Some(Kind::SharedName),
        false => None,
    }
}

/// May a web site own the SPN? Only WinRM uses `WSMAN/` and its two ports, and it runs under the machine's account.
pub(super) fn asks_for_web_site(case: &Case<'_>) -> bool {
    let port = case.parties.spn().and_then(|spn| spn.port.as_deref());
    is_site_class(&case.parties.class()) && !matches!(port, Some("5985" | "5986"))
}

/// Makes the kind a leftover if every owner is out of use, and returns whether that is so.
pub(super) fn mark_leftover(case: &Case<'_>, p: &mut Proof) -> bool {
    let owners = &case.ownership.owners;
    let facts: Option<Vec<Fact>> = owners.iter().map(|owner| out_of_use_fact(case, owner)).collect();
    let Some(facts) = facts.filter(|facts| !facts.is_empty()) else { return false };
    p.kind = Some(Kind::LeftoverAccount);
    for fact in facts {
        if !p.evidence.contains(&fact) {
            p.evidence.push(fact);
        }
    }
    true
}

/// The SPN is on one other account.
pub(in crate::diagnosis) fn spn_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let key = own.ticket_key();
    if own.owners.len() != 1 || own.responder_owns() || key == TicketKey::Responder {
        return None;
    }
    let mut p = spn_proof(case);
    p.kind = kind_of_two_accounts(case);
    if p.kind == Some(Kind::KernelMode) {
        // IIS in kernel mode and WinRM on a host with a web site give the same event. The setting of the site and the client's
        // program separate them.
        p.missing.push(Request::KernelMode { host: case.server_name() });
        p.missing.push(Request::Program { client: case.client_name(), target: case.target_name() });
    }
    // No documentation says whether a KDC finds `HOST/` in its own domain or the exact SPN in another domain first.
    p.likely_if(key == TicketKey::Unknown);
    // Only a full list shows that the exact SPN is registered nowhere.
    if own.via_host && !own.complete {
        p.cap(Confidence::Likely);
        p.missing.push(ask_spn_owner(case));
    }
    Some(p)
}

/// Every owner is disabled, so the SPN is a leftover that hides the right account.
pub(in crate::diagnosis) fn leftover_owner(case: &Case<'_>) -> Option<Proof> {
    if !case.ownership.owners.iter().all(|owner| owner.is_disabled()) {
        return None;
    }
    let mut p = spn_elsewhere(case)?;
    p.kind = None;
    p.missing = vec![ask_service_identity(case)];
    Some(p)
}

/// The SPN is on one other account, and the responder has an SPN of the target's name.
pub(in crate::diagnosis) fn spn_elsewhere_for_service(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    if own.owners.iter().any(|owner| owner.name_is_cn && !owner.is_computer()) || !serves_target(case) {
        return None;
    }
    spn_elsewhere(case)
}

/// Does the responder have an SPN of the target's name? Then clients are meant to use that name for it.
fn serves_target(case: &Case<'_>) -> bool {
    let Some(target) = &case.parties.target_host else { return false };
    let accounts = case.ownership.responder_accounts.iter();
    accounts
        .flat_map(|account| account.spns.lookup().hosts_like(target))
        .any(|host| host.compare(target) != HostMatch::No)
}

/// The SPN is on one other account, and nothing shows where the responder runs.
pub(in crate::diagnosis) fn spn_elsewhere_of_unknown_host(case: &Case<'_>) -> Option<Proof> {
    let mut p = spn_elsewhere(case)?;
    if is_no_computer(case) && !case.ownership.via_host {
        p.kind = Some(Kind::SharedName);
        p.evidence.push(Fact::NoComputer { name: case.parties.target_text().into() });
    }
    mark_leftover(case, &mut p);
    p.missing.extend([ask_service_identity(case), ask_resolution(case)]);
    if case.parties.target_name.is_known {
        p.missing.push(ask_target_addresses(case));
    }
    Some(p)
}

/// The target's computer owns the SPN, and an unlisted account answered. It may be a managed service account, whose name ends in
/// `$` as a computer's does, on the target.
pub(in crate::diagnosis) fn perhaps_managed_account(case: &Case<'_>) -> Option<Proof> {
    let owners = &case.ownership.owners;
    let fits = is_unlisted_account(case)
        && is_service_class(&case.parties.class())
        && case.parties.resolves_to_host(case.connection.responder_id).is_none()
        && !owners.is_empty()
        && owners.iter().all(|owner| is_of_target(case, owner));
    if !fits {
        return None;
    }
    let mut p = spn_proof(case);
    note_unlisted_account(case, &mut p);
    p.missing.push(Request::ServiceIdentity { host: case.target_name(), name: case.target_name() });
    p.missing.push(ask_resolution(case));
    Some(p)
}

/// The target's name resolves to another host, and the responder does not own the SPN.
pub(in crate::diagnosis) fn service_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let (host, address, source) = case.parties.resolves_elsewhere()?;
    if case.ownership.ticket_key() == TicketKey::Responder {
        return None;
    }
    let mut p = Proof::for_target_name(case);
    let owner: Box<str> = case.parties.context.hosts.name(host).to_string().into();
    p.evidence.push(resolves(case, address, Some(owner.clone()), source));
    p.evidence.push(Fact::Lacks { host: case.parties.target_text().into(), address, owner });
    p.evidence.extend(case.ownership.owners.iter().take(MAX_ADDRESSES).map(|owner| owner_fact(case, owner)));
    p.basis.facts = vec![
        sources_of(case.parties.shareable_rows(Some(host))),
        sources_of(case.parties.shareable_rows(case.parties.target_id)),
        dns_sources(case, |a| a == address),
    ];
    p.basis.owners = true;
    p.basis.changes_by_itself = true;
    p.reached = vec![address];
    Some(p)
}

/// The target's name resolves to another host by a lease or a dynamic record, and the responder has an SPN of that host, so it
/// runs there.
pub(in crate::diagnosis) fn service_of_other_host(case: &Case<'_>) -> Option<Proof> {
    let (host, address, _) = case.parties.resolves_elsewhere()?;
    let registered = super::addresses::dynamic_registration(case, host, address)?;
    let name = case.parties.context.hosts.name(host);
    let serves = |account: &&Account| has_spn_of_host(account, name);
    let target = case.parties.target_host.as_ref()?;
    let serves_target = |account: &&Account| has_spn_of_host(account, target);
    let accounts = &case.ownership.responder_accounts;
    if !accounts.iter().any(serves) || accounts.iter().any(serves_target) {
        return None;
    }
    let mut p = service_elsewhere(case)?;
    p.evidence.push(registered);
    let rows = case.parties.rows_of(Some(host), address);
    let exported =
        case.parties.shareable_rows(case.parties.target_id).iter().any(|row| row.logged_at.is_none());
    p.likely_if(!exported || !rows.iter().any(|row| case.parties.held_near_events(row)));
    p.missing.push(ask_resolution(case));
    Some(p)
}

/// Several accounts own the SPN, and the KDC of the client's domain finds one that is not the responder.
pub(in crate::diagnosis) fn spn_twice(case: &Case<'_>) -> Option<Proof> {
    let mut p = several_owners(case, TicketKey::Other)?;
    let owner = case.ownership.key_owner()?;
    p.evidence.push(Fact::KdcFinds {
        client: case.parties.incident.client.clone(),
        account: AccountName::from_account(owner),
    });
    Some(p)
}

/// Several accounts own the SPN, and it is unknown which one the KDC finds.
pub(in crate::diagnosis) fn spn_twice_perhaps(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let mut p =
        several_owners(case, TicketKey::Unknown).or_else(|| several_owners(case, TicketKey::Other))?;
    if own.two_in_one_domain() {
        p.evidence.push(Fact::NoTicket {
            spn: case.spn_text(),
            domain: own.keys().next().map(|key| (*key.domain).into()).unwrap_or_default(),
        });
    }
    p.missing.push(Request::ControllerLogs { spn: case.spn_name() });
    Some(p)
}

/// A proof if several accounts own the SPN, and the owner of the ticket's key is `key`.
fn several_owners(case: &Case<'_>, key: TicketKey) -> Option<Proof> {
    if case.ownership.owners.len() < 2 || case.ownership.ticket_key() != key {
        return None;
    }
    let mut p = spn_proof(case);
    if case.connection.topology == Topology::ServiceAnswered && !serves_target(case) {
        p.cap(Confidence::Likely);
        p.missing.push(ask_resolution(case));
    }
    Some(p)
}

/// A KDC found several owners of the SPN (KDC 11, Kerberos/Operational 101).
///
/// Such a KDC issues no ticket. So the ticket came from a KDC of another domain or was issued earlier, or the cause is another
/// one.
pub(in crate::diagnosis) fn kdc_found_duplicate(case: &Case<'_>) -> Option<Proof> {
    let found =
        |near: &NearSignal<'_>| near.kind() == SignalKind::DuplicateName && near.concern == Concern::Spn;
    let near = case
        .signals
        .iter()
        .find(|near| found(near) && may_have_been_asked(case, near))
        .or_else(|| case.signals.iter().find(found))?;
    let mut p = spn_proof(case);
    if !may_have_been_asked(case, &near) {
        p.caveats.push(Caveat::OtherController);
    }
    // The event shows the owners at its own time, so the dates of the lists do not matter.
    p.basis.owners = false;
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.evidence.push(Fact::NoTicket { spn: case.spn_text(), domain: controller_domain(&near).into() });
    if case.ownership.ticket_key() == TicketKey::Responder && case.ownership.owners.len() == 1 {
        p.caveats.push(Caveat::OnlyOwner { responder: case.parties.incident.answered_by.clone() });
    }
    p.missing.extend([ask_spn_owner(case), ask_host_log(case)]);
    Some(p)
}

fn controller_domain(near: &NearSignal<'_>) -> String {
    HostName::parse(&near.recorded.signal.computer)
        .and_then(|host| host.domain().map(str::to_owned))
        .unwrap_or_else(|| "its domain".to_owned())
}

/// May the client have asked a KDC of the domain that logged this event? The client itself logs Operational 101.
fn may_have_been_asked(case: &Case<'_>, near: &NearSignal<'_>) -> bool {
    let Some(host) = HostName::parse(&near.recorded.signal.computer) else { return true };
    let parties = &case.parties;
    let own = parties.client_host.as_ref().is_some_and(|client| client.compare(&host) != HostMatch::No);
    let in_realm = |domain: &str| parties.realms.iter().any(|realm| same_domain(domain, realm));
    own || parties.realms.is_empty() || host.domain().is_none_or(in_realm)
}

/// Windows refused to write the target's SPNs or DNS name, or its domain has two accounts of its name.
pub(in crate::diagnosis) fn names_refused(case: &Case<'_>) -> Option<Proof> {
    case.parties.spn()?;
    if case.ownership.ticket_key() == TicketKey::Responder {
        return None;
    }
    let refused = |near: &NearSignal<'_>| match near.kind() {
        SignalKind::OwnNamesRefused | SignalKind::TwoAccounts => near.concern == Concern::Target,
        SignalKind::SpnNotUnique => near.concern == Concern::Spn,
        _ => near.concern == Concern::Spn && is_spn_taken(&near.recorded.signal),
    };
    case.signals.iter().find(refused)?;
    let mut p = spn_proof(case);
    p.basis.owners = false;
    p.evidence.extend(case.signals.iter().filter(refused).map(|near| near.as_fact(Relation::Decisive)));
    p.missing.push(ask_spn_owner(case));
    Some(p)
}

/// The target answered, nothing is known about the owner, and the class is one that service accounts often have.
pub(in crate::diagnosis) fn class_of_service_accounts(case: &Case<'_>) -> Option<Proof> {
    let class = case.parties.class();
    if !is_service_class(&class) {
        return None;
    }
    let mut p = Proof::new(case, repair_of_spn(case));
    p.evidence.push(Fact::ReachedTarget {
        responder: case.parties.incident.answered_by.clone(),
        target: case.parties.incident.target.clone(),
    });
    p.evidence.push(Fact::ServiceClass { class: case.parties.spn()?.class.clone() });
    p.missing.push(ask_spn_owner(case));
    if is_web_class(&class) {
        p.missing.push(Request::KernelMode { host: case.server_name() });
    }
    p.missing.extend([ask_host_log(case), ask_encryption_types(case)]);
    Some(p)
}

/// A service account answered, and nothing more is known. This always matches.
pub(in crate::diagnosis) fn unknown_service(case: &Case<'_>) -> Option<Proof> {
    let mut p = Proof::new(case, repair_of_spn(case));
    p.evidence.push(Fact::NoHost { responder: case.parties.incident.answered_by.clone() });
    p.missing.push(ask_spn_owner(case));
    p.missing.push(ask_resolution(case));
    p.missing.push(Request::ServiceLogon { account: case.account_name(), host: case.server_name() });
    Some(p)
}

/// The client answered for a service name of no known host, such as a web server that asks for its own site.
pub(in crate::diagnosis) fn site_on_client(case: &Case<'_>) -> Option<Proof> {
    let class = case.parties.class();
    if !is_service_class(&class) || case.parties.target_name.is_known {
        return None;
    }
    let mut p = Proof::new(case, repair_of_spn(case));
    p.evidence.push(Fact::ReachedItself {
        responder: case.parties.incident.answered_by.clone(),
        target: case.parties.target_text().into(),
    });
    p.evidence.push(Fact::ServiceClass { class: case.parties.spn()?.class.clone() });
    p.kind = is_web_class(&class).then_some(Kind::KernelMode);
    p.missing.extend([super::ask_meant_name(case), ask_spn_owner(case), ask_resolution(case)]);
    Some(p)
}
