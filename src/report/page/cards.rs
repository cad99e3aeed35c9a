//! Cards of problems with their incidents: the part of the page that needs no script.

use super::text::{self, PageTime, sanitize, sanitize_to};
use crate::diagnosis::Confidence;
use crate::report::item::{ActionPart, CommandPart, EvidenceItem, EvidenceSection, RequestItem, StepItem};
use crate::report::numbers::{group_digits, pluralize};
use crate::report::row::problem_name;
use crate::report::{Fix, Problem, Report, Row};
use crate::zone::Zone;

/// Problems with a card.
const MAX_CARDS: usize = 200;
/// Problems with a line, after those with a card. The others are counted. The table of incidents has all of them.
const MAX_LINES: usize = 2_000;

/// Maximum number of incidents in all cards together.
const MAX_STORIES: usize = 300;
/// Maximum number of incidents in each card if the report has more than [`MAX_STORIES`].
const STORIES_PER_CARD: usize = 3;

/// Maximum number of bytes of text in all cards together. Only crafted names reach this limit.
const MAX_BYTES: usize = 3 << 20;

/// Longest problem name, in characters.
const MAX_NAME: usize = 400;

/// Maximum number of names of clients or targets in a card.
const MAX_NAMES: usize = 24;

/// Checks in the card of a problem that is not confirmed. "Collect next" has all of them.
const MAX_CHECKS: usize = 3;

/// Number of cards that are open at first.
const OPEN_CARDS: usize = 2;

/// A problem with its evidence, its fix and its incidents.
pub(super) struct Card {
    pub id: String,
    /// The finding as a sentence without a full stop.
    pub title: String,
    /// The thing to fix.
    pub what: String,
    /// The reason of the verdict.
    pub why: String,
    pub proof: Vec<String>,
    /// Events near those of the incident that prove nothing.
    pub context: Vec<String>,
    pub caveats: Vec<String>,
    /// Checks to make before the fix.
    pub checks: Vec<Check>,
    pub cause: &'static str,
    pub kind: &'static str,
    /// Label of the kind for people.
    pub label: &'static str,
    pub confidence: &'static str,
    pub status: &'static str,
    pub incidents: String,
    /// Number of new incidents, if some but not all are new.
    pub new: String,
    pub clients: NameList,
    pub targets: NameList,
    pub events: String,
    pub first: PageTime,
    pub last: PageTime,
    pub fix: Vec<FixStep>,
    pub stories: Vec<Story>,
    /// Number of incidents that are not in `stories`, or empty.
    pub more: String,
    pub open: bool,
    /// Zone of the times in its texts.
    pub zone: Zone,
}

/// A step of a fix.
pub(crate) struct FixStep {
    pub text: String,
    pub risk: String,
    pub prerequisite: String,
    pub commands: Vec<CommandLine>,
    pub undo: Option<Action>,
    pub verify: Option<Action>,
}

/// Undo or verification of a step.
pub(crate) struct Action {
    pub text: String,
    pub commands: Vec<CommandLine>,
}

/// A command line with the machine to run it on.
pub(crate) struct CommandLine {
    /// Machine to run it on, or empty.
    pub on: String,
    pub line: String,
}

/// A request as a check before the fix.
pub(super) struct Check {
    pub question: String,
    pub commands: Vec<CommandLine>,
    /// Explanation of the answer.
    pub how: String,
}

/// A problem as a row of a table.
pub(super) struct ProblemLine {
    pub id: String,
    pub title: String,
    pub cause: &'static str,
    pub kind: &'static str,
    /// Label of the kind for people.
    pub label: &'static str,
    pub confidence: &'static str,
    pub status: &'static str,
    pub incidents: String,
    pub clients: String,
    pub events: String,
    pub last: PageTime,
}

/// Clients or targets of a problem.
pub(super) struct NameList {
    pub count: String,
    pub shown: Vec<String>,
    /// Number of names that are not in `shown`, or empty.
    pub more: String,
}

