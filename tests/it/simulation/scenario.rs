//! A forest with its faults and events, and its states before and after them.

use std::collections::BTreeMap;

use super::exchange::{Attempt, Outcome, connect, full_names};
use super::faults::{self, Fault};
use super::logs::{self, Entry, EventNames, Habits};
use super::noise;
use super::rng::Rng;
use super::truth::{Truth, lookalikes, truth};
use super::world::*;

/// The truth about one incident.
#[derive(Clone, Debug)]
pub struct Expected {
    pub fault: Option<Fault>,
    pub attempt: Attempt,
    pub account: Id,
    /// The cause first, then the causes that alone would have given the same event.
    pub truths: Vec<Truth>,
    /// Other causes that fit the evidence. A verdict may report them and must not confirm them.
    pub lookalikes: Vec<Truth>,
}

/// A forest at three moments, its events, and the truth about its incidents.
pub struct Scenario {
    pub seed: u64,
    /// The forest when old inventories were exported.
    pub past: World,
    /// The forest when the events happened.
    pub now: World,
    /// The forest after the faults were fixed.
    pub later: World,
    /// When the inventories of these three were exported, in seconds since 1970.
    pub exported: [i64; 3],
    pub entries: Vec<Entry>,
    /// By the five names of event 4 in lower case.
    pub expected: BTreeMap<[String; 5], Expected>,
    /// Faults that caused no event 4, such as a duplicate in one domain.
    pub silent: Vec<Fault>,
}

impl Scenario {
    pub fn new(estate: Estate, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let base = World::new(estate, rng);
        let all = faults::all(estate);
        let mut stages = vec![base.clone()];
        let mut now = base;
        let mut attempts: Vec<(Option<Fault>, Attempt)> = Vec::new();
        let mut traces = Vec::new();
        let count = 1 + rng.below(4);
        for n in 0..count {
            // Some weeks, days or minutes before the events.
            let before = *rng.pick(&[30 * 24 * HOUR, 4 * 24 * HOUR, 20 * HOUR, HOUR / 2]);
            let when = DAY - before * (count - n) as i64;
            let fault = match n {
                0 => all[seed as usize % all.len()],
                _ => *rng.pick(all),
            };
            let mut trial = now.clone();
            if let Some(effect) = faults::inject(fault, &mut trial, when, rng) {
                now = trial;
                attempts.extend(effect.attempts.into_iter().map(|a| (Some(fault), a)));
                traces.extend(effect.traces);
                stages.push(now.clone());
            }
        }
        // Ordinary work, which fails only because of a fault.
        let members = now.all_members();
        for _ in 0..12 {
            let (client, host) = (*rng.pick(&members), *rng.pick(&members));
            if client != host {
                let class = *rng.pick(&["cifs", "host", "WSMAN", "TERMSRV"]);
                let name = now.full_name(host);
                let dcom = class == "host";
                attempts.push((None, Attempt { dcom, ..Attempt::new(client, class, name) }));
            }
        }
        let habits = Habits::new(rng);
        let mut out = Self {
            seed,
            exported: [
                DAY - *rng.pick(&[2 * HOUR, 3 * 24 * HOUR, 45 * 24 * HOUR]),
                DAY + 26 * HOUR,
                DAY + 50 * HOUR,
            ],
            past: stages[rng.below(stages.len())].clone(),
            later: stages[0].clone(),
            now,
            entries: Vec::new(),
            expected: BTreeMap::new(),
            silent: Vec::new(),
        };
        out.run(attempts, habits, rng);
        traces.retain(|t| out.still_applies(t));
        for trace in &traces {
            let time = DAY + rng.below(9 * 3600) as i64;
            let near = out.time_of(trace).unwrap_or(time);
            out.entries.extend(logs::trace(&out.now, trace, near, rng));
        }
        let client = out.now.full_name(members[0]);
        out.entries.extend(logs::decoys(&out.now, &client, DAY + 4 * HOUR, rng));
        if estate == Estate::Noisy {
            let incidents = out.incidents();
            out.entries.extend(noise::near_incidents(&mut out.now, &incidents, rng));
            for (account, now) in out.later.accounts.iter_mut().zip(&out.now.accounts) {
                account.password_set = account.password_set.max(now.password_set);
                account.when_changed = account.when_changed.max(now.when_changed);
            }
            let asked: Vec<Attempt> = out.expected.values().map(|e| e.attempt.clone()).collect();
            out.entries.extend(noise::entries(&out.now, &asked, rng));
        }
        out.date_repairs();
        out.mislead(rng);
        out.entries.sort_by(|a, b| (a.time, &a.computer, a.id).cmp(&(b.time, &b.computer, b.id)));
        out
    }

