//! An index of signals by the names in them, which finds those that may concern an incident.

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
    /// The hosts in each of `signals`.
    hosts: Vec<SignalHosts>,
    /// Indexes of signals by the [label](lookup_label) of each name.
    by_label: HashMap<Box<str>, Vec<u32>>,
    /// Signals about connections, by the label of the client that logged them. Every client may log some about a dead server.
    by_client: HashMap<Box<str>, ByPeer>,
}

/// Indexes of the signals that one client logged about connections, by peer.
#[derive(Debug, Default)]
struct ByPeer {
    by_label: HashMap<Box<str>, Vec<u32>>,
    by_address: HashMap<IpAddr, Vec<u32>>,
    /// Signals whose peer has the address that management cards have on every host.
    cards: Vec<u32>,
}

/// The names and addresses of an incident by which signals are looked up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SignalLookup<'l> {
    /// Labels of its hosts and of the owners of the SPN.
    pub labels: &'l [Box<str>],
    /// Label of the client.
    pub client: Option<&'l str>,
    /// Label of the target's host.
    pub target: Option<&'l str>,
    /// Addresses that the target owns.
    pub addresses: &'l [&'l OwnedAddress],
}

/// The hosts that a signal names.
#[derive(Debug)]
pub(super) struct SignalHosts {
    pub logged_by: Option<HostName>,
    /// The hosts that it is about. A short name gets the domain of the host that logged it, because NETLOGON writes short names.
    pub subjects: Vec<HostName>,
}

impl SignalHosts {
    fn new(signal: &Signal) -> Self {
        let logged_by = HostName::parse(&signal.computer);
        let domain = logged_by.as_ref().and_then(HostName::domain);
        let host = |subject: &str| Some(Principal::parse(subject).host()?.in_domain(domain));
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
        let mut labels: BTreeSet<Box<str>> = signal.subjects().filter_map(lookup_label).collect();
        let by_label = if is_of_connection(signal.kind) {
            let Some(client) = logged_by else { return };
            let peers = self.by_client.entry(client).or_default();
            for &address in &signal.addresses {
                match is_card_address(address) {
                    true => peers.cards.push(i),
                    false => peers.by_address.entry(address).or_default().push(i),
                }
            }
            &mut peers.by_label
        } else {
            labels.extend(logged_by);
            &mut self.by_label
        };
        for label in labels {
            by_label.entry(label).or_default().push(i);
        }
    }

    /// The computer that logged each signal, and the files with the signal.
    pub(super) fn files_by_computer(&self) -> impl Iterator<Item = (&str, &BTreeSet<FileIndex>)> {
        self.signals.iter().map(|recorded| (&*recorded.signal.computer, &recorded.occurrences.files))
    }

    /// Finds the signals that may concern an incident, each once, in the order of the index.
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

/// Is it about a connection? Such a signal concerns an incident only if the client logged it about the target.
fn is_of_connection(kind: SignalKind) -> bool {
    matches!(kind, SignalKind::NotALocalName | SignalKind::AuthenticationFailed | SignalKind::DcomFailed)
}

/// The label by which a host or an account is looked up.
pub(super) fn lookup_label(name: &str) -> Option<Box<str>> {
    Principal::parse(name).host().map(|host| host.netbios().into())
}

/// Is it an address that the management cards of a vendor have on every host?
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
