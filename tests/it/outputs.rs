//! Outputs and files: `-`, links, protected inputs, and runs that fail half way.

use crate::support::program::*;

const ADDRESSES: &str = "host,address\nSRV1,192.0.2.1\nSRV2,192.0.2.1\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("i.csv", ADDRESSES);
    sandbox
}

/// Bug 2 of the review: some options wrote a file called `-`.
#[test]
fn a_dash_is_standard_output_for_every_output() {
    let sandbox = sandbox();
    let before = sandbox.files();
    for (arguments, first) in [
        (&["inventory", "i.csv", "-o", "-"][..], "host,address"),
        (&["audit", "-i", "i.csv", "-o", "-"], "finding_id"),
        (&["collect-script", "SRV1", "-o", "-"], "<#"),
        (&["extract", "A.evtx", "-o", "-"], "computer,"),
        (&["triage", "A.evtx", "-o", "-"], "incident_id"),
        (&["triage", "A.evtx", "--problems", "-"], "problem_id"),
        (&["triage", "A.evtx", "--events", "-"], "incident_id,time_created"),
        (&["triage", "A.evtx", "--summary", "-"], "{\"input\""),
    ] {
        let out = sandbox.run(arguments).exits(0).stdout();
        assert!(out.starts_with(first), "{arguments:?}: {out}");
    }
    assert_eq!(sandbox.files(), before);
    let twice = sandbox.run(&["triage", "A.evtx", "-o", "-", "--problems", "-"]).exits(2);
    assert!(twice.stderr().contains("both go to standard output"), "{}", twice.stderr());
}

#[test]
fn a_name_that_ends_with_a_separator_is_not_a_file() {
    let sandbox = sandbox();
    let run = sandbox.run(&["triage", "A.evtx", "-o", "report/"]).exits(4);
    assert!(run.stderr().contains("this is a folder"), "{}", run.stderr());
}

#[test]
fn a_message_lists_what_was_replaced_where_one_of_several_outputs_failed() {
    let sandbox = sandbox();
    // The temporary name is short, so only the rename fails.
    let long = format!("{}.csv", "x".repeat(300));
    let run =
        sandbox.run(&["triage", "A.evtx", "-o", "first.csv", "-o", &long, "--state", "state.json"]).exits(4);
    let stderr = run.stderr();
    assert!(stderr.contains("Already replaced: first.csv"), "{stderr}");
    assert!(stderr.contains(&format!("Not replaced: {long}, state.json")), "{stderr}");
    assert!(sandbox.text("first.csv").starts_with("incident_id"));
    assert!(!exists(&sandbox.path("state.json")), "the events are reported again");
}

