//! Problem cards with their incidents: the static part of the page, readable without script.

use super::text::{self, Moment, shown, shown_in};
use crate::diagnosis::Confidence;
use crate::report::item::{ActionPart, CommandPart, EvidenceItem, EvidenceSection, RequestItem, StepItem};
use crate::report::numbers::{counted, grouped};
use crate::report::row::problem_name;
use crate::report::{Fix, Problem, Report, Row};
use crate::zone::Zone;

/// Most problems with a card. The next ones get a line, and the rest only a number. The table of incidents
/// has all of them.
const MAX_CARDS: usize = 200;
const MAX_LINES: usize = 2_000;

/// Most incidents shown in the cards of all problems, and of one problem if there are more.
const MAX_STORIES: usize = 300;
const STORIES_EACH: usize = 3;

/// Most bytes of text in the cards. Texts are longest in a forest with crafted names.
const MAX_BYTES: usize = 3 << 20;

/// Longest problem name, in characters.
const MAX_NAME: usize = 400;

/// Most names of clients or targets in a card.
const MAX_NAMES: usize = 24;

/// Checks in the card of a problem that is not confirmed; "Collect next" has all.
const MAX_CHECKS: usize = 3;

/// Number of cards that are open at first.
const OPEN: usize = 2;

pub(super) struct Card {
    pub id: String,
    /// The finding.
    pub title: String,
    /// The thing to fix, as other outputs name it.
    pub what: String,
    pub why: String,
    /// The proof, events near that time, limits of the proof, and checks before any fix.
    pub proof: Vec<String>,
    pub context: Vec<String>,
    pub caveats: Vec<String>,
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
    pub clients: Names,
    pub targets: Names,
    pub events: String,
    pub first: Moment,
    pub last: Moment,
    pub fix: Vec<FixStep>,
    pub stories: Vec<Story>,
    /// Incidents without details here.
    pub more: String,
    pub open: bool,
    /// The zone of its times.
    pub zone: Zone,
}

/// A step of a fix in its parts.
pub(crate) struct FixStep {
    pub text: String,
    pub risk: String,
    pub prerequisite: String,
    pub commands: Vec<CommandLine>,
    pub undo: Option<Action>,
    pub verify: Option<Action>,
}

pub(crate) struct Action {
    pub text: String,
    pub commands: Vec<CommandLine>,
}

/// A command, and where to run it.
pub(crate) struct CommandLine {
    pub on: String,
    pub line: String,
}

/// A check: the question, the commands, and the causes that the answer separates.
pub(super) struct Check {
    pub question: String,
    pub commands: Vec<CommandLine>,
    pub how: String,
}

/// A problem as one line.
pub(super) struct Line {
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
    pub last: Moment,
}

pub(super) struct Names {
    pub count: String,
    pub shown: Vec<String>,
    pub more: String,
}

/// One incident in full.
#[derive(Default)]
pub(super) struct Story {
    /// A template for the script to fill: all elements are present and empty.
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
    pub first: Moment,
    pub last: Moment,
    /// The zone of its times.
    pub zone: Zone,
    pub card: IncidentCard,
    /// Its sentence and its fix are the same as those above it.
    pub same_why: bool,
    pub same_fix: bool,
}

/// The texts of an incident, for the template and for the script.
#[derive(Default)]
pub(super) struct IncidentCard {
    pub what: String,
    pub explanation: String,
    pub realms: String,
    pub shared: Vec<String>,
    pub evidence: Vec<String>,
    pub caveats: Vec<String>,
    /// Logged near the events, and of no weight.
    pub context: Vec<String>,
    pub considered: Vec<String>,
    pub missing: Vec<String>,
    pub fix: Vec<String>,
    pub logs: Vec<String>,
}

#[derive(Default)]
pub(super) struct Cards {
    pub cards: Vec<Card>,
    pub lines: Vec<Line>,
    pub left_out: usize,
}

