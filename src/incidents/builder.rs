//! Collects the incidents and signals of one worker, with the limits on their memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::bounded::BoundedMap;
use super::incident::{Incident, Occurrences};
use super::log_range::LogRanges;
use crate::events::{
    ApErrModified, ContentFingerprint, DedupIndex, Event, Insertion, ReportedEvents, Signal, SignalKind,
};
use crate::files::FileIndex;
use crate::names::fold;
use crate::records::{Content, Record, RecordOrigin};
use crate::scan::RecordVisitor;

/// Maximum number of different signals kept. Real logs have some thousands. The limit keeps a crafted log with a new name
/// in every record from filling memory.
const MAX_SIGNALS: usize = if cfg!(test) { 1_000 } else { 100_000 };

/// Maximum memory of all incidents of a run, in bytes. It holds some 200,000 incidents with names of usual length.
const MAX_INCIDENT_BYTES: usize = if cfg!(test) { 4 << 20 } else { 1 << 30 };
/// Memory of an incident without its names, in bytes.
const INCIDENT_BYTES: usize = 2 << 10;
/// Number of copies of each name that the report makes.
const COPIES_OF_NAME: usize = 20;

/// Longest name kept, in bytes. A DNS name has at most 255 characters, an account name 256, and a user
/// principal name 1,024. A longer name keeps its beginning and a hash of the whole, so that it stays unique.
pub const MAX_NAME: usize = 1024;

/// Maximum number of contents whose meaning one worker caches. It is twice the number that a chunk reader shares at a time.
const MAX_MEANINGS: usize = 4096;

/// The period of a run, by TimeCreated, both ends included.
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

/// Number of events 4 outside the period of a run, and the time of the latest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutsidePeriod {
    /// Each event counts once. A worker counts at most [`MAX_EVENTS_OUTSIDE`].
    pub events: u64,
    pub last: Option<Timestamp>,
}

/// Maximum number of events outside the period that one worker counts. Their fingerprints take 8 MB.
const MAX_EVENTS_OUTSIDE: usize = 500_000;

/// Key of an incident: the five names in lower case, and whether they come from event 3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct IncidentKey {
    pub names: [Box<str>; 5],
    pub twin: bool,
}

impl IncidentKey {
    fn weight(&self) -> usize {
        INCIDENT_BYTES + COPIES_OF_NAME * self.names.iter().map(|name| name.len()).sum::<usize>()
    }
}

/// Data that is missing in a report, because a limit was reached or a diagnosis failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Events of incidents that were not kept. Those with the last names in order are dropped first.
    pub events: u64,
    /// Events of signals that were not kept.
    pub signals: u64,
    /// Incidents without a verdict, because their diagnosis failed. They are in the report.
    pub undiagnosed: u64,
}

/// Records of one file with a value longer than [`MAX_NAME`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutNames {
    pub records: u64,
    /// The lowest ID of these records.
    pub first_record_id: u64,
}

impl Default for CutNames {
    fn default() -> Self {
        Self { records: 0, first_record_id: u64::MAX }
    }
}

impl CutNames {
    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.first_record_id = self.first_record_id.min(other.first_record_id);
    }
}

/// Receives every event 4 (and 3) with its meaning. Each worker has one.
pub trait EventSink: Send {
    /// Receives one event, which may be a duplicate. Only the end of the run decides which of two files keeps it.
    fn event(&mut self, event: &ApErrModified, record: &Record, file: FileIndex);
}

/// Collects one worker's events and signals.
pub struct IncidentBuilder<'a> {
    dedup: &'a DedupIndex,
    period: Period,
    pub(super) incidents: BoundedMap<IncidentKey, Incident>,
    pub(super) signals: BoundedMap<Signal, Occurrences>,
    /// Number of all counted events and signals, including those that were dropped.
    pub(super) counted: Dropped,
    /// The meanings by address of the content. The map owns the content, so that no other content can get its address.
    meanings: foldhash::HashMap<usize, (Arc<Content>, CachedMeaning)>,
    pub(super) duplicates: HashMap<FileIndex, u64>,
    pub(super) cut_names: BTreeMap<FileIndex, CutNames>,
    reported: Option<&'a ReportedEvents>,
    pub(super) already_reported: u64,
    pub(super) fingerprints: Vec<u64>,
    pub(super) log_ranges: Option<LogRanges>,
    event_sink: Option<Box<dyn EventSink + 'a>>,
    /// Fingerprints of events outside the period.
    pub(super) outside: foldhash::HashSet<u64>,
    pub(super) last_outside: Option<Timestamp>,
}

