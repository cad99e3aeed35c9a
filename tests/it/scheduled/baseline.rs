use crate::support::program::*;

fn two_nights() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "one/A.evtx",
        log([four("A", "old", 1, 10), four("A", "both", 2, 20), four("A", "both", 3, 30)]),
    );
    sandbox.write("two/A.evtx", log([four("A", "both", 4, 1500), four("A", "late", 5, 1510)]));
    sandbox.run(&["triage", "one", "-o", "one.csv", "-o", "one.json", "-o", "one.jsonl"]).exits(0);
    sandbox
}

const SECOND: [(&str, &str, u64, &str); 3] =
    [("A", "cifs/both", 1, "ongoing"), ("A", "cifs/late", 1, "new"), ("A", "cifs/old", 1, "resolved")];

#[test]
fn new_ongoing_and_resolved_are_in_every_format() {
    let sandbox = two_nights();
    for baseline in ["one.csv", "one.json", "one.jsonl"] {
        let report = sandbox.run(&["triage", "two", "--baseline", baseline]).exits(0).stdout();
        assert_eq!(reported(&report), want(&SECOND), "{baseline}");
        let rows = rows(&report);
        let of = |target: &str| rows.iter().find(|r| r["target_spn"].contains(target)).unwrap();
        assert_eq!(of("both")["first_seen"], at(20), "carried over");
        assert_eq!(of("both")["last_seen"], at(1500));
        let old = &self::rows(&sandbox.text("one.csv"))
            .into_iter()
            .find(|r| r["target_spn"].contains("old"))
            .unwrap();
        for column in old.keys().filter(|c| *c != "status") {
            assert_eq!(&of("old")[column], &old[column], "{column} of what is resolved is as it was");
        }
    }
}

#[test]
fn an_incident_that_comes_back_is_reopened() {
    let sandbox = two_nights();
    sandbox.run(&["triage", "two", "--baseline", "one.csv", "-o", "two.csv"]).exits(0);
    sandbox.write("three/A.evtx", log([four("A", "old", 9, 3000)]));
    let report = sandbox.run(&["triage", "three", "--baseline", "two.csv"]).exits(0).stdout();
    let want = want(&[
        ("A", "cifs/both", 1, "resolved"),
        ("A", "cifs/late", 1, "resolved"),
        ("A", "cifs/old", 1, "reopened"),
    ]);
    assert_eq!(reported(&report), want);
    let old = rows(&report).into_iter().find(|r| r["status"] == "reopened").unwrap();
    assert_eq!(old["first_seen"], at(10));
}

#[test]
fn a_client_without_a_log_is_resolved_only_with_a_doubt() {
    let sandbox = two_nights();
    sandbox.write("other/B.evtx", log([four("B", "both", 1, 1500)]));
    let report = sandbox.run(&["triage", "other", "--baseline", "one.csv"]).exits(0).stdout();
    let gone: Rows = rows(&report).into_iter().filter(|r| r["status"] == "resolved").collect();
    assert_eq!(gone.len(), 2);
    for row in &gone {
        assert!(row["missing"].contains("Does A.alpha.example.com still log event 4"), "{row:?}");
    }
    // The doubt is not kept for later runs.
    sandbox.write("other.csv", &report);
    let again = sandbox.run(&["triage", "other", "two", "--baseline", "other.csv"]).exits(0).stdout();
    assert!(!again.contains("these logs hold no event of it"), "{again}");
}