/// The present and the resolved ones of `problems`, in their order.
pub(super) fn all(report: &Report<'_>, problems: &[&Problem]) -> (Cards, Cards) {
    let mut room = Room {
        stories: MAX_STORIES,
        each: if report.rows.len() <= MAX_STORIES { MAX_STORIES } else { STORIES_EACH },
        bytes: MAX_BYTES,
    };
    let (mut present, mut resolved) = (Cards::default(), Cards::default());
    for &problem in problems {
        let cards = if problem.status.is_present() { &mut present } else { &mut resolved };
        if cards.cards.len() < MAX_CARDS && room.bytes > 0 {
            let mut card = Card::new(problem, report, &mut room);
            card.open = problem.status.is_present() && cards.cards.len() < OPEN;
            cards.cards.push(card);
        } else if cards.lines.len() < MAX_LINES {
            cards.lines.push(Line::new(problem, report.zone));
        } else {
            cards.left_out += 1;
        }
    }
    (present, resolved)
}

/// Remaining room.
struct Room {
    stories: usize,
    each: usize,
    bytes: usize,
}

impl Card {
    fn new(problem: &Problem, report: &Report<'_>, room: &mut Room) -> Self {
        let zone = report.zone;
        let of_it: Vec<&Row> = problem.incidents.iter().filter_map(|&i| report.rows.get(i)).collect();
        let has_title = |row: &&&Row| row.confidence == problem.confidence && row.kind == problem.kind;
        let best = of_it
            .iter()
            .find(|r| r.status.is_present() && has_title(r))
            .or_else(|| of_it.iter().find(has_title));
        let why = best.map(|r| sentence(&r.explanation)).unwrap_or_default();
        let fix_texts = steps(&problem.fix);
        let evidence: &[EvidenceItem] = best.map_or(&[], |row| &row.evidence);
        let of_section = |section| {
            let items = evidence.iter().filter(|item| item.section() == section);
            items.map(|item| shown(&item.text())).collect()
        };
        let checks: Vec<Check> = match problem.confidence {
            Confidence::Confirmed => Vec::new(),
            _ => best.iter().flat_map(|row| &row.missing).take(MAX_CHECKS).map(Check::new).collect(),
        };
        let mut stories = Vec::new();
        for row in of_it.iter().take(room.each) {
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
            id: shown_in(&problem.problem_id, 40),
            title: shown_in(problem.heading(), MAX_NAME),
            what: shown_in(problem.name(), MAX_NAME),
            proof: of_section(EvidenceSection::Proof),
            context: of_section(EvidenceSection::Context),
            caveats: of_section(EvidenceSection::Caveat),
            checks,
            why,
            cause: problem.cause.name(),
            kind: problem.kind.name(),
            label: problem.kind.label(),
            confidence: problem.confidence.name(),
            status: problem.status.name(),
            incidents: counted(of_it.len() as u64, "incident"),
            new: match problem.new {
                0 => String::new(),
                n if n == of_it.len() => String::new(),
                n => grouped(n as u64),
            },
            clients: Names::new(&problem.clients),
            targets: Names::new(&problem.targets),
            events: counted(problem.events, "event"),
            first: Moment::new(&problem.first_seen, zone),
            last: Moment::new(&problem.last_seen, zone),
            zone: zone.clone(),
            fix: problem.fix.steps().iter().map(FixStep::new).collect(),
            more: match of_it.len() - stories.len() {
                0 => String::new(),
                n => grouped(n as u64),
            },
            stories,
            open: false,
        };
        room.bytes = room.bytes.saturating_sub(card.len());
        card
    }

    /// Bytes of its own texts, without its incidents.
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
        let action =
            |action: ActionPart| Action { text: shown(&action.text), commands: commands(&action.commands) };
        Self {
            text: shown(&parts.text),
            risk: shown(&parts.risk),
            prerequisite: shown(&parts.prerequisite),
            commands: commands(&parts.commands),
            undo: parts.undo.map(action),
            verify: parts.verify.map(action),
        }
    }

    fn len(&self) -> usize {
        let actions = self.undo.iter().chain(&self.verify);
        let of_actions: usize = actions.map(|action| action.text.len() + length(&action.commands)).sum();
        self.text.len() + self.risk.len() + self.prerequisite.len() + length(&self.commands) + of_actions
    }
}

