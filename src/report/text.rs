//! The report for a person at a terminal: the problems by confidence, what is missing, and where the rest is.
//!
//! It fits a screen, however many incidents there are. What is left out is counted, and the view says how to
//! see it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::item::{EvidenceItem, RequestItem, StepItem};
use super::numbers::{counted, grouped};
use super::paper::{Ink, Page, Paper, few, period, shown_of};
use super::row::{Row, Status};
use super::{Problem, problem};
use crate::diagnosis::{Cause, Confidence, EvidenceRole};

/// Most problems that are all shown in full. Of more, only [`MANY_TOLD`] are; the others get one line each,
/// up to [`MAX_LINES`] per cause.
const ALL_TOLD: usize = 10;
const MANY_TOLD: usize = 5;
const MAX_LINES: usize = 3;
/// Most pieces of evidence, incidents and names shown per problem.
const MAX_EVIDENCE: usize = 3;
const MAX_INCIDENTS: usize = 3;
const MAX_NAMES: usize = 3;
/// Most resolved problems shown, one line each.
const MAX_RESOLVED: usize = 5;

/// The whole view.
pub fn view(rows: &[Row], problems: &[Problem], paper: Paper) -> String {
    let compared = rows.iter().any(|r| r.status != Status::New);
    View { rows, problems, page: Page::new(paper), told: HashMap::new(), number: 0, compared }.text()
}

struct View<'a> {
    rows: &'a [Row],
    problems: &'a [Problem],
    page: Page,
    /// Steps already written out, and the problem under which they are.
    told: HashMap<Vec<String>, usize>,
    number: usize,
    /// There was an earlier report to compare with.
    compared: bool,
}

impl<'a> View<'a> {
    fn text(mut self) -> String {
        self.head();
        let groups = self.groups();
        let sizes: Vec<usize> = groups.iter().map(|(_, problems)| problems.len()).collect();
        let most = if sizes.iter().sum::<usize>() <= ALL_TOLD { ALL_TOLD } else { MANY_TOLD };
        for ((cause, problems), share) in groups.iter().zip(shares(&sizes, most)) {
            self.group(*cause, problems, share);
        }
        self.resolved();
        self.missing();
        self.foot();
        self.page.into_text()
    }

