//! What is known apart from the incident: hosts, accounts, other events, dates.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;

use super::dates::{FileDates, LogCoverage};
use super::signal_index::SignalIndex;
use crate::files::FileIndex;
use crate::incidents::{Incident, RecordedSignal};
use crate::inventory::directory::Directory;
use crate::inventory::hosts::Hosts;
use crate::names::{HostName, Principal};

/// Everything a diagnosis looks up.
pub struct Context<'a> {
    pub hosts: Hosts<'a>,
    pub accounts: Directory<'a>,
    pub(super) signals: SignalIndex,
    /// Domains in which a host of a label is known: asked for every incident, and a label may have thousands.
    pub(super) domains: Mutex<HashMap<Box<str>, Arc<[String]>>>,
    /// How far a signal may lie from an event of the incident (`--window`).
    pub window: SignedDuration,
    /// How old the inventories are; without [`Context::dated`] nothing is known about it.
    pub dates: FileDates,
}

impl<'a> Context<'a> {
    pub fn new(
        hosts: Hosts<'a>,
        accounts: Directory<'a>,
        signals: Vec<RecordedSignal>,
        window: SignedDuration,
    ) -> Self {
        Self {
            hosts,
            accounts,
            signals: SignalIndex::new(signals),
            domains: Mutex::default(),
            window,
            dates: FileDates::default(),
        }
    }

    /// When the inventories were written.
    #[must_use]
    pub fn dated(mut self, dates: FileDates) -> Self {
        self.dates = dates;
        self
    }
}

/// What only all incidents together show.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Service classes that fail for a host that answers itself, by the target's folded host name.
    classes: HashMap<String, BTreeSet<String>>,
    /// The files that hold anything a client logged, by its name in lower case.
    logs: HashMap<String, BTreeSet<FileIndex>>,
}

impl Fleet {
    pub(super) fn of(incidents: &[Incident], context: &Context<'_>) -> Self {
        let mut fleet = Self::default();
        for incident in incidents {
            let files = fleet.logs.entry(incident.client.to_lowercase()).or_default();
            files.extend(&incident.occurrences.files);
        }
        for (computer, files) in context.signals.files() {
            if let Some(known) = fleet.logs.get_mut(&computer.to_lowercase()) {
                known.extend(files);
            }
        }
        for incident in incidents {
            let (target, responder) =
                (Principal::parse(&incident.target), Principal::parse(&incident.answered_by));
            let (Some(spn), Some(host), Some(by)) = (target.spn(), target.host(), responder.host()) else {
                continue;
            };
            if host.same_label(&by) {
                fleet.classes.entry(host.to_string()).or_default().insert(spn.class.to_lowercase());
            }
        }
        fleet
    }

    /// How many service classes fail for a host that answers itself.
    pub(super) fn failing_classes(&self, host: &HostName) -> usize {
        self.classes.get(&host.to_string()).map_or(0, BTreeSet::len)
    }

    /// Until when it is known what this client logged.
    pub(super) fn coverage(&self, client: &str, dates: &FileDates) -> Option<LogCoverage> {
        dates.coverage(self.logs.get(&client.to_lowercase())?)
    }
}
