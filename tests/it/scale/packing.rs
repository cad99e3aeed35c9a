//! Ways in and out: compression, lists of names, standard output.

use std::io::Write;
use std::process::Stdio;

use crate::support::program::*;

fn place() -> Place {
    let place = Place::new();
    place.write("a b.evtx", log([four("A", "srv8", 1, 10)]));
    place.write("c.evtx", log([four("C", "srv8", 1, 10)]));
    place
}

fn with_stdin(place: &Place, arguments: &[&str], input: &[u8]) -> (i32, Vec<u8>, String) {
    let mut child = krbtriage()
        .current_dir(place.0.path())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn names_come_from_standard_input_or_a_file() {
    let place = place();
    let expected = place.run(&["extract", "--for-triage", "a b.evtx", "c.evtx"]).exits(0).stdout();
    for names in ["a b.evtx\nc.evtx\n", "a b.evtx\0c.evtx\0", "a b.evtx\r\nc.evtx"] {
        let (code, stdout, stderr) =
            with_stdin(&place, &["extract", "--for-triage", "--files-from", "-"], names.as_bytes());
        assert_eq!((code, String::from_utf8(stdout).unwrap()), (0, expected.clone()), "{stderr}");
        place.write("list", names);
        let listed = place.run(&["extract", "--for-triage", "--files-from", "list"]).exits(0).stdout();
        assert_eq!(listed, expected);
        let triaged = place.run(&["triage", "--files-from", "list"]).exits(0).stdout();
        assert_eq!(triaged, place.run(&["triage", "c.evtx", "a b.evtx"]).exits(0).stdout());
    }
    let beside = place.run(&["extract", "--for-triage", "a b.evtx", "--files-from", "gone"]).exits(4);
    assert!(
        beside.stderr().contains("--files-from gone: there is no such file; check"),
        "{}",
        beside.stderr()
    );
    let (code, _, stderr) = with_stdin(&place, &["extract", "--for-triage", "--files-from", "-"], b"\n");
    assert_eq!(code, 4);
    assert!(stderr.contains("no log could be read"), "{stderr}");
}

#[test]
fn compressed_by_name_or_by_request() {
    let place = place();
    let plain = place.run(&["extract", "--for-triage", "c.evtx"]).exits(0).stdout();
    place.run(&["extract", "--for-triage", "c.evtx", "-o", "e.jsonl.zst"]).exits(0);
    let (_, stdout, _) = with_stdin(&place, &["extract", "--for-triage", "--compress", "c.evtx"], b"");
    let file = std::fs::read(place.path("e.jsonl.zst")).unwrap();
    assert_eq!(file, stdout);
    assert_eq!(zstd::decode_all(&file[..]).unwrap(), plain.as_bytes());
    place.run(&["extract", "c.evtx", "-o", "e.csv.zst"]).exits(0);
    let csv = zstd::decode_all(&std::fs::read(place.path("e.csv.zst")).unwrap()[..]).unwrap();
    assert!(csv.starts_with(b"computer,"));
}

#[test]
fn frames_one_behind_the_other_and_logs_in_zst_are_read() {
    let place = place();
    for (log, name) in [("a b.evtx", "1.zst"), ("c.evtx", "2.zst")] {
        place.run(&["extract", "--for-triage", log, "-o", name]).exits(0);
    }
    let both = ["1.zst", "2.zst"].map(|name| std::fs::read(place.path(name)).unwrap()).concat();
    place.write("in/both.jsonl.zst", both);
    let expected = place.run(&["triage", "a b.evtx", "c.evtx"]).exits(0).stdout();
    assert_eq!(place.run(&["triage", "in"]).exits(0).stdout(), expected);

    place.write("log.zst", zstd::encode_all(&std::fs::read(place.path("c.evtx")).unwrap()[..], 1).unwrap());
    let packed = place.run(&["triage", "log.zst"]).exits(0).stdout();
    let plain = place.run(&["triage", "c.evtx"]).exits(0).stdout();
    assert_eq!(packed.replace("log.zst", "c.evtx"), plain);
}

#[test]
fn options_that_exclude_each_other_are_wrong_use() {
    let place = place();
    for other in [&["--event-id", "7"][..], &["--provider", "x"], &["--format", "csv"]] {
        place.run(&[&["extract", "--for-triage", "c.evtx"], other].concat()).exits(2);
    }
    place.run(&["extract", "--for-triage"]).exits(2);
}

#[test]
fn a_failed_extraction_leaves_nothing() {
    let place = place();
    place.write("e.jsonl", "old");
    place.run(&["extract", "--for-triage", "c.evtx", "-o", "nowhere/e.jsonl"]).exits(4);
    place.run(&["extract", "gone.evtx", "-o", "e.jsonl"]).exits(4);
    assert_eq!(place.text("e.jsonl"), "old");
    assert_eq!(place.files(), ["a b.evtx", "c.evtx", "e.jsonl"]);
}
