//! Published cases (`tests/data/cases`), diagnosed from their event alone.
//!
//! A case with a known cause gives that cause or, where the event does not show it, `possible` and what to collect. An
//! unresolved one is never `confirmed`. The rules are not tuned to this small set.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

use crate::support::data;
use crate::support::evtx::{EvtxWriter, kerberos_event4};

/// A cause in the collection of cases, its name in the report, and the request that `missing` must have where it is only
/// possible.
const CAUSES: [(&str, &str, &str); 5] = [
    ("loopback-shared-ip", "loopback-shared-ip", "What are the addresses of"),
    ("password-mismatch-machine", "password-mismatch", "Does the domain accept the machine password of"),
    ("encryption-type", "password-mismatch", "Which encryption types"),
    ("spn-on-wrong-account", "duplicate-spn", "Which account owns"),
    ("load-balancer-or-cluster", "wrong-host", "What "),
];

fn cases(name: &str) -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(data::path(name)).unwrap()).unwrap();
    assert!(!cases.is_empty(), "{name}");
    cases
}

fn text<'c>(case: &'c Value, field: &str) -> &'c str {
    case[field].as_str().unwrap_or_default()
}

/// The name of the client. Where the collection only describes it (`several machines`), a made-up name in the realm.
fn computer(case: &Value) -> String {
    let reporter = text(case, "reporter_computer");
    let host = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    match reporter.split_once(" (") {
        Some((name, rest)) if host(name) => match rest.trim_end_matches(')') {
            domain if host(domain) => format!("{name}.{domain}"),
            _ => name.to_owned(),
        },
        _ if host(reporter) => reporter.to_owned(),
        _ => match text(case, "client_realm") {
            "" => "client".to_owned(),
            realm => format!("client.{}", realm.to_lowercase()),
        },
    }
}

struct Row(csv::StringRecord);

impl Row {
    fn get(&self, name: &str) -> &str {
        &self.0[krbtriage::report::COLUMNS.iter().position(|c| *c == name).unwrap()]
    }
}

/// Runs the program on an EVTX log with the event. Returns the row of the report.
fn triage(case: &Value) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let log: PathBuf = folder.path().join("System.evtx");
    let event = kerberos_event4(
        &computer(case),
        text(case, "server"),
        text(case, "target_realm"),
        text(case, "target_name"),
        text(case, "client_realm"),
    );
    fs::write(&log, EvtxWriter::new().events([event]).finish()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
        .env("TZ", "UTC")
        .arg("triage")
        .arg(&log)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(case, "id"));
    let rows: Vec<_> = csv::Reader::from_reader(&*output.stdout).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "{}", text(case, "id"));
    Row(rows[0].clone())
}

#[test]
fn a_confirmed_case_gives_its_cause_or_says_what_to_collect() {
    for case in cases("cases/confirmed.json") {
        let (id, row) = (text(&case, "id").to_owned(), triage(&case));
        let (_, cause, collect) = CAUSES
            .into_iter()
            .find(|(name, ..)| *name == text(&case, "confirmed_cause"))
            .unwrap_or_else(|| panic!("{id}: a cause this test does not know"));
        let (confidence, missing) = (row.get("confidence"), row.get("missing"));
        assert_ne!(confidence, "confirmed", "{id}: an event alone proves nothing");
        assert!(
            row.get("cause") == cause || (confidence == "possible" && missing.contains(collect)),
            "{id}: {} {confidence}, missing {missing}",
            row.get("cause"),
        );
        assert!(!missing.is_empty(), "{id}");
    }
}

#[test]
fn an_unresolved_case_is_never_confirmed() {
    for case in cases("cases/unresolved.json") {
        let row = triage(&case);
        assert_ne!(row.get("confidence"), "confirmed", "{}", text(&case, "id"));
        assert!(!row.get("missing").is_empty(), "{}", text(&case, "id"));
    }
}

/// K13: a web program started by hand answers with the computer's key, and `setspn -L` shows whose SPN it is.
#[test]
fn an_spn_list_confirms_the_case_that_it_was_published_with() {
    let case = cases("cases/confirmed.json").into_iter().find(|case| case["id"] == "K13").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (log, spns) = (folder.path().join("System.evtx"), folder.path().join("spns.txt"));
    let event = kerberos_event4(
        "client.name.com",
        text(&case, "server"),
        "NAME.COM",
        text(&case, "target_name"),
        "NAME.COM",
    );
    fs::write(&log, EvtxWriter::new().events([event]).finish()).unwrap();
    let list = "Registered ServicePrincipalNames for CN=KerberosTestApp,CN=Users,DC=name,DC=com:\r\n\
                \tHTTP/theServer.name.com\r\n\tHTTP/theServer\r\n";
    fs::write(&spns, list).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
        .env("TZ", "UTC")
        .args(["triage", "--spns"])
        .args([&spns, &log])
        .output()
        .unwrap();
    let rows: Vec<_> = csv::Reader::from_reader(&*output.stdout).records().map(Result::unwrap).collect();
    let row = Row(rows[0].clone());
    assert_eq!((row.get("cause"), row.get("kind")), ("duplicate-spn", "kernel-mode"));
    // A web program that was started by hand, and IIS in kernel mode, look the same.
    assert_eq!(row.get("confidence"), "likely");
}
