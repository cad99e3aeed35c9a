//! Compares how far each log was read in two runs, to notice a log that was cleared, or overwritten before a run read it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::FileIndex;
use crate::incidents::{LogName, LogRange, LogRanges};

/// The last position that was read in a log. It shows lost records, and until when the log of a client is known.
/// [`crate::events::ReportedEvents`] decides which events are new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Computer in lower case.
    pub computer: String,
    pub channel: String,
    /// ID of the last record. In event XML and forwarded events, where that is not known, the last record that triage wants.
    pub record_id: u64,
    /// `TimeCreated` of the latest record that triage wants.
    pub time: Timestamp,
    /// When the last record of the log's file was written, wanted or not. The log is known until then. `None` in a state
    /// from before this field existed.
    #[serde(default)]
    pub read_to: Option<Timestamp>,
}

/// First and last record of a log file, also where triage does not want them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileEnds {
    /// The whole file could be read. If not, the absence of a record proves nothing.
    pub whole: bool,
    /// First and last record ID in the record headers; `None` if the file has no such headers.
    pub ids: Option<(u64, u64)>,
    /// When the last record was written.
    pub last_written: Option<Timestamp>,
}

/// Result of [`compare_logs`].
#[derive(Debug, Default)]
pub struct LogProgress {
    /// All logs of this run and of those before it, sorted by name.
    pub logs: Vec<LogState>,
    /// A sentence for each log that was cleared or overwritten, or that has a record from the future.
    pub notes: Vec<String>,
    /// The time until which the log of a computer is known, for each computer (in lower case) whose log was read further
    /// than before.
    pub advanced_to: HashMap<String, Timestamp>,
}

/// Times that show until when the logs in one file are known.
struct FileTimes {
    /// When the last record was written, by the clock of the computer that holds the log.
    last_written: Option<Timestamp>,
    /// Time of the newest record of each computer, the latest first.
    newest: Vec<(Box<str>, Timestamp)>,
}

impl FileTimes {
    /// Collects the times of each file that was read whole. A record that was written after `latest` does not count.
    fn by_file(
        logs: &[(LogName, Vec<(FileIndex, LogRange)>)],
        latest: Timestamp,
        ends: &dyn Fn(FileIndex) -> FileEnds,
    ) -> HashMap<FileIndex, Self> {
        let mut files: HashMap<FileIndex, Self> = HashMap::new();
        for (name, (file, log_range)) in
            logs.iter().flat_map(|(name, files)| files.iter().map(move |f| (name, f)))
        {
            let ends = ends(*file);
            if !ends.whole {
                continue;
            }
            let last_written = ends.last_written.filter(|time| *time <= latest);
            let times = files.entry(*file).or_insert_with(|| Self { last_written, newest: Vec::new() });
            // `logs` is sorted, so all logs of a computer are neighbours.
            match times.newest.last_mut().filter(|(computer, _)| *computer == name.computer) {
                Some((_, time)) => *time = log_range.newest.time.max(*time),
                None => times.newest.push((name.computer.clone(), log_range.newest.time)),
            }
        }
        for times in files.values_mut() {
            times.newest.sort_by_key(|(_, time)| Reverse(*time));
        }
        files
    }

    /// Returns the time until which the log of `computer` is known, at least that of its `own` newest record. A collector's
    /// file has the records of many computers, so later records of two others show that the log was read further. One other
    /// computer is not enough, because its clock may be wrong.
    fn known_until(&self, computer: &str, own: Timestamp) -> Timestamp {
        let mut others = self.newest.iter().filter(|(other, _)| **other != *computer);
        let second = others.nth(1).map(|(_, time)| *time);
        own.max(self.last_written.unwrap_or(own)).max(second.unwrap_or(own))
    }
}

