//! `--new` writes what a schedule sends to people, and `--allow` mutes problems.

use crate::support::program::*;

/// Two nights of logs. The second has a new problem and a second incident of the old one.
fn two_nights() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("one/A.evtx", log([four("A", "old", 1, 10), four("A", "both", 2, 20)]));
    sandbox.write("two/A.evtx", log([four("A", "both", 4, 1500), four("A", "late", 5, 1510)]));
    sandbox.run(&["triage", "one", "-o", "one.csv"]).exits(0);
    sandbox
}

const TWO: [&str; 4] = ["triage", "two", "--baseline", "one.csv"];

/// The problem whose targets contain `target`.
fn problem_of(sandbox: &Sandbox, target: &str) -> String {
    sandbox.run(&[&TWO, &["--problems", "p.csv"][..]].concat()).exits(0);
    let all = rows(&sandbox.text("p.csv"));
    all.iter().find(|row| row["targets"].contains(target)).unwrap()["problem_id"].clone()
}

#[test]
fn new_holds_only_new_problems_with_everything_a_ticket_needs() {
    let sandbox = two_nights();
    let mut arguments = [&TWO, &["--new", "new.txt", "-o", "two.csv"][..]].concat();
    sandbox.run(&arguments).exits(0);
    let text = sandbox.text("new.txt");
    assert!(text.starts_with("krbtriage: 1 new Kerberos problem\n\n1. "), "{text}");
    assert!(text.contains("cifs/late.alpha.example.com") && !text.contains("both"), "{text}");
    for part in
        ["Clients: A.alpha.example.com", "Problem: p", "Why:", "Evidence:", "Check first:", "Fix:\n   1) "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A problem that was resolved and comes back is new.
    sandbox.write("three/A.evtx", log([four("A", "old", 9, 3000)]));
    sandbox
        .run(&["triage", "three", "--baseline", "two.csv", "--new", "new.txt", "-o", "three.csv"])
        .exits(0);
    let text = sandbox.text("new.txt");
    assert!(text.contains("cifs/old") && text.contains("It was resolved before."), "{text}");
    // A quiet night leaves nothing that could be mailed again.
    arguments[3] = "three.csv";
    arguments[1] = "three";
    sandbox.run(&arguments).exits(0);
    assert_eq!(sandbox.text("new.txt"), "");
    // To standard output: a scheduler mails what is printed.
    let printed = sandbox.run(&[&TWO, &["--new", "-", "-q"][..]].concat()).exits(0);
    assert!(printed.stdout().starts_with("krbtriage: 1 new") && printed.stderr().is_empty());
}

#[test]
fn new_needs_something_to_compare_with() {
    let sandbox = two_nights();
    sandbox.run(&["triage", "two", "--new", "new.txt"]).exits(2);
    sandbox.run(&["triage", "two", "--new", "new.txt", "--state", "s.json"]).exits(0);
    assert!(sandbox.text("new.txt").starts_with("krbtriage: 2 new Kerberos problems\n"));
    sandbox.run(&["triage", "two", "--new", "new.txt", "--state", "s.json"]).exits(0);
    assert_eq!(sandbox.text("new.txt"), "");
    sandbox.run(&["triage", "two", "--new", "one.csv", "--baseline", "one.csv"]).exits(2);
}

#[test]
fn a_name_is_one_line_of_new() {
    let sandbox = Sandbox::new();
    let event =
        crate::support::evtx::kerberos_event4("A.a.com", "srv9$", "A.COM", "cifs/x\n2. y\u{1b}[31m", "A.COM");
    sandbox.write("one.evtx", log([event]));
    sandbox.run(&["triage", "one.evtx", "--state", "s.json", "--new", "new.txt"]).exits(0);
    let text = sandbox.text("new.txt");
    assert!(!text.contains('\u{1b}') && !text.contains("\n2. y"), "{text}");
}

#[test]
fn a_muted_problem_is_counted_and_shown_and_raises_no_alarm() {
    let sandbox = two_nights();
    let id = problem_of(&sandbox, "late");
    sandbox.write(
        "allow.txt",
        format!("# accepted\r\n192.0.2.0/24\r\n{id} 2999-12-31 ends with ticket #4711\r\n"),
    );
    let alarm = ["--fail-on", "new,new-problem,wrong-host", "--new", "new.txt", "-o", "two.csv"];
    sandbox.run(&[&TWO, &alarm[..]].concat()).exits(1);
    let report = sandbox.text("two.csv");
    let muted = [&TWO, &alarm[..], &["--allow", "allow.txt", "-o", "two.html"]].concat();
    let run = sandbox.run(&muted);
    // The old problem has the same cause, and is not muted.
    assert_eq!((run.code(), &*sandbox.text("new.txt")), (1, ""), "{}", run.stderr());
    let run = sandbox
        .run(
            &[
                &TWO,
                &["--fail-on", "new,new-problem", "--allow", "allow.txt", "-o", "two.csv", "-o", "two.html"]
                    [..],
            ]
            .concat(),
        )
        .exits(0);
    assert!(
        run.stderr().contains("muted until 2999-12-31: ") && run.stderr().contains("ends with ticket #4711")
    );
    assert_eq!(sandbox.text("two.csv"), report, "it is in the report as before");
    assert!(sandbox.text("two.html").contains("ends with ticket #4711"));
}

#[test]
fn a_problem_whose_incidents_are_all_muted_is_muted() {
    let sandbox = two_nights();
    sandbox.run(&[&TWO, &["-o", "two.csv"][..]].concat()).exits(0);
    let incident = |target: &str| {
        rows(&sandbox.text("two.csv")).iter().find(|row| row["target_spn"].contains(target)).unwrap()["incident_id"].clone()
    };
    sandbox.write("allow.txt", format!("{} 2999-12-31 known\n", incident("late")));
    sandbox.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(0);
    sandbox.write("allow.txt", format!("{} 2999-12-31 known\n", incident("both")));
    sandbox.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(1);
}

#[test]
fn a_problem_counts_again_when_its_last_day_is_over() {
    let sandbox = two_nights();
    let id = problem_of(&sandbox, "late");
    sandbox.write("allow.txt", format!("{id} 2020-01-31 known\n"));
    let run = sandbox.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(1);
    assert!(run.stderr().contains("2020-01-31 was its last day"), "{}", run.stderr());
    sandbox.write("allow.txt", format!("{id} known\n"));
    let run = sandbox.run(&[&TWO, &["--allow", "allow.txt", "-o", "new.csv"][..]].concat()).exits(4);
    assert!(run.stderr().contains("needs a last day and a reason") && !exists(&sandbox.path("new.csv")));
    sandbox.run(&[&TWO, &["--allow", "allow.txt", "-o", "allow.txt"][..]].concat());
    assert!(sandbox.text("allow.txt").ends_with("known\n"), "it is not replaced");
}

/// The text between two lines of a document.
#[cfg(unix)]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("{to}")).0
}

