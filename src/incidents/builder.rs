use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use indexmap::map::Entry;
use jiff::Timestamp;

use super::activity::ActivityTimes;
use super::incident::{Incident, Occurrences, RecordedSignal};
use super::log_range::LogRanges;
use crate::events::{
    ApErrModified, DedupIndex, Event, Insertion, LogFingerprint, ReportedEvents, Signal, SignalKind,
};
use crate::files::FileIndex;
use crate::records::{Content, Origin, Record};
use crate::scan::RecordVisitor;

/// Different signals kept by one worker. Real logs have some thousands; a crafted log with a new name in every record
/// must not fill the memory.
const MAX_SIGNALS: usize = 100_000;

/// Contents of which one worker remembers the meaning: twice as many as a reader of chunks shares at one time.
const MAX_MEANINGS: usize = 4096;

/// The time a run looks at, on TimeCreated; both ends belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Period {
    pub fn contains(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|s| time >= s) && self.until.is_none_or(|u| time <= u)
    }
}

/// What identifies an incident: the five names, in lower case, and whether they come from event 3.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    names: [Box<str>; 5],
    twin: bool,
}

/// Takes every event 4 (and 3) as it is found, with what it says; one per worker.
pub trait EventSink: Send {
    /// `Insertion::Duplicate` events come too: which of two files keeps an event is known at the end only.
    fn event(&mut self, event: &ApErrModified, record: &Record, file: FileIndex);
}

/// One worker's share of events and signals.
pub struct IncidentBuilder<'a> {
    dedup: &'a DedupIndex,
    period: Period,
    incidents: IndexMap<Key, Incident, RandomState>,
    signals: IndexMap<Signal, Occurrences, RandomState>,
    /// By address of the content, which is kept so that no other can stand there.
    meanings: foldhash::HashMap<usize, (Arc<Content>, CachedMeaning)>,
    signals_dropped: u64,
    duplicates: HashMap<FileIndex, u64>,
    reported: Option<&'a ReportedEvents>,
    already_reported: u64,
    fingerprints: Vec<u64>,
    log_ranges: Option<LogRanges>,
    event_sink: Option<Box<dyn EventSink + 'a>>,
}

/// What a content that records share means, so that it is not read again for each of them.
#[derive(Debug, Clone, Copy)]
struct CachedMeaning {
    log: LogFingerprint,
    meaning: Classification,
}

#[derive(Debug, Clone, Copy)]
enum Classification {
    /// It is none of ours.
    Nothing,
    /// A place in the gatherer's incidents.
    Incident(usize),
    /// A place among its signals.
    Signal { at: usize, timeless: bool },
}

/// Events 3 that belong to an incident of another name: that of the event 4 they stand beside.
#[derive(Debug, Clone)]
pub struct Twin {
    /// The identity their own names give.
    pub own_id: String,
    /// The incident they belong to.
    pub incident_id: String,
    /// Those that have no event 4 beside them, and count.
    pub counted: ActivityTimes,
}

/// Everything the logs said.
#[derive(Debug, Default)]
pub struct CollectedIncidents {
    /// In the order of their names.
    pub incidents: Vec<Incident>,
    /// In the order of kind, computer and names.
    pub signals: Vec<RecordedSignal>,
    /// Event 4 (and lonely event 3) counted once.
    pub events: u64,
    /// Clues left out because there were too many different ones.
    pub signals_dropped: u64,
    /// Records of each file that another file (or place) also holds.
    pub duplicates: HashMap<FileIndex, u64>,
    /// Events that an earlier run counted, and this one does not.
    pub already_reported: u64,
    /// What stands for each event counted, and for the twins beside them; without [`IncidentBuilder::without`] empty.
    pub fingerprints: Vec<u64>,
    /// How far each log reaches; without [`IncidentBuilder::with_log_ranges`] empty.
    pub log_ranges: LogRanges,
    /// In the order of their names.
    pub twins: Vec<Twin>,
}

