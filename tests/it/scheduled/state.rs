use crate::support::evtx::Event;
use crate::support::program::*;

/// Runs triage with a state. Returns the rows of the report and standard error.
fn night(sandbox: &Sandbox, logs: &[&str]) -> (Vec<(String, String, u64, String)>, String) {
    let mut arguments = vec!["triage", "--state", "state.json", "-o", "report.csv", "--events", "events.csv"];
    arguments.extend(logs);
    let run = sandbox.run(&arguments).exits(0);
    (reported(&sandbox.text("report.csv")), run.stderr())
}

fn records(sandbox: &Sandbox) -> Vec<u64> {
    rows(&sandbox.text("events.csv")).iter().map(|r| r["record_id"].parse().unwrap()).collect()
}

#[test]
fn a_growing_export_is_reported_once() {
    let sandbox = Sandbox::new();
    let all: Vec<_> =
        (1..=9).map(|n| four("A", if n % 3 == 0 { "rare" } else { "often" }, n, n * 10)).collect();
    sandbox.write("A.evtx", log(all[..4].to_vec()));
    let (first, _) = night(&sandbox, &["A.evtx"]);
    assert_eq!(first, want(&[("A", "cifs/often", 3, "new"), ("A", "cifs/rare", 1, "new")]));
    assert_eq!(records(&sandbox), [1, 2, 3, 4]);

    sandbox.write("A.evtx", log(all[..5].to_vec()));
    let (second, said) = night(&sandbox, &["A.evtx"]);
    assert_eq!(second, want(&[("A", "cifs/often", 1, "ongoing"), ("A", "cifs/rare", 0, "ongoing")]));
    assert_eq!(records(&sandbox), [5]);
    assert_eq!(said, "", "a growing log is nothing to speak of");
    let first_seen = &rows(&sandbox.text("report.csv"))[0]["first_seen"];
    assert_eq!(*first_seen, at(10));

    sandbox.write("A.evtx", log(all.clone()));
    let (third, _) = night(&sandbox, &["A.evtx"]);
    assert_eq!(third, want(&[("A", "cifs/often", 2, "ongoing"), ("A", "cifs/rare", 2, "ongoing")]));
    assert!(records(&sandbox) == [6, 7, 8, 9]);
}

/// An event that triage reads and that belongs to no incident of the test. It continues the log of `client`.
fn tick(client: &str, record_id: u64, minutes: u64) -> Event {
    four(client, "tick", record_id, minutes)
}

fn without_ticks(report: Vec<(String, String, u64, String)>) -> Vec<(String, String, u64, String)> {
    report.into_iter().filter(|row| row.1 != "cifs/tick").collect()
}

#[test]
fn the_same_export_again_resolves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10), four("A", "srv7", 2, 3 * 1440)]));
    night(&sandbox, &["A.evtx"]);
    for _ in 0..2 {
        let (report, said) = night(&sandbox, &["A.evtx"]);
        assert_eq!(report, want(&[("A", "cifs/srv7", 0, "ongoing"), ("A", "cifs/srv8", 0, "ongoing")]));
        assert!(records(&sandbox).is_empty() && said.is_empty(), "{said}");
        sandbox.run(&["triage", "A.evtx", "--state", "state.json", "--fail-on", "new,new-problem"]).exits(0);
    }
    let mut seen: Vec<_> = rows(&sandbox.text("report.csv"))
        .iter()
        .map(|r| (r["target_spn"].clone(), r["first_seen"].clone(), r["last_seen"].clone()))
        .collect();
    seen.sort();
    let both = [("cifs/srv7.alpha.example.com", at(3 * 1440)), ("cifs/srv8.alpha.example.com", at(10))];
    assert_eq!(seen, both.map(|(spn, time)| (spn.into(), time.clone(), time)));
}

