//! Freshness: is the evidence of a verdict from the time of the events?
//!
//! An inventory only proves the state when it was collected. One that is older than the first event, or newer than the end of
//! the trouble, becomes a caveat and keeps the verdict from being `confirmed`.

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::evidence::{Caveat, Fact};
use super::proof::{Basis, Proof};
use super::verdict::{Cause, Kind};
use crate::events::SignalKind;
use crate::inventory::Source;
use crate::inventory::accounts::Account;
use crate::names::HostName;

/// Clocks of one domain differ by no more (Kerberos' own limit, RFC 4120 1.6).
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A computer sets its password every 30 days ("Maximum machine account password age").
const PASSWORD_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A list whose newest date is this much older than the events is outdated, however few computers it has.
const MAX_LIST_AGE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A daily occurrence may be late by half a day before the trouble counts as over.
const MIN_GRACE: SignedDuration = SignedDuration::from_hours(36);

/// The rarest job that anybody waits for runs every month.
const MAX_GRACE: SignedDuration = SignedDuration::from_hours(45 * 24);

/// Reasons why the verdict is not confirmed.
pub(super) fn caveats(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<Caveat> {
    let mut out = Vec::new();
    out.extend(outdated_fact(case, &proof.basis));
    if proof.basis.owners {
        out.extend(outdated_list(case));
        out.extend(changed_since(case));
    }
    if cause == Cause::LoopbackSharedIp && kind == Kind::BmcUsbNic {
        out.extend(installed_since(case));
    }
    out
}

/// Assumption of a verdict without caveats: a list without a date is from the time of the events.
pub(super) fn assumption(case: &Case<'_>, proof: &Proof) -> Option<Fact> {
    let dates = &case.parties.context.dates;
    let undated =
        |source: &Source| dates.collection_time(source).is_some_and(|collected| !collected.is_stated);
    case.coverage?.copy_date()?;
    let facts = sourced_facts(case, &proof.basis);
    let file = facts
        .iter()
        .find(|sources| !sources.is_empty() && sources.iter().all(undated))
        .and_then(|sources| sources.first())?;
    Some(Fact::Assumed { file: (*file.file).into() })
}

/// For each fact that the verdict rests on, where inventories have it.
fn sourced_facts(case: &Case<'_>, basis: &Basis) -> Vec<Vec<Source>> {
    let mut facts = basis.facts.clone();
    if basis.owners {
        let owners = case.ownership.owners.iter();
        facts.extend(owners.filter_map(|owner| Some(vec![owner.source.clone()?])));
    }
    facts
}

/// A fact is in doubt if every list that has it is.
fn outdated_fact(case: &Case<'_>, basis: &Basis) -> Option<Caveat> {
    let facts = sourced_facts(case, basis);
    let find = |caveat_of: &dyn Fn(&Source) -> Option<Caveat>| {
        facts.iter().find_map(|sources| {
            let caveats: Option<Vec<Caveat>> = sources.iter().map(caveat_of).collect();
            caveats?.into_iter().next()
        })
    };
    find(&|source| outdated(case, source))
        .or_else(|| basis.changes_by_itself.then(|| find(&|source| undated(case, source))).flatten())
}

/// Was this source valid when the events happened, as far as its date shows?
pub(super) fn is_current(case: &Case<'_>, source: &Source) -> bool {
    outdated(case, source).is_none()
}

/// Why what this source shows may not have been so when the events happened.
fn outdated(case: &Case<'_>, source: &Source) -> Option<Caveat> {
    let dates = &case.parties.context.dates;
    let (seen, file) = (&case.parties.incident.occurrences, || (*source.file).into());
    let collected = dates.collection_time(source)?;
    if dates.clocks_contradict(seen.last, MAX_CLOCK_SKEW) {
        return None;
    }
    if let Some(at) = collected.at.filter(|at| *at < earlier(seen.first, MAX_CLOCK_SKEW)) {
        return Some(Caveat::CollectedBefore { file: file(), at, collected: collected.is_stated });
    }
    let (coverage, end) = (case.coverage?, later(seen.last, grace(case)));
    if collected.at.is_some_and(|at| at <= end) {
        return None;
    }
    let client = || case.parties.incident.client.clone();
    let at = collected.at.filter(|_| collected.is_stated || coverage.has_export_date());
    if coverage.to > end {
        return Some(Caveat::WentOn { client: client(), last: seen.last, to: coverage.to, file: file(), at });
    }
    Some(Caveat::NotShownToGoOn { client: client(), to: coverage.to, file: file(), at: at? })
}

/// Nothing shows when this was collected, for the files were copied without their dates.
fn undated(case: &Case<'_>, source: &Source) -> Option<Caveat> {
    let coverage = case.coverage?;
    let copied = coverage.copy_date()?;
    let end = later(case.parties.incident.occurrences.last, grace(case));
    let collected = case.parties.context.dates.collection_time(source)?;
    (!collected.is_stated && collected.at.is_none_or(|at| at > end)).then(|| Caveat::UndatedFile {
        client: case.parties.incident.client.clone(),
        to: coverage.to,
        file: (*source.file).into(),
        copied,
    })
}

/// A crafted log has events at the end of all time, after which nothing can be.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// How long the trouble may be silent and still go on: one of every Sunday is not over on Wednesday.
fn grace(case: &Case<'_>) -> SignedDuration {
    let activity = &case.parties.incident.occurrences.activity;
    let longest = activity.iter().zip(activity.iter().skip(1)).map(|(a, b)| b.duration_since(a)).max();
    longest.map_or(MIN_GRACE, |longest| (longest + longest / 2).clamp(MIN_GRACE, MAX_GRACE))
}

/// A list of computers changes every day, for each sets its password every 30 days: of a hundred one does every seven hours.
/// One whose newest date is much older than the events shows a registration that may have ended since.
fn outdated_list(case: &Case<'_>) -> Option<Caveat> {
    let sources = case.ownership.owners.iter().filter_map(|owner| owner.source.as_ref());
    for file in sources.filter(|source| source.collected.is_none()).map(|source| &source.file) {
        let Some((newest, computers)) = case.parties.context.accounts.newest_date(file) else { continue };
        // Ten times the mean distance is exceeded by chance once in 20,000 lists (e^-10).
        let mean = PASSWORD_AGE / i32::try_from(computers).unwrap_or(i32::MAX).max(1);
        let quiet = (mean * 10).clamp(SignedDuration::from_hours(24), MAX_LIST_AGE);
        if case.parties.incident.occurrences.first.duration_since(newest) > quiet {
            return Some(Caveat::OldList { file: (**file).into(), newest });
        }
    }
    None
}

/// Somebody changed an owner after the last event: the SPN may have come then. A computer registers its own `HOST/` when it
/// joins, and every new password changes its account, so for these a change shows nothing.
fn changed_since(case: &Case<'_>) -> Option<Caveat> {
    let last = case.parties.incident.occurrences.last;
    let own_host = |owner: &Account| {
        let class = case.parties.class();
        let of_host = case.ownership.via_host || class == "host" || class == "restrictedkrbhost";
        let name = HostName::parse(owner.name.trim_end_matches('$'));
        let target = case.parties.target_host.as_ref();
        of_host
            && owner.is_computer()
            && name.zip(target).is_some_and(|(name, target)| name.same_label(target))
    };
    case.ownership.owners.iter().filter(|owner| !own_host(owner)).find_map(|owner| {
        let at = owner.when_changed.filter(|changed| *changed > later(last, MAX_CLOCK_SKEW))?;
        Some(Caveat::ChangedSince { account: (*owner.name).into(), at })
    })
}

/// The management card was installed after the last event, by the host's own log.
fn installed_since(case: &Case<'_>) -> Option<Caveat> {
    let seen = &case.parties.incident.occurrences;
    let installed = case.signals.iter().filter(|near| near.kind() == SignalKind::UsbNicInstalled);
    installed
        .map(|near| near.recorded)
        .find(|recorded| recorded.occurrences.first > later(seen.last, MAX_CLOCK_SKEW))
        .map(|recorded| Caveat::InstalledSince {
            host: recorded.signal.computer.clone(),
            at: recorded.occurrences.first,
        })
}