    /// Runs the attempts and logs their events.
    fn run(&mut self, attempts: Vec<(Option<Fault>, Attempt)>, habits: Habits, rng: &mut Rng) {
        for (fault, attempt) in attempts {
            let first = DAY + rng.below(7 * 3600) as i64;
            match connect(&self.now, &attempt) {
                Outcome::Refused(refusal) => {
                    let names = logs::names(&self.now, &attempt, &refusal, habits, rng);
                    for n in 0..1 + rng.below(4) {
                        let time = first + n as i64 * (60 + rng.below(2400) as i64);
                        self.entries.push(logs::event4(&names, time));
                        if rng.chance(10) {
                            self.entries.push(logs::event3(&names, time));
                        }
                    }
                    if refusal.host == attempt.client {
                        self.entries.extend(logs::loopback_events(&names, &attempt, &refusal, first, rng));
                    }
                    self.expect(names, fault, attempt, &refusal);
                }
                Outcome::DuplicateName { domain, spn } => {
                    self.entries.push(logs::kdc_11(&self.now, domain, &spn, first));
                    self.silent.extend(fault);
                }
                _ => self.silent.extend(fault),
            }
        }
    }

    /// Records the truth about a refusal. Two faults can give the same event, and then both are right.
    fn expect(
        &mut self,
        names: EventNames,
        fault: Option<Fault>,
        attempt: Attempt,
        refusal: &super::exchange::Refusal,
    ) {
        let truths = truth(&self.now, &attempt, refusal);
        let more = lookalikes(&self.now, &attempt, refusal, &truths);
        let expected = self.expected.entry(names.folded()).or_insert_with(|| Expected {
            fault,
            attempt,
            account: refusal.account,
            truths: Vec::new(),
            lookalikes: Vec::new(),
        });
        for t in truths {
            if !expected.truths.contains(&t) {
                expected.truths.push(t);
            }
        }
        expected.lookalikes.extend(more);
    }

    /// Does the reason for the trace still exist? A later fault may have removed it.
    fn still_applies(&self, trace: &faults::Trace) -> bool {
        let now = &self.now;
        match *trace {
            faults::Trace::ServiceLogon(host, account) => now.services.iter().any(|s| {
                s.host == host && s.account == account && s.held_version != now.accounts[account].version
            }),
            faults::Trace::PasswordRefused(host) => {
                now.hosts[host].held_version != now.accounts[now.hosts[host].account].version
            }
            _ => true,
        }
    }

    /// The time of the first event 4 that belongs to a trace.
    fn time_of(&self, trace: &faults::Trace) -> Option<i64> {
        let account = match *trace {
            faults::Trace::PasswordRefused(host)
            | faults::Trace::Renamed(host)
            | faults::Trace::RolledBack(host)
            | faults::Trace::Registered(host, ..) => self.now.hosts[host].account,
            faults::Trace::NoKey(account)
            | faults::Trace::ServiceLogon(_, account)
            | faults::Trace::OtherServiceLogon(_, account)
            | faults::Trace::ClusterName(_, account) => account,
        };
        let (key, _) = self.expected.iter().find(|(_, e)| e.account == account)?;
        self.entries
            .iter()
            .find(|e| {
                e.id == 4
                    && e.computer.to_lowercase() == key[0]
                    && e.data.len() == 4
                    && e.data[2].1.to_lowercase() == key[2]
            })
            .map(|e| e.time)
    }

