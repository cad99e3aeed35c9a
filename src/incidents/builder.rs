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
use crate::records::{Content, Origin, Record};
use crate::scan::RecordVisitor;

/// Most different signals kept. Real logs have some thousands. A crafted log with a new name in every record
/// must not fill memory.
const MAX_SIGNALS: usize = if cfg!(test) { 1_000 } else { 100_000 };

/// Most memory of all incidents of a run: some 200,000 with names of usual length. One takes
/// [`INCIDENT_BYTES`], and the report makes [`COPIES_OF_NAME`] copies of each of its names.
const MAX_INCIDENT_BYTES: usize = if cfg!(test) { 4 << 20 } else { 1 << 30 };
const INCIDENT_BYTES: usize = 2 << 10;
const COPIES_OF_NAME: usize = 20;

/// Longest name kept, in bytes. A DNS name has at most 255 characters, an account's 256, a user principal
/// name 1,024. A longer one keeps its beginning and a hash of the whole, so that it stays different from all
/// others.
pub const MAX_NAME: usize = 1024;

/// Most contents whose meaning one worker caches: twice as many as a chunk reader shares at one time.
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

/// Events 4 outside the period of a run: how many, and when the latest was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutsidePeriod {
    /// Each counted once, up to [`MAX_OUTSIDE`] by each worker.
    pub events: u64,
    pub last: Option<Timestamp>,
}

/// Most events outside the period that one worker counts: 8 MB.
const MAX_OUTSIDE: usize = 500_000;

/// IncidentKey of an incident: the five names, in lower case, and whether they come from event 3.
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

/// Data that a run left out because a limit was reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Events of incidents that were not kept: those with the last names in order.
    pub events: u64,
    /// Events of signals that were not kept.
    pub signals: u64,
    /// Incidents that are in the report without a verdict, because their diagnosis failed.
    pub undiagnosed: u64,
}

/// Number of names in one file's records that were longer than [`MAX_NAME`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutNames {
    pub records: u64,
    /// The lowest ID of a record with one.
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
    /// It also receives `Insertion::Duplicate` events: which of two files keeps an event is decided only at
    /// the end.
    fn event(&mut self, event: &ApErrModified, record: &Record, file: FileIndex);
}

/// Collects one worker's events and signals.
pub struct IncidentBuilder<'a> {
    dedup: &'a DedupIndex,
    period: Period,
    pub(super) incidents: BoundedMap<IncidentKey, Incident>,
    pub(super) signals: BoundedMap<Signal, Occurrences>,
    /// All counted events, kept or not.
    pub(super) counted: Dropped,
    /// By address of the content. The content is kept, so that no other one can get its address.
    meanings: foldhash::HashMap<usize, (Arc<Content>, CachedMeaning)>,
    pub(super) duplicates: HashMap<FileIndex, u64>,
    pub(super) cut_names: BTreeMap<FileIndex, CutNames>,
    reported: Option<&'a ReportedEvents>,
    pub(super) already_reported: u64,
    pub(super) fingerprints: Vec<u64>,
    pub(super) log_ranges: Option<LogRanges>,
    event_sink: Option<Box<dyn EventSink + 'a>>,
    /// Fingerprints of events outside the period, and the time of the latest.
    pub(super) outside: foldhash::HashSet<u64>,
    pub(super) last_outside: Option<Timestamp>,
}

/// Cached meaning of a content that several records share.
#[derive(Debug, Clone, Copy)]
struct CachedMeaning {
    /// `None` for an event that triage does not use.
    content: Option<ContentFingerprint>,
    meaning: Classification,
}

#[derive(Debug, Clone, Copy)]
enum Classification {
    /// Triage does not use it.
    Nothing,
    /// Index of an incident.
    Incident(usize),
    /// Index of a signal.
    Signal { at: usize, timeless: bool },
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

    /// Counts only events that no earlier run has counted. The others are still evidence: a diagnosis uses
    /// all inputs.
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

    /// Did an earlier run count this event? If not, this one does.
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

