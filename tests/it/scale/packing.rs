//! Compression, lists of names, and standard output of extractions.

use std::io::Write;
use std::process::Stdio;

use crate::support::program::*;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a b.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("c.evtx", log([four("C", "srv8", 1, 10)]));
    sandbox
}

fn with_stdin(sandbox: &Sandbox, arguments: &[&str], input: &[u8]) -> (i32, Vec<u8>, String) {
    let mut child = krbtriage()
        .current_dir(sandbox.folder())
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
    let sandbox = sandbox();
    let expected = sandbox.run(&["extract", "--for-triage", "a b.evtx", "c.evtx"]).exits(0).stdout();
    for names in ["a b.evtx\nc.evtx\n", "a b.evtx\0c.evtx\0", "a b.evtx\r\nc.evtx"] {
        let (code, stdout, stderr) =
            with_stdin(&sandbox, &["extract", "--for-triage", "--files-from", "-"], names.as_bytes());
        assert_eq!((code, String::from_utf8(stdout).unwrap()), (0, expected.clone()), "{stderr}");
        sandbox.write("list", names);
        let listed = sandbox.run(&["extract", "--for-triage", "--files-from", "list"]).exits(0).stdout();
        assert_eq!(listed, expected);
        let triaged = sandbox.run(&["triage", "--files-from", "list"]).exits(0).stdout();
        assert_eq!(triaged, sandbox.run(&["triage", "c.evtx", "a b.evtx"]).exits(0).stdout());
    }
    let beside = sandbox.run(&["extract", "--for-triage", "a b.evtx", "--files-from", "gone"]).exits(4);
    assert!(
        beside.stderr().contains("--files-from gone: there is no such file; check"),
        "{}",
        beside.stderr()
    );
    let (code, _, stderr) = with_stdin(&sandbox, &["extract", "--for-triage", "--files-from", "-"], b"\n");
    assert_eq!(code, 4);
    assert!(stderr.contains("no log could be read"), "{stderr}");
}

#[test]
fn an_extraction_is_compressed_by_its_name_or_an_option() {
    let sandbox = sandbox();
    let plain = sandbox.run(&["extract", "--for-triage", "c.evtx"]).exits(0).stdout();
    sandbox.run(&["extract", "--for-triage", "c.evtx", "-o", "e.jsonl.zst"]).exits(0);
    let (_, stdout, _) = with_stdin(&sandbox, &["extract", "--for-triage", "--compress", "c.evtx"], b"");
    let file = std::fs::read(sandbox.path("e.jsonl.zst")).unwrap();
    assert_eq!(file, stdout);
    assert_eq!(zstd::decode_all(&file[..]).unwrap(), plain.as_bytes());
    sandbox.run(&["extract", "c.evtx", "-o", "e.csv.zst"]).exits(0);
    let csv = zstd::decode_all(&std::fs::read(sandbox.path("e.csv.zst")).unwrap()[..]).unwrap();
    assert!(csv.starts_with(b"computer,"));
}

#[test]
fn several_frames_and_logs_in_zst_are_read() {
    let sandbox = sandbox();
    for (log, name) in [("a b.evtx", "1.zst"), ("c.evtx", "2.zst")] {
        sandbox.run(&["extract", "--for-triage", log, "-o", name]).exits(0);
    }
    let both = ["1.zst", "2.zst"].map(|name| std::fs::read(sandbox.path(name)).unwrap()).concat();
    sandbox.write("in/both.jsonl.zst", both);
    let expected = sandbox.run(&["triage", "a b.evtx", "c.evtx"]).exits(0).stdout();
    assert_eq!(sandbox.run(&["triage", "in"]).exits(0).stdout(), expected);

    sandbox
        .write("log.zst", zstd::encode_all(&std::fs::read(sandbox.path("c.evtx")).unwrap()[..], 1).unwrap());
    let packed = sandbox.run(&["triage", "log.zst"]).exits(0).stdout();
    let plain = sandbox.run(&["triage", "c.evtx"]).exits(0).stdout();
    assert_eq!(packed.replace("log.zst", "c.evtx"), plain);
}

#[test]
fn options_that_exclude_each_other_are_wrong_use() {
    let sandbox = sandbox();
    for other in [&["--event-id", "7"][..], &["--provider", "x"], &["--format", "csv"]] {
        sandbox.run(&[&["extract", "--for-triage", "c.evtx"], other].concat()).exits(2);
    }
    sandbox.run(&["extract", "--for-triage"]).exits(2);
}

#[test]
fn a_failed_extraction_leaves_nothing() {
    let sandbox = sandbox();
    sandbox.write("e.jsonl", "old");
    sandbox.run(&["extract", "--for-triage", "c.evtx", "-o", "nowhere/e.jsonl"]).exits(4);
    sandbox.run(&["extract", "gone.evtx", "-o", "e.jsonl"]).exits(4);
    assert_eq!(sandbox.text("e.jsonl"), "old");
    assert_eq!(sandbox.files(), ["a b.evtx", "c.evtx", "e.jsonl"]);
}
