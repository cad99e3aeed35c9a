//! What a report says of one incident or problem.

use std::path::Path;

use super::error::Error;
use super::section::section;
use crate::diagnosis::EvidenceRole;
use crate::report::baseline;
use crate::report::numbers::counted;
use crate::report::problem::{Problem, group};
use crate::report::text::of_confidence;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter, period};
use crate::report::{Row, Status};
use crate::zone::Zone;

/// The fewest digits by which an ID is recognised; a whole one has 12.
const MIN_DIGITS: usize = 6;
/// Incidents of one problem that are listed.
const MAX_INCIDENTS: usize = 20;

/// Is this the ID of an incident or problem, or its beginning?
pub fn is_id(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix(['i', 'p']).is_some_and(|hex| {
        (MIN_DIGITS..=12).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Explains one incident or problem of a report, with times of `zone`.
pub fn of_report(id: &str, path: &Path, zone: &Zone, layout: TextLayout) -> Result<String, Error> {
    let rows = baseline::read(path)?;
    let id = id.trim();
    if let Some(row) = rows.iter().find(|r| r.incident_id.eq_ignore_ascii_case(id)) {
        return Ok(story(row, zone, layout));
    }
    let problems = group(&rows);
    if let Some(problem) = problems.iter().find(|p| p.problem_id.eq_ignore_ascii_case(id)) {
        return Ok(of_problem(problem, &rows, path, zone, layout));
    }
    let begins = |known: &&String| known.starts_with(&id.to_lowercase());
    let ids = rows.iter().map(|r| &r.incident_id).chain(problems.iter().map(|p| &p.problem_id));
    let mut like = ids.filter(begins).take(2).cloned();
    let similar_id = like.next().filter(|_| !id.is_empty() && like.next().is_none());
    Err(Error::NoIncident { path: path.to_path_buf(), id: id.to_owned(), similar_id })
}

fn of_problem(problem: &Problem, rows: &[Row], path: &Path, zone: &Zone, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    let title = writer.styled(TextRole::Heading, &format!("Problem {}", problem.problem_id));
    writer.line("", &title);
    let confidence = writer.styled(of_confidence(problem.confidence), problem.confidence.name());
    writer.line("", &format!("{} / {}, {confidence}", problem.cause, problem.kind));
    writer.blank();
    writer.say(&format!("{}.", problem.heading()));
    writer.blank();
    let incidents: Vec<&Row> = problem.incidents.iter().filter_map(|&i| rows.get(i)).collect();
    writer.say(&format!(
        "{} in {}, {}.",
        counted(problem.events, "event"),
        counted(incidents.len() as u64, "incident"),
        period(&problem.first_seen, &problem.last_seen, zone)
    ));
    let mut listed: Vec<String> = incidents
        .iter()
        .take(MAX_INCIDENTS)
        .map(|row| format!("{}: {} asked for {}", row.incident_id, row.client, row.target_spn))
        .collect();
    if incidents.len() > MAX_INCIDENTS {
        listed.push(format!("{} more", incidents.len() - MAX_INCIDENTS));
    }
    section(&mut writer, "Incidents", &listed, false);
    let fix: Vec<String> = problem.fix.steps().iter().map(|step| step.text().into_owned()).collect();
    section(&mut writer, "To fix it, in this order", &fix, true);
    if let Some(first) = incidents.first() {
        writer.blank();
        let command = format!("krbtriage explain {} {}", first.incident_id, path.display());
        let command = writer.styled(TextRole::Command, &command);
        writer.line("", &format!("Evidence of one incident: {command}"));
    }
    writer.into_text()
}

fn story(row: &Row, zone: &Zone, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    let title = writer.styled(TextRole::Heading, &format!("Incident {}", row.incident_id));
    let problem = match row.problem.as_str() {
        "" => row.problem_id.clone(),
        name => format!("{} ({name})", row.problem_id),
    };
    let problem = writer.styled(TextRole::Plain, &problem);
    writer.line("", &format!("{title} of problem {problem}"));
    let confidence = writer.styled(of_confidence(row.confidence), row.confidence.name());
    let status = match row.status {
        Status::New => String::new(),
        other => format!(", {}", other.name()),
    };
    writer.line("", &format!("{} / {}, {confidence}{status}", row.cause, row.kind));
    writer.blank();
    writer.say(&format!("{}.", row.explanation));
    writer.blank();
    writer.say(&format!(
        "{}, {}.",
        counted(row.events, "event"),
        period(&row.first_seen, &row.last_seen, zone)
    ));
    let of_role = |wanted: fn(EvidenceRole) -> bool| -> Vec<String> {
        row.evidence.iter().filter(|item| wanted(item.role)).map(|item| item.to_string()).collect()
    };
    let shown = |role| matches!(role, EvidenceRole::For | EvidenceRole::Against);
    section(&mut writer, "Evidence", &of_role(shown), false);
    section(&mut writer, "Other causes that fit", &of_role(|role| role == EvidenceRole::Rival), false);
    section(&mut writer, "Causes that were excluded", &of_role(|role| role == EvidenceRole::Excludes), false);
    let missing: Vec<String> = row.missing.iter().map(|item| item.text().into_owned()).collect();
    section(&mut writer, "What to check next", &missing, false);
    let fix: Vec<String> = row.fix.steps().iter().map(|step| step.text().into_owned()).collect();
    section(&mut writer, "To fix it, in this order", &fix, true);
    section(&mut writer, "Logs", &row.logs, false);
    writer.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::SavedError;

    #[test]
    fn an_incident_of_the_samples_is_explained() {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
        let text = of_report("I963B2FE1D1D6", &report, &Zone::UTC, TextLayout::PLAIN).unwrap();
        assert!(text.contains("169.254.95.120") && text.contains("Evidence:"), "{text}");
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
        for part in [
            "Problem p552482b5ff8b",
            "i963b2fe1d1d6: SRV1.alpha.example.com asked for",
            "To fix it",
            "Evidence of one",
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
