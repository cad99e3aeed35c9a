//! The inputs of one run: the inventories and logs of a scenario that it gets, and their verdicts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use krbtriage::commands::triage::known_hosts;
use krbtriage::diagnosis::{Context, FileDates, Finding, LogDates, diagnose};
use krbtriage::events::DedupIndex;
use krbtriage::incidents::{CollectedIncidents, IncidentBuilder, Period};
use krbtriage::inventory::accounts::{AccountInventory, HostAliases};
use krbtriage::inventory::addresses::AddressInventory;
use krbtriage::inventory::directory::Directory;
use krbtriage::inventory::from_events;
use krbtriage::scan::RecordVisitor;

use super::logs::LogOwner;
use super::rng::Rng;
use super::scenario::Scenario;
use super::snapshots::{self, List, Style};
use super::world::{DAY, HOUR, World};

/// When an inventory was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Past,
    Now,
    Later,
}

/// The inventories and logs of a run besides the logs of the clients.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub addresses: Vec<Moment>,
    /// Percentage of hosts in the address lists.
    pub coverage_percent: usize,
    pub dns: Vec<Moment>,
    pub spns: Vec<(Moment, Option<Style>)>,
    /// Logs of the domain controllers.
    pub controllers: bool,
    /// Logs of the other hosts.
    pub members: bool,
    /// The logs were exported when the events were new. Otherwise they were exported with the last inventory.
    pub logs_before: bool,
    /// All files were copied without their dates, this many seconds after the logs were exported.
    pub copied_after: Option<i64>,
    /// The inventories have a column `collected`.
    pub with_dates: bool,
    /// Inventories from after the repair were made only some hours after the events.
    pub repaired_soon: bool,
}

impl Inputs {
    pub fn full() -> Self {
        Self {
            addresses: vec![Moment::Now],
            coverage_percent: 100,
            dns: vec![Moment::Now],
            spns: vec![(Moment::Now, Some(Style::Ldap))],
            controllers: true,
            members: true,
            logs_before: false,
            copied_after: None,
            with_dates: false,
            repaired_soon: false,
        }
    }

    pub fn none() -> Self {
        Self { coverage_percent: 100, ..Self::default() }
    }

    /// Up to two inventories of each kind, each from one of `moments`.
    pub fn random(rng: &mut Rng, moments: &[Moment]) -> Self {
        let mut some =
            |most: usize| -> Vec<Moment> { (0..rng.below(most + 1)).map(|_| *rng.pick(moments)).collect() };
        let (addresses, dns, spns) = (some(2), some(2), some(2));
        let style = |rng: &mut Rng| Some(*rng.pick(&[Style::Ldap, Style::Ldap, Style::Setspn, Style::Query]));
        Self {
            addresses,
            coverage_percent: if rng.chance(70) { 100 } else { 60 },
            dns,
            spns: spns.into_iter().map(|w| (w, style(rng))).collect(),
            controllers: rng.chance(50),
            members: rng.chance(50),
            logs_before: rng.chance(30),
            copied_after: None,
            with_dates: rng.chance(50),
            repaired_soon: false,
        }
    }

    /// Returns when an inventory was exported, in seconds since 1970.
    fn made(&self, scenario: &Scenario, when: Moment) -> i64 {
        match (when, self.repaired_soon) {
            (Moment::Later, true) => DAY + 20 * HOUR,
            _ => scenario.exported[when as usize],
        }
    }

    /// Returns when the logs were exported, in seconds since 1970.
    fn exported(&self, scenario: &Scenario) -> i64 {
        let spns = self.spns.iter().map(|s| s.0).collect();
        let all = [self.addresses.clone(), self.dns.clone(), spns].concat();
        let later = all.contains(&Moment::Later) && !self.logs_before;
        self.made(scenario, if later { Moment::Later } else { Moment::Now })
    }
}

pub fn world_at(scenario: &Scenario, when: Moment) -> &World {
    match when {
        Moment::Past => &scenario.past,
        Moment::Now => &scenario.now,
        Moment::Later => &scenario.later,
    }
}

/// Exports the inventories of the run.
pub fn inventories(scenario: &Scenario, inputs: &Inputs) -> (AddressInventory, AccountInventory) {
    let (mut addresses, mut accounts) = (AddressInventory::default(), AccountInventory::default());
    let list = |file: String, when: Moment| {
        let made = Timestamp::from_second(inputs.made(scenario, when)).ok();
        List { file, collected: made.filter(|_| inputs.with_dates) }
    };
    for (n, when) in inputs.addresses.iter().enumerate() {
        let list = list(format!("addresses-{n}-{when:?}.csv"), *when);
        let keep = |id: usize| (id * 37 + scenario.seed as usize) % 100 < inputs.coverage_percent;
        snapshots::addresses(world_at(scenario, *when), &list, &mut addresses, keep);
    }
    for (n, when) in inputs.dns.iter().enumerate() {
        let list = list(format!("dns-{n}-{when:?}.csv"), *when);
        snapshots::dns(world_at(scenario, *when), &list, &mut addresses);
    }
    let asked: Vec<String> = scenario.expected.keys().map(|k| k[2].clone()).collect();
    for (n, (when, style)) in inputs.spns.iter().enumerate() {
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

/// Collects incidents from the logs of the run, as the scan does.
pub fn collect(scenario: &Scenario, inputs: &Inputs) -> CollectedIncidents {
    let index = DedupIndex::default();
    let mut builder = IncidentBuilder::new(&index, Period::default());
    for (n, entry) in scenario.entries.iter().enumerate() {
        let readable = match entry.owner {
            LogOwner::Client => true,
            LogOwner::Controller => inputs.controllers,
            LogOwner::Member => inputs.members,
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
    let context =
        Context::new(hosts, directory, collected.signals, SignedDuration::from_mins(10)).with_dates(dates);
    diagnose(collected.incidents, &context).findings
}

pub fn verdicts_of(scenario: &Scenario, inputs: &Inputs) -> Vec<Finding> {
    let (addresses, accounts) = inventories(scenario, inputs);
    verdicts(collect(scenario, inputs), addresses, &accounts, dates(scenario, inputs))
}

/// Returns when the files were written and when the logs end.
fn dates(scenario: &Scenario, inputs: &Inputs) -> FileDates {
    let exported = inputs.exported(scenario);
    let copied = inputs.copied_after.map(|after| exported + after);
    let time = |seconds: i64| Timestamp::from_second(seconds).unwrap();
    let at = |when: Moment| time(copied.unwrap_or(inputs.made(scenario, when)));
    let named = |prefix: &str, end: &str, whens: Vec<Moment>| -> Vec<(Arc<str>, Option<Timestamp>)> {
        let name = |(n, when): (usize, &Moment)| Arc::from(format!("{prefix}-{n}-{when:?}.{end}"));
        whens.iter().enumerate().map(|f| (name(f), Some(at(*f.1)))).collect()
    };
    let written = [
        named("addresses", "csv", inputs.addresses.clone()),
        named("dns", "csv", inputs.dns.clone()),
        named("spns", "txt", inputs.spns.iter().map(|s| s.0).collect()),
    ];
    let log = LogDates { ends: Some(time(exported)), written: Some(time(copied.unwrap_or(exported))) };
    let now = exported.max(scenario.exported[Moment::Later as usize]).max(copied.unwrap_or_default());
    FileDates::new(written.concat(), time(now)).with_logs([(0, log)])
}
