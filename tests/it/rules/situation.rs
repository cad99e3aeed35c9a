//! A small situation to diagnose: events, owners of addresses, names in DNS, and accounts with SPNs.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use krbtriage::commands::triage::known_hosts;
use krbtriage::diagnosis::{self, Context, FileDates, Finding, LogDates};
use krbtriage::events::DedupIndex;
use krbtriage::incidents::{CollectedIncidents, IncidentBuilder, Period};
use krbtriage::inventory::Source;
use krbtriage::inventory::accounts::{Account, AccountInventory, HostAliases};
use krbtriage::inventory::addresses::{AddressInventory, HostAlias, NameOrigin, OwnedAddress, ResolvedName};
use krbtriage::inventory::directory::Directory;
use krbtriage::inventory::from_events;
use krbtriage::records::{Content, Datum, Record, RecordOrigin};
use krbtriage::scan::RecordVisitor;

pub const ALPHA: &str = "ALPHA.EXAMPLE.COM";
pub const BETA: &str = "BETA.EXAMPLE.COM";
/// The clients and servers of most situations; `SRV2` is of the other domain.
pub const SRV1: &str = "SRV1.alpha.example.com";
pub const SRV2: &str = "srv2.beta.example.com";
pub const SRV3: &str = "srv3.alpha.example.com";
pub const SRV5: &str = "srv5.alpha.example.com";
pub const DC1: &str = "dc1.alpha.example.com";
/// When all events happen, unless [`Situation::at`] says otherwise.
pub const NOON: &str = "2026-10-06T12:00:00Z";
/// The management controller's network card of the reference case.
pub const IBM_USB: &str = "IBM USB Remote NDIS Network Device";

/// The logs and inventories of a test, made by a chain of calls.
#[derive(Default)]
pub struct Situation {
    records: Vec<Record>,
    addresses: AddressInventory,
    accounts: AccountInventory,
    aliases: HostAliases,
    written: Vec<(Arc<str>, Option<Timestamp>)>,
    log: Option<LogDates>,
}

/// An account of `domain` with its SPNs.
pub fn account(name: &str, domain: &str, spns: &[&str]) -> Account {
    Account {
        name: name.into(),
        domain: domain.to_lowercase().into(),
        spns: spns.iter().copied().collect(),
        source: Some(source("spns.csv")),
        ..Account::default()
    }
}

/// A computer's account, with the HOST SPNs that every computer has.
pub fn computer(name: &str) -> Account {
    let (label, domain) = name.split_once('.').expect("a full name");
    let (full, short) = (format!("HOST/{name}"), format!("HOST/{label}"));
    let account = account(&format!("{}$", label.to_uppercase()), domain, &[&full, &short]);
    Account { dns_host_name: Some(name.into()), ..account }
}

fn source(file: &str) -> Source {
    Source { file: file.into(), line: 2, collected: None }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 time")
}

impl Situation {
    /// `client` asked for `target`, and `by` answered. `realms` are those of the responder and of the client.
    pub fn asked(client: &str, target: &str, by: &str, realms: [&str; 2]) -> Self {
        Self::default().and_asked(client, target, by, realms)
    }

    pub fn and_asked(
        self,
        client: &str,
        target: &str,
        by: &str,
        [target_realm, client_realm]: [&str; 2],
    ) -> Self {
        let values = [
            ("Server", by),
            ("TargetRealm", target_realm),
            ("Targetname", target),
            ("ClientRealm", client_realm),
        ];
        self.event("Microsoft-Windows-Security-Kerberos", 4, client, &values)
    }

