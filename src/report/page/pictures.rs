//! The diagram of a shared address: hosts on both sides, the address between them, and each connection as an
//! arrow that goes in and bends back to the responder. A broken line that stops short leads to the intended
//! host.
//!
//! Hundreds of hosts can share an address: the busiest connections are drawn, the others are counted. The
//! table below each diagram says the same in words.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::text::{self, cut, shown_in};
use crate::diagnosis::{Cause, Confidence};
use crate::report::numbers::{counted, grouped, plural, saturating_sum};
use crate::report::{Problem, Report, Row};

/// Most addresses with a diagram. The others get a line.
const MAX_PICTURES: usize = 12;
const MAX_LINES: usize = 200;

/// Most connections drawn per address. With more, no line can be followed.
const MAX_LANES: usize = 10;

/// Most hosts listed below a diagram, each with its role.
const MAX_HOSTS: usize = 600;

/// Characters of a name that fit into a box.
const NAME_CHARS: usize = 33;

// Measures of the drawing, in its own units.
pub(super) const WIDTH: usize = 940;
const BOX_WIDTH: usize = 276;
const BOX_HEIGHT: usize = 40;
const BOX_STEP: usize = 54;
const HUB_LEFT: usize = 370;
const HUB_RIGHT: usize = 570;
const MIDDLE: usize = WIDTH / 2;
const LANE_STEP: usize = 44;
const TOP: usize = 8;
/// Line height of the addresses in the hub.
const LINE: usize = 18;

#[derive(Default)]
pub(super) struct Pictures {
    pub pictures: Vec<Picture>,
    pub lines: Vec<AddressLine>,
    pub left_out: usize,
}

pub(super) struct Picture {
    /// ID of its problem, which has the fix.
    pub id: String,
    pub name: String,
    pub summary: String,
    pub description: String,
    pub height: usize,
    pub boxes: Vec<HostBox>,
    pub hub: Hub,
    pub lanes: Vec<Lane>,
    /// All clients and targets, the most frequent clients first.
    pub all_hosts: Vec<HostLine>,
    pub all_hosts_count: String,
    pub hosts_left_out: usize,
    /// The connections that are not drawn, in words.
    pub rest: String,
    pub rest_y: usize,
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

pub(super) struct HostBox {
    pub x: usize,
    pub y: usize,
    pub text_x: usize,
    pub name_y: usize,
    pub role_y: usize,
    pub name: String,
    pub full: String,
    pub role: String,
}

pub(super) struct Hub {
    pub height: usize,
    pub addresses: Vec<(usize, String)>,
}

/// One connection: all incidents of a client, a target host and a responder.
pub(super) struct Lane {
    pub number: usize,
    pub badge_y: usize,
    pub badge_text_y: usize,
    pub cause: &'static str,
    /// Path from the client through the address to the responder.
    pub went: String,
    /// Path from the address to the intended host.
    pub meant: String,
    pub client: String,
    pub target: String,
    pub answered: String,
    pub incidents: String,
    pub events: String,
    pub confidence: &'static str,
}

/// Totals of a lane.
struct Sum<'a> {
    first: &'a Row,
    itself: bool,
    incidents: u64,
    events: u64,
    confidence: Confidence,
}

impl Pictures {
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut out = Self::default();
        for problem in report.problems {
            let rows: Vec<&Row> = problem
                .incidents
                .iter()
                .filter_map(|&i| report.rows.get(i))
                .filter(|r| r.status.is_present() && !r.shared_addresses.is_empty())
                .collect();
            let Some(first) = rows.first() else { continue };
            if out.pictures.len() < MAX_PICTURES {
                out.pictures.push(Picture::new(problem, first, &rows));
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

/// Clients and targets, in lower case.
fn hosts(rows: &[&Row]) -> BTreeSet<String> {
    rows.iter().flat_map(|r| [r.client.to_lowercase(), meant(r).to_lowercase()]).collect()
}

/// The same hosts with their names as first written, and the number of incidents of which each was the
/// client.
fn host_lines(rows: &[&Row]) -> Vec<HostLine> {
    let mut asked: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    for row in rows {
        asked.entry(row.client.to_lowercase()).or_insert((&row.client, 0)).1 += 1;
        asked.entry(meant(row).to_lowercase()).or_insert((meant(row), 0));
    }
    let mut hosts: Vec<_> = asked.into_values().collect();
    hosts.sort_by_key(|(_, incidents)| Reverse(*incidents));
    let line = |(name, incidents): &(&str, u64)| HostLine {
        name: shown_in(name, 100),
        asked: match incidents {
            0 => "only meant".to_owned(),
            n => counted(*n, "incident"),
        },
    };
    hosts.iter().take(MAX_HOSTS).map(line).collect()
}

fn meant(row: &Row) -> &str {
    if row.target_host.is_empty() { &row.target_spn } else { &row.target_host }
}

/// The connections of an address in the order of drawing: each client's busiest first, then each client's
/// second, so that many hosts are visible.
fn sums<'a>(rows: &[&'a Row]) -> Vec<Sum<'a>> {
    let mut sums: Vec<Sum<'a>> = Vec::new();
    let mut known: HashMap<[String; 3], usize> = HashMap::new();
    for row in rows {
        let itself = row.cause == Cause::LoopbackSharedIp;
        let answered = if itself { String::new() } else { row.answered_by.to_lowercase() };
        let key = [row.client.to_lowercase(), meant(row).to_lowercase(), answered];
        let at = *known.entry(key).or_insert_with(|| {
            sums.push(Sum { first: row, itself, incidents: 0, events: 0, confidence: row.confidence });
            sums.len() - 1
        });
        if let Some(sum) = sums.get_mut(at) {
            sum.incidents += 1;
            sum.events += row.events;
            sum.confidence = sum.confidence.max(row.confidence);
        }
    }
    // Stable sort: ties keep the report's order.
    sums.sort_by_key(|s| Reverse(s.events));
    let mut of_client: HashMap<String, usize> = HashMap::new();
    sums.sort_by_cached_key(|s| {
        let before = of_client.entry(s.first.client.to_lowercase()).or_default();
        *before += 1;
        *before
    });
    sums
}

