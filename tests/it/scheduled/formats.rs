use std::collections::BTreeSet;

use krbtriage::diagnosis::{Cause, Confidence, Kind};
use krbtriage::report::{COLUMNS, PROBLEM_COLUMNS, Status};
use serde_json::Value;

use crate::support::program::*;

fn schema(name: &str) -> Value {
    let path = format!("{}/docs/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The samples' report in every format at once.
fn samples() -> Sandbox {
    let sandbox = Sandbox::new();
    let (interfaces, spns, logs) = (sample("interfaces.csv"), sample("spns.csv"), sample("logs"));
    let inputs = ["triage", "-i", &interfaces, "-s", &spns, &logs];
    let outputs =
        ["-o", "r.csv", "-o", "r.json", "-o", "r.jsonl", "--problems", "p.csv", "--events", "e.csv"];
    sandbox.run(&[&inputs[..], &outputs].concat()).exits(0);
    sandbox
}

/// An item of a list as a cell has it.
fn cell(item: &Value) -> String {
    let text = item.as_str().or_else(|| item["text"].as_str()).expect("a text").replace("; ", ";");
    if item["role"] == "against" { format!("against it: {text}") } else { text }
}

/// Where a person sees an item of evidence, from its members.
fn section(item: &Value) -> &'static str {
    match (item["role"].as_str().unwrap(), item["kind"].as_str().unwrap(), item["relation"].as_str()) {
        ("against" | "rival", ..) => "caveat",
        ("excludes", ..) => "considered",
        (_, "assumed" | "perhaps-another" | "from-slack", _) => "caveat",
        (_, "event", Some("near")) | (_, "more-events", _) => "context",
        _ => "proof",
    }
}

#[test]
fn all_formats_hold_the_same() {
    let sandbox = samples();
    let csv = rows(&sandbox.text("r.csv"));
    let json: Value = serde_json::from_str(&sandbox.text("r.json")).unwrap();
    let lines: Vec<Value> =
        sandbox.text("r.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(json["incidents"].as_array().unwrap(), &lines);
    assert_eq!(csv.len(), lines.len());
    let text = |value: &Value| match value {
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for (row, object) in csv.iter().zip(&lines) {
        for column in COLUMNS {
            // These are members of the items.
            let (list, member) = match column {
                "evidence_roles" => ("evidence", "role"),
                "requests" => ("missing", "request"),
                "evidence_sections" => {
                    let items = object["evidence"].as_array().unwrap();
                    assert_eq!(row[column], items.iter().map(section).collect::<Vec<_>>().join("; "));
                    continue;
                }
                column => {
                    assert_eq!(row[column], text(&object[column]), "{column}");
                    continue;
                }
            };
            let items = object[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap());
            assert_eq!(row[column], items.collect::<Vec<_>>().join("; "), "{column}");
        }
    }
    let problems = rows(&sandbox.text("p.csv"));
    for (row, object) in problems.iter().zip(json["problems"].as_array().unwrap()) {
        for column in PROBLEM_COLUMNS.iter().filter(|c| **c != "incidents") {
            assert_eq!(row[*column], text(&object[*column]), "{column}");
        }
        assert_eq!(row["incidents"], object["incidents"].as_array().unwrap().len().to_string());
    }
    for (format, file) in [("csv", "r.csv"), ("json", "r.json"), ("jsonl", "r.jsonl")] {
        let run = sandbox.run(&["triage", &sample("logs"), "--format", format]).exits(0);
        let again = sandbox.run(&["triage", &sample("logs"), "-o", file, "-o", "-", "--format", format]);
        assert_eq!(sandbox.text(file), run.stdout(), "{format}: a file and standard output are the same");
        assert_eq!(again.stdout(), run.stdout());
    }
}

#[test]
fn the_json_keeps_to_its_published_schema() {
    let sandbox = samples();
    let (report, incident) = (schema("report"), schema("incident"));
    let json: Value = serde_json::from_str(&sandbox.text("r.json")).unwrap();
    let check = jsonschema::validator_for(&report).unwrap();
    let errors: Vec<String> = check.iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let check = jsonschema::validator_for(&incident).unwrap();
    for line in sandbox.text("r.jsonl").lines() {
        assert!(check.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
    // The schema refuses what is wrong.
    for (pointer, wrong) in [
        ("/version", Value::from(3)),
        ("/incidents/0/cause", Value::from("bad-luck")),
        ("/incidents/0/evidence", Value::from("text")),
        ("/incidents/0/first_seen", Value::from("yesterday")),
        ("/problems/0/incidents", Value::from(Vec::<String>::new())),
    ] {
        let mut broken = json.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!jsonschema::is_valid(&report, &broken), "{pointer}");
    }
}

#[test]
fn the_schema_knows_every_member_and_every_name() {
    let sandbox = samples();
    let (report, incident) = (schema("report"), schema("incident"));
    let mut alone = incident.clone();
    for member in ["$schema", "title", "$comment"] {
        alone.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(report["$defs"]["incident"], alone, "one incident, two files");
    let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let json: Value = serde_json::from_str(&sandbox.text("r.json")).unwrap();
    for (what, list) in [("incident", "incidents"), ("problem", "problems")] {
        let known = &report["$defs"][what];
        assert_eq!(keys(&json[list][0]), keys(&known["properties"]), "{what}");
        let required: BTreeSet<String> =
            known["required"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect();
        assert_eq!(required, keys(&known["properties"]), "{what}");
        let names = |column: &str| known["properties"][column]["enum"].clone();
        assert_eq!(names("cause"), Value::from(Cause::ALL.map(Cause::name).to_vec()));
        assert_eq!(names("kind"), Value::from(Kind::ALL.map(Kind::name).to_vec()));
        assert_eq!(names("confidence"), Value::from(Confidence::ALL.map(Confidence::name).to_vec()));
        assert_eq!(names("status"), Value::from(Status::ALL.map(Status::name).to_vec()));
    }
}

#[test]
fn no_output_is_written_when_one_cannot_be() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("r.csv", "old");
    std::fs::create_dir(sandbox.path("folder.json")).unwrap();
    for bad in ["folder.json", "nowhere/r.json"] {
        sandbox.run(&["triage", "A.evtx", "-o", "r.csv", "-o", bad, "--problems", "p.csv"]).exits(4);
        assert_eq!(sandbox.text("r.csv"), "old");
        assert_eq!(sandbox.files(), ["A.evtx", "r.csv"]);
    }
    sandbox.run(&["triage", "A.evtx", "-o", "r.csv", "-o", "r.pdf"]).exits(2);
    let stderr = sandbox.run(&["triage", "A.evtx", "-o", "r.csv", "--problems", "r.csv"]).exits(2).stderr();
    assert!(stderr.contains("two outputs cannot go to one file"), "{stderr}");
    sandbox.run(&["triage", "A.evtx", "-o", "r.json", "--state", "r.json"]).exits(2);
    sandbox.run(&["triage", "A.evtx", "--events", "e.json"]).exits(2);
}

#[test]
fn a_report_of_nothing_is_whole_in_every_format_and_a_baseline() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([crate::support::evtx::service_state("A", "Time", "running")]));
    sandbox.write("B.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.run(&["triage", "A.evtx", "-o", "r.csv", "-o", "r.json", "-o", "r.jsonl"]).exits(0);
    assert!(jsonschema::is_valid(&schema("report"), &serde_json::from_str(&sandbox.text("r.json")).unwrap()));
    for baseline in ["r.csv", "r.json", "r.jsonl"] {
        let report = sandbox.run(&["triage", "B.evtx", "--baseline", baseline]).exits(0).stdout();
        assert_eq!(reported(&report), want(&[("A", "cifs/srv8", 1, "new")]), "{baseline}");
    }
}