/// Bug 1 of the review.
#[test]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = sandbox();
    let rows: String = (0..20_000).map(|i| format!("SRV{i},192.0.2.1\n")).collect();
    sandbox.write("big.csv", format!("host,address\n{rows}"));
    for arguments in [&["inventory", "big.csv"][..], &["audit", "-i", "big.csv"], &["triage", "A.evtx"]] {
        let mut child = krbtriage()
            .current_dir(sandbox.folder())
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Every option that writes, through a link to every input.
    #[test]
    fn no_output_replaces_what_is_read() {
        let sandbox = sandbox();
        std::fs::create_dir(sandbox.path("logs")).unwrap();
        std::fs::create_dir(sandbox.path("inventories")).unwrap();
        sandbox.write("list", "A.evtx\n");
        sandbox.write("hosts", "SRV1\n");
        sandbox.write("allow", "192.0.2.1\n");
        sandbox.write("spns.csv", "account,domain,spn\nSRV1$,alpha.example.com,host/srv1\n");
        sandbox.run(&["triage", "A.evtx", "-o", "rep.csv", "--state", "state.json"]).exits(0);
        std::fs::copy(sandbox.path("A.evtx"), sandbox.path("evidence")).unwrap();
        std::fs::copy(sandbox.path("A.evtx"), sandbox.path("folder-evidence")).unwrap();
        std::fs::copy(sandbox.path("i.csv"), sandbox.path("folder-inventory")).unwrap();
        symlink(sandbox.path("evidence"), sandbox.path("SRV1.evtx")).unwrap();
        symlink(sandbox.path("folder-evidence"), sandbox.path("logs/SRV2.evtx")).unwrap();
        symlink(sandbox.path("i.csv"), sandbox.path("link.csv")).unwrap();
        symlink(sandbox.path("folder-inventory"), sandbox.path("inventories/SRV2.csv")).unwrap();
        for (arguments, output) in [
            (&["extract", "SRV1.evtx"][..], "evidence"),
            (&["extract", "logs"], "folder-evidence"),
            (&["extract", "--files-from", "list"], "list"),
            (&["triage", "SRV1.evtx"], "evidence"),
            (&["triage", "logs"], "folder-evidence"),
            (&["triage", "A.evtx", "-i", "link.csv"], "i.csv"),
            (&["triage", "A.evtx", "-i", "inventories"], "folder-inventory"),
            (&["triage", "A.evtx", "-s", "spns.csv"], "spns.csv"),
            (&["triage", "--files-from", "list"], "list"),
            (&["triage", "A.evtx", "--state", "state.json"], "state.json"),
            (&["inventory", "link.csv"], "i.csv"),
            (&["inventory", "inventories"], "folder-inventory"),
            (&["audit", "-i", "link.csv"], "i.csv"),
            (&["audit", "-i", "i.csv", "--allow", "allow"], "allow"),
            (&["collect-script", "--report", "rep.csv"], "rep.csv"),
            (&["collect-script", "--hosts", "hosts"], "hosts"),
        ] {
            let before = std::fs::read(sandbox.path(output)).unwrap();
            let option = if arguments[0] == "triage" {
                &["-o", "--problems", "--events", "--summary"][..]
            } else {
                &["-o"]
            };
            for option in option {
                // The extension decides the format of a report. Without one it is CSV.
                if output.ends_with(".json") && *option == "--events" {
                    continue;
                }
                let all = [arguments, &[option, output]].concat();
                let run = sandbox.run(&all);
                assert_eq!(run.code(), 2, "{all:?}: {}", run.stderr());
                assert_eq!(std::fs::read(sandbox.path(output)).unwrap(), before, "{all:?}");
            }
        }
    }

    /// Attack 11 of the review.
    #[test]
    fn no_name_in_a_summary_drives_a_terminal() {
        let sandbox = sandbox();
        sandbox.write("a\u{9b}31m\u{202e}\u{2028}.evtx", log([four("A", "srv8", 1, 10)]));
        sandbox.run(&["triage", ".", "--summary", "s.jsonl", "-o", "r.csv"]).exits(0);
        let summary = sandbox.text("s.jsonl");
        assert!(
            !summary.chars().any(|c| c != '\n' && krbtriage::text::escape::is_dangerous(c)),
            "{summary:?}"
        );
        assert!(summary.contains("a\\u009b31m\\u202e"), "{summary}");
    }

    #[test]
    fn the_new_report_may_replace_the_baseline_and_nothing_else_may() {
        let sandbox = sandbox();
        sandbox.run(&["triage", "A.evtx", "-o", "rep.csv"]).exits(0);
        sandbox.run(&["triage", "A.evtx", "--baseline", "rep.csv", "-o", "rep.csv"]).exits(0);
        let run = sandbox.run(&["triage", "A.evtx", "--baseline", "rep.csv", "--problems", "rep.csv"]);
        run.exits(2);
        assert!(sandbox.text("rep.csv").starts_with("incident_id"));
    }

    #[test]
    fn a_dangling_link_is_followed_and_two_of_them_to_one_file_are_refused() {
        let sandbox = sandbox();
        symlink("real.csv", sandbox.path("one.csv")).unwrap();
        symlink("one.csv", sandbox.path("two.csv")).unwrap();
        sandbox.run(&["triage", "A.evtx", "-o", "one.csv", "-o", "two.csv"]).exits(2);
        sandbox.run(&["triage", "A.evtx", "-o", "two.csv"]).exits(0);
        assert!(sandbox.path("two.csv").is_symlink() && sandbox.path("one.csv").is_symlink());
        assert!(sandbox.text("real.csv").starts_with("incident_id"));
    }
}

/// F19 of the review: CSV was written under the name of another format.
#[test]
fn no_output_holds_another_format_than_its_name_promises() {
    let sandbox = sandbox();
    let before = sandbox.files();
    for arguments in [
        &["extract", "A.evtx", "-o", "e.xlsx"][..],
        &["extract", "A.evtx", "-o", "e.json"],
        &["audit", "-i", "i.csv", "-o", "a.xlsx"],
        &["inventory", "i.csv", "-o", "i.json"],
        &["triage", "A.evtx", "--problems", "p.html"],
        &["triage", "A.evtx", "--state", "s.json", "--new", "n.csv"],
    ] {
        let run = sandbox.run(arguments).exits(2);
        assert!(run.stderr().contains("use a name that ends in ."), "{arguments:?}: {}", run.stderr());
    }
    assert_eq!(sandbox.files(), before);
    sandbox.run(&["extract", "A.evtx", "-o", "e.jsonl"]).exits(0);
    assert!(sandbox.text("e.jsonl").starts_with('{'));
    sandbox.run(&["extract", "A.evtx", "-o", "e.log"]).exits(0);
    assert!(sandbox.text("e.log").starts_with("computer,"));
}
