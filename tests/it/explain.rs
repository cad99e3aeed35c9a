//! `krbtriage explain` and `krbtriage` alone, as typed.

use crate::support::program::{Place, Run};

fn explain(words: &[&str]) -> Run {
    Place::new().run(&[&["explain"], words].concat())
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

#[test]
fn alone_the_program_shows_three_things_to_do_and_no_usage_error() {
    let run = Place::new().run(&[]);
    assert_eq!((run.code(), run.stderr().as_str()), (0, ""));
    for command in ["krbtriage here --probe", "krbtriage triage FOLDER", "krbtriage explain 0x80070721"] {
        assert!(run.stdout().contains(command), "{}", run.stdout());
    }
    assert!(!run.stdout().contains("Usage"), "{}", run.stdout());
    // An option alone is still wrong use.
    assert_eq!(Place::new().run(&["--probe"]).code(), 2);
}
