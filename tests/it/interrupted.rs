//! Ctrl-C and SIGTERM leave no half report, no temporary files, and the old report unchanged.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::folder::names;
use crate::support::program::krbtriage_with_signals;

#[track_caller]
fn until(what: &str, mut true_now: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !true_now() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Interrupts a run whose outputs are complete and which waits to write one of them to a pipe that nobody reads. `options`
/// are those of `env`, which starts it.
fn interrupt(options: &[&str], signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (out, temporary) = (folder.path().join("out"), folder.path().join("tmp"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&temporary).unwrap();
    std::fs::write(out.join("report.csv"), "old").unwrap();
    assert!(Command::new("mkfifo").arg(out.join("pipe.json")).status().unwrap().success());

    let mut child = krbtriage_with_signals(options)
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
    interrupt(&[], "-INT");
}

#[test]
fn a_schedulers_stop_leaves_the_old_report_and_nothing_else() {
    interrupt(&[], "-TERM");
}

/// No signal was handled if one was ignored, so that the stop of a job under nohup left its temporary files.
#[cfg(target_os = "linux")]
#[test]
fn a_stop_under_nohup_or_in_the_background_leaves_the_old_report_and_nothing_else() {
    interrupt(&["--ignore-signal=HUP"], "-TERM");
    interrupt(&["--ignore-signal=HUP"], "-INT");
    interrupt(&["--ignore-signal=INT"], "-HUP");
}

/// nohup ignores SIGHUP so that a run survives its terminal.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_signal_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe.json")).status().unwrap().success());
    let mut child = krbtriage_with_signals(&["--ignore-signal=HUP"])
        .args(["triage", concat!(env!("CARGO_MANIFEST_DIR"), "/samples/logs"), "-q"])
        .args(["-o", "report.csv", "-o", "pipe.json"])
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    until("an output is staged", || names(folder.path()).iter().any(|n| n.starts_with(".krbtriage-")));
    let sent = Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(!std::fs::read(folder.path().join("pipe.json")).unwrap().is_empty());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(folder.path()), ["pipe.json", "report.csv"]);
}
