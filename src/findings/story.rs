//! One incident told: who asked for what, whose key was used, who answered, and why.

use super::case::{Case, Shape};
use super::proofs::{answerer_name, target_name};
use super::rules::Verdict;
use super::{Cause, Confidence, Finding, Kind, advice, age, beside, evidence, problems};

pub(super) fn tell(case: &Case<'_>, verdict: Verdict) -> Finding {
    let incident = case.incident;
    let (problem_id, problem) = problems::problem_of(verdict.cause, &verdict.proof.repair, incident);
    let explanation = sentence(case, &verdict);
    let confirmed = verdict.confidence == Confidence::Confirmed;
    let premise = confirmed.then(|| age::premise(case, &verdict.proof)).flatten();
    let mut evidence = verdict.proof.evidence;
    if incident.occurrences.from_slack > 0 {
        evidence
            .push(format!("{} of the events were read from slack space", incident.occurrences.from_slack));
    }
    if !case.sure_who_answered && verdict.confidence >= Confidence::Likely {
        evidence.push(format!(
            "{} may be another machine than the name suggests: the event does not tell its domain surely",
            incident.answered_by
        ));
    }
    evidence.extend(premise);
    let near = beside::beside(case, verdict.cause, &[&evidence[..], &verdict.conflicts].concat());
    let against = || verdict.conflicts.iter().chain(&verdict.doubts);
    evidence.extend(against().map(|c| evidence::against(c)));
    evidence.extend(near);
    evidence.extend(not_chosen(case, verdict.cause));
    let mut missing = Vec::new();
    let of_the_time = (!verdict.doubts.is_empty()).then(|| of_the_time(case, verdict.cause));
    for item in verdict.proof.missing.into_iter().chain(of_the_time.into_iter().flatten()) {
        if !missing.contains(&item) {
            missing.push(item);
        }
    }
    if missing.is_empty() && against().next().is_some() {
        missing.push("fresh exports of what disagrees: the inventories named in the evidence".to_owned());
    }
    if missing.is_empty() && verdict.confidence != Confidence::Confirmed {
        missing.extend(settle(case, verdict.kind));
    }
    Finding {
        incident: incident.clone(),
        incident_id: incident.id(),
        problem_id,
        problem,
        row: (case.shape, verdict.when),
        cause: verdict.cause,
        kind: verdict.kind,
        confidence: verdict.confidence,
        service_class: case.target.spn().map(|s| s.class.to_string()).unwrap_or_default(),
        target_host: match case.target.spn() {
            Some(spn) => spn.host.to_string(),
            None => case.target_host.as_ref().map(ToString::to_string).unwrap_or_default(),
        },
        shared_addresses: verdict.proof.shared,
        explanation,
        evidence,
        missing,
        fix: advice::fix(verdict.cause, verdict.kind).iter().map(|s| (*s).to_owned()).collect(),
    }
}

/// What would be proof where the inventories are of another time.
fn of_the_time(case: &Case<'_>, cause: Cause) -> Vec<String> {
    let mut out = vec![advice::goes_on(&case.incident.client)];
    match cause {
        Cause::LoopbackSharedIp | Cause::WrongHost => {
            let answerer = match case.shape {
                Shape::ClientAnswered => case.incident.client.to_string(),
                _ => answerer_name(case),
            };
            out.extend([advice::addresses_of(&answerer), advice::addresses_of(&target_name(case))]);
            if cause == Cause::WrongHost {
                out.push(advice::resolve(&target_name(case), &case.incident.client));
            }
        }
        Cause::DuplicateSpn | Cause::PasswordMismatch => out.push(advice::spn_owner(&case.incident.target)),
        Cause::Undetermined => {}
    }
    out
}

/// What would settle a verdict that only the names keep from being sure.
fn settle(case: &Case<'_>, kind: Kind) -> Vec<String> {
    let mut out = vec![match kind {
        Kind::Misplaced | Kind::Duplicate => advice::spn_owner(&case.incident.target),
        _ => advice::resolve(&target_name(case), &case.incident.client),
    }];
    if let Some(target) = &case.target_host {
        out.push(advice::computers_named(target.label(), &case.realms));
    }
    out
}

