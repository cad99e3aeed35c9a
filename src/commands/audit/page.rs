//! The audit as one page for a browser, of the same parts as the page of a report: `docs/audit.md`.

use std::io::{self, Write};

use askama::Template;

use super::finding::{AuditFinding, AuditKind};
use super::view::Read;
use crate::inventory::InventoryFile;
use crate::report::Reading;
use crate::report::Status;
use crate::report::numbers::{counted, counted_as, grouped};
use crate::report::page::{Connection, FixStep, Inputs, Shell, name, shown};
use crate::text::sentence::capitalised;
use crate::zone::Zone;

/// Findings with a card; the next ones get a line, and the rest a number.
const MAX_CARDS: usize = 200;
const MAX_LINES: usize = 2_000;

/// Cards that are open at first.
const OPEN: usize = 2;

/// Names of hosts or accounts in a card.
const MAX_NAMES: usize = 24;

/// Hosts in a row of the table of addresses.
const MAX_IN_LINE: usize = 4;

/// Connections that are listed for one address.
const MAX_CONNECTIONS: usize = 6;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    /// Sentences below the heading.
    lead: Vec<String>,
    kinds: Vec<KindLine>,
    addresses: Vec<AddressLine>,
    addresses_left_out: usize,
    cards: Vec<Card>,
    lines: Vec<Line>,
    left_out: usize,
    resolved: Vec<Line>,
    compared: bool,
    read: Inputs,
}

/// A row of the table of kinds.
struct KindLine {
    cause: &'static str,
    label: &'static str,
    kind: &'static str,
    means: &'static str,
    findings: String,
}

/// A row of the table of shared addresses.
struct AddressLine {
    id: String,
    what: String,
    owners: String,
    names: String,
    adapter: String,
    cause: &'static str,
    label: &'static str,
}

struct Card {
    id: String,
    title: String,
    cause: &'static str,
    label: &'static str,
    kind: &'static str,
    status: &'static str,
    counts: String,
    /// Who would reach whom.
    why: String,
    /// The address that the connections go to.
    address: String,
    /// Connections that would go wrong, and how many more there are.
    connections: Vec<Connection>,
    more: String,
    proof: Vec<String>,
    fix: Vec<FixStep>,
    owners: Vec<String>,
    owners_left_out: usize,
    adapters: Vec<String>,
    vendor: String,
    open: bool,
    /// The zone of its times.
    zone: Zone,
}

struct Line {
    id: String,
    title: String,
    cause: &'static str,
    label: &'static str,
    kind: &'static str,
    status: &'static str,
    owners: String,
}

/// Writes the page.
pub(super) fn write(
    all: &[AuditFinding],
    read: Read<'_>,
    inventories: &[InventoryFile],
    title: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let present: Vec<&AuditFinding> = all.iter().filter(|f| f.status != Status::Resolved).collect();
    let resolved: Vec<Line> =
        all.iter().filter(|f| f.status == Status::Resolved).take(MAX_LINES).map(Line::new).collect();
    let shared: Vec<&AuditFinding> = present.iter().copied().filter(|f| f.kind.is_shared_address()).collect();
    let cards = present.iter().take(MAX_CARDS).enumerate();
    let cards: Vec<Card> =
        cards.map(|(place, finding)| Card::new(finding, place < OPEN, read.zone)).collect();
    let lines: Vec<Line> = present.iter().skip(MAX_CARDS).take(MAX_LINES).map(|f| Line::new(f)).collect();
    let page = Page {
        shell: Shell::new(title, heading(&present, read)),
        lead: lead(all, &present, read),
        kinds: kinds(&present),
        addresses: shared.iter().take(MAX_LINES).map(|f| AddressLine::new(f)).collect(),
        addresses_left_out: shared.len().saturating_sub(MAX_LINES),
        left_out: present.len() - cards.len() - lines.len(),
        cards,
        lines,
        resolved,
        compared: read.compared,
        read: Inputs::new(&Reading { inventories, ..Reading::default() }, read.zone),
    };
    page.write_into(out)
}

fn heading(present: &[&AuditFinding], read: Read<'_>) -> String {
    match (present.len(), read.complete) {
        (0, true) => "No finding".to_owned(),
        (0, false) => "No finding in the inputs that could be read".to_owned(),
        (n, _) => counted(n as u64, "finding"),
    }
}

fn lead(all: &[AuditFinding], present: &[&AuditFinding], read: Read<'_>) -> Vec<String> {
    let addresses = present.iter().filter(|f| f.kind.is_shared_address()).count() as u64;
    let mut lead = vec![match addresses {
        0 => "No address belongs to several hosts.".to_owned(),
        n => format!(
            "{} to several hosts. A host that connects to another one through such an address can reach itself.",
            counted_as(n, "address belongs", "addresses belong")
        ),
    }];
    if read.allowed > 0 {
        let allowed = counted_as(read.allowed as u64, "shared address is", "shared addresses are");
        lead.push(format!("{allowed} left out, because --allow lists them."));
    }
    if read.compared {
        let of = |status: Status| all.iter().filter(|f| f.status == status).count() as u64;
        let since = Status::ALL.map(|status| format!("{} {}", grouped(of(status)), status.name()));
        lead.push(format!("Since the earlier audit: {}.", since.join(", ")));
    }
    lead
}