#[test]
fn an_incident_is_resolved_when_its_log_went_on_for_a_day_without_it_and_reopened_when_it_comes_back() {
    let sandbox = Sandbox::new();
    let mut events = vec![four("A", "srv8", 1, 10), four("A", "srv8", 2, 20)];
    let mut run = |more: Event, arguments: &[&str]| {
        events.push(more);
        sandbox.write("A.evtx", log(events.clone()));
        let all = [&["triage", "A.evtx", "--state", "state.json", "-o", "report.csv"], arguments].concat();
        sandbox.run(&all).exits(0);
        without_ticks(reported(&sandbox.text("report.csv")))
    };
    assert_eq!(run(tick("A", 3, 30), &[]), want(&[("A", "cifs/srv8", 2, "new")]));
    assert_eq!(run(tick("A", 4, 20 + 1439), &[]), want(&[("A", "cifs/srv8", 0, "ongoing")]), "23:59 later");
    assert_eq!(
        run(tick("A", 5, 20 + 1440), &["--resolved-after", "7d"]),
        want(&[("A", "cifs/srv8", 0, "ongoing")])
    );
    let resolved = want(&[("A", "cifs/srv8", 2, "resolved")]);
    assert_eq!(run(tick("A", 6, 20 + 1441), &[]), resolved, "with the events of the run that saw it last");
    assert_eq!(run(tick("A", 7, 20 + 1442), &[]), resolved, "and it stays so");
    assert_eq!(run(four("A", "srv8", 8, 3000), &[]), want(&[("A", "cifs/srv8", 1, "reopened")]));
    assert_eq!(rows(&sandbox.text("report.csv"))[0]["first_seen"], at(10));
    assert_eq!(run(four("A", "srv8", 9, 3001), &[]), want(&[("A", "cifs/srv8", 1, "ongoing")]));
    assert_eq!(
        run(tick("A", 10, 3002), &["--resolved-after", "0s"]),
        want(&[("A", "cifs/srv8", 1, "resolved")])
    );
}

#[test]
fn a_log_that_did_not_come_tonight_resolves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("B.evtx", log([four("B", "srv8", 1, 10)]));
    night(&sandbox, &["A.evtx", "B.evtx"]);
    sandbox.write("B.evtx", log([four("B", "srv8", 1, 10), four("B", "srv8", 2, 9 * 1440)]));
    let (report, _) = night(&sandbox, &["B.evtx"]);
    assert_eq!(report, want(&[("A", "cifs/srv8", 0, "ongoing"), ("B", "cifs/srv8", 1, "ongoing")]));
    let silent =
        rows(&sandbox.text("report.csv")).into_iter().find(|r| r["client"].starts_with('A')).unwrap();
    assert!(silent["missing"].contains("Does A.alpha.example.com still log event 4"), "{silent:?}");
    // The log comes again with more records, none of which triage reads.
    let other = four("A", "srv8", 1, 10);
    sandbox.write(
        "A.evtx",
        log([
            other,
            crate::support::evtx::event_log("A.alpha.example.com", 6013, &["", "", "86400"])
                .at(&at(9 * 1440))
                .record_id(2),
        ]),
    );
    let (report, _) = night(&sandbox, &["A.evtx", "B.evtx"]);
    assert_eq!(report, want(&[("A", "cifs/srv8", 1, "resolved"), ("B", "cifs/srv8", 0, "ongoing")]));
}

#[test]
fn a_log_that_is_cut_tonight_resolves_nothing() {
    let sandbox = Sandbox::new();
    let whole = log((1..=400).map(|n| four("A", if n == 1 { "rare" } else { "often" }, n, n * 10)));
    sandbox.write("A.evtx", log([four("A", "rare", 1, 10), four("A", "often", 2, 20)]));
    night(&sandbox, &["A.evtx"]);
    sandbox.write("A.evtx", &whole[..whole.len() - 30_000]);
    let run = sandbox.run(&["triage", "A.evtx", "--state", "state.json", "-o", "report.csv"]).exits(3);
    assert!(run.stderr().contains("A.evtx"));
    let report = reported(&sandbox.text("report.csv"));
    assert!(report.contains(&("A".into(), "cifs/rare".into(), 0, "ongoing".into())), "{report:?}");
}

#[test]
fn what_was_missing_and_is_given_now_changes_the_verdict_of_reported_events() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    night(&sandbox, &["A.evtx"]);
    let confidence = || rows(&sandbox.text("report.csv"))[0]["confidence"].clone();
    assert_ne!(confidence(), "confirmed");
    sandbox.write("spns.csv", "account,domain,spn\r\nsrv9$,alpha.example.com,HOST/srv9.alpha.example.com\r\nsrv8$,alpha.example.com,HOST/srv8.alpha.example.com\r\n");
    sandbox.write(
        "addresses.csv",
        "host,address\r\nsrv8.alpha.example.com,192.0.2.8\r\nsrv9.alpha.example.com,192.0.2.9\r\n",
    );
    sandbox
        .run(&[
            "triage",
            "A.evtx",
            "--state",
            "state.json",
            "-s",
            "spns.csv",
            "-i",
            "addresses.csv",
            "-o",
            "report.csv",
        ])
        .exits(0);
    let row = rows(&sandbox.text("report.csv")).remove(0);
    assert_eq!((&*row["events"], &*row["status"]), ("0", "ongoing"));
    assert!(row["evidence"].contains("spns.csv") || row["evidence"].contains("addresses.csv"), "{row:?}");
}

