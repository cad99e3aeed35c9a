//! Shared addresses: for each the connections that went by it, as rows that read from left to right: the client, the host
//! it asked for, the address it connected to, and who answered.
//!
//! An address can be shared by hundreds of hosts: the busiest connections are rows, the others are a number.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::text::{self, shown_in};
use crate::diagnosis::{Cause, Confidence};
use crate::report::numbers::{counted, grouped, saturating_sum};
use crate::report::{Problem, Report, Row};

/// Addresses with rows; of others there is a line.
const MAX_ADDRESSES: usize = 12;
const MAX_LINES: usize = 200;

/// Connections of one address.
const MAX_CONNECTIONS: usize = 10;

/// Hosts listed below the connections, each with its part.
const MAX_HOSTS: usize = 600;

/// Addresses of one problem.
const MAX_OF_PROBLEM: usize = 3;

#[derive(Default)]
pub(super) struct SharedAddresses {
    pub addresses: Vec<Shared>,
    pub lines: Vec<AddressLine>,
    pub left_out: usize,
}

pub(super) struct Shared {
    /// Its problem, which has the fix.
    pub id: String,
    pub name: String,
    pub summary: String,
    /// The addresses that the connections went by.
    pub addresses: String,
    pub connections: Vec<Connection>,
    /// All clients and targets, the busiest clients first; empty where every connection has a row.
    pub all_hosts: Vec<HostLine>,
    pub all_hosts_count: String,
    pub hosts_left_out: usize,
    /// How many connections have no row.
    pub rest: String,
}

pub(super) struct AddressLine {
    pub id: String,
    pub name: String,
    pub summary: String,
}

pub(super) struct HostLine {
    pub name: String,
    pub asked: String,
}

/// All incidents of a client, a target host and who answered.
pub(crate) struct Connection {
    pub client: String,
    pub target: String,
    pub answered: String,
    /// The client itself answered.
    pub itself: bool,
    pub events: String,
    pub confidence: &'static str,
}

/// Totals of a connection.
struct Sum<'a> {
    first: &'a Row,
    itself: bool,
    incidents: u64,
    events: u64,
    confidence: Confidence,
}

impl SharedAddresses {
    pub(super) fn new(report: &Report<'_>, problems: &[&Problem]) -> Self {
        let mut out = Self::default();
        for &problem in problems {
            let rows: Vec<&Row> = problem
                .incidents
                .iter()
                .filter_map(|&i| report.rows.get(i))
                .filter(|r| r.status.is_present() && !r.shared_addresses.is_empty())
                .collect();
            if rows.is_empty() {
                continue;
            }
            if out.addresses.len() < MAX_ADDRESSES {
                out.addresses.push(Shared::new(problem, &rows));
            } else if out.lines.len() < MAX_LINES {
                out.lines.push(AddressLine {
                    id: shown_in(&problem.problem_id, 40),
                    name: shown_in(problem.name(), 200),
                    summary: summary(&rows),
                });
            } else {
                out.left_out += 1;
            }
        }
        out
    }
}

fn summary(rows: &[&Row]) -> String {
    let events = saturating_sum(rows.iter().map(|r| r.events));
    format!(
        "{}, {}, {}",
        counted(hosts(rows).len() as u64, "host"),
        counted(rows.len() as u64, "incident"),
        counted(events, "event")
    )
}

/// Clients and targets, without case.
fn hosts(rows: &[&Row]) -> BTreeSet<String> {
    rows.iter().flat_map(|r| [r.client.to_lowercase(), target(r).to_lowercase()]).collect()
}

