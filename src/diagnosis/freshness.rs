//! Freshness: is the evidence of a verdict from the time of the events?
//!
//! An inventory only proves the state at the time when it was collected. One that is older than the first event, or newer than
//! the end of the problem, becomes a caveat, and the verdict is at most `likely`.

use jiff::{SignedDuration, Timestamp};

use super::account_kind::is_named_after;
use super::case::Case;
use super::evidence::{Caveat, Fact};
use super::proof::{Basis, Proof};
use super::verdict::{Cause, Kind};
use crate::events::SignalKind;
use crate::inventory::Source;
use crate::inventory::accounts::Account;

/// Maximum difference between the clocks of one domain. Kerberos typically allows five minutes (RFC 4120 1.6).
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Age at which a computer sets a new password by default ("Maximum machine account password age").
const PASSWORD_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Longest time between the newest date in an account list and the events, however few computers the list has.
const MAX_LIST_AGE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Shortest time without events after which a problem counts as over: a daily event may be late by half a day.
const MIN_GRACE: SignedDuration = SignedDuration::from_hours(36);

/// Longest time without events before a problem counts as over: a monthly job may be late by half a month.
const MAX_GRACE: SignedDuration = SignedDuration::from_hours(45 * 24);

/// Lists why the evidence may be from another time than the events. With any such caveat the verdict is at most `likely`.
pub(super) fn caveats(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<Caveat> {
    let mut out = Vec::new();
    out.extend(fact_caveat(case, &proof.basis));
    if proof.basis.owners {
        out.extend(list_caveat(case));
        out.extend(change_caveat(case));
    }
    if cause == Cause::LoopbackSharedIp && kind == Kind::BmcUsbNic {
        out.extend(install_caveat(case));
    }
    out
}

/// The assumption that an inventory without a date is from the time of the events; `None` if the proof has no such inventory.
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

/// The sources of each fact on which the verdict is based.
fn sourced_facts(case: &Case<'_>, basis: &Basis) -> Vec<Vec<Source>> {
    let mut facts = basis.facts.clone();
    if basis.owners {
        let owners = case.ownership.owners.iter();
        facts.extend(owners.filter_map(|owner| Some(vec![owner.source.clone()?])));
    }
    facts
}

/// A caveat for the first fact whose sources are all from another time.
fn fact_caveat(case: &Case<'_>, basis: &Basis) -> Option<Caveat> {
    let facts = sourced_facts(case, basis);
    let find = |caveat_of: &dyn Fn(&Source) -> Option<Caveat>| {
        facts.iter().find_map(|sources| {
            let caveats: Option<Vec<Caveat>> = sources.iter().map(caveat_of).collect();
            caveats?.into_iter().next()
        })
    };
    find(&|source| outdated_caveat(case, source))
        .or_else(|| basis.changes_by_itself.then(|| find(&|source| undated_caveat(case, source))).flatten())
}

/// Is the source from the time of the events, as far as its date shows?
pub(super) fn is_current(case: &Case<'_>, source: &Source) -> bool {
    outdated_caveat(case, source).is_none()
}

/// A caveat if the source is older than the first event or newer than the end of the problem.
fn outdated_caveat(case: &Case<'_>, source: &Source) -> Option<Caveat> {
    let dates = &case.parties.context.dates;
    let (seen, file) = (&case.parties.incident.occurrences, || (*source.file).into());
    let collected = dates.collection_time(source)?;
    if dates.clocks_contradict(seen.last, MAX_CLOCK_SKEW) {
        return None;
    }
    if let Some(at) = collected.at.filter(|at| *at < saturating_sub(seen.first, MAX_CLOCK_SKEW)) {
        return Some(Caveat::CollectedBefore { file: file(), at, collected: collected.is_stated });
    }
    let (coverage, end) = (case.coverage?, saturating_add(seen.last, grace_period(case)));
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

/// A caveat if nothing shows when the source was collected, because the files were copied without their dates.
fn undated_caveat(case: &Case<'_>, source: &Source) -> Option<Caveat> {
    let coverage = case.coverage?;
    let copied = coverage.copy_date()?;
    let end = saturating_add(case.parties.incident.occurrences.last, grace_period(case));
    let collected = case.parties.context.dates.collection_time(source)?;
    (!collected.is_stated && collected.at.is_none_or(|at| at > end)).then(|| Caveat::UndatedFile {
        client: case.parties.incident.client.clone(),
        to: coverage.to,
        file: (*source.file).into(),
        copied,
    })
}

/// Adds to a time, up to the last possible one, which a crafted event may have.
fn saturating_add(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn saturating_sub(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The time without events after which the problem counts as over: one and a half times the longest pause so far. A problem of
/// every Sunday is not over on Wednesday.
fn grace_period(case: &Case<'_>) -> SignedDuration {
    let activity = &case.parties.incident.occurrences.activity;
    let longest = activity.iter().zip(activity.iter().skip(1)).map(|(a, b)| b.duration_since(a)).max();
    longest.map_or(MIN_GRACE, |longest| (longest + longest / 2).clamp(MIN_GRACE, MAX_GRACE))
}

/// A caveat for an account list without a collection time whose newest date is much older than the events.
///
/// Each computer sets its password every 30 days, so of a hundred one does every seven hours. An older list may have a
/// registration that was removed since.
fn list_caveat(case: &Case<'_>) -> Option<Caveat> {
    let sources = case.ownership.owners.iter().filter_map(|owner| owner.source.as_ref());
    for file in sources.filter(|source| source.collected.is_none()).map(|source| &source.file) {
        let Some((newest, computers)) = case.parties.context.accounts.newest_date(file) else { continue };
        // By chance, one list in 20,000 (e^-10) has a gap of ten times the mean.
        let mean = PASSWORD_AGE / i32::try_from(computers).unwrap_or(i32::MAX).max(1);
        let quiet = (mean * 10).clamp(SignedDuration::from_hours(24), MAX_LIST_AGE);
        if case.parties.incident.occurrences.first.duration_since(newest) > quiet {
            return Some(Caveat::OldList { file: (**file).into(), newest });
        }
    }
    None
}

/// A caveat for an owner that was changed after the last event, because the SPN may have been added then.
///
/// A computer registers its own `HOST/` when it joins the domain, and every new password changes its account. So a change of
/// such an owner shows nothing.
fn change_caveat(case: &Case<'_>) -> Option<Caveat> {
    let last = case.parties.incident.occurrences.last;
    let own_host = |owner: &Account| {
        let class = case.parties.class();
        let of_host = case.ownership.via_host || class == "host" || class == "restrictedkrbhost";
        let target = case.parties.target_host.as_ref();
        of_host && owner.is_computer() && target.is_some_and(|target| is_named_after(owner, target))
    };
    case.ownership.owners.iter().filter(|owner| !own_host(owner)).find_map(|owner| {
        let at = owner.when_changed.filter(|changed| *changed > saturating_add(last, MAX_CLOCK_SKEW))?;
        Some(Caveat::ChangedSince { account: (*owner.name).into(), at })
    })
}

/// A caveat if the host's own log shows that the management card was installed after the last event.
fn install_caveat(case: &Case<'_>) -> Option<Caveat> {
    let seen = &case.parties.incident.occurrences;
    let installed = case.signals.iter().filter(|near| near.kind() == SignalKind::UsbNicInstalled);
    installed
        .map(|near| near.recorded)
        .find(|recorded| recorded.occurrences.first > saturating_add(seen.last, MAX_CLOCK_SKEW))
        .map(|recorded| Caveat::InstalledSince {
            host: recorded.signal.computer.clone(),
            at: recorded.occurrences.first,
        })
}
