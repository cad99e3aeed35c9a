//! `krbtriage explain`: what a cause or kind is, or one incident's story.

use std::io;
use std::path::{Path, PathBuf};

use crate::findings::{Cause, Kind, RULES, fix};
use crate::report::COLUMNS;
use crate::report::row::LIST_SEPARATOR;

/// The paragraphs on kinds stand in the document alone, and are printed from it.
const CAUSES: &str = include_str!("../../docs/causes.md");

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("\"{name}\" is neither a cause nor a kind{}; krbtriage explain lists them", similar(.name))]
    Unknown { name: String },
    #[error("{}: cannot be read: {source}", path.display())]
    Report { path: PathBuf, source: io::Error },
    #[error("{}: this is no report of krbtriage triage: {why}", path.display())]
    NoReport { path: PathBuf, why: String },
    #[error("{}: no incident {id}; its first column has them", path.display())]
    NoIncident { path: PathBuf, id: String },
}

fn similar(name: &str) -> String {
    let names = Cause::ALL.iter().map(|c| c.name()).chain(Kind::ALL.iter().map(|k| k.name()));
    names
        .map(|n| (strsim::jaro_winkler(n, &name.to_lowercase()), n))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, n)| format!(" (did you mean {n}?)"))
        .unwrap_or_default()
}

/// All causes and their kinds, a line each.
pub fn list() -> String {
    let mut out = String::from("Causes, and the kinds of each:\n\n");
    for cause in Cause::ALL {
        out.push_str(&format!("{cause}\n"));
        for kind in kinds_of(cause) {
            out.push_str(&format!("    {kind}\n"));
        }
    }
    out.push_str(
        "\nkrbtriage explain NAME tells what one is, how it is recognised and proved, and how to mend it.\n",
    );
    out
}