fn kinds(present: &[&AuditFinding]) -> Vec<KindLine> {
    let line = |kind: AuditKind| {
        let of_kind: Vec<_> = present.iter().filter(|f| f.kind == kind).collect();
        (!of_kind.is_empty()).then(|| KindLine {
            cause: kind.cause().name(),
            label: kind.label(),
            kind: kind.name(),
            means: kind.meaning(),
            findings: grouped(of_kind.len() as u64),
        })
    };
    AuditKind::ALL.into_iter().filter_map(line).collect()
}

impl Card {
    fn new(finding: &AuditFinding, open: bool, zone: &Zone) -> Self {
        let (connections, more) = connections(finding);
        let shown_owners: Vec<String> = finding.owners.iter().take(MAX_NAMES).map(|n| name(n)).collect();
        Self {
            id: shown(&finding.finding_id),
            title: shown(&title(finding)),
            cause: finding.kind.cause().name(),
            label: finding.kind.label(),
            kind: finding.kind.name(),
            status: finding.status.name(),
            counts: owners(finding),
            why: format!("{}.", sentence(&shown(&finding.hurts))),
            address: name(finding.what.split_once(" -> ").map_or(&*finding.what, |(_, address)| address)),
            connections,
            more: if more > 0 { counted(more, "more connection") } else { String::new() },
            proof: finding.evidence.iter().map(|text| shown(text)).collect(),
            fix: finding.fix.iter().map(FixStep::new).collect(),
            owners_left_out: finding.owner_count.saturating_sub(shown_owners.len()),
            owners: shown_owners,
            adapters: finding.adapters.iter().take(MAX_NAMES).map(|text| shown(text)).collect(),
            vendor: shown(&finding.vendor),
            open,
            zone: zone.clone(),
        }
    }
}

impl AddressLine {
    fn new(finding: &AuditFinding) -> Self {
        let first: Vec<String> = finding.owners.iter().take(MAX_IN_LINE).map(|n| name(n)).collect();
        let more = match finding.owner_count.saturating_sub(first.len()) {
            0 => String::new(),
            n => format!(" and {} more", grouped(n as u64)),
        };
        Self {
            id: shown(&finding.finding_id),
            what: name(&finding.what),
            owners: grouped(finding.owner_count as u64),
            names: format!("{}{more}", first.join(", ")),
            adapter: finding.adapters.first().map(|adapter| shown(adapter)).unwrap_or_default(),
            cause: finding.kind.cause().name(),
            label: finding.kind.label(),
        }
    }
}

impl Line {
    fn new(finding: &AuditFinding) -> Self {
        Self {
            id: shown(&finding.finding_id),
            title: shown(&title(finding)),
            cause: finding.kind.cause().name(),
            label: finding.kind.label(),
            kind: finding.kind.name(),
            status: finding.status.name(),
            owners: grouped(finding.owner_count as u64),
        }
    }
}

/// The finding as a sentence without a full stop.
fn title(finding: &AuditFinding) -> String {
    let what = &finding.what;
    let who = match (finding.owners.as_slice(), finding.owner_count) {
        ([one, other], 2) => format!("{one} and {other}"),
        (_, n) if finding.kind.is_about_accounts() => counted(n as u64, "account"),
        (_, n) => counted(n as u64, "host"),
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

fn owners(finding: &AuditFinding) -> String {
    let n = finding.owner_count as u64;
    if finding.kind.is_about_accounts() { counted(n, "account") } else { counted(n, "host") }
}

/// The connections that would reach another machine than the one that was meant, and how many more there are. Of an address,
/// each of its hosts asking each other one reaches itself.
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
    // Each host once as client before one is there twice.
    let owners = &finding.owners;
    let pairs = (1..owners.len()).flat_map(|step| {
        let ask = move |place: usize| Some((owners.get(place)?, owners.get((place + step) % owners.len())?));
        (0..owners.len()).filter_map(ask)
    });
    let shown = pairs.take(MAX_CONNECTIONS);
    let shown: Vec<Connection> =
        shown.map(|(client, target)| Connection::expected(client, target, client, true)).collect();
    let n = finding.owner_count as u64;
    let more = n.saturating_mul(n.saturating_sub(1)).saturating_sub(shown.len() as u64);
    (shown, more)
}

/// The sentence with a capital letter, unless it begins with a name, which keeps its case: a word has letters only.
fn sentence(text: &str) -> String {
    match text.split(' ').next().is_some_and(|word| word.chars().all(char::is_alphabetic)) {
        true => capitalised(text),
        false => text.to_owned(),
    }
}
