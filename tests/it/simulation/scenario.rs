//! A forest with its faults, what happened in it, and how it was before and after.

use std::collections::BTreeMap;

use super::exchange::{Ask, Outcome, attempt, full_names};
use super::faults::{self, Fault};
use super::logs::{self, Entry, Habits, Names};
use super::noise;
use super::rng::Rng;
use super::truth::{Truth, lookalikes, truth};
use super::world::*;

/// What a row of the report should say.
#[derive(Clone, Debug)]
pub struct Expected {
    pub fault: Option<Fault>,
    pub ask: Ask,
    pub account: Id,
    /// The cause first, then what would have given the same event alone.
    pub truths: Vec<Truth>,
    /// What the same evidence shows as well: right to consider, wrong to confirm.
    pub lookalikes: Vec<Truth>,
}

pub struct Scenario {
    pub seed: u64,
    /// When an old inventory was taken, when the events happened, and after somebody repaired it.
    pub past: World,
    pub now: World,
    pub later: World,
    /// When inventories of these three were made: seconds since 1970.
    pub taken: [i64; 3],
    pub entries: Vec<Entry>,
    /// By the five names in lower case.
    pub expected: BTreeMap<[String; 5], Expected>,
    /// Faults that left no event 4, as a duplicate in one domain should.
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
        let mut asks: Vec<(Option<Fault>, Ask)> = Vec::new();
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
            if let Some((more, left)) = faults::inject(fault, &mut trial, when, rng) {
                now = trial;
                asks.extend(more.into_iter().map(|a| (Some(fault), a)));
                traces.extend(left);
                stages.push(now.clone());
            }
        }
        // Ordinary work: nothing of it may fail unless a fault makes it.
        let members = now.all_members();
        for _ in 0..12 {
            let (client, host) = (*rng.pick(&members), *rng.pick(&members));
            if client != host {
                let class = *rng.pick(&["cifs", "host", "WSMAN", "TERMSRV"]);
                let name = now.full_name(host);
                let dcom = class == "host";
                asks.push((None, Ask { client, class, name, port: "", dcom, cached: None }));
            }
        }
        let habits = Habits::new(rng);
        let mut out = Self {
            seed,
            taken: [
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
        out.happen(asks, habits, rng);
        traces.retain(|t| out.still(t));
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
                account.set = account.set.max(now.set);
                account.changed = account.changed.max(now.changed);
            }
            let asked: Vec<Ask> = out.expected.values().map(|e| e.ask.clone()).collect();
            out.entries.extend(noise::entries(&out.now, &asked, rng));
        }
        out.repaired();
        out.mislead(rng);
        out.entries.sort_by(|a, b| (a.time, &a.computer, a.id).cmp(&(b.time, &b.computer, b.id)));
        out
    }

    fn happen(&mut self, asks: Vec<(Option<Fault>, Ask)>, habits: Habits, rng: &mut Rng) {
        for (fault, ask) in asks {
            let first = DAY + rng.below(7 * 3600) as i64;
            match attempt(&self.now, &ask) {
                Outcome::Refused(refusal) => {
                    let names = logs::names(&self.now, &ask, &refusal, habits, rng);
                    for n in 0..1 + rng.below(4) {
                        let time = first + n as i64 * (60 + rng.below(2400) as i64);
                        self.entries.push(logs::event4(&names, time));
                        if rng.chance(10) {
                            self.entries.push(logs::event3(&names, time));
                        }
                    }
                    if refusal.host == ask.client {
                        self.entries.extend(logs::loopback_events(&names, &ask, &refusal, first, rng));
                    }
                    self.expect(names, fault, ask, &refusal);
                }
                Outcome::DuplicateName { domain, spn } => {
                    self.entries.push(logs::kdc_11(&self.now, domain, &spn, first));
                    self.silent.extend(fault);
                }
                _ => self.silent.extend(fault),
            }
        }
    }

    /// Two faults can give one and the same event; then both are right.
    fn expect(&mut self, names: Names, fault: Option<Fault>, ask: Ask, refusal: &super::exchange::Refusal) {
        let truths = truth(&self.now, &ask, refusal);
        let more = lookalikes(&self.now, &ask, refusal, &truths);
        let known = self.expected.entry(names.folded()).or_insert_with(|| Expected {
            fault,
            ask,
            account: refusal.account,
            truths: Vec::new(),
            lookalikes: Vec::new(),
        });
        for t in truths {
            if !known.truths.contains(&t) {
                known.truths.push(t);
            }
        }
        known.lookalikes.extend(more);
    }

    /// A later fault may have put right what would have left the trace.
    fn still(&self, trace: &faults::Trace) -> bool {
        let now = &self.now;
        match *trace {
            faults::Trace::ServiceLogon(host, account) => now
                .services
                .iter()
                .any(|s| s.host == host && s.account == account && s.held != now.accounts[account].version),
            faults::Trace::PasswordRefused(host) => {
                now.hosts[host].held != now.accounts[now.hosts[host].account].version
            }
            _ => true,
        }
    }

    /// The first event that a trace may stand beside.
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
            let asked = full_names(&self.now, expected.ask.client, &expected.ask.name);
            let hosts = (0..self.now.hosts.len()).filter(|&h| {
                self.now.hosts[h].account == expected.account
                    || asked.contains(&self.now.full_name(h).to_lowercase())
            });
            out.extend(hosts.map(|host| (host, time)));
        }
        out
    }

    /// The past had other faults, since mended, that would have given the very same events: what an old inventory
    /// then says is the most misleading thing there is. And somebody who tried to mend it made such faults later.
    fn mislead(&mut self, rng: &mut Rng) {
        let expected: Vec<Expected> = self.expected.values().cloned().collect();
        for e in expected {
            if rng.chance(25) {
                lead_astray(&mut self.past, &e, DAY - 60 * 24 * HOUR, rng);
            }
            if rng.chance(25) {
                lead_astray(&mut self.later, &e, self.taken[2] - HOUR, rng);
            }
        }
        // An old list knows no date after it was made.
        for account in &mut self.past.accounts {
            account.set = account.set.min(self.taken[0]);
            account.changed = account.changed.min(self.taken[0]);
        }
    }

    fn repaired(&mut self) {
        let later = DAY + 40 * HOUR;
        for (a, account) in self.later.accounts.iter_mut().enumerate() {
            let now = &self.now.accounts[a];
            if account.spns != now.spns {
                account.changed = later;
            }
            if account.version != now.version
                || self.now.hosts.iter().any(|h| h.account == a && h.held != now.version)
            {
                account.set = later;
                account.changed = later;
            }
        }
    }
}

/// Changes the forest so that it would give the same event for another reason.
fn lead_astray(world: &mut World, e: &Expected, when: i64, rng: &mut Rng) {
    let target = world.hosts.iter().position(|h| {
        let full = world.name_in(&h.label, h.domain);
        e.ask.name.eq_ignore_ascii_case(&full) || e.ask.name.eq_ignore_ascii_case(&h.label)
    });
    let (Some(target), Some(s)) = (target, world.accounts.get(e.account).cloned()) else { return };
    let answerer = world.hosts.iter().position(|h| h.account == e.account);
    if e.ask.client >= world.hosts.len() {
        return;
    }
    match answerer {
        Some(b) if b == e.ask.client && b != target => match rng.below(3) {
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
        _ if !e.ask.class.is_empty() && e.ask.class != "$" => {
            let spn = super::exchange::target_text(&e.ask);
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
