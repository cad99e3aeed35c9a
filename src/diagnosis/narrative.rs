//! Makes a finding of a verdict: title, explanation, sorted evidence, requests, and the input of the fix.

use std::sync::Arc;

use super::case::Case;
use super::connection::Topology;
use super::evidence::{AccountName, Caveat, Evidence, EvidenceRole, Fact, Relation};
use super::finding::Finding;
use super::freshness;
use super::predicates;
use super::problems;
use super::proof::Proof;
use super::remedy_input::{AccountFacts, IncidentName, RemedyInput, SharedAddress};
use super::request::{LogReason, Request};
use super::rules::Verdict;
use super::signals::{NearSignal, is_timeless};
use super::verdict::{Cause, Confidence, Kind};
use crate::events::{Role, SignalKind};
use crate::names::HostName;

/// Maximum number of quoted events that are not part of the proof, so that a storm does not fill a cell.
const MAX_NEAR: usize = 6;

/// Maximum number of names of one sort in a sentence.
const MAX_NAMES: usize = 4;

/// Makes the finding of a case.
pub(super) fn make_finding(case: &Case<'_>, verdict: Verdict) -> Finding {
    let incident = case.parties.incident;
    let (problem_id, problem) = problems::problem_of(verdict.cause, &verdict.proof.repair, incident);
    let title = title(case, &verdict);
    Finding {
        incident: incident.clone(),
        incident_id: incident.id(),
        problem_id,
        problem,
        explanation: explanation(case, &verdict, &title),
        title,
        row: (case.connection.topology, verdict.when),
        cause: verdict.cause,
        kind: verdict.kind,
        confidence: verdict.confidence,
        service_class: case.parties.spn().map(|spn| spn.class.to_string()).unwrap_or_default(),
        target_host: match case.parties.spn() {
            Some(spn) => spn.host.to_string(),
            None => case.parties.target_host.as_ref().map(ToString::to_string).unwrap_or_default(),
        },
        shared_addresses: verdict.proof.shared.clone(),
        missing: missing_requests(case, &verdict),
        remedy: Some(Arc::new(remedy_input(case, &verdict))),
        evidence: evidence(case, verdict),
    }
}

/// The evidence in the order of a report: proof, evidence against it, near events, rivals, other causes.
fn evidence(case: &Case<'_>, verdict: Verdict) -> Vec<Evidence> {
    let confirmed = verdict.confidence == Confidence::Confirmed;
    let assumption = confirmed.then(|| freshness::assumption(case, &verdict.proof)).flatten();
    let near = nearby_facts(case, &verdict);
    let Verdict { cause, confidence, proof, contradictions, caveats, open_rivals, excluded_rivals, .. } =
        verdict;
    let mut out: Vec<Evidence> = proof.evidence.into_iter().map(Evidence::supports).collect();
    let from_slack = case.parties.incident.occurrences.from_slack;
    if from_slack > 0 {
        out.push(Evidence::supports(Fact::FromSlack { count: from_slack }));
    }
    let uncertain = !case.connection.confirmed
        && confidence >= Confidence::Likely
        && !matches!(
            case.connection.topology,
            Topology::OwnerAnswered | Topology::ServiceName | Topology::CloudService
        );
    if uncertain {
        let responder = case.parties.incident.answered_by.clone();
        out.push(Evidence::supports(Fact::PerhapsAnother { responder }));
    }
    out.extend(assumption.map(Evidence::supports));
    let against = contradictions.into_iter().chain(caveats);
    out.extend(against.map(|caveat: Caveat| Evidence::against(Fact::Caveat { caveat })));
    out.extend(near.into_iter().map(Evidence::supports));
    let rival = |role, fact| Evidence { role, fact };
    out.extend(open_rivals.iter().map(|open| rival(EvidenceRole::Rival, open.fact(false))));
    out.extend(excluded_rivals.iter().map(|excluded| rival(EvidenceRole::Excludes, excluded.fact(true))));
    out.extend(not_chosen(case, cause).into_iter().map(|fact| rival(EvidenceRole::Excludes, fact)));
    out
}

