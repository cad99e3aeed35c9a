//! Every row of the decision table and every numbered trap of `docs/causes.md` has a test of its name.
//!
//! [`rows`] has a situation for each row, and one for each rival of a row that can confirm, in which the rival is open.

mod situation;

mod contradictions;
mod fleet;
mod stale_evidence;
mod other_events;
mod rows;
mod traps;
mod reading_traps;

/// It gets this verdict, by any row.
macro_rules! is_diagnosed {
    ($diagnosed:expr, $cause:ident, $kind:ident, $confidence:ident) => {{
        use krbtriage::diagnosis::{Cause, Confidence, Kind};
        let diagnosed = $diagnosed;
        assert_eq!(
            (diagnosed.0.cause, diagnosed.0.kind, diagnosed.0.confidence),
            (Cause::$cause, Kind::$kind, Confidence::$confidence),
            "{diagnosed:#?}"
        );
        diagnosed
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

use {is_diagnosed, tests};

#[test]
fn every_numbered_trap_has_a_test_of_its_name() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md")).unwrap();
    let (_, traps) = text.split_once("## Traps").expect("docs/causes.md lists the traps");
    let traps = traps.split("\n## ").next().unwrap();
    let numbered: Vec<usize> =
        traps.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect();
    let mut tested: Vec<&str> = [traps::TRAPS, reading_traps::TRAPS].concat();
    tested.sort_unstable();
    let tested: Vec<usize> =
        tested.iter().map(|name| name["trap_".len()..][..2].parse().expect("a number")).collect();
    let mut once = tested.clone();
    once.dedup();
    assert_eq!(once, numbered, "the traps tested (left) are not those of the document (right)");
}