/// An incident with all details.
#[derive(Default)]
pub(super) struct Story {
    /// Write all elements, also empty ones, as a template that the script fills.
    pub blank: bool,
    pub id: String,
    pub kind: &'static str,
    pub label: &'static str,
    pub confidence: &'static str,
    pub status: &'static str,
    pub client: String,
    pub answered_by: String,
    pub target: String,
    pub events: String,
    pub first: PageTime,
    pub last: PageTime,
    /// Zone of the times in its texts.
    pub zone: Zone,
    pub card: IncidentCard,
    /// Is the explanation the same as that of the problem?
    pub same_why: bool,
    /// Is the fix the same as that of the problem?
    pub same_fix: bool,
}

/// Texts of an incident, for the template and for the script.
#[derive(Default)]
pub(super) struct IncidentCard {
    /// The thing to fix.
    pub what: String,
    pub explanation: String,
    pub realms: String,
    /// Addresses that several hosts own.
    pub shared: Vec<String>,
    pub evidence: Vec<String>,
    pub caveats: Vec<String>,
    /// Events near those of the incident that prove nothing.
    pub context: Vec<String>,
    pub considered: Vec<String>,
    pub missing: Vec<String>,
    pub fix: Vec<String>,
    pub logs: Vec<String>,
}

/// Problems in the form in which the page shows them.
#[derive(Default)]
pub(super) struct Cards {
    pub cards: Vec<Card>,
    /// Problems without a card.
    pub lines: Vec<ProblemLine>,
    /// Number of problems that the page leaves out.
    pub left_out: usize,
}

/// Makes the cards and lines of the present problems, and those of the resolved ones.
pub(super) fn all(report: &Report<'_>, problems: &[&Problem]) -> (Cards, Cards) {
    let mut room = Room {
        stories: MAX_STORIES,
        stories_per_card: if report.rows.len() <= MAX_STORIES { MAX_STORIES } else { STORIES_PER_CARD },
        bytes: MAX_BYTES,
    };
    let (mut present, mut resolved) = (Cards::default(), Cards::default());
    for &problem in problems {
        let cards = if problem.status.is_present() { &mut present } else { &mut resolved };
        if cards.cards.len() < MAX_CARDS && room.bytes > 0 {
            let mut card = Card::new(problem, report, &mut room);
            card.open = problem.status.is_present() && cards.cards.len() < OPEN_CARDS;
            cards.cards.push(card);
        } else if cards.lines.len() < MAX_LINES {
            cards.lines.push(ProblemLine::new(problem, report.zone));
        } else {
            cards.left_out += 1;
        }
    }
    (present, resolved)
}

/// Incidents and bytes for which the cards still have room.
struct Room {
    stories: usize,
    stories_per_card: usize,
    bytes: usize,
}