/// Facts about signals near the incident that neither the proof nor a contradiction quotes.
fn nearby_facts(case: &Case<'_>, verdict: &Verdict) -> Vec<Fact> {
    let quoted = |near: &NearSignal<'_>| {
        let event = near.quote();
        let facts = verdict.proof.evidence.iter();
        facts.into_iter().any(|fact| matches!(fact, Fact::Event { event: quoted, .. } if *quoted == event))
            || verdict.contradictions.iter().any(|caveat| match caveat {
                Caveat::NotRegistered { event: quoted }
                | Caveat::KeyRefused { event: quoted, .. }
                | Caveat::NameTrouble { event: quoted } => *quoted == event,
                _ => false,
            })
    };
    let mut out = Vec::new();
    let mut more = 0;
    for near in case.signals.iter().filter(|near| concerns(case, verdict.cause, near) && !quoted(near)) {
        if out.len() == MAX_NEAR {
            more += 1;
            continue;
        }
        out.push(near.as_fact(if is_timeless(near.kind()) { Relation::Timeless } else { Relation::Near }));
    }
    if more > 0 {
        out.push(Fact::MoreEvents { count: more });
    }
    out
}

/// Does the signal mean anything for a verdict of this cause? Addresses of hosts are evidence of their own.
fn concerns(case: &Case<'_>, cause: Cause, near: &NearSignal<'_>) -> bool {
    let signal = &near.recorded.signal;
    match signal.kind {
        SignalKind::OwnAddresses | SignalKind::SelfAssigned => false,
        SignalKind::UsbNicInstalled | SignalKind::DcomSuppressed => {
            case.connection.topology == Topology::ClientAnswered
        }
        SignalKind::Restarted => cause == Cause::PasswordMismatch,
        // A former name matters only if the event still has it.
        SignalKind::Renamed => {
            let former = signal.first_name(Role::Computer).and_then(HostName::parse);
            let hosts = [&case.parties.responder_host, &case.parties.target_host];
            former.is_some_and(|former| hosts.into_iter().flatten().any(|host| host.same_label(&former)))
        }
        _ => true,
    }
}

/// The data to collect: first a check for each open rival, then the requests of the row, then newer copies of outdated
/// inventories.
fn missing_requests(case: &Case<'_>, verdict: &Verdict) -> Vec<Request> {
    let mut out: Vec<Request> = Vec::new();
    let mut add = |request: Request| {
        if !out.contains(&request) {
            out.push(request);
        }
    };
    verdict.open_rivals.iter().for_each(|rival| add((rival.settled_by)(case)));
    if verdict.confidence < Confidence::Confirmed || verdict.proof.repair_needs_check() {
        verdict.proof.missing.iter().cloned().for_each(&mut add);
    }
    if !verdict.caveats.is_empty() {
        ask_current_inventories(case, verdict.cause).into_iter().for_each(&mut add);
    }
    if out.is_empty() && !verdict.contradictions.is_empty() {
        out.push(Request::NewerInventory { files: inventory_files(&verdict.proof) });
    }
    if out.is_empty() && verdict.confidence != Confidence::Confirmed {
        out.push(match verdict.kind {
            Kind::Misplaced | Kind::Duplicate => predicates::ask_spn_owner(case),
            _ => predicates::ask_resolution(case),
        });
        if case.parties.target_host.is_some() {
            out.push(Request::Namesakes { host: case.target_name(), domains: case.domain_names() });
        }
    }
    out
}

/// The inventory files on which a proof is based.
fn inventory_files(proof: &Proof) -> Vec<String> {
    let mut files: Vec<String> =
        proof.basis.facts.iter().flatten().map(|source| source.file.to_string()).collect();
    files.sort();
    files.dedup();
    files
}

/// Requests for inventories from the time of the events.
fn ask_current_inventories(case: &Case<'_>, cause: Cause) -> Vec<Request> {
    let mut out = vec![Request::ClientLog { client: case.client_name(), reason: LogReason::Outdated }];
    match cause {
        Cause::LoopbackSharedIp | Cause::WrongHost => {
            out.push(match case.connection.topology {
                Topology::ClientAnswered => Request::Addresses { host: case.client_name() },
                _ => predicates::ask_responder_addresses(case),
            });
            out.push(predicates::ask_target_addresses(case));
            if cause == Cause::WrongHost {
                out.push(predicates::ask_resolution(case));
            }
        }
        Cause::DuplicateSpn | Cause::PasswordMismatch => out.push(predicates::ask_spn_owner(case)),
        Cause::Undetermined => {}
    }
    out
}

