//! What each row of the decision table needs to hold, and the evidence when it does.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::SignedDuration;

use super::case::{Case, Shape};
use super::clues::{About, NearClue};
use super::ownership::is_machine;
use super::{Kind, advice};
use crate::events::ClueKind;
use crate::inventory::accounts::Account;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::inventory::hosts::HostId;
use crate::names::{HostName, Principal, Spn};

/// Service tickets live at most this long by default ("Maximum lifetime for service ticket", 600 minutes).
pub(super) const TICKET_LIFETIME: SignedDuration = SignedDuration::from_hours(10);

/// Adapters named in one piece of evidence; a cluster of hundreds of addresses must not fill a cell.
const MAX_ADDRESSES: usize = 4;

/// Why a row holds.
#[derive(Debug, Default)]
pub struct Proof {
    pub evidence: Vec<String>,
    /// A closer kind than the row's.
    pub kind: Option<Kind>,
    pub shared: Vec<IpAddr>,
    /// What would settle it, with the command.
    pub missing: Vec<String>,
    pub repair: Repair,
    /// Who owns the SPN or adapter, for the explanation.
    pub detail: String,
    /// The names alone do not tell surely who answered.
    pub at_most_likely: bool,
}

/// What one repair would end: incidents with the same repair are one problem.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Repair {
    Addresses(Vec<IpAddr>),
    /// Two hosts that seem to share an address nobody has listed.
    Hosts(String, String),
    Spn(String),
    Account(String),
    /// A name that leads to the wrong host.
    Name(String),
    #[default]
    Incident,
}

fn proof(case: &Case<'_>, repair: Repair) -> Proof {
    Proof { repair, at_most_likely: !case.sure_who_answered, ..Proof::default() }
}

// A or B reached through a name of theirs.

/// C is a name of the machine that answered, or a cluster's: who says so.
fn alias_evidence(case: &Case<'_>) -> Option<String> {
    let target = case.target_host.as_ref()?;
    let machine = match case.shape {
        Shape::ClientAnswered => case.client_host.as_ref()?,
        _ => case.answerer_host.as_ref()?,
    };
    if case.is_other_name_of(machine, target) {
        let source = case.know.hosts.alias_source(machine, target).unwrap_or("the inventories");
        return Some(format!("{target} is another name of {machine} ({source})"));
    }
    cluster_account(case).map(|account| {
        format!(
            "{} is a cluster's virtual computer: it owns {} ({})",
            account.name,
            account.spns.iter().find(|s| is_cluster_spn(s)).map_or("a cluster SPN", |s| s),
            source_of(account)
        )
    })
}

/// SPN classes that only a cluster's name objects have (MSCS: MSServerCluster, MSClusterVirtualServer, MSServerClusterMgmtAPI).
fn is_cluster_spn(spn: &str) -> bool {
    Spn::parse(spn).is_some_and(|s| {
        ["msclustervirtualserver", "msservercluster", "msserverclustermgmtapi"]
            .contains(&s.class.to_lowercase().as_str())
    })
}

fn cluster_account<'a>(case: &Case<'a>) -> Option<&'a Account> {
    let target = case.target_host.as_ref()?;
    case.know.accounts.named(target.label()).into_iter().find(|account| {
        is_machine(account)
            && account.spns.iter().any(|s| is_cluster_spn(s))
            && target
                .domain()
                .is_none_or(|d| account.domain.is_empty() || account.domain.eq_ignore_ascii_case(d))
    })
}

pub(super) fn alias_with_foreign_spn(case: &Case<'_>) -> Option<Proof> {
    let alias = alias_evidence(case)?;
    let others = case.ownership.others(case);
    let target = case.target_host.as_ref()?;
    // The owner is C's own account: C is a cluster or a renamed host, and the name is what leads wrong.
    let own =
        |a: &&Account| HostName::parse(a.name.trim_end_matches('$')).is_some_and(|n| n.same_label(target));
    if case.ownership.answerer_owns || others.is_empty() || others.iter().any(own) {
        return None;
    }
    let mut p = spn_proof(case);
    p.evidence.insert(0, alias);
    Some(p)
}

