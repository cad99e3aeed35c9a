//! Every row of the decision table and every numbered trap of `docs/causes.md` has a test of its name.
//!
//! A row's test is named after what the row asks for (its `when`), in the module of its shape, and [`decides!`] checks that
//! this row and no other decided. [`misses!`] is the near miss beside it: the row must not hold. Who changes a row's words
//! gets told the new name of its test.

mod situation;

mod client_answered;
mod contradictions;
mod of_another_time;
mod other_answered;
mod other_events;
mod same_short_name;
mod service_answered;
mod target_answered;
mod traps;
mod traps_of_reading;
mod unclear;

use krbtriage::findings::{RULES, Shape};

/// The name of a row's test: its words, in snake case.
fn name_of(when: &str) -> String {
    let words = when.replace('\'', "").to_lowercase();
    words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_")
}

/// The name of the test it stands in.
macro_rules! this_test {
    () => {{
        fn here() {}
        let path = std::any::type_name_of_val(&here);
        path.rsplit("::").nth(1).expect("a function")
    }};
}

/// The row that this test is named after decided, with this cause, kind and confidence.
macro_rules! decides {
    ($judged:expr, $cause:ident, $kind:ident, $confidence:ident) => {{
        let judged = $judged;
        assert_eq!(
            judged.row(),
            (SHAPE, $crate::rules::this_test!().to_owned()),
            "another row decided: {judged:#?}"
        );
        $crate::rules::is_judged!(judged, $cause, $kind, $confidence)
    }};
}

/// Another row than the one that this test is named after decided, with this cause, kind and confidence.
macro_rules! misses {
    ($judged:expr, $cause:ident, $kind:ident, $confidence:ident) => {{
        let judged = $judged;
        assert_ne!(
            judged.row(),
            (SHAPE, $crate::rules::this_test!().to_owned()),
            "the row holds: {judged:#?}"
        );
        $crate::rules::is_judged!(judged, $cause, $kind, $confidence)
    }};
}

/// It is judged so, by whatever row.
macro_rules! is_judged {
    ($judged:expr, $cause:ident, $kind:ident, $confidence:ident) => {{
        use krbtriage::findings::{Cause, Confidence, Kind};
        let judged = $judged;
        assert_eq!(
            (judged.0.cause, judged.0.kind, judged.0.confidence),
            (Cause::$cause, Kind::$kind, Confidence::$confidence),
            "{judged:#?}"
        );
        judged
    }};
}

/// Names of tests that are there.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        &[$({
            let _: fn() = $name;
            stringify!($name)
        }),*]
    };
}

use {decides, is_judged, misses, tests, this_test};

#[test]
fn every_row_of_the_table_has_a_test_of_its_name() {
    let tested: &[(Shape, &[&str])] = &[
        (Shape::ClientAnswered, client_answered::ROWS),
        (Shape::OtherAnswered, other_answered::ROWS),
        (Shape::SameShortName, same_short_name::ROWS),
        (Shape::TargetAnswered, target_answered::ROWS),
        (Shape::ServiceAnswered, service_answered::ROWS),
        (Shape::Unclear, unclear::ROWS),
    ];
    let tested: Vec<_> =
        tested.iter().flat_map(|(shape, names)| names.iter().map(|n| (*shape, (*n).to_owned()))).collect();
    let rows: Vec<_> = RULES.iter().map(|rule| (rule.shape, name_of(rule.when))).collect();
    assert_eq!(tested, rows, "the tests (left) are not those of the rows of RULES (right), in their order");
}

#[test]
fn every_numbered_trap_has_a_test_of_its_name() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md")).unwrap();
    let (_, traps) = text.split_once("## Traps").expect("docs/causes.md lists the traps");
    let traps = traps.split("\n## ").next().unwrap();
    let numbered: Vec<usize> =
        traps.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    let mut tested: Vec<&str> = [traps::TRAPS, traps_of_reading::TRAPS].concat();
    tested.sort_unstable();
    let tested: Vec<usize> =
        tested.iter().map(|name| name["trap_".len()..][..2].parse().expect("a number")).collect();
    let mut once = tested.clone();
    once.dedup();
    assert_eq!(once, numbered, "the traps tested (left) are not those of the document (right)");
}