/// The names and facts for the steps of the fix.
fn remedy_input(case: &Case<'_>, verdict: &Verdict) -> RemedyInput {
    let parties = &case.parties;
    let owners: Vec<AccountFacts> =
        case.ownership.owners.iter().map(|account| AccountFacts::from_account(account)).collect();
    let account =
        case.ownership.responder_accounts.first().map(|account| AccountFacts::from_account(account));
    let hosts = parties.context.hosts.with_addresses();
    let addresses: Vec<SharedAddress> = verdict
        .proof
        .shared
        .iter()
        .map(|&address| SharedAddress {
            address,
            adapter: verdict.proof.adapter.as_str().into(),
            owners: parties.context.hosts.owner_set(address).map_or(0, std::collections::BTreeSet::len),
            hosts,
        })
        .collect();
    let host = match case.account_answered() {
        true => None,
        false => parties.responder_host.as_ref().map(|_| parties.responder_name.clone()),
    };
    // The service of an account should run on the target.
    let server: Option<IncidentName> =
        host.or_else(|| case.account_answered().then(|| parties.target_name.clone()));
    let responder = IncidentName {
        text: (&*parties.incident.answered_by).into(),
        is_known: parties.responder_name.is_known || account.is_some(),
    };
    // A list without these attributes may show by SPNs that an account is a domain controller, but not that it is none.
    let shows_role =
        case.ownership.responder_accounts.first().is_some_and(|account| {
            account.user_account_control.is_some() || account.primary_group_id.is_some()
        });
    let controller =
        account.as_ref().map(|account| account.kind.is_domain_controller()).filter(|yes| *yes || shows_role);
    RemedyInput {
        kind: verdict.kind,
        confidence: verdict.confidence,
        client: parties.client_name.clone(),
        target: parties.incident.target.clone(),
        target_host: parties.target_name.clone(),
        responder,
        responder_host: server,
        responder_account: account.map(Box::new),
        owners,
        via_host: case.ownership.via_host,
        addresses,
        realms: parties.realms.clone(),
        responder_is_controller: controller,
    }
}

/// The owners of the SPN in a sentence.
fn owners_text(case: &Case<'_>) -> String {
    let owners = &case.ownership.owners;
    let mut names: Vec<String> =
        owners.iter().take(MAX_NAMES).map(|owner| AccountName::from_account(owner).to_string()).collect();
    if owners.len() > MAX_NAMES {
        names.push(format!("{} more", owners.len() - MAX_NAMES));
    }
    names.join(" and ")
}

/// The account whose key encrypted the ticket, in a sentence.
fn key_text(case: &Case<'_>) -> String {
    match case.ownership.key_owner() {
        Some(owner) => format!("the account {}", owner.name),
        None => format!("the account that owns {}", case.parties.incident.target),
    }
}

/// The shared addresses and their adapter in a sentence.
fn shared_text(verdict: &Verdict) -> String {
    let addresses: Vec<String> =
        verdict.proof.shared.iter().take(MAX_NAMES).map(ToString::to_string).collect();
    match verdict.proof.adapter.is_empty() {
        true => addresses.join(", "),
        false => format!("{} ({})", addresses.join(", "), verdict.proof.adapter),
    }
}

