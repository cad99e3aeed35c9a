//! Writes the report as text for a person: the problems by cause, and what to collect next.
//!
//! The text fits a few screens for any number of incidents. It counts what it leaves out, and says how to see it.

use std::collections::{BTreeMap, HashMap};

use super::collect_next::{RequestGroup, collect_next};
use super::fix::Fix;
use super::item::{EvidenceItem, EvidenceSection, RequestItem, StepItem};
use super::local_time::in_zone;
use super::numbers::{group_digits, pluralize};
use super::row::{Row, Status};
use super::text_writer::{TextLayout, TextRole, TextWriter, few, period, shown_of};
use super::{Problem, Report, empty_result, problem};
use crate::diagnosis::{Cause, Confidence};
use crate::text::sentence::uncapitalise;

/// Maximum number of problems that are all shown in full.
const ALL_IN_FULL: usize = 10;
/// Number of problems that are shown in full if there are more than [`ALL_IN_FULL`].
const MANY_IN_FULL: usize = 5;
/// Problems of each cause that get a line because they are not shown in full. The others are counted.
const MAX_LINES: usize = 3;
/// Maximum number of items of evidence in a section of a problem.
const MAX_EVIDENCE: usize = 3;
/// Maximum number of items of a problem's section "Logged".
const MAX_LOGGED: usize = 1;
/// Maximum number of incidents of a problem.
const MAX_INCIDENTS: usize = 3;
/// Maximum number of checks of a problem that is not confirmed. "Collect next" has all of them.
const MAX_CHECKS: usize = 1;
/// Maximum number of names that a group of requests lists.
const MAX_NAMES: usize = 3;
/// Maximum number of resolved problems, one line each.
const MAX_RESOLVED: usize = 5;

/// Writes a report as text for a person.
pub fn view(report: &Report<'_>, layout: TextLayout) -> String {
    let compared = report.rows.iter().any(|r| r.status != Status::New);
    View {
        rows: report.rows,
        problems: report.problems,
        report,
        writer: TextWriter::new(layout),
        printed_fixes: HashMap::new(),
        number: 0,
        compared,
    }
    .text()
}

/// State of the text while it is written.
struct View<'a> {
    rows: &'a [Row],
    problems: &'a [Problem],
    report: &'a Report<'a>,
    writer: TextWriter,
    /// Steps that are already written, with the number of their problem.
    printed_fixes: HashMap<Vec<String>, usize>,
    /// Number of the last problem in full.
    number: usize,
    /// Whether a status was set by a comparison with an earlier report.
    compared: bool,
}

impl<'a> View<'a> {
    fn text(mut self) -> String {
        self.totals();
        let groups = self.groups();
        let sizes: Vec<usize> = groups.iter().map(|(_, problems)| problems.len()).collect();
        let most = if sizes.iter().sum::<usize>() <= ALL_IN_FULL { ALL_IN_FULL } else { MANY_IN_FULL };
        for ((cause, problems), share) in groups.iter().zip(shares(&sizes, most)) {
            self.group(*cause, problems, share);
        }
        self.resolved_problems();
        self.collect_next();
        self.next_commands();
        self.writer.into_text()
    }

