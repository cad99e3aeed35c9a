//! `krbtriage explain` and `krbtriage` alone, as typed.

use crate::support::program::{Run, Sandbox};

fn explain(words: &[&str]) -> Run {
    Sandbox::new().run(&[&["explain"], words].concat())
}

const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/report.csv");

#[test]
fn a_code_is_explained_in_every_notation() {
    let one = explain(&["0x80090322"]);
    assert_eq!((one.code(), one.stderr().as_str()), (0, ""));
    assert!(one.stdout().contains("SEC_E_WRONG_PRINCIPAL"), "{}", one.stdout());
    for words in
        [&["-2146893022"][..], &["2148074274"], &["The", "target", "principal", "name", "is", "incorrect"]]
    {
        let run = explain(words);
        assert_eq!((run.code(), run.stdout()), (0, one.stdout()), "{words:?}: {}", run.stderr());
    }
    let event = explain(&["event", "4"]);
    assert!(event.code() == 0 && event.stdout().starts_with("Event 4\n"), "{}", event.stdout());
}

#[test]
fn an_unknown_code_is_answered_and_an_unknown_word_is_wrong_use() {
    let run = explain(&["0x800706ba"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("HRESULT for Win32 error 1722"), "{}", run.stdout());
    let run = explain(&["weather"]);
    assert_eq!((run.code(), run.stdout().as_str()), (2, ""));
    assert!(run.stderr().contains("docs/symptoms.md lists the codes"), "{}", run.stderr());
}

#[test]
fn an_id_is_explained_with_its_report_in_the_old_form_and_the_short_one() {
    let short = explain(&["i963b2fe1d1d6", REPORT]);
    assert_eq!(short.code(), 0, "{}", short.stderr());
    assert!(short.stdout().contains("169.254.95.120"));
    assert_eq!(explain(&["--incident", "i963b2fe1d1d6", REPORT]).stdout(), short.stdout());
    let problem = explain(&["p552482b5ff8b", REPORT]);
    assert!(problem.code() == 0 && problem.stdout().contains("Fix:"), "{}", problem.stderr());
    let alone = explain(&["i963b2fe1d1d6"]);
    assert_eq!(alone.code(), 2);
    assert!(alone.stderr().contains("krbtriage explain i963b2fe1d1d6 report.csv"), "{}", alone.stderr());
}

/// Issue 15, demand 5.
#[test]
fn why_shows_the_rows_that_were_tried_for_an_incident_from_the_inputs_of_its_report() {
    let sample = |name: &str| format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    let (logs, addresses, spns) = (sample("logs"), sample("interfaces.csv"), sample("spns.csv"));
    let inputs = ["--why", &logs, &addresses, &spns];
    let ask = |first: &[&str]| explain(&[first, &inputs].concat());
    let run = ask(&["i963b2fe1d1d6", REPORT]);
    assert_eq!((run.code(), run.stderr().as_str()), (0, ""));
    let text = run.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("169.254.95.120"), "the incident itself: {text}");
    let tried = "Rows of the decision table that were tried, as the client itself answered: - no: ";
    assert!(text.contains(tried), "{text}");
    let rows: Vec<&str> =
        text.split(" - ").filter(|row| row.starts_with("no: ") || row.starts_with("yes: ")).collect();
    assert!(rows.len() > 3 && rows.iter().filter(|row| row.starts_with("yes: ")).count() == 1, "{rows:?}");
    assert!(rows[rows.len() - 1].contains("client and target own a common address"), "{rows:?}");
    assert!(!text.contains("The report has"), "the same verdict: {text}");
    // Without the report, and by the older form.
    let alone = ask(&["i963b2fe1d1d6"]);
    assert_eq!(alone.stdout(), ask(&["--incident", "i963b2fe1d1d6"]).stdout());
    assert!(alone.stdout().contains("Rows of the decision table"), "{}", alone.stderr());
    // Without the inventories the verdict is another one, and the answer says so.
    let less = explain(&["i963b2fe1d1d6", REPORT, "--why", &logs]);
    let text = less.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("The report has loopback-shared-ip / bmc-usb-nic, confirmed, and these"), "{text}");
}

#[test]
fn why_without_inputs_or_an_incident_says_what_it_needs() {
    let spns = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/logs");
    for (words, code, says) in [
        (&["i963b2fe1d1d6", REPORT, "--why"][..], 2, "--why needs the inputs of the report"),
        (&["i963b2fe1d1d6", REPORT, "--why"], 2, "(it was made from "),
        (&["--why", spns], 2, "--why needs the ID of one incident"),
        (&["p552482b5ff8b", "--why", spns], 2, "--why needs the ID of one incident"),
        (&["i000000000000", "--why", spns], 4, "the inputs after --why have no incident i000000000000"),
        (&["i000000000000", REPORT, "--why", spns], 4, "it has no incident or problem i000000000000"),
        (&["i963b2fe1d1d6", "--why", "nowhere.evtx"], 4, "nowhere.evtx"),
    ] {
        let run = explain(words);
        assert_eq!((run.code(), run.stdout().as_str()), (code, ""), "{words:?}: {}", run.stderr());
        assert!(run.stderr().contains(says), "{words:?}: {}", run.stderr());
    }
}

#[test]
fn alone_the_program_shows_three_things_to_do_and_no_usage_error() {
    let run = Sandbox::new().run(&[]);
    assert_eq!((run.code(), run.stderr().as_str()), (0, ""));
    for command in ["krbtriage here --probe", "krbtriage triage FOLDER", "krbtriage explain 0x80070721"] {
        assert!(run.stdout().contains(command), "{}", run.stdout());
    }
    assert!(!run.stdout().contains("Usage"), "{}", run.stdout());
    // An option alone is still wrong use.
    assert_eq!(Sandbox::new().run(&["--probe"]).code(), 2);
}