    fn present(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|r| r.status.is_present())
    }

    fn head(&mut self) {
        let page = &mut self.page;
        if self.rows.is_empty() {
            page.say("No incident: nothing in these logs is a Kerberos event 4 (KRB_AP_ERR_MODIFIED).");
            return;
        }
        let present = self.rows.iter().filter(|r| r.status.is_present());
        let (incidents, events) = present.clone().fold((0, 0), |(n, events), r| (n + 1, events + r.events));
        if incidents == 0 {
            page.say("Nothing is left: every incident of the earlier report is resolved.");
            return;
        }
        let problems = self.problems.iter().filter(|p| p.status.is_present()).count() as u64;
        let first = present.clone().map(|r| &r.first_seen).min_by(|a, b| problem::by_time(a, b));
        let last = present.map(|r| &r.last_seen).max_by(|a, b| problem::by_time(a, b));
        let text = format!(
            "{} in {}, {}, {}",
            counted(problems, "problem"),
            counted(incidents, "incident"),
            counted(events, "event"),
            period(first.map_or("", |t| t), last.map_or("", |t| t))
        );
        let text = page.ink(Ink::Strong, &text);
        page.line("", &text);
        if self.compared {
            let of = |s: Status| {
                let with = |n: usize, what: &str| counted(n as u64, what);
                let problems = self.problems.iter().filter(|p| p.status == s).count();
                let incidents = self.rows.iter().filter(|r| r.status == s).count();
                format!("{}: {}, {}", s.name(), with(problems, "problem"), with(incidents, "incident"))
            };
            let since: Vec<String> = Status::ALL.map(of).to_vec();
            page.say(&format!("Since the earlier report: {}", since.join("; ")));
        }
    }

    /// The present problems by cause: the cause with the highest confidence first, undetermined last. Within
    /// a cause, by confidence, then new ones first, then by number of clients.
    fn groups(&self) -> Vec<(Cause, Vec<&'a Problem>)> {
        let mut groups: BTreeMap<Cause, Vec<&Problem>> = BTreeMap::new();
        for problem in self.problems.iter().filter(|p| p.status.is_present()) {
            groups.entry(problem.cause).or_default().push(problem);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        for (_, problems) in &mut groups {
            problems.sort_by_key(|p| {
                let new = self.compared && p.status.is_new();
                std::cmp::Reverse((p.confidence, new, p.clients.len()))
            });
        }
        groups.sort_by_key(|(cause, problems)| {
            (*cause == Cause::Undetermined, std::cmp::Reverse(problems.first().map(|p| p.confidence)))
        });
        groups
    }

    fn group(&mut self, cause: Cause, problems: &[&'a Problem], share: usize) {
        let incidents: usize = problems.iter().map(|p| self.present_of(p).count()).sum();
        self.page.blank();
        let title = self.page.ink(Ink::Heading, cause.name());
        let text = format!(
            "{title}: {} ({}, {})",
            cause.meaning(),
            counted(problems.len() as u64, "problem"),
            counted(incidents as u64, "incident")
        );
        self.page.line("", &text);
        let (told, rest) = problems.split_at(share.min(problems.len()));
        for problem in told {
            self.page.blank();
            self.problem(problem);
        }
        if rest.is_empty() {
            return;
        }
        self.page.blank();
        let lines = shown_of(rest.len(), MAX_LINES);
        for problem in rest.iter().take(lines) {
            self.line_of(problem);
        }
        if rest.len() > lines {
            let more = format!("and {} more problems", grouped((rest.len() - lines) as u64));
            self.page.line("  - ", &more);
        }
    }

    /// Adds a problem as one line.
    fn line_of(&mut self, problem: &Problem) {
        let incidents = self.present_of(problem).count().max(1) as u64;
        let name = self.page.ink(Ink::Strong, problem.name());
        let text = format!(
            "{name}: {}, {}, {}",
            self.sure(problem),
            counted(incidents, "incident"),
            counted(problem.clients.len() as u64, "client")
        );
        self.page.line("  - ", &text);
    }

    fn present_of(&self, problem: &'a Problem) -> impl Iterator<Item = &'a Row> {
        let rows = self.rows;
        problem.incidents.iter().filter_map(move |&i| rows.get(i)).filter(|r| r.status.is_present())
    }

    /// Confidence, kind and status.
    fn sure(&self, problem: &Problem) -> String {
        let confidence = self.page.ink(of_confidence(problem.confidence), problem.confidence.name());
        let mut text = format!("{confidence}, {}", problem.kind);
        if self.compared {
            let ink = if problem.status.is_new() { Ink::Bad } else { Ink::Plain };
            text.push_str(&format!(", {}", self.page.ink(ink, problem.status.name())));
        }
        text
    }

    /// Adds a problem in full.
    fn problem(&mut self, problem: &'a Problem) {
        let incidents: Vec<&Row> = self.present_of(problem).collect();
        let Some(best) =
            incidents.iter().copied().reduce(|a, b| if b.confidence > a.confidence { b } else { a })
        else {
            return;
        };
        self.number += 1;
        let name = self.page.ink(Ink::Strong, problem.name());
        let text = format!("{name}: {}", self.sure(problem));
        self.page.line(&format!("{:>2}. ", self.number), &text);
        let story = self.page.ink(Ink::Plain, &format!("{}.", best.explanation));
        self.page.line("    ", &story);
        let evidence = self.evidence(best);
        let label = if best.confidence == Confidence::Confirmed { "    Proof" } else { "    Evidence" };
        self.page.items(label, &evidence, false);
        self.fix(&problem.fix);
        let events = match problem.events {
            // Against a state: earlier runs reported all of them.
            0 => "no new event".to_owned(),
            n => counted(n, "event"),
        };
        let seen = format!(
            "{events} in {} from {}, {}",
            counted(incidents.len() as u64, "incident"),
            counted(problem.clients.len() as u64, "client"),
            period(&problem.first_seen, &problem.last_seen)
        );
        self.page.labelled("    Seen", &seen);
        self.incidents(problem, &incidents);
    }

    /// Supporting evidence, then contradicting evidence, but not why other causes were excluded.
    fn evidence(&self, row: &Row) -> Vec<String> {
        let all = |wanted: fn(EvidenceRole) -> bool| {
            row.evidence.iter().filter(move |item| wanted(item.role)).map(EvidenceItem::cell)
        };
        let support: Vec<String> = all(|role| role == EvidenceRole::For).collect();
        let against = all(|role| matches!(role, EvidenceRole::Against | EvidenceRole::Rival));
        let shown = shown_of(support.len(), MAX_EVIDENCE);
        let mut out: Vec<String> = support.iter().take(shown).map(|e| self.page.ink(Ink::Plain, e)).collect();
        if support.len() > shown {
            out.push(self.page.ink(Ink::Faint, &format!("and {} more", support.len() - shown)));
        }
        out.extend(against.take(shown).map(|e| self.page.ink(Ink::Doubtful, &e)));
        out
    }

    fn fix(&mut self, fix: &'a [StepItem]) {
        let texts: Vec<String> = fix.iter().map(StepItem::brief).collect();
        if let Some(number) = self.told.get(&texts) {
            let text = format!("as for {number}. above");
            self.page.labelled("    Fix", &text);
            return;
        }
        let steps: Vec<String> = texts.iter().map(|text| self.page.ink(Ink::Plain, text)).collect();
        self.told.insert(texts, self.number);
        self.page.items("    Fix", &steps, steps.len() > 1);
    }

    fn incidents(&mut self, problem: &Problem, rows: &[&Row]) {
        let shown = shown_of(rows.len(), MAX_INCIDENTS);
        let compared = self.compared;
        let cells = rows.iter().take(shown).map(|row| {
            let mut sure = self.page.ink(of_confidence(row.confidence), row.confidence.name());
            if compared {
                let ink = if row.status.is_new() { Ink::Bad } else { Ink::Plain };
                sure.push_str(&format!(" {}", self.page.ink(ink, row.status.name())));
            }
            let target = if row.target_spn.is_empty() { "(no target)" } else { &row.target_spn };
            vec![
                self.page.ink(Ink::Faint, &row.incident_id),
                sure,
                self.page.ink(Ink::Plain, &format!("{} -> {target}", row.client)),
            ]
        });
        let cells: Vec<Vec<String>> = cells.collect();
        self.page.columns("      ", &cells);
        if rows.len() > shown {
            let more = format!(
                "and {} more: rows of the report with problem_id {}",
                grouped((rows.len() - shown) as u64),
                problem.problem_id
            );
            let more = self.page.ink(Ink::Faint, &more);
            self.page.line("      ", &more);
        }
    }

    fn resolved(&mut self) {
        let resolved: Vec<&Problem> = self.problems.iter().filter(|p| p.status == Status::Resolved).collect();
        if resolved.is_empty() {
            return;
        }
        self.page.blank();
        let title = self.page.ink(Ink::Heading, "resolved");
        let text = format!("{title}: in the earlier report, and not seen again");
        self.page.line("", &text);
        let shown = shown_of(resolved.len(), MAX_RESOLVED);
        for problem in resolved.iter().take(shown) {
            let name = self.page.ink(Ink::Strong, problem.name());
            let text = format!(
                "{name}: {} / {}, last seen {}",
                problem.cause,
                problem.kind,
                moment(&problem.last_seen)
            );
            self.page.line("  - ", &text);
        }
        if resolved.len() > shown {
            let more = format!("and {} more problems", grouped((resolved.len() - shown) as u64));
            self.page.line("  - ", &more);
        }
    }

    /// Adds all missing inputs once, grouped by what collects them.
    fn missing(&mut self) {
        struct Ask<'r> {
            example: &'r RequestItem,
            about: BTreeSet<String>,
            incidents: usize,
        }
        let mut asks: BTreeMap<&str, Ask<'_>> = BTreeMap::new();
        for row in self.present() {
            let mut of_row = BTreeSet::new();
            for item in &row.missing {
                let title = item.title();
                let ask = asks.entry(title).or_insert_with(|| Ask {
                    example: item,
                    about: BTreeSet::new(),
                    incidents: 0,
                });
                ask.about.extend(Some(item.subject()).filter(|subject| !subject.is_empty()));
                if of_row.insert(title) {
                    ask.incidents += 1;
                }
            }
        }
        if asks.is_empty() {
            return;
        }
        let mut asks: Vec<_> = asks.into_iter().collect();
        asks.sort_by_key(|(_, ask)| std::cmp::Reverse(ask.incidents));
        self.page.blank();
        let title = self.page.ink(Ink::Heading, "missing");
        let text = format!("{title}: what to check next, and how");
        self.page.line("", &text);
        for (title, ask) in asks {
            let names: Vec<String> = ask.about.into_iter().collect();
            let mut text = self.page.ink(Ink::Strong, title);
            text.push_str(&format!(", for {}", counted(ask.incidents as u64, "incident")));
            if names.len() > 1 {
                let few = few(&names, MAX_NAMES);
                text.push_str(&self.page.ink(Ink::Plain, &format!(": {few}")));
            }
            self.page.line("  - ", &text);
            let example = if names.len() > 1 { "For example: " } else { "" };
            let how = format!("{example}{}", self.page.ink(Ink::Command, &ask.example.brief()));
            self.page.line("      ", &how);
        }
        self.page.blank();
        let text = format!(
            "A script that collects this: {}",
            self.page.ink(Ink::Command, "krbtriage collect-script --report report.csv -o collect.ps1")
        );
        self.page.line("", &text);
    }

    fn foot(&mut self) {
        let Some(row) = self.present().next() else { return };
        self.page.blank();
        let text = format!(
            "The whole report, a row per incident: add {} to this command ({} for a row per problem). One incident's \
             story, with the commands of every step: {}",
            self.page.ink(Ink::Command, "-o report.csv"),
            self.page.ink(Ink::Command, "--problems problems.csv"),
            self.page
                .ink(Ink::Command, &format!("krbtriage explain --incident {} report.csv", row.incident_id))
        );
        self.page.line("", &text);
    }
}

fn moment(time: &str) -> String {
    period(time, time)
}

/// The style of a confidence.
pub(crate) fn of_confidence(confidence: Confidence) -> Ink {
    match confidence {
        Confidence::Confirmed => Ink::Good,
        Confidence::Likely => Ink::Doubtful,
        Confidence::Possible => Ink::Plain,
    }
}

/// Number of items to show per group if `most` are allowed: the groups take turns.
pub(crate) fn shares(sizes: &[usize], most: usize) -> Vec<usize> {
    let mut shares = vec![0; sizes.len()];
    let mut left = most.min(sizes.iter().sum());
    while left > 0 {
        for (share, size) in shares.iter_mut().zip(sizes) {
            if left > 0 && *share < *size {
                *share += 1;
                left -= 1;
            }
        }
    }
    shares
}
