//! `krbtriage triage` through the real binary.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use crate::support::data::real_logs_folder;
use crate::support::evtx::{Event, EvtxWriter, kerberos_event4};

fn krbtriage() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krbtriage"));
    command.env("TZ", "UTC");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn triage(arguments: &[&str]) -> (i32, Vec<csv::StringRecord>, String) {
    let output = krbtriage().arg("triage").args(arguments).output().unwrap();
    let rows = csv::Reader::from_reader(&*output.stdout).records().map(Result::unwrap).collect();
    (output.status.code().unwrap(), rows, String::from_utf8(output.stderr).unwrap())
}

const ALL: [&str; 5] = ["-i", "samples/interfaces.csv", "-s", "samples/spns.csv", "samples/logs"];

fn column(name: &str) -> usize {
    krbtriage::report::COLUMNS.iter().position(|c| *c == name).unwrap()
}

fn row<'a>(rows: &'a [csv::StringRecord], client: &str, target: &str) -> &'a csv::StringRecord {
    rows.iter()
        .find(|r| &r[column("client")] == client && &r[column("target_spn")] == target)
        .unwrap_or_else(|| panic!("no row of {client} for {target}"))
}

/// A log with these events. The folder is removed when its value is dropped.
fn log(events: impl IntoIterator<Item = Event>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("System.evtx");
    fs::write(&path, EvtxWriter::new().events(events).finish()).unwrap();
    (folder, path)
}

fn event(server: &str, target: &str) -> Event {
    kerberos_event4("SRV1.alpha.example.com", server, "ALPHA.EXAMPLE.COM", target, "ALPHA.EXAMPLE.COM")
        .at("2026-10-06T10:00:00Z")
}