/// Compares the logs of a run with those of the runs before it. `ends` returns the first and last record of a file.
pub fn compare_logs(
    before: &[LogState],
    log_ranges: LogRanges,
    ends: &dyn Fn(FileIndex) -> FileEnds,
) -> LogProgress {
    let latest = log_ranges.latest();
    // A state may hold a time that is too late, which no later run would replace.
    let is_credible = |log: &&LogState| log.time.max(log.read_to.unwrap_or(log.time)) <= latest;
    let before = before.iter().filter(is_credible);
    let mut all: BTreeMap<(String, String), LogState> =
        before.map(|log| ((log.computer.clone(), log.channel.clone()), log.clone())).collect();
    let mut logs_in: HashMap<FileIndex, usize> = HashMap::new();
    let mut notes = Vec::new();
    for (name, file, position) in log_ranges.future() {
        *logs_in.entry(file).or_default() += 1;
        notes.push(format!(
            "{}, {}: record {} has the time {}, which is in the future. Its clock was wrong; the time does not count for how \
             far the log was read",
            name.computer, name.channel, position.record_id, position.time
        ));
    }
    let logs = log_ranges.by_log();
    for (file, _) in logs.iter().flat_map(|(_, files)| files) {
        *logs_in.entry(*file).or_default() += 1;
    }
    let file_times = FileTimes::by_file(&logs, latest, ends);
    let mut advanced_to: HashMap<String, Timestamp> = HashMap::new();
    for (name, files) in &logs {
        let known_until = |(file, log_range): &(FileIndex, LogRange)| {
            Some(file_times.get(file)?.known_until(&name.computer, log_range.newest.time))
        };
        let read_to = files.iter().filter_map(known_until).max();
        let files: Vec<LogPart<'_>> = files
            .iter()
            .filter(|(_, log_range)| log_range.highest_id > 0)
            .map(|(file, log_range)| LogPart {
                log_range,
                // The headers of a file with several logs do not count for one of them. A filtered export numbers its
                // records anew.
                ids: ends(*file).ids.filter(|(first, last)| {
                    logs_in.get(file) == Some(&1)
                        && *first <= log_range.lowest_id
                        && log_range.highest_id <= *last
                }),
            })
            .collect();
        let Some(newest) =
            files.iter().max_by_key(|p| (p.log_range.newest.time, p.log_range.newest.record_id))
        else {
            continue;
        };
        let key = (name.computer.to_string(), name.channel.to_string());
        let now = LogState {
            computer: key.0.clone(),
            channel: key.1.clone(),
            record_id: newest.ids.map_or(newest.log_range.newest.record_id, |(_, last)| last),
            time: newest.log_range.newest.time,
            read_to,
        };
        let Some(old) = all.get_mut(&key) else {
            all.insert(key, now);
            continue;
        };
        notes.extend(cleared_note(old, name, &files).or_else(|| overwritten_note(old, name, &files)));
        if let Some(to) =
            read_to.filter(|to| now.record_id > old.record_id || *to > old.read_to.unwrap_or(old.time))
        {
            advanced_to.entry(key.0).and_modify(|t| *t = to.max(*t)).or_insert(to);
        }
        // An older export may be an additional input. Then the records of the earlier runs still count.
        if (now.time, now.record_id) > (old.time, old.record_id) {
            *old = now;
        } else {
            old.read_to = old.read_to.max(read_to);
        }
    }
    LogProgress { logs: all.into_values().collect(), notes, advanced_to }
}

/// The part of a log that one file has.
struct LogPart<'a> {
    log_range: &'a LogRange,
    /// First and last record ID in the record headers, if they are those of this log.
    ids: Option<(u64, u64)>,
}