impl Check {
    pub(super) fn new(request: &RequestItem) -> Self {
        let parts = request.parts();
        Self { question: shown(&parts.question), commands: commands(&parts.commands), how: shown(&parts.how) }
    }

    fn len(&self) -> usize {
        self.question.len() + self.how.len() + length(&self.commands)
    }
}

fn commands(parts: &[CommandPart]) -> Vec<CommandLine> {
    parts.iter().map(|part| CommandLine { on: shown(&part.on), line: shown(&part.line) }).collect()
}

fn length(commands: &[CommandLine]) -> usize {
    commands.iter().map(|command| command.on.len() + command.line.len()).sum()
}

impl Line {
    fn new(problem: &Problem, zone: &Zone) -> Self {
        Self {
            id: shown_in(&problem.problem_id, 40),
            title: shown_in(problem.heading(), 300),
            cause: problem.cause.name(),
            kind: problem.kind.name(),
            label: problem.kind.label(),
            confidence: problem.confidence.name(),
            status: problem.status.name(),
            incidents: grouped(problem.incidents.len() as u64),
            clients: grouped(problem.clients.len() as u64),
            events: grouped(problem.events),
            last: Moment::new(&problem.last_seen, zone),
        }
    }
}

impl Names {
    fn new(names: &[String]) -> Self {
        Self {
            count: grouped(names.len() as u64),
            shown: names.iter().take(MAX_NAMES).map(|n| text::name(n)).collect(),
            more: match names.len().saturating_sub(MAX_NAMES) {
                0 => String::new(),
                n => grouped(n as u64),
            },
        }
    }
}

impl Story {
    pub(super) fn new(row: &Row, zone: &Zone) -> Self {
        Self {
            blank: false,
            id: shown_in(&row.incident_id, 40),
            kind: row.kind.name(),
            label: row.kind.label(),
            confidence: row.confidence.name(),
            status: row.status.name(),
            client: text::name(&row.client),
            answered_by: text::name(&row.answered_by),
            target: text::name(&row.target_spn),
            events: grouped(row.events),
            first: Moment::new(&row.first_seen, zone),
            last: Moment::new(&row.last_seen, zone),
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
            what: shown_in(problem_name(&row.problem, &row.problem_id), MAX_NAME),
            explanation: sentence(&row.explanation),
            realms: realms(row),
            shared: text::all(&row.shared_addresses),
            missing: row.missing.iter().map(|item| shown(&item.text())).collect(),
            fix: steps(&row.fix),
            logs: text::all(&row.logs),
            ..Self::default()
        };
        for item in &row.evidence {
            let of_section = match item.section() {
                EvidenceSection::Proof => &mut card.evidence,
                EvidenceSection::Caveat => &mut card.caveats,
                EvidenceSection::Context => &mut card.context,
                EvidenceSection::Considered => &mut card.considered,
            };
            of_section.push(shown(&item.text()));
        }
        card
    }
}

/// The explanation in the report has no full stop, so that other texts can go on from it.
fn sentence(explanation: &str) -> String {
    let text = shown(explanation);
    if text.is_empty() || text.ends_with('.') { text } else { format!("{text}.") }
}

fn steps(fix: &Fix) -> Vec<String> {
    fix.steps().iter().map(|step| shown(&step.text())).collect()
}

fn realms(row: &Row) -> String {
    let mut realms: Vec<&str> = Vec::new();
    for realm in [&*row.target_realm, &*row.client_realm] {
        if !realm.is_empty() && !realms.iter().any(|r| r.eq_ignore_ascii_case(realm)) {
            realms.push(realm);
        }
    }
    shown(&realms.join(", "))
}

fn bytes(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}
