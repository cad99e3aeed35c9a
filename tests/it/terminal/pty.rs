//! The binary on a real terminal.

use crate::support::program::krbtriage;
use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::here::srv1;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

/// Runs the binary with its standard output on a terminal of this many columns. Returns its output and its exit status.
pub fn on_terminal(columns: u16, set: &[(&str, &str)], arguments: &[&str]) -> (String, i32) {
    run(columns, set, arguments, Path::new(SAMPLES), false)
}

/// The same in a folder, and with its standard error on the terminal too where `both` is set.
fn run(columns: u16, set: &[(&str, &str)], arguments: &[&str], folder: &Path, both: bool) -> (String, i32) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("a name");
    let theirs: OwnedFd = rustix::fs::open(
        name,
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY,
        rustix::fs::Mode::empty(),
    )
    .expect("its other end");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&theirs, size).expect("a size");
    let mut command = krbtriage();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").envs(set.iter().copied());
    let stderr = match both {
        true => theirs.try_clone().expect("another one").into(),
        false => Stdio::null(),
    };
    let mut child = command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(stderr)
        .stdout(theirs)
        .spawn()
        .expect("it runs");
    drop(command);
    // Reading ends with an error when the other end is closed.
    let mut text = Vec::new();
    let _ = File::from(ours).read_to_end(&mut text);
    let status = child.wait().expect("it ends").code().expect("a status");
    (String::from_utf8(text).expect("UTF-8").replace("\r\n", "\n"), status)
}

const TRIAGE: [&str; 6] = ["triage", "-i", "interfaces.csv", "-s", "spns.csv", "logs"];

#[test]
fn on_a_terminal_the_report_is_readable_and_piped_it_is_csv() {
    let (text, status) = on_terminal(72, &[], &TRIAGE);
    assert_eq!(status, 0);
    assert!(text.contains("9 problems in 12 incidents") && text.contains("\u{1b}["), "{text}");
    assert!(text.lines().all(|l| textwrap::core::display_width(l) <= 72), "{text}");
    let piped = krbtriage().current_dir(SAMPLES).args(TRIAGE).output().expect("it runs");
    assert!(piped.stdout.starts_with(b"incident_id,problem_id,"));
}

#[test]
fn format_forces_what_is_written() {
    let (text, _) = on_terminal(80, &[], &[&TRIAGE[..], &["--format", "csv"]].concat());
    assert!(text.starts_with("incident_id,problem_id,"), "{text}");
    let piped = krbtriage()
        .current_dir(SAMPLES)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .args(TRIAGE)
        .args(["--format", "text"])
        .output()
        .expect("it runs");
    let text = String::from_utf8(piped.stdout).expect("UTF-8");
    assert!(text.starts_with("9 problems in 12 incidents") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    for unwanted in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        let (text, _) = on_terminal(80, &[unwanted], &TRIAGE);
        assert!(!text.contains('\u{1b}') && text.starts_with("9 problems"), "{unwanted:?}: {text}");
    }
    let (text, _) = on_terminal(80, &[("NO_COLOR", "")], &TRIAGE);
    assert!(text.contains('\u{1b}'), "an empty NO_COLOR asks for nothing (no-color.org)");
}

/// The terminal breaks a longer line anywhere, also inside a word.
#[test]
fn messages_wrap_on_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = format!("{SAMPLES}/logs");
    let triage = ["triage", &logs, "-o", "report.csv", "--no-progress"];
    let (text, status) = run(60, &[], &triage, folder.path(), true);
    assert_eq!(status, 0);
    assert!(text.contains("problems in 12 incidents"), "{text}");
    let path_width = textwrap::core::display_width(&logs);
    assert!(text.lines().all(|l| textwrap::core::display_width(l) <= 60.max(path_width + 4)), "{text}");
    let no_folder = ["triage", &logs, "-o", "missing-folder/report.csv"];
    let (text, status) = run(60, &[], &no_folder, folder.path(), true);
    assert_eq!((status, text.lines().count()), (4, 2), "{text}");
    let piped = krbtriage().current_dir(folder.path()).args(no_folder).output().expect("it runs");
    let text = String::from_utf8(piped.stderr).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
}

/// Both commands count the hosts that they ask, because a silent one takes seconds.
#[test]
fn a_probe_shows_its_progress_on_a_terminal_only() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Accepts, is silent for a second, and closes.
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_secs(1));
                drop(connection);
            });
        }
    });
    let here = srv1(port);
    let port = port.to_string();
    let probe = ["probe", "127.0.0.1", "localhost", "--port", &port, "-o", "addresses.csv"];
    let here_probe = ["here", "--machine", "machine.json", "--probe", "-o", "report.csv"];
    for (arguments, asked) in [(&probe[..], "asked 0 of 2"), (&here_probe, "asked 0 of 1")] {
        let (text, _) = run(80, &[], arguments, here.folder(), true);
        assert!(text.contains(asked), "{text}");
        let (text, _) = run(80, &[], &[arguments, &["--no-progress"]].concat(), here.folder(), true);
        assert!(!text.contains(asked), "{text}");
        assert!(!here.run(arguments).stderr().contains(asked));
    }
}
