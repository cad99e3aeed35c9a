//! The summary of a run on standard error.

use std::time::Duration;

use crate::commands::audit;
use crate::commands::fail_on::Alarm;
use crate::commands::triage::Outcome;
use crate::files::FileError;
use crate::inventory::InventoryFile;
use crate::report::empty_result::{self, outside_period};
use crate::report::numbers::{counted, counted_as, grouped, saturating_sum};
use crate::report::problem::sort_by_urgency;
use crate::report::{Problem, Status, left_out};
use crate::scan::FileReport;
use crate::text::escape::escape_control;

/// Summary of a run for a person: inputs and results. `viewed`: the incidents are on the terminal already.
pub(super) fn text(outcome: &Outcome, verbose: bool, viewed: bool) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&escape_control(&text));
        out.push('\n');
    };
    let read: Vec<_> = outcome.logs.iter().filter(|f| f.was_read()).collect();
    let bytes = saturating_sum(read.iter().map(|f| f.bytes));
    let records = saturating_sum(read.iter().map(|f| f.records));
    line(format!(
        "{} read ({}, {}), {} in {}",
        counted(read.len() as u64, "log"),
        size(bytes),
        counted(records, "record"),
        counted(outcome.events, "event"),
        duration(outcome.took)
    ));
    if outcome.duplicates > 0 {
        line(format!(
            "{} found in more than one export, counted once",
            counted(outcome.duplicates, "record")
        ));
    }
    if outcome.already_reported > 0 {
        line(format!("{} already counted by an earlier run", counted(outcome.already_reported, "event")));
    }
    if outcome.unknown > 0 && !viewed {
        line(format!("{} of other kinds skipped", counted(outcome.unknown as u64, "file")));
    }
    if !verbose {
        out.push_str(&inventories_understood(&outcome.inventories, false));
    }
    out.push_str(&write_unread(outcome, verbose));
    if !viewed {
        out.push_str(&found(outcome));
    }
    out.push_str(&alarms(&outcome.alarms));
    out
}

/// Most problems named.
const WORST: usize = 3;