/// Cached meaning of a content that several records share; `None` if triage does not use the event.
type CachedMeaning = Option<(ContentFingerprint, Classification)>;

/// The incident or signal to which a content belongs, by its index in the builder.
#[derive(Debug, Clone, Copy)]
enum Classification {
    Incident(usize),
    Signal { index: usize, timeless: bool },
}

impl<'a> IncidentBuilder<'a> {
    pub fn new(dedup: &'a DedupIndex, period: Period) -> Self {
        Self {
            dedup,
            period,
            incidents: Self::no_incidents(),
            signals: Self::no_signals(),
            counted: Dropped::default(),
            meanings: foldhash::HashMap::default(),
            duplicates: HashMap::new(),
            cut_names: BTreeMap::new(),
            reported: None,
            already_reported: 0,
            fingerprints: Vec::new(),
            log_ranges: None,
            event_sink: None,
            outside: foldhash::HashSet::default(),
            last_outside: None,
        }
    }

    pub(super) fn no_incidents() -> BoundedMap<IncidentKey, Incident> {
        BoundedMap::new(MAX_INCIDENT_BYTES, IncidentKey::weight)
    }

    pub(super) fn no_signals() -> BoundedMap<Signal, Occurrences> {
        BoundedMap::new(MAX_SIGNALS, |_| 1)
    }

    /// Does not count events that an earlier run counted. They are still evidence.
    #[must_use]
    pub fn without_reported(mut self, reported: Option<&'a ReportedEvents>) -> Self {
        self.reported = reported;
        self
    }

    /// Records the range of each log.
    #[must_use]
    pub fn with_log_ranges(mut self, now: Option<Timestamp>) -> Self {
        self.log_ranges = now.map(LogRanges::new);
        self
    }

    #[must_use]
    pub fn with_event_sink(mut self, event_sink: Option<Box<dyn EventSink + 'a>>) -> Self {
        self.event_sink = event_sink;
        self
    }

    /// Did an earlier run count this event? If `counts` is set, the event is added to that run's number or to this run's.
    fn was_reported(&mut self, record: &Record, event: &ApErrModified, counts: bool) -> bool {
        let Some(reported) = self.reported else { return false };
        let fingerprint = ReportedEvents::fingerprint(record, Some(event));
        let was_reported = reported.contains(record, fingerprint);
        if counts && was_reported {
            // A twin repeats the same event.
            self.already_reported += u64::from(!event.twin);
        } else if counts {
            self.fingerprints.push(fingerprint);
        }
        was_reported
    }