pub(super) fn known_alias(case: &Case<'_>) -> Option<Proof> {
    let evidence = alias_evidence(case)?;
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(evidence);
    Some(p)
}

pub(super) fn bare_name(case: &Case<'_>) -> Option<Proof> {
    let Principal::Name { name, .. } = &case.target else { return None };
    let known = case.target_id.is_some_and(|id| !case.know.hosts.owned(id).is_empty());
    if known || case.know.accounts.named(name).iter().any(|a| is_machine(a)) {
        return None;
    }
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "{name} has no service class, and no inventory has a host of that name: cluster resources are addressed so"
    ));
    p.missing.push(advice::who_is(&target_name(case)));
    Some(p)
}

// Shared addresses.

pub(super) fn client_shares_address(case: &Case<'_>) -> Option<Proof> {
    shared_address(case, case.client_id, Repair::Addresses)
}

pub(super) fn answerer_shares_address(case: &Case<'_>) -> Option<Proof> {
    let mut p = shared_address(case, case.answerer_id, Repair::Addresses)?;
    p.kind = None;
    Some(p)
}

pub(super) fn namesake_shares_address(case: &Case<'_>) -> Option<Proof> {
    let (client, target) = (case.client_host.as_ref()?, case.target_host.as_ref()?);
    client.same_label(target).then(|| shared_address(case, case.client_id, Repair::Addresses)).flatten()
}

fn shared_address(case: &Case<'_>, host: Option<HostId>, repair: fn(Vec<IpAddr>) -> Repair) -> Option<Proof> {
    let common = case.common(host, case.target_id);
    if common.is_empty() {
        return None;
    }
    let mut kinds: Vec<(Kind, IpAddr, String)> = Vec::new();
    let mut evidence = Vec::new();
    for &address in common.iter().take(MAX_ADDRESSES) {
        for rows in [case.usable(host), case.usable(case.target_id)] {
            if let Some(row) = rows.iter().find(|r| r.address == address) {
                evidence.push(ownership_line(row));
                let (kind, name) = adapter(row);
                kinds.push((kind, address, name));
            }
        }
    }
    // The kind that explains most comes first: a management card before a switch, a switch before nothing.
    kinds.sort();
    let (kind, _, detail) = kinds.first()?.clone();
    // The addresses of that kind are the ones to repair; a NIC's default beside a real one is not blamed.
    let blamed: BTreeSet<IpAddr> = kinds.iter().filter(|k| k.0 == kind).map(|k| k.1).collect();
    let mut p = proof(case, repair(blamed.into_iter().collect()));
    p.shared = common;
    p.evidence = evidence;
    p.kind = Some(kind);
    p.detail = detail;
    for near in case.clues().filter(|c| matches!(c.about, About::Connection | About::Client)) {
        if matches!(
            near.seen.clue.kind,
            ClueKind::NotALocalName
                | ClueKind::DcomFailed
                | ClueKind::UsbNicInstalled
                | ClueKind::DcomSuppressed
        ) {
            p.evidence.push(quote(&near));
        }
    }
    Some(p)
}

/// What adapter it is, and its name for the explanation.
fn adapter(row: &OwnedAddress) -> (Kind, String) {
    let hints: Vec<&str> = row.interface.iter().map(|i| &**i).collect();
    let kind = recognise(row.address, row.description.as_deref(), row.mac.as_deref(), &hints);
    let name = row.description.as_deref().or(row.interface.as_deref()).unwrap_or_default();
    let kind = match kind {
        AdapterKind::BmcUsbNic(_) => Kind::BmcUsbNic,
        AdapterKind::VirtualSwitch => Kind::VirtualSwitch,
        AdapterKind::ClusterOrNlb => Kind::ClusterOrNlbAddress,
        AdapterKind::Other => Kind::OtherSharedAddress,
    };
    (kind, name.to_owned())
}

fn ownership_line(row: &OwnedAddress) -> String {
    let mut line = format!("{} owns {}", row.host, row.address);
    if let Some(on) = row.description.as_deref().or(row.interface.as_deref()) {
        line.push_str(&format!(" on {on}"));
    }
    match row.seen {
        Some(time) => line.push_str(&format!(" ({} at {time})", row.source)),
        None => line.push_str(&format!(" ({})", row.source)),
    }
    line
}

