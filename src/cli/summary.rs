//! Makes the lines that a run prints to standard error. They are not escaped yet.

use std::time::Duration;

use indicatif::HumanBytes;

use crate::commands::audit;
use crate::commands::fail_on::Alarm;
use crate::commands::triage::Outcome;
use crate::files::FileError;
use crate::inventory::InventoryFile;
use crate::report::empty_result::{self, outside_period};
use crate::report::numbers::{group_digits, pluralize, pluralize_as, saturating_sum};
use crate::report::problem::sort_by_urgency;
use crate::report::{Problem, Status, left_out};
use crate::scan::FileReport;

/// Lines of the summary for a person: inputs, results, and the reason for exit status 1. `viewed` leaves out the results,
/// because the report itself is on the terminal.
pub(super) fn summary(outcome: &Outcome, verbose: bool, viewed: bool) -> Vec<String> {
    let read: Vec<_> = outcome.logs.iter().filter(|log| log.was_read()).collect();
    let bytes = saturating_sum(read.iter().map(|log| log.bytes));
    let records = saturating_sum(read.iter().map(|log| log.records));
    let mut lines = vec![format!(
        "{} read ({}, {}), {} in {}",
        pluralize(read.len() as u64, "log"),
        HumanBytes(bytes),
        pluralize(records, "record"),
        pluralize(outcome.events, "event"),
        duration(outcome.took)
    )];
    if outcome.duplicates > 0 {
        lines.push(format!(
            "{} found in more than one export, counted once",
            pluralize(outcome.duplicates, "record")
        ));
    }
    if outcome.already_reported > 0 {
        lines.push(format!(
            "{} already counted by an earlier run",
            pluralize(outcome.already_reported, "event")
        ));
    }
    if outcome.unknown > 0 && !viewed {
        lines.push(format!("{} of other kinds skipped", pluralize(outcome.unknown as u64, "file")));
    }
    if !verbose {
        lines.extend(recognised_inventories(&outcome.inventories, false));
    }
    lines.extend(triage_problems(outcome, verbose));
    if !viewed {
        lines.extend(results(outcome));
    }
    lines.extend(alarms(&outcome.alarms));
    lines
}

/// Problems, or items of an alarm, that are listed.
const MAX_LISTED: usize = 3;

/// The most urgent problems and the files written. For an empty report: what to do next.
fn results(outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    let mut problems: Vec<&Problem> = outcome.problems.iter().filter(|p| p.status.is_present()).collect();
    if outcome.rows.is_empty() {
        lines.push("No Kerberos event 4 (KRB_AP_ERR_MODIFIED) was found.".to_owned());
        let advice = empty_result::lines(&outcome.report().read, &outcome.zone);
        lines.extend(advice.iter().map(|(label, text)| format!("  {label}: {text}")));
    } else {
        lines.extend(
            outside_period(&outcome.report().read, &outcome.zone).map(|text| format!("Left out: {text}")),
        );
        let incidents = outcome.rows.iter().filter(|row| row.status.is_present()).count();
        let statuses = match outcome.compared {
            true => format!(" ({})", Status::counts(outcome.problems.iter().map(|p| p.status))),
            false => String::new(),
        };
        lines.push(format!(
            "{} in {}{statuses}",
            pluralize(problems.len() as u64, "problem"),
            pluralize(incidents as u64, "incident")
        ));
        sort_by_urgency(&mut problems, outcome.compared);
        let listed = problems.iter().enumerate().map(|(i, problem)| {
            let clients = pluralize(problem.clients.len() as u64, "client");
            format!("{}. {}: {}, {clients}", i + 1, problem.heading(), problem.confidence)
        });
        lines.extend(first_items(listed));
    }
    let written: Vec<String> = outcome.written.iter().map(|w| w.path.display().to_string()).collect();
    if !written.is_empty() {
        lines.push(format!("Wrote {}", written.join(", ")));
    }
    lines
}

/// Indents the first [`MAX_LISTED`] items, and adds the number of the others.
fn first_items(items: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = items.len().saturating_sub(MAX_LISTED);
    let mut lines: Vec<String> = items.take(MAX_LISTED).map(|item| format!("  {item}")).collect();
    if more > 0 {
        lines.push(format!("  and {} more", group_digits(more as u64)));
    }
    lines
}

