//! Diagnoses a scenario with some of its inventories, and counts the right verdicts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use krbtriage::commands::triage::known_hosts;
use krbtriage::diagnosis::{
    Cause, Confidence, Context, EvidenceRole, Fact, FileDates, Finding, Kind, LogDates, diagnose,
};
use krbtriage::events::DedupIndex;
use krbtriage::incidents::{CollectedIncidents, IncidentBuilder, Period};
use krbtriage::inventory::accounts::{AccountInventory, HostAliases};
use krbtriage::inventory::addresses::AddressInventory;
use krbtriage::inventory::directory::Directory;
use krbtriage::inventory::from_events;
use krbtriage::scan::RecordVisitor;

use super::exchange::{self, Ask, Outcome, attempt};
use super::faults::Fault;
use super::logs::Place;
use super::rng::Rng;
use super::scenario::{Expected, Scenario};
use super::snapshots::{self, List, Style};
use super::truth::truth;
use super::world::{AES, DAY, HOUR, RC4, Replica, World};

/// When an inventory was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Past,
    Now,
    Later,
}

/// What is given beside the clients' logs.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub addresses: Vec<When>,
    /// Percentage of hosts in the address lists.
    pub covered: usize,
    pub dns: Vec<When>,
    pub spns: Vec<(When, Option<Style>)>,
    pub controllers: bool,
    pub members: bool,
    /// The logs were exported when the events were new, whenever the inventories were made; else together with the last of
    /// these.
    pub logs_before: bool,
    /// All files were copied without their dates, so long after the logs were exported; `None` where they have their own.
    pub copied: Option<i64>,
    /// The inventories tell when they were collected.
    pub reported: bool,
    /// What is of after the repair was made some hours after the events.
    pub repaired_soon: bool,
}

impl Given {
    pub fn full() -> Self {
        Self {
            addresses: vec![When::Now],
            covered: 100,
            dns: vec![When::Now],
            spns: vec![(When::Now, Some(Style::Ldap))],
            controllers: true,
            members: true,
            logs_before: false,
            copied: None,
            reported: false,
            repaired_soon: false,
        }
    }

    pub fn none() -> Self {
        Self { covered: 100, ..Self::default() }
    }

    /// Some of everything, old or new, once or twice.
    pub fn random(rng: &mut Rng, whens: &[When]) -> Self {
        let mut some =
            |most: usize| -> Vec<When> { (0..rng.below(most + 1)).map(|_| *rng.pick(whens)).collect() };
        let (addresses, dns, spns) = (some(2), some(2), some(2));
        let style = |rng: &mut Rng| Some(*rng.pick(&[Style::Ldap, Style::Ldap, Style::Setspn, Style::Query]));
        Self {
            addresses,
            covered: if rng.chance(70) { 100 } else { 60 },
            dns,
            spns: spns.into_iter().map(|w| (w, style(rng))).collect(),
            controllers: rng.chance(50),
            members: rng.chance(50),
            logs_before: rng.chance(30),
            copied: None,
            reported: rng.chance(50),
            repaired_soon: false,
        }
    }

    /// When an inventory was made: seconds since 1970.
    fn made(&self, scenario: &Scenario, when: When) -> i64 {
        match (when, self.repaired_soon) {
            (When::Later, true) => DAY + 20 * HOUR,
            _ => scenario.taken[when as usize],
        }
    }

    /// When the logs were.
    fn exported(&self, scenario: &Scenario) -> i64 {
        let spns = self.spns.iter().map(|s| s.0).collect();
        let all = [self.addresses.clone(), self.dns.clone(), spns].concat();
        let later = all.contains(&When::Later) && !self.logs_before;
        self.made(scenario, if later { When::Later } else { When::Now })
    }
}

pub fn world_at(scenario: &Scenario, when: When) -> &World {
    match when {
        When::Past => &scenario.past,
        When::Now => &scenario.now,
        When::Later => &scenario.later,
    }
}

