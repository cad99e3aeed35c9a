//! Whether what proves a verdict is of the time of the events. An inventory proves what was so when it was made: one made
//! before the first event, or when the trouble was over, or a registration changed after the last event, may show what was not
//! so at the event. Such doubts are shown, and keep a verdict from being `confirmed`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::proofs::Proof;
use super::{Cause, Kind};
use crate::events::SignalKind;
use crate::files::FileIndex;
use crate::inventory::Source;

/// Clocks of one domain differ by no more (Kerberos' own limit, RFC 4120 1.6).
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A computer sets its password every 30 days ("Maximum machine account password age").
const PASSWORD_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A list whose newest date is this much older than the events is of no use as a witness, however few computers it has.
const OLD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How long after its last event a trouble counts as going on: what happens every day is over when it has not come for a day
/// and a half.
const GOES_ON: SignedDuration = SignedDuration::from_hours(36);

/// When inventories and logs were written, as their files say. What does not tell when it was collected was then or before: a copy
/// may be younger than what it holds, never older.
#[derive(Debug, Clone, Default)]
pub struct FileDates {
    written: HashMap<Arc<str>, Option<Timestamp>>,
    logs: HashMap<FileIndex, LogDates>,
    now: Option<Timestamp>,
}

/// How far a log goes, and when its file was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogDates {
    /// Time of its last record.
    pub ends: Option<Timestamp>,
    pub written: Option<Timestamp>,
}

/// Until when it is known what a client logged.
#[derive(Debug, Clone, Copy)]
pub struct LogCoverage {
    to: Timestamp,
    /// When the file of that log was written, where it says so.
    written: Option<Timestamp>,
}

impl LogCoverage {
    /// The log's file has the date of its export: then the inventories beside it have theirs, most likely.
    fn dates_were_kept(self) -> bool {
        self.written.is_some_and(|written| written.duration_since(self.to).abs() <= GOES_ON)
    }

    /// The log's file was copied without its date.
    fn dates_were_lost(self) -> Option<Timestamp> {
        self.written.filter(|written| written.duration_since(self.to) > GOES_ON)
    }
}

impl FileDates {
    /// The inventories, and when their files were written. `now` is the time of the run: where events lie after it, the clocks
    /// contradict each other and no date counts.
    pub fn new(written: impl IntoIterator<Item = (Arc<str>, Option<Timestamp>)>, now: Timestamp) -> Self {
        Self { written: written.into_iter().collect(), logs: HashMap::new(), now: Some(now) }
    }

    /// And how far the logs go.
    #[must_use]
    pub fn with_logs(mut self, logs: impl IntoIterator<Item = (FileIndex, LogDates)>) -> Self {
        self.logs.extend(logs);
        self
    }

    /// How far the logs in these files go.
    pub(super) fn coverage(&self, files: &BTreeSet<FileIndex>) -> Option<LogCoverage> {
        let of = |file: &FileIndex| {
            let log = self.logs.get(file)?;
            Some(LogCoverage { to: log.ends?, written: log.written })
        };
        files.iter().filter_map(of).max_by_key(|coverage| coverage.to)
    }

    /// Why what stands here may not have been so when the events happened.
    fn doubt(&self, source: &Source, case: &Case<'_>) -> Option<String> {
        let (seen, file) = (&case.incident.occurrences, &source.file);
        let made = self.made(source)?;
        if self.now.is_none_or(|now| seen.last > later(now, SKEW)) {
            return None;
        }
        if let Some(at) = made.at.filter(|at| *at < earlier(seen.first, SKEW)) {
            let was = if made.told { "collected" } else { "written" };
            return Some(format!(
                "{file} was {was} {at}, before the first of these events: what it shows may have changed since"
            ));
        }
        let (coverage, over) = (case.coverage?, later(seen.last, goes_on(case)));
        if made.at.is_some_and(|at| at <= over) {
            return None;
        }
        let sure = made.told || coverage.dates_were_kept();
        let of = match made.at.filter(|_| sure) {
            Some(at) => format!("is of {at}"),
            None => "is not known to be older".to_owned(),
        };
        if coverage.to > over {
            return Some(format!(
                "the last of these events is of {}, and the log of {} goes on to {} without one, while {file} {of}: somebody may \
                 have changed in between what it shows",
                seen.last, case.incident.client, coverage.to
            ));
        }
        (made.at.is_some() && sure).then(|| {
            format!(
                "{file} {of}, and the log of {} ends {}: nothing shows that the trouble still went on when it was made",
                case.incident.client, coverage.to
            )
        })
    }

    /// Nothing says when this was collected, for the files were copied without their dates.
    fn undated(&self, source: &Source, case: &Case<'_>) -> Option<String> {
        let (coverage, file) = (case.coverage?, &source.file);
        let lost = coverage.dates_were_lost()?;
        let over = later(case.incident.occurrences.last, goes_on(case));
        let made = self.made(source)?;
        (!made.told && made.at.is_none_or(|at| at > over)).then(|| {
            format!(
                "when {file} was made is not known (the log of {} ends {}, and its file says {lost}, so the files lost their \
                 dates), and names and addresses change by themselves",
                case.incident.client, coverage.to
            )
        })
    }