impl<'a> IncidentBuilder<'a> {
    pub fn new(dedup: &'a DedupIndex, period: Period) -> Self {
        Self {
            dedup,
            period,
            incidents: IndexMap::default(),
            signals: IndexMap::default(),
            meanings: foldhash::HashMap::default(),
            signals_dropped: 0,
            duplicates: HashMap::new(),
            reported: None,
            already_reported: 0,
            fingerprints: Vec::new(),
            log_ranges: None,
            event_sink: None,
        }
    }

    /// Counts only what no earlier run has counted. The rest is still evidence: a cause is decided on all the inputs.
    #[must_use]
    pub fn without(mut self, reported: Option<&'a ReportedEvents>) -> Self {
        self.reported = reported;
        self
    }

    /// Remembers how far each log reaches.
    #[must_use]
    pub fn with_log_ranges(mut self, wanted: bool) -> Self {
        self.log_ranges = wanted.then(LogRanges::default);
        self
    }

    #[must_use]
    pub fn event_sink(mut self, event_sink: Option<Box<dyn EventSink + 'a>>) -> Self {
        self.event_sink = event_sink;
        self
    }

    /// Did an earlier run count this event? If not, this one does.
    fn was_reported(&mut self, record: &Record, counts: bool, twin: bool) -> bool {
        let Some(reported) = self.reported else { return false };
        let fingerprint = ReportedEvents::fingerprint(record);
        let was_reported = reported.contains(fingerprint);
        if counts && was_reported {
            // A twin is the same event once more.
            self.already_reported += u64::from(!twin);
        } else if counts {
            self.fingerprints.push(fingerprint);
        }
        was_reported
    }

