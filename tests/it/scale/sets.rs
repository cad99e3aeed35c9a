//! The lines of an extraction are a set: split over files, repeated, reversed and merged in any order, they give the same
//! report.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::merge::{triage, written};
use super::signals::{About, kinds, signal};
use super::world::{World, worlds};
use crate::support::program::*;

/// Number of files over which the lines are split.
const FILE_COUNT: usize = 3;

/// How the lines are split over files.
#[derive(Debug, Clone)]
struct Shares {
    /// For each line, its sort key, and a bit for each file that contains it.
    lines: Vec<(u32, u8)>,
    /// For each file, whether lines end with CRLF, and whether its lines are there twice.
    ends: [(bool, bool); FILE_COUNT],
}

fn shares() -> impl Strategy<Value = Shares> {
    let line = (any::<u32>(), 1u8..1 << FILE_COUNT);
    (proptest::collection::vec(line, 200), any::<[(bool, bool); FILE_COUNT]>())
        .prop_map(|(lines, ends)| Shares { lines, ends })
}

/// Extracts each log alone, then all together. Every line is in two of the texts, except begin and end.
fn extracted(sandbox: &Sandbox, logs: &[String]) -> Vec<String> {
    let alone = logs.iter().map(std::slice::from_ref);
    let texts = alone.chain([logs]).map(|logs| {
        let logs = logs.iter().map(String::as_str);
        let run = sandbox.run(&["extract", "--for-triage"].into_iter().chain(logs).collect::<Vec<_>>());
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
        run.stdout()
    });
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn check_shares(world: &World, shares: &Shares) -> Result<(), TestCaseError> {
    let (sandbox, logs) = written(world);
    let expected = triage(&sandbox, &[], "logs", &logs);
    if expected[0].1 == "4" {
        return Ok(());
    }
    let lines = extracted(&sandbox, &logs);
    prop_assert!(lines.len() <= shares.lines.len(), "{} lines", lines.len());
    let mut sorted: Vec<_> = shares.lines.iter().zip(&lines).collect();
    sorted.sort();
    let mut inputs = Vec::new();
    for (file, (crlf, again)) in shares.ends.iter().enumerate() {
        let end = if *crlf { "\r\n" } else { "\n" };
        let of_file = sorted.iter().filter(|((_, files), _)| files >> file & 1 == 1);
        let text: String = of_file.map(|(_, line)| format!("{line}{end}")).collect();
        let name = format!("part-{file}.jsonl");
        sandbox.write(&name, text.repeat(1 + usize::from(*again)));
        if !text.is_empty() {
            inputs.push(name);
        }
    }
    let found = triage(&sandbox, &[], "shared", &inputs);
    prop_assert_eq!(found, expected);
    Ok(())
}

/// Merges extractions in several orders and groupings; each gives the same lines.
fn check_merges(world: &World) -> Result<(), TestCaseError> {
    let (sandbox, logs) = written(world);
    let merge = |to: &str, from: &[&str]| {
        let run = sandbox.run(&[&["extract", "--for-triage", "-o", to][..], from].concat());
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
    };
    // One log is in all of them, so that its lines must be merged.
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
        let text = sandbox.text("merged");
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
    let sandbox = Sandbox::new();
    let about = About { computer: "SRV1.alpha.example.com", host: "srv2", other: "SRV3" };
    sandbox.write("a.evtx", log(kinds().into_iter().map(|kind| signal(kind, &about))));
    let text = sandbox.run(&["extract", "--for-triage", "a.evtx"]).exits(0).stdout();
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

/// A bug: each part of an extraction that `split` made was reported as cut, because the end is only in the last.
#[test]
fn an_extraction_in_parts_is_whole_and_a_missing_part_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.evtx", log((1..30).map(|i| four("A", "srv8", i, i))));
    let text = sandbox.run(&["extract", "--for-triage", "a.evtx"]).exits(0).stdout();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (part, lines) in lines.chunks(10).enumerate() {
        sandbox.write(&format!("part-{part}"), lines.concat());
    }
    let expected = sandbox.run(&["triage", "a.evtx"]).exits(0).stdout();
    let parts = ["part-3", "part-0", "part-2", "part-1"];
    let whole = sandbox.run(&[&["triage"], &parts[..]].concat()).exits(0);
    assert_eq!(whole.stdout(), expected);
    let said = |missing: &str| {
        let rest: Vec<&str> = parts.into_iter().filter(|part| *part != missing).collect();
        sandbox.run(&[&["triage"], &rest[..]].concat()).exits(3).stderr()
    };
    assert!(said("part-3").contains("part-0: its end is missing"), "{}", said("part-3"));
    assert!(said("part-0").contains("part-3: its beginning is missing"), "{}", said("part-0"));
    assert!(
        said("part-1").contains("a.evtx: 10 of its 29 extracted events are missing"),
        "{}",
        said("part-1")
    );
}
