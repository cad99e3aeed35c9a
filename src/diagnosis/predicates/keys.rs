//! Predicates for the right account that answered with another key.

use super::names::cluster_account;
use super::registration::owner_fact;
use super::{ask_cluster_account, ask_encryption_types, ask_host_log, ask_spn_owner, is_service_class};
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::evidence::{AccountName, Caveat, Fact, MAX_ADDRESSES, Relation};
use crate::diagnosis::ownership::has_spn_of_host;
use crate::diagnosis::proof::{Proof, Repair, TICKET_LIFETIME, dns_sources};
use crate::diagnosis::remedy_input::AccountKind;
use crate::diagnosis::request::Request;
use crate::diagnosis::signals::{Concern, NearSignal};
use crate::diagnosis::verdict::{Confidence, Kind};
use crate::events::{Role, SignalKind};
use crate::inventory::accounts::Account;
use crate::names::{HostName, Principal, Spn};
use jiff::SignedDuration;

/// Age from which on a password is old. A host cannot have missed a recent change of it.
const OLD_PASSWORD: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);
/// Longest time between `pwdLastSet` and `whenChanged` if both show one change. Replication and clocks may separate them.
const SAME_CHANGE: SignedDuration = SignedDuration::from_mins(15);

/// Bits of RC4 and of both AES types in `msDS-SupportedEncryptionTypes` (MS-KILE 2.2.7).
const RC4: u32 = 0x4;
const AES: u32 = 0x18;

/// The repair of the responder's key.
pub(in crate::diagnosis) fn repair_of_account(case: &Case<'_>) -> Repair {
    let parties = &case.parties;
    let account = case.ownership.responder_accounts.first().copied();
    let domain = account.map(|account| account.domain.to_lowercase()).filter(|domain| !domain.is_empty());
    let of_target = matches!(case.connection.topology, Topology::TargetAnswered | Topology::OwnerAnswered);
    let host_domain = parties.target_host.as_ref().and_then(|host| host.domain().map(str::to_owned));
    let name = match &parties.responder_host {
        Some(host) if !case.account_answered() => host.netbios().to_owned(),
        _ => parties.incident.answered_by.to_lowercase(),
    };
    let domain = domain.or(host_domain.filter(|_| of_target)).or_else(|| parties.realms.first().cloned());
    Repair::Account(match domain {
        Some(domain) => format!("{name} of {domain}"),
        None => name,
    })
}

/// A proof about the key of the responder, which is the target or owns its SPN. With the owner if the lists show that.
fn key_proof(case: &Case<'_>) -> Proof {
    match case.connection.topology {
        Topology::OwnerAnswered => owner_proof(case),
        _ => target_proof(case),
    }
}

/// A proof about the key of the responder, without the owner of the SPN.
fn target_proof(case: &Case<'_>) -> Proof {
    let mut p = Proof::new(case, repair_of_account(case));
    p.evidence.push(Fact::ReachedTarget {
        responder: case.parties.incident.answered_by.clone(),
        target: case.parties.incident.target.clone(),
    });
    p
}

/// A proof about the key of the responder, which owns the SPN in the account lists.
fn owner_proof(case: &Case<'_>) -> Proof {
    let mut p = target_proof(case);
    let owners = case.ownership.owners.iter().take(MAX_ADDRESSES);
    p.evidence.extend(owners.map(|owner| owner_fact(case, owner)));
    p.basis.owners = true;
    if let Some(account) = case.ownership.key_owner() {
        add_key_facts(account, &mut p);
    }
    p
}

/// Adds the list's facts about the account's key.
fn add_key_facts(account: &Account, p: &mut Proof) {
    if let Some(at) = account.password_last_set {
        p.evidence.push(Fact::PasswordSet { account: (*account.name).into(), at });
    }
    if let Some(types) = account.supported_encryption_types {
        p.evidence.push(Fact::EncryptionTypes { types, account: AccountName::from_account(account) });
    }
}

/// Is the signal about the machine whose key was used: the target, or the responder if it owns the SPN? A machine's refused
/// password shows nothing about the key of a service account on that machine.
fn concerns_key_owner(case: &Case<'_>, near: &NearSignal<'_>) -> bool {
    if case.connection.topology != Topology::OwnerAnswered {
        return near.concern == Concern::Target;
    }
    let machine = case.ownership.key_owner().is_some_and(|owner| {
        let kind = AccountKind::from_account(owner);
        kind.is_machine() || kind == AccountKind::Unknown
    });
    machine && matches!(near.concern, Concern::Target | Concern::Responder)
}