#[test]
fn exports_may_come_in_any_order_and_overlap() {
    let sandbox = Sandbox::new();
    let all: Vec<_> = (1..=30).map(|n| four("A", "srv8", n, n * 10)).collect();
    let parts = [("late", 20..30), ("early", 0..12), ("middle", 8..25), ("all", 0..30)];
    let mut seen = Vec::new();
    for (name, part) in parts {
        sandbox.write(&format!("{name}.evtx"), log(all[part].to_vec()));
        night(&sandbox, &[&format!("{name}.evtx")]);
        seen.extend(records(&sandbox));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=30).collect::<Vec<u64>>());
}

#[test]
fn a_cleared_log_is_noticed_and_its_new_events_are_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log((1..=20).map(|n| four("A", "srv8", n, n))));
    night(&sandbox, &["A.evtx"]);
    sandbox.write("A.evtx", log((1..=5).map(|n| four("A", "srv8", n, 100 + n))));
    let (report, said) = night(&sandbox, &["A.evtx"]);
    assert_eq!(report, want(&[("A", "cifs/srv8", 5, "ongoing")]));
    assert!(said.contains("a.alpha.example.com, System: the log was cleared"), "{said}");
    let (_, said) = night(&sandbox, &["A.evtx"]);
    assert_eq!(said, "", "said once");
    // The old log is passed once more, and nothing of it is reported again.
    sandbox.write("archive.evtx", log((1..=20).map(|n| four("A", "srv8", n, n))));
    night(&sandbox, &["archive.evtx", "A.evtx"]);
    assert!(records(&sandbox).is_empty());
}

#[test]
fn a_log_that_wrapped_before_it_was_read_is_noticed() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log((1..=20).map(|n| four("A", "srv8", n, n))));
    night(&sandbox, &["A.evtx"]);
    sandbox.write("A.evtx", log((31..=40).map(|n| four("A", "srv8", n, n))));
    let (report, said) = night(&sandbox, &["A.evtx"]);
    assert_eq!(report, want(&[("A", "cifs/srv8", 10, "ongoing")]));
    assert!(said.contains("records 21 to 30 were overwritten before a run read them"), "{said}");
}

#[test]
fn a_twin_is_reported_with_its_event_and_never_again() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10), three("A", 2, 10), three("A", 3, 20)]));
    let (first, _) = night(&sandbox, &["A.evtx"]);
    assert_eq!(first, want(&[("A", "cifs/srv8", 2, "new")]), "the lonely event 3 counts");
    assert_eq!(records(&sandbox), [1, 3]);
    // The twin of an event that the first run reported arrives later, with a new pair.
    sandbox.write(
        "A.evtx",
        log([
            four("A", "srv8", 1, 10),
            three("A", 2, 10),
            three("A", 3, 20),
            three("A", 4, 10),
            three("A", 5, 30),
            four("A", "srv8", 6, 30),
        ]),
    );
    let (second, _) = night(&sandbox, &["A.evtx"]);
    assert_eq!(second, want(&[("A", "cifs/srv8", 1, "ongoing")]));
    assert_eq!(records(&sandbox), [6]);
}

#[test]
fn what_was_reported_is_still_evidence() {
    let sandbox = Sandbox::new();
    let other = |n, minutes| {
        crate::support::evtx::kerberos_event4("A.a.com", "srv8$", "A.COM", "HTTP/srv8.a.com", "A.COM")
            .at(&at(minutes))
            .record_id(n)
    };
    let cifs = |n, minutes| {
        crate::support::evtx::kerberos_event4("A.a.com", "srv8$", "A.COM", "cifs/srv8.a.com", "A.COM")
            .at(&at(minutes))
            .record_id(n)
    };
    sandbox.write("A.evtx", log([other(1, 10), cifs(2, 20), cifs(3, 30)]));
    night(&sandbox, &["A.evtx"]);
    let verdict =
        |row: &std::collections::BTreeMap<String, String>| (row["cause"].clone(), row["confidence"].clone());
    let all = rows(&sandbox.text("report.csv"));
    let before = verdict(all.iter().find(|r| r["target_spn"].starts_with("cifs")).unwrap());
    assert_eq!(before, ("password-mismatch".into(), "likely".into()), "several classes fail for one host");
    sandbox.write("A.evtx", log([other(1, 10), cifs(2, 20), cifs(3, 30), cifs(4, 2000)]));
    night(&sandbox, &["A.evtx"]);
    let all = rows(&sandbox.text("report.csv"));
    let row = all.iter().find(|r| r["target_spn"].starts_with("cifs")).unwrap();
    assert_eq!((verdict(row), &*row["events"]), (before, "1"));
}