/// The same with their names as they were first written, and the incidents of which each was the client.
fn host_lines(rows: &[&Row]) -> Vec<HostLine> {
    let mut asked: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    for row in rows {
        asked.entry(row.client.to_lowercase()).or_insert((&row.client, 0)).1 += 1;
        asked.entry(target(row).to_lowercase()).or_insert((target(row), 0));
    }
    let mut hosts: Vec<_> = asked.into_values().collect();
    hosts.sort_by_key(|(_, incidents)| Reverse(*incidents));
    let line = |(name, incidents): &(&str, u64)| HostLine {
        name: shown_in(name, 100),
        asked: match incidents {
            0 => "only target".to_owned(),
            n => counted(*n, "incident"),
        },
    };
    hosts.iter().take(MAX_HOSTS).map(line).collect()
}

fn target(row: &Row) -> &str {
    if row.target_host.is_empty() { &row.target_spn } else { &row.target_host }
}

/// The connections of an address: each client's busiest, the busiest of these first, then each one's second, so that many
/// hosts are seen where many share it.
fn sums<'a>(rows: &[&'a Row]) -> Vec<Sum<'a>> {
    let mut sums: Vec<Sum<'a>> = Vec::new();
    let mut known: HashMap<[String; 3], usize> = HashMap::new();
    for row in rows {
        let itself = row.cause == Cause::LoopbackSharedIp;
        let answered = if itself { String::new() } else { row.answered_by.to_lowercase() };
        let key = [row.client.to_lowercase(), target(row).to_lowercase(), answered];
        let at = *known.entry(key).or_insert_with(|| {
            sums.push(Sum { first: row, itself, incidents: 0, events: 0, confidence: row.confidence });
            sums.len() - 1
        });
        if let Some(sum) = sums.get_mut(at) {
            sum.incidents += 1;
            sum.events = sum.events.saturating_add(row.events);
            sum.confidence = sum.confidence.max(row.confidence);
        }
    }
    // Stable sorts: of the equally busy, the report's order.
    sums.sort_by_key(|s| Reverse(s.events));
    let mut of_client: HashMap<String, usize> = HashMap::new();
    sums.sort_by_cached_key(|s| {
        let before = of_client.entry(s.first.client.to_lowercase()).or_default();
        *before += 1;
        *before
    });
    sums
}

impl Shared {
    fn new(problem: &Problem, rows: &[&Row]) -> Self {
        let sums = sums(rows);
        let drawn = sums.get(..MAX_CONNECTIONS).unwrap_or(&sums);
        let mut addresses: Vec<&String> = Vec::new();
        for address in rows.iter().flat_map(|r| &r.shared_addresses) {
            if addresses.len() <= MAX_OF_PROBLEM && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let mut names: Vec<String> = addresses.iter().take(MAX_OF_PROBLEM).map(|a| shown_in(a, 45)).collect();
        if addresses.len() > MAX_OF_PROBLEM {
            names.push("others".to_owned());
        }
        let all_hosts = hosts(rows);
        let rest = (sums.len() - drawn.len()) as u64;
        Self {
            id: shown_in(&problem.problem_id, 40),
            name: shown_in(problem.name(), 200),
            summary: summary(rows),
            addresses: names.join(", "),
            connections: drawn.iter().map(Connection::new).collect(),
            all_hosts: if rest > 0 { host_lines(rows) } else { Vec::new() },
            all_hosts_count: counted(all_hosts.len() as u64, "host"),
            hosts_left_out: all_hosts.len().saturating_sub(MAX_HOSTS),
            rest: if rest > 0 { counted(rest, "more connection") } else { String::new() },
        }
    }
}

impl Connection {
    /// A connection that could be made.
    pub(crate) fn expected(client: &str, target: &str, answered: &str, itself: bool) -> Self {
        let [client, target, answered] = [client, target, answered].map(text::name);
        Self { client, target, answered, itself, events: String::new(), confidence: "" }
    }

    fn new(sum: &Sum<'_>) -> Self {
        Self {
            client: text::name(&sum.first.client),
            target: text::name(target(sum.first)),
            answered: text::name(if sum.itself { &sum.first.client } else { &sum.first.answered_by }),
            itself: sum.itself,
            events: grouped(sum.events),
            confidence: sum.confidence.name(),
        }
    }
}