/// The reason for exit status 1: each condition of `--fail-on` that holds.
pub(super) fn alarms(alarms: &[Alarm]) -> Vec<String> {
    let of_alarm = |Alarm { condition, what }: &Alarm| {
        let heading = format!("Exit status 1, because --fail-on {condition} holds for {}:", what.len());
        std::iter::once(heading).chain(first_items(what.iter().cloned())).collect::<Vec<_>>()
    };
    alarms.iter().flat_map(of_alarm).collect()
}

/// Lines for the log of a script or a scheduler: inputs that could not be read, an empty result, and the reason for exit
/// status 1.
pub(super) fn problems(outcome: &Outcome) -> Vec<String> {
    let mut lines = triage_problems(outcome, false);
    if outcome.rows.is_empty() {
        lines.extend(results(outcome));
    }
    lines.extend(alarms(&outcome.alarms));
    lines
}

/// Lists the format of each inventory. Without `verbose` at most 20 files are listed.
pub(super) fn recognised_inventories(inventories: &[InventoryFile], verbose: bool) -> Vec<String> {
    // A folder with an export per host has hundreds of files.
    const MAX_FILES: usize = 20;
    let limit = if verbose { usize::MAX } else { MAX_FILES };
    let recognised = || inventories.iter().filter(|file| !file.kind.is_empty());
    let mut lines: Vec<String> = recognised().take(limit).map(recognised_inventory).collect();
    let more = recognised().count().saturating_sub(limit);
    if more > 0 {
        lines.push(format!("  and {more} more files (-v lists them)"));
    }
    lines
}

fn recognised_inventory(file: &InventoryFile) -> String {
    let rows = pluralize(file.rows, "row");
    let hosts = pluralize_as(file.hosts, "host or account", "hosts or accounts");
    format!("inventory: {}: {}, {rows}, {hosts}", file.path, file.kind)
}

/// The number of findings of an audit, by status if it was compared with an earlier one.
pub(super) fn audit_counts(outcome: &audit::Outcome) -> String {
    let mut parts = vec![pluralize(outcome.findings.len() as u64, "finding")];
    if outcome.compared {
        parts.push(Status::counts(outcome.findings.iter().map(|finding| finding.status)));
    }
    if outcome.allowed > 0 {
        parts.push(format!("{} allowed by --allow", group_digits(outcome.allowed as u64)));
    }
    parts.join(", ")
}

/// Read errors and notes of inputs. Without `verbose` at most three of each file are listed.
pub(super) fn input_problems(
    unfound: &[FileError],
    logs: &[FileReport],
    inventories: &[InventoryFile],
    verbose: bool,
) -> Vec<String> {
    let limit = if verbose { usize::MAX } else { 3 };
    let mut lines: Vec<String> = unfound.iter().map(|e| format!("not read: {e}")).collect();
    let mut add = |label: &str, path: &str, texts: &[String]| {
        lines.extend(texts.iter().take(limit).map(|text| format!("{label}: {path}: {text}")));
        if texts.len() > limit {
            lines.push(format!("  and {} more (-v or --summary lists them)", texts.len() - limit));
        }
    };
    for log in logs {
        add("not fully read", &log.path, &log.read_errors);
        add("note", &log.path, &log.notes);
    }
    for inventory in inventories {
        add("inventory", &inventory.path, &inventory.read_errors);
        add("note", &inventory.path, &inventory.notes);
    }
    lines
}

/// Problems with the inputs of a triage, and its notes. With `verbose` also how each input was recognised.
fn triage_problems(outcome: &Outcome, verbose: bool) -> Vec<String> {
    let mut lines = input_problems(&outcome.unfound, &outcome.logs, &outcome.inventories, verbose);
    if verbose {
        lines.extend(outcome.inventories.iter().map(recognised_inventory));
        let skipped = outcome.logs.iter().filter(|log| log.bytes > 0 && !log.was_read());
        lines.extend(skipped.map(|log| format!("skipped: {}: {}", log.path, log.kind)));
    }
    lines.extend(outcome.notes.iter().cloned());
    lines.extend(left_out(outcome.dropped));
    lines
}

fn duration(took: Duration) -> String {
    match took.as_secs() {
        0 => format!("{} ms", took.as_millis()),
        1..60 => format!("{:.1} s", took.as_secs_f64()),
        s => format!("{} min {} s", s / 60, s % 60),
    }
}
