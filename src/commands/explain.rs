//! `krbtriage explain`: describes a cause or kind, or one incident.

use std::path::{Path, PathBuf};

use super::audit::AuditKind;
use crate::diagnosis::{Cause, EvidenceRole, Kind, RULES, general_fix};
use crate::inventory::addresses::vendors::AdapterKind;
use crate::report::baseline;
use crate::report::item::EvidenceItem;
use crate::report::numbers::counted;
use crate::report::saved::SavedError;
use crate::report::text::of_confidence;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter};
use crate::report::{Row, Status};
use crate::suggest::did_you_mean;

/// The only copy of the paragraphs about kinds.
const CAUSES: &str = include_str!("../../docs/causes.md");
const AUDIT: &str = include_str!("../../docs/audit.md");

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "\"{name}\" is neither a cause nor a kind{}; `krbtriage explain` lists them",
        did_you_mean(name, Cause::ALL.map(Cause::name).into_iter().chain(Kind::ALL.map(Kind::name)).chain(AuditKind::AUDIT_ONLY.map(AuditKind::name)))
    )]
    Unknown { name: String },
    #[error(transparent)]
    Report(#[from] SavedError),
    #[error("{}: no incident {id}{}; its first column has them", path.display(), similar_id.as_ref().map_or(String::new(), |s| format!(" (did you mean {s}?)")))]
    NoIncident { path: PathBuf, id: String, similar_id: Option<String> },
}

/// Lists all causes and their kinds, one per line.
pub fn list(layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    writer.say("Causes, and the kinds of each:");
    for cause in Cause::ALL {
        writer.blank();
        let name = writer.styled(TextRole::Strong, cause.name());
        writer.line("", &name);
        for kind in kinds_of(cause) {
            writer.line("    ", kind.name());
        }
    }
    writer.blank();
    writer.say("Kinds that only `krbtriage audit` has:");
    writer.blank();
    for kind in AuditKind::AUDIT_ONLY {
        writer.line("    ", kind.name());
    }
    writer.blank();
    let text = format!(
        "{} tells what one is, how it is recognised and proved, and how to mend it.",
        writer.styled(TextRole::Command, "krbtriage explain NAME")
    );
    writer.line("", &text);
    writer.into_text()
}

/// The kinds of a cause.
fn kinds_of(cause: Cause) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.cause() == cause).collect()
}

/// Explains a cause or a kind: what it is, how it is recognised, what proves it, how to fix it.
pub fn topic(name: &str, layout: TextLayout) -> Result<String, Error> {
    let wanted = name.trim().to_lowercase();
    let mut writer = TextWriter::new(layout);
    if let Some(cause) = Cause::ALL.into_iter().find(|c| c.name() == wanted) {
        for (i, kind) in kinds_of(cause).into_iter().enumerate() {
            if i > 0 {
                writer.blank();
            }
            of_kind(&mut writer, cause, kind);
        }
        return Ok(writer.into_text());
    }
    if let Some(kind) = AuditKind::AUDIT_ONLY.into_iter().find(|kind| kind.name() == wanted) {
        of_audit(&mut writer, kind);
        return Ok(writer.into_text());
    }
    // The audit's name for it.
    let other = wanted == AdapterKind::Other.name();
    let kind =
        Kind::ALL.into_iter().find(|k| k.name() == wanted || (other && *k == Kind::OtherSharedAddress));
    match kind {
        Some(kind) => of_kind(&mut writer, kind.cause(), kind),
        None => return Err(Error::Unknown { name: name.to_owned() }),
    }
    Ok(writer.into_text())
}

fn of_kind(writer: &mut TextWriter, cause: Cause, kind: Kind) {
    let title = writer.styled(TextRole::Heading, &format!("{cause} / {kind}"));
    writer.line("", &title);
    writer.blank();
    writer.line("  ", &paragraph(CAUSES, kind.name()));
    let named = RULES.iter().any(|r| r.kind == kind);
    let shown = if named { kind } else { wider_kind(kind) };
    let rules = RULES.iter().filter(|r| r.cause == cause && r.kind == shown);
    let rivals: Vec<String> = rules
        .clone()
        .flat_map(|rule| rule.rivals)
        .map(|rival| format!("{}: {}, unless excluded by {}", rival.cause, rival.story, rival.excluded_by))
        .collect();
    let rules = rules.map(|r| format!("{}; {} ({})", r.topology.text(), r.when, r.confidence));
    section(writer, "Recognised when", &rules.collect::<Vec<_>>(), false);
    section(writer, "Confirmed only if these are excluded", &rivals, false);
    section(writer, "Proved by", &[proof_of(cause).to_owned()], false);
    section(writer, "To fix it, in this order", &general_fix(cause, kind), true);
}

/// The wider kind under which the rules of a more specific `kind` are listed.
fn wider_kind(kind: Kind) -> Kind {
    match kind {
        Kind::BmcUsbNic | Kind::VirtualSwitch | Kind::ClusterOrNlbAddress => Kind::OtherSharedAddress,
        Kind::KernelMode | Kind::TwoServices => Kind::Misplaced,
        Kind::ManagedServiceAccount => Kind::ServiceAccount,
        other => other,
    }
}

fn of_audit(writer: &mut TextWriter, kind: AuditKind) {
    let title = writer.styled(TextRole::Heading, &format!("audit / {}", kind.name()));
    writer.line("", &title);
    writer.blank();
    writer.line("  ", &paragraph(AUDIT, kind.name()));
    section(writer, "To fix it, in this order", &kind.general_steps(), true);
}