    /// Any event. A value without a name is an insertion string.
    pub fn event(mut self, provider: &str, id: u16, computer: &str, values: &[(&str, &str)]) -> Self {
        let content = Content {
            provider: provider.into(),
            event_id: id,
            version: 0,
            level: 2,
            channel: "System".into(),
            computer: computer.into(),
            // The computer itself reads its policy, unless a user does.
            user_id: if provider.ends_with("GroupPolicy") { "S-1-5-18".into() } else { Default::default() },
            data: values
                .iter()
                .map(|(name, value)| Datum {
                    name: (!name.is_empty()).then(|| (*name).into()),
                    value: (*value).into(),
                })
                .collect(),
        };
        let record_id = 1 + self.records.len() as u64;
        self.records.push(Record {
            content: content.into(),
            record_id,
            time: time(NOON),
            origin: RecordOrigin::Live,
        });
        self
    }

    pub fn netlogon(self, id: u16, computer: &str, strings: &[&str]) -> Self {
        let strings: Vec<_> = strings.iter().map(|s| ("", *s)).collect();
        self.event("NETLOGON", id, computer, &strings)
    }

    pub fn kdc(self, id: u16, strings: &[&str]) -> Self {
        let strings: Vec<_> = strings.iter().map(|s| ("", *s)).collect();
        self.event("Microsoft-Windows-Kerberos-Key-Distribution-Center", id, DC1, &strings)
    }

    /// Sets the time of the last event.
    pub fn at(mut self, when: &str) -> Self {
        self.records.last_mut().expect("an event").time = time(when);
        self
    }

    pub fn owns(self, host: &str, address: &str) -> Self {
        self.owns_on(host, address, "Ethernet")
    }

    /// As [`Situation::owns`], with the adapter's description.
    pub fn owns_on(self, host: &str, address: &str, adapter: &str) -> Self {
        self.owns_as(host, address, adapter, "addresses.csv")
    }

    /// As [`Situation::owns_on`], in another file.
    pub fn owns_as(mut self, host: &str, address: &str, adapter: &str, file: &str) -> Self {
        self.addresses.owned.push(OwnedAddress {
            host: host.into(),
            address: address.parse().expect("an address"),
            prefix_length: None,
            interface: None,
            description: Some(adapter.into()),
            mac: None,
            source: source(file),
            logged_at: None,
        });
        self
    }

    /// Adds a DNS record.
    pub fn resolves(mut self, name: &str, address: &str) -> Self {
        self.addresses.resolved.push(ResolvedName {
            name: name.into(),
            address: address.parse().expect("an address"),
            source: source("dns.csv"),
            origin: NameOrigin::Unknown,
            resolver: None,
        });
        self
    }

    /// Adds what the resolver of a client answers for a name, with its hosts file.
    pub fn resolves_on(self, client: &str, name: &str, address: &str) -> Self {
        let mut situation = self.resolves(name, address);
        if let Some(row) = situation.addresses.resolved.last_mut() {
            row.resolver = Some(client.into());
            row.source = source("names.csv");
        }
        situation
    }

    /// Adds a DNS record that the host registered itself.
    pub fn registers(self, name: &str, address: &str) -> Self {
        let mut situation = self.resolves(name, address);
        if let Some(row) = situation.addresses.resolved.last_mut() {
            row.origin = NameOrigin::Dynamic;
        }
        situation
    }

    /// A CNAME.
    pub fn cname(mut self, name: &str, other: &str) -> Self {
        let (name, other) = (name.into(), other.into());
        self.addresses.aliases.push(HostAlias { name, other, source: source("dns.csv"), cname: true });
        self
    }

    /// Adds DistributedCOM 10028 on SRV1: a connection to a peer failed.
    pub fn dcom_failed(self, peer: &str) -> Self {
        self.event("Microsoft-Windows-DistributedCOM", 10028, SRV1, &[("param1", peer), ("param2", "4679")])
    }

    /// Adds an export that shows one host under both names.
    pub fn also_called(mut self, name: &str, other: &str) -> Self {
        let (name, other) = (name.into(), other.into());
        self.addresses.aliases.push(HostAlias { name, other, source: source("ipconfig.txt"), cname: false });
        self
    }

    pub fn account(mut self, account: Account) -> Self {
        self.accounts.accounts.push(account);
        self
    }

