//! The section of shared addresses, with a table of the connections to each. A row reads from left to right: the client, the
//! host it asked for, the address it connected to, and the host that answered.
//!
//! Hundreds of hosts may share an address. The busiest connections have rows, and the others are counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::text::{self, sanitize_to};
use crate::diagnosis::{Cause, Confidence};
use crate::report::numbers::{group_digits, pluralize, saturating_sum};
use crate::report::{Problem, Report, Row};

/// Maximum number of problems whose connections are listed.
const MAX_ADDRESSES: usize = 12;
/// Maximum number of problems with only a line, after those whose connections are listed. The others are counted.
const MAX_LINES: usize = 200;

/// Maximum number of connections that are listed for one problem.
const MAX_CONNECTIONS: usize = 10;

/// Maximum number of hosts that are listed below the connections.
const MAX_HOSTS: usize = 600;

/// Maximum number of addresses that are listed for one problem.
const MAX_ADDRESSES_OF_PROBLEM: usize = 3;

/// Content of the section.
#[derive(Default)]
pub(super) struct SharedAddresses {
    pub addresses: Vec<SharedAddress>,
    pub lines: Vec<AddressLine>,
    /// Number of problems that the section leaves out.
    pub left_out: usize,
}

/// A problem with shared addresses, and its connections.
pub(super) struct SharedAddress {
    /// ID of the problem.
    pub id: String,
    /// The thing to fix.
    pub name: String,
    /// Numbers of hosts, incidents and events.
    pub summary: String,
    /// The addresses to which the clients connected.
    pub addresses: String,
    pub connections: Vec<Connection>,
    /// All clients and targets, the busiest clients first; empty if every connection is listed.
    pub all_hosts: Vec<HostLine>,
    pub all_hosts_count: String,
    pub hosts_left_out: usize,
    /// Number of connections that are not listed, or empty.
    pub rest: String,
}

/// A problem with shared addresses as one line.
pub(super) struct AddressLine {
    pub id: String,
    pub name: String,
    pub summary: String,
}

/// A host that is a client or a target.
pub(super) struct HostLine {
    pub name: String,
    /// Number of incidents of which the host is the client.
    pub asked: String,
}

/// Incidents with the same client, target host and responder, as a row.
pub(crate) struct Connection {
    pub client: String,
    pub target: String,
    pub answered: String,
    /// Did the client itself answer?
    pub is_loopback: bool,
    pub events: String,
    pub confidence: &'static str,
}