impl Card {
    fn new(problem: &Problem, report: &Report<'_>, room: &mut Room) -> Self {
        let zone = report.zone;
        let rows: Vec<&Row> = problem.incidents.iter().filter_map(|&i| report.rows.get(i)).collect();
        let has_title = |row: &&&Row| row.confidence == problem.confidence && row.kind == problem.kind;
        let best = rows
            .iter()
            .find(|r| r.status.is_present() && has_title(r))
            .or_else(|| rows.iter().find(has_title));
        let why = best.map(|r| sentence(&r.explanation)).unwrap_or_default();
        let fix_texts = steps(&problem.fix);
        let evidence: &[EvidenceItem] = best.map_or(&[], |row| &row.evidence);
        let evidence_of = |section| {
            let items = evidence.iter().filter(|item| item.section() == section);
            items.map(|item| sanitize(&item.text())).collect()
        };
        let checks: Vec<Check> = match problem.confidence {
            Confidence::Confirmed => Vec::new(),
            _ => best.iter().flat_map(|row| &row.missing).take(MAX_CHECKS).map(Check::new).collect(),
        };
        let mut stories = Vec::new();
        for row in rows.iter().take(room.stories_per_card) {
            if room.stories == 0 || room.bytes == 0 {
                break;
            }
            let mut story = Story::new(row, zone);
            story.same_why = story.card.explanation == why;
            story.same_fix = story.card.fix == fix_texts;
            room.stories -= 1;
            room.bytes = room.bytes.saturating_sub(story.len());
            stories.push(story);
        }
        let card = Self {
            id: sanitize_to(&problem.problem_id, 40),
            title: sanitize_to(problem.heading(), MAX_NAME),
            what: sanitize_to(problem.name(), MAX_NAME),
            proof: evidence_of(EvidenceSection::Proof),
            context: evidence_of(EvidenceSection::Context),
            caveats: evidence_of(EvidenceSection::Caveat),
            checks,
            why,
            cause: problem.cause.name(),
            kind: problem.kind.name(),
            label: problem.kind.label(),
            confidence: problem.confidence.name(),
            status: problem.status.name(),
            incidents: pluralize(rows.len() as u64, "incident"),
            new: if problem.new == rows.len() { String::new() } else { digits_or_empty(problem.new) },
            clients: NameList::new(&problem.clients),
            targets: NameList::new(&problem.targets),
            events: pluralize(problem.events, "event"),
            first: PageTime::new(&problem.first_seen, zone),
            last: PageTime::new(&problem.last_seen, zone),
            zone: zone.clone(),
            fix: problem.fix.steps().iter().map(FixStep::new).collect(),
            more: digits_or_empty(rows.len() - stories.len()),
            stories,
            open: false,
        };
        room.bytes = room.bytes.saturating_sub(card.len());
        card
    }

    /// Returns the bytes of its texts, without its incidents.
    fn len(&self) -> usize {
        let lists = [&self.clients.shown, &self.targets.shown, &self.proof, &self.context, &self.caveats];
        let texts = self.title.len() + self.what.len() + self.why.len();
        let checks: usize = self.checks.iter().map(Check::len).sum();
        let fix: usize = self.fix.iter().map(FixStep::len).sum();
        texts + lists.iter().map(|list| bytes(list)).sum::<usize>() + checks + fix
    }
}

impl FixStep {
    pub(crate) fn new(step: &StepItem) -> Self {
        let parts = step.parts();
        let action = |action: ActionPart| Action {
            text: sanitize(&action.text),
            commands: commands(&action.commands),
        };
        Self {
            text: sanitize(&parts.text),
            risk: sanitize(&parts.risk),
            prerequisite: sanitize(&parts.prerequisite),
            commands: commands(&parts.commands),
            undo: parts.undo.map(action),
            verify: parts.verify.map(action),
        }
    }

    fn len(&self) -> usize {
        let actions = self.undo.iter().chain(&self.verify);
        let actions: usize = actions.map(|action| action.text.len() + commands_len(&action.commands)).sum();
        self.text.len() + self.risk.len() + self.prerequisite.len() + commands_len(&self.commands) + actions
    }
}

impl Check {
    pub(super) fn new(request: &RequestItem) -> Self {
        let parts = request.parts();
        Self {
            question: sanitize(&parts.question),
            commands: commands(&parts.commands),
            how: sanitize(&parts.how),
        }
    }

    fn len(&self) -> usize {
        self.question.len() + self.how.len() + commands_len(&self.commands)
    }
}

fn commands(parts: &[CommandPart]) -> Vec<CommandLine> {
    parts.iter().map(|part| CommandLine { on: sanitize(&part.on), line: sanitize(&part.line) }).collect()
}

fn commands_len(commands: &[CommandLine]) -> usize {
    commands.iter().map(|command| command.on.len() + command.line.len()).sum()
}

