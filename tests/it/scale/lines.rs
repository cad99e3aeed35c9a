//! The published file format.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::evtx::*;
use crate::support::program::*;

fn schema() -> Value {
    let path = format!("{}/docs/schema/events.schema.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An extraction with a line of every type.
fn lines() -> Vec<Value> {
    let sandbox = Sandbox::new();
    let mut cut = log([four("B", "srv8", 1, 10)]);
    cut.truncate(40_000);
    sandbox.write("cut.evtx", cut);
    let mut with_user = three("A", 2, 10);
    with_user.user = Some(sid("S-1-5-18"));
    sandbox.write("a.evtx", log([four("A\u{202e}é", "srv8", 1, 10), with_user]));
    let run = sandbox
        .run(&["extract", "--for-triage", "a.evtx", "cut.evtx", "missing.evtx", "-o", "e.jsonl"])
        .exits(3);
    assert!(run.stderr().contains("missing.evtx: there is no such file"), "{}", run.stderr());
    let text = sandbox.text("e.jsonl");
    assert!(text.is_ascii() && text.ends_with('\n'), "no console or code page spoils it");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_keeps_to_the_published_schema() {
    let schema = schema();
    let check = jsonschema::validator_for(&schema).unwrap();
    let lines = lines();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["begin", "event", "event", "log", "event", "log", "unread", "end"]);
    for line in &lines {
        let errors: Vec<String> = check.iter_errors(line).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
    }
    // The schema refuses what is wrong.
    for (line, pointer, wrong) in [
        (0, "/krbtriage", Value::from(2)),
        (1, "/event_id", Value::from(65536)),
        (1, "/log", Value::from("7")),
        (1, "/time_created", Value::from("yesterday")),
        (1, "/data/0/name", Value::from(7)),
        (1, "/type", Value::from("evnt")),
        (3, "/written", Value::from(-1)),
        (3, "/problems", Value::from("none")),
        (6, "/problem", Value::Null),
    ] {
        let mut broken = lines[line].clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!check.is_valid(&broken), "{line} {pointer}");
    }
}

#[test]
fn the_schema_knows_every_member() {
    let schema = schema();
    let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut written: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines() {
        written.entry(line["type"].as_str().unwrap().to_owned()).or_default().extend(keys(&line));
    }
    for (kind, members) in written {
        assert_eq!(members, keys(&schema["$defs"][&kind]["properties"]), "{kind}");
    }
}

#[test]
fn a_record_that_is_twice_in_a_log_is_written_once_and_live() {
    let sandbox = Sandbox::new();
    let event = || four("A", "srv8", 1, 10);
    let log = EvtxWriter::new().event(event()).event(event()).stale(event()).event(four("A", "srv8", 2, 11));
    sandbox.write("a.evtx", log.finish());
    sandbox.run(&["extract", "--for-triage", "--recover", "a.evtx", "-o", "e.jsonl"]).exits(0);
    let text = sandbox.text("e.jsonl");
    assert_eq!(text.matches("\"type\":\"event\"").count(), 2);
    assert!(!text.contains("slack"), "{text}");
    assert!(text.contains("\"repeated\":2,\"written\":2"), "{text}");
}

/// A bug: a log that was passed twice had each of its lines twice.
#[test]
fn a_log_that_is_passed_twice_or_with_its_extraction_is_written_once() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.write(&format!("{name}.evtx"), log((1..9).map(|i| four(name, "srv8", i, i))));
    }
    let extract = |inputs: &[&str]| {
        let run = sandbox.run(&[&["extract", "--for-triage"], inputs].concat()).exits(0);
        assert!(run.stderr().is_empty(), "{}", run.stderr());
        run.stdout()
    };
    let once = extract(&["a.evtx", "b.evtx"]);
    assert_eq!(extract(&["a.evtx", "b.evtx", "a.evtx", "b.evtx"]), once);
    sandbox.write("e.jsonl", extract(&["b.evtx"]));
    assert_eq!(extract(&["a.evtx", "e.jsonl", "b.evtx"]), once);
}

#[test]
fn the_same_logs_give_the_same_bytes() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}.evtx"), log((1..400).map(|i| four(name, "srv8", i, i))));
    }
    let extract = |threads: &str| {
        let arguments = ["extract", "--for-triage", "--threads", threads, "a.evtx", "b.evtx", "c.evtx"];
        sandbox.run(&arguments).exits(0).stdout()
    };
    assert_eq!(extract("1"), extract("7"));
    assert_eq!(extract("1").lines().count(), 2 + 3 + 3 * 399);
}

