//! Writes the new and reopened problems as plain text (`--new FILE`), for a mail, a chat or a ticket. The file is empty if no
//! problem is new.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Problem;
use super::item::{EvidenceItem, EvidenceSection, RequestItem};
use super::local_time::in_zone;
use super::numbers::{group_digits, pluralize};
use super::problem::sort_by_urgency;
use super::row::{Row, Status};
use super::text_writer::{few, period};
use crate::diagnosis::Confidence;
use crate::text::escape::escape_markup;
use crate::text::sentence::capitalise;
use crate::zone::Zone;

/// Problems that are written in full.
const MAX_IN_FULL: usize = 10;
/// Problems after these of which only the title is written.
const MAX_TITLES: usize = 50;
const MAX_NAMES: usize = 5;
const MAX_EVIDENCE: usize = 5;

/// Writes `problems`, which are new or reopened, the most urgent first and with times in `zone`.
pub fn write(rows: &[Row], problems: &[&Problem], zone: &Zone, out: &mut dyn Write) -> io::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut problems = problems.to_vec();
    sort_by_urgency(&mut problems, true);
    writeln!(out, "krbtriage: {}", pluralize(problems.len() as u64, "new Kerberos problem"))?;
    let (full, rest) = problems.split_at(MAX_IN_FULL.min(problems.len()));
    for (n, problem) in full.iter().enumerate() {
        write_problem(n + 1, problem, rows, zone, out)?;
    }
    if !rest.is_empty() {
        writeln!(out, "\nThe report has all of these:")?;
    }
    for problem in rest.iter().take(MAX_TITLES) {
        item(out, "-", &format!("{} ({}, {})", problem.heading(), problem.confidence, problem.problem_id))?;
    }
    if rest.len() > MAX_TITLES {
        writeln!(out, "- and {} more", group_digits((rest.len() - MAX_TITLES) as u64))?;
    }
    Ok(())
}

fn write_problem(
    n: usize,
    problem: &Problem,
    rows: &[Row],
    zone: &Zone,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    item(out, &format!("{n}."), problem.heading())?;
    let reopened = if problem.status == Status::Reopened { " It was resolved before." } else { "" };
    item(
        out,
        "  ",
        &format!(
            "{} {}, {}, {}.{reopened}",
            capitalise(problem.confidence.name()),
            problem.kind,
            pluralize(problem.events, "event"),
            period(&problem.first_seen, &problem.last_seen, zone)
        ),
    )?;
    item(out, "  ", &format!("Clients: {}", few(&problem.clients, MAX_NAMES)))?;
    item(out, "  ", &format!("Targets: {}", few(&problem.targets, MAX_NAMES)))?;
    item(out, "  ", &format!("Problem: {}", problem.problem_id))?;
    let present = problem.incidents.iter().filter_map(|&i| rows.get(i)).filter(|row| row.status.is_present());
    // The title and the fix of the problem come from this incident.
    let best = present.reduce(|a, b| if b.confidence > a.confidence { b } else { a });
    let Some(row) = best else { return Ok(()) };
    item(out, "  ", &format!("Why: {}.", row.explanation.trim_end_matches('.')))?;
    let proof = if row.confidence == Confidence::Confirmed { "Proof" } else { "Evidence" };
    for (heading, wanted) in [
        (proof, EvidenceSection::Proof),
        ("Also logged", EvidenceSection::Context),
        ("Caveats", EvidenceSection::Caveat),
    ] {
        let texts: Vec<Cow<'_, str>> =
            row.evidence.iter().filter(|item| item.section() == wanted).map(EvidenceItem::text).collect();
        section(out, heading, texts.iter().take(MAX_EVIDENCE).map(|text| in_zone(text, zone)))?;
    }
    section(out, "Check first", row.missing.iter().map(RequestItem::text))?;
    let steps = problem.fix.steps();
    if !steps.is_empty() {
        writeln!(out, "   Fix:")?;
    }
    let mut steps = (1..).zip(&*steps);
    steps.try_for_each(|(n, step)| item(out, &format!("   {n})"), &step.text()))
}

fn section<'a>(
    out: &mut dyn Write,
    heading: &str,
    items: impl IntoIterator<Item = Cow<'a, str>>,
) -> io::Result<()> {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some() {
        writeln!(out, "   {heading}:")?;
    }
    items.try_for_each(|text| item(out, "   -", &text))
}

/// Writes one line, escaped because names in it may be hostile to the chat or ticket that shows it.
fn item(out: &mut dyn Write, mark: &str, text: &str) -> io::Result<()> {
    writeln!(out, "{mark} {}", escape_markup(text))
}