impl ProblemLine {
    fn new(problem: &Problem, zone: &Zone) -> Self {
        Self {
            id: sanitize_to(&problem.problem_id, 40),
            title: sanitize_to(problem.heading(), 300),
            cause: problem.cause.name(),
            kind: problem.kind.name(),
            label: problem.kind.label(),
            confidence: problem.confidence.name(),
            status: problem.status.name(),
            incidents: group_digits(problem.incidents.len() as u64),
            clients: group_digits(problem.clients.len() as u64),
            events: group_digits(problem.events),
            last: PageTime::new(&problem.last_seen, zone),
        }
    }
}

impl NameList {
    fn new(names: &[String]) -> Self {
        Self {
            count: group_digits(names.len() as u64),
            shown: names.iter().take(MAX_NAMES).map(|n| text::sanitize_name(n)).collect(),
            more: digits_or_empty(names.len().saturating_sub(MAX_NAMES)),
        }
    }
}

/// Formats a number, and zero as an empty text.
fn digits_or_empty(n: usize) -> String {
    if n == 0 { String::new() } else { group_digits(n as u64) }
}

impl Story {
    pub(super) fn new(row: &Row, zone: &Zone) -> Self {
        Self {
            blank: false,
            id: sanitize_to(&row.incident_id, 40),
            kind: row.kind.name(),
            label: row.kind.label(),
            confidence: row.confidence.name(),
            status: row.status.name(),
            client: text::sanitize_name(&row.client),
            answered_by: text::sanitize_name(&row.answered_by),
            target: text::sanitize_name(&row.target_spn),
            events: group_digits(row.events),
            first: PageTime::new(&row.first_seen, zone),
            last: PageTime::new(&row.last_seen, zone),
            zone: zone.clone(),
            card: IncidentCard::new(row),
            same_why: false,
            same_fix: false,
        }
    }

    pub(super) fn blank() -> Self {
        Self { blank: true, ..Self::default() }
    }

    fn len(&self) -> usize {
        let card = &self.card;
        let lists =
            [&card.evidence, &card.caveats, &card.context, &card.considered, &card.missing, &card.logs];
        let fix = if self.same_fix { 0 } else { bytes(&card.fix) };
        // The names occur twice.
        2 * (self.client.len() + self.answered_by.len() + self.target.len())
            + card.explanation.len()
            + lists.iter().map(|l| bytes(l)).sum::<usize>()
            + fix
    }
}

impl IncidentCard {
    pub(super) fn new(row: &Row) -> Self {
        let mut card = Self {
            what: sanitize_to(problem_name(&row.problem, &row.problem_id), MAX_NAME),
            explanation: sentence(&row.explanation),
            realms: realms(row),
            shared: text::sanitize_all(&row.shared_addresses),
            missing: row.missing.iter().map(|item| sanitize(&item.text())).collect(),
            fix: steps(&row.fix),
            logs: text::sanitize_all(&row.logs),
            ..Self::default()
        };
        for item in &row.evidence {
            let list = match item.section() {
                EvidenceSection::Proof => &mut card.evidence,
                EvidenceSection::Caveat => &mut card.caveats,
                EvidenceSection::Context => &mut card.context,
                EvidenceSection::Considered => &mut card.considered,
            };
            list.push(sanitize(&item.text()));
        }
        card
    }
}

/// Adds a full stop, which the explanation in the report does not have.
fn sentence(explanation: &str) -> String {
    let text = sanitize(explanation);
    if text.is_empty() || text.ends_with('.') { text } else { format!("{text}.") }
}

fn steps(fix: &Fix) -> Vec<String> {
    fix.steps().iter().map(|step| sanitize(&step.text())).collect()
}

fn realms(row: &Row) -> String {
    let mut realms: Vec<&str> = Vec::new();
    for realm in [&*row.target_realm, &*row.client_realm] {
        if !realm.is_empty() && !realms.iter().any(|r| r.eq_ignore_ascii_case(realm)) {
            realms.push(realm);
        }
    }
    sanitize(&realms.join(", "))
}

fn bytes(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}