    /// Adds an event 4 or its twin to its incident. `None` if there is no room for the incident.
    fn add_ap_err_modified(
        &mut self,
        event: &ApErrModified,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Option<Classification> {
        let reported = self.was_reported(record, event, insertion == Insertion::New);
        if !reported && let Some(event_sink) = &mut self.event_sink {
            event_sink.event(event, record, file);
        }
        self.counted.events += u64::from(!reported && insertion == Insertion::New);
        let key = IncidentKey { names: event.names().map(|name| fold(name).into()), twin: event.twin };
        let index = self.incidents.index_of(key, || Incident {
            client: event.client.clone(),
            answered_by: event.answered_by.clone(),
            target: event.target.clone(),
            target_realm: event.target_realm.clone(),
            client_realm: event.client_realm.clone(),
            occurrences: Occurrences::new(record.time, file),
        })?;
        let incident = self.incidents.value_at(index)?;
        incident.keep_smaller_names(event.names());
        add_occurrence(&mut incident.occurrences, record, file, insertion, reported);
        if self.incidents.trim() {
            self.meanings.clear();
            return None;
        }
        Some(Classification::Incident(index))
    }

    /// Adds a signal. `None` if there is no room for it.
    fn add_signal(
        &mut self,
        signal: Signal,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Option<Classification> {
        self.counted.signals += u64::from(insertion == Insertion::New);
        let timeless = counts_at_any_time(signal.kind);
        let index = self.signals.index_of(signal, || Occurrences::new(record.time, file))?;
        add_occurrence(self.signals.value_at(index)?, record, file, insertion, false);
        if self.signals.trim() {
            self.meanings.clear();
            return None;
        }
        Some(Classification::Signal { index, timeless })
    }

    /// The meaning of the record's content, if it is cached.
    fn cached_meaning(&self, record: &Record) -> Option<CachedMeaning> {
        self.meanings.get(&Arc::as_ptr(&record.content).addr()).map(|(_, cached)| *cached)
    }

    fn cache_meaning(&mut self, record: &Record, meaning: CachedMeaning) {
        // A content with one reference belongs to this record only.
        if Arc::strong_count(&record.content) > 1 && self.reported.is_none() && self.event_sink.is_none() {
            if self.meanings.len() >= MAX_MEANINGS {
                self.meanings.clear();
            }
            let address = Arc::as_ptr(&record.content).addr();
            self.meanings.insert(address, (Arc::clone(&record.content), meaning));
        }
    }

    /// Counts a record whose content was classified before.
    fn count_again(&mut self, cached: CachedMeaning, record: &Record, file: FileIndex) {
        let Some((content, meaning)) = cached else { return };
        let timeless = matches!(meaning, Classification::Signal { timeless: true, .. });
        let Some(insertion) = self.deduplicate(content, timeless, record, file) else {
            if let (Classification::Incident(_), Some(Event::ApErrModified(event))) =
                (meaning, Event::read(record))
            {
                self.count_outside(&event, record);
            }
            return;
        };
        let new = u64::from(insertion == Insertion::New);
        let occurrences = match meaning {
            Classification::Incident(index) => {
                self.counted.events += new;
                self.incidents.value_at(index).map(|incident| &mut incident.occurrences)
            }
            Classification::Signal { index, .. } => {
                self.counted.signals += new;
                self.signals.value_at(index)
            }
        };
        if let Some(occurrences) = occurrences {
            add_occurrence(occurrences, record, file, insertion, false);
        }
    }

    /// Truncates the long values of a record, because values become names in the report.
    fn cut_names(&mut self, record: Record, file: FileIndex) -> Record {
        let Some(content) = record.truncated(MAX_NAME) else { return record };
        let cut = CutNames { records: 1, first_record_id: record.record_id };
        self.cut_names.entry(file).or_default().add(cut);
        Record { content: content.into(), ..record }
    }

    /// Counts an event outside the period. A twin does not count, because it repeats event 4.
    fn count_outside(&mut self, event: &ApErrModified, record: &Record) {
        if event.twin || self.outside.len() >= MAX_EVENTS_OUTSIDE {
            return;
        }
        self.outside.insert(ReportedEvents::fingerprint(record, Some(event)));
        self.last_outside = self.last_outside.max(Some(record.time));
    }

    /// Looks the record up in the index of all workers. `None` if it is outside the period of the run.
    fn deduplicate(
        &mut self,
        content: ContentFingerprint,
        timeless: bool,
        record: &Record,
        file: FileIndex,
    ) -> Option<Insertion> {
        if let Some(log_ranges) = &mut self.log_ranges {
            log_ranges.add_record(record, file);
        }
        if !timeless && !self.period.contains(record.time) {
            return None;
        }
        let insertion = self.dedup.insert(content, record, file);
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
        let record = self.cut_names(record, file);
        let Some(event) = Event::read(&record) else {
            return self.cache_meaning(&record, None);
        };
        let content = self.dedup.content_fingerprint(&record, &event);
        let timeless = matches!(&event, Event::Signal(c) if counts_at_any_time(c.kind));
        let Some(insertion) = self.deduplicate(content, timeless, &record, file) else {
            if let Event::ApErrModified(event) = &event {
                self.count_outside(event, &record);
            }
            return;
        };
        let meaning = match event {
            Event::ApErrModified(event) => self.add_ap_err_modified(&event, &record, file, insertion),
            Event::Signal(signal) => self.add_signal(signal, &record, file, insertion),
        };
        if let Some(meaning) = meaning {
            self.cache_meaning(&record, Some((content, meaning)));
        }
    }
}

/// Does a signal of this kind count at any time? It shows which host owns an address or a name.
fn counts_at_any_time(kind: SignalKind) -> bool {
    matches!(
        kind,
        SignalKind::OwnAddresses
            | SignalKind::UsbNicInstalled
            | SignalKind::SelfAssigned
            | SignalKind::Renamed
    )
}

/// Counts a record as an occurrence. `reported` says whether an earlier run already reported it.
fn add_occurrence(
    occurrences: &mut Occurrences,
    record: &Record,
    file: FileIndex,
    insertion: Insertion,
    reported: bool,
) {
    // The time of a duplicate is already counted.
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
        occurrences.from_slack += i64::from(record.origin == RecordOrigin::Slack);
    }
}