/// The machine itself logged NETLOGON 3210 about its own domain.
pub(in crate::diagnosis) fn password_rejected(case: &Case<'_>) -> Option<Proof> {
    let rejected =
        |near: &NearSignal<'_>| near.kind() == SignalKind::PasswordRejected && concerns_key_owner(case, near);
    refusal_proof(case, &rejected)
}

/// A domain controller refused the computer (NETLOGON 5722, 5723, 5805, 5720, 5721). Each of these has harmless reasons too.
pub(in crate::diagnosis) fn session_refused(case: &Case<'_>) -> Option<Proof> {
    let refused_session = |near: &NearSignal<'_>| {
        matches!(near.kind(), SignalKind::SessionRefused | SignalKind::NoMachineAccount)
            && concerns_key_owner(case, near)
            && !near.is_routine
    };
    let mut p = refusal_proof(case, &refused_session)?;
    p.missing.extend([ask_host_log(case), ask_encryption_types(case)]);
    Some(p)
}

/// A proof from the wanted signals, which show that the machine's password was refused. `None` without such a signal.
fn refusal_proof(case: &Case<'_>, wanted: &dyn Fn(&NearSignal<'_>) -> bool) -> Option<Proof> {
    let found: Vec<_> = case.signals.iter().filter(|near| wanted(near)).collect();
    if found.is_empty() {
        return None;
    }
    let mut p = key_proof(case);
    p.evidence.extend(found.iter().take(MAX_ADDRESSES).map(|near| near.as_fact(Relation::Decisive)));
    if found.iter().all(|near| near.is_of_unknown_domain) {
        p.caveats.push(Caveat::PerhapsTrust { host: case.parties.target_text().into() });
    }
    p.caveats.extend(password_replaced(case, wanted));
    let named = found.iter().any(|near| near.names_target_domain);
    if !named && case.connection.topology != Topology::OwnerAnswered {
        p.caveats.push(Caveat::NoDomain { host: case.parties.target_text().into() });
    }
    let controller = case.ownership.responder_accounts.iter().any(|account| account.is_domain_controller());
    p.missing.push(match controller {
        true => Request::UsnRollback { host: case.server_name() },
        false => Request::Twins { host: case.server_name() },
    });
    // If another account owns the SPN, the broken machine password is a second problem.
    if case.parties.spn().is_some() && case.ownership.owners.is_empty() {
        p.likely_if(is_service_class(&case.parties.class()));
        p.missing.push(ask_spn_owner(case));
    }
    Some(p)
}

/// A caveat if the account got a new password between every wanted refusal and the events.
fn password_replaced(case: &Case<'_>, wanted: &dyn Fn(&NearSignal<'_>) -> bool) -> Option<Caveat> {
    let mut found = case.signals.iter().filter(|near| wanted(near)).map(|near| near.password_replaced);
    let first = found.next()??;
    let account = case.ownership.responder_accounts.first()?;
    found
        .all(|replaced| replaced.is_some())
        .then(|| Caveat::PasswordReplaced { account: (*account.name).into(), at: first })
}

/// The KDC refused a ticket for this service or its account, because the account lacks a suitable key.
pub(in crate::diagnosis) fn no_suitable_key(case: &Case<'_>) -> Option<Proof> {
    let kinds = [SignalKind::NoSuitableKey, SignalKind::LacksStrongKeys, SignalKind::WeakCipherRefused];
    let near = case.signals.find(&kinds, &[Concern::Spn, Concern::Owner, Concern::Target])?;
    let mut p = key_proof(case);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.missing.push(ask_encryption_types(case));
    Some(p)
}

/// The cluster does not have the password of the target's or responder's account (FailoverClustering 1206, 1207, 1218).
pub(in crate::diagnosis) fn cluster_account_failed(case: &Case<'_>) -> Option<Proof> {
    let about = [Concern::Owner, Concern::Target, Concern::Responder];
    let near = case.signals.find(&[SignalKind::ClusterAccountFailed], &about)?;
    let mut p = key_proof(case);
    let account = cluster_account(case).or(case.ownership.key_owner())?;
    p.repair = Repair::Account(format!(
        "{} of {}",
        account.name.trim_end_matches('$').to_lowercase(),
        account.domain.to_lowercase()
    ));
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.evidence.push(Fact::AccountClass {
        class: AccountKind::ClusterName.words(),
        account: AccountName::from_account(account),
    });
    p.missing.push(ask_cluster_account(case, account));
    Some(p)
}