/// The worst problems and the files that have them all; for an empty report, what to do next.
fn found(outcome: &Outcome) -> String {
    let mut lines = Vec::new();
    let mut problems: Vec<&Problem> = outcome.problems.iter().filter(|p| p.status.is_present()).collect();
    if outcome.rows.is_empty() {
        lines.push("No Kerberos event 4 (KRB_AP_ERR_MODIFIED) was found.".to_owned());
        let said = empty_result::lines(&outcome.report().read, &outcome.zone);
        lines.extend(said.iter().map(|(label, text)| format!("  {label}: {text}")));
    } else {
        lines.extend(
            outside_period(&outcome.report().read, &outcome.zone).map(|text| format!("Left out: {text}")),
        );
        let incidents = outcome.rows.iter().filter(|row| row.status.is_present()).count();
        let statuses = match outcome.compared {
            true => {
                let with = |s| outcome.problems.iter().filter(|p| p.status == s).count();
                let counts = Status::ALL.map(|s| format!("{} {}", grouped(with(s) as u64), s.name()));
                format!(" ({})", counts.join(", "))
            }
            false => String::new(),
        };
        lines.push(format!(
            "{} in {}{statuses}",
            counted(problems.len() as u64, "problem"),
            counted(incidents as u64, "incident")
        ));
        sort_by_urgency(&mut problems, outcome.compared);
        for (i, problem) in problems.iter().take(WORST).enumerate() {
            let clients = counted(problem.clients.len() as u64, "client");
            lines.push(format!("  {}. {}: {}, {clients}", i + 1, problem.heading(), problem.confidence));
        }
        if problems.len() > WORST {
            lines.push(format!("  and {} more", grouped((problems.len() - WORST) as u64)));
        }
    }
    let written: Vec<String> = outcome.written.iter().map(|w| w.path.display().to_string()).collect();
    if !written.is_empty() {
        lines.push(format!("Wrote {}", written.join(", ")));
    }
    lines.iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

/// Why the exit status is 1.
pub(super) fn alarms(alarms: &[Alarm]) -> String {
    let mut lines = Vec::new();
    for Alarm { condition, what } in alarms {
        lines.push(format!("Exit status 1, because --fail-on {condition} holds for {}:", what.len()));
        lines.extend(what.iter().take(WORST).map(|what| format!("  {what}")));
        if what.len() > WORST {
            lines.push(format!("  and {} more", grouped((what.len() - WORST) as u64)));
        }
    }
    lines.iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

/// Unreadable inputs, events outside the period, and the reason for exit status 1: for the log of a script or a scheduler.
pub(super) fn problems(outcome: &Outcome) -> String {
    let mut out = write_unread(outcome, false);
    if outcome.rows.is_empty() {
        out.push_str(&found(outcome));
    }
    out.push_str(&alarms(&outcome.alarms));
    out
}

/// Unreadable logs, for the commands that read only logs.
pub(super) fn log_problems(unfound: &[FileError], logs: &[FileReport]) -> String {
    lines_of(unfound, logs, &[], false).iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

/// Unreadable parts of inventories.
pub(super) fn inventory_problems(inventories: &[InventoryFile], verbose: bool) -> String {
    lines_of(&[], &[], inventories, verbose).iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

/// How each inventory was recognised, for the commands that read only inventories.
pub(super) fn inventories_understood(inventories: &[InventoryFile], verbose: bool) -> String {
    // A folder of an export per host has hundreds.
    const SHOWN: usize = 20;
    let shown = if verbose { usize::MAX } else { SHOWN };
    let known = || inventories.iter().filter(|f| !f.kind.is_empty());
    let mut lines: Vec<String> = known().take(shown).map(understood).collect();
    if known().count() > shown {
        lines.push(format!("  and {} more files (-v lists them)", known().count() - shown));
    }
    lines.iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

fn understood(f: &InventoryFile) -> String {
    let rows = counted(f.rows, "row");
    let hosts = counted_as(f.hosts, "host or account", "hosts or accounts");
    format!("inventory: {}: {}, {rows}, {hosts}", f.path, f.kind)
}

/// The number of an audit's findings, by status where there was an earlier audit.
pub(super) fn audit_counts(outcome: &audit::Outcome) -> String {
    let mut parts = vec![counted(outcome.findings.len() as u64, "finding")];
    if outcome.compared {
        let with = |s: Status| outcome.findings.iter().filter(|finding| finding.status == s).count();
        parts.extend(Status::ALL.map(|s| format!("{} {}", grouped(with(s) as u64), s.name())));
    }
    if outcome.allowed > 0 {
        parts.push(format!("{} allowed by --allow", grouped(outcome.allowed as u64)));
    }
    parts.join(", ")
}

fn lines_of(
    unfound: &[FileError],
    logs: &[FileReport],
    inventories: &[InventoryFile],
    verbose: bool,
) -> Vec<String> {
    let shown = if verbose { usize::MAX } else { 3 };
    let mut lines: Vec<String> = unfound.iter().map(|e| format!("not read: {e}")).collect();
    let mut file = |what: &str, path: &str, read_errors: &[String]| {
        lines.extend(read_errors.iter().take(shown).map(|p| format!("{what}: {path}: {p}")));
        if read_errors.len() > shown {
            lines.push(format!("  and {} more (-v or --summary lists them)", read_errors.len() - shown));
        }
    };
    for log in logs {
        file("not fully read", &log.path, &log.read_errors);
        file("note", &log.path, &log.notes);
    }
    for inventory in inventories {
        file("inventory", &inventory.path, &inventory.read_errors);
        file("note", &inventory.path, &inventory.notes);
    }
    lines
}

fn write_unread(outcome: &Outcome, verbose: bool) -> String {
    let mut lines = lines_of(&outcome.unfound, &outcome.logs, &outcome.inventories, verbose);
    if verbose {
        lines.extend(outcome.inventories.iter().map(understood));
        let passed = outcome.logs.iter().filter(|f| f.bytes > 0 && !f.was_read());
        lines.extend(passed.map(|f| format!("skipped: {}: {}", f.path, f.kind)));
    }
    lines.extend(outcome.notes.iter().cloned());
    lines.extend(left_out(outcome.dropped));
    lines.iter().map(|l| format!("{}\n", escape_control(l))).collect()
}

fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

fn duration(took: Duration) -> String {
    match took.as_secs() {
        0 => format!("{} ms", took.as_millis()),
        1..60 => format!("{:.1} s", took.as_secs_f64()),
        s => format!("{} min {} s", s / 60, s % 60),
    }
}
