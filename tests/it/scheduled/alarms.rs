//! What a schedule sends to people: `--new`, and what `--allow` mutes.

use crate::support::program::*;

/// The second night has one problem more, with a second incident of the old one.
fn two_nights() -> Place {
    let place = Place::new();
    place.write("one/A.evtx", log([four("A", "old", 1, 10), four("A", "both", 2, 20)]));
    place.write("two/A.evtx", log([four("A", "both", 4, 1500), four("A", "late", 5, 1510)]));
    place.run(&["triage", "one", "-o", "one.csv"]).exits(0);
    place
}

const TWO: [&str; 4] = ["triage", "two", "--baseline", "one.csv"];

/// The problem whose targets contain `target`.
fn problem_of(place: &Place, target: &str) -> String {
    place.run(&[&TWO, &["--problems", "p.csv"][..]].concat()).exits(0);
    let all = rows(&place.text("p.csv"));
    all.iter().find(|row| row["targets"].contains(target)).unwrap()["problem_id"].clone()
}

#[test]
fn new_holds_only_new_problems_with_everything_a_ticket_needs() {
    let place = two_nights();
    let mut arguments = [&TWO, &["--new", "new.txt", "-o", "two.csv"][..]].concat();
    place.run(&arguments).exits(0);
    let text = place.text("new.txt");
    assert!(text.starts_with("krbtriage: 1 new Kerberos problem\n\n1. "), "{text}");
    assert!(text.contains("cifs/late.alpha.example.com") && !text.contains("both"), "{text}");
    for part in
        ["Clients: A.alpha.example.com", "Problem: p", "Why:", "Evidence:", "Check first:", "Fix:\n   1) "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What was resolved and comes back is new as well.
    place.write("three/A.evtx", log([four("A", "old", 9, 3000)]));
    place.run(&["triage", "three", "--baseline", "two.csv", "--new", "new.txt", "-o", "three.csv"]).exits(0);
    let text = place.text("new.txt");
    assert!(text.contains("cifs/old") && text.contains("It was resolved before."), "{text}");
    // A quiet night leaves nothing that could be mailed again.
    arguments[3] = "three.csv";
    arguments[1] = "three";
    place.run(&arguments).exits(0);
    assert_eq!(place.text("new.txt"), "");
    // To standard output: a scheduler mails what is printed.
    let printed = place.run(&[&TWO, &["--new", "-", "-q"][..]].concat()).exits(0);
    assert!(printed.stdout().starts_with("krbtriage: 1 new") && printed.stderr().is_empty());
}

#[test]
fn new_needs_something_to_compare_with() {
    let place = two_nights();
    place.run(&["triage", "two", "--new", "new.txt"]).exits(2);
    place.run(&["triage", "two", "--new", "new.txt", "--state", "s.json"]).exits(0);
    assert!(place.text("new.txt").starts_with("krbtriage: 2 new Kerberos problems\n"));
    place.run(&["triage", "two", "--new", "new.txt", "--state", "s.json"]).exits(0);
    assert_eq!(place.text("new.txt"), "");
    place.run(&["triage", "two", "--new", "one.csv", "--baseline", "one.csv"]).exits(2);
}

#[test]
fn a_name_is_one_line_of_new() {
    let place = Place::new();
    let event =
        crate::support::evtx::kerberos_event4("A.a.com", "srv9$", "A.COM", "cifs/x\n2. y\u{1b}[31m", "A.COM");
    place.write("one.evtx", log([event]));
    place.run(&["triage", "one.evtx", "--state", "s.json", "--new", "new.txt"]).exits(0);
    let text = place.text("new.txt");
    assert!(!text.contains('\u{1b}') && !text.contains("\n2. y"), "{text}");
}

#[test]
fn a_muted_problem_is_counted_and_shown_and_raises_no_alarm() {
    let place = two_nights();
    let id = problem_of(&place, "late");
    place.write(
        "allow.txt",
        format!("# accepted\r\n192.0.2.0/24\r\n{id} 2999-12-31 ends with ticket #4711\r\n"),
    );
    let alarm = ["--fail-on", "new,new-problem,wrong-host", "--new", "new.txt", "-o", "two.csv"];
    place.run(&[&TWO, &alarm[..]].concat()).exits(1);
    let report = place.text("two.csv");
    let muted = [&TWO, &alarm[..], &["--allow", "allow.txt", "-o", "two.html"]].concat();
    let run = place.run(&muted);
    // The old problem has the same cause, and is not muted.
    assert_eq!((run.code(), &*place.text("new.txt")), (1, ""), "{}", run.stderr());
    let run = place
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
    assert_eq!(place.text("two.csv"), report, "it is in the report as before");
    assert!(place.text("two.html").contains("ends with ticket #4711"));
}

#[test]
fn a_problem_whose_incidents_are_all_muted_is_muted() {
    let place = two_nights();
    place.run(&[&TWO, &["-o", "two.csv"][..]].concat()).exits(0);
    let incident = |target: &str| {
        rows(&place.text("two.csv")).iter().find(|row| row["target_spn"].contains(target)).unwrap()["incident_id"].clone()
    };
    place.write("allow.txt", format!("{} 2999-12-31 known\n", incident("late")));
    place.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(0);
    place.write("allow.txt", format!("{} 2999-12-31 known\n", incident("both")));
    place.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(1);
}

#[test]
fn a_problem_counts_again_when_its_last_day_is_over() {
    let place = two_nights();
    let id = problem_of(&place, "late");
    place.write("allow.txt", format!("{id} 2020-01-31 known\n"));
    let run = place.run(&[&TWO, &["--fail-on", "new", "--allow", "allow.txt"][..]].concat()).exits(1);
    assert!(run.stderr().contains("2020-01-31 was its last day"), "{}", run.stderr());
    place.write("allow.txt", format!("{id} known\n"));
    let run = place.run(&[&TWO, &["--allow", "allow.txt", "-o", "new.csv"][..]].concat()).exits(4);
    assert!(run.stderr().contains("needs a last day and a reason") && !exists(&place.path("new.csv")));
    place.run(&[&TWO, &["--allow", "allow.txt", "-o", "allow.txt"][..]].concat());
    assert!(place.text("allow.txt").ends_with("known\n"), "it is not replaced");
}

/// The text between two lines of a document.
#[cfg(unix)]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("{to}")).0
}