/// The kinds a cause comes in, in the order of the decision table. A shared address has its adapter's kind.
fn kinds_of(cause: Cause) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for rule in RULES.iter().filter(|r| r.cause == cause) {
        let adapters =
            [Kind::BmcUsbNic, Kind::VirtualSwitch, Kind::ClusterOrNlbAddress, Kind::OtherSharedAddress];
        let of_rule: &[Kind] =
            if rule.kind == Kind::OtherSharedAddress { &adapters } else { std::slice::from_ref(&rule.kind) };
        for &kind in of_rule {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds
}

/// What a cause or a kind is, how it is recognised, what proves it, how to mend it.
pub fn topic(name: &str) -> Result<String, Error> {
    let wanted = name.trim().to_lowercase();
    if let Some(cause) = Cause::ALL.into_iter().find(|c| c.name() == wanted) {
        let mut out = format!("{cause}\n");
        for kind in kinds_of(cause) {
            out.push('\n');
            out.push_str(&of_kind(cause, kind));
        }
        return Ok(out);
    }
    let kind = Kind::ALL.into_iter().find(|k| k.name() == wanted);
    let cause = kind.and_then(|k| Cause::ALL.into_iter().find(|c| kinds_of(*c).contains(&k)));
    match (cause, kind) {
        (Some(cause), Some(kind)) => Ok(of_kind(cause, kind)),
        _ => Err(Error::Unknown { name: name.to_owned() }),
    }
}

fn of_kind(cause: Cause, kind: Kind) -> String {
    let mut out = format!("{cause} / {kind}\n\n");
    for line in textwrap::wrap(&paragraph(kind), whole_words(96)) {
        out.push_str(&format!("  {line}\n"));
    }
    out.push_str("\n  Recognised when (A asked, B answered, C was meant):\n");
    let table_kind = |k: Kind| match k {
        Kind::BmcUsbNic | Kind::VirtualSwitch | Kind::ClusterOrNlbAddress => Kind::OtherSharedAddress,
        k => k,
    };
    for rule in RULES.iter().filter(|r| r.cause == cause && r.kind == table_kind(kind)) {
        item(&mut out, &format!("{}; {} ({})", rule.shape.text(), rule.when, rule.confidence));
    }
    out.push_str("\n  Proved by:\n");
    item(&mut out, proof_of(cause));
    out.push_str("\n  To mend it, in this order:\n");
    for step in fix(cause, kind) {
        item(&mut out, step);
    }
    out
}

/// Lines end at blanks only: a path, a name or a command is copied from the terminal.
fn whole_words(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
}

fn item(out: &mut String, text: &str) {
    let options = whole_words(96).initial_indent("  - ").subsequent_indent("    ");
    for line in textwrap::wrap(text, options) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// The document's paragraph that begins with the kind's name.
fn paragraph(kind: Kind) -> String {
    let start = format!("**`{kind}`** ");
    let text = CAUSES.replace("\r\n", "\n");
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

/// One incident of a report, told.
pub fn incident(id: &str, path: &Path) -> Result<String, Error> {
    let broken = |why: String| Error::NoReport { path: path.to_path_buf(), why };
    let mut reader = csv::Reader::from_path(path).map_err(|e| match e.into_kind() {
        csv::ErrorKind::Io(source) => Error::Report { path: path.to_path_buf(), source },
        other => broken(format!("{other:?}")),
    })?;
    let headers = reader.headers().map_err(|e| broken(e.to_string()))?.clone();
    if headers.iter().take(COLUMNS.len()).ne(COLUMNS) {
        return Err(broken("its columns are others".to_owned()));
    }
    for record in reader.records() {
        let record = record.map_err(|e| broken(e.to_string()))?;
        if record.get(0).is_some_and(|own| own.eq_ignore_ascii_case(id.trim())) {
            return Ok(story(&record));
        }
    }
    Err(Error::NoIncident { path: path.to_path_buf(), id: id.to_owned() })
}

fn story(record: &csv::StringRecord) -> String {
    let cell =
        |name: &str| COLUMNS.iter().position(|c| *c == name).and_then(|i| record.get(i)).unwrap_or_default();
    let mut out = format!("Incident {} of problem {}\n", cell("incident_id"), cell("problem_id"));
    out.push_str(&format!("{} / {}, {}\n\n", cell("cause"), cell("kind"), cell("confidence")));
    for line in textwrap::wrap(&format!("{}.", cell("explanation")), whole_words(98)) {
        out.push_str(&format!("{line}\n"));
    }
    out.push_str(&match cell("events") {
        "1" => format!("\n1 event at {}\n", cell("last_seen")),
        events => format!("\n{events} events from {} to {}\n", cell("first_seen"), cell("last_seen")),
    });
    for (title, column) in [
        ("Evidence", "evidence"),
        ("Missing", "missing"),
        ("To mend it, in this order", "fix"),
        ("Logs", "logs"),
    ] {
        let items: Vec<&str> = cell(column).split(LIST_SEPARATOR).filter(|i| !i.is_empty()).collect();
        if !items.is_empty() {
            out.push_str(&format!("\n{title}:\n"));
            items.iter().for_each(|i| item(&mut out, i));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_and_kind_is_explained_with_steps() {
        for kind in Kind::ALL {
            let text = topic(kind.name()).unwrap();
            assert!(!paragraph(kind).is_empty(), "{kind}");
            assert!(text.contains("Recognised when") && text.contains("To mend it"), "{kind}");
        }
        for cause in Cause::ALL {
            assert!(topic(cause.name()).unwrap().contains(" / "), "{cause}");
            assert!(list().contains(cause.name()));
        }
    }

    #[test]
    fn a_mistyped_name_gets_a_suggestion() {
        let error = topic("misplased").unwrap_err().to_string();
        assert!(error.contains("did you mean misplaced?"), "{error}");
        assert!(!topic("weather").unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn an_incident_of_the_samples_is_told() {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
        let text = incident("I963B2FE1D1D6", &report).unwrap();
        assert!(text.contains("169.254.95.120") && text.contains("Evidence:"), "{text}");
        for copied in ["(samples/interfaces.csv:4)", r"(Program=C:\Windows\System32\wbem\WmiPrvSE.exe,"] {
            assert!(text.contains(copied), "{copied} is broken: {text}");
        }
        assert!(matches!(incident("i000000000000", &report), Err(Error::NoIncident { .. })));
        let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/spns.csv");
        assert!(matches!(incident("x", &other), Err(Error::NoReport { .. })));
    }
}