impl Picture {
    fn new(problem: &Problem, first: &Row, rows: &[&Row]) -> Self {
        let sums = sums(rows);
        let drawn = sums.get(..MAX_LANES).unwrap_or(&sums);
        let mut plan = Plan::default();
        for sum in drawn {
            plan.place(sum);
        }
        let mut addresses: Vec<String> = first.shared_addresses.iter().take(3).map(|a| cut(a, 28)).collect();
        if first.shared_addresses.len() > 3 {
            addresses.push(format!("and {} more", first.shared_addresses.len() - 3));
        }
        let head = TOP + addresses.len() * LINE + 26;
        let lanes_end = head + drawn.len() * LANE_STEP;
        plan.arrange(head, lanes_end);
        let bottom = plan.bottom().max(lanes_end) + TOP;

        let drawn_hosts: BTreeSet<&str> = plan.hosts.iter().map(|h| &*h.key).collect();
        let all_hosts = hosts(rows);
        let more_hosts = all_hosts.iter().filter(|h| !drawn_hosts.contains(h.as_str())).count();
        let rest = match sums.len() - drawn.len() {
            0 => String::new(),
            n => format!(
                "and {} more connection{}, of {} more host{}: each client's busiest are drawn first",
                grouped(n as u64),
                plural(n as u64),
                grouped(more_hosts as u64),
                plural(more_hosts as u64)
            ),
        };
        let lanes: Vec<Lane> =
            drawn.iter().enumerate().map(|(i, sum)| plan.lane(sum, i, head + i * LANE_STEP + 14)).collect();
        let mut description: String = lanes.iter().map(Lane::sentence).collect::<Vec<_>>().join(" ");
        if !rest.is_empty() {
            description.push_str(&format!(" {rest}."));
        }
        Self {
            id: shown_in(&problem.problem_id, 40),
            name: shown_in(problem.name(), 200),
            summary: summary(rows),
            description,
            height: bottom + if rest.is_empty() { 2 } else { 30 },
            boxes: plan.boxes(),
            hub: Hub {
                height: bottom - TOP,
                addresses: addresses.into_iter().enumerate().map(|(i, a)| (TOP + 24 + i * LINE, a)).collect(),
            },
            lanes,
            all_hosts: host_lines(rows),
            all_hosts_count: counted(all_hosts.len() as u64, "host"),
            hosts_left_out: all_hosts.len().saturating_sub(MAX_HOSTS),
            rest,
            rest_y: bottom + 18,
        }
    }
}

impl Lane {
    fn sentence(&self) -> String {
        let Self { number, client, target, answered, events, .. } = self;
        format!("{number}: {client} asked for {target}; {answered} answered ({events}).")
    }
}

/// Position of each host.
#[derive(Default)]
struct Plan {
    hosts: Vec<Host>,
}

struct Host {
    key: String,
    name: String,
    right: bool,
    asked: bool,
    answered: bool,
    was_meant: bool,
    y: usize,
}

impl Plan {
    fn find(&self, key: &str) -> Option<&Host> {
        self.hosts.iter().find(|h| h.key == key)
    }

    /// The host's side. A new host gets the given side.
    fn side(&mut self, key: String, name: &str, right: bool) -> bool {
        if let Some(host) = self.find(&key) {
            return host.right;
        }
        let name = name.to_owned();
        self.hosts.push(Host { key, name, right, asked: false, answered: false, was_meant: false, y: 0 });
        right
    }

    /// Places a client to the left and the target opposite, unless they have a place.
    fn place(&mut self, sum: &Sum<'_>) {
        let [client, target, answerer] = keys(sum);
        let opposite = self.find(&target).is_some_and(|t| !t.right);
        let right = self.side(client.clone(), &sum.first.client, opposite);
        self.side(target.clone(), meant(sum.first), !right);
        self.side(answerer.clone(), &sum.first.answered_by, !right);
        for host in &mut self.hosts {
            host.asked |= host.key == client;
            host.was_meant |= host.key == target;
            host.answered |= host.key == answerer;
        }
    }

