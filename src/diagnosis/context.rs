//! The data that all incidents of a run share: hosts, accounts, other events, dates.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;

use super::dates::{FileDates, LogCoverage};
use super::signal_index::SignalIndex;
use crate::files::FileIndex;
use crate::incidents::{Incident, RecordedSignal};
use crate::inventory::addresses::vendors::never_shared;
use crate::inventory::directory::Directory;
use crate::inventory::hosts::{HostId, Hosts};
use crate::names::{HostName, Principal};

/// The inventories and signals of a run, which every diagnosis looks up.
pub struct Context<'a> {
    pub hosts: Hosts<'a>,
    pub accounts: Directory<'a>,
    pub(super) signals: SignalIndex,
    /// Cached domains with a host of a label. Every incident asks for them, and a label may have thousands.
    pub(super) domains: Mutex<HashMap<Box<str>, Arc<[String]>>>,
    /// Longest time between a signal and an event of the incident (`--window`).
    pub window: SignedDuration,
    /// Dates of the inventories and logs; none without [`Context::with_dates`].
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

    /// Sets the dates of the inventories and logs.
    #[must_use]
    pub fn with_dates(mut self, dates: FileDates) -> Self {
        self.dates = dates;
        self
    }
}

/// Counts over all incidents of a run, which show what a single incident cannot.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Service classes of the incidents in which the target itself answered, by the target's folded host name.
    classes: HashMap<String, BTreeSet<String>>,
    /// The files with records of a client, by the client's name in lower case.
    logs: HashMap<String, BTreeSet<FileIndex>>,
    /// The pairs of a client that reached itself and the target that it asked for, by shared address and RPC class. A host
    /// is the client of at most one pair, and the target of at most one.
    loopbacks: HashMap<(IpAddr, String), Vec<(HostId, HostId)>>,
}

/// Number of pairs that are kept. The client of an incident is in at most one of them and its target in at most one other, so
/// two pairs remain that are independent of the incident.
const ENOUGH_PAIRS: usize = 4;

impl Fleet {
    pub(super) fn new(incidents: &[Incident], context: &Context<'_>) -> Self {
        let mut fleet = Self::default();
        for incident in incidents {
            let files = fleet.logs.entry(incident.client.to_lowercase()).or_default();
            files.extend(&incident.occurrences.files);
        }
        for (computer, files) in context.signals.files_by_computer() {
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
            } else if is_rpc_class(&spn.class.to_lowercase()) {
                fleet.add_loopback(&incident.client, &by, (&host, &spn.class.to_lowercase()), context);
            }
        }
        fleet
    }

    /// Adds the addresses that both hosts own, if the client answered itself and DNS does not resolve the target to the
    /// client.
    fn add_loopback(
        &mut self,
        client: &str,
        by: &HostName,
        (target, class): (&HostName, &str),
        context: &Context<'_>,
    ) {
        let hosts = &context.hosts;
        let Some(client) = HostName::parse(client).filter(|client| client.same_label(by)) else { return };
        let full = target.clone().in_domain(client.domain());
        let (Some(client), Some(target)) = (hosts.find(&client), hosts.find(&full)) else { return };
        let owned = |host: HostId| {
            let rows = hosts.owned(host).iter().filter(|row| !never_shared(row.address));
            rows.map(|row| row.address).collect::<BTreeSet<_>>()
        };
        let (ours, theirs) = (owned(client), owned(target));
        if client == target || hosts.resolved(target).iter().any(|(address, _)| ours.contains(address)) {
            return;
        }
        for address in ours.intersection(&theirs) {
            let pairs = self.loopbacks.entry((*address, class.to_owned())).or_default();
            let apart = pairs.iter().all(|(c, t)| *c != client && *t != target);
            if apart && pairs.len() < ENOUGH_PAIRS {
                pairs.push((client, target));
            }
        }
    }

    /// Number of other clients that reached themselves through this address when they asked for this class on other targets.
    /// Programs of another class may choose addresses in another way.
    pub(super) fn other_loopbacks(
        &self,
        address: IpAddr,
        class: String,
        client: HostId,
        target: HostId,
    ) -> usize {
        let pairs = self.loopbacks.get(&(address, class)).map(Vec::as_slice).unwrap_or_default();
        pairs.iter().filter(|(c, t)| *c != client && *t != target).count()
    }

    /// Number of service classes that fail on a host although the host itself answers.
    pub(super) fn failing_classes(&self, host: &HostName) -> usize {
        self.classes.get(&host.to_string()).map_or(0, BTreeSet::len)
    }

    /// The end of the period for which it is known what this client logged.
    pub(super) fn coverage(&self, client: &str, dates: &FileDates) -> Option<LogCoverage> {
        dates.coverage(self.logs.get(&client.to_lowercase())?)
    }
}

/// Is this a service class of RPC over TCP?
///
/// WMI and other DCOM programs ask for such a class. They exchange addresses with the server (ServerAlive2, MS-DCOM
/// 3.1.2.5.1.6) and choose one that both have.
pub(super) fn is_rpc_class(class: &str) -> bool {
    matches!(class, "host" | "rpcss" | "restrictedkrbhost")
}