fn sentence(case: &Case<'_>, verdict: &Verdict) -> String {
    let i = case.incident;
    let (client, target, by) = (&i.client, &i.target, &i.answered_by);
    let host = target_name(case);
    let key = whose_key(case);
    let hedge = match verdict.confidence {
        Confidence::Confirmed => "",
        Confidence::Likely => "probably ",
        Confidence::Possible => "perhaps ",
    };
    let detail = &verdict.proof.detail;
    let shared = verdict.proof.shared.iter().take(4).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let adapter = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
    match (verdict.cause, verdict.kind) {
        (Cause::LoopbackSharedIp, _) if !shared.is_empty() => format!(
            "{client} asked for {target} and got a ticket for {key}, but {hedge}reached itself, because it and {host} \
             both own {shared}{adapter}; its own account {by} answered and could not decrypt it"
        ),
        (Cause::LoopbackSharedIp, _) => format!(
            "{client} asked for {target} and got a ticket for {key}, but its own account {by} answered: it reached \
             itself, {hedge}by an address that it and {host} both own"
        ),
        (Cause::DuplicateSpn, Kind::Misplaced) if detail.is_empty() => format!(
            "{client} asked for {target} and {by} answered, which could not decrypt the ticket: {hedge}the SPN is \
             registered on another account"
        ),
        (Cause::DuplicateSpn, Kind::Misplaced) => format!(
            "{client} asked for {target}, which is {hedge}registered on the wrong account: the ticket is for {detail}, \
             but {by} answered and could not decrypt it"
        ),
        (Cause::DuplicateSpn, Kind::Duplicate) => format!(
            "{client} asked for {target}, which is {hedge}registered on more than one account{}; {by} answered and could \
             not decrypt the ticket that was made for another one",
            if case.ownership.owners.len() < 2 { String::new() } else { format!(" ({detail})") }
        ),
        (Cause::DuplicateSpn, _) => format!(
            "{client} asked for {target} and {by} answered: {hedge}two computers of one name, {}, so the ticket was made \
             for one and reached the other",
            if detail.is_empty() { "in two domains".to_owned() } else { format!("in {detail}") }
        ),
        (Cause::PasswordMismatch, Kind::EncryptionType) => format!(
            "{client} asked for {target} and {by} answered, as it should, but could not decrypt the ticket: {hedge}the \
             account lacks a key of the encryption type that was used"
        ),
        (Cause::PasswordMismatch, Kind::StaleTicket) => format!(
            "{client} asked for {target} and {by} answered, as it should, but its password had just been set: {hedge}the \
             ticket, or the service, still has the old one"
        ),
        (Cause::PasswordMismatch, _) => format!(
            "{client} asked for {target} and {by} answered, as it should, but could not decrypt the ticket: {hedge}its \
             own password is not the one the directory has"
        ),
        (Cause::WrongHost, Kind::ClusterOrAlias) => format!(
            "{client} asked for {target} and {by} answered: {host} is {hedge}a cluster or alias name that leads to that \
             machine, and the ticket was made for {key}"
        ),
        (Cause::WrongHost, Kind::SharedAddress) => format!(
            "{client} asked for {target}, but {by} answered, because it and {host} both own {shared}{adapter}; the ticket \
             was made for {key}"
        ),
        (Cause::WrongHost, _) => {
            let who = match case.shape {
                Shape::ClientAnswered => format!("the client's own account {by}"),
                _ => format!("{by}, another machine,"),
            };
            format!(
                "{client} asked for {target}, but {who} answered: the name {host} {hedge}leads to the wrong address, and \
                 the ticket was made for {key}"
            )
        }
        (Cause::Undetermined, _) => {
            let asked = if target.is_empty() { "something the event does not name" } else { target };
            let who = if by.is_empty() { "something" } else { by };
            format!(
                "{client} asked for {asked}, and {who} answered and could not decrypt the ticket; the event does not tell why"
            )
        }
    }
}

/// K, as the explanation says it.
fn whose_key(case: &Case<'_>) -> String {
    match case.ownership.key_owner() {
        Some(owner) => format!("the account {}", owner.name),
        None => format!("the account that owns {}", case.incident.target),
    }
}

/// The causes that were considered and why they were not chosen.
fn not_chosen(case: &Case<'_>, chosen: Cause) -> Vec<String> {
    let by = &case.incident.answered_by;
    let host = target_name(case);
    let mut out = Vec::new();
    let mut not = |cause: Cause, why: String| {
        if cause != chosen {
            out.push(evidence::not_chosen(cause, &why));
        }
    };
    match case.shape {
        Shape::Unclear => return out,
        Shape::ClientAnswered => {
            not(Cause::WrongHost, format!("nothing shows that the name {host} leads to the client"));
            match (case.usable(case.client_id).is_empty(), case.usable(case.target_id).is_empty()) {
                (false, false) => {
                    not(Cause::LoopbackSharedIp, "no inventory shows an address both own".to_owned());
                }
                _ => not(Cause::LoopbackSharedIp, "the addresses of both are not known".to_owned()),
            }
            not(Cause::PasswordMismatch, format!("{by} is not the account of {host}"));
        }
        Shape::OtherAnswered => {
            not(Cause::LoopbackSharedIp, format!("{by} is not the client's account"));
            not(Cause::PasswordMismatch, format!("{by} is not the account of {host}, as far as names tell"));
        }
        Shape::SameShortName => {
            not(Cause::PasswordMismatch, format!("{by} may be a machine of another domain than {host}"));
        }
        Shape::TargetAnswered | Shape::ServiceAnswered => {
            not(
                Cause::LoopbackSharedIp,
                format!("{by} is not the client's account, or the client asked for itself"),
            );
            match case.shape {
                Shape::TargetAnswered => not(Cause::WrongHost, format!("{by} is the account of {host}")),
                _ => {
                    not(Cause::WrongHost, format!("nothing shows that {by} runs on another host than {host}"))
                }
            }
            if case.ownership.owners.is_empty() {
                not(Cause::DuplicateSpn, "no account list shows the SPN elsewhere".to_owned());
                not(
                    Cause::PasswordMismatch,
                    "no event shows that the account's password is refused".to_owned(),
                );
            } else if case.ownership.answerer_owns {
                let why = match case.ownership.owners.len() {
                    0 | 1 => format!("the account list has the SPN on {by}"),
                    _ => format!(
                        "the KDC that was asked finds the SPN on {by}; only another domain's finds the other owner"
                    ),
                };
                not(Cause::DuplicateSpn, why);
                not(Cause::PasswordMismatch, "the SPN is on other accounts as well".to_owned());
            } else {
                not(Cause::PasswordMismatch, format!("{by} does not own the SPN, so its key was not used"));
            }
        }
    }
    out
}
