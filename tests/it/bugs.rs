//! Bugs 3, 5, 6 and 12 of the review. The tests of the other bugs are in the modules of their subjects.

use std::time::{Duration, SystemTime};

use crate::support::program::*;

/// Some commands wrote LF, others CRLF.
#[test]
fn bug_3_every_csv_has_the_same_line_ends() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("i.csv", "host,address\nSRV1,192.0.2.1\nSRV2,192.0.2.1\n");
    for arguments in [
        &["inventory", "i.csv"][..],
        &["audit", "-i", "i.csv", "--format", "csv"],
        &["extract", "A.evtx"],
        &["triage", "A.evtx"],
        &["triage", "A.evtx", "--problems", "-"],
        &["triage", "A.evtx", "--events", "-"],
    ] {
        let text = sandbox.run(arguments).exits(0).stdout();
        assert!(text.lines().count() > 1, "{arguments:?}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{arguments:?}");
    }
}

/// `--threads 1` ran a thread per core where SPN lists were read.
#[cfg(target_os = "linux")]
#[test]
fn bug_5_one_thread_reads_the_lists_as_well() {
    let sandbox = Sandbox::new();
    let rows: String = (0..20_000).map(|n| format!("SRV{n}$,a.com,HOST/srv{n}\n")).collect();
    for n in 0..8 {
        sandbox.write(&format!("lists/{n}.csv"), format!("account,domain,spn\n{rows}"));
    }
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    let most = |threads: &str| {
        let arguments = ["triage", "A.evtx", "-s", "lists", "--threads", threads, "-o", "r.csv"];
        highest_until_end(&mut sandbox.start(&arguments), "Threads")
    };
    // Both runs have the same threads for signals and progress.
    let (one, eight) = (most("1"), most("8"));
    assert!(one > 0 && one + 7 <= eight, "{one} {eight}");
}

/// Logs of clients were asked for as "not given" though they were read, and one request had no heading.
#[test]
fn bug_6_the_summary_asks_for_no_log_that_was_read() {
    let sandbox = Sandbox::new();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    for name in ["interfaces.csv", "spns.csv"] {
        std::fs::copy(sample(name), sandbox.path(name)).unwrap();
        let file = std::fs::File::options().write(true).open(sandbox.path(name)).unwrap();
        file.set_modified(old).unwrap();
    }
    let arguments = ["-i", "interfaces.csv", "-s", "spns.csv", "--format", "text"];
    let text = sandbox.run(&[&["triage", &sample("logs")][..], &arguments].concat()).stdout();
    assert!(text.contains("for 1 incident"), "{text}");
    assert!(!text.contains("not given") && !text.contains("more, for"), "{text}");
}

/// Events of the day before were in the evidence, and the help did not say so.
#[test]
fn bug_12_the_help_says_which_events_count_outside_the_window() {
    let help = Sandbox::new().run(&["triage", "--help"]).exits(0).stdout();
    let (_, window) = help.split_once("--window").unwrap();
    let words: Vec<&str> = window.split_whitespace().take(40).collect();
    assert!(words.join(" ").contains("adapters, addresses and names count at any time"), "{words:?}");
}
