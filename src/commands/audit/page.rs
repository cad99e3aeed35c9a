//! Writes an audit as a page for a browser: `docs/audit.md`. The frame and the parts are those of a report's page.

use std::io::{self, Write};

use askama::Template;

use super::finding::{AuditFinding, AuditKind};
use super::view::AuditContext;
use crate::inventory::InventoryFile;
use crate::report::numbers::{group_digits, pluralize, pluralize_as};
use crate::report::page::{Connection, FixStep, Inputs, Shell, sanitize, sanitize_name};
use crate::report::{Reading, Status};
use crate::text::sentence::capitalise;
use crate::zone::Zone;

/// Findings with a card.
const MAX_CARDS: usize = 200;
/// Findings with a line of a table, after those with a card. The others are counted.
const MAX_LINES: usize = 2_000;

/// Cards that are open at first.
const OPEN_CARDS: usize = 2;

/// Names of hosts or accounts in a card.
const MAX_NAMES: usize = 24;

/// Hosts in a row of the table of addresses.
const MAX_HOSTS: usize = 4;

/// Connections that are listed for one address.
const MAX_CONNECTIONS: usize = 6;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    /// Sentences below the heading.
    lead: Vec<String>,
    /// Rows of the table of kinds: a kind and the number of its findings.
    kinds: Vec<(AuditKind, String)>,
    addresses: Vec<AddressLine>,
    addresses_left_out: usize,
    cards: Vec<Card>,
    lines: Vec<FindingLine>,
    left_out: usize,
    resolved: Vec<FindingLine>,
    compared: bool,
    read: Inputs,
}

/// Row of the table of shared addresses.
struct AddressLine {
    id: String,
    address: String,
    owner_count: String,
    owners: String,
    adapter: String,
    kind: AuditKind,
}

/// A finding with its proof and fix.
struct Card {
    id: String,
    title: String,
    kind: AuditKind,
    status: Status,
    /// Number of its hosts or accounts.
    counts: String,
    /// The effect of the finding.
    why: String,
    /// The address that the connections go to.
    address: String,
    /// Connections that would reach the wrong machine.
    connections: Vec<Connection>,
    /// Number of further connections, or empty.
    more: String,
    proof: Vec<String>,
    fix: Vec<FixStep>,
    owners: Vec<String>,
    owners_left_out: usize,
    adapters: Vec<String>,
    vendor: String,
    open: bool,
    /// Zone of the times in `proof`.
    zone: Zone,
}

/// A finding as a row of a table.
struct FindingLine {
    id: String,
    title: String,
    kind: AuditKind,
    status: Status,
    owner_count: String,
}

/// Writes the findings of an audit as a page for a browser.
pub(super) fn write(
    all: &[AuditFinding],
    context: AuditContext<'_>,
    inventories: &[InventoryFile],
    title: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (present, resolved): (Vec<&AuditFinding>, Vec<&AuditFinding>) =
        all.iter().partition(|finding| finding.status.is_present());
    let lines = |findings: &[&AuditFinding]| -> Vec<FindingLine> {
        findings.iter().take(MAX_LINES).map(|finding| FindingLine::new(finding)).collect()
    };
    let shared: Vec<&AuditFinding> = present.iter().copied().filter(|f| f.kind.is_shared_address()).collect();
    let cards = present.iter().take(MAX_CARDS).enumerate();
    let page = Page {
        shell: Shell::new(title, heading(&present, context)),
        lead: lead(all, shared.len() as u64, context),
        kinds: kinds(&present),
        addresses: shared.iter().take(MAX_LINES).map(|f| AddressLine::new(f)).collect(),
        addresses_left_out: shared.len().saturating_sub(MAX_LINES),
        cards: cards.map(|(i, finding)| Card::new(finding, i < OPEN_CARDS, context.zone)).collect(),
        lines: lines(present.get(MAX_CARDS..).unwrap_or_default()),
        left_out: present.len().saturating_sub(MAX_CARDS + MAX_LINES),
        resolved: lines(&resolved),
        compared: context.compared,
        read: Inputs::new(&Reading { inventories, ..Reading::default() }, context.zone),
    };
    page.write_into(out)
}

fn heading(present: &[&AuditFinding], context: AuditContext<'_>) -> String {
    match (present.len(), context.complete) {
        (0, true) => "No finding".to_owned(),
        (0, false) => "No finding in the inputs that could be read".to_owned(),
        (n, _) => pluralize(n as u64, "finding"),
    }
}

fn lead(all: &[AuditFinding], shared_addresses: u64, context: AuditContext<'_>) -> Vec<String> {
    let mut lead = vec![match shared_addresses {
        0 => "No address belongs to several hosts.".to_owned(),
        n => format!(
            "{} to several hosts. A host that connects to another one through such an address can reach itself.",
            pluralize_as(n, "address belongs", "addresses belong")
        ),
    }];
    if context.allowed > 0 {
        let allowed = pluralize_as(context.allowed as u64, "shared address is", "shared addresses are");
        lead.push(format!("{allowed} left out, because --allow lists them."));
    }
    if context.compared {
        lead.push(format!("Since the earlier audit: {}.", Status::counts(all.iter().map(|f| f.status))));
    }
    lead
}

fn kinds(present: &[&AuditFinding]) -> Vec<(AuditKind, String)> {
    let count = |kind: AuditKind| present.iter().filter(|finding| finding.kind == kind).count() as u64;
    let counts = AuditKind::ALL.into_iter().map(|kind| (kind, count(kind)));
    counts.filter(|(_, count)| *count > 0).map(|(kind, count)| (kind, group_digits(count))).collect()
}

