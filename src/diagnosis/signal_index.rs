//! Signals by the names they are about, so that an incident meets only those that may concern it.

use std::collections::{BTreeSet, HashMap};

use crate::events::Signal;
use crate::files::FileIndex;
use crate::incidents::RecordedSignal;
use crate::names::{HostName, Principal};

/// All signals of a run.
#[derive(Debug, Default)]
pub(super) struct SignalIndex {
    signals: Vec<RecordedSignal>,
    /// Beside `signals`.
    hosts: Vec<SignalHosts>,
    /// First 15 characters of a host label or account name, in lower case.
    by_label: HashMap<Box<str>, Vec<u32>>,
}

/// The hosts that a signal names.
#[derive(Debug)]
pub(super) struct SignalHosts {
    pub logged_by: Option<HostName>,
    /// NETLOGON writes short names: the domain is that of the log they are in.
    pub subjects: Vec<HostName>,
}

impl SignalHosts {
    fn of(signal: &Signal) -> Self {
        let logged_by = HostName::parse(&signal.computer);
        let domain = logged_by.as_ref().and_then(HostName::domain);
        let host = |subject: &str| {
            let host = Principal::parse(subject).host()?;
            Some(if host.domain().is_some() { host } else { host.in_domain(domain) })
        };
        let subjects = signal.subjects().filter_map(host).collect();
        Self { logged_by, subjects }
    }
}

impl SignalIndex {
    pub(super) fn new(signals: Vec<RecordedSignal>) -> Self {
        let mut by_label: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (i, recorded) in signals.iter().enumerate() {
            let mut labels: Vec<Box<str>> = recorded.signal.subjects().filter_map(label_of).collect();
            // What a client logs of its connections is looked up by the client, too.
            labels.extend(label_of(&recorded.signal.computer));
            labels.sort();
            labels.dedup();
            for label in labels {
                by_label.entry(label).or_default().push(i as u32);
            }
        }
        let hosts = signals.iter().map(|recorded| SignalHosts::of(&recorded.signal)).collect();
        Self { signals, hosts, by_label }
    }

    /// Whose log each signal is in, and the files that hold it.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &BTreeSet<FileIndex>)> {
        self.signals.iter().map(|recorded| (&*recorded.signal.computer, &recorded.occurrences.files))
    }

    /// The signals with one of these labels, each once, in their order.
    pub(super) fn named(&self, labels: &[Box<str>]) -> impl Iterator<Item = (&RecordedSignal, &SignalHosts)> {
        let found: BTreeSet<u32> =
            labels.iter().filter_map(|label| self.by_label.get(label)).flatten().copied().collect();
        found.into_iter().filter_map(|i| Some((self.signals.get(i as usize)?, self.hosts.get(i as usize)?)))
    }
}

/// What a host or account is looked up by.
pub(super) fn label_of(name: &str) -> Option<Box<str>> {
    Principal::parse(name).host().map(|host| host.netbios().into())
}
