//! Extractions that were cut, damaged or crafted.

use crate::support::program::*;

fn extraction() -> (Sandbox, String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("a.evtx", log((1..30).map(|i| four("A", "srv8", i, i))));
    sandbox.write("b.evtx", log([four("B", "srv8", 1, 10)]));
    let text = sandbox.run(&["extract", "--for-triage", "a.evtx", "b.evtx"]).exits(0).stdout();
    let report = sandbox.run(&["triage", "a.evtx", "b.evtx"]).exits(0).stdout();
    (sandbox, text, report)
}

#[test]
fn a_damaged_line_is_reported_and_the_others_count() {
    let (sandbox, text, _) = extraction();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[2].truncate(90);
    lines[5] = "x".repeat(9 << 20);
    lines.insert(7, "[".repeat(200_000));
    sandbox.write("e.jsonl", lines.join("\n"));
    let run = sandbox.run(&["triage", "e.jsonl", "--summary", "s.jsonl"]).exits(3);
    let said = run.stderr();
    assert!(said.contains("e.jsonl: line 3 was skipped: it is not a line of an extraction"), "{said}");
    assert!(said.contains("e.jsonl: line 6 was skipped: it is longer than 8 MiB"), "{said}");
    assert!(said.contains("e.jsonl: line 8 was skipped"), "{said}");
    assert!(said.contains("a.evtx: 2 of its 29 extracted events are missing"), "{said}");
    assert_eq!(rows(&run.stdout())[0]["events"], "27");
    assert!(
        sandbox
            .text("s.jsonl")
            .lines()
            .any(|line| line.contains("\"path\":\"e.jsonl\",\"kind\":\"extract\""))
    );
}

#[test]
fn a_cut_is_reported_at_any_position() {
    let (sandbox, text, _) = extraction();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in [ends[0], ends[10], ends[10] + 40, ends[ends.len() - 2], ends[ends.len() - 2] + 9] {
        sandbox.write("e.jsonl", &text[..cut]);
        let run = sandbox.run(&["triage", "e.jsonl"]).exits(3);
        assert!(run.stderr().contains("e.jsonl: "), "{cut}: {}", run.stderr());
    }
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for cut in [packed.len() / 2, packed.len() - 1] {
        sandbox.write("e.zst", &packed[..cut]);
        let said = sandbox.run(&["triage", "e.zst"]).exits(3).stderr();
        assert!(said.contains("e.zst: "), "{said}");
    }
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let (sandbox, text, report) = extraction();
    sandbox.write("e.jsonl", [&text[..], &text].concat());
    sandbox.write("f.jsonl", &text);
    assert_eq!(sandbox.run(&["triage", "e.jsonl", "f.jsonl", "a.evtx"]).exits(0).stdout(), report);
}

const UNREAD: &str = r#"{"krbtriage":1,"type":"unread","path":"a","problem":"p"}"#;

#[test]
fn a_bomb_stops_at_its_limit() {
    let sandbox = Sandbox::new();
    // A line without an end, and lines without content.
    for (name, piece) in [("line", b" ".repeat(1 << 20)), ("lines", b"\n".repeat(1 << 14))] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut encoder, format!("{UNREAD}\n").as_bytes()).unwrap();
        for _ in 0..64 {
            std::io::Write::write_all(&mut encoder, &piece).unwrap();
        }
        sandbox.write(name, encoder.finish().unwrap());
        let run = sandbox.run(&["triage", name]);
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
    }
    // A window larger than any that the program writes.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, format!("{UNREAD}\n").repeat(400_000).as_bytes()).unwrap();
    sandbox.write("window", encoder.finish().unwrap());
    let said = sandbox.run(&["triage", "window"]).exits(3).stderr();
    assert!(said.contains("window: it cannot be unpacked"), "{said}");
}

#[test]
fn hostile_names_do_nothing() {
    let (sandbox, text, _) = extraction();
    let hostile = text.replace("\"path\":\"b.evtx\"", r#""path":"=cmd|' /C calc'!A0\u001b[31m""#);
    sandbox.write("e.jsonl", hostile);
    let run = sandbox.run(&["triage", "-v", "e.jsonl", "-o", "r.csv"]).exits(0);
    assert!(!run.stderr().contains('\u{1b}'));
    let report = sandbox.text("r.csv");
    assert!(!report.contains('\u{1b}'));
    assert!(rows(&report).iter().any(|row| row["logs"].starts_with("'=cmd")), "{report}");
}

#[test]
fn events_of_another_version_are_refused_with_what_to_do() {
    let (sandbox, text, _) = extraction();
    sandbox.write("e.jsonl", text.replace("\"krbtriage\":1", "\"krbtriage\":2"));
    let said = sandbox.run(&["triage", "e.jsonl"]).exits(3).stderr();
    assert!(said.contains("version 2 and this krbtriage reads version 1; update krbtriage"), "{said}");
}
