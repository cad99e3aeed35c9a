//! Explains one incident or problem of a report.

use std::path::Path;

use super::error::Error;
use super::section::section;
use crate::diagnosis::Confidence;
use crate::report::baseline;
use crate::report::item::EvidenceSection;
use crate::report::local_time::in_zone;
use crate::report::numbers::pluralize;
use crate::report::problem::{Problem, group};
use crate::report::row::problem_name;
use crate::report::text::confidence_role;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter, period};
use crate::report::{Row, Status};
use crate::zone::Zone;

/// Fewest hexadecimal digits by which an ID is recognised. A complete ID has 12.
const MIN_DIGITS: usize = 6;
/// Incidents of one problem that are listed.
const MAX_INCIDENTS: usize = 20;

/// Reports whether the text is the ID of an incident or problem, or the beginning of one.
pub fn is_id(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix(['i', 'p']).is_some_and(|hex| {
        (MIN_DIGITS..=12).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Explains one incident or problem of the report in `path`, with times in `zone`.
pub fn of_report(id: &str, path: &Path, zone: &Zone, layout: TextLayout) -> Result<String, Error> {
    let rows = baseline::read(path)?;
    let id = id.trim();
    if let Some(row) = rows.iter().find(|r| r.incident_id.eq_ignore_ascii_case(id)) {
        return Ok(incident_text(row, zone, layout).into_text());
    }
    let problems = group(&rows);
    if let Some(problem) = problems.iter().find(|p| p.problem_id.eq_ignore_ascii_case(id)) {
        return Ok(problem_text(problem, &rows, path, zone, layout));
    }
    let begins_with_it = |full_id: &&String| full_id.starts_with(&id.to_lowercase());
    let ids = rows.iter().map(|r| &r.incident_id).chain(problems.iter().map(|p| &p.problem_id));
    let mut similar = ids.filter(begins_with_it).take(2).cloned();
    let similar_id = similar.next().filter(|_| !id.is_empty() && similar.next().is_none());
    Err(Error::NoIncident { path: path.to_path_buf(), id: id.to_owned(), similar_id })
}

fn problem_text(problem: &Problem, rows: &[Row], path: &Path, zone: &Zone, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    let incidents: Vec<&Row> = problem.incidents.iter().filter_map(|&i| rows.get(i)).collect();
    let has_fix = |row: &&&Row| row.confidence == problem.confidence;
    let present = incidents.iter().filter(|row| row.status.is_present());
    // The title and the fix of the problem come from this incident.
    let best = present.clone().find(has_fix).or_else(|| incidents.iter().find(has_fix));
    let Some(best) = best else { return writer.into_text() };
    write_title(&mut writer, best, problem.status);
    writer.say(&format!(
        "Problem {}: {} in {}, {}.",
        problem.problem_id,
        pluralize(problem.events, "event"),
        pluralize(incidents.len() as u64, "incident"),
        period(&problem.first_seen, &problem.last_seen, zone)
    ));
    write_finding(&mut writer, best, zone);
    let mut listed: Vec<String> = incidents
        .iter()
        .take(MAX_INCIDENTS)
        .map(|row| format!("{}: {} asked for {}", row.incident_id, row.client, row.target_spn))
        .collect();
    if incidents.len() > MAX_INCIDENTS {
        listed.push(format!("{} more", incidents.len() - MAX_INCIDENTS));
    }
    section(&mut writer, "Incidents", &listed, false);
    writer.blank_line();
    let command = format!("krbtriage explain {} {}", best.incident_id, path.display());
    let command = writer.styled(TextRole::Command, &command);
    writer.line("", &format!("One incident alone: {command}"));
    writer.into_text()
}

/// Reads the row of an incident from a report.
pub(super) fn read_incident(id: &str, path: &Path) -> Result<Row, Error> {
    let rows = baseline::read(path)?;
    let no_incident = || Error::NoIncident { path: path.to_path_buf(), id: id.to_owned(), similar_id: None };
    rows.into_iter().find(|row| row.incident_id.eq_ignore_ascii_case(id)).ok_or_else(no_incident)
}

/// Writes the explanation of an incident. The caller may add to it.
pub(super) fn incident_text(row: &Row, zone: &Zone, layout: TextLayout) -> TextWriter {
    let mut writer = TextWriter::new(layout);
    write_title(&mut writer, row, row.status);
    let problem = match &*row.problem {
        "" => row.problem_id.clone(),
        name => format!("{} ({name})", row.problem_id),
    };
    writer.say(&format!(
        "Incident {} of problem {problem}: {}, {}.",
        row.incident_id,
        pluralize(row.events, "event"),
        period(&row.first_seen, &row.last_seen, zone)
    ));
    write_finding(&mut writer, row, zone);
    section(&mut writer, "Logs", &row.logs, false);
    writer
}

/// Writes the title, then kind, confidence and status.
fn write_title(writer: &mut TextWriter, row: &Row, status: Status) {
    let title = match &*row.title {
        "" => problem_name(&row.problem, &row.problem_id),
        title => title,
    };
    let title = writer.styled(TextRole::Heading, title);
    writer.line("", &title);
    let confidence = writer.styled(confidence_role(row.confidence), row.confidence.name());
    let status = match status {
        Status::New => String::new(),
        other => format!(", {}", other.name()),
    };
    writer.line("", &format!("{} ({} / {}), {confidence}{status}", row.kind.label(), row.cause, row.kind));
}

/// Writes explanation, evidence, checks and fix in the order of the page.
fn write_finding(writer: &mut TextWriter, row: &Row, zone: &Zone) {
    writer.blank_line();
    writer.say(&format!("{}.", row.explanation));
    write_evidence(writer, row, zone);
    let missing: Vec<String> = row.missing.iter().map(|item| item.text().into_owned()).collect();
    section(writer, "Check first", &missing, false);
    let fix: Vec<String> = row.fix.steps().iter().map(|step| step.text().into_owned()).collect();
    section(writer, "Fix", &fix, true);
}

/// Writes the evidence in the sections of the page.
fn write_evidence(writer: &mut TextWriter, row: &Row, zone: &Zone) {
    let proof = if row.confidence == Confidence::Confirmed { "Proof" } else { "Evidence" };
    for (title, wanted) in [
        (proof, EvidenceSection::Proof),
        ("Also logged", EvidenceSection::Context),
        ("Caveats", EvidenceSection::Caveat),
        ("Other causes considered", EvidenceSection::Considered),
    ] {
        let items = row.evidence.iter().filter(|item| item.section() == wanted);
        let texts: Vec<String> = items.map(|item| in_zone(&item.text(), zone).into_owned()).collect();
        section(writer, title, &texts, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved_file::SavedError;

    #[test]
    fn an_incident_of_the_samples_is_explained() {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
        let text = of_report("I963B2FE1D1D6", &report, &Zone::UTC, TextLayout::PLAIN).unwrap();
        let places = [
            "Incident i963b2fe1d1d6 of problem",
            "  Proof:",
            "  Also logged:",
            "  Other causes considered:",
            "  Fix:",
        ]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}")));
        assert!(places.is_sorted(), "{text}");
        // Proof holds proof, also where the report is CSV.
        let near = text.find("near that time: 2026-10-06 21:13:09 UTC").unwrap();
        assert!(places[2] < near && near < places[3], "{text}");
        for copied in ["(samples/interfaces.csv:4)", r"(Program=C:\Windows\System32\wbem\WmiPrvSE.exe,"] {
            assert!(text.contains(copied), "{copied} is broken: {text}");
        }
        assert!(matches!(
            of_report("i000000000000", &report, &Zone::UTC, TextLayout::PLAIN),
            Err(Error::NoIncident { .. })
        ));
        let short = of_report("i963b2f", &report, &Zone::UTC, TextLayout::PLAIN).unwrap_err().to_string();
        assert!(short.contains("did you mean i963b2fe1d1d6?"), "{short}");
        let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/spns.csv");
        assert!(matches!(
            of_report("x", &other, &Zone::UTC, TextLayout::PLAIN),
            Err(Error::Report(SavedError::Foreign { .. }))
        ));
    }

    #[test]
    fn a_problem_of_the_samples_lists_its_incidents_and_its_fix() {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
        let text = of_report("p552482b5ff8b", &report, &Zone::UTC, TextLayout::PLAIN).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "both own 169.254.95.120",
            "Management card with a shared address (loopback-shared-ip / bmc-usb-nic), confirmed",
            "Problem p552482b5ff8b",
            " Proof: - srv1",
            " Fix: 1. Safe",
            "i963b2fe1d1d6: SRV1.alpha.example.com asked for",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        let short = of_report("p552482b", &report, &Zone::UTC, TextLayout::PLAIN).unwrap_err().to_string();
        assert!(short.contains("did you mean p552482b5ff8b?"), "{short}");
    }

    #[test]
    fn ids_are_a_letter_and_hexadecimal_digits() {
        for id in ["i963b2fe1d1d6", "P552482B5FF8B", "i963b2f"] {
            assert!(is_id(id), "{id}");
        }
        for text in ["i963", "x963b2fe1d1d6", "i963b2fe1d1d6a", "probe", "1825", ""] {
            assert!(!is_id(text), "{text}");
        }
    }
}