/// The recipe for systemd: its commands run in a folder of their own, with a `mail` that keeps what it gets.
#[cfg(unix)]
#[test]
fn the_systemd_recipe_mails_what_is_new_once() {
    let place = Place::new();
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scheduling.md")).unwrap();
    let here = place.0.path().to_str().unwrap();
    let triage = between(&document, "ExecStart=/usr/local/bin/krbtriage triage", "\n# 3:")
        .replace("\\\n", " ")
        .replace("/srv/krbtriage", here);
    let alarm = between(&document, "ExecStart=/bin/sh -c '", "'\n");
    for folder in ["logs", "addresses", "accounts", "bin"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    place.write("allow.txt", "");
    place.write("addresses/a.csv", "host,address\nSRV1,192.0.2.1\n");
    place.write("accounts/a.csv", "account,domain,spn\nSRV1$,alpha.example.com,host/srv1\n");
    for (program, text) in
        [("mail", "#!/bin/sh\necho \"$2\" >> mails\n"), ("journalctl", "#!/bin/sh\necho journal\n")]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = place.write(&format!("bin/{program}"), text);
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
    place.write("logs/A.evtx", log([four("A", "old", 1, 10)]));
    night(1);
    night(0);
    place.write("state.json", "damaged");
    night(4);
    let mails = "krbtriage: 1 new Kerberos problem\nkrbtriage: no report\n";
    assert_eq!(place.text("mails"), mails, "no old news under a new subject");
}