    /// Hosts that answered and hosts that were asked for, with the time of the first event.
    fn incidents(&self) -> Vec<(Id, i64)> {
        let mut out = Vec::new();
        for (key, expected) in &self.expected {
            let first = self.entries.iter().find(|e| {
                e.id == 4 && e.computer.to_lowercase() == key[0] && e.data[2].1.to_lowercase() == key[2]
            });
            let Some(time) = first.map(|e| e.time) else { continue };
            let asked = full_names(&self.now, expected.attempt.client, &expected.attempt.name);
            let hosts = (0..self.now.hosts.len()).filter(|&h| {
                self.now.hosts[h].account == expected.account
                    || asked.contains(&self.now.full_name(h).to_lowercase())
            });
            out.extend(hosts.map(|host| (host, time)));
        }
        out
    }

    /// Adds to past and later faults that would have given the same events, and so make old and new inventories misleading.
    /// Those of the past were fixed before the events, those of later were made by somebody who tried a fix.
    fn mislead(&mut self, rng: &mut Rng) {
        let expected: Vec<Expected> = self.expected.values().cloned().collect();
        for e in expected {
            if rng.chance(25) {
                add_misleading_fault(&mut self.past, &e, DAY - 60 * 24 * HOUR, rng);
            }
            if rng.chance(25) {
                add_misleading_fault(&mut self.later, &e, self.exported[2] - HOUR, rng);
            }
        }
        // An old list has no date from after its export.
        for account in &mut self.past.accounts {
            account.password_set = account.password_set.min(self.exported[0]);
            account.when_changed = account.when_changed.min(self.exported[0]);
        }
    }

    /// Sets the dates of accounts that a fix changed.
    fn date_repairs(&mut self) {
        let later = DAY + 40 * HOUR;
        for (a, account) in self.later.accounts.iter_mut().enumerate() {
            let now = &self.now.accounts[a];
            if account.spns != now.spns {
                account.when_changed = later;
            }
            if account.version != now.version
                || self.now.hosts.iter().any(|h| h.account == a && h.held_version != now.version)
            {
                account.password_set = later;
                account.when_changed = later;
            }
        }
    }
}

/// Changes the forest so that the same event would have another cause.
fn add_misleading_fault(world: &mut World, e: &Expected, when: i64, rng: &mut Rng) {
    let target = world.hosts.iter().position(|h| {
        let full = world.name_in(&h.label, h.domain);
        e.attempt.name.eq_ignore_ascii_case(&full) || e.attempt.name.eq_ignore_ascii_case(&h.label)
    });
    let (Some(target), Some(s)) = (target, world.accounts.get(e.account).cloned()) else { return };
    let answerer = world.hosts.iter().position(|h| h.account == e.account);
    if e.attempt.client >= world.hosts.len() {
        return;
    }
    match answerer {
        Some(b) if b == e.attempt.client && b != target => match rng.below(3) {
            0 => faults::share(world, b, target, card(rng.below(3))),
            1 => {
                let nic = world.hosts[target].nics[0].clone();
                faults::share(world, b, target, nic);
            }
            _ => {
                let (name, address) = (world.full_name(target), world.address(b));
                world.set_dns(&name, address);
            }
        },
        Some(b) if b != target => {
            let (name, address) = (world.full_name(target), world.address(b));
            if rng.chance(50) {
                world.set_dns(&name, address);
            } else {
                let nic = world.hosts[target].nics[0].clone();
                faults::share(world, b, target, nic);
            }
        }
        _ if !e.attempt.class.is_empty() && e.attempt.class != "$" => {
            let spn = super::exchange::target_text(&e.attempt);
            for a in 0..world.accounts.len() {
                let has = world.accounts[a].spns.iter().any(|s| s.eq_ignore_ascii_case(&spn));
                if has && rng.chance(60) {
                    world.unregister(a, &spn, when);
                }
            }
            let wrong = (0..world.accounts.len())
                .filter(|&a| world.accounts[a].domain == s.domain && a != e.account)
                .nth(rng.below(5));
            if let Some(wrong) = wrong {
                world.register(wrong, spn, when);
            }
        }
        _ => {}
    }
}
