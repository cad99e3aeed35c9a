use std::io::Read;
use std::process::Stdio;

use super::support::*;

#[test]
fn exit_statuses() {
    let sandbox = Sandbox::new();
    sandbox.run(&all(&["logs"])).exits(0);
    sandbox.run(&all(&["logs", "--fail-on", "any"])).exits(1);
    sandbox.run(&["triage", "--no-such-option", "logs"]).exits(2);
    sandbox
        .run(&all(&["logs", "missing.evtx"]))
        .exits(3)
        .says("missing.evtx: there is no such file or folder");
    sandbox.run(&["triage", "missing.evtx"]).exits(4);
    sandbox.run(&all(&["logs", "-o", r"none\report.csv"])).exits(4).says("the folder does not exist");
    sandbox.run(&all(&["logs", "-o", "logs"])).exits(4).says("this is a folder");
}

#[test]
fn a_report_is_replaced() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("report.csv"), "old").unwrap();
    sandbox.run(&all(&["logs", "-q", "-o", "report.csv"])).exits(0);
    assert_eq!(sandbox.text("report.csv"), samples_report());
    assert_eq!(Sandbox::names(sandbox.folder()), ["interfaces.csv", "logs", "report.csv", "spns.csv"]);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command()
        .args(["extract", "logs", "-q", "--provider", "Microsoft-Windows-Security-Kerberos"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 4];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut start).unwrap();
    drop(stdout);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*said), (Some(0), ""));
}

#[test]
fn a_second_night_is_quiet() {
    let sandbox = Sandbox::new();
    let night = all(&["logs", "-q", "-o", "report.csv", "--state", "state.json", "--fail-on", "new"]);
    sandbox.run(&night).exits(1);
    sandbox.run(&night).exits(0);
    sandbox.run(&night).exits(0);
}
