//! Finds duplicate SPNs, SPNs that collide with a `HOST/` alias, and accounts of one name in two domains.

use std::collections::{HashMap, HashSet};

use super::finding::{AuditFinding, AuditKind, MAX_EVIDENCE, MAX_SHOWN, steps};
use crate::diagnosis::{AccountFacts, AuditSubject};
use crate::incidents::stable_id;
use crate::inventory::accounts::{
    AccountId, AccountInventory, Duplicate, DuplicateKind, HostAliases, SpnIndex,
};
use crate::names::Spn;
use crate::report::Status;
use crate::report::item::StepItem;

/// SPNs that one finding lists.
const MAX_SPNS: usize = 8;

/// Returns a finding for each duplicate.
pub(super) fn findings(accounts: &AccountInventory, aliases: &HostAliases) -> Vec<AuditFinding> {
    let index = SpnIndex::new(accounts, aliases);
    let all = index.duplicates();
    let mut namesakes = NamesakeSpns::new(&index, &all);
    all.into_iter()
        .enumerate()
        .filter(|(n, _)| !namesakes.merged.contains(n))
        .map(|(n, d)| finding(&index, d, namesakes.spns.remove(&n).unwrap_or_default()))
        .collect()
}

/// SPNs that several computers have only because the computers have the same name in different domains (`HOST/srv2`,
/// `TERMSRV/srv2`). The finding about the name lists them, so they have no findings of their own.
#[derive(Default)]
struct NamesakeSpns {
    /// SPNs by the index of the duplicate account name.
    spns: HashMap<usize, Vec<String>>,
    /// Indexes of the duplicate SPNs without a finding of their own.
    merged: HashSet<usize>,
}

impl NamesakeSpns {
    fn new(index: &SpnIndex<'_>, all: &[Duplicate]) -> Self {
        let mut name_of: HashMap<AccountId, usize> = HashMap::new();
        for (n, d) in all.iter().enumerate().filter(|(_, d)| d.kind == DuplicateKind::AccountName) {
            name_of.extend(d.accounts.iter().filter(|id| index.is_computer(**id)).map(|id| (*id, n)));
        }
        let mut namesakes = Self::default();
        for (n, d) in all.iter().enumerate().filter(|(_, d)| d.kind != DuplicateKind::AccountName) {
            let mut names = d.accounts.iter().chain(&d.shadowed).map(|id| name_of.get(id).copied());
            let Some(Some(first)) = names.next() else { continue };
            let is_short = Spn::parse(&d.name).is_some_and(|spn| {
                !spn.host.contains('.')
                    && all
                        .get(first)
                        .is_some_and(|a| a.name.trim_end_matches('$').eq_ignore_ascii_case(&spn.host))
            });
            if is_short && names.all(|other| other == Some(first)) {
                namesakes.spns.entry(first).or_default().push(d.name.clone());
                namesakes.merged.insert(n);
            }
        }
        namesakes
    }
}

/// Returns the steps, with the names of the accounts.
fn fix(index: &SpnIndex<'_>, d: &Duplicate, kind: AuditKind) -> Vec<StepItem> {
    let facts = |ids: &[AccountId]| -> Vec<AccountFacts> {
        ids.iter().filter_map(|id| index.records(*id).next()).map(AccountFacts::from_account).collect()
    };
    let owners = facts(&d.accounts);
    match (d.kind, Spn::parse(&d.name)) {
        (DuplicateKind::Spn, Some(spn)) => steps(AuditSubject::Spn { spn: &spn, owners: &owners }),
        (DuplicateKind::HostAlias, Some(spn)) => {
            let computers = facts(&d.shadowed);
            steps(AuditSubject::HostAlias { spn: &spn, owners: &owners, computer: computers.first() })
        }
        (DuplicateKind::AccountName, _) => {
            let domains: Vec<String> =
                d.accounts.iter().filter_map(|id| index.domain(*id)).map(|d| d.to_lowercase()).collect();
            steps(AuditSubject::SameName { name: &d.name, domains: &domains })
        }
        // The list has a text that is not a valid SPN.
        (DuplicateKind::Spn | DuplicateKind::HostAlias, None) => {
            kind.general_steps().iter().map(|step| StepItem::from_cell(step)).collect()
        }
    }
}

fn finding(index: &SpnIndex<'_>, d: Duplicate, namesake_spns: Vec<String>) -> AuditFinding {
    let name = |id| match index.domain(id) {
        Some(domain) => format!("{} of {}", index.name(id), domain.to_lowercase()),
        None => index.name(id).to_string(),
    };
    let name_and_source = |id| {
        let source = index.records(id).find_map(|r| r.source.as_ref().map(ToString::to_string));
        format!("{} ({})", name(id), source.unwrap_or_default())
    };
    let (kind, hurts) = match d.kind {
        DuplicateKind::Spn => (
            AuditKind::DuplicateSpn,
            format!("a ticket for {} is made for one of them, or for none (KDC event 11)", d.name),
        ),
        DuplicateKind::HostAlias => (
            AuditKind::HostAliasCollision,
            format!(
                "{} is found before the HOST SPN of {}, so a service that runs under the computer's account cannot \
                 decrypt its tickets; right where the service runs under the first account",
                d.name,
                d.shadowed.iter().take(MAX_EVIDENCE).map(|id| name(*id)).collect::<Vec<_>>().join(" and ")
            ),
        ),
        DuplicateKind::AccountName => (
            AuditKind::SameNameTwoDomains,
            format!("asked for as {} alone, one can be reached with the other's ticket", d.name),
        ),
    };
    let mut evidence: Vec<String> =
        d.accounts.iter().chain(&d.shadowed).take(MAX_EVIDENCE).map(|id| name_and_source(*id)).collect();
    if !namesake_spns.is_empty() {
        let shown = namesake_spns.iter().take(MAX_SPNS).cloned().collect::<Vec<_>>().join(", ");
        let more = match namesake_spns.len().saturating_sub(MAX_SPNS) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        evidence.push(format!("SPNs with the short name that more than one of them has: {shown}{more}"));
    }
    if !d.certain {
        evidence.push("the lists do not prove that these are different accounts".to_owned());
    }
    let owner_count = d.accounts.len() + d.shadowed.len();
    let fix = fix(index, &d, kind);
    AuditFinding {
        finding_id: stable_id('a', &[kind.name(), &d.name]),
        status: Status::New,
        kind,
        owner_count,
        owners: d.accounts.iter().chain(&d.shadowed).take(MAX_SHOWN).map(|id| name(*id)).collect(),
        adapters: Vec::new(),
        what: d.name,
        vendor: String::new(),
        hurts,
        evidence,
        fix,
    }
}