#[test]
fn a_baseline_that_cannot_be_read_is_an_error_and_leaves_the_old_report() {
    let sandbox = two_nights();
    let good = sandbox.text("one.csv");
    let json = sandbox.text("one.json");
    let line = |n: usize, f: &dyn Fn(&str) -> String| {
        let mut lines: Vec<String> = good.split_inclusive('\n').map(str::to_owned).collect();
        lines[n] = f(&lines[n]);
        lines.concat()
    };
    let first_time = at(10);
    let table: Vec<(&str, String, &str)> = vec![
        ("missing.csv", String::new(), "there is no such file"),
        ("empty.csv", String::new(), "it is empty"),
        ("foreign.csv", "host,address\r\nsrv1,10.0.0.1\r\n".into(), "it has no column incident_id"),
        ("picture.csv", "\u{1}\u{2}PNG\0\0".into(), "it has no column incident_id"),
        ("cut.csv", good[..good.len() - 20].into(), "line 3: the file ends inside this line"),
        (
            "short.csv",
            line(1, &|l| l.replacen(",new,", ",", 1)),
            "line 2: it has 27 cells where the first line has 28",
        ),
        (
            "status.csv",
            line(2, &|l| l.replacen(",new,", ",fresh,", 1)),
            "line 3: \"fresh\" is not a valid status",
        ),
        (
            "cause.csv",
            line(1, &|l| l.replacen(",wrong-host,", ",bad-luck,", 1)),
            "line 2: \"bad-luck\" is not a valid cause",
        ),
        (
            "time.csv",
            good.replace(&first_time, "06.10.2026 00:10"),
            "first_seen \"06.10.2026 00:10\" is not a valid time",
        ),
        ("twice.csv", format!("{good}{}", good.split_inclusive('\n').next_back().unwrap()), "line 4: i"),
        ("cut.json", json[..json.len() / 2].into(), "the file ends inside this line"),
        ("later.json", json.replace("\"version\": 2", "\"version\": 3"), "it is krbtriage-report 3"),
        ("other.json", "{\"a\": 1}\n".into(), "line 1: missing field"),
        (
            "cut.jsonl",
            sandbox.text("one.jsonl").trim_end_matches("}\n").into(),
            "line 2: the file ends inside this line",
        ),
    ];
    sandbox.write("report.csv", "the old report");
    for (name, text, says) in table {
        if name != "missing.csv" {
            sandbox.write(name, &text);
        }
        let run = sandbox.run(&["triage", "two", "--baseline", name, "-o", "report.csv"]).exits(4);
        let stderr = run.stderr();
        assert!(stderr.contains(name) && stderr.contains(says), "{name}: {stderr}");
        assert_eq!(sandbox.text("report.csv"), "the old report");
    }
}

#[test]
fn a_cut_at_any_byte_is_noticed_unless_it_leaves_whole_lines() {
    let sandbox = two_nights();
    for name in ["one.csv", "one.json", "one.jsonl"] {
        let whole = sandbox.text(name);
        let path = std::path::Path::new(name);
        let all = krbtriage::report::baseline::parse(path, &whole).unwrap();
        assert_eq!(all.len(), 2);
        for end in 0..whole.len() {
            let Some(cut) = whole.get(..end) else { continue };
            let rows = krbtriage::report::baseline::parse(path, cut);
            // A document without its last line end, and lines without a line end, are whole.
            let whole_lines = match name {
                "one.csv" => cut.ends_with("\n") || cut.ends_with('\r') && end > 1,
                "one.json" => end == whole.len() - 1,
                _ => cut.is_empty() || cut.ends_with('\n') || whole.as_bytes()[end] == b'\n',
            };
            assert_eq!(rows.is_ok(), whole_lines, "{name} cut at {end}: {:?}", rows.map(|r| r.len()));
        }
    }
}

#[test]
fn a_spreadsheet_may_have_saved_the_baseline() {
    let sandbox = two_nights();
    let records: Vec<csv::StringRecord> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(sandbox.text("one.csv").as_bytes())
        .into_records()
        .map(Result::unwrap)
        .collect();
    let mut semicolons = csv::WriterBuilder::new().delimiter(b';').from_writer(vec![]);
    records.iter().for_each(|r| semicolons.write_record(r).unwrap());
    let semicolons = String::from_utf8(semicolons.into_inner().unwrap()).unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{semicolons}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("excel.csv", format!("\u{feff}{semicolons}"));
    sandbox.write("unicode.csv", utf16);
    for name in ["excel.csv", "unicode.csv"] {
        let report = sandbox.run(&["triage", "two", "--baseline", name]).exits(0).stdout();
        assert_eq!(reported(&report), want(&SECOND), "{name}");
    }
}

