//! Texts for a person on standard error and in an empty report: the worst problems, the files, why the run failed, what was
//! left out, and what to do next.

use crate::support::program::*;

/// The samples' logs with inventories: 9 problems in 12 incidents.
fn samples() -> [String; 6] {
    ["triage", "-i", &sample("interfaces.csv"), "-s", &sample("spns.csv"), &sample("logs")].map(str::to_owned)
}

/// Runs the samples with more options.
fn run(sandbox: &Sandbox, options: &[&str]) -> Run {
    let samples = samples();
    let arguments: Vec<&str> = samples.iter().map(String::as_str).chain(options.iter().copied()).collect();
    sandbox.run(&arguments)
}

#[test]
fn a_run_with_files_names_the_worst_problems_and_the_files() {
    let sandbox = Sandbox::new();
    // -v gives the summary of a terminal.
    let said = run(&sandbox, &["-v", "-o", "r.csv", "-o", "r.html"]).exits(0).stderr();
    assert!(said.contains("9 problems in 12 incidents\n  1. "), "{said}");
    assert!(
        said.contains(": confirmed, ") && said.contains("\n  3. ") && !said.contains("\n  4. "),
        "{said}"
    );
    assert!(said.contains("\n  and 6 more\nWrote r.csv, r.html\n"), "{said}");
    assert!(!said.contains("looked at"), "{said}");
}

#[test]
fn fail_on_says_why_also_without_a_terminal() {
    let sandbox = Sandbox::new();
    let said = run(&sandbox, &["--fail-on", "any,password-mismatch", "-o", "r.csv"]).exits(1).stderr();
    assert!(said.contains("Exit status 1, because --fail-on any holds for 9:\n  "), "{said}");
    assert!(said.contains("\n  and 6 more\n"), "{said}");
    assert!(said.contains("because --fail-on password-mismatch holds for "), "{said}");
    assert!(said.contains(": confirmed\n"), "{said}");
    let quiet = run(&sandbox, &["--fail-on", "any", "-o", "r.csv", "-q"]).exits(1);
    assert_eq!(quiet.stderr(), "");
    let none = run(&sandbox, &["--fail-on", "undetermined", "--since", "2026-11-22", "-o", "r.csv"]).exits(0);
    assert!(!none.stderr().contains("Exit status"), "{}", none.stderr());
}

#[test]
fn an_audit_that_fails_says_why() {
    let sandbox = Sandbox::new();
    sandbox.write("a.csv", "host,address\nSRV1,192.0.2.1\nSRV2,192.0.2.1\n");
    let said =
        sandbox.run(&["audit", "-i", "a.csv", "--fail-on", "any", "-o", "audit.csv"]).exits(1).stderr();
    assert!(said.contains("Exit status 1, because --fail-on any holds for 1:\n  192.0.2.1: "), "{said}");
}

#[test]
fn since_says_what_it_left_out() {
    let sandbox = Sandbox::new();
    let text = run(&sandbox, &["--since", "2026-11-22", "-o", "r.txt"]).exits(0);
    let said = text.stderr();
    let left_out = "29 events 4 before 2026-11-22 00:00 UTC (--since), the last at 2026-10-06 22:13 UTC.";
    assert!(said.contains(&format!("Left out: {left_out}")), "{said}");
    let report = sandbox.text("r.txt").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.starts_with("No Kerberos event 4 (KRB_AP_ERR_MODIFIED) in this period."), "{report}");
    assert!(report.contains(left_out) && report.contains("Leave out --since to include them."), "{report}");
    // Each event counts once, although two exports have it.
    let log = sample("logs");
    sandbox.run(&["triage", &log, &log, "--since", "2026-11-22", "-o", "r.txt"]).exits(0);
    assert!(sandbox.text("r.txt").contains("29 events 4"), "{}", sandbox.text("r.txt"));
    // If some events are left, the summary has the sentence.
    let said = run(&sandbox, &["-v", "--since", "2026-10-06", "-o", "r.csv"]).exits(0).stderr();
    assert!(said.contains("Left out: ") && said.contains(" before 2026-10-06 00:00 UTC (--since)"), "{said}");
    let said = run(&sandbox, &["-v", "-o", "r.csv"]).exits(0).stderr();
    assert!(!said.contains("Left out"), "{said}");
}

#[test]
fn a_log_without_event_4_says_what_it_is_and_where_event_4_would_be() {
    let sandbox = Sandbox::new();
    let log = sample("logs/SRV6-System.evtx");
    let run = sandbox.run(&["triage", &log, "--format", "text"]).exits(0);
    let text = run.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("No Kerberos event 4 (KRB_AP_ERR_MODIFIED) in these logs."), "{text}");
    assert!(text.contains(", of SRV6.alpha.example.com, 2026-10-0"), "{text}");
    assert!(text.contains("Related 2 x NETLOGON 3210 on SRV6.alpha.example.com, last 2026-10-0"), "{text}");
    assert!(text.contains("Next Event 4 is in the System log of the client"), "{text}");
    // The page and the log of a script say the same.
    let said = sandbox.run(&["triage", &log, "-o", "r.html"]).exits(0).stderr();
    assert!(said.contains("  Related: 2 x NETLOGON 3210"), "{said}");
    assert!(sandbox.text("r.html").contains("2 x NETLOGON 3210"));
}

#[test]
fn colours_can_be_forced_and_turned_off() {
    let sandbox = Sandbox::new();
    let text = |options: &[&str]| run(&sandbox, &[&["--format", "text"], options].concat()).exits(0).stdout();
    assert!(text(&["--color", "always"]).contains("\u{1b}["));
    assert!(!text(&["--color", "never"]).contains('\u{1b}'));
    assert!(!text(&[]).contains('\u{1b}'), "no terminal");
    sandbox.run(&["triage", "--color", "sometimes", "x"]).exits(2);
}