/// The responder is a domain controller that was restored, as its own log shows.
pub(in crate::diagnosis) fn controller_restored(case: &Case<'_>) -> Option<Proof> {
    let kinds = [SignalKind::UsnRollback, SignalKind::SnapshotApplied];
    let restored = |near: &NearSignal<'_>| kinds.contains(&near.kind()) && concerns_key_owner(case, near);
    let near = case.signals.iter().find(restored)?;
    let mut p = key_proof(case);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.missing.push(Request::UsnRollback { host: case.server_name() });
    Some(p)
}

/// The account allows AES only, and its password is years old. The host or keytab may lack the AES key or forbid AES.
pub(in crate::diagnosis) fn aes_only(case: &Case<'_>) -> Option<Proof> {
    let account = case.ownership.key_owner()?;
    let types = account.supported_encryption_types?;
    let set = account.password_last_set?;
    let old = case.parties.incident.occurrences.first.duration_since(set) > OLD_PASSWORD;
    if !old || types & AES == 0 || types & RC4 != 0 {
        return None;
    }
    let mut p = owner_proof(case);
    p.missing.push(ask_encryption_types(case));
    Some(p)
}

/// The owner was changed within ticket lifetime before the events, but not by a new password. Clients may have tickets for the
/// former owner of the SPN.
pub(in crate::diagnosis) fn owner_just_changed(case: &Case<'_>) -> Option<Proof> {
    let account = case.ownership.key_owner()?;
    let at = account.when_changed?;
    // A new password changes the account too, and a computer still decrypts with the previous one (KB325850).
    let new_password =
        account.password_last_set.is_some_and(|set| set.duration_since(at).abs() <= SAME_CHANGE);
    if new_password || !within_ticket_lifetime(case, at) {
        return None;
    }
    let mut p = owner_proof(case);
    p.evidence.push(Fact::Changed { account: (*account.name).into(), at });
    p.evidence.push(Fact::WithinTicketLifetime { hours: TICKET_LIFETIME.as_hours() });
    p.missing.push(Request::Replication { account: case.account_name() });
    Some(p)
}

/// Is every event later than the change, and earlier than the end of the last ticket from before the change?
fn within_ticket_lifetime(case: &Case<'_>, change: jiff::Timestamp) -> bool {
    let seen = &case.parties.incident.occurrences;
    seen.first >= change && seen.last.duration_since(change) <= TICKET_LIFETIME
}

/// The password of a user account was set within ticket lifetime before the events.
pub(in crate::diagnosis) fn password_just_set(case: &Case<'_>) -> Option<Proof> {
    let account = case.ownership.key_owner()?;
    if AccountKind::from_account(account) != AccountKind::User
        || !within_ticket_lifetime(case, account.password_last_set?)
    {
        return None;
    }
    let mut p = owner_proof(case);
    p.evidence.push(Fact::WithinTicketLifetime { hours: TICKET_LIFETIME.as_hours() });
    p.missing.push(Request::ServiceLogon { account: case.account_name(), host: case.server_name() });
    p.missing.push(ask_encryption_types(case));
    Some(p)
}

