//! `krbtriage explain` describes a symptom, a cause or a kind, or an incident or a problem of a report.
//!
//! A file imports only files listed before it: `error`, `section`, `code`, `symptom_table`, `symptom`, `saved_incident` (an incident or
//! problem of a report), `decision_trace` (an incident with the inputs of its report).

mod code;
mod decision_trace;
mod error;
mod saved_incident;
mod section;
mod symptom;
mod symptom_table;

use super::audit::AuditKind;
use crate::diagnosis::{Cause, Kind, RULES, general_fix};
use crate::inventory::addresses::vendors::AdapterKind;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter};

pub use decision_trace::with_decision;
pub use error::Error;
pub use saved_incident::{is_id, of_report};
pub use symptom::markdown;

use section::section;
use symptom::Topic;

/// Document with a paragraph about each kind of incident.
const CAUSES: &str = include_str!("../../../docs/causes.md");
/// Document with a paragraph about each kind that only an audit has.
const AUDIT: &str = include_str!("../../../docs/audit.md");

/// Lists all causes and their kinds, one per line.
pub fn list(layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    writer.say("Causes, and the kinds of each:");
    for cause in Cause::ALL {
        writer.blank_line();
        let name = writer.styled(TextRole::Strong, cause.name());
        writer.line("", &name);
        for kind in kinds_of(cause) {
            writer.line("    ", kind.name());
        }
    }
    writer.blank_line();
    writer.say("Kinds that only `krbtriage audit` has:");
    writer.blank_line();
    for kind in AuditKind::AUDIT_ONLY {
        writer.line("    ", kind.name());
    }
    writer.blank_line();
    let text = format!(
        "{} explains one: how it is recognised, what proves it, and how to fix it. {} explains a code or a message.",
        writer.styled(TextRole::Command, "krbtriage explain NAME"),
        writer.styled(TextRole::Command, "krbtriage explain 0x80070721")
    );
    writer.line("", &text);
    writer.into_text()
}

fn kinds_of(cause: Cause) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.cause() == cause).collect()
}

/// Explains a symptom (a code, an event or a message), a cause or a kind. Fails if `name` is none of these.
pub fn topic(name: &str, layout: TextLayout) -> Result<String, Error> {
    let wanted = name.trim().to_lowercase();
    let mut writer = TextWriter::new(layout);
    if let Some(cause) = Cause::ALL.into_iter().find(|c| c.name() == wanted) {
        for (i, kind) in kinds_of(cause).into_iter().enumerate() {
            if i > 0 {
                writer.blank_line();
            }
            explain_kind(&mut writer, cause, kind);
        }
        return Ok(writer.into_text());
    }
    if let Some(kind) = AuditKind::AUDIT_ONLY.into_iter().find(|kind| kind.name() == wanted) {
        explain_audit_kind(&mut writer, kind);
        return Ok(writer.into_text());
    }
    // An audit calls this kind `other`.
    let is_other = wanted == AdapterKind::Other.name();
    let kind =
        Kind::ALL.into_iter().find(|k| k.name() == wanted || (is_other && *k == Kind::OtherSharedAddress));
    match kind {
        Some(kind) => explain_kind(&mut writer, kind.cause(), kind),
        None => return explain_symptom(name, layout),
    }
    Ok(writer.into_text())
}

fn explain_symptom(name: &str, layout: TextLayout) -> Result<String, Error> {
    match Topic::parse(name) {
        Some(topic) => Ok(symptom::explain(&topic, layout)),
        None if is_id(name) => Err(Error::NeedsReport { id: name.trim().to_owned() }),
        None => Err(Error::Unknown { name: name.to_owned() }),
    }
}

fn explain_kind(writer: &mut TextWriter, cause: Cause, kind: Kind) {
    let title = writer.styled(TextRole::Heading, &format!("{cause} / {kind}"));
    writer.line("", &title);
    writer.blank_line();
    writer.line("  ", &paragraph(CAUSES, kind.name()));
    let has_rules = RULES.iter().any(|r| r.kind == kind);
    let rule_kind = if has_rules { kind } else { general_kind(kind) };
    let rules = RULES.iter().filter(|r| r.cause == cause && r.kind == rule_kind);
    let mut rivals: Vec<String> = Vec::new();
    for rival in rules.clone().flat_map(|rule| rule.rivals) {
        let text = format!("{}: {}, unless excluded by {}", rival.cause, rival.story, rival.excluded_by);
        // Several rules of a kind have the same rivals.
        if !rivals.contains(&text) {
            rivals.push(text);
        }
    }
    let rules = rules.map(|r| format!("{}; {} ({})", r.topology.text(), r.when, r.confidence));
    section(writer, "Recognised when", &rules.collect::<Vec<_>>(), false);
    section(writer, "Confirmed only if these are excluded", &rivals, false);
    section(writer, "Proved by", &[proof_inputs(cause).to_owned()], false);
    section(writer, "Fix", &general_fix(kind), true);
}

/// Returns the more general kind whose rules also find `kind`, which has no rule of its own.
fn general_kind(kind: Kind) -> Kind {
    match kind {
        Kind::BmcUsbNic | Kind::VirtualSwitch | Kind::ClusterOrNlbAddress => Kind::OtherSharedAddress,
        Kind::KernelMode | Kind::TwoServices => Kind::Misplaced,
        Kind::ManagedServiceAccount => Kind::ServiceAccount,
        other => other,
    }
}

fn explain_audit_kind(writer: &mut TextWriter, kind: AuditKind) {
    let title = writer.styled(TextRole::Heading, &format!("audit / {}", kind.name()));
    writer.line("", &title);
    writer.blank_line();
    writer.line("  ", &paragraph(AUDIT, kind.name()));
    section(writer, "Fix", &kind.general_steps(), true);
}

/// Returns the paragraph of the document that begins with the name of the kind, as one line without backticks.
fn paragraph(document: &str, kind: &str) -> String {
    let start = format!("**`{kind}`** ");
    let text = document.replace("\r\n", "\n");
    let Some((_, rest)) = text.split_once(&start) else { return String::new() };
    let paragraph = rest.split("\n\n").next().unwrap_or_default();
    paragraph.replace('\n', " ").replace('`', "")
}

/// Describes the inputs that prove a cause.
fn proof_inputs(cause: Cause) -> &'static str {
    match cause {
        Cause::LoopbackSharedIp => {
            "addresses of both hosts (--interfaces: ipconfig /all > HOST.txt on each), with one in common"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_and_kind_is_explained_with_steps() {
        for kind in Kind::ALL {
            let text = topic(kind.name(), TextLayout::PLAIN).unwrap();
            assert!(!paragraph(CAUSES, kind.name()).is_empty(), "{kind}");
            assert!(text.contains("Recognised when") && text.contains("Fix:"), "{kind}");
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
}
