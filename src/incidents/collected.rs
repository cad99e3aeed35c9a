//! Merges the incidents and signals of all workers, and the twins with their events 4.

use std::collections::{BTreeMap, HashMap};

use super::activity::ActivityTimes;
use super::builder::{CutNames, Dropped, IncidentBuilder, IncidentKey, OutsidePeriod};
use super::incident::{Incident, Occurrences, RecordedSignal};
use super::log_range::LogRanges;
use crate::files::FileIndex;

/// Events 3 with the same names, which were merged into the incident of an event 4.
#[derive(Debug, Clone)]
pub struct Twin {
    /// ID of an incident with the names in the events 3.
    pub own_id: String,
    /// ID of the incident that they belong to.
    pub incident_id: String,
    /// Times of events 3 without an event 4, which count as events.
    pub counted: ActivityTimes,
}

/// The incidents and signals of all logs.
#[derive(Debug, Default)]
pub struct CollectedIncidents {
    /// Sorted by name.
    pub incidents: Vec<Incident>,
    /// Sorted by kind, computer and names.
    pub signals: Vec<RecordedSignal>,
    /// Events 4 (and events 3 without one), each counted once.
    pub events: u64,
    pub dropped: Dropped,
    /// Records with truncated names, by file.
    pub cut_names: BTreeMap<FileIndex, CutNames>,
    /// Number of records in each file that another file or another part of it also contains.
    pub duplicates: HashMap<FileIndex, u64>,
    /// Number of events that an earlier run counted and this run does not.
    pub already_reported: u64,
    /// Fingerprints of the counted events and their twins; empty without [`IncidentBuilder::without_reported`].
    pub fingerprints: Vec<u64>,
    /// Range of each log; empty without [`IncidentBuilder::with_log_ranges`].
    pub log_ranges: LogRanges,
    /// Sorted by name.
    pub twins: Vec<Twin>,
    /// Events 4 outside the period of the run.
    pub outside: OutsidePeriod,
}

impl CollectedIncidents {
    /// Replaces every file index by the place of the file in the order of paths, so that the order of arguments
    /// does not matter.
    pub fn renumber_files(&mut self, name: &dyn Fn(FileIndex) -> FileIndex) {
        let incidents = self.incidents.iter_mut().map(|incident| &mut incident.occurrences);
        for occurrences in incidents.chain(self.signals.iter_mut().map(|signal| &mut signal.occurrences)) {
            occurrences.files = occurrences.files.iter().map(|file| name(*file)).collect();
        }
        self.log_ranges.renumber_files(name);
    }

    /// Merges the results of the workers. The result does not depend on how the work was distributed.
    pub fn merge<'a>(shares: impl IntoIterator<Item = IncidentBuilder<'a>>) -> Self {
        let mut incidents = IncidentBuilder::no_incidents();
        let mut signals = IncidentBuilder::no_signals();
        let mut counted = Dropped::default();
        let mut collected = Self::default();
        let mut outside = foldhash::HashSet::default();
        for share in shares {
            outside.extend(share.outside);
            collected.outside.last = collected.outside.last.max(share.last_outside);
            counted.events += share.counted.events;
            counted.signals += share.counted.signals;
            collected.already_reported += share.already_reported;
            collected.fingerprints.extend(share.fingerprints);
            collected.log_ranges.merge(share.log_ranges.unwrap_or_default());
            for (file, count) in share.duplicates {
                *collected.duplicates.entry(file).or_default() += count;
            }
            for (file, cut) in share.cut_names {
                collected.cut_names.entry(file).or_default().add(cut);
            }
            incidents.merge(share.incidents, |kept: &mut Incident, other| {
                kept.occurrences.merge(&other.occurrences);
                kept.keep_smaller_names(other.names());
            });
            signals.merge(share.signals, |kept: &mut Occurrences, other| kept.merge(&other));
        }
        collected.outside.events = outside.len() as u64;
        let incidents: Vec<_> = incidents.into_entries().collect();
        collected.signals = signals
            .into_entries()
            .map(|(signal, occurrences)| RecordedSignal { signal, occurrences })
            .collect();
        let events_of = |occurrences: &Occurrences| occurrences.events;
        collected.dropped = Dropped {
            undiagnosed: 0,
            events: counted.events - incidents.iter().map(|(_, i)| events_of(&i.occurrences)).sum::<u64>(),
            signals: counted.signals
                - collected.signals.iter().map(|s| events_of(&s.occurrences)).sum::<u64>(),
        };
        let mut incidents = join_twins(incidents, &mut collected.twins);
        // All but the twins at the end are sorted. The merge sort of the standard library detects that.
        incidents.sort_by(|a, b| a.0.names.cmp(&b.0.names));
        collected.incidents = incidents.into_iter().map(|(_, incident)| incident).collect();
        for incident in &mut collected.incidents {
            let reported = std::mem::take(&mut incident.occurrences.reported);
            incident.occurrences.activity.merge(&reported);
        }
        collected.events = collected.incidents.iter().map(|i| i.occurrences.events).sum();
        collected.signals.sort_by(|a, b| a.signal.cmp(&b.signal));
        collected
    }
}