/// Totals of a connection.
struct ConnectionTotals<'a> {
    first: &'a Row,
    is_loopback: bool,
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
                out.addresses.push(SharedAddress::new(problem, &rows));
            } else if out.lines.len() < MAX_LINES {
                out.lines.push(AddressLine {
                    id: sanitize_to(&problem.problem_id, 40),
                    name: sanitize_to(problem.name(), 200),
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
        pluralize(hosts(rows).len() as u64, "host"),
        pluralize(rows.len() as u64, "incident"),
        pluralize(events, "event")
    )
}

/// Returns the clients and targets in lower case.
fn hosts(rows: &[&Row]) -> BTreeSet<String> {
    rows.iter().flat_map(|r| [r.client.to_lowercase(), target(r).to_lowercase()]).collect()
}

/// Returns the clients and targets as the first row spells them, with the number of incidents of which each is the client.
fn host_lines(rows: &[&Row]) -> Vec<HostLine> {
    let mut asked: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    for row in rows {
        asked.entry(row.client.to_lowercase()).or_insert((&row.client, 0)).1 += 1;
        asked.entry(target(row).to_lowercase()).or_insert((target(row), 0));
    }
    let mut hosts: Vec<_> = asked.into_values().collect();
    hosts.sort_by_key(|(_, incidents)| Reverse(*incidents));
    let line = |(name, incidents): &(&str, u64)| HostLine {
        name: sanitize_to(name, 100),
        asked: match incidents {
            0 => "only target".to_owned(),
            n => pluralize(*n, "incident"),
        },
    };
    hosts.iter().take(MAX_HOSTS).map(line).collect()
}

fn target(row: &Row) -> &str {
    if row.target_host.is_empty() { &row.target_spn } else { &row.target_host }
}

/// Adds up the rows of each connection. The busiest connection of each client comes first, the busiest of these at the top. Then
/// follow the second ones, so that the first rows show many hosts.
fn totals<'a>(rows: &[&'a Row]) -> Vec<ConnectionTotals<'a>> {
    let mut totals: Vec<ConnectionTotals<'a>> = Vec::new();
    let mut index_of: HashMap<[String; 3], usize> = HashMap::new();
    for row in rows {
        let is_loopback = row.cause == Cause::LoopbackSharedIp;
        let answered = if is_loopback { String::new() } else { row.answered_by.to_lowercase() };
        let key = [row.client.to_lowercase(), target(row).to_lowercase(), answered];
        let index = *index_of.entry(key).or_insert_with(|| {
            totals.push(ConnectionTotals { first: row, is_loopback, events: 0, confidence: row.confidence });
            totals.len() - 1
        });
        if let Some(connection) = totals.get_mut(index) {
            connection.events = connection.events.saturating_add(row.events);
            connection.confidence = connection.confidence.max(row.confidence);
        }
    }
    // Both sorts are stable, so equally busy connections keep the order of the report.
    totals.sort_by_key(|connection| Reverse(connection.events));
    let mut of_client: HashMap<String, usize> = HashMap::new();
    totals.sort_by_cached_key(|connection| {
        let before = of_client.entry(connection.first.client.to_lowercase()).or_default();
        *before += 1;
        *before
    });
    totals
}

impl SharedAddress {
    fn new(problem: &Problem, rows: &[&Row]) -> Self {
        let totals = totals(rows);
        let listed = totals.get(..MAX_CONNECTIONS).unwrap_or(&totals);
        let mut addresses: Vec<&String> = Vec::new();
        for address in rows.iter().flat_map(|r| &r.shared_addresses) {
            if addresses.len() <= MAX_ADDRESSES_OF_PROBLEM && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let mut names: Vec<String> =
            addresses.iter().take(MAX_ADDRESSES_OF_PROBLEM).map(|a| sanitize_to(a, 45)).collect();
        if addresses.len() > MAX_ADDRESSES_OF_PROBLEM {
            names.push("others".to_owned());
        }
        let all_hosts = hosts(rows);
        let rest = (totals.len() - listed.len()) as u64;
        Self {
            id: sanitize_to(&problem.problem_id, 40),
            name: sanitize_to(problem.name(), 200),
            summary: summary(rows),
            addresses: names.join(", "),
            connections: listed.iter().map(Connection::new).collect(),
            all_hosts: if rest > 0 { host_lines(rows) } else { Vec::new() },
            all_hosts_count: pluralize(all_hosts.len() as u64, "host"),
            hosts_left_out: all_hosts.len().saturating_sub(MAX_HOSTS),
            rest: if rest > 0 { pluralize(rest, "more connection") } else { String::new() },
        }
    }
}

impl Connection {
    /// Makes the row of a connection that an audit expects, without events.
    pub(crate) fn expected(client: &str, target: &str, answered: &str, is_loopback: bool) -> Self {
        let [client, target, answered] = [client, target, answered].map(text::sanitize_name);
        Self { client, target, answered, is_loopback, events: String::new(), confidence: "" }
    }

    fn new(totals: &ConnectionTotals<'_>) -> Self {
        let row = totals.first;
        Self {
            client: text::sanitize_name(&row.client),
            target: text::sanitize_name(target(row)),
            answered: text::sanitize_name(if totals.is_loopback { &row.client } else { &row.answered_by }),
            is_loopback: totals.is_loopback,
            events: group_digits(totals.events),
            confidence: totals.confidence.name(),
        }
    }
}
