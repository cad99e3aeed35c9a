//! Ctrl-C and a scheduler's stop: no half report, no leftovers, and the old report as it was.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::folder::names;

#[track_caller]
fn until(what: &str, mut true_now: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !true_now() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A run whose outputs are complete and which waits to hand one of them to a pipe that nobody reads.
fn interrupt_with(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (out, temporary) = (folder.path().join("out"), folder.path().join("tmp"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(out.join("report.csv"), "old").unwrap();
    assert!(Command::new("mkfifo").arg(out.join("pipe.json")).status().unwrap().success());

    let mut child = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
        .args(["triage", concat!(env!("CARGO_MANIFEST_DIR"), "/samples/logs"), "-q"])
        .args(["-o", "report.csv", "-o", "pipe.json"])
        .current_dir(&out)
        .env("TMPDIR", &temporary)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("both outputs are staged", || {
        names(&out).iter().any(|n| n.starts_with(".krbtriage-"))
            && names(&temporary).iter().any(|n| n.starts_with(".krbtriage-"))
    });
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut status = None;
    until("it ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(130));
    assert_eq!(names(&out), ["pipe.json", "report.csv"]);
    assert_eq!(names(&temporary), [""; 0]);
    assert_eq!(std::fs::read_to_string(out.join("report.csv")).unwrap(), "old");
}

#[test]
fn ctrl_c_leaves_the_old_report_and_nothing_else() {
    interrupt_with("-INT");
}

#[test]
fn a_schedulers_stop_leaves_the_old_report_and_nothing_else() {
    interrupt_with("-TERM");
}