/// Merges each event 3 into the incident of its event 4, and adds it to `joined`. Without an event 4 it becomes an incident.
///
/// With Kerberos LogLevel=1, Windows logs event 3 with error 0x29 in the same second as event 4. Its target may be
/// empty. Times may be truncated to whole seconds, so the next second matches, too. Such an event 3 does not count.
fn join_twins(
    incidents: Vec<(IncidentKey, Incident)>,
    joined: &mut Vec<Twin>,
) -> Vec<(IncidentKey, Incident)> {
    const SAME_SECOND: u32 = 1;
    let (mut twins, mut fours): (Vec<_>, Vec<_>) = incidents.into_iter().partition(|(key, _)| key.twin);
    fours.sort_by(|a, b| a.0.names.cmp(&b.0.names));
    twins.sort_by(|a, b| a.0.names.cmp(&b.0.names));
    let mut of_pair: HashMap<(Box<str>, Box<str>), Vec<usize>> = HashMap::new();
    for (i, (key, _)) in fours.iter().enumerate() {
        of_pair.entry((key.names[0].clone(), key.names[1].clone())).or_default().push(i);
    }
    for (key, mut twin) in twins {
        let own_id = twin.id();
        let candidates: Vec<usize> = of_pair
            .get(&(key.names[0].clone(), key.names[1].clone()))
            .into_iter()
            .flatten()
            .copied()
            .filter(|&i| key.names[2].is_empty() || fours[i].0.names[2] == key.names[2])
            .collect();
        let before = twin.occurrences.activity.seconds();
        let mut home = None;
        for &i in &candidates {
            let four = &mut fours[i].1.occurrences;
            // An earlier run may have counted the event 4 or the twin.
            let alone = |activity: &ActivityTimes| {
                activity.without_near(&four.activity, SAME_SECOND).without_near(&four.reported, SAME_SECOND)
            };
            let (left, reported) = (alone(&twin.occurrences.activity), alone(&twin.occurrences.reported));
            if left != twin.occurrences.activity || reported != twin.occurrences.reported {
                home.get_or_insert(i);
                four.files.extend(&twin.occurrences.files);
                (twin.occurrences.activity, twin.occurrences.reported) = (left, reported);
            }
        }
        // Events 3 without an event 4 in the same second belong to the incident with the same names.
        home = home.or_else(|| candidates.iter().copied().find(|&i| fours[i].0.names == key.names));
        let Some(i) = home else {
            fours.push((IncidentKey { twin: false, ..key }, twin));
            continue;
        };
        let counted = twin.occurrences.activity.clone();
        joined.push(Twin { own_id, incident_id: fours[i].1.id(), counted });
        // The events 4 of the others were lost. They belong to the same incident and count.
        if !twin.occurrences.activity.is_empty() || !twin.occurrences.reported.is_empty() {
            twin.occurrences.events = match twin.occurrences.activity.seconds() {
                0 => 0,
                left => twin.occurrences.events.saturating_sub(before - left),
            };
            fours[i].1.occurrences.merge(&twin.occurrences);
        }
    }
    fours
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::events::DedupIndex;
    use crate::incidents::{MAX_NAME, Period};
    use crate::records::{Datum, Record, RecordOrigin};
    use crate::scan::RecordVisitor;

    fn record(id: u16, record_id: u64, second: i64, data: &[(&str, &str)]) -> Record {
        let datum = |(n, v): &(&str, &str)| Datum { name: Some((*n).into()), value: (*v).into() };
        let record = Record::event_4("SRV1.alpha.example.com").with_content(|content| {
            content.event_id = id;
            content.data = data.iter().map(datum).collect();
        });
        Record { record_id, time: Timestamp::from_second(second).unwrap(), ..record }
    }

    fn four(record_id: u64, second: i64, target: &str) -> Record {
        record(4, record_id, second, &[("Server", "srv1$"), ("Targetname", target)])
    }

    fn three(record_id: u64, second: i64, target: &str) -> Record {
        record(
            3,
            record_id,
            second,
            &[("ErrorCode", "0x29"), ("ServerName", "SRV1$"), ("TargetName", target)],
        )
    }

    fn gather(shares: Vec<Vec<(FileIndex, Record)>>) -> CollectedIncidents {
        let occurrences = DedupIndex::default();
        CollectedIncidents::merge(shares.into_iter().map(|records| {
            let mut g = IncidentBuilder::new(&occurrences, Period::default());
            for (file, r) in records {
                g.record(file, r);
            }
            g
        }))
    }

    #[test]
    fn the_same_record_in_two_exports_counts_once() {
        let g = gather(vec![
            vec![(1, four(7, 100, "host/srv2")), (1, four(8, 200, "host/srv2"))],
            vec![(0, four(7, 100, "host/srv2"))],
        ]);
        assert_eq!(g.events, 2);
        assert_eq!(g.incidents.len(), 1);
        assert_eq!(g.incidents[0].occurrences.files.len(), 2);
        assert_eq!(g.duplicates, HashMap::from([(1, 1)]), "the earlier input keeps the record");
    }

    /// A storm's records share their content. Only the first of them is classified.
    #[test]
    fn records_of_one_content_are_counted_as_if_each_was_read() {
        let records = |shared: bool| {
            let first = four(1, 100, "host/srv2");
            let other = four(2, 150, "HTTP/srv3");
            (0..20u64).map(move |n| {
                let like = if n % 3 == 0 { &other } else { &first };
                let content =
                    if shared { Arc::clone(&like.content) } else { Arc::new((*like.content).clone()) };
                let time = Timestamp::from_second(100 + n as i64 * 60).unwrap();
                // The last is in two files.
                (n / 10, Record { content, record_id: n.min(18), time, origin: RecordOrigin::Live })
            })
        };
        let gather = |shared| {
            let mut given: Vec<_> = records(shared).collect();
            given.push((5, given[3].1.clone()));
            gather(vec![given])
        };
        let (shared, apart) = (gather(true), gather(false));
        assert_eq!((shared.events, shared.duplicates.clone()), (20, HashMap::from([(5, 1)])));
        assert_eq!(format!("{shared:?}"), format!("{apart:?}"));
    }

    fn counted(records: Vec<Record>) -> (u64, usize) {
        let g = gather(vec![records.into_iter().map(|record| (0, record)).collect()]);
        (g.events, g.incidents.len())
    }

    #[test]
    fn bug_7_exports_that_cut_the_digits_of_a_second_hold_the_same_event() {
        let whole = four(7, 100, "host/srv2");
        let exact = Record { time: "1970-01-01T00:01:40.2594Z".parse().unwrap(), ..whole.clone() };
        assert_eq!(counted(vec![exact, whole]), (1, 1));
    }

    #[test]
    fn bug_8_the_channel_of_an_event_has_no_case() {
        let event = four(7, 100, "host/srv2");
        let shouted = event.clone().with_content(|content| content.channel = "SYSTEM".into());
        assert_eq!(counted(vec![event, shouted]), (1, 1));
    }

    #[test]
    fn bug_9_the_computer_of_an_event_has_no_case_in_any_script() {
        let event = |computer: &str| four(7, 100, "host/srv2").with_content(|c| c.computer = computer.into());
        assert_eq!(counted(vec![event("srvé1.example.com"), event("SRVÉ1.example.com")]), (1, 1));
    }

    #[test]
    fn two_events_of_one_key_that_say_different_things_are_both_counted_and_their_files_known() {
        let dedup = DedupIndex::default();
        let shares = [(3, "host/srv2"), (5, "host/forged"), (8, "HOST/SRV2"), (9, "host/forged")];
        let collected = CollectedIncidents::merge(shares.map(|(file, target)| {
            let mut builder = IncidentBuilder::new(&dedup, Period::default());
            builder.record(file, four(7, 100, target));
            builder
        }));
        assert_eq!((collected.events, collected.incidents.len()), (2, 2));
        assert_eq!(collected.duplicates, HashMap::from([(8, 1), (9, 1)]));
        let files: Vec<_> = dedup.conflicts().into_keys().flatten().collect();
        assert!(files.contains(&3) && files.contains(&5), "{files:?}");
    }

    #[test]
    fn what_slack_space_left_of_an_event_is_no_other_event() {
        let event = four(7, 100, "host/srv2");
        let left = Record { origin: RecordOrigin::Slack, ..four(7, 100, "host/sr") };
        assert_eq!(counted(vec![left.clone(), event.clone()]).0, 1);
        assert_eq!(counted(vec![event, left]).0, 1);
    }

    /// Above the limits too, the report does not depend on the number of workers.
    #[test]
    fn above_the_limits_all_shares_together_keep_what_one_share_keeps() {
        let records = || {
            (0..5_000u64).map(|n| {
                // Neither rising nor falling.
                let name = format!("srv{:05}", n * 7919 % 5_000);
                if n % 2 == 0 {
                    return four(n + 1, 100, &format!("host/{name}"));
                }
                let record = Record::event_4("DC1").with_content(|content| {
                    content.provider = "NETLOGON".into();
                    content.event_id = 5722;
                    content.data =
                        [&*name, "srv$"].map(|value| Datum { name: None, value: value.into() }).into();
                });
                Record { record_id: n + 1, ..record }
            })
        };
        let gather_in = |shares: usize| {
            let mut given = vec![Vec::new(); shares];
            for (n, record) in records().enumerate() {
                given[n % shares].push((0, record));
            }
            gather(given)
        };
        let one = gather_in(1);
        assert_eq!(one.signals.len(), 1_000);
        assert_eq!(one.dropped.signals, 1_500);
        assert!(one.incidents.len() < 2_500 && one.incidents.len() > 1_000, "{}", one.incidents.len());
        assert_eq!(one.dropped.events, 2_500 - one.incidents.len() as u64);
        for shares in [2, 7] {
            assert_eq!(format!("{one:?}"), format!("{:?}", gather_in(shares)));
        }
    }

    #[test]
    fn a_name_without_end_is_cut_and_still_another_name_than_all_others() {
        let name = |last: &str| format!("host/{}{last}", "x".repeat(MAX_NAME));
        let g = gather(vec![vec![
            (2, four(7, 100, &name("a"))),
            (2, four(8, 100, &name("a"))),
            (2, four(9, 100, &name("b"))),
            (3, four(10, 100, "host/srv2")),
        ]]);
        assert_eq!((g.events, g.incidents.len()), (4, 3));
        assert!(g.incidents.iter().all(|incident| incident.target.len() < MAX_NAME + 60));
        assert_eq!(g.cut_names, BTreeMap::from([(2, CutNames { records: 3, first_record_id: 7 })]));
    }

    #[test]
    fn a_record_id_used_again_after_clearing_is_another_event() {
        let g = gather(vec![vec![(0, four(7, 100, "host/srv2")), (0, four(7, 5000, "host/srv2"))]]);
        assert_eq!(g.events, 2);
    }

    #[test]
    fn trap_10_one_log_can_hold_several_incidents() {
        let g = gather(vec![vec![(0, four(1, 1, "host/srv2")), (0, four(2, 2, "HTTP/srv3"))]]);
        assert_eq!(g.incidents.len(), 2);
    }

    #[test]
    fn trap_14_event_3_in_the_same_second_is_the_twin() {
        let g = gather(vec![vec![(0, four(1, 100, "host/srv2")), (0, three(2, 100, ""))]]);
        assert_eq!((g.incidents.len(), g.events), (1, 1));
        let g = gather(vec![vec![(0, four(1, 100, "host/srv2")), (0, three(2, 101, "host/SRV2"))]]);
        assert_eq!((g.incidents.len(), g.events), (1, 1));
    }

    #[test]
    fn trap_14_a_lonely_event_3_is_an_incident_of_its_own() {
        let g = gather(vec![vec![(0, three(2, 100, "")), (0, three(3, 100, ""))]]);
        assert_eq!((g.incidents.len(), g.events), (1, 2));
        let g = gather(vec![vec![
            (0, four(1, 100, "host/srv2")),
            (0, three(2, 100, "")),
            (0, three(3, 900, "")),
        ]]);
        assert_eq!((g.incidents.len(), g.events), (1, 2), "the event 3 whose event 4 was lost still counts");
    }

    #[test]
    fn the_shown_spelling_does_not_depend_on_the_order() {
        let a = gather(vec![vec![(0, four(1, 1, "host/SRV2"))], vec![(0, four(2, 2, "HOST/srv2"))]]);
        let b = gather(vec![vec![(0, four(2, 2, "HOST/srv2"))], vec![(0, four(1, 1, "host/SRV2"))]]);
        assert_eq!(a.incidents[0].target, b.incidents[0].target);
        assert_eq!(a.incidents[0].id(), b.incidents[0].id());
    }
}