pub(super) fn name_leads_to_client(case: &Case<'_>) -> Option<Proof> {
    name_leads(case, case.client_id)
}

pub(super) fn name_leads_to_answerer(case: &Case<'_>) -> Option<Proof> {
    name_leads(case, case.answerer_id)
}

fn name_leads(case: &Case<'_>, host: Option<HostId>) -> Option<Proof> {
    // Where C's own addresses are not known, C may own this one too: then it is a shared address.
    if case.usable(case.target_id).is_empty() {
        return None;
    }
    let (address, source) = case.name_leads_to(host)?;
    let owner = case.know.hosts.name(host?);
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!("{} resolves to {address} ({source})", target_name(case)));
    p.evidence.extend(case.usable(host).iter().find(|r| r.address == address).map(|r| ownership_line(r)));
    p.evidence.push(format!("{} does not own {address}, {owner} does", target_name(case)));
    Some(p)
}

pub(super) fn client_shares_nothing(case: &Case<'_>) -> Option<Proof> {
    let (ours, theirs) = (case.usable(case.client_id), case.usable(case.target_id));
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "no address in common: {} owns {}, {} owns {}",
        case.incident.client,
        list(&ours),
        target_name(case),
        list(&theirs)
    ));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}

fn list(rows: &[&OwnedAddress]) -> String {
    let addresses: BTreeSet<IpAddr> = rows.iter().map(|r| r.address).collect();
    let mut text =
        addresses.iter().take(MAX_ADDRESSES).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if addresses.len() > MAX_ADDRESSES {
        text.push_str(&format!(" and {} more", addresses.len() - MAX_ADDRESSES));
    }
    text
}

pub(super) fn addresses_unknown(case: &Case<'_>) -> Option<Proof> {
    let mut hosts = [case.incident.client.to_lowercase(), target_name(case).to_lowercase()];
    hosts.sort();
    let [a, b] = hosts;
    let mut p = proof(case, Repair::Hosts(a, b));
    p.evidence.push(format!(
        "{} answered, which is the client's own account, and {} is another host: the client reached itself",
        case.incident.answered_by,
        target_name(case)
    ));
    for (id, name) in
        [(case.client_id, case.incident.client.to_string()), (case.target_id, target_name(case))]
    {
        let rows = case.usable(id);
        if rows.is_empty() {
            p.missing.push(advice::addresses_of(&name));
        }
        for row in rows {
            if let (Kind::BmcUsbNic, _) = adapter(row) {
                p.evidence.push(ownership_line(row));
                p.kind = Some(Kind::BmcUsbNic);
                p.shared = vec![row.address];
            }
        }
    }
    // The address is known of one side only: it is a suspicion, and not yet shared.
    p.shared.clear();
    for near in case.clues() {
        match near.seen.clue.kind {
            ClueKind::NotALocalName | ClueKind::DcomFailed => p.evidence.push(quote(&near)),
            ClueKind::UsbNicInstalled => {
                p.kind = Some(Kind::BmcUsbNic);
                p.evidence.push(quote(&near));
            }
            _ => {}
        }
    }
    Some(p)
}

// Another host.

pub(super) fn target_is_a_host(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let owned = case.usable(case.target_id);
    let account = case.know.accounts.named(target.label()).into_iter().find(|a| is_machine(a));
    let evidence = match (owned.first(), account) {
        (Some(row), _) => ownership_line(row),
        (None, Some(account)) => {
            format!("{} is a computer of its own ({})", account.name, source_of(account))
        }
        (None, None) => return None,
    };
    let mut p = another_host(case)?;
    p.evidence.push(evidence);
    Some(p)
}