#[test]
fn a_run_that_fails_leaves_the_state_as_it_was() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.run(&["triage", "A.evtx", "--state", "state.json", "-o", "nowhere/report.csv"]).exits(4);
    assert!(!exists(&sandbox.path("state.json")));
    night(&sandbox, &["A.evtx"]);
    let state = std::fs::read(sandbox.path("state.json")).unwrap();
    sandbox.run(&["triage", "missing.evtx", "--state", "state.json"]).exits(4);
    assert_eq!(std::fs::read(sandbox.path("state.json")).unwrap(), state);
}

#[test]
fn events_that_the_period_leaves_out_do_not_count_as_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log((1..=6).map(|n| four("A", "srv8", n, n * 10))));
    let until = at(35);
    let mut arguments = vec!["triage", "A.evtx", "--state", "state.json", "--events", "events.csv"];
    sandbox.run(&[&arguments[..], &["--until", &until]].concat()).exits(0);
    assert_eq!(records(&sandbox), [1, 2, 3]);
    arguments.push("-q");
    sandbox.run(&arguments).exits(0);
    assert_eq!(records(&sandbox), [4, 5, 6]);
}

#[test]
fn a_state_that_cannot_be_used_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    night(&sandbox, &["A.evtx"]);
    let good = std::fs::read(sandbox.path("state.json")).unwrap();
    let text = String::from_utf8(zstd::decode_all(&good[16..]).unwrap()).unwrap();
    let packed =
        |text: &str| [&b"krbtriage-state\n"[..], &zstd::encode_all(text.as_bytes(), 1).unwrap()].concat();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let foreign = "not a state of krbtriage; name another file";
    let table: Vec<(Vec<u8>, &str)> = vec![
        (good[..good.len() / 2].into(), "it is damaged: "),
        (flipped, "it is damaged: "),
        (Vec::new(), foreign),
        (br#"{"format":"other","version":1}"#.into(), foreign),
        (packed("{\"format\":\"other\",\"version\":1}\n"), foreign),
        (
            br#"{"format": "krbtriage-state", "version": 2}"#.into(),
            "wrote this file, uncompressed; delete it",
        ),
        (packed(&text.replace("\"version\":3", "\"version\":4")), "a later krbtriage wrote this file"),
        (packed(&text.replace("\"reported\":\"", "\"reported\":\"A")), "reported events is damaged"),
        (packed(text.trim_end()), "a line has no end"),
    ];
    for (bytes, says) in table {
        sandbox.write("state.json", &bytes);
        let stderr = sandbox.run(&["triage", "A.evtx", "--state", "state.json"]).exits(4).stderr();
        assert!(stderr.contains("state.json") && stderr.contains(says), "{stderr}");
        assert_eq!(
            std::fs::read(sandbox.path("state.json")).unwrap(),
            bytes,
            "it is left for a person to look at"
        );
    }
}

/// A bug of the first compressed states: the second run read the state as a compressed log.
#[test]
fn a_state_in_the_folder_of_the_logs_is_not_an_input() {
    let sandbox = Sandbox::new();
    sandbox.write("logs/A.evtx", log([four("A", "srv8", 1, 10)]));
    for _ in 0..2 {
        sandbox.run(&["triage", "logs", "--state", "logs/state.json", "-o", "report.csv"]).exits(0);
    }
}

#[test]
fn a_second_run_on_the_same_state_is_kept_away() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    let lock = std::fs::File::create(sandbox.path("state.json.lock")).unwrap();
    lock.lock().unwrap();
    let stderr = sandbox.run(&["triage", "A.evtx", "--state", "state.json"]).exits(4).stderr();
    assert!(stderr.contains("another run is using it"), "{stderr}");
    drop(lock);
    sandbox.run(&["triage", "A.evtx", "--state", "state.json"]).exits(0);
}

#[test]
fn state_and_baseline_do_not_go_together() {
    let sandbox = Sandbox::new();
    sandbox.run(&["triage", "A.evtx", "--state", "s.json", "--baseline", "b.csv"]).exits(2);
}