    /// An account of the domain alpha that is not a computer's.
    pub fn service(self, name: &str, spns: &[&str]) -> Self {
        self.account(account(name, ALPHA, spns))
    }

    /// Sets when the password of the last account was set.
    pub fn password_set(mut self, when: &str) -> Self {
        self.accounts.accounts.last_mut().expect("an account").password_last_set = Some(time(when));
        self
    }

    /// Makes the account list a full export of both domains, so that an SPN it lacks is not registered.
    pub fn whole_list(mut self) -> Self {
        for domain in [ALPHA, BETA] {
            let domain: Arc<str> = domain.to_lowercase().into();
            self.accounts.complete_domains.push(Arc::clone(&domain));
            self.accounts.complete_files.push(("spns.csv".into(), domain));
        }
        self
    }

    /// Sets when the file of an inventory was written. An empty time means unknown.
    pub fn written(mut self, file: &str, when: &str) -> Self {
        self.written.push((file.into(), (!when.is_empty()).then(|| time(when))));
        self
    }

    /// Sets the time in the column `collected` of all lists.
    pub fn collected(mut self, when: &str) -> Self {
        let sources = (self.addresses.owned.iter_mut().map(|row| &mut row.source))
            .chain(self.addresses.resolved.iter_mut().map(|row| &mut row.source))
            .chain(self.accounts.accounts.iter_mut().filter_map(|account| account.source.as_mut()));
        for source in sources {
            source.collected = Some(time(when));
        }
        self
    }

    /// Sets the time of the last record of the log, and when its file was written.
    pub fn log_ends(mut self, ends: &str, written: &str) -> Self {
        self.log = Some(LogDates { ends: Some(time(ends)), written: Some(time(written)) });
        self
    }

    /// The findings, worst first.
    pub fn diagnose_all(self) -> Vec<Finding> {
        let Self { records, mut addresses, accounts, aliases, written, log } = self;
        let index = DedupIndex::default();
        let mut builder = IncidentBuilder::new(&index, Period::default());
        for record in records {
            builder.record(0, record);
        }
        let mut collected = CollectedIncidents::merge([builder]);
        from_events::add(&mut addresses, &collected.signals, &|_| "System.evtx".to_owned());
        let hosts = known_hosts(&addresses, &accounts, &collected);
        let signals = std::mem::take(&mut collected.signals);
        let directory = Directory::new(&accounts, &aliases);
        let window = SignedDuration::from_mins(10);
        let dates = FileDates::new(written, time("2027-01-01T00:00:00Z")).with_logs(log.map(|log| (0, log)));
        diagnosis::diagnose(
            collected.incidents,
            &Context::new(hosts, directory, signals, window).with_dates(dates),
        )
        .findings
    }

    /// The finding of the only incident.
    pub fn diagnose(self) -> Diagnosed {
        let mut all = self.diagnose_all();
        assert_eq!(all.len(), 1, "one incident");
        Diagnosed(all.remove(0))
    }
}

/// A finding with assertions.
#[derive(Debug)]
pub struct Diagnosed(pub Finding);

impl Diagnosed {
    /// Asserts that the evidence has this text.
    #[track_caller]
    pub fn proved_by(self, text: &str) -> Self {
        assert!(
            self.0.evidence().iter().any(|e| e.contains(text)),
            "{text:?} is not in {:#?}",
            self.0.evidence()
        );
        self
    }

    /// Asserts that a request has this text.
    #[track_caller]
    pub fn lacks(self, text: &str) -> Self {
        assert!(
            self.0.missing().iter().any(|e| e.contains(text)),
            "{text:?} is not in {:#?}",
            self.0.missing()
        );
        self
    }

    #[track_caller]
    pub fn lacks_nothing(self) -> Self {
        assert_eq!(self.0.missing(), [""; 0]);
        self
    }

    #[track_caller]
    pub fn shared(self, addresses: &[&str]) -> Self {
        let shared: Vec<_> = self.0.shared_addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shared, addresses);
        self
    }
}