/// The only owner of the SPN answered. The kind follows from the kind of the account.
pub(in crate::diagnosis) fn only_owner(case: &Case<'_>) -> Option<Proof> {
    let account = case.ownership.key_owner()?;
    let mut p = owner_proof(case);
    let kind = AccountKind::from_account(account);
    let server = case.server_name();
    let ask = || case.account_name();
    match kind {
        AccountKind::User => {
            p.kind = Some(Kind::ServiceAccount);
            p.missing.push(Request::ServiceLogon { account: ask(), host: server });
        }
        AccountKind::ManagedService | AccountKind::DelegatedManagedService => {
            p.kind = Some(Kind::ManagedServiceAccount);
            p.evidence.push(Fact::AccountClass {
                class: kind.words(),
                account: AccountName::from_account(account),
            });
            p.missing.push(Request::ManagedAccount { account: ask(), host: server });
        }
        AccountKind::ClusterName => {
            p.kind = Some(Kind::ClusterNameAccount);
            p.evidence.push(Fact::AccountClass {
                class: kind.words(),
                account: AccountName::from_account(account),
            });
            p.missing.push(Request::ClusterAccount { account: ask(), host: server });
        }
        AccountKind::Unknown if is_service_class(&case.parties.class()) && !has_own_host_spn(account) => {
            p.kind = Some(Kind::ManagedServiceAccount);
            p.missing.push(Request::AccountClass { account: ask() });
            p.missing.push(Request::ManagedAccount { account: ask(), host: server });
        }
        _ if account.is_windows() == Some(false) => {
            p.kind = Some(Kind::Keytab);
            p.evidence.extend(account.operating_system.as_deref().map(|system| Fact::OperatingSystem {
                system: system.into(),
                account: AccountName::from_account(account),
            }));
            p.missing.push(Request::Replication { account: ask() });
        }
        _ => {
            p.missing.extend([ask_host_log(case), Request::Replication { account: ask() }]);
        }
    }
    p.missing.push(ask_encryption_types(case));
    Some(p)
}

fn has_own_host_spn(account: &Account) -> bool {
    HostName::parse(account.name.trim_end_matches('$')).is_some_and(|host| has_spn_of_host(account, &host))
}

/// The target is the responder's account and not an SPN, so the account's own key was used.
pub(in crate::diagnosis) fn account_target(case: &Case<'_>) -> Option<Proof> {
    let parties = &case.parties;
    let user = match (&parties.target, &parties.responder) {
        (Principal::Machine { .. }, _) => false,
        (Principal::Name { name, .. }, Principal::Name { name: responder, .. }) => {
            if !name.eq_ignore_ascii_case(responder) || name.contains('.') || parties.target_name.is_known {
                return None;
            }
            true
        }
        _ => return None,
    };
    let mut p = target_proof(case);
    p.evidence.push(Fact::AccountTarget { target: parties.incident.target.clone() });
    for account in &case.ownership.responder_accounts {
        add_key_facts(account, &mut p);
    }
    match user {
        true => {
            p.kind = Some(Kind::ServiceAccount);
            if case.ownership.responder_accounts.is_empty() {
                p.cap(Confidence::Possible);
                p.missing.push(Request::AccountClass { account: case.account_name() });
            }
            p.missing.push(Request::ServiceLogon { account: case.account_name(), host: case.server_name() });
        }
        false => p.missing.push(ask_host_log(case)),
    }
    p.missing.push(ask_encryption_types(case));
    Some(p)
}

/// The computer's own account could not log on to read policy (GroupPolicy 1006, 1097).
pub(in crate::diagnosis) fn policy_refused(case: &Case<'_>) -> Option<Proof> {
    let own = |near: &NearSignal<'_>| {
        near.kind() == SignalKind::PolicyLogonFailed
            && near.concern == Concern::Target
            && near.recorded.signal.user_id.is_some()
    };
    let near = case.signals.iter().find(own)?;
    let mut p = key_proof(case);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.missing.push(ask_host_log(case));
    Some(p)
}

/// Several service classes fail for the target.
pub(in crate::diagnosis) fn several_classes(case: &Case<'_>) -> Option<Proof> {
    let count = case.parties.target_host.as_ref().map_or(0, |host| case.fleet.failing_classes(host));
    if count < 2 {
        return None;
    }
    let mut p = key_proof(case);
    p.evidence.push(Fact::ClassesFail { count, host: case.parties.target_text().into() });
    p.missing.extend([ask_host_log(case), ask_spn_owner(case), ask_encryption_types(case)]);
    Some(p)
}

/// The target answered, and nothing more is known. This always matches.
pub(in crate::diagnosis) fn single_class(case: &Case<'_>) -> Option<Proof> {
    let mut p = key_proof(case);
    p.missing.extend([ask_spn_owner(case), ask_host_log(case), ask_encryption_types(case)]);
    Some(p)
}