    /// `None` if there is no room for its incident.
    fn add_ap_err_modified(
        &mut self,
        event: ApErrModified,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Option<Classification> {
        let reported = self.was_reported(record, &event, insertion == Insertion::New);
        if !reported && let Some(event_sink) = &mut self.event_sink {
            event_sink.event(&event, record, file);
        }
        self.counted.events += u64::from(!reported && insertion == Insertion::New);
        let key = IncidentKey { names: event.names().map(|name| fold(name).into()), twin: event.twin };
        let at = self.incidents.index_of(key, || Incident {
            client: event.client.clone(),
            answered_by: event.answered_by.clone(),
            target: event.target.clone(),
            target_realm: event.target_realm.clone(),
            client_realm: event.client_realm.clone(),
            occurrences: Occurrences::new(record.time, file),
        })?;
        let incident = self.incidents.value_at(at)?;
        let ApErrModified { client, answered_by, target, target_realm, client_realm, twin: _ } = event;
        incident.keep_smaller_names([client, answered_by, target, target_realm, client_realm]);
        add_occurrence(&mut incident.occurrences, record, file, insertion, reported);
        if self.incidents.trim() {
            self.meanings.clear();
            return None;
        }
        Some(Classification::Incident(at))
    }

    /// `None` if there is no room for it.
    fn add_signal(
        &mut self,
        signal: Signal,
        record: &Record,
        file: FileIndex,
        insertion: Insertion,
    ) -> Option<Classification> {
        self.counted.signals += u64::from(insertion == Insertion::New);
        let timeless = counts_at_any_time(signal.kind);
        let at = self.signals.index_of(signal, || Occurrences::new(record.time, file))?;
        add_occurrence(self.signals.value_at(at)?, record, file, insertion, false);
        if self.signals.trim() {
            self.meanings.clear();
            return None;
        }
        Some(Classification::Signal { at, timeless })
    }

    /// The cached meaning of the record's content.
    fn cached_meaning(&self, record: &Record) -> Option<CachedMeaning> {
        self.meanings.get(&Arc::as_ptr(&record.content).addr()).map(|(_, cached)| *cached)
    }

    fn cache_meaning(&mut self, record: &Record, meaning: CachedMeaning) {
        // No other record can share a content that has only one reference.
        if Arc::strong_count(&record.content) > 1 && self.reported.is_none() && self.event_sink.is_none() {
            if self.meanings.len() >= MAX_MEANINGS {
                self.meanings.clear();
            }
            let address = Arc::as_ptr(&record.content).addr();
            self.meanings.insert(address, (Arc::clone(&record.content), meaning));
        }
    }

    /// Handles a record whose content was classified before.
    fn count_again(&mut self, cached: CachedMeaning, record: &Record, file: FileIndex) {
        let timeless = match cached.meaning {
            Classification::Nothing => return,
            Classification::Incident(_) => false,
            Classification::Signal { timeless, .. } => timeless,
        };
        let Some(insertion) =
            cached.content.and_then(|content| self.deduplicate(content, timeless, record, file))
        else {
            if let (Classification::Incident(_), Some(Event::ApErrModified(event))) =
                (cached.meaning, Event::read(record))
            {
                self.count_outside(&event, record);
            }
            return;
        };
        let new = u64::from(insertion == Insertion::New);
        let occurrences = match cached.meaning {
            Classification::Nothing => None,
            Classification::Incident(at) => {
                self.counted.events += new;
                self.incidents.value_at(at).map(|incident| &mut incident.occurrences)
            }
            Classification::Signal { at, .. } => {
                self.counted.signals += new;
                self.signals.value_at(at)
            }
        };
        if let Some(occurrences) = occurrences {
            add_occurrence(occurrences, record, file, insertion, false);
        }
    }

    /// The record with every long value truncated. Values become names in the report.
    fn cut_names(&mut self, record: Record, file: FileIndex) -> Record {
        let Some(content) = record.cut(MAX_NAME) else { return record };
        let cut = CutNames { records: 1, first_record_id: record.record_id };
        self.cut_names.entry(file).or_default().add(cut);
        Record { content: content.into(), ..record }
    }

    /// Counts an event outside the period. A twin repeats the same event.
    fn count_outside(&mut self, event: &ApErrModified, record: &Record) {
        if event.twin || self.outside.len() >= MAX_OUTSIDE {
            return;
        }
        self.outside.insert(ReportedEvents::fingerprint(record, Some(event)));
        self.last_outside = self.last_outside.max(Some(record.time));
    }

    /// Is the record a duplicate? `None` if it is outside the run's period.
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
            return self
                .cache_meaning(&record, CachedMeaning { content: None, meaning: Classification::Nothing });
        };
        let content = self.dedup.content_fingerprint(&record, &event);
        // Owners of addresses and names count from any time.
        let timeless = matches!(&event, Event::Signal(c) if counts_at_any_time(c.kind));
        let Some(insertion) = self.deduplicate(content, timeless, &record, file) else {
            if let Event::ApErrModified(event) = &event {
                self.count_outside(event, &record);
            }
            return;
        };
        let meaning = match event {
            Event::ApErrModified(event) => self.add_ap_err_modified(event, &record, file, insertion),
            Event::Signal(signal) => self.add_signal(signal, &record, file, insertion),
        };
        if let Some(meaning) = meaning {
            self.cache_meaning(&record, CachedMeaning { content: Some(content), meaning });
        }
    }
}

/// Is it a signal about a host rather than a moment?
fn counts_at_any_time(kind: SignalKind) -> bool {
    matches!(
        kind,
        SignalKind::OwnAddresses
            | SignalKind::UsbNicInstalled
            | SignalKind::SelfAssigned
            | SignalKind::Renamed
    )
}

fn add_occurrence(
    occurrences: &mut Occurrences,
    record: &Record,
    file: FileIndex,
    insertion: Insertion,
    reported: bool,
) {
    // A duplicate adds only its file. Its time is already counted.
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