#[test]
fn an_extracted_log_keeps_its_name() {
    let sandbox = Sandbox::new();
    sandbox.write("copy.tmp", log([four("A", "srv8", 1, 10)]));
    sandbox
        .run(&["extract", "--for-triage", "--as", "s3://logs/a.evtx", "copy.tmp", "-o", "e.jsonl"])
        .exits(0);
    let report = sandbox.run(&["triage", "e.jsonl"]).exits(0).stdout();
    assert_eq!(rows(&report)[0]["logs"], "s3://logs/a.evtx");
    sandbox.run(&["extract", "--as", "x", "copy.tmp", "copy.tmp"]).exits(4);
    sandbox.run(&["extract", "--as", "x", "."]).exits(4);
    let missing = sandbox.run(&["extract", "--for-triage", "--as", "s3://x", "gone.tmp"]).exits(3);
    assert!(missing.stdout().contains(r#""path":"s3://x","problem":"s3://x: there is no such file"#));
}

/// A bug: an extraction ended its log with the last wanted record, so that `--state` resolved incidents later than from the
/// log itself.
#[test]
fn a_state_gets_the_end_of_a_log_from_its_extraction() {
    let sandbox = Sandbox::new();
    let later = event_log("A.alpha.example.com", 6013, &["", "", "86400"]).record_id(2).at(&at(600));
    sandbox.write("a.evtx", log([four("A", "srv8", 1, 10), later]));
    sandbox.run(&["extract", "--for-triage", "a.evtx", "-o", "a.jsonl"]).exits(0);
    let read_to = |input: &str, state: &str| {
        sandbox.run(&["triage", input, "--state", state, "-o", "report.csv"]).exits(0);
        let state: Value = serde_json::from_str(sandbox.unpacked(state).lines().next().unwrap()).unwrap();
        state["logs"][0]["read_to"].clone()
    };
    assert_eq!(read_to("a.evtx", "of-log.json"), at(600));
    assert_eq!(read_to("a.jsonl", "of-extraction.json"), at(600));
}

/// A bug: the date of a log's file was asked of the file that has the path in an extraction. So the report depended on the
/// machine that made it, and a crafted extraction made the program ask a share of somebody else's for a file.
#[test]
fn an_extraction_has_the_date_of_its_log_and_the_log_is_not_looked_up() {
    let sandbox = Sandbox::new();
    let (client, target) = ("SRV1.alpha.example.com", "host/srv2.beta.example.com");
    let event = kerberos_event4(client, "srv1$", "ALPHA.EXAMPLE.COM", target, "BETA.EXAMPLE.COM");
    let later = event_log(client, 6013, &["", "", "86400"]).record_id(2);
    sandbox.write(
        "a.evtx",
        log([event.record_id(1).at("2026-03-01T10:00:00Z"), later.at("2026-03-05T10:00:00Z")]),
    );
    sandbox.write(
        "addresses.csv",
        "host,address\nSRV1.alpha.example.com,169.254.95.120\nsrv2.beta.example.com,169.254.95.120\n",
    );
    let dated = |name: &str, time: &str| {
        let file = std::fs::File::options().write(true).open(sandbox.folder().join(name)).unwrap();
        file.set_modified(std::time::SystemTime::try_from(time.parse::<jiff::Timestamp>().unwrap()).unwrap())
            .unwrap();
    };
    dated("a.evtx", "2026-03-05T11:00:00Z");
    dated("addresses.csv", "2026-03-05T12:00:00Z");
    let triage = |input: &str| sandbox.run(&["triage", "-i", "addresses.csv", input]).exits(0).stdout();
    let expected = triage("a.evtx");
    assert!(expected.contains("addresses.csv is from 2026-03-05T12:00:00Z"), "{expected}");
    sandbox.run(&["extract", "--for-triage", "a.evtx", "-o", "a.jsonl"]).exits(0);
    // As on a machine where that path is another file, or none.
    dated("a.evtx", "2026-11-01T11:00:00Z");
    assert_eq!(triage("a.jsonl"), expected);
    std::fs::remove_file(sandbox.folder().join("a.evtx")).unwrap();
    assert_eq!(triage("a.jsonl"), expected);
}
