//! `explain --why` shows which rows of the decision table were tried for an incident.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::saved_incident::{incident_text, is_id, read_incident};
use super::section::section;
use crate::commands::triage::{self, decision};
use crate::diagnosis::{RULES, refused};
use crate::report::Row;
use crate::report::text_writer::TextLayout;
use crate::scan::ScanOptions;
use crate::zone::Zone;

/// Explains an incident and the rows of the table that were tried for it. `inputs` are the logs, inventories and account lists of
/// its report. They are triaged again. The report itself is optional.
pub fn with_decision(
    id: &str,
    report: Option<&Path>,
    inputs: &[PathBuf],
    zone: &Zone,
    layout: TextLayout,
) -> Result<String, Error> {
    let id = id.trim();
    if !id.starts_with(['i', 'I']) || !is_id(id) {
        return Err(Error::NeedsIncident);
    }
    let reported = report.map(|path| read_incident(id, path)).transpose()?;
    if inputs.is_empty() {
        return Err(Error::NeedsInputs { logs: reported.map(|row| row.logs).unwrap_or_default() });
    }
    let scan = ScanOptions { zone: zone.clone(), ..ScanOptions::default() };
    let config = triage::Config { logs: inputs.to_vec(), scan, ..triage::Config::default() };
    let (decision, unread) = decision(&config, id, &()).map_err(Box::new)?;
    let Some(decision) = decision else {
        return Err(Error::NotInInputs { id: id.to_owned(), unread });
    };
    let mut writer = incident_text(reported.as_ref().unwrap_or(&decision.row), zone, layout);
    let tried = refused(decision.topology, decision.when).map(|rule| format!("no: {}", rule.when));
    let row = RULES.iter().find(|rule| rule.topology == decision.topology && rule.when == decision.when);
    let decided = row.map(|rule| {
        format!("yes: {}: {} / {}, at most {}", rule.when, rule.cause, rule.kind, rule.confidence)
    });
    let title = format!("Rows of the decision table that were tried, as {}", decision.topology.text());
    section(&mut writer, &title, &tried.chain(decided).collect::<Vec<_>>(), false);
    section(&mut writer, "Inputs that could not be read", &unread, false);
    if let Some(reported) = reported.filter(|reported| !is_same_verdict(reported, &decision.row)) {
        writer.blank_line();
        writer.say(&format!(
            "The report has {}, and these inputs give {}. Pass all inputs of the report; its options are not used here.",
            verdict(&reported),
            verdict(&decision.row)
        ));
    }
    Ok(writer.into_text())
}

fn is_same_verdict(a: &Row, b: &Row) -> bool {
    (a.cause, a.kind, a.confidence) == (b.cause, b.kind, b.confidence)
}

fn verdict(row: &Row) -> String {
    format!("{} / {}, {}", row.cause, row.kind, row.confidence)
}
