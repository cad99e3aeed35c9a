//! Whether what proves a verdict is of the time of the events. An inventory proves what was so when it was made: one made
//! before the first event, or a registration changed after the last one, may show what was not so at the event. Such doubts
//! are shown, and keep a verdict from being `confirmed`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::proofs::Proof;
use super::{Cause, Kind};
use crate::events::ClueKind;
use crate::inventory::accounts::Account;

/// Clocks of one domain differ by no more (Kerberos' own limit, RFC 4120 1.6).
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A computer sets its password every 30 days ("Maximum machine account password age").
const PASSWORD_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A list whose newest date is this much older than the events is of no use as a witness, however few computers it has.
const OLD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// When each inventory was written, as its file says. It was made then or before: a copy may be younger than what it holds,
/// never older.
#[derive(Debug, Clone, Default)]
pub struct FileDates {
    written: HashMap<Arc<str>, Timestamp>,
    now: Option<Timestamp>,
}

impl FileDates {
    /// `now` is the time of the run: where events lie after it, the clocks contradict each other and no date counts.
    pub fn new(written: impl IntoIterator<Item = (Arc<str>, Timestamp)>, now: Timestamp) -> Self {
        Self { written: written.into_iter().collect(), now: Some(now) }
    }

    /// The dates of the files at these paths; a path that is no file of its own (a member of an archive) has none.
    pub fn of_files<'p>(paths: impl IntoIterator<Item = &'p Arc<str>>) -> Self {
        let written = |path: &Arc<str>| {
            let time = Path::new(&**path).metadata().and_then(|m| m.modified()).ok()?;
            Some((Arc::clone(path), Timestamp::try_from(time).ok()?))
        };
        Self::new(paths.into_iter().filter_map(written), Timestamp::now())
    }

    /// When the file was written, if that is before the first event.
    fn before(&self, file: &str, case: &Case<'_>) -> Option<Timestamp> {
        let seen = &case.incident.seen;
        let written = *self.written.get(file)?;
        let clocks_agree = self.now.is_some_and(|now| seen.last <= now + SKEW);
        (clocks_agree && written < seen.first - SKEW).then_some(written)
    }
}

/// Sentences, each with its source.
pub(super) fn doubts(case: &Case<'_>, cause: Cause, kind: Kind, proof: &Proof) -> Vec<String> {
    let mut out = Vec::new();
    written_before(case, proof, &mut out);
    if proof.rests_on_owners {
        old_list(case, &mut out);
        changed_since(case, &mut out);
    }
    if cause == Cause::LoopbackSharedIp && kind == Kind::BmcUsbNic {
        installed_since(case, &mut out);
    }
    out
}

fn written_before(case: &Case<'_>, proof: &Proof, out: &mut Vec<String>) {
    let dates = &case.know.dates;
    let mut files = proof.rests_on.clone();
    if proof.rests_on_owners {
        let of = |account: &&Account| Some(vec![Arc::clone(&account.source.as_ref()?.file)]);
        files.extend(case.ownership.owners.iter().filter_map(of));
    }
    let old = |says: &Vec<Arc<str>>| {
        let times: Option<Vec<_>> = says.iter().map(|file| dates.before(file, case)).collect();
        Some((says.first()?.clone(), *times?.first()?))
    };
    if let Some((file, written)) = files.iter().find_map(old) {
        out.push(format!(
            "{file} was written {written}, before the first of these events: what it shows may have changed since"
        ));
    }
}

/// A list of computers changes every day, for each sets its password every 30 days: of a hundred one does every seven hours.
/// One whose newest date is much older than the events shows a registration that may have ended since.
fn old_list(case: &Case<'_>, out: &mut Vec<String>) {
    let sources = case.ownership.owners.iter().filter_map(|owner| owner.source.as_ref());
    for file in sources.map(|s| &s.file) {
        let Some((newest, computers)) = case.know.accounts.newest_date(file) else { continue };
        // Ten times the mean distance is exceeded by chance once in 20,000 lists (e^-10).
        let mean = PASSWORD_AGE / i32::try_from(computers).unwrap_or(i32::MAX).max(1);
        let quiet = (mean * 10).clamp(SignedDuration::from_hours(24), OLD);
        if case.incident.seen.first.duration_since(newest) > quiet {
            out.push(format!(
                "the newest change that {file} knows of is of {newest}: it may be older than the events"
            ));
            return;
        }
    }
}

/// Somebody changed an owner after the last event: the SPN may have come then.
fn changed_since(case: &Case<'_>, out: &mut Vec<String>) {
    let last = case.incident.seen.last;
    for owner in &case.ownership.owners {
        if let Some(changed) = owner.when_changed.filter(|changed| *changed > last + SKEW) {
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
    let seen = &case.incident.seen;
    for near in case.clues().filter(|c| c.seen.clue.kind == ClueKind::UsbNicInstalled) {
        if near.seen.seen.first > seen.last + SKEW {
            out.push(format!(
                "{} installed a USB network adapter at {}, after the last of these events: it may not have had it before",
                near.seen.clue.computer, near.seen.seen.first
            ));
            return;
        }
    }
}
