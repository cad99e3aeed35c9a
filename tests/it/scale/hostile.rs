//! Files that came a long way: cut, damaged, crafted.

use crate::support::program::*;

fn extraction() -> (Place, String, String) {
    let place = Place::new();
    place.write("a.evtx", log((1..30).map(|i| four("A", "srv8", i, i))));
    place.write("b.evtx", log([four("B", "srv8", 1, 10)]));
    let text = place.run(&["extract", "--for-triage", "a.evtx", "b.evtx"]).exits(0).stdout();
    let report = place.run(&["triage", "a.evtx", "b.evtx"]).exits(0).stdout();
    (place, text, report)
}

#[test]
fn a_damaged_line_is_named_and_the_others_count() {
    let (place, text, _) = extraction();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[2].truncate(90);
    lines[5] = "x".repeat(9 << 20);
    lines.insert(7, "[".repeat(200_000));
    place.write("e.jsonl", lines.join("\n"));
    let run = place.run(&["triage", "e.jsonl", "--summary", "s.jsonl"]).exits(3);
    let said = run.stderr();
    assert!(said.contains("e.jsonl: line 3 was skipped: it is not a line of an extraction"), "{said}");
    assert!(said.contains("e.jsonl: line 6 was skipped: it is longer than 8 MiB"), "{said}");
    assert!(said.contains("e.jsonl: line 8 was skipped"), "{said}");
    assert!(said.contains("a.evtx: 2 of its 29 extracted events are missing"), "{said}");
    assert_eq!(rows(&run.stdout())[0]["events"], "27");
    assert!(
        place.text("s.jsonl").lines().any(|line| line.contains("\"path\":\"e.jsonl\",\"kind\":\"extract\""))
    );
}

#[test]
fn a_cut_is_told_wherever_it_falls() {
    let (place, text, _) = extraction();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in [ends[0], ends[10], ends[10] + 40, ends[ends.len() - 2], ends[ends.len() - 2] + 9] {
        place.write("e.jsonl", &text[..cut]);
        let run = place.run(&["triage", "e.jsonl"]).exits(3);
        assert!(run.stderr().contains("e.jsonl: "), "{cut}: {}", run.stderr());
    }
    let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for cut in [packed.len() / 2, packed.len() - 1] {
        place.write("e.zst", &packed[..cut]);
        let said = place.run(&["triage", "e.zst"]).exits(3).stderr();
        assert!(said.contains("e.zst: "), "{said}");
    }
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let (place, text, report) = extraction();
    place.write("e.jsonl", [&text[..], &text].concat());
    place.write("f.jsonl", &text);
    assert_eq!(place.run(&["triage", "e.jsonl", "f.jsonl", "a.evtx"]).exits(0).stdout(), report);
}

const UNREAD: &str = r#"{"krbtriage":1,"type":"unread","path":"a","problem":"p"}"#;

#[test]
fn a_bomb_stops_at_its_limit() {
    let place = Place::new();
    // A line without end, and lines that say nothing.
    for (name, piece) in [("line", b" ".repeat(1 << 20)), ("lines", b"\n".repeat(1 << 14))] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        std::io::Write::write_all(&mut encoder, format!("{UNREAD}\n").as_bytes()).unwrap();
        for _ in 0..64 {
            std::io::Write::write_all(&mut encoder, &piece).unwrap();
        }
        place.write(name, encoder.finish().unwrap());
        let run = place.run(&["triage", name]);
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
    }
    // More memory to unpack it than ours are ever written with.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, format!("{UNREAD}\n").repeat(400_000).as_bytes()).unwrap();
    place.write("window", encoder.finish().unwrap());
    let said = place.run(&["triage", "window"]).exits(3).stderr();
    assert!(said.contains("window: it cannot be unpacked"), "{said}");
}

#[test]
fn hostile_names_do_nothing() {
    let (place, text, _) = extraction();
    let hostile = text.replace("\"path\":\"b.evtx\"", r#""path":"=cmd|' /C calc'!A0\u001b[31m""#);
    place.write("e.jsonl", hostile);
    let run = place.run(&["triage", "-v", "e.jsonl", "-o", "r.csv"]).exits(0);
    assert!(!run.stderr().contains('\u{1b}'));
    let report = place.text("r.csv");
    assert!(!report.contains('\u{1b}'));
    assert!(rows(&report).iter().any(|row| row["logs"].starts_with("'=cmd")), "{report}");
}

#[test]
fn events_of_another_version_are_refused_with_what_to_do() {
    let (place, text, _) = extraction();
    place.write("e.jsonl", text.replace("\"krbtriage\":1", "\"krbtriage\":2"));
    let said = place.run(&["triage", "e.jsonl"]).exits(3).stderr();
    assert!(said.contains("version 2 and this krbtriage reads version 1; update krbtriage"), "{said}");
}