    fn present(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|r| r.status.is_present())
    }

    /// Writes the numbers of problems, incidents and events.
    fn totals(&mut self) {
        let writer = &mut self.writer;
        if self.rows.is_empty() {
            self.empty_result();
            return;
        }
        let present = self.rows.iter().filter(|r| r.status.is_present());
        let (incidents, events) = present.clone().fold((0, 0), |(n, events), r| (n + 1, events + r.events));
        if incidents == 0 {
            writer.say("Nothing is left: every incident of the earlier report is resolved.");
            return;
        }
        let problems = self.problems.iter().filter(|p| p.status.is_present()).count() as u64;
        let first = present.clone().map(|r| &r.first_seen).min_by(|a, b| problem::by_time(a, b));
        let last = present.map(|r| &r.last_seen).max_by(|a, b| problem::by_time(a, b));
        let text = format!(
            "{} in {}, {}, {}{}",
            pluralize(problems, "problem"),
            pluralize(incidents, "incident"),
            pluralize(events, "event"),
            period(first.map_or("", |t| t), last.map_or("", |t| t), self.report.zone),
            self.report.zone.iana_name().map_or_else(String::new, |name| format!(" ({name})"))
        );
        let text = writer.styled(TextRole::Strong, &text);
        writer.line("", &text);
        if self.compared {
            let counts = Status::ALL.map(|status| {
                let problems = self.problems.iter().filter(|p| p.status == status).count() as u64;
                let incidents = self.rows.iter().filter(|r| r.status == status).count() as u64;
                let (problems, incidents) =
                    (pluralize(problems, "problem"), pluralize(incidents, "incident"));
                format!("{}: {problems}, {incidents}", status.name())
            });
            writer.say(&format!("Since the earlier report: {}", counts.join("; ")));
        }
    }

    /// Writes a report without incidents.
    fn empty_result(&mut self) {
        let read = &self.report.read;
        let title = match read.outside.last {
            Some(_) => "No Kerberos event 4 (KRB_AP_ERR_MODIFIED) in this period.",
            None => "No Kerberos event 4 (KRB_AP_ERR_MODIFIED) in these logs.",
        };
        let title = self.writer.styled(TextRole::Strong, title);
        self.writer.line("", &title);
        for (label, text) in empty_result::lines(read, self.report.zone) {
            let text = self.writer.styled(TextRole::Plain, &text);
            self.writer.labelled_line(&format!("    {label}"), &text);
        }
    }

    /// Groups the present problems by cause. The cause with the highest confidence comes first, and `undetermined` last. The
    /// problems of a cause are sorted by urgency.
    fn groups(&self) -> Vec<(Cause, Vec<&'a Problem>)> {
        let mut groups: BTreeMap<Cause, Vec<&Problem>> = BTreeMap::new();
        for problem in self.problems.iter().filter(|p| p.status.is_present()) {
            groups.entry(problem.cause).or_default().push(problem);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        for (_, problems) in &mut groups {
            problem::sort_by_urgency(problems, self.compared);
        }
        groups.sort_by_key(|(cause, problems)| {
            (*cause == Cause::Undetermined, std::cmp::Reverse(problems.first().map(|p| p.confidence)))
        });
        groups
    }

    fn group(&mut self, cause: Cause, problems: &[&'a Problem], share: usize) {
        let incidents: usize = problems.iter().map(|p| self.present_of(p).count()).sum();
        self.writer.blank_line();
        let title = self.writer.styled(TextRole::Heading, cause.label());
        let text = format!(
            "{title} ({cause}): {} ({}, {})",
            cause.meaning(),
            pluralize(problems.len() as u64, "problem"),
            pluralize(incidents as u64, "incident")
        );
        self.writer.line("", &text);
        let (in_full, rest) = problems.split_at(share.min(problems.len()));
        for problem in in_full {
            self.writer.blank_line();
            self.problem(problem);
        }
        if rest.is_empty() {
            return;
        }
        self.writer.blank_line();
        let lines = shown_of(rest.len(), MAX_LINES);
        for problem in rest.iter().take(lines) {
            self.problem_line(problem);
        }
        if rest.len() > lines {
            let more = format!("and {} more problems", group_digits((rest.len() - lines) as u64));
            self.writer.line("  - ", &more);
        }
    }

    /// Writes a problem as one line.
    fn problem_line(&mut self, problem: &Problem) {
        let incidents = self.present_of(problem).count().max(1) as u64;
        let name = self.writer.styled(TextRole::Strong, problem.heading());
        let text = format!(
            "{name}: {}, {}, {}",
            self.verdict(problem),
            pluralize(incidents, "incident"),
            pluralize(problem.clients.len() as u64, "client")
        );
        self.writer.line("  - ", &text);
    }

    fn present_of(&self, problem: &'a Problem) -> impl Iterator<Item = &'a Row> {
        let rows = self.rows;
        problem.incidents.iter().filter_map(move |&i| rows.get(i)).filter(|r| r.status.is_present())
    }

    /// Formats confidence, kind and status of a problem.
    fn verdict(&self, problem: &Problem) -> String {
        let confidence = self.writer.styled(confidence_role(problem.confidence), problem.confidence.name());
        let mut text = format!("{confidence}, {} ({})", uncapitalise(problem.kind.label()), problem.kind);
        if self.compared {
            let role = if problem.status.is_new() { TextRole::Bad } else { TextRole::Plain };
            text.push_str(&format!(", {}", self.writer.styled(role, problem.status.name())));
        }
        text
    }

    /// Writes a problem in full.
    fn problem(&mut self, problem: &'a Problem) {
        let incidents: Vec<&Row> = self.present_of(problem).collect();
        let Some(best) =
            incidents.iter().copied().reduce(|a, b| if b.confidence > a.confidence { b } else { a })
        else {
            return;
        };
        self.number += 1;
        let name = self.writer.styled(TextRole::Strong, problem.heading());
        let text = format!("{name}: {}", self.verdict(problem));
        self.writer.line(&format!("{:>2}. ", self.number), &text);
        let explanation = self.writer.styled(TextRole::Plain, &format!("{}.", best.explanation));
        self.writer.line("    ", &explanation);
        let label = if best.confidence == Confidence::Confirmed { "    Proof" } else { "    Evidence" };
        self.writer.items(label, &self.evidence(best, EvidenceSection::Proof), false);
        self.writer.items("    Logged", &self.evidence(best, EvidenceSection::Context), false);
        self.writer.items("    Caveats", &self.evidence(best, EvidenceSection::Caveat), false);
        if best.confidence != Confidence::Confirmed {
            let checks = best.missing.iter().take(MAX_CHECKS).map(RequestItem::brief);
            let checks: Vec<String> = checks.map(|text| self.writer.styled(TextRole::Plain, &text)).collect();
            self.writer.items("    Check", &checks, false);
        }
        self.fix(&problem.fix);
        let events = match problem.events {
            // With a state: earlier runs reported all events of the problem.
            0 => "no new event".to_owned(),
            n => pluralize(n, "event"),
        };
        let seen = format!(
            "{events} in {} from {}, {}",
            pluralize(incidents.len() as u64, "incident"),
            pluralize(problem.clients.len() as u64, "client"),
            period(&problem.first_seen, &problem.last_seen, self.report.zone)
        );
        self.writer.labelled_line("    Seen", &seen);
        self.incidents(problem, &incidents);
    }

    /// Formats the evidence of one section.
    fn evidence(&self, row: &Row, section: EvidenceSection) -> Vec<String> {
        let items: Vec<&EvidenceItem> =
            row.evidence.iter().filter(|item| item.section() == section).collect();
        let role = if section == EvidenceSection::Caveat { TextRole::Doubtful } else { TextRole::Plain };
        let zone = self.report.zone;
        let most = if section == EvidenceSection::Context { MAX_LOGGED } else { MAX_EVIDENCE };
        let shown = shown_of(items.len(), most);
        let mut out: Vec<String> = items
            .iter()
            .take(shown)
            .map(|item| self.writer.styled(role, &in_zone(&item.text(), zone)))
            .collect();
        if items.len() > shown {
            out.push(self.writer.styled(TextRole::Faint, &format!("and {} more", items.len() - shown)));
        }
        out
    }

    fn fix(&mut self, fix: &Fix) {
        let texts: Vec<String> = fix.steps().iter().map(StepItem::brief).collect();
        if let Some(number) = self.printed_fixes.get(&texts) {
            let text = format!("as for {number}. above");
            self.writer.labelled_line("    Fix", &text);
            return;
        }
        let steps: Vec<String> = texts.iter().map(|text| self.writer.styled(TextRole::Plain, text)).collect();
        self.printed_fixes.insert(texts, self.number);
        self.writer.items("    Fix", &steps, steps.len() > 1);
    }

    fn incidents(&mut self, problem: &Problem, rows: &[&Row]) {
        let shown = shown_of(rows.len(), MAX_INCIDENTS);
        let compared = self.compared;
        let cells = rows.iter().take(shown).map(|row| {
            let mut confidence = self.writer.styled(confidence_role(row.confidence), row.confidence.name());
            if compared {
                let role = if row.status.is_new() { TextRole::Bad } else { TextRole::Plain };
                confidence.push_str(&format!(" {}", self.writer.styled(role, row.status.name())));
            }
            let target = if row.target_spn.is_empty() { "(no target)" } else { &row.target_spn };
            vec![
                self.writer.styled(TextRole::Faint, &row.incident_id),
                confidence,
                self.writer.styled(TextRole::Plain, &format!("{} -> {target}", row.client)),
            ]
        });
        let cells: Vec<Vec<String>> = cells.collect();
        self.writer.columns("      ", &cells);
        if rows.len() > shown {
            let more = format!(
                "and {} more: rows of the report with problem_id {}",
                group_digits((rows.len() - shown) as u64),
                problem.problem_id
            );
            let more = self.writer.styled(TextRole::Faint, &more);
            self.writer.line("      ", &more);
        }
    }

    fn resolved_problems(&mut self) {
        let resolved: Vec<&Problem> = self.problems.iter().filter(|p| p.status == Status::Resolved).collect();
        if resolved.is_empty() {
            return;
        }
        self.writer.blank_line();
        let title = self.writer.styled(TextRole::Heading, "resolved");
        let text = format!("{title}: in the earlier report, and not seen again");
        self.writer.line("", &text);
        let shown = shown_of(resolved.len(), MAX_RESOLVED);
        for problem in resolved.iter().take(shown) {
            let name = self.writer.styled(TextRole::Strong, problem.heading());
            let text = format!(
                "{name}: {} / {}, last seen {}",
                problem.cause,
                problem.kind,
                period(&problem.last_seen, &problem.last_seen, self.report.zone)
            );
            self.writer.line("  - ", &text);
        }
        if resolved.len() > shown {
            let more = format!("and {} more problems", group_digits((resolved.len() - shown) as u64));
            self.writer.line("  - ", &more);
        }
    }

    /// Writes the requests of all incidents, grouped by the data that answers them.
    fn collect_next(&mut self) {
        let groups = collect_next(self.present());
        if groups.is_empty() {
            return;
        }
        self.writer.blank_line();
        let title = self.writer.styled(TextRole::Heading, "Collect next");
        let text = format!(
            "{title}, to confirm these findings. Run triage again with the files (-i, -s or as logs)."
        );
        self.writer.line("", &text);
        for RequestGroup { title, example, subjects, incidents } in groups {
            let mut text = self.writer.styled(TextRole::Strong, title);
            text.push_str(&format!(", for {}", pluralize(incidents as u64, "incident")));
            if subjects.len() > 1 {
                let few = few(&subjects, MAX_NAMES);
                text.push_str(&self.writer.styled(TextRole::Plain, &format!(": {few}")));
            }
            self.writer.line("  - ", &text);
            let prefix = if subjects.len() > 1 { "For example: " } else { "" };
            let how = format!("{prefix}{}", self.writer.styled(TextRole::Command, &example.brief()));
            self.writer.line("      ", &how);
        }
        self.writer.blank_line();
        let text = format!(
            "A script that collects this: {}",
            self.writer
                .styled(TextRole::Command, "krbtriage collect-script --report report.csv -o collect.ps1")
        );
        self.writer.line("", &text);
    }

    /// Writes the commands that show more.
    fn next_commands(&mut self) {
        let Some(row) = self.present().next() else { return };
        self.writer.blank_line();
        let text = format!(
            "The whole report, a row per incident: add {} to this command ({} for a row per problem). One incident's \
             story, with the commands of every step: {}",
            self.writer.styled(TextRole::Command, "-o report.csv"),
            self.writer.styled(TextRole::Command, "--problems problems.csv"),
            self.writer.styled(
                TextRole::Command,
                &format!("krbtriage explain --incident {} report.csv", row.incident_id)
            )
        );
        self.writer.line("", &text);
    }
}

/// Returns the role of a text that shows a confidence.
pub(crate) fn confidence_role(confidence: Confidence) -> TextRole {
    match confidence {
        Confidence::Confirmed => TextRole::Good,
        Confidence::Likely => TextRole::Doubtful,
        Confidence::Possible => TextRole::Plain,
    }
}

/// Returns the number of items to show of each group if at most `most` are shown. The groups take turns.
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