pub(super) fn another_host(case: &Case<'_>) -> Option<Proof> {
    let mut p = proof(case, Repair::Name(target_name(case)));
    p.evidence.push(format!(
        "{} answered for {}: by their names two machines",
        case.incident.answered_by, case.incident.target
    ));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    if case.usable(case.answerer_id).is_empty() {
        p.missing.push(advice::addresses_of(&answerer_name(case)));
    }
    if case.usable(case.target_id).is_empty() {
        p.missing.push(advice::addresses_of(&target_name(case)));
    }
    if case.ownership.owners.is_empty() {
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    p.missing.push(advice::netlogon(&answerer_name(case)));
    for near in case.clues().filter(|c| matches!(c.about, About::Answerer | About::Target)) {
        p.evidence.push(quote(&near));
    }
    Some(p)
}

// One name in two domains.

pub(super) fn name_in_two_domains(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let domains = case.domains_of(target);
    let wanted: Vec<String> = match target.domain() {
        Some(domain) => case.realms.iter().cloned().chain([domain.to_owned()]).collect(),
        None => {
            let own = case.client_host.as_ref().and_then(HostName::domain).map(str::to_owned);
            case.realms.iter().cloned().chain(own).collect()
        }
    };
    let found: BTreeSet<&String> = domains.iter().filter(|d| wanted.contains(d)).collect();
    // A namesake of the client that asks its namesake may have reached itself: the names do not tell.
    let client_too = case.client_host.as_ref().is_some_and(|c| c.same_label(target));
    if found.len() < 2 || client_too {
        return None;
    }
    let mut p = proof(case, Repair::Name(target.label().to_owned()));
    p.at_most_likely = false;
    for domain in &found {
        p.evidence.push(format!(
            "{} exists in {domain} ({})",
            target.label(),
            who_knows(case, target, domain)
        ));
    }
    p.detail = found.iter().map(|d| d.as_str()).collect::<Vec<_>>().join(" and ");
    Some(p)
}

fn who_knows(case: &Case<'_>, host: &HostName, domain: &str) -> String {
    let account = case
        .know
        .accounts
        .named(host.label())
        .into_iter()
        .find(|a| is_machine(a) && a.domain.eq_ignore_ascii_case(domain));
    match account {
        Some(account) => source_of(account),
        None => format!("{}.{domain} has addresses in the inventory", host.label()),
    }
}

pub(super) fn perhaps_two_domains(case: &Case<'_>) -> Option<Proof> {
    let target = case.target_host.as_ref()?;
    let mut p = proof(case, Repair::Name(target.label().to_owned()));
    p.evidence.push(format!(
        "{} and {} have one short name, and the realms are {}",
        case.incident.answered_by,
        case.incident.target,
        case.realms.join(" and ")
    ));
    p.missing.push(advice::computers_named(target.label(), &case.realms));
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}

// The directory.

pub(super) fn spn_elsewhere(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    if own.owners.is_empty() || own.answerer_owns || own.owners.len() > 1 {
        return None;
    }
    Some(spn_proof(case))
}

pub(super) fn spn_elsewhere_for_service(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let target = case.target_host.as_ref()?;
    // `setspn` prints only DNs, and the CN of a user need not be its account name.
    if own.owners.iter().any(|a| a.name_is_cn && !a.name.ends_with('$')) {
        return None;
    }
    let hosts: Vec<HostName> = own
        .answerer_accounts
        .iter()
        .flat_map(|a| &a.spns)
        .filter_map(|s| HostName::parse(&Spn::parse(s)?.host))
        .collect();
    let serves_target = hosts.iter().any(|h| h.same(target) != crate::names::Same::No);
    if !hosts.is_empty() && !serves_target {
        return None;
    }
    spn_elsewhere(case)
}

fn spn_proof(case: &Case<'_>) -> Proof {
    let own = &case.ownership;
    let mut p = proof(case, spn_repair(case));
    p.evidence.extend(own.owners.iter().take(MAX_ADDRESSES).map(|a| owner_line(case, a)));
    if own.owners.len() > MAX_ADDRESSES {
        p.evidence.push(format!("and {} accounts more", own.owners.len() - MAX_ADDRESSES));
    }
    p.detail =
        own.owners.iter().take(MAX_ADDRESSES).map(|a| account_text(a)).collect::<Vec<_>>().join(" and ");
    // The CN that `setspn` prints need not be the account's name; a computer's always is.
    let service = case.shape == Shape::ServiceAnswered;
    p.at_most_likely |= service && own.owners.iter().any(|a| a.name_is_cn);
    p
}

fn owner_line(case: &Case<'_>, account: &Account) -> String {
    let spn = case.ownership.spn.as_ref().map(ToString::to_string).unwrap_or_default();
    let how = match case.ownership.via_host {
        true => format!("{spn} is registered nowhere itself, its HOST form is on"),
        false => format!("{spn} is registered on"),
    };
    format!("{how} {} ({})", account_text(account), source_of(account))
}

fn account_text(account: &Account) -> String {
    match account.domain.is_empty() {
        true => account.name.to_string(),
        false => format!("{} of {}", account.name, account.domain),
    }
}

fn source_of(account: &Account) -> String {
    account.source.as_ref().map_or_else(|| "account list".to_owned(), ToString::to_string)
}

fn spn_repair(case: &Case<'_>) -> Repair {
    Repair::Spn(case.target.spn().map_or_else(|| case.incident.target.to_lowercase(), Spn::key))
}

pub(super) fn spn_twice(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    if own.owners.len() < 2 {
        return None;
    }
    let mut p = spn_proof(case);
    match own.key_owner {
        // The client's KDC finds B's own registration: the other one, in another domain, does no harm here.
        Some(owner) if super::ownership::is_answerer(case, owner) => return None,
        Some(owner) => p.evidence.push(format!(
            "the KDC of {}'s domain finds {} first",
            case.incident.client,
            account_text(owner)
        )),
        None => {
            let domains: BTreeSet<String> = own.owners.iter().map(|a| a.domain.to_lowercase()).collect();
            // Two owners in one domain are a broken directory, whoever asks; over domains it depends on the KDC.
            p.at_most_likely |= domains.len() == own.owners.len() && own.answerer_owns;
        }
    }
    Some(p)
}

pub(super) fn kdc_found_duplicate(case: &Case<'_>) -> Option<Proof> {
    let near = clue(case, &[ClueKind::DuplicateName], &[About::Spn])?;
    let mut p = spn_proof(case);
    p.evidence.push(quote(&near));
    if case.ownership.owners.is_empty() {
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}

// The account's key.

fn account_repair(case: &Case<'_>) -> Repair {
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

fn key_proof(case: &Case<'_>) -> Proof {
    let mut p = proof(case, account_repair(case));
    p.evidence.push(format!(
        "{} answered for {}: the connection went where it should",
        case.incident.answered_by, case.incident.target
    ));
    p
}

fn clue<'a>(case: &Case<'a>, kinds: &[ClueKind], about: &[About]) -> Option<NearClue<'a>> {
    case.clues().find(|c| kinds.contains(&c.seen.clue.kind) && about.contains(&c.about))
}

pub(super) fn netlogon_refused(case: &Case<'_>) -> Option<Proof> {
    use ClueKind::{NoMachineAccount, PasswordRejected, SessionRefused};
    let kinds = [PasswordRejected, SessionRefused, NoMachineAccount];
    clue(case, &kinds, &[About::Target])?;
    let mut p = key_proof(case);
    p.evidence.extend(
        case.clues()
            .filter(|c| kinds.contains(&c.seen.clue.kind) && c.about == About::Target)
            .map(|c| quote(&c)),
    );
    // A service account may own the SPN instead: then a broken machine password is another trouble beside it.
    let service_class = case.target.spn().is_some_and(|s| run_by_services(&s.class));
    if service_class && case.ownership.owners.is_empty() {
        p.at_most_likely = true;
        p.missing.push(advice::spn_owner(&case.incident.target));
    }
    Some(p)
}

pub(super) fn no_suitable_key(case: &Case<'_>) -> Option<Proof> {
    let kinds = [ClueKind::NoSuitableKey, ClueKind::LacksStrongKeys];
    let near = clue(case, &kinds, &[About::Owner, About::Target])?;
    let mut p = key_proof(case);
    p.evidence.push(quote(&near));
    p.missing.push(advice::encryption_types(&case.incident.answered_by));
    Some(p)
}

pub(super) fn spn_is_clean(case: &Case<'_>) -> Option<Proof> {
    let own = &case.ownership;
    let mut p = key_proof(case);
    if case.shape == Shape::TargetAnswered && matches!(case.target, Principal::Machine { .. }) {
        p.evidence.push("the target is the account itself, so no SPN is involved".to_owned());
    } else if own.answerer_owns {
        p.evidence.extend(own.owners.iter().take(MAX_ADDRESSES).map(|a| owner_line(case, a)));
    } else {
        return None;
    }
    for near in case.clues().filter(|c| c.about == About::Target) {
        p.evidence.push(quote(&near));
    }
    if let Some(set) = own.key_owner.and_then(|a| a.password_last_set) {
        p.evidence.push(format!("its password was last set {set}"));
    }
    p.missing.push(match case.shape {
        Shape::ServiceAnswered => advice::service_logon(&case.incident.answered_by),
        _ => advice::netlogon(&answerer_name(case)),
    });
    Some(p)
}

pub(super) fn policy_refused(case: &Case<'_>) -> Option<Proof> {
    let near = clue(case, &[ClueKind::PolicyLogonFailed], &[About::Target])?;
    let mut p = key_proof(case);
    p.evidence.push(quote(&near));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

pub(super) fn several_classes(case: &Case<'_>) -> Option<Proof> {
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
fn run_by_services(class: &str) -> bool {
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

pub(super) fn service_class(case: &Case<'_>) -> Option<Proof> {
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

pub(super) fn one_class(case: &Case<'_>) -> Option<Proof> {
    let mut p = key_proof(case);
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::netlogon(&answerer_name(case)));
    Some(p)
}

// Services.

pub(super) fn service_logon_failed(case: &Case<'_>) -> Option<Proof> {
    if !(case.ownership.answerer_owns && case.ownership.owners.len() == 1) {
        return None;
    }
    let near = clue(case, &[ClueKind::ServiceLogonFailed], &[About::Answerer])?;
    let mut p = spn_is_clean(case)?;
    p.evidence.push(quote(&near));
    Some(p)
}

pub(super) fn password_just_set(case: &Case<'_>) -> Option<Proof> {
    if !(case.ownership.answerer_owns && case.ownership.owners.len() == 1) {
        return None;
    }
    let set = case.ownership.owners.first()?.password_last_set?;
    let seen = &case.incident.seen;
    // Every event lies between the change and the end of the last ticket made before it.
    if seen.first < set || seen.last.duration_since(set) > TICKET_LIFETIME {
        return None;
    }
    let mut p = spn_is_clean(case)?;
    p.evidence.push(format!(
        "all events lie within {} hours after that: tickets made before the change live no longer",
        TICKET_LIFETIME.as_hours()
    ));
    p.missing.clear();
    Some(p)
}

pub(super) fn service_unknown(case: &Case<'_>) -> Option<Proof> {
    let mut p = proof(case, spn_repair(case));
    p.evidence.push(format!(
        "{} answered, an account that is no host named in the event",
        case.incident.answered_by
    ));
    p.missing.push(advice::spn_owner(&case.incident.target));
    p.missing.push(advice::resolve(&target_name(case), &case.incident.client));
    Some(p)
}

// Nothing certain.

pub(super) fn dsa_guid(case: &Case<'_>) -> Option<Proof> {
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

pub(super) fn not_enough(case: &Case<'_>) -> Option<Proof> {
    Some(nothing(case))
}

pub(super) fn nothing(case: &Case<'_>) -> Proof {
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

/// C as a person names it: the host where there is one, else the target itself.
pub(super) fn target_name(case: &Case<'_>) -> String {
    match (&case.target, &case.target_host) {
        (Principal::Spn(spn), Some(_)) if spn.address().is_none() => spn.host.to_string(),
        (_, Some(host)) => host.to_string(),
        _ => case.incident.target.to_string(),
    }
}

/// B as a host name.
pub(super) fn answerer_name(case: &Case<'_>) -> String {
    match &case.answerer_host {
        Some(host) => host.to_string(),
        None => case.incident.answered_by.to_string(),
    }
}

/// An event as evidence: time, computer, provider and ID, values.
pub(super) fn quote(near: &NearClue<'_>) -> String {
    let clue = &near.seen.clue;
    let mut text = format!("{}: {} {} on {}", near.at, clue.provider, clue.event_id, clue.computer);
    if !clue.values.is_empty() {
        text.push_str(&format!(" ({})", clue.values));
    }
    if near.seen.seen.events > 1 {
        text.push_str(&format!(", {} times in all", near.seen.seen.events));
    }
    text
}