/// Reports a log that was cleared: a later record has a lower ID. Record IDs rise, also when a log wraps. No record that was
/// read is later than `old.time`, so a clock that was set back does not look like a cleared log.
fn cleared_note(old: &LogState, name: &LogName, files: &[LogPart<'_>]) -> Option<String> {
    let later = files
        .iter()
        .flat_map(|part| [part.log_range.oldest, part.log_range.newest])
        .find(|record| record.time > old.time && record.record_id <= old.record_id && record.record_id > 0)?;
    Some(format!(
        "{}, {}: the log was cleared: record {} of {} is later than record {} of {}; what it held after that time is lost \
         unless another export has it",
        name.computer, name.channel, later.record_id, later.time, old.record_id, old.time
    ))
}

/// Reports records that were overwritten: the oldest record of all files does not follow the last one that was read.
fn overwritten_note(old: &LogState, name: &LogName, files: &[LogPart<'_>]) -> Option<String> {
    let ids = || files.iter().filter_map(|part| part.ids);
    let next = old.record_id.checked_add(1)?;
    if ids().any(|(first, last)| first <= next && last >= old.record_id) {
        return None;
    }
    let first = ids().map(|(first, _)| first).filter(|first| *first > next).min()?;
    Some(format!(
        "{}, {}: records {next} to {} were overwritten before a run read them; export more often, or let the log be larger \
         (wevtutil sl System /ms:BYTES)",
        name.computer,
        name.channel,
        first - 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Record;

    fn record(computer: &str, record_id: u64, second: i64) -> Record {
        Record { record_id, time: Timestamp::from_second(second).unwrap(), ..Record::event_4(computer) }
    }

    /// Records as (file, record ID, second), and the identifiers of each file.
    fn run(
        before: &[LogState],
        records: &[(FileIndex, u64, i64)],
        ids: &[(u64, u64)],
    ) -> (Vec<(u64, i64)>, Vec<String>, Vec<LogState>) {
        let mut reaches = LogRanges::default();
        for &(file, id, second) in records {
            reaches.add_record(&record("SRV1", id, second), file);
        }
        let ends = |file| FileEnds { whole: true, ids: ids.get(file as usize).copied(), last_written: None };
        let LogProgress { logs, notes, .. } = compare_logs(before, reaches, &ends);
        (logs.iter().map(|l| (l.record_id, l.time.as_second())).collect(), notes, logs)
    }

    #[test]
    fn a_growing_log_says_nothing() {
        let (at, notes, logs) = run(&[], &[(0, 10, 100), (0, 20, 200)], &[(1, 50)]);
        assert_eq!((at, notes.len()), (vec![(50, 200)], 0));
        let (at, notes, logs) = run(&logs, &[(0, 20, 200), (0, 60, 300)], &[(15, 90)]);
        assert_eq!((at, notes.len()), (vec![(90, 300)], 0));
        let (at, notes, _) = run(&logs, &[(0, 95, 400)], &[(91, 99)]);
        assert_eq!((at, notes.len()), (vec![(99, 400)], 0), "it follows without a gap");
    }

    #[test]
    fn an_overwritten_log_is_said() {
        let (_, _, logs) = run(&[], &[(0, 20, 200)], &[(1, 50)]);
        let (at, notes, _) = run(&logs, &[(0, 80, 300)], &[(71, 90)]);
        assert_eq!(at, [(90, 300)]);
        assert!(notes[0].contains("srv1, System: records 51 to 70 were overwritten"), "{notes:?}");
        // An archive of the same log closes the gap.
        let (_, notes, _) = run(&logs, &[(0, 80, 300), (1, 55, 250)], &[(71, 90), (40, 70)]);
        assert_eq!(notes.len(), 0);
    }

    #[test]
    fn a_cleared_log_is_said_and_followed_from_its_start() {
        let (_, _, logs) = run(&[], &[(0, 20, 200)], &[(1, 50)]);
        let (at, notes, logs) = run(&logs, &[(0, 3, 300), (0, 7, 310)], &[(1, 9)]);
        assert_eq!(at, [(9, 310)]);
        assert!(notes[0].contains("srv1, System: the log was cleared: record 3 of"), "{notes:?}");
        let (at, notes, _) = run(&logs, &[(0, 3, 300), (0, 7, 310), (0, 12, 400)], &[(1, 15)]);
        assert_eq!((at, notes.len()), (vec![(15, 400)], 0), "said once");
    }

    #[test]
    fn a_log_goes_on_with_records_that_nobody_wants_and_a_collectors_with_those_of_others() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let went_on = |before: &[LogState], records: &[(&str, u64, i64)], ends: FileEnds| {
            let mut reaches = LogRanges::default();
            records
                .iter()
                .for_each(|(computer, id, second)| reaches.add_record(&record(computer, *id, *second), 0));
            let progress = compare_logs(before, reaches, &|_| ends);
            (progress.advanced_to.get("a").copied(), progress.logs)
        };
        let ends =
            |last, second| FileEnds { whole: true, ids: Some((1, last)), last_written: Some(at(second)) };
        let (first, logs) = went_on(&[], &[("A", 7, 100)], ends(9, 150));
        assert_eq!((first, logs[0].read_to), (None, Some(at(150))), "nothing was read before");
        assert_eq!(went_on(&logs, &[("A", 7, 100)], ends(9, 150)).0, None, "the same export");
        assert_eq!(
            went_on(&logs, &[("A", 7, 100)], ends(12, 180)).0,
            Some(at(180)),
            "no wanted record is new"
        );
        assert_eq!(went_on(&logs, &[("B", 2, 500)], ends(12, 500)).0, None, "another computer's log");
        let one_of_many = |second| FileEnds { whole: true, ids: None, last_written: Some(at(second)) };
        let (_, logs) = went_on(&[], &[("A", 7, 100), ("B", 1, 90)], one_of_many(120));
        let (to, logs) = went_on(&logs, &[("A", 7, 100), ("B", 1, 90), ("B", 2, 300)], one_of_many(300));
        assert_eq!((to, logs[0].read_to), (Some(at(300)), Some(at(300))), "forwarded with others");
    }

    #[test]
    fn a_clock_set_back_is_no_clearing() {
        let (_, _, logs) = run(&[], &[(0, 20, 200), (0, 21, 150)], &[(1, 30)]);
        let (_, notes, _) = run(&logs, &[(0, 20, 200), (0, 21, 150), (0, 31, 160)], &[(1, 40)]);
        assert_eq!(notes.len(), 0);
    }

    #[test]
    fn numbers_of_a_filtered_export_tell_nothing() {
        let (_, _, logs) = run(&[], &[(0, 2000, 200)], &[(1, 3)]);
        let (at, notes, _) = run(&logs, &[(0, 5000, 300)], &[(1, 3)]);
        assert_eq!((at, notes.len()), (vec![(5000, 300)], 0));
    }

    #[test]
    fn an_older_export_does_not_lead_back() {
        let (_, _, logs) = run(&[], &[(0, 20, 200)], &[(1, 50)]);
        let (at, notes, _) = run(&logs, &[(0, 2, 50)], &[(1, 10)]);
        assert_eq!((at, notes.len()), (vec![(50, 200)], 0));
    }

    #[test]
    fn a_record_from_the_future_moves_nothing_is_noted_and_a_state_that_holds_one_heals() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let far = 4_000_000_000;
        let night = |before: &[LogState], records: &[(&str, u64, i64)]| {
            let mut ranges = LogRanges::new(at(10_000));
            records
                .iter()
                .for_each(|(computer, id, second)| ranges.add_record(&record(computer, *id, *second), 0));
            let newest = records.iter().map(|(_, _, second)| at(*second)).max();
            compare_logs(before, ranges, &|_| FileEnds { whole: true, ids: None, last_written: newest })
        };
        let first = night(&[], &[("A", 1, 100)]);
        let second = night(&first.logs, &[("A", 1, 100), ("B", 2, far)]);
        assert_eq!(second.advanced_to.get("a"), None);
        assert!(second.notes[0].contains("b, System: record 2 has the time 2096"), "{:?}", second.notes);
        assert_eq!(second.logs, first.logs);
        let mut damaged = first.logs.clone();
        damaged[0].read_to = Some(at(far));
        let healed = night(&damaged, &[("A", 1, 100)]);
        assert_eq!((healed.advanced_to.get("a"), healed.logs[0].read_to), (None, Some(at(100))));
        assert_eq!(night(&healed.logs, &[("A", 2, 300)]).advanced_to.get("a"), Some(&at(300)));
    }

    #[test]
    fn the_time_of_one_other_computer_alone_does_not_end_an_incident() {
        let night = |before: &[LogState], records: &[(&str, u64, i64)]| {
            let mut ranges = LogRanges::default();
            records
                .iter()
                .for_each(|(computer, id, second)| ranges.add_record(&record(computer, *id, *second), 0));
            // Event XML: no record has a header.
            compare_logs(before, ranges, &|_| FileEnds { whole: true, ids: None, last_written: None })
        };
        let first = night(&[], &[("A", 1, 100), ("B", 1, 90), ("C", 1, 80)]).logs;
        let one = night(&first, &[("A", 1, 100), ("B", 2, 900), ("C", 1, 80)]);
        assert_eq!(one.advanced_to.get("a"), None);
        let two = night(&first, &[("A", 1, 100), ("B", 2, 900), ("C", 2, 800)]);
        assert_eq!(two.advanced_to.get("a").map(|t| t.as_second()), Some(800));
    }
}