    fn modified(
        &mut self,
        event: ApErrModified,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Classification {
        let reported = self.was_reported(record, insertion == Insertion::New, event.twin);
        if !reported && let Some(event_sink) = &mut self.event_sink {
            event_sink.event(&event, record, file);
        }
        let key = Key { names: event.names().map(|name| name.to_lowercase().into()), twin: event.twin };
        let entry = self.incidents.entry(key);
        let at = entry.index();
        let incident = entry.or_insert_with(|| Incident {
            client: event.client.clone(),
            answered_by: event.answered_by.clone(),
            target: event.target.clone(),
            target_realm: event.target_realm.clone(),
            client_realm: event.client_realm.clone(),
            occurrences: Occurrences::new(record.time, file),
        });
        // Of several spellings the smallest is shown, so that it does not depend on which worker came first.
        keep_smaller(&mut incident.client, event.client);
        keep_smaller(&mut incident.answered_by, event.answered_by);
        keep_smaller(&mut incident.target, event.target);
        keep_smaller(&mut incident.target_realm, event.target_realm);
        keep_smaller(&mut incident.client_realm, event.client_realm);
        note(&mut incident.occurrences, record, file, insertion, reported);
        Classification::Incident(at)
    }

    fn signal(
        &mut self,
        signal: Signal,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Option<Classification> {
        if self.signals.len() >= MAX_SIGNALS && !self.signals.contains_key(&signal) {
            self.signals_dropped += 1;
            return None;
        }
        let timeless = is_fact(signal.kind);
        let entry = self.signals.entry(signal);
        let at = entry.index();
        note(entry.or_insert_with(|| Occurrences::new(record.time, file)), record, file, insertion, false);
        Some(Classification::Signal { at, timeless })
    }

    /// What the record means, if its content came before.
    fn cached_meaning(&self, record: &Record) -> Option<CachedMeaning> {
        self.meanings.get(&Arc::as_ptr(&record.content).addr()).map(|(_, cached)| *cached)
    }

    fn remember(&mut self, record: &Record, meaning: CachedMeaning) {
        // Of a content that nobody else holds no other record can come.
        if Arc::strong_count(&record.content) > 1 && self.reported.is_none() && self.event_sink.is_none() {
            if self.meanings.len() >= MAX_MEANINGS {
                self.meanings.clear();
            }
            let address = Arc::as_ptr(&record.content).addr();
            self.meanings.insert(address, (Arc::clone(&record.content), meaning));
        }
    }

    /// A record that says what one before it said.
    fn count_again(&mut self, cached: CachedMeaning, record: &Record, file: FileIndex) {
        let timeless = match cached.meaning {
            Classification::Nothing => return,
            Classification::Incident(_) => false,
            Classification::Signal { timeless, .. } => timeless,
        };
        let Some(insertion) = self.register(cached.log, timeless, record, file) else { return };
        let occurrences = match cached.meaning {
            Classification::Nothing => None,
            Classification::Incident(at) => {
                self.incidents.get_index_mut(at).map(|(_, incident)| &mut incident.occurrences)
            }
            Classification::Signal { at, .. } => {
                self.signals.get_index_mut(at).map(|(_, occurrences)| occurrences)
            }
        };
        if let Some(occurrences) = occurrences {
            note(occurrences, record, file, insertion, false);
        }
    }

    /// Was the record seen before? `None` when it is of another time than the run looks at.
    fn register(
        &mut self,
        log: LogFingerprint,
        timeless: bool,
        record: &Record,
        file: FileIndex,
    ) -> Option<Insertion> {
        if let Some(log_ranges) = &mut self.log_ranges {
            log_ranges.note(record, file);
        }
        if !timeless && !self.period.contains(record.time) {
            return None;
        }
        let insertion = self.dedup.insert(log, record, file);
        if let Insertion::Duplicate { duplicate_in, .. } = insertion {
            *self.duplicates.entry(duplicate_in).or_default() += 1;
        }
        Some(insertion)
    }
}

impl RecordVisitor for IncidentBuilder<'_> {
    fn record(&mut self, file: FileIndex, record: Record) {
        if let Some(cached) = self.cached_meaning(&record) {
            return self.count_again(cached, &record, file);
        }
        let log = self.dedup.log_fingerprint(&record);
        let Some(event) = Event::read(&record) else {
            return self.remember(&record, CachedMeaning { log, meaning: Classification::Nothing });
        };
        // Who owned an address or had which name is worth knowing from any time.
        let timeless = matches!(&event, Event::Signal(c) if is_fact(c.kind));
        let Some(insertion) = self.register(log, timeless, &record, file) else { return };
        let meaning = match event {
            Event::ApErrModified(event) => Some(self.modified(event, &record, file, insertion)),
            Event::Signal(signal) => self.signal(signal, &record, file, insertion),
        };
        if let Some(meaning) = meaning {
            self.remember(&record, CachedMeaning { log, meaning });
        }
    }
}

/// Clues that tell about a host rather than about a moment.
fn is_fact(kind: SignalKind) -> bool {
    matches!(
        kind,
        SignalKind::OwnAddresses
            | SignalKind::UsbNicInstalled
            | SignalKind::SelfAssigned
            | SignalKind::Renamed
    )
}

fn keep_smaller(kept: &mut Box<str>, other: Box<str>) {
    if other < *kept {
        *kept = other;
    }
}

fn note(
    occurrences: &mut Occurrences,
    record: &Record,
    file: FileIndex,
    insertion: Insertion,
    reported: bool,
) {
    // A duplicate adds only where else the event stands; its time is there already.
    occurrences.files.insert(file);
    if let Insertion::Duplicate { now_live, .. } = insertion {
        occurrences.from_slack -= i64::from(now_live);
    } else {
        occurrences.first = occurrences.first.min(record.time);
        occurrences.last = occurrences.last.max(record.time);
        if reported {
            occurrences.reported.add(record.time);
        } else {
            occurrences.events += 1;
            occurrences.activity.add(record.time);
        }
        occurrences.from_slack += i64::from(record.origin == Origin::Slack);
    }
}

impl CollectedIncidents {
    /// Names every file by its place in the order of paths, so that nothing depends on the order they were named in.
    pub fn rename_files(&mut self, name: &dyn Fn(FileIndex) -> FileIndex) {
        let incidents = self.incidents.iter_mut().map(|incident| &mut incident.occurrences);
        for occurrences in incidents.chain(self.signals.iter_mut().map(|signal| &mut signal.occurrences)) {
            occurrences.files = occurrences.files.iter().map(|file| name(*file)).collect();
        }
        self.log_ranges.rename_files(name);
    }