/// `KRBTRIAGE_BLESS=1 cargo test --test it -- samples:: triage::` renews the report.
#[test]
fn the_samples_give_the_report_beside_them() {
    let output = krbtriage().arg("triage").args(ALL).output().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report.csv");
    if std::env::var_os("KRBTRIAGE_BLESS").is_some() {
        fs::write(&path, &output.stdout).unwrap();
    }
    let mut expected = fs::read_to_string(&path).unwrap();
    if cfg!(windows) {
        for folder in ["samples/logs/", "samples/"] {
            expected = expected.replace(folder, &folder.replace('/', "\\"));
        }
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_reference_case_is_explained_and_proved() {
    let (status, rows, _) = triage(&ALL);
    let row = row(&rows, "SRV1.alpha.example.com", "host/srv2.beta.example.com");
    assert_eq!(status, 0);
    assert_eq!(&row[column("cause")], "loopback-shared-ip");
    assert_eq!(&row[column("kind")], "bmc-usb-nic");
    assert_eq!(&row[column("confidence")], "confirmed");
    assert_eq!(&row[column("shared_addresses")], "169.254.95.120");
    assert_eq!(&row[column("events")], "6", "the second export's events count once");
    assert_eq!(&row[column("missing")], "");
}

#[test]
fn without_inventories_nothing_is_confirmed_that_they_alone_prove_and_every_row_says_what_to_collect() {
    let (status, rows, _) = triage(&["samples/logs"]);
    assert_eq!(status, 0);
    assert_eq!(rows.len(), 12);
    for row in &rows {
        assert_ne!(&row[column("missing")], "", "{row:?}");
        if &row[column("confidence")] == "confirmed" {
            let evidence = &row[column("evidence")];
            assert!(evidence.contains("NETLOGON") || evidence.contains("KDC 11"), "{evidence}");
        }
    }
    let reference = row(&rows, "SRV1.alpha.example.com", "host/srv2.beta.example.com");
    assert_eq!(&reference[column("cause")], "loopback-shared-ip");
    assert!(reference[column("missing")].contains("{ ipconfig /all } > srv2.beta.example.com-ipconfig.txt"));
}

#[test]
fn real_logs_beside_the_samples_add_no_incident_and_broken_ones_are_named() {
    let real = real_logs_folder().to_str().unwrap();
    let ids =
        |rows: &[csv::StringRecord]| -> BTreeSet<String> { rows.iter().map(|r| r[0].to_owned()).collect() };
    let (_, alone, _) = triage(&["samples/logs"]);
    let (status, together, errors) = triage(&["samples/logs", real]);
    assert_eq!(ids(&together), ids(&alone));
    assert_eq!(status, 3);
    for name in ["SysEvent-2003.Evt", "bad-chunk-magic.evtx", "zero-size-record.evtx"] {
        assert!(errors.contains(name), "{name} is not named in: {errors}");
    }
}

#[test]
fn the_report_does_not_depend_on_threads_or_on_the_order_of_inputs() {
    let output = |threads: &str, logs: &[&str]| {
        let inventories = &ALL[..4];
        krbtriage()
            .arg("triage")
            .args(["--threads", threads])
            .args(inventories)
            .args(logs)
            .output()
            .unwrap()
            .stdout
    };
    let one = output("1", &["samples/logs/SRV1-System.evtx", "samples/logs/SRV1-System-again.evtx"]);
    for threads in ["2", "7"] {
        for _ in 0..3 {
            let logs = ["samples/logs/SRV1-System-again.evtx", "samples/logs/SRV1-System.evtx"];
            assert_eq!(output(threads, &logs), one);
        }
    }
}

#[test]
fn five_hundred_clients_of_one_misplaced_spn_are_one_problem() {
    let events = (0..500).map(|n| {
        kerberos_event4(
            &format!("pc{n}.alpha.example.com"),
            "srv5$",
            "ALPHA.EXAMPLE.COM",
            "HTTP/srv5.alpha.example.com",
            "ALPHA.EXAMPLE.COM",
        )
        .at("2026-10-06T10:00:00Z")
    });
    let lonely = event("srv6$", "cifs/srv6.alpha.example.com");
    let (_folder, path) = log(events.chain([lonely]));
    let (_, rows, _) = triage(&["-s", "samples/spns.csv", path.to_str().unwrap()]);
    assert_eq!(rows.len(), 501);
    let problems: Vec<_> = rows.iter().map(|r| &r[column("problem_id")]).collect();
    assert!(problems[..500].iter().all(|p| *p == problems[0]), "the problem of most clients comes first");
    assert_ne!(problems[500], problems[0]);
}

#[test]
fn a_cell_cannot_run_in_a_spreadsheet() {
    let evil = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1"];
    let (_folder, path) = log(evil.iter().map(|target| event(target, target)));
    let output = krbtriage().args(["triage", path.to_str().unwrap()]).output().unwrap();
    for row in csv::Reader::from_reader(&*output.stdout).records() {
        for cell in row.unwrap().iter() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    }
}

/// Excel splits cells at `;` in some locales. No part may run as a formula either.
#[test]
fn a_cell_cannot_run_in_a_spreadsheet_that_separates_with_semicolons() {
    let evil = ["host/x;=cmd|' /C calc'!A0", "host/x;\"=1+1\"", "host/x; @SUM(A1)", "host/x;+1,2;-3"];
    let (_folder, path) = log(evil.iter().map(|target| event(target, target)));
    for arguments in [&["triage"][..], &["extract"]] {
        let output = krbtriage().args(arguments).arg(&path).output().unwrap();
        let mut csv = csv::ReaderBuilder::new();
        csv.delimiter(b';').flexible(true).has_headers(false);
        for record in csv.from_reader(&*output.stdout).records() {
            for cell in record.unwrap().iter() {
                assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            }
        }
    }
}

/// On a terminal clap shows an argument unchanged; `triage *` takes its arguments from file names.
#[cfg(target_os = "linux")]
#[test]
fn an_argument_cannot_drive_the_terminal() {
    let binary = assert_cmd::cargo::cargo_bin("krbtriage");
    for arguments in ["triage $'--x\\e[31m'", "triage a.evtx --since $'\\e[31m'", "$'\\e[31m'"] {
        // `script` gives the program a terminal. Without one, clap removes all escape sequences.
        let command = format!("exec bash -c \"'{}' {arguments}\"", binary.display());
        let output = std::process::Command::new("script").args(["-qec", &command, "/dev/null"]).output();
        let output = output.expect("script, of util-linux");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{shown}");
        assert!(shown.contains("error: ") && !shown.contains('\x1b'), "{shown:?}");
    }
}

#[test]
fn a_name_cannot_drive_the_terminal() {
    let (folder, path) = log([event("srv\u{1b}[2J\u{202e}1$", "host/\u{1b}]0;owned\u{7}srv2")]);
    // Windows allows no control characters in names, but characters that change the direction of text.
    let name = if cfg!(windows) { "\u{202e}red.evtx" } else { "\u{1b}[31m\u{202e}red.evtx" };
    let strange = folder.path().join(name);
    fs::write(&strange, b"ElfFile\0 but no log").unwrap();
    let output = krbtriage().args(["triage", "-v"]).arg(&path).arg(&strange).output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn exit_statuses() {
    let status = |arguments: &[&str]| triage(arguments).0;
    assert_eq!(status(&["samples/logs"]), 0);
    assert_eq!(krbtriage().args(["triage"]).output().unwrap().status.code(), Some(2), "no logs named");
    assert_eq!(krbtriage().args(["triage", "--since", "soon", "x"]).output().unwrap().status.code(), Some(2));
    assert_eq!(status(&["samples/logs", "no-such-file.evtx"]), 3);
    assert_eq!(status(&["samples/logs", "-i", "README.md"]), 3);
    assert_eq!(status(&["no-such-file.evtx"]), 4);
    assert_eq!(status(&["samples/logs", "-o", "no/such/folder/report.csv"]), 4);
}

#[test]
fn a_file_that_is_not_a_log_is_an_error_with_its_kind() {
    let (status, _, errors) = triage(&["samples/logs", "Cargo.toml"]);
    assert_eq!(status, 3);
    assert!(errors.contains("Cargo.toml: this is text of no kind that the program knows"), "{errors}");
}

/// An empty report would replace the old one, and look like good news.
#[test]
fn without_a_log_there_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let (report, legacy) = (folder.path().join("report.csv"), folder.path().join("SysEvent.Evt"));
    fs::write(&report, "old").unwrap();
    fs::write(&legacy, b"\x30\0\0\0LfLe\x01\0\0\0").unwrap();
    for named in [Path::new("Cargo.toml"), &legacy, folder.path()] {
        let output = krbtriage().arg("triage").arg(named).arg("-o").arg(&report).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{}: {errors}", named.display());
        assert!(errors.contains("this is"), "{errors}");
        assert_eq!(fs::read_to_string(&report).unwrap(), "old");
    }
}

#[test]
fn a_run_that_fails_leaves_the_old_report() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    fs::write(&report, "old").unwrap();
    let output = krbtriage().args(["triage", "no-such-file.evtx", "-o"]).arg(&report).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(fs::read_to_string(&report).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A log is evidence, and may be the only copy.
#[test]
fn an_output_never_replaces_an_input() {
    let (folder, path) = log([event("srv1$", "host/a")]);
    let list = folder.path().join("list.csv");
    fs::write(&list, "account,domain,spn\r\nsvc,alpha.example.com,HTTP/x\r\n").unwrap();
    let (log, list) = (path.to_str().unwrap(), list.to_str().unwrap());
    let before = (fs::read(log).unwrap(), fs::read(list).unwrap());
    for arguments in [
        &["triage", log, "--format", "csv", "-o", log][..],
        &["triage", folder.path().to_str().unwrap(), "--format", "csv", "-o", log],
        &["triage", log, "-s", list, "-o", list],
        &["triage", log, "-i", list, "--problems", list],
        &["triage", log, "--summary", log],
        &["extract", log, "-o", log],
        &["audit", "-s", list, "-o", list],
        &["inventory", list, "-o", list],
    ] {
        let output = krbtriage().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("would replace it"), "{output:?}");
    }
    assert_eq!((fs::read(log).unwrap(), fs::read(list).unwrap()), before);
    // A report may replace its baseline, also in the folder of the logs.
    let report = folder.path().join("report.csv");
    let report = report.to_str().unwrap();
    for arguments in [
        &["triage", log, "-o", report][..],
        &["triage", log, "-o", report, "--baseline", report],
        &["triage", folder.path().to_str().unwrap(), "-o", report],
        &["extract", folder.path().to_str().unwrap(), "-o", report],
    ] {
        assert_eq!(krbtriage().args(arguments).output().unwrap().status.code(), Some(0));
    }
}

#[test]
fn an_output_never_replaces_an_inventory_in_a_folder() {
    let (folder, log) = log([event("srv1$", "host/a")]);
    let lists = folder.path().join("lists");
    fs::create_dir(&lists).unwrap();
    let list = lists.join("list.csv");
    let text = "account,domain,spn\r\nsvc,alpha.example.com,HTTP/x\r\n";
    fs::write(&list, text).unwrap();
    let [log, lists, list] = [&log, &lists, &list].map(|path| path.to_str().unwrap());
    for arguments in [
        &["triage", log, "-s", lists, "-o", list][..],
        &["triage", log, "-s", folder.path().to_str().unwrap(), "--problems", list],
        &["audit", "-s", lists, "-o", list],
    ] {
        let output = krbtriage().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("would replace it"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(list).unwrap(), text);
    // An earlier report among the lists is not a list.
    let report = format!("{lists}/report.csv");
    for _ in 0..2 {
        let (status, ..) = triage(&[log, "-s", lists, "-o", &report]);
        assert_eq!(status, 0);
    }
}

#[test]
fn since_and_until_look_at_time_created() {
    let (_folder, path) = log([
        event("srv1$", "host/a").at("2026-10-05T23:59:59Z"),
        event("srv1$", "host/b").at("2026-10-06T12:00:00Z"),
        event("srv1$", "host/c").at("2026-10-07T00:00:00Z"),
    ]);
    let path = path.to_str().unwrap();
    let targets = |arguments: &[&str]| -> Vec<String> {
        let mut found: Vec<_> =
            triage(arguments).1.iter().map(|r| r[column("target_spn")].to_owned()).collect();
        found.sort();
        found
    };
    assert_eq!(targets(&["--since", "2026-10-06", "--until", "2026-10-06", path]), ["host/b"]);
    assert_eq!(targets(&["--since", "2026-10-06T12:00:00+00:00", path]), ["host/b", "host/c"]);
}

/// An empty report would look like good news.
#[test]
fn since_after_until_is_wrong_use() {
    let (status, _, errors) = triage(&["--since", "2026-10-07", "--until", "2026-10-06", "samples/logs"]);
    assert_eq!(status, 2);
    assert!(errors.contains("--since 2026-10-07T00:00:00Z is later than --until"), "{errors}");
}

#[test]
fn decoys_are_not_incidents() {
    use crate::support::evtx::{kdc_event4, kerberos_event5};
    let (_folder, path) = log([
        kdc_event4("dc1.alpha.example.com", "beta").at("2026-10-06T10:00:00Z"),
        kerberos_event5("SRV1.alpha.example.com", "srv1$", "ALPHA.EXAMPLE.COM").at("2026-10-06T10:00:01Z"),
    ]);
    assert_eq!(triage(&[path.to_str().unwrap()]).1.len(), 0);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_not_an_error() {
    let binary = assert_cmd::cargo::cargo_bin("krbtriage");
    let script = format!("'{}' triage samples/logs | head -c 10; exit ${{PIPESTATUS[0]}}", binary.display());
    let output = std::process::Command::new("bash")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_summary_has_a_line_for_every_input() {
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.jsonl");
    let status = krbtriage().arg("triage").args(ALL).arg("--summary").arg(&summary).output().unwrap().status;
    assert_eq!(status.code(), Some(0));
    let text = fs::read_to_string(summary).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 11, "nine logs and two inventories");
    let again =
        lines.iter().find(|l| l["path"].as_str().unwrap().ends_with("SRV1-System-again.evtx")).unwrap();
    assert_eq!(again["kind"], "evtx");
    assert!(again["duplicates"].as_u64().unwrap() > 0 || again["events"].as_u64().unwrap() > 0);
}
