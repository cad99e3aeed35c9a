use std::fs::{File, OpenOptions};
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, LockFile};

use super::support::*;

/// As Excel opens a workbook: others may read.
fn open_in_excel(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).share_mode(FILE_SHARE_READ).open(path).unwrap()
}

#[test]
fn a_log_that_is_locked_by_another_program_is_named_with_what_to_do() {
    let sandbox = Sandbox::new();
    let log = sandbox.path(r"logs\SRV1-System.evtx");
    let _locked = OpenOptions::new().read(true).share_mode(0).open(&log).unwrap();
    let run = sandbox.run(&all(&["logs"])).exits(3);
    let run = run.says(r"logs\SRV1-System.evtx: another program has it open and locked");
    run.says("wevtutil epl System System.evtx");
    sandbox.run(&["triage", r"logs\SRV1-System.evtx"]).exits(4).says("wevtutil epl");
}

/// The event log service locks a live log's bytes, not the file. Wine 8 lets others read locked bytes, so `tests/windows/run`
/// leaves this test out.
#[test]
fn a_log_whose_bytes_are_locked_is_named_with_what_to_do() {
    let sandbox = Sandbox::new();
    let log = File::options().read(true).write(true).open(sandbox.path(r"logs\SRV1-System.evtx")).unwrap();
    // SAFETY: the handle is open, and no memory is involved.
    let locked = unsafe { LockFile(log.as_raw_handle(), 4096, 0, 1 << 16, 0) };
    assert_ne!(locked, 0, "{}", std::io::Error::last_os_error());
    let other = File::open(sandbox.path(r"logs\SRV1-System.evtx")).unwrap();
    other.seek_read(&mut [0; 16], 4096).expect_err("locked bytes");
    sandbox
        .run(&all(&["logs"]))
        .exits(3)
        .says(r"SRV1-System.evtx: another program has it open and locked")
        .says("wevtutil epl System System.evtx");
}

/// The event log service has live logs and their folder open for sharing, and a log may be read that somebody else writes.
#[test]
fn a_log_that_another_program_writes_is_read() {
    let sandbox = Sandbox::new();
    let _open = File::options().read(true).append(true).open(sandbox.path(r"logs\SRV1-System.evtx")).unwrap();
    assert_eq!(sandbox.run(&all(&["logs"])).exits(0).stdout(), samples_report());
}

#[test]
fn a_report_that_is_open_in_excel_gets_a_second_name_and_says_so() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("report.csv"), "old").unwrap();
    let _first = open_in_excel(&sandbox.path("report.csv"));
    sandbox
        .run(&all(&["logs", "-q", "-o", "report.csv"]))
        .exits(0)
        .says("report.csv is open in another program")
        .says("was written to report-2.csv");
    assert_eq!(sandbox.text("report-2.csv"), samples_report());
    assert_eq!(sandbox.text("report.csv"), "old");

    let second = open_in_excel(&sandbox.path("report-2.csv"));
    sandbox.run(&all(&["logs", "-q", "-o", "report.csv"])).exits(0).says("was written to report-3.csv");
    drop(second);
    // An earlier second name that nobody has open is replaced like any report.
    sandbox.run(&all(&["logs", "-q", "-o", "report.csv"])).exits(0).says("was written to report-2.csv");
    let names = Sandbox::names(sandbox.folder());
    assert_eq!(names, ["interfaces.csv", "logs", "report-2.csv", "report-3.csv", "report.csv", "spns.csv"]);
}

#[test]
fn a_second_name_is_never_that_of_an_input_or_another_output() {
    let sandbox = Sandbox::new();
    std::fs::rename(sandbox.path("interfaces.csv"), sandbox.path("report-2.csv")).unwrap();
    let inventory = sandbox.text("report-2.csv");
    std::fs::write(sandbox.path("report.csv"), "old").unwrap();
    let _open = open_in_excel(&sandbox.path("report.csv"));
    sandbox
        .run(&[
            "triage",
            "-i",
            "report-2.csv",
            "logs",
            "-q",
            "-o",
            "report.csv",
            "--problems",
            "report-3.csv",
        ])
        .exits(0)
        .says("was written to report-4.csv");
    assert_eq!(sandbox.text("report-2.csv"), inventory);
    assert!(sandbox.text("report-3.csv").starts_with("problem_id,"));
    assert!(sandbox.text("report-4.csv").starts_with("incident_id,"));
}

#[test]
fn other_commands_outputs_get_a_second_name_too() {
    let sandbox = Sandbox::new();
    let _open: Vec<_> = ["a.csv", "b.csv", "c.csv", "d.ps1"]
        .iter()
        .map(|name| {
            std::fs::write(sandbox.path(name), "old").unwrap();
            open_in_excel(&sandbox.path(name))
        })
        .collect();
    sandbox.run(&["inventory", "interfaces.csv", "-o", "a.csv"]).exits(0).says("was written to a-2.csv");
    sandbox.run(&["audit", "-i", "interfaces.csv", "-o", "b.csv"]).exits(0).says("was written to b-2.csv");
    sandbox.run(&["extract", "logs", "-q", "-o", "c.csv"]).exits(0).says("was written to c-2.csv");
    sandbox.run(&["collect-script", "srv1", "-o", "d.ps1"]).exits(0).says("was written to d-2.ps1");
    for name in ["a-2.csv", "b-2.csv", "c-2.csv", "d-2.ps1"] {
        assert!(!sandbox.text(name).is_empty(), "{name}");
    }
}

#[test]
fn a_report_open_for_reading_only_is_replaced_or_gets_a_second_name() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("report.csv"), "old").unwrap();
    // An editor that shares everything blocks no reader.
    let _open = File::open(sandbox.path("report.csv")).unwrap();
    sandbox.run(&all(&["logs", "-q", "-o", "report.csv"])).exits(0);
    let name = if sandbox.text("report.csv") == "old" { "report-2.csv" } else { "report.csv" };
    assert_eq!(sandbox.text(name), samples_report());
}

#[test]
fn a_state_that_another_run_uses_or_another_program_has_open_is_named() {
    let sandbox = Sandbox::new();
    let arguments = all(&["logs", "-q", "-o", "report.csv", "--state", "state.json"]);
    sandbox.run(&arguments).exits(0);
    let before = sandbox.text("state.json");

    let other_run = File::options().write(true).open(sandbox.path("state.json.lock")).unwrap();
    other_run.lock().unwrap();
    sandbox.run(&arguments).exits(4).says("state.json: another run is using it");
    drop(other_run);

    let open = open_in_excel(&sandbox.path("state.json"));
    sandbox.run(&arguments).exits(4).says("state.json: cannot be replaced: it is open in another program");
    assert_eq!(sandbox.text("state.json"), before);
    drop(open);
    sandbox.run(&arguments).exits(0);
}