/// A title and items under it.
fn section(writer: &mut TextWriter, title: &str, items: &[String], numbered: bool) {
    if items.is_empty() {
        return;
    }
    writer.blank();
    let title = writer.styled(TextRole::Strong, &format!("{title}:"));
    writer.line("  ", &title);
    for (i, item) in items.iter().enumerate() {
        let mark = if numbered && items.len() > 1 { format!("  {}. ", i + 1) } else { "  - ".to_owned() };
        let item = writer.styled(TextRole::Plain, item);
        writer.line(&mark, &item);
    }
}

/// The document's paragraph that begins with the kind's name.
fn paragraph(document: &str, kind: &str) -> String {
    let start = format!("**`{kind}`** ");
    let text = document.replace("\r\n", "\n");
    let Some((_, rest)) = text.split_once(&start) else { return String::new() };
    let paragraph = rest.split("\n\n").next().unwrap_or_default();
    paragraph.replace('\n', " ").replace('`', "")
}

fn proof_of(cause: Cause) -> &'static str {
    match cause {
        Cause::LoopbackSharedIp => {
            "addresses of both hosts (--interfaces: Get-NetIPAddress -CimSession A,C | Export-Csv addresses.csv), with one \
             in common"
        }
        Cause::DuplicateSpn => {
            "a list of SPNs (--spns: setspn -T * -F -Q */* > spns.txt) that has it on another account or on several, or \
             event 11 in the System log of a domain controller"
        }
        Cause::PasswordMismatch => {
            "NETLOGON 3210 on the host or 5722, 5805 on a domain controller near the time (their System logs, given \
             beside the client's); for a service, Service Control Manager 7038 on its host, or the date its password was set"
        }
        Cause::WrongHost => {
            "what the name resolves to (DNS records given with --interfaces) beside the addresses of both hosts; for a \
             cluster, the SPNs of its computer account"
        }
        Cause::Undetermined => "whatever the row's missing column names",
    }
}

/// Explains one incident of a report.
pub fn incident(id: &str, path: &Path, layout: TextLayout) -> Result<String, Error> {
    let rows = baseline::read(path)?;
    let id = id.trim();
    match rows.iter().find(|r| r.incident_id.eq_ignore_ascii_case(id)) {
        Some(row) => Ok(story(row, layout)),
        None => {
            let begins = |r: &&Row| r.incident_id.starts_with(&id.to_lowercase());
            let mut like = rows.iter().filter(begins).take(2).map(|r| r.incident_id.clone());
            let similar_id = like.next().filter(|_| !id.is_empty() && like.next().is_none());
            Err(Error::NoIncident { path: path.to_path_buf(), id: id.to_owned(), similar_id })
        }
    }
}

fn story(row: &Row, layout: TextLayout) -> String {
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
    writer.say(&match row.events {
        1 => format!("1 event at {}", row.last_seen),
        events => format!("{} from {} to {}", counted(events, "event"), row.first_seen, row.last_seen),
    });
    let of_role = |wanted: fn(EvidenceRole) -> bool| -> Vec<String> {
        row.evidence.iter().filter(|item| wanted(item.role)).map(EvidenceItem::cell).collect()
    };
    let shown = |role| matches!(role, EvidenceRole::For | EvidenceRole::Against);
    section(&mut writer, "Evidence", &of_role(shown), false);
    section(&mut writer, "Other causes that fit", &of_role(|role| role == EvidenceRole::Rival), false);
    section(&mut writer, "Causes that were excluded", &of_role(|role| role == EvidenceRole::Excludes), false);
    let missing: Vec<String> = row.missing.iter().map(|item| item.text.clone()).collect();
    section(&mut writer, "What to check next", &missing, false);
    let fix: Vec<String> = row.fix.iter().map(|step| step.text.clone()).collect();
    section(&mut writer, "To fix it, in this order", &fix, true);
    section(&mut writer, "Logs", &row.logs, false);
    writer.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_and_kind_is_explained_with_steps() {
        for kind in Kind::ALL {
            let text = topic(kind.name(), TextLayout::PLAIN).unwrap();
            assert!(!paragraph(CAUSES, kind.name()).is_empty(), "{kind}");
            assert!(text.contains("Recognised when") && text.contains("To fix it"), "{kind}");
        }
        for cause in Cause::ALL {
            assert!(topic(cause.name(), TextLayout::PLAIN).unwrap().contains(" / "), "{cause}");
            assert!(list(TextLayout::PLAIN).contains(cause.name()));
        }
    }

    #[test]
    fn a_mistyped_name_gets_a_suggestion() {
        let error = topic("misplased", TextLayout::PLAIN).unwrap_err().to_string();
        assert!(error.contains("did you mean misplaced?"), "{error}");
        assert!(!topic("weather", TextLayout::PLAIN).unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn an_incident_of_the_samples_is_told() {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
        let text = incident("I963B2FE1D1D6", &report, TextLayout::PLAIN).unwrap();
        assert!(text.contains("169.254.95.120") && text.contains("Evidence:"), "{text}");
        for copied in ["(samples/interfaces.csv:4)", r"(Program=C:\Windows\System32\wbem\WmiPrvSE.exe,"] {
            assert!(text.contains(copied), "{copied} is broken: {text}");
        }
        assert!(matches!(
            incident("i000000000000", &report, TextLayout::PLAIN),
            Err(Error::NoIncident { .. })
        ));
        let short = incident("i963b2f", &report, TextLayout::PLAIN).unwrap_err().to_string();
        assert!(short.contains("did you mean i963b2fe1d1d6?"), "{short}");
        let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/spns.csv");
        assert!(matches!(
            incident("x", &other, TextLayout::PLAIN),
            Err(Error::Report(SavedError::Foreign { .. }))
        ));
    }
}
