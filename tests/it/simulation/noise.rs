//! Events of every estate that have nothing to do with event 4. Most of them look like proof of a cause.
//!
//! | event | why it is logged | source |
//! | --- | --- | --- |
//! | NETLOGON 5722 | a computer changed its password, as it does every 30 days | KB810977 |
//! | NETLOGON 5722 of `BETA$` | the password of a trust is out of step | lmerrlog.h |
//! | NETLOGON 3210 on a domain controller | the same, seen from the other side: `%1` is another domain | Q271288 |
//! | NETLOGON 5723 on a read-only domain controller | the account's password is not cached there | lmerrlog.h |
//! | NETLOGON 5805 | a scanner for CVE-2020-1472 gave a computer's name | EVTX-ATTACK-SAMPLES |
//! | KDC 11 | an unused account has an SPN of a computer, or had it until today | "The 411 on the KDC 11 events" |
//! | KDC 42, 14, 27 | a request without a common encryption type, which got no ticket | KB5021131 |
//! | GroupPolicy 1006, code 49 | the password of a user who is logged on has expired | GP1006 |
//! | FailoverClustering 1207, Service Control Manager 7038 | other names and services than those that answer | |

use super::exchange::Attempt;
use super::logs::{Entry, LogOwner};
use super::rng::Rng;
use super::world::*;

const KDC: &str = "Microsoft-Windows-Kerberos-Key-Distribution-Center";

/// Returns the noise of the day and of the weeks before it. `asked` are the attempts that failed, because noise about the
/// hosts and names of an incident misleads most.
pub fn entries(world: &World, asked: &[Attempt], rng: &mut Rng) -> Vec<Entry> {
    let mut out = Vec::new();
    routine_password_changes(world, &mut out, rng);
    trusts(world, &mut out, rng);
    read_only_controllers(world, &mut out, rng);
    scanners(world, &mut out, rng);
    stale_twins(world, asked, &mut out, rng);
    refused_requests(world, asked, &mut out, rng);
    other_members(world, &mut out, rng);
    out
}

/// Returns noise of the hosts of incidents, within 400 seconds of the first event. `incidents` are host and time of the
/// first event. A routine password change renews the dates of the account.
pub fn near_incidents(world: &mut World, incidents: &[(Id, i64)], rng: &mut Rng) -> Vec<Entry> {
    let mut out = Vec::new();
    for &(host, first) in incidents {
        let time = first - 400 + rng.below(800) as i64;
        let h = world.hosts[host].clone();
        if h.gone {
            continue;
        }
        let name = netbios(world, host);
        let both = unnamed(&[&name, &format!("{name}$")]);
        match rng.below(6) {
            0 if h.held_version == world.accounts[h.account].version => {
                let account = &mut world.accounts[h.account];
                account.password_set = account.password_set.max(time - 5);
                account.when_changed = account.when_changed.max(account.password_set);
                let data = [both, unnamed(&["%%5"])].concat();
                out.push(Entry { data, ..on_controller(world, h.domain, "NETLOGON", 5722, time) });
            }
            1 => {
                let data = unnamed(&[&name, "%%5"]);
                out.push(Entry { data, ..on_controller(world, h.domain, "NETLOGON", 5805, time) });
            }
            2 => {
                let rodc =
                    world.hosts.iter().position(|r| r.domain == h.domain && r.label.starts_with("rodc"));
                if let Some(rodc) = rodc {
                    let computer = world.full_name(rodc);
                    let entry = on_controller(world, h.domain, "NETLOGON", 5723, time);
                    out.push(Entry { computer, data: both, ..entry });
                }
            }
            _ => {}
        }
    }
    out
}

fn netbios(world: &World, host: Id) -> String {
    world.hosts[host].label.chars().take(15).collect::<String>().to_uppercase()
}

fn flat(world: &World, domain: Id) -> String {
    world.domains[domain].split('.').next().unwrap_or_default().to_uppercase()
}

fn on_controller(world: &World, domain: Id, provider: &'static str, id: u16, time: i64) -> Entry {
    let computer = world.full_name(world.controller(domain));
    Entry { owner: LogOwner::Controller, computer, provider, id, time, data: Vec::new() }
}

fn unnamed(texts: &[&str]) -> Vec<(&'static str, String)> {
    texts.iter().map(|t| ("", (*t).to_owned())).collect()
}

/// Each password change logs 5722 within seconds. The log covers the last three changes, which are 30 days apart.
fn routine_password_changes(world: &World, out: &mut Vec<Entry>, rng: &mut Rng) {
    for host in 0..world.hosts.len() {
        let h = &world.hosts[host];
        if h.gone || !rng.chance(60) {
            continue;
        }
        let name = netbios(world, host);
        for change in 0..3 {
            let time =
                world.accounts[h.account].password_set - change * 30 * 24 * HOUR + rng.below(40) as i64;
            let data = unnamed(&[&name, &format!("{name}$"), "%%5"]);
            out.push(Entry { data, ..on_controller(world, h.domain, "NETLOGON", 5722, time) });
        }
    }
}