/// Exports what is given.
pub fn inventories(scenario: &Scenario, given: &Given) -> (AddressInventory, AccountInventory) {
    let (mut addresses, mut accounts) = (AddressInventory::default(), AccountInventory::default());
    let list = |file: String, when: When| {
        let made = Timestamp::from_second(given.made(scenario, when)).ok();
        List { file, collected: made.filter(|_| given.reported) }
    };
    for (n, when) in given.addresses.iter().enumerate() {
        let list = list(format!("addresses-{n}-{when:?}.csv"), *when);
        let keep = |id: usize| (id * 37 + scenario.seed as usize) % 100 < given.covered;
        snapshots::addresses(world_at(scenario, *when), &list, &mut addresses, keep);
    }
    for (n, when) in given.dns.iter().enumerate() {
        let list = list(format!("dns-{n}-{when:?}.csv"), *when);
        snapshots::dns(world_at(scenario, *when), &list, &mut addresses);
    }
    let asked: Vec<String> = scenario.expected.keys().map(|k| k[2].clone()).collect();
    for (n, (when, style)) in given.spns.iter().enumerate() {
        let list = list(format!("spns-{n}-{when:?}.txt"), *when);
        snapshots::accounts(
            world_at(scenario, *when),
            &list,
            style.unwrap_or(Style::Ldap),
            &asked,
            &mut accounts,
        );
    }
    (addresses, accounts)
}

/// The records of the logs that are given, handed to the gatherer as the scan would.
pub fn gather(scenario: &Scenario, given: &Given) -> CollectedIncidents {
    let seen = DedupIndex::default();
    let mut builder = IncidentBuilder::new(&seen, Period::default());
    for (n, entry) in scenario.entries.iter().enumerate() {
        let readable = match entry.place {
            Place::Client => true,
            Place::Controller => given.controllers,
            Place::Member => given.members,
        };
        if readable {
            builder.record(0, entry.record(n as u64 + 1));
        }
    }
    CollectedIncidents::merge([builder])
}

pub fn verdicts(
    collected: CollectedIncidents,
    mut addresses: AddressInventory,
    accounts: &AccountInventory,
    dates: FileDates,
) -> Vec<Finding> {
    from_events::add(&mut addresses, &collected.signals, &|_| "System.evtx".to_owned());
    let hosts = known_hosts(&addresses, accounts, &collected);
    let directory = Directory::new(accounts, &HostAliases::default());
    let knowledge =
        Context::new(hosts, directory, collected.signals, SignedDuration::from_mins(10)).with_dates(dates);
    diagnose(collected.incidents, &knowledge).findings
}

pub fn verdicts_of(scenario: &Scenario, given: &Given) -> Vec<Finding> {
    let (addresses, accounts) = inventories(scenario, given);
    verdicts(gather(scenario, given), addresses, &accounts, dates(scenario, given))
}

/// When the files were written, and how far the logs go.
fn dates(scenario: &Scenario, given: &Given) -> FileDates {
    let exported = given.exported(scenario);
    let copied = given.copied.map(|after| exported + after);
    let time = |seconds: i64| Timestamp::from_second(seconds).unwrap();
    let at = |when: When| time(copied.unwrap_or(given.made(scenario, when)));
    let named = |prefix: &str, end: &str, whens: Vec<When>| -> Vec<(Arc<str>, Option<Timestamp>)> {
        let name = |(n, when): (usize, &When)| Arc::from(format!("{prefix}-{n}-{when:?}.{end}"));
        whens.iter().enumerate().map(|f| (name(f), Some(at(*f.1)))).collect()
    };
    let written = [
        named("addresses", "csv", given.addresses.clone()),
        named("dns", "csv", given.dns.clone()),
        named("spns", "txt", given.spns.iter().map(|s| s.0).collect()),
    ];
    let log = LogDates { ends: Some(time(exported)), written: Some(time(copied.unwrap_or(exported))) };
    let now = exported.max(scenario.taken[When::Later as usize]).max(copied.unwrap_or_default());
    FileDates::new(written.concat(), time(now)).with_logs([(0, log)])
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    pub incidents: u64,
    /// The cause is right; cause and kind are.
    pub cause: u64,
    pub kind: u64,
    /// Not right, and nothing given tells it from what was said.
    pub open: u64,
    pub confirmed: u64,
    /// Confirmed with a wrong cause, with the right cause and a wrong kind.
    pub wrong: u64,
    pub wrong_kind: u64,
    /// Confirmed and wrong, where all that is given would have been the same had the verdict been right.
    pub undecidable: u64,
    /// Rows that are not confirmed and do not say what to collect.
    pub speechless: u64,
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.incidents += other.incidents;
        self.cause += other.cause;
        self.kind += other.kind;
        self.open += other.open;
        self.confirmed += other.confirmed;
        self.wrong += other.wrong;
        self.wrong_kind += other.wrong_kind;
        self.undecidable += other.undecidable;
        self.speechless += other.speechless;
    }
}

