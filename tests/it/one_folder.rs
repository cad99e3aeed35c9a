//! `krbtriage triage PATHS` uses every file by its kind.

use std::path::Path;

use assert_cmd::Command;

use crate::support::program::triage;

/// One folder without options has logs, an inventory and an SPN list.
#[test]
fn every_file_of_a_folder_is_used_by_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    for name in ["logs/SRV1-System.evtx", "logs/SRV2-System.evtx", "interfaces.csv", "spns.csv"] {
        let to = folder.path().join(name.rsplit('/').next().unwrap());
        std::fs::copy(Path::new("samples").join(name), to).unwrap();
    }
    file("notes.md", "# What we did\n");
    let path = folder.path().to_str().unwrap();
    let names = |i: &str, s: &str| [format!("{path}/{i}"), format!("{path}/{s}")];
    let (status, report, _) = triage(&[path, "--format", "csv"]);
    assert_eq!(status, 0);
    let [i, s] = names("interfaces.csv", "spns.csv");
    let (_, with_options, _) = triage(&["--logs-only", path, "-i", &i, "-s", &s, "--format", "csv"]);
    assert_eq!(report, with_options);
    assert!(report.contains(",confirmed,"), "{report}");
    let (_, logs_only, _) = triage(&[path, "--logs-only", "--format", "csv"]);
    assert!(!logs_only.contains(",confirmed,"), "{logs_only}");
    // -v lists the files where the report goes to a file.
    let out = folder.path().join("report.csv");
    let (_, _, errors) = triage(&[path, "-v", "-o", out.to_str().unwrap()]);
    assert!(errors.contains("interfaces.csv: krbtriage CSV, "), "{errors}");
    assert!(errors.contains("1 file of other kinds skipped"), "{errors}");
    // An option accepts several files, and a log among them is read as a log.
    let log = format!("{path}/SRV1-System.evtx");
    let (status, swallowed, errors) = triage(&["-s", &s, "-i", &i, &log, "--format", "csv"]);
    assert_eq!(status, 0, "{errors}");
    assert!(swallowed.contains(",confirmed,"));
    std::fs::remove_file(folder.path().join("SRV1-System.evtx")).unwrap();
    std::fs::remove_file(folder.path().join("SRV2-System.evtx")).unwrap();
    let (status, _, errors) = triage(&[path]);
    assert_eq!(status, 4);
    assert!(errors.contains("1 address inventory and 1 SPN list, and no log"), "{errors}");
}

/// F4: an archive without a log gives no empty report.
#[test]
fn an_archive_without_a_log_gives_no_report() {
    let (status, report, errors) = triage(&["tests/data/inputs/13-no-log.zip"]);
    assert_eq!((status, report.as_str()), (4, ""));
    assert!(errors.contains("there is no log in it, only x.json"), "{errors}");
}

/// F11: a tar archive, compressed or not, gives the events of its logs.
#[test]
fn a_tape_archive_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let plain =
        triage(&["samples/logs/SRV1-System.evtx", "samples/logs/SRV2-System.evtx", "--format", "json"]).1;
    let count = |report: &str| report.matches("\"incident_id\"").count();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_path("samples/README.md").unwrap();
    tar.append_path("samples/logs/SRV1-System.evtx").unwrap();
    tar.append_path("samples/logs/SRV2-System.evtx").unwrap();
    let bytes = tar.into_inner().unwrap();
    let packed = zstd::encode_all(&bytes[..], 3).unwrap();
    for (name, bytes) in [("logs.tar", bytes), ("logs.tar.zst", packed)] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let (status, report, errors) = triage(&[path.to_str().unwrap(), "--format", "json"]);
        assert_eq!(status, 0, "{name}: {errors}");
        assert!(count(&plain) > 0 && count(&report) == count(&plain), "{name}");
    }
}

/// `Get-Clipboard | krbtriage triage -`
#[test]
fn an_event_is_read_from_standard_input() {
    let event = std::fs::read("tests/data/forms/29-message-only.txt").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
        .env("TZ", "UTC")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["triage", "-", "--format", "csv"])
        .write_stdin(event)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("host/srv2.beta.example.com"), "{run:?}");
}
