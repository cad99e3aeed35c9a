//! The right account answered, with another key.

use super::registration::{owner_line, spn_repair};
use super::{
    MAX_ADDRESSES, Proof, Repair, TICKET_LIFETIME, answerer_name, dns_sources, proof, quote, target_name,
};
use crate::events::SignalKind;
use crate::findings::advice;
use crate::findings::case::{Case, Shape};
use crate::findings::ownership::KeyOf;
use crate::findings::signals::{About, NearSignal};
use crate::names::Principal;

pub(in crate::findings) fn account_repair(case: &Case<'_>) -> Repair {
    let account = case.ownership.answerer_accounts.first().copied();
    let domain = account.map(|a| a.domain.to_lowercase()).filter(|d| !d.is_empty());
    let host_domain = case.target_host.as_ref().and_then(|h| h.domain().map(str::to_owned));
    let name = match &case.answerer_host {
        Some(host) if case.shape != Shape::ServiceAnswered => host.netbios().to_owned(),
        _ => case.incident.answered_by.to_lowercase(),
    };
    let domain = domain.or(host_domain.filter(|_| case.shape == Shape::TargetAnswered));
    Repair::Account(match domain.or_else(|| case.realms.first().cloned()) {
        Some(domain) => format!("{name} of {domain}"),
        None => name,
    })
}

pub(in crate::findings) fn key_proof(case: &Case<'_>) -> Proof {
    let mut p = proof(case, account_repair(case));
    p.evidence.push(format!(
        "{} answered for {}: the connection went where it should",
        case.incident.answered_by, case.incident.target
    ));
    p
}

pub(in crate::findings) fn signal<'a>(
    case: &Case<'a>,
    kinds: &[SignalKind],
    about: &[About],
) -> Option<NearSignal<'a>> {
    case.signals().find(|c| kinds.contains(&c.recorded.signal.kind) && about.contains(&c.about))
}