    /// Joins the workers' shares; the result does not depend on how the work was shared out.
    pub fn merge<'a>(shares: impl IntoIterator<Item = IncidentBuilder<'a>>) -> Self {
        let mut incidents: IndexMap<Key, Incident, RandomState> = IndexMap::default();
        let mut signals: IndexMap<Signal, Occurrences, RandomState> = IndexMap::default();
        let mut collected = Self::default();
        for share in shares {
            collected.signals_dropped += share.signals_dropped;
            collected.already_reported += share.already_reported;
            collected.fingerprints.extend(share.fingerprints);
            collected.log_ranges.merge(share.log_ranges.unwrap_or_default());
            for (file, count) in share.duplicates {
                *collected.duplicates.entry(file).or_default() += count;
            }
            for (key, incident) in share.incidents {
                match incidents.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(incident);
                    }
                    Entry::Occupied(mut entry) => {
                        let kept = entry.get_mut();
                        kept.occurrences.merge(&incident.occurrences);
                        keep_smaller(&mut kept.client, incident.client);
                        keep_smaller(&mut kept.answered_by, incident.answered_by);
                        keep_smaller(&mut kept.target, incident.target);
                        keep_smaller(&mut kept.target_realm, incident.target_realm);
                        keep_smaller(&mut kept.client_realm, incident.client_realm);
                    }
                }
            }
            for (signal, occurrences) in share.signals {
                signals.entry(signal).and_modify(|kept| kept.merge(&occurrences)).or_insert(occurrences);
            }
        }
        let mut incidents = join_twins(incidents, &mut collected.twins);
        // Sorted but for twins at the end, which a merge sort sees.
        incidents.sort_by(|a, b| a.0.names.cmp(&b.0.names));
        collected.incidents = incidents.into_iter().map(|(_, incident)| incident).collect();
        for incident in &mut collected.incidents {
            let reported = std::mem::take(&mut incident.occurrences.reported);
            incident.occurrences.activity.merge(&reported);
        }
        collected.events = collected.incidents.iter().map(|i| i.occurrences.events).sum();
        let mut signals: Vec<_> =
            signals.into_iter().map(|(signal, occurrences)| RecordedSignal { signal, occurrences }).collect();
        signals.sort_by(|a, b| a.signal.cmp(&b.signal));
        collected.signals = signals;
        collected
    }
}

/// With Kerberos LogLevel=1, event 3 with 0x29 stands beside event 4 in the same second and is not counted again; its
/// target may be empty. Times may be cut to whole seconds, so the next second is the same one.
fn join_twins(
    incidents: IndexMap<Key, Incident, RandomState>,
    joined: &mut Vec<Twin>,
) -> Vec<(Key, Incident)> {
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
            // An event 4 that an earlier run counted has its twin all the same, and a twin its event 4.
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
        // Without one of the same second it is the same incident all the same, when all names are.
        home = home.or_else(|| candidates.iter().copied().find(|&i| fours[i].0.names == key.names));
        let Some(i) = home else {
            fours.push((Key { twin: false, ..key }, twin));
            continue;
        };
        let counted = twin.occurrences.activity.clone();
        joined.push(Twin { own_id, incident_id: fours[i].1.id(), counted });
        // Some had their event 4: the rest is the same trouble, whose event 4 was not kept.
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
    use super::*;
    use crate::records::Datum;

    fn record(id: u16, record_id: u64, second: i64, data: &[(&str, &str)]) -> Record {
        let datum = |(n, v): &(&str, &str)| Datum { name: Some((*n).into()), value: (*v).into() };
        let record = Record::of("SRV1.alpha.example.com").saying(|content| {
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

    /// A storm's records share their content, and only the first of them is read for what it means.
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
                (n / 10, Record { content, record_id: n.min(18), time, origin: Origin::Live })
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