#[test]
fn a_hostile_name_goes_through_a_baseline_unchanged() {
    let sandbox = Sandbox::new();
    let hostile = crate::support::evtx::kerberos_event4(
        "=cmd|' /C calc'!A0",
        "srv9$",
        "A.COM",
        "cifs/x; y\u{1b}[31m\"\r\n,",
        "A.COM",
    );
    sandbox.write("one.evtx", log([hostile]));
    sandbox.write("two.evtx", log([four("A", "late", 5, 1510)]));
    sandbox.run(&["triage", "one.evtx", "-o", "one.csv"]).exits(0);
    let first = rows(&sandbox.text("one.csv")).remove(0);
    assert!(first["client"].starts_with("'="));
    sandbox.run(&["triage", "one.evtx", "--baseline", "one.csv", "-o", "same.csv"]).exits(0);
    assert_eq!(rows(&sandbox.text("same.csv"))[0]["status"], "ongoing");
    for n in 0..3 {
        let (from, to) = (format!("gone{n}.csv"), format!("gone{}.csv", n + 1));
        sandbox.write("gone0.csv", sandbox.text("one.csv"));
        sandbox.run(&["triage", "two.evtx", "--baseline", &from, "-o", &to]).exits(0);
        let gone = rows(&sandbox.text(&to)).into_iter().find(|r| r["status"] == "resolved").unwrap();
        for column in
            first.keys().filter(|c| !["status", "missing", "requests", "collect"].contains(&c.as_str()))
        {
            assert_eq!(gone[column], first[column], "{column}");
        }
    }
}

#[test]
fn the_exit_status_follows_fail_on() {
    let sandbox = two_nights();
    sandbox.run(&["triage", "two", "--baseline", "one.csv", "-o", "two.csv"]).exits(0);
    let two = |fail_on| sandbox.run(&["triage", "two", "--baseline", "one.csv", "--fail-on", fail_on]).code();
    let same =
        |fail_on| sandbox.run(&["triage", "two", "--baseline", "two.csv", "--fail-on", fail_on]).code();
    assert_eq!((two("new"), two("new-problem"), two("any")), (1, 1, 1));
    assert_eq!((same("new"), same("new-problem"), same("any")), (0, 0, 1));
    assert_eq!((same("wrong-host"), same("duplicate-spn"), same("duplicate-spn,any")), (1, 0, 1));
    // --fail-on decides the exit status also where something could not be read.
    let whole = log([four("Z", "old", 1, 10)]);
    sandbox.write("two/broken.evtx", &whole[..whole.len() - 30_000]);
    assert_eq!((two("new"), two("duplicate-spn")), (1, 3));
    sandbox.run(&["triage", "two", "--fail-on", "bad-luck"]).exits(2);
}

#[test]
fn a_new_client_of_an_old_problem_is_not_a_new_problem() {
    let sandbox = Sandbox::new();
    sandbox.write("one.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("two.evtx", log([four("A", "srv8", 2, 1500), four("B", "srv8", 1, 1500)]));
    sandbox.run(&["triage", "one.evtx", "-o", "one.csv"]).exits(0);
    let run = |fail_on| {
        sandbox
            .run(&[
                "triage",
                "two.evtx",
                "--baseline",
                "one.csv",
                "--problems",
                "p.csv",
                "--fail-on",
                fail_on,
            ])
            .code()
    };
    assert_eq!((run("new"), run("new-problem")), (1, 0));
    let problems = rows(&sandbox.text("p.csv"));
    assert_eq!(problems.len(), 1);
    assert_eq!((&*problems[0]["status"], &*problems[0]["new_incidents"]), ("ongoing", "1"));
    assert_eq!(problems[0]["clients"], "A.alpha.example.com; B.alpha.example.com");
}
