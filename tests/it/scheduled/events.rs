use std::collections::BTreeMap;

use crate::support::program::*;

fn per_incident(events: &Rows) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event["incident_id"].clone()).or_default() += 1;
    }
    counts
}

#[test]
fn the_events_of_the_samples_are_those_the_report_counts() {
    let sandbox = Sandbox::new();
    let logs = sample("logs");
    for threads in ["1", "4"] {
        let csv = format!("{threads}.csv");
        let lines = format!("{threads}.jsonl");
        sandbox.run(&["triage", &logs, "-o", "r.csv", "--events", &csv, "--threads", threads]).exits(0);
        sandbox.run(&["triage", &logs, "-o", "r.csv", "--events", &lines, "--threads", threads]).exits(0);
    }
    assert_eq!(sandbox.text("1.csv"), sandbox.text("4.csv"), "the order does not depend on threads");
    assert_eq!(sandbox.text("1.jsonl"), sandbox.text("4.jsonl"));
    let events = rows(&sandbox.text("1.csv"));
    let report: BTreeMap<String, u64> = rows(&sandbox.text("r.csv"))
        .iter()
        .map(|r| (r["incident_id"].clone(), r["events"].parse().unwrap()))
        .collect();
    assert_eq!(per_incident(&events), report);
    assert!(events.is_sorted_by_key(|e| e["time_created"].parse::<jiff::Timestamp>().unwrap()));
    let again: Vec<_> = events.iter().filter(|e| e["log"].contains("again")).collect();
    assert_eq!(again.len(), 4, "of two exports that hold an event the first by name is reported");
    for (event, line) in events.iter().zip(sandbox.text("1.jsonl").lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for (column, cell) in event {
            let value = line[column].as_str().map_or_else(|| line[column].to_string(), str::to_owned);
            assert_eq!(*cell, value, "{column}");
        }
    }
}

#[test]
fn a_twin_is_listed_only_when_it_counts() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "A.evtx",
        log([
            four("A", "srv8", 1, 10),
            three("A", 2, 10),
            // The log lacks its event 4.
            three("A", 3, 20),
            // It has another responder, so it is an incident of its own.
            three("B", 9, 10),
        ]),
    );
    sandbox.run(&["triage", "A.evtx", "-o", "r.csv", "--events", "e.csv"]).exits(0);
    let events = rows(&sandbox.text("e.csv"));
    let ids: Vec<_> = events.iter().map(|e| (&*e["event_id"], &*e["record_id"])).collect();
    assert_eq!(ids, [("4", "1"), ("3", "9"), ("3", "3")]);
    assert_eq!(events[0]["incident_id"], events[2]["incident_id"]);
    let report: BTreeMap<String, u64> = rows(&sandbox.text("r.csv"))
        .iter()
        .map(|r| (r["incident_id"].clone(), r["events"].parse().unwrap()))
        .collect();
    assert_eq!(per_incident(&events), report);
}

#[test]
fn a_lonely_twin_with_all_the_names_of_an_incident_is_of_that_incident() {
    let sandbox = Sandbox::new();
    let names = "A.alpha.example.com";
    let three = crate::support::evtx::kerberos_event3(
        names,
        "0x29",
        "KRB_AP_ERR_MODIFIED",
        "ALPHA.EXAMPLE.COM",
        "srv9$",
        "cifs/srv8.alpha.example.com",
    )
    .at(&at(500));
    // Event 3 has no client realm, and here the incident has none either.
    let (realm, target) = ("ALPHA.EXAMPLE.COM", "cifs/srv8.alpha.example.com");
    let four = crate::support::evtx::kerberos_event4(names, "srv9$", realm, target, "").at(&at(10));
    sandbox.write("A.evtx", log([four, three]));
    let report = sandbox.run(&["triage", "A.evtx"]).exits(0).stdout();
    let ids: Vec<String> = rows(&report).iter().map(|r| r["incident_id"].clone()).collect();
    let mut unique = ids.clone();
    unique.dedup();
    assert_eq!(ids, unique, "no incident is there twice");
}

#[test]
fn many_events_come_in_order_and_each_once() {
    let sandbox = Sandbox::new();
    let many = |from: u64, to: u64| {
        log((from..to).map(|n| four("A", &format!("srv{}", n % 7), n + 1, 1 + n * 7919 % 5_000 / 10)))
    };
    sandbox.write("logs/a.evtx", many(0, 3_000));
    sandbox.write("logs/b.evtx", many(2_000, 5_000));
    sandbox.run(&["triage", "logs", "-o", "r.csv", "--events", "e.csv"]).exits(0);
    let events = rows(&sandbox.text("e.csv"));
    let key =
        |e: &BTreeMap<String, String>| (e["time_created"].clone(), e["record_id"].parse::<u64>().unwrap());
    assert!(events.is_sorted_by_key(key));
    let mut ids: Vec<u64> = events.iter().map(|e| key(e).1).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=5_000).collect::<Vec<_>>());
}