impl Card {
    fn new(finding: &AuditFinding, open: bool, zone: &Zone) -> Self {
        let (connections, more) = connections(finding);
        let shown_owners: Vec<String> =
            finding.owners.iter().take(MAX_NAMES).map(|n| sanitize_name(n)).collect();
        Self {
            id: sanitize(&finding.finding_id),
            title: sanitize(&title(finding)),
            kind: finding.kind,
            status: finding.status,
            counts: owner_count(finding),
            why: format!("{}.", sentence(&sanitize(&finding.hurts))),
            address: sanitize_name(
                finding.what.split_once(" -> ").map_or(&*finding.what, |(_, address)| address),
            ),
            connections,
            more: if more > 0 { pluralize(more, "more connection") } else { String::new() },
            proof: finding.evidence.iter().map(|text| sanitize(text)).collect(),
            fix: finding.fix.iter().map(FixStep::new).collect(),
            owners_left_out: finding.owner_count.saturating_sub(shown_owners.len()),
            owners: shown_owners,
            adapters: finding.adapters.iter().take(MAX_NAMES).map(|text| sanitize(text)).collect(),
            vendor: sanitize(&finding.vendor),
            open,
            zone: zone.clone(),
        }
    }
}

impl AddressLine {
    fn new(finding: &AuditFinding) -> Self {
        let first: Vec<String> = finding.owners.iter().take(MAX_HOSTS).map(|n| sanitize_name(n)).collect();
        let more = match finding.owner_count.saturating_sub(first.len()) {
            0 => String::new(),
            n => format!(" and {} more", group_digits(n as u64)),
        };
        Self {
            id: sanitize(&finding.finding_id),
            address: sanitize_name(&finding.what),
            owner_count: group_digits(finding.owner_count as u64),
            owners: format!("{}{more}", first.join(", ")),
            adapter: finding.adapters.first().map(|adapter| sanitize(adapter)).unwrap_or_default(),
            kind: finding.kind,
        }
    }
}

impl FindingLine {
    fn new(finding: &AuditFinding) -> Self {
        Self {
            id: sanitize(&finding.finding_id),
            title: sanitize(&title(finding)),
            kind: finding.kind,
            status: finding.status,
            owner_count: group_digits(finding.owner_count as u64),
        }
    }
}

/// Makes a sentence of the finding, without a full stop.
fn title(finding: &AuditFinding) -> String {
    let what = &finding.what;
    let who = match (finding.owners.as_slice(), finding.owner_count) {
        ([one, other], 2) => format!("{one} and {other}"),
        _ => owner_count(finding),
    };
    match finding.kind {
        AuditKind::RenamedOrDuplicateHost => format!("{who} have the same addresses, among them {what}"),
        AuditKind::NameLeadsElsewhere => match what.split_once(" -> ") {
            Some((host, address)) => {
                format!("{host} resolves to {address}, which belongs to {}", finding.owners.join(" and "))
            }
            None => what.clone(),
        },
        AuditKind::DuplicateSpn => format!("{who} have the SPN {what}"),
        AuditKind::HostAliasCollision => {
            format!("{what} is registered by itself, and hides the HOST SPN that covers it")
        }
        AuditKind::SameNameTwoDomains => format!("{who} have the name {what}"),
        AuditKind::BmcUsbNic
        | AuditKind::VirtualSwitch
        | AuditKind::ClusterOrNlbAddress
        | AuditKind::OtherSharedAddress => match finding.adapters.first() {
            Some(adapter) => format!("{who} own {what} ({adapter})"),
            None => format!("{who} own {what}"),
        },
    }
}

/// Returns `3 hosts` or `3 accounts`.
fn owner_count(finding: &AuditFinding) -> String {
    pluralize(finding.owner_count as u64, if finding.kind.is_about_accounts() { "account" } else { "host" })
}

/// Returns connections that would reach the wrong machine, and the number of further ones. With a shared address these are the
/// connections between any two of its hosts, where the client reaches itself.
fn connections(finding: &AuditFinding) -> (Vec<Connection>, u64) {
    if finding.kind == AuditKind::NameLeadsElsewhere {
        let (Some((host, _)), Some(owner)) = (finding.what.split_once(" -> "), finding.owners.first()) else {
            return (Vec::new(), 0);
        };
        return (vec![Connection::expected("any client", host, owner, false)], 0);
    }
    if !finding.kind.is_shared_address() {
        return (Vec::new(), 0);
    }
    // Each host is a client once before any host is a client twice.
    let owners = &finding.owners;
    let pairs = (1..owners.len()).flat_map(|step| {
        let pair = move |i: usize| Some((owners.get(i)?, owners.get((i + step) % owners.len())?));
        (0..owners.len()).filter_map(pair)
    });
    let shown = pairs.take(MAX_CONNECTIONS);
    let shown: Vec<Connection> =
        shown.map(|(client, target)| Connection::expected(client, target, client, true)).collect();
    let n = finding.owner_count as u64;
    let more = n.saturating_mul(n.saturating_sub(1)).saturating_sub(shown.len() as u64);
    (shown, more)
}

/// Capitalises a sentence, unless it begins with a name. A first word with other characters than letters is a name.
fn sentence(text: &str) -> String {
    match text.split(' ').next().is_some_and(|word| word.chars().all(char::is_alphabetic)) {
        true => capitalise(text),
        false => text.to_owned(),
    }
}