    /// Stacks each side, centred on the hub's height.
    fn arrange(&mut self, from: usize, to: usize) {
        for right in [false, true] {
            let count = self.hosts.iter().filter(|h| h.right == right).count();
            let height = count * BOX_STEP - if count > 0 { BOX_STEP - BOX_HEIGHT } else { 0 };
            let mut y = from + (to - from).saturating_sub(height) / 2;
            for host in self.hosts.iter_mut().filter(|h| h.right == right) {
                host.y = y;
                y += BOX_STEP;
            }
        }
    }

    fn bottom(&self) -> usize {
        self.hosts.iter().map(|h| h.y + BOX_HEIGHT).max().unwrap_or(0)
    }

    fn boxes(&self) -> Vec<HostBox> {
        let boxed = |host: &Host| {
            let x = if host.right { WIDTH - BOX_WIDTH - 1 } else { 1 };
            let roles = [(host.asked, "asked"), (host.answered, "answered"), (host.was_meant, "was meant")];
            let roles: Vec<&str> = roles.iter().filter(|r| r.0).map(|r| r.1).collect();
            HostBox {
                x,
                y: host.y,
                text_x: x + 12,
                name_y: host.y + 17,
                role_y: host.y + 32,
                name: cut(&host.name, NAME_CHARS),
                full: text::name(&host.name),
                role: roles.join(" · "),
            }
        };
        self.hosts.iter().map(boxed).collect()
    }

    /// The point where lines meet the host's box.
    fn edge(&self, key: &str) -> (bool, usize, usize) {
        match self.find(key) {
            Some(host) if host.right => (true, WIDTH - BOX_WIDTH - 1, host.y + BOX_HEIGHT / 2),
            Some(host) => (false, BOX_WIDTH + 1, host.y + BOX_HEIGHT / 2),
            None => (false, BOX_WIDTH + 1, 0),
        }
    }

    fn lane(&self, sum: &Sum<'_>, index: usize, y: usize) -> Lane {
        let [client, target, answerer] = keys(sum);
        let (from, answered, meant_for) = (self.edge(&client), self.edge(&answerer), self.edge(&target));
        let hub = |right: bool| if right { HUB_RIGHT } else { HUB_LEFT };
        // The arrow turns inside the hub, before the number.
        let turn = if from.0 { MIDDLE + 26 } else { MIDDLE - 26 };
        let (ask_y, back_y) = (y - 7, y + 7);
        let middle = |right: bool| if right { HUB_RIGHT + 52 } else { HUB_LEFT - 52 };
        let (sweep, m) = (u8::from(!from.0), middle(from.0));
        let into = format!(
            "M{} {} C{m} {} {m} {ask_y} {} {ask_y} L{turn} {ask_y}",
            from.1,
            from.2 - 7,
            from.2 - 7,
            hub(from.0)
        );
        // Arrows end a little before the box, to leave room for their heads.
        let stop = |edge: (bool, usize, usize)| if edge.0 { edge.1 - 7 } else { edge.1 + 7 };
        let m = middle(answered.0);
        let end_y = if answerer == client { answered.2 + 7 } else { answered.2 };
        let out = if answered.0 == from.0 {
            format!(" A7 7 0 0 {sweep} {turn} {back_y} L{} {back_y}", hub(answered.0))
        } else {
            format!(" L{} {ask_y}", hub(answered.0))
        };
        let out_y = if answered.0 == from.0 { back_y } else { ask_y };
        let went = format!("{into}{out} C{m} {out_y} {m} {end_y} {} {end_y}", stop(answered));
        let m = middle(meant_for.0);
        let meant_y = if meant_for.0 == from.0 { y + 3 } else { y + 5 };
        let meant = format!(
            "M{} {meant_y} L{} {meant_y} C{m} {meant_y} {m} {} {} {}",
            if meant_for.0 { MIDDLE + 14 } else { MIDDLE - 14 },
            hub(meant_for.0),
            meant_for.2,
            stop(meant_for),
            meant_for.2
        );
        Lane {
            number: index + 1,
            badge_y: y,
            badge_text_y: y + 4,
            cause: sum.first.cause.name(),
            went,
            meant,
            client: text::name(&sum.first.client),
            target: text::name(self::meant(sum.first)),
            answered: if sum.itself {
                "the client itself".to_owned()
            } else {
                text::name(&sum.first.answered_by)
            },
            incidents: grouped(sum.incidents),
            events: counted(sum.events, "event"),
            confidence: sum.confidence.name(),
        }
    }
}

/// Keys of client, target and responder. An account is not a host: its name does not prove which machine it
/// is.
fn keys(sum: &Sum<'_>) -> [String; 3] {
    let client = sum.first.client.to_lowercase();
    let answerer =
        if sum.itself { client.clone() } else { format!("account {}", sum.first.answered_by.to_lowercase()) };
    [client, meant(sum.first).to_lowercase(), answerer]
}