/// The commands of the systemd recipe, run in a folder with a `mail` that keeps its input.
#[cfg(unix)]
#[test]
fn the_systemd_recipe_mails_what_is_new_once() {
    let sandbox = Sandbox::new();
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scheduling.md")).unwrap();
    let here = sandbox.folder().to_str().unwrap();
    let triage = between(&document, "ExecStart=/usr/local/bin/krbtriage triage", "\n# 3:")
        .replace("\\\n", " ")
        .replace("/srv/krbtriage", here);
    let alarm = between(&document, "ExecStart=/bin/sh -c '", "'\n");
    for folder in ["logs", "addresses", "accounts", "bin"] {
        std::fs::create_dir(sandbox.path(folder)).unwrap();
    }
    sandbox.write("allow.txt", "");
    sandbox.write("addresses/a.csv", "host,address\nSRV1,192.0.2.1\n");
    sandbox.write("accounts/a.csv", "account,domain,spn\nSRV1$,alpha.example.com,host/srv1\n");
    for (program, text) in
        [("mail", "#!/bin/sh\necho \"$2\" >> mails\n"), ("journalctl", "#!/bin/sh\necho journal\n")]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = sandbox.write(&format!("bin/{program}"), text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let night = |expected: i32| {
        let script = format!(
            "rm -f new.txt; {} triage {triage}; status=$?; case $status in 0|3) ;; *) PATH=bin:$PATH; {alarm} ;; esac; exit $status",
            env!("CARGO_BIN_EXE_krbtriage")
        );
        let run = std::process::Command::new("sh").args(["-c", &script]).current_dir(here).output().unwrap();
        assert_eq!(run.status.code(), Some(expected), "{}", String::from_utf8_lossy(&run.stderr));
    };
    sandbox.write("logs/A.evtx", log([four("A", "old", 1, 10)]));
    night(1);
    night(0);
    sandbox.write("state.json", "damaged");
    night(4);
    let mails = "krbtriage: 1 new Kerberos problem\nkrbtriage: no report\n";
    assert_eq!(sandbox.text("mails"), mails, "no old news under a new subject");
}