pub(in crate::findings) fn netlogon_refused(case: &Case<'_>) -> Option<Proof> {
    use SignalKind::{NoMachineAccount, PasswordRejected, SessionRefused};
    let kinds = [PasswordRejected, SessionRefused, NoMachineAccount];
    signal(case, &kinds, &[About::Target])?;
    let mut p = key_proof(case);
    p.evidence.extend(
        case.signals()
            .filter(|c| kinds.contains(&c.recorded.signal.kind) && c.about == About::Target)
            .take(MAX_ADDRESSES)
            .map(|c| quote(&c)),
    );
    let about_target =
        |c: &NearSignal<'_>| kinds.contains(&c.recorded.signal.kind) && c.about == About::Target;
    if !case.signals().any(|c| about_target(&c) && c.sure) {
        p.at_most_likely = true;
        p.evidence.push(format!(
            "that event tells no domain: it may be about another machine of the name {}",
            target_name(case)
        ));
    }
    // Another account may own the SPN instead: then a broken machine password is another trouble beside it.
    if let Some(spn) = case.target.spn().filter(|_| case.ownership.owners.is_empty()) {
        p.at_most_likely |= run_by_services(&spn.class);
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}

pub(in crate::findings) fn no_suitable_key(case: &Case<'_>) -> Option<Proof> {
    let kinds = [SignalKind::NoSuitableKey, SignalKind::LacksStrongKeys];
    let near = signal(case, &kinds, &[About::Owner, About::Target])?;
    let mut p = key_proof(case);
    p.evidence.push(quote(&near));
    p.missing.push(advice::encryption_types(&case.incident.answered_by));
    Some(p)
}

pub(in crate::findings) fn spn_is_clean(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let mut p = key_proof(case);
    if case.shape == Shape::TargetAnswered && matches!(case.target, Principal::Machine { .. }) {
        p.evidence.push("the target is the account itself, so no SPN is involved".to_owned());
    } else if own.key_of(case) == KeyOf::Answerer {
        p.evidence.extend(own.owners.iter().take(MAX_ADDRESSES).map(|a| owner_line(case, a)));
        p.rests_on_owners = true;
    } else {
        return None;
    }
    if let Some(set) = own.key_owner().and_then(|a| a.password_last_set) {
        p.evidence.push(format!("its password was last set {set}"));
    }
    p.missing.push(match case.shape {
        Shape::ServiceAnswered => advice::service_logon(&case.incident.answered_by),
        _ => advice::netlogon(&answerer_name(case)),
    });
    p.missing.push(advice::encryption_types(&case.incident.answered_by));
    Some(p)
}

pub(in crate::findings) fn policy_refused(case: &Case<'_>) -> Option<Proof> {
    let near = signal(case, &[SignalKind::PolicyLogonFailed], &[About::Target])?;
    let mut p = key_proof(case);
    p.evidence.push(quote(&near));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

pub(in crate::findings) fn several_classes(case: &Case<'_>) -> Option<Proof> {
    if case.failing_classes < 2 {
        return None;
    }
    let mut p = key_proof(case);
    p.evidence.push(format!(
        "{} service classes fail for {}: they have the account's key in common",
        case.failing_classes,
        target_name(case)
    ));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    p.missing.push(advice::spn_owner(&case.incident.target));
    Some(p)
}

/// Classes that are often run under a service account, and so are misplaced most.
pub(in crate::findings) fn run_by_services(class: &str) -> bool {
    const CLASSES: [&str; 12] = [
        "http",
        "www",
        "mssqlsvc",
        "msolapsvc.3",
        "msolapdisco.3",
        "setspn",
        "sip",
        "oracle",
        "fimservice",
        "msomsdksvc",
        "msomhsvc",
        "spsvc",
    ];
    CLASSES.contains(&class.to_lowercase().as_str())
}

pub(in crate::findings) fn service_class(case: &Case<'_>) -> Option<Proof> {
    let spn = case.target.spn()?;
    if !run_by_services(&spn.class) {
        return None;
    }
    let mut p = proof(case, spn_repair(case));
    p.evidence.push(format!(
        "{} answered for {}: the connection went where it should, and {} services often run under an account of their own",
        case.incident.answered_by, case.incident.target, spn.class
    ));
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

pub(in crate::findings) fn one_class(case: &Case<'_>) -> Option<Proof> {
    let mut p = key_proof(case);
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

pub(in crate::findings) fn service_logon_failed(case: &Case<'_>) -> Option<Proof> {
    if case.ownership.key_of(case) != KeyOf::Answerer {
        return None;
    }
    let near = case.signals().find(|c| c.about == About::Answerer && is_wrong_password(c))?;
    let mut p = spn_is_clean(case)?;
    p.evidence.push(quote(&near));
    // By which list the host that logged it is the one that was meant.
    if case.usable(case.target_id).is_empty() && !case.resolved().is_empty() {
        p.rests_on.push(dns_sources(case, |_| true));
    }
    Some(p)
}

/// 7038 with error 1326, or with the text of an error whose number was not kept. 7041 is about a right that is lacking, and
/// other errors about a locked or disabled account.
fn is_wrong_password(near: &NearSignal<'_>) -> bool {
    let signal = &near.recorded.signal;
    signal.kind == SignalKind::ServiceLogonFailed
        && signal.event_id == 7038
        && signal.error.is_none_or(|error| error == 1326)
}

pub(in crate::findings) fn password_just_set(case: &Case<'_>) -> Option<Proof> {
    if case.ownership.key_of(case) != KeyOf::Answerer {
        return None;
    }
    let set = case.ownership.key_owner()?.password_last_set?;
    let seen = &case.incident.occurrences;
    // Every event lies between the change and the end of the last ticket made before it.
    if seen.first < set || seen.last.duration_since(set) > TICKET_LIFETIME {
        return None;
    }
    let mut p = spn_is_clean(case)?;
    p.evidence.push(format!(
        "all events lie within {} hours after that: tickets made before the change live no longer",
        TICKET_LIFETIME.as_hours()
    ));
    Some(p)
}

pub(in crate::findings) fn service_unknown(case: &Case<'_>) -> Option<Proof> {
    let mut p = proof(case, spn_repair(case));
    p.evidence.push(format!(
        "{} answered, an account that is no host named in the event",
        case.incident.answered_by
    ));
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}
