//! Lines are a set: shared out, repeated and turned round in any way, and merged in any order, they mean the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::merge::{placed, triage};
use super::signals::{About, kinds, signal};
use super::world::{World, worlds};
use crate::support::program::*;

/// Files that the lines are shared out to.
const FILES: usize = 3;

/// Where lines go.
#[derive(Debug, Clone)]
struct Shares {
    /// For each line, what it is sorted by, and the files that contain it, as bits.
    lines: Vec<(u32, u8)>,
    /// Each file's line ends, and whether the line is in it again.
    ends: [(bool, bool); FILES],
}

fn shares() -> impl Strategy<Value = Shares> {
    let line = (any::<u32>(), 1u8..1 << FILES);
    (proptest::collection::vec(line, 200), any::<[(bool, bool); FILES]>())
        .prop_map(|(lines, ends)| Shares { lines, ends })
}

/// Extracts each log by itself, then all together: every line is in two of the files, except begin and end.
fn extracted(place: &Place, logs: &[String]) -> Vec<String> {
    let alone = logs.iter().map(std::slice::from_ref);
    let texts = alone.chain([logs]).map(|logs| {
        let logs = logs.iter().map(String::as_str);
        let run = place.run(&["extract", "--for-triage"].into_iter().chain(logs).collect::<Vec<_>>());
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
        run.stdout()
    });
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn check_shares(world: &World, shares: &Shares) -> Result<(), TestCaseError> {
    let (place, logs) = placed(world);
    let expected = triage(&place, &[], "logs", &logs);
    if expected[0].1 == "4" {
        return Ok(());
    }
    let lines = extracted(&place, &logs);
    prop_assert!(lines.len() <= shares.lines.len(), "{} lines", lines.len());
    let mut sorted: Vec<_> = shares.lines.iter().zip(&lines).collect();
    sorted.sort();
    let mut inputs = Vec::new();
    for (file, (crlf, again)) in shares.ends.iter().enumerate() {
        let end = if *crlf { "\r\n" } else { "\n" };
        let of_file = sorted.iter().filter(|((_, files), _)| files >> file & 1 == 1);
        let text: String = of_file.map(|(_, line)| format!("{line}{end}")).collect();
        let name = format!("part-{file}.jsonl");
        place.write(&name, text.repeat(1 + usize::from(*again)));
        if !text.is_empty() {
            inputs.push(name);
        }
    }
    let found = triage(&place, &[], "shared", &inputs);
    prop_assert_eq!(found, expected);
    Ok(())
}

/// Merges extractions in several orders and groupings; each gives the same lines.
fn check_merges(world: &World) -> Result<(), TestCaseError> {
    let (place, logs) = placed(world);
    let merge = |to: &str, from: &[&str]| {
        let run = place.run(&[&["extract", "--for-triage", "-o", to][..], from].concat());
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
    };
    // One log is in all of them, so that something must be written once.
    let all: Vec<&str> = logs.iter().map(String::as_str).collect();
    for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
        let of: Vec<&str> = all
            .iter()
            .copied()
            .enumerate()
            .filter(|(n, _)| *n == 0 || n % 3 == i)
            .map(|(_, log)| log)
            .collect();
        merge(name, &of);
    }
    merge("ab", &["a", "b"]);
    merge("bc", &["b", "c"]);
    let mut merged = Vec::new();
    for from in [&["ab", "c"][..], &["a", "bc"], &["c", "b", "a"], &["bc", "ab", "ab", "a"]] {
        merge("merged", from);
        let text = place.text("merged");
        let lines: BTreeSet<&str> = text.lines().collect();
        prop_assert_eq!(lines.len(), text.lines().count(), "{:?}: a line is written once", from);
        merged.push(lines.into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    for other in &merged[1..] {
        prop_assert_eq!(&merged[0], other);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_shared_out_in_any_way_give_the_report_of_the_logs(world in worlds(), shares in shares()) {
        check_shares(&world, &shares)?;
    }

    #[test]
    fn merging_is_associative_and_writes_each_line_once(world in worlds()) {
        check_merges(&world)?;
    }
}

#[test]
fn an_extraction_has_every_kind_of_event_that_triage_looks_at() {
    let place = Place::new();
    let about = About { computer: "SRV1.alpha.example.com", host: "srv2", other: "SRV3" };
    place.write("a.evtx", log(kinds().into_iter().map(|kind| signal(kind, &about))));
    let text = place.run(&["extract", "--for-triage", "a.evtx"]).exits(0).stdout();
    let event = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["event_id"].as_u64()
    };
    let mut found: Vec<u64> = text.lines().filter_map(event).collect();
    let mut wanted: Vec<u64> = kinds().iter().map(|(_, id)| u64::from(*id)).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

/// A bug: the end was looked for in each file by itself, so parts of an extraction (`split`) were called cut.
#[test]
fn an_extraction_in_parts_is_whole_and_a_missing_part_is_named() {
    let place = Place::new();
    place.write("a.evtx", log((1..30).map(|i| four("A", "srv8", i, i))));
    let text = place.run(&["extract", "--for-triage", "a.evtx"]).exits(0).stdout();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (part, lines) in lines.chunks(10).enumerate() {
        place.write(&format!("part-{part}"), lines.concat());
    }
    let expected = place.run(&["triage", "a.evtx"]).exits(0).stdout();
    let parts = ["part-3", "part-0", "part-2", "part-1"];
    let whole = place.run(&[&["triage"], &parts[..]].concat()).exits(0);
    assert_eq!(whole.stdout(), expected);
    let said = |missing: &str| {
        let rest: Vec<&str> = parts.into_iter().filter(|part| *part != missing).collect();
        place.run(&[&["triage"], &rest[..]].concat()).exits(3).stderr()
    };
    assert!(said("part-3").contains("part-0: its end is missing"), "{}", said("part-3"));
    assert!(said("part-0").contains("part-3: its beginning is missing"), "{}", said("part-0"));
    assert!(
        said("part-1").contains("a.evtx: 10 of its 29 extracted events are missing"),
        "{}",
        said("part-1")
    );
}
