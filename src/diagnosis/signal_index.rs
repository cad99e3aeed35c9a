//! Signals by the names they are about, so that an incident meets only those that may concern it.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::events::{Signal, SignalKind};
use crate::files::FileIndex;
use crate::incidents::RecordedSignal;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, recognise};
use crate::names::{HostName, Principal};

/// All signals of a run.
#[derive(Debug, Default)]
pub(super) struct SignalIndex {
    signals: Vec<RecordedSignal>,
    /// Hosts of each of `signals`.
    hosts: Vec<SignalHosts>,
    /// By the [label](lookup_label) of each name.
    by_label: HashMap<Box<str>, Vec<u32>>,
    /// Of connections, by the label of the client that logged them: a dead server may have such events of every client.
    by_client: HashMap<Box<str>, ByPeer>,
}

/// Connections that one client logged, by peer.
#[derive(Debug, Default)]
struct ByPeer {
    by_label: HashMap<Box<str>, Vec<u32>>,
    by_address: HashMap<IpAddr, Vec<u32>>,
    /// The peer has the address that management cards have on every host.
    cards: Vec<u32>,
}

/// The names and addresses of an incident that signals are looked up by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SignalLookup<'l> {
    /// Of its hosts and the owners of the SPN.
    pub labels: &'l [Box<str>],
    pub client: Option<&'l str>,
    pub target: Option<&'l str>,
    /// Addresses that the target owns.
    pub addresses: &'l [&'l OwnedAddress],
}

/// The hosts that a signal names.
#[derive(Debug)]
pub(super) struct SignalHosts {
    pub logged_by: Option<HostName>,
    /// NETLOGON writes short names: the domain is that of the log they are in.
    pub subjects: Vec<HostName>,
}

impl SignalHosts {
    fn new(signal: &Signal) -> Self {
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
        let mut index = Self::default();
        for (i, recorded) in signals.iter().enumerate() {
            index.add(i as u32, &recorded.signal);
        }
        index.hosts = signals.iter().map(|recorded| SignalHosts::new(&recorded.signal)).collect();
        index.signals = signals;
        index
    }

    fn add(&mut self, i: u32, signal: &Signal) {
        let logged_by = lookup_label(&signal.computer);
        let mut labels: Vec<Box<str>> = signal.subjects().filter_map(lookup_label).collect();
        if !is_of_connection(signal.kind) {
            labels.extend(logged_by);
            labels.sort();
            labels.dedup();
            for label in labels {
                self.by_label.entry(label).or_default().push(i);
            }
            return;
        }
        let Some(client) = logged_by else { return };
        let peers = self.by_client.entry(client).or_default();
        labels.sort();
        labels.dedup();
        for label in labels {
            peers.by_label.entry(label).or_default().push(i);
        }
        for &address in &signal.addresses {
            match is_card_address(address) {
                true => peers.cards.push(i),
                false => peers.by_address.entry(address).or_default().push(i),
            }
        }
    }

    /// Whose log each signal is in, and the files that hold it.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &BTreeSet<FileIndex>)> {
        self.signals.iter().map(|recorded| (&*recorded.signal.computer, &recorded.occurrences.files))
    }

    /// The signals that may concern the incident, each once, in their order.
    pub(super) fn find(
        &self,
        wanted: SignalLookup<'_>,
    ) -> impl Iterator<Item = (&RecordedSignal, &SignalHosts)> {
        let labelled = wanted.labels.iter().filter_map(|label| self.by_label.get(label)).flatten();
        let mut found: BTreeSet<u32> = labelled.copied().collect();
        if let Some(peers) = wanted.client.and_then(|client| self.by_client.get(client)) {
            found.extend(wanted.target.and_then(|target| peers.by_label.get(target)).into_iter().flatten());
            found.extend(&peers.cards);
            if !peers.by_address.is_empty() {
                let rows = wanted.addresses.iter();
                found.extend(rows.filter_map(|row| peers.by_address.get(&row.address)).flatten());
            }
        }
        found.into_iter().filter_map(|i| Some((self.signals.get(i as usize)?, self.hosts.get(i as usize)?)))
    }
}

/// It concerns an incident only where its client logged it about the target.
fn is_of_connection(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::NotALocalName | SignalKind::AuthenticationFailed | SignalKind::DcomFailed)
}

/// Key by which a host or an account is looked up.
pub(super) fn lookup_label(name: &str) -> Option<Box<str>> {
    Principal::parse(name).host().map(|host| host.netbios().into())
}

/// The address that management cards of a vendor have on every host.
pub(crate) fn is_card_address(address: IpAddr) -> bool {
    matches!(recognise(address, None, None, &[]), AdapterKind::BmcUsbNic(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Role;
    use crate::incidents::Occurrences;
    use crate::inventory::Source;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn signal((kind, computer, peer, address): (usize, usize, usize, usize)) -> RecordedSignal {
        let kinds = [SignalKind::DcomFailed, SignalKind::AuthenticationFailed, SignalKind::SessionRefused];
        let addresses = ["192.0.2.1", "192.0.2.2", "169.254.95.120"];
        let signal = Signal {
            kind: kinds[kind],
            provider: "LsaSrv",
            event_id: 1,
            computer: format!("h{computer}.alpha.example.com").into(),
            names: vec![(Role::Computer, format!("H{peer}").into())],
            addresses: addresses.get(address).map(|address| address.parse().unwrap()).into_iter().collect(),
            error: None,
            user_id: None,
            values: "".into(),
        };
        let occurrences = Occurrences {
            events: 1,
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            activity: Default::default(),
            reported: Default::default(),
            files: Default::default(),
            from_slack: 0,
        };
        RecordedSignal { signal, occurrences }
    }

    proptest! {
        #[test]
        fn it_finds_what_looking_at_every_signal_finds(
            made in proptest::collection::vec((0..3usize, 0..4usize, 0..4usize, 0..4usize), 0..40),
            (client, target, owner) in (0..4usize, 0..4usize, 0..4usize),
        ) {
            let index = SignalIndex::new(made.iter().copied().map(signal).collect());
            let names = [client, target, owner].map(|host| Box::<str>::from(format!("h{host}")));
            let row = OwnedAddress {
                host: "h".into(),
                address: "192.0.2.2".parse().unwrap(),
                prefix_length: None,
                interface: None,
                description: None,
                mac: None,
                source: Source { file: "a.csv".into(), line: 1, collected: None },
                logged_at: None,
            };
            let wanted = SignalLookup {
                labels: &names,
                client: Some(&names[0]),
                target: Some(&names[1]),
                addresses: &[&row],
            };
            let found: Vec<&Signal> = index.find(wanted).map(|(recorded, _)| &recorded.signal).collect();
            let slow = made.iter().zip(&index.signals).filter(|((kind, computer, peer, address), _)| match kind {
                0 | 1 => *computer == client && (*peer == target || matches!(address, 1 | 2)),
                _ => [client, target, owner].iter().any(|host| host == computer || host == peer),
            });
            prop_assert_eq!(found, slow.map(|(_, recorded)| &recorded.signal).collect::<Vec<_>>());
        }
    }
}