#[derive(Default)]
pub struct Tally {
    pub scores: BTreeMap<&'static str, Score>,
    /// With full inventories: the true cause and kind, and what was said.
    pub confusion: BTreeMap<(Cause, Cause), u64>,
    pub kinds: BTreeMap<(Kind, Kind), u64>,
    /// Of these, what the same evidence shows as well, said with a request for what separates the two.
    pub open: BTreeMap<(Kind, Kind), u64>,
    /// With full inventories: the row that decided, and what keeps it from being confirmed.
    pub unconfirmed: BTreeMap<(&'static str, String), u64>,
    /// With full inventories, by the fault that gave the incident; `wrong` counts every confirmed verdict that is not so.
    pub by_fault: BTreeMap<String, Score>,
    /// Of each fault, how many incidents it gave.
    pub faults: BTreeMap<Fault, u64>,
    /// Wrong verdicts, to be looked at: confirmed; confirmed, and nothing given tells it from the truth; with full
    /// inventories.
    pub mistakes: Vec<String>,
    pub limits: Vec<String>,
    pub missed: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, name: &'static str, scenario: &Scenario, given: &Given, findings: &[Finding]) {
        let score = self.scores.entry(name).or_default();
        assert_eq!(
            findings.len(),
            scenario.expected.len(),
            "seed {}: an incident was lost or split",
            scenario.seed
        );
        if name == "full" {
            for fault in
                scenario.silent.iter().chain(scenario.expected.values().filter_map(|e| e.fault.as_ref()))
            {
                *self.faults.entry(*fault).or_default() += 1;
            }
        }
        for finding in findings {
            let i = &finding.incident;
            let key = [&i.client, &i.answered_by, &i.target, &i.target_realm, &i.client_realm]
                .map(|n| n.to_lowercase());
            let expected =
                scenario.expected.get(&key).unwrap_or_else(|| panic!("seed {}: {key:?}", scenario.seed));
            let said = (finding.cause, finding.kind);
            let true_kind = expected.truths.contains(&said);
            let true_cause = expected.truths.iter().any(|t| t.0 == finding.cause);
            // What the same evidence shows as well is right to say, and wrong to confirm.
            let kind = true_kind || expected.lookalikes.contains(&said);
            let cause = true_cause || expected.lookalikes.iter().any(|t| t.0 == finding.cause);
            score.incidents += 1;
            score.cause += u64::from(cause);
            score.kind += u64::from(kind);
            if name == "full" {
                let wanted =
                    expected.truths.iter().find(|t| t.0 == finding.cause).unwrap_or(&expected.truths[0]);
                *self.confusion.entry((wanted.0, finding.cause)).or_default() += 1;
                let wanted = if true_kind { finding.kind } else { wanted.1 };
                *self.kinds.entry((wanted, finding.kind)).or_default() += 1;
                if kind && !true_kind && !finding.missing().is_empty() {
                    *self.open.entry((wanted, finding.kind)).or_default() += 1;
                }
                if finding.confidence != Confidence::Confirmed {
                    *self.unconfirmed.entry((finding.row.1, lacks(finding))).or_default() += 1;
                }
                let of_fault = self
                    .by_fault
                    .entry(expected.fault.map_or_else(|| "ordinary work".into(), |f| format!("{f:?}")))
                    .or_default();
                of_fault.incidents += 1;
                of_fault.cause += u64::from(cause);
                of_fault.kind += u64::from(kind);
                let confirmed = finding.confidence == Confidence::Confirmed;
                of_fault.confirmed += u64::from(confirmed);
                of_fault.wrong += u64::from(confirmed && !true_kind);
                if !cause || !kind {
                    if same_in_another_world(scenario, given, expected, finding) {
                        score.open += 1;
                    }
                    let text = describe(name, scenario, given, expected, finding);
                    self.missed.push(text);
                }
            }
            let confirmed = finding.confidence == Confidence::Confirmed;
            score.confirmed += u64::from(confirmed);
            score.speechless += u64::from(!confirmed && finding.missing().is_empty());
            if confirmed && !true_kind {
                let text = describe(name, scenario, given, expected, finding);
                if same_in_another_world(scenario, given, expected, finding) {
                    score.undecidable += 1;
                    self.limits.push(text);
                    continue;
                }
                if true_cause {
                    score.wrong_kind += 1
                } else {
                    score.wrong += 1
                }
                self.mistakes.push(text);
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (name, score) in other.scores {
            self.scores.entry(name).or_default().add(&score);
        }
        for (fault, score) in other.by_fault {
            self.by_fault.entry(fault).or_default().add(&score);
        }
        for (key, n) in other.confusion {
            *self.confusion.entry(key).or_default() += n;
        }
        for (key, n) in other.kinds {
            *self.kinds.entry(key).or_default() += n;
        }
        for (key, n) in other.open {
            *self.open.entry(key).or_default() += n;
        }
        for (key, n) in other.unconfirmed {
            *self.unconfirmed.entry(key).or_default() += n;
        }
        for (fault, n) in other.faults {
            *self.faults.entry(fault).or_default() += n;
        }
        self.mistakes.extend(other.mistakes);
        self.missed.extend(other.missed);
        self.limits.extend(other.limits);
    }
}

/// What keeps a verdict from being confirmed: open rivals and what speaks against it, without names.
fn lacks(finding: &Finding) -> String {
    let mut out: Vec<String> = Vec::new();
    for evidence in &finding.evidence {
        match (&evidence.role, &evidence.fact) {
            (EvidenceRole::Rival, Fact::Rival { story, .. }) => out.push(format!("rival: {story}")),
            (EvidenceRole::Against, fact) => {
                let name = serde_json::to_value(fact).unwrap_or_default();
                let of = |key: &str| name.get(key).and_then(|v| v.as_str().map(str::to_owned));
                out.push(format!("against: {}", of("caveat").or(of("kind")).unwrap_or_default()));
            }
            _ => {}
        }
    }
    out.sort();
    out.dedup();
    if out.is_empty() { "the row".to_owned() } else { out.join("; ") }
}

fn describe(
    name: &str,
    scenario: &Scenario,
    given: &Given,
    expected: &Expected,
    finding: &Finding,
) -> String {
    let i = &finding.incident;
    format!(
        "{name} seed {}: {} | {} | {} | {} {} -> {} {} {} (row: {}), true {:?} by {:?}\n    given {:?} addresses {:?}% dns {:?} spns {:?} dc {} members {}\n    {}\n    {}",
        scenario.seed,
        i.client,
        i.answered_by,
        i.target,
        i.target_realm,
        i.client_realm,
        finding.cause,
        finding.kind,
        finding.confidence,
        finding.row.1,
        expected.truths,
        expected.fault,
        given.addresses,
        given.covered,
        given.dns,
        given.spns,
        given.controllers,
        given.members,
        finding.explanation,
        finding.evidence().join("\n    ")
    )
}

/// Would the same event have been written, for the reason given, in a forest where all that is given is true?
/// Then no evidence separates the two.
fn same_in_another_world(scenario: &Scenario, given: &Given, expected: &Expected, finding: &Finding) -> bool {
    let spns: Vec<When> = given.spns.iter().map(|s| s.0).collect();
    // Inventories that are not given may be new or old.
    let choices = |of: &[When]| if of.is_empty() { vec![When::Now, When::Past] } else { of.to_vec() };
    for a in choices(&given.addresses) {
        for d in choices(&given.dns) {
            for s in choices(&spns) {
                for flags in 0..=u8::MAX {
                    let world = hybrid(scenario, given, [a, d, s], flags, expected);
                    for ask in asks(&world, &expected.ask) {
                        if let Outcome::Refused(refusal) = attempt(&world, &ask)
                            && refusal.account == expected.account
                            && truth(&world, &ask, &refusal).contains(&(finding.cause, finding.kind))
                        {
                            return true;
                        }
                    }
                }
            }
        }
    }
    false
}

/// The same question as it may have been asked: by DCOM or not, with an older ticket or a new one.
fn asks(world: &World, ask: &Ask) -> Vec<Ask> {
    let old: Vec<Option<u32>> =
        (0..=world.accounts.iter().map(|a| a.version).max().unwrap_or(0)).map(Some).chain([None]).collect();
    let dcom = if ask.class == "host" { vec![false, true] } else { vec![ask.dcom] };
    dcom.iter()
        .flat_map(|&dcom| old.iter().map(move |&cached| (dcom, cached)))
        .map(|(dcom, cached)| Ask { dcom, cached, ..ask.clone() })
        .collect()
}

/// The forest with addresses, DNS and SPNs of other times. Of `flags`, bit 0 takes away the faults that no inventory
/// shows (passwords, hosts files); the rest is what no inventory shows of KDCs and ARP.
fn hybrid(
    scenario: &Scenario,
    given: &Given,
    [addresses, dns, spns]: [When; 3],
    flags: u8,
    expected: &Expected,
) -> World {
    let mut world = scenario.now.clone();
    for (n, host) in world_at(scenario, addresses).hosts.iter().enumerate() {
        world.hosts[n].nics.clone_from(&host.nics);
    }
    // What came later was not there yet.
    let then = world_at(scenario, addresses);
    for host in world.hosts.iter_mut().skip(then.hosts.len()) {
        host.gone = true;
    }
    for account in world.accounts.iter_mut().skip(world_at(scenario, spns).accounts.len()) {
        account.spns.clear();
    }
    // Of what no list has the address, nothing says that DNS was not right.
    let listed =
        if given.dns.is_empty() && flags & 4 == 0 { Vec::new() } else { world_at(scenario, dns).dns.clone() };
    for host in (0..world.hosts.len()).filter(|&host| !then.hosts.get(host).is_none_or(|h| h.gone)) {
        let (name, address) = (world.full_name(host), world.address(host));
        if !listed.iter().any(|d| d.0 == name.to_lowercase()) {
            world.set_dns(&name, address);
        }
    }
    for (name, address) in listed {
        world.set_dns(&name, address);
    }
    for (n, account) in world_at(scenario, spns).accounts.iter().enumerate() {
        world.accounts[n].spns.clone_from(&account.spns);
    }
    if flags & 1 != 0 {
        for host in &mut world.hosts {
            host.held = world.accounts[host.account].version;
            host.etypes = RC4 | AES;
        }
        world.hosts_files.clear();
    }
    world.exact_first = flags & 2 != 0;
    world.last_reached = flags & 32 == 0;
    // No inventory shows where a service runs, which hosts are a cluster's nodes, and which keys a host or service has.
    if flags & 64 != 0 {
        let reached = exchange::resolve(&world, &expected.ask);
        let host = reached.and_then(|address| world.reached(address).first().copied());
        for service in world.services.iter_mut().filter(|s| s.account == expected.account) {
            service.host = host.unwrap_or(service.host);
        }
        for name in &mut world.names {
            name.nodes.extend(world.hosts.iter().position(|h| h.account == expected.account));
        }
    }
    if flags & 128 != 0 {
        for host in world.hosts.iter_mut().filter(|h| h.account == expected.account) {
            (host.held, host.etypes) = (world.accounts[host.account].version.saturating_sub(2), RC4 | AES);
        }
        for service in world.services.iter_mut().filter(|s| s.account == expected.account) {
            (service.held, service.etypes) =
                (world.accounts[service.account].version.saturating_sub(2), RC4 | AES);
        }
    }
    world.replica = match flags >> 3 & 3 {
        0 => Replica::Refuses,
        n => Replica::Knows(usize::from(n) - 1),
    };
    world
}