/// Makes the title: the finding as one sentence, without a full stop.
fn title(case: &Case<'_>, verdict: &Verdict) -> String {
    let incident = case.parties.incident;
    let (client, target, by) = (&incident.client, &incident.target, &incident.answered_by);
    let host = case.parties.target_text();
    let responder = case.parties.responder_text();
    let owned = case.ownership.owners.first().map(|_| owners_text(case));
    match (verdict.cause, verdict.kind) {
        (Cause::LoopbackSharedIp, _) if !verdict.proof.shared.is_empty() => {
            format!("{client} and {host} both own {}", shared_text(verdict))
        }
        (Cause::LoopbackSharedIp, _) => format!("{client} reached itself instead of {host}"),
        (Cause::WrongHost, Kind::SharedAddress | Kind::ClusterOrNlbAddress)
            if !verdict.proof.shared.is_empty() =>
        {
            format!("{responder} and {host} both own {}", shared_text(verdict))
        }
        (Cause::WrongHost, Kind::ClusterOrAlias) => format!("{host} is a name that {by} serves"),
        (Cause::WrongHost, _) => format!("{client} reached {by} instead of {host}"),
        (Cause::DuplicateSpn, Kind::SameNameTwoDomains) => {
            format!("Computers named {host} exist in several domains")
        }
        (Cause::DuplicateSpn, Kind::Duplicate) => match owned {
            Some(owners) if case.ownership.owners.len() > 1 => format!("{target} is registered on {owners}"),
            _ => format!("{target} is registered on several accounts"),
        },
        (Cause::DuplicateSpn, Kind::KernelMode) => {
            format!("{by} decrypts the tickets of {host} in kernel mode, and the SPN is on another account")
        }
        (Cause::DuplicateSpn, Kind::TwoServices) => format!("Two services on {host} share the SPN {target}"),
        (Cause::DuplicateSpn, Kind::SharedName) => {
            format!("{by} serves {host} without the key of the account that owns the SPN")
        }
        (Cause::DuplicateSpn, Kind::NameTakenOver) => {
            format!("{by} serves {host}, and the SPN is still on the old account")
        }
        (Cause::DuplicateSpn, _) => match owned {
            Some(owners) => format!("{target} is registered on {owners}, and {by} answers"),
            None => format!("{target} is perhaps registered on another account than {by}"),
        },
        (Cause::PasswordMismatch, Kind::EncryptionType) => {
            format!("{by} lacks a key of the ticket's encryption type")
        }
        (Cause::PasswordMismatch, Kind::StaleTicket) => {
            format!("Tickets for {target} are older than the last change of {by}")
        }
        (Cause::PasswordMismatch, Kind::Trust) => format!("{target}: the key of a trust or a PAC signature"),
        (Cause::PasswordMismatch, Kind::AzureFiles) => {
            format!("The storage account behind {host} has another key than {by}")
        }
        (Cause::PasswordMismatch, Kind::EntraSeamlessSso) => {
            format!("Entra ID has another key than the directory for {by}")
        }
        (Cause::PasswordMismatch, Kind::Keytab) => format!("The keytab for {target} is out of date"),
        (Cause::PasswordMismatch, Kind::MachineAccount) => {
            format!("The machine password of {by} is out of sync")
        }
        (Cause::PasswordMismatch, Kind::ServiceAccount) => {
            format!("The service uses another password of {by} than the directory has")
        }
        (Cause::PasswordMismatch, _) => format!("The key of {by} differs from the one in the directory"),
        (Cause::Undetermined, _) => match target.is_empty() {
            true => format!("{client} asked for a target that the event does not name"),
            false => format!("{client} asked for {target}; the cause is unknown"),
        },
    }
}

/// Makes the explanation: what happened, the title, details, and open rivals.
fn explanation(case: &Case<'_>, verdict: &Verdict, title: &str) -> String {
    let mut text = what_happened(case, verdict);
    let hedge = match verdict.confidence {
        Confidence::Confirmed => "The cause",
        Confidence::Likely => "Probable cause",
        Confidence::Possible => "Possible cause",
    };
    if verdict.cause != Cause::Undetermined {
        text.push_str(&format!(". {hedge}: {title}"));
        let detail = detail(case, verdict);
        if !detail.is_empty() {
            text.push_str(&format!(". {detail}"));
        }
    }
    for rival in &verdict.open_rivals {
        text.push_str(&format!(". {} fits as well: {}", rival.cause, rival.story));
    }
    text
}