fn trusts(world: &World, out: &mut Vec<Entry>, rng: &mut Rng) {
    for domain in 0..world.domains.len() {
        let other = (domain + 1) % world.domains.len();
        if !rng.chance(40) {
            continue;
        }
        let time = DAY + rng.below(9 * 3600) as i64;
        let peer = world.full_name(world.controller(other));
        let data = unnamed(&[&flat(world, other), &format!(r"\\{peer}")]);
        out.push(Entry { data, ..on_controller(world, domain, "NETLOGON", 3210, time) });
        let name = netbios(world, world.controller(domain));
        let data = unnamed(&[&name, &format!("{}$", flat(world, domain)), "%%5"]);
        out.push(Entry { data, ..on_controller(world, other, "NETLOGON", 5722, time) });
    }
}

fn read_only_controllers(world: &World, out: &mut Vec<Entry>, rng: &mut Rng) {
    for (id, rodc) in world.hosts.iter().enumerate().filter(|(_, h)| h.label.starts_with("rodc")) {
        for host in world.members(rodc.domain) {
            if !rng.chance(50) {
                continue;
            }
            let name = netbios(world, host);
            for _ in 0..1 + rng.below(3) {
                out.push(Entry {
                    owner: LogOwner::Controller,
                    computer: world.full_name(id),
                    provider: "NETLOGON",
                    id: 5723,
                    time: DAY + rng.below(9 * 3600) as i64,
                    data: unnamed(&[&name, &format!("{name}$")]),
                });
            }
        }
    }
}

fn scanners(world: &World, out: &mut Vec<Entry>, rng: &mut Rng) {
    if !rng.chance(30) {
        return;
    }
    let time = DAY + rng.below(9 * 3600) as i64;
    for host in 0..world.hosts.len() {
        let h = &world.hosts[host];
        if h.gone {
            continue;
        }
        for n in 0..3 {
            let data = unnamed(&[&netbios(world, host), "%%5"]);
            out.push(Entry { data, ..on_controller(world, h.domain, "NETLOGON", 5805, time + n) });
        }
    }
}

/// KDC 11 for SPNs on two accounts. The KDC issues no ticket for them, so they cause no event 4.
fn stale_twins(world: &World, asked: &[Attempt], out: &mut Vec<Entry>, rng: &mut Rng) {
    let mut log = |domain: Id, name: &str, time: i64| {
        let data = vec![("Name", name.to_owned()), ("Type", "DS_SERVICE_PRINCIPAL_NAME".to_owned())];
        out.push(Entry { data, ..on_controller(world, domain, KDC, 11, time) });
    };
    for account in world.accounts.iter().filter(|a| a.name.starts_with("OLD") && !a.gone) {
        for spn in &account.spns {
            log(account.domain, spn, DAY + rng.below(9 * 3600) as i64);
        }
    }
    // Somebody removed the second registration this morning.
    for attempt in asked {
        if !attempt.class.is_empty() && attempt.class != "$" && rng.chance(25) {
            let class = if rng.chance(50) { "HOST" } else { attempt.class };
            let domain = world.hosts[attempt.client].domain;
            log(
                domain,
                &format!("{class}/{}{}", attempt.name, attempt.port),
                DAY - 3 * HOUR + rng.below(3 * 3600) as i64,
            );
        }
    }
}

/// Requests of other clients and protocols that a KDC refused without a key. A refusal gives no ticket.
fn refused_requests(world: &World, asked: &[Attempt], out: &mut Vec<Entry>, rng: &mut Rng) {
    let time = |rng: &mut Rng| DAY + rng.below(9 * 3600) as i64;
    for domain in 0..world.domains.len() {
        if rng.chance(40) {
            let data = vec![("Account", "krbtgt".to_owned())];
            out.push(Entry { data, ..on_controller(world, domain, KDC, 42, time(rng)) });
        }
    }
    for attempt in asked {
        if rng.chance(15) {
            // The client is the account of %2, not the service.
            let h = &world.hosts[attempt.client];
            let data = vec![
                ("Target", format!("krbtgt/{}", flat(world, h.domain))),
                ("Account", world.accounts[h.account].name.clone()),
                ("Types", "3".to_owned()),
            ];
            out.push(Entry { data, ..on_controller(world, h.domain, KDC, 27, time(rng)) });
        }
    }
}

/// Failed logons on members by accounts that have nothing to do with an incident.
fn other_members(world: &World, out: &mut Vec<Entry>, rng: &mut Rng) {
    for host in world.all_members() {
        let member = |provider, id, time, data| Entry {
            owner: LogOwner::Member,
            computer: world.full_name(host),
            provider,
            id,
            time,
            data,
        };
        let time = DAY + rng.below(9 * 3600) as i64;
        if rng.chance(10) {
            let data = vec![
                ("SupportInfo1", "1".to_owned()),
                ("SupportInfo2", "5012".to_owned()),
                ("ProcessingMode", "0".to_owned()),
                ("ProcessingTimeInMilliseconds", "1000".to_owned()),
                ("ErrorCode", "49".to_owned()),
                ("ErrorDescription", "Invalid Credentials".to_owned()),
                ("DCName", String::new()),
            ];
            out.push(member("Microsoft-Windows-GroupPolicy", 1006, time, data));
        }
        if rng.chance(10) {
            let data = vec![
                ("param1", "Backup Agent".to_owned()),
                ("param2", format!("{}\\svc_backup", flat(world, world.hosts[host].domain))),
                ("param3", "%%1326".to_owned()),
            ];
            out.push(member("Service Control Manager", 7038, time, data));
        }
    }
}