    /// `None` for what a log tells of, which has its own time.
    fn made(&self, source: &Source) -> Option<Made> {
        let written = *self.written.get(&source.file)?;
        Some(Made { at: source.collected.or(written), told: source.collected.is_some() })
    }
}

/// When what an inventory shows was so.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Option<Timestamp>,
    /// The inventory says so itself, and not only its file's date.
    told: bool,
}

/// A crafted log has events at the end of all time, behind which nothing can be.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The rarest job that anybody waits for runs every month.
const RAREST: SignedDuration = SignedDuration::from_hours(45 * 24);

/// How long it may be silent and still go on: a trouble of every Sunday is not over on Wednesday.
fn goes_on(case: &Case<'_>) -> SignedDuration {
    let activity = &case.incident.occurrences.activity;
    let longest = activity.iter().zip(activity.iter().skip(1)).map(|(a, b)| b.duration_since(a)).max();
    longest.map_or(GOES_ON, |longest| (longest + longest / 2).clamp(GOES_ON, RAREST))
}

/// Sentences, each with its source.
pub(super) fn doubts(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<String> {
    let mut out = Vec::new();
    of_another_time(case, proof, &mut out);
    if proof.rests_on_owners {
        old_list(case, &mut out);
        changed_since(case, &mut out);
    }
    if cause == Cause::LoopbackSharedIp && kind == Kind::BmcUsbNic {
        installed_since(case, &mut out);
    }
    out
}

/// What a verdict without doubts takes on trust: that a list of unknown age is of the time of the events.
pub(super) fn premise(case: &Case<'_>, proof: &Proof) -> Option<String> {
    let dates = &case.know.dates;
    let unknown = |source: &Source| dates.made(source).is_some_and(|made| !made.told);
    case.coverage?.dates_were_lost()?;
    let facts = facts(case, proof);
    let file =
        &facts.iter().find(|sources| !sources.is_empty() && sources.iter().all(unknown))?.first()?.file;
    Some(format!(
        "nothing says when {file} was collected: that it is of the time of the events is taken on trust (a column collected \
         in it tells)"
    ))
}

/// The facts that inventories prove it with: for each, where it stands.
fn facts(case: &Case<'_>, proof: &Proof) -> Vec<Vec<Source>> {
    let mut facts = proof.rests_on.clone();
    if proof.rests_on_owners {
        facts.extend(case.ownership.owners.iter().filter_map(|owner| Some(vec![owner.source.clone()?])));
    }
    facts
}

fn of_another_time(case: &Case<'_>, proof: &Proof, out: &mut Vec<String>) {
    let dates = &case.know.dates;
    let facts = facts(case, proof);
    // A fact is in doubt if every list that shows it is.
    let doubt = |doubt_of: &dyn Fn(&Source) -> Option<String>| {
        facts.iter().find_map(|sources| {
            let doubts: Option<Vec<String>> = sources.iter().map(doubt_of).collect();
            doubts?.into_iter().next()
        })
    };
    let found = doubt(&|source| dates.doubt(source, case));
    out.extend(
        found.or_else(|| {
            proof.changes_by_itself.then(|| doubt(&|source| dates.undated(source, case))).flatten()
        }),
    );
}

/// A list of computers changes every day, for each sets its password every 30 days: of a hundred one does every seven hours.
/// One whose newest date is much older than the events shows a registration that may have ended since.
fn old_list(case: &Case<'_>, out: &mut Vec<String>) {
    let sources = case.ownership.owners.iter().filter_map(|owner| owner.source.as_ref());
    for file in sources.filter(|source| source.collected.is_none()).map(|source| &source.file) {
        let Some((newest, computers)) = case.know.accounts.newest_date(file) else { continue };
        // Ten times the mean distance is exceeded by chance once in 20,000 lists (e^-10).
        let mean = PASSWORD_AGE / i32::try_from(computers).unwrap_or(i32::MAX).max(1);
        let quiet = (mean * 10).clamp(SignedDuration::from_hours(24), OLD);
        if case.incident.occurrences.first.duration_since(newest) > quiet {
            out.push(format!(
                "the newest change that {file} knows of is of {newest}: it may be older than the events"
            ));
            return;
        }
    }
}

/// Somebody changed an owner after the last event: the SPN may have come then.
fn changed_since(case: &Case<'_>, out: &mut Vec<String>) {
    let last = case.incident.occurrences.last;
    for owner in &case.ownership.owners {
        if let Some(changed) = owner.when_changed.filter(|changed| *changed > later(last, SKEW)) {
            out.push(format!(
                "{} was changed {changed}, after the last of these events (whenChanged): the SPN may have been \
                 registered there since",
                owner.name
            ));
            return;
        }
    }
}

/// The management card was installed after the last event, by the host's own log.
fn installed_since(case: &Case<'_>, out: &mut Vec<String>) {
    let seen = &case.incident.occurrences;
    for near in case.signals().filter(|c| c.recorded.signal.kind == SignalKind::UsbNicInstalled) {
        if near.recorded.occurrences.first > later(seen.last, SKEW) {
            out.push(format!(
                "{} installed a USB network adapter at {}, after the last of these events: it may not have had it before",
                near.recorded.signal.computer, near.recorded.occurrences.first
            ));
            return;
        }
    }
}