/// Says what the client asked for and what answered.
fn what_happened(case: &Case<'_>, verdict: &Verdict) -> String {
    let incident = case.parties.incident;
    let (client, target, by) = (&incident.client, &incident.target, &incident.answered_by);
    let asked = if target.is_empty() { "a target that the event does not name" } else { target };
    let who = if by.is_empty() { "something" } else { by };
    match case.connection.topology {
        Topology::ClientAnswered => format!(
            "{client} asked for {asked} and got a ticket for {}, but its own account {who} answered and could not decrypt it",
            key_text(case)
        ),
        Topology::OwnerAnswered | Topology::TargetAnswered => format!(
            "{client} asked for {asked}. The right {} {who} answered and could not decrypt the ticket",
            if case.account_answered() { "account" } else { "host" }
        ),
        Topology::Unclear if verdict.cause == Cause::Undetermined => format!(
            "{client} asked for {asked}, and {who} answered and could not decrypt the ticket. The event does not show why"
        ),
        _ => format!("{client} asked for {asked}, and {who} answered and could not decrypt the ticket"),
    }
}

/// An additional sentence for some kinds, without a full stop; empty for all others.
fn detail(case: &Case<'_>, verdict: &Verdict) -> String {
    let host = case.parties.target_text();
    match verdict.kind {
        Kind::ClusterOrAlias => format!("The ticket was made for {}", key_text(case)),
        Kind::StaleDns if verdict.confidence == Confidence::Confirmed => {
            format!("The name {host} resolves to an address of another host")
        }
        Kind::StaleDns => {
            format!("Either {host} resolves to the wrong address, or it is meant to be served there")
        }
        Kind::KernelMode | Kind::SharedName => match case.ownership.owners.first() {
            Some(owner) => format!("The ticket is for {}: both accounts may be right", owner.name),
            None => "Both accounts may be right".to_owned(),
        },
        Kind::NameTakenOver => format!("The ticket is for {}", owners_text(case)),
        Kind::LeftoverAccount if case.ownership.owners.iter().any(|owner| owner.is_disabled()) => {
            "The owner is disabled".to_owned()
        }
        Kind::Trust => "No host is involved".to_owned(),
        _ => String::new(),
    }
}

/// The causes that were not chosen, each with the reason.
fn not_chosen(case: &Case<'_>, chosen: Cause) -> Vec<Fact> {
    let by = &case.parties.incident.answered_by;
    let host = case.parties.target_text();
    let mut out = Vec::new();
    let mut not = |cause: Cause, why: String| {
        if cause != chosen {
            out.push(Fact::NotChosen { cause, why: why.into() });
        }
    };
    let own = &case.ownership;
    match case.connection.topology {
        Topology::ClientAnswered => {
            let known = |id| !case.parties.shareable_rows(id).is_empty();
            if known(case.parties.client_id) && known(case.parties.target_id) {
                not(Cause::LoopbackSharedIp, "no inventory shows an address that both own".to_owned());
            }
            not(Cause::PasswordMismatch, format!("{by} is not the account of {host}"));
        }
        Topology::OtherAnswered => {
            not(Cause::LoopbackSharedIp, format!("{by} is not the client's account"));
            not(Cause::PasswordMismatch, format!("{by} is not the account of {host}, as far as names show"));
        }
        Topology::OwnerAnswered => {
            not(Cause::DuplicateSpn, format!("the account list has the SPN on {by}"));
            not(Cause::WrongHost, format!("{by} owns the SPN, so the connection reached the right account"));
        }
        Topology::TargetAnswered | Topology::ServiceAnswered => {
            not(
                Cause::LoopbackSharedIp,
                format!("{by} is not the client's account, or the client asked for itself"),
            );
            if case.connection.topology == Topology::TargetAnswered {
                not(Cause::WrongHost, format!("{by} is the account of {host}"));
            }
            if !own.owners.is_empty() && !own.responder_owns() {
                not(Cause::PasswordMismatch, format!("{by} does not own the SPN, so its key was not used"));
            }
        }
        _ => {}
    }
    out
}

impl Proof {
    /// Must something be checked before the fix, even if the cause is confirmed?
    fn repair_needs_check(&self) -> bool {
        self.missing
            .iter()
            .any(|request| matches!(request, Request::Twins { .. } | Request::UsnRollback { .. }))
    }
}