/// A service of the responder's account failed to log on with a wrong password (Service Control Manager 7038).
pub(in crate::diagnosis) fn service_logon_failed(case: &Case<'_>) -> Option<Proof> {
    let near = failed_logon(case)?;
    let mut p = key_proof(case);
    p.evidence.push(near.as_fact(Relation::Decisive));
    p.caveats.extend(password_replaced(case, &|near| {
        near.concern == Concern::Responder && is_wrong_password(near)
    }));
    if case.ownership.owners.is_empty() {
        p.missing.push(ask_spn_owner(case));
    }
    // Only DNS shows that the host with the failed service is the target.
    if case.parties.shareable_rows(case.parties.target_id).is_empty()
        && !case.parties.resolved_addresses().is_empty()
    {
        p.basis.facts.push(dns_sources(case, |_| true));
    }
    Some(p)
}

fn failed_logon<'a>(case: &Case<'a>) -> Option<NearSignal<'a>> {
    case.signals.iter().find(|near| near.concern == Concern::Responder && is_wrong_password(near))
}

/// Is it Service Control Manager 7038 with error 1326, or with an error text without a number? 7041 is about a missing right, and
/// other errors are about a locked or disabled account.
fn is_wrong_password(near: &NearSignal<'_>) -> bool {
    let signal = &near.recorded.signal;
    signal.kind == SignalKind::ServiceLogonFailed
        && signal.event_id == 7038
        && signal.error.is_none_or(|error| error == 1326)
}

/// Does the service that could not log on serve the class of the target's SPN, and its instance if the SPN shows one?
pub(in crate::diagnosis) fn failed_service_serves_class(case: &Case<'_>) -> bool {
    const SERVICES: [(&str, &[&str]); 4] = [
        ("mssqlsvc", &["mssqlserver", "mssql$"]),
        ("msolapsvc.3", &["mssqlserverolapservice", "msolap$"]),
        ("http", &["reportserver", "sqlserverreportingservices", "adfssrv", "sptimer", "apache", "tomcat"]),
        ("exchangemdb", &["msexchange"]),
    ];
    let class = case.parties.class();
    let service = failed_logon(case)
        .and_then(|near| near.recorded.signal.first_name(Role::Service))
        .unwrap_or_default();
    let service = service.to_lowercase();
    if !case.parties.spn().is_some_and(|spn| may_be_of_instance(spn, &service)) {
        return false;
    }
    let names = SERVICES.iter().find(|(of, _)| *of == class).map_or(&[][..], |(_, names)| names);
    names.iter().any(|name| service.starts_with(name))
        // Many services have the name of their service class.
        || (!class.is_empty() && service.starts_with(&class))
}

/// May the Windows service be the one of this SPN?
///
/// `MSSQL$INST2` serves `MSSQLSvc/host:INST2`. `MSSQLSERVER` serves port 1433 and an SPN without a port (MS-SQLR). Any instance may
/// listen on another port.
fn may_be_of_instance(spn: &Spn, service: &str) -> bool {
    const DEFAULT_PORT: &str = "1433";
    if !spn.class.eq_ignore_ascii_case("MSSQLSvc") {
        return true;
    }
    let instance = service.split_once('$').map(|(_, instance)| instance);
    match (spn.instance.as_deref(), spn.port.as_deref()) {
        (Some(named), _) => instance.is_some_and(|instance| instance.eq_ignore_ascii_case(named)),
        (None, None | Some(DEFAULT_PORT)) => instance.is_none(),
        (None, Some(_)) => true,
    }
}

/// The responder names itself by the target's SPN, so it has a keytab with the owner's key.
pub(in crate::diagnosis) fn keytab_of_owner(case: &Case<'_>) -> Option<Proof> {
    let owner = case.ownership.key_owner()?;
    let mut p = keytab(case)?;
    p.evidence.extend(case.ownership.owners.iter().map(|owner| owner_fact(case, owner)));
    add_key_facts(owner, &mut p);
    p.basis.owners = true;
    Some(p)
}

/// The responder names itself by an SPN, so it has a keytab. This always matches.
pub(in crate::diagnosis) fn keytab(case: &Case<'_>) -> Option<Proof> {
    let mut p = Proof::new(case, repair_of_account(case));
    p.evidence.push(Fact::ServiceName {
        responder: case.parties.incident.answered_by.clone(),
        target: case.parties.incident.target.clone(),
    });
    p.missing.push(Request::KeyVersion { account: case.account_name(), spn: case.spn_name() });
    p.missing.push(ask_spn_owner(case));
    p.missing.push(ask_encryption_types(case));
    Some(p)
}
