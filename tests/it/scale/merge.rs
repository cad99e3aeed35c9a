//! Extractions give the report of their logs, however they are combined, packed, merged and ordered.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{World, worlds};
use crate::support::program::*;

/// How the logs are spread over extractions.
#[derive(Debug, Clone)]
struct Spread {
    /// For each log, whether it is passed itself, and the extractions that contain it. A log in none of them is passed itself.
    inputs: Vec<(bool, [bool; 3])>,
    /// How each extraction is compressed.
    packed: [u8; 3],
    /// The first two are merged into one by an extraction of extractions.
    merged: bool,
    /// The lines of the last extraction are in reverse order.
    reversed: bool,
    /// The inputs are passed in reverse order.
    backwards: bool,
    options: usize,
}

fn spreads() -> impl Strategy<Value = Spread> {
    let input = (proptest::bool::weighted(0.3), proptest::array::uniform3(any::<bool>()));
    let inputs = proptest::collection::vec(input, 6);
    (inputs, [0u8..3, 0u8..3, 0u8..3], any::<[bool; 3]>(), 0usize..6).prop_map(
        |(inputs, packed, [merged, reversed, backwards], options)| Spread {
            inputs,
            packed,
            merged,
            reversed,
            backwards,
            options,
        },
    )
}

const OPTIONS: [&[&str]; 6] = [
    &[],
    &["--recover"],
    &["--since", "2026-10-06T12:10:00Z", "--until", "2026-10-06T12:30:00Z"],
    &["--window", "1m"],
    &["--recover", "--state", "STATE"],
    &["--state", "STATE"],
];

const INVENTORY: &str = "host,address\nSRV1.alpha.example.com,169.254.95.120\nSRV2.alpha.example.com,169.254.95.120\n\
                         SRV9.alpha.example.com,192.0.2.9\n";

/// Runs triage and returns all that is compared: report, problems, events, state, messages and exit status.
pub fn triage(sandbox: &Sandbox, options: &[&str], name: &str, inputs: &[String]) -> Vec<(String, String)> {
    let file = |what: &str| format!("{name}-{what}");
    let outputs = [file("r.csv"), file("r.json"), file("p.csv"), file("e.csv"), file("e.jsonl")];
    let state = file("state.json");
    let mut arguments = vec!["triage", "-i", "addresses.csv", "-o", &outputs[0], "-o", &outputs[1]];
    arguments.extend(["--problems", &outputs[2], "--events", &outputs[3]]);
    arguments.extend(options.iter().map(|option| if *option == "STATE" { state.as_str() } else { option }));
    arguments.extend(inputs.iter().map(String::as_str));
    let run = sandbox.run(&arguments);
    // A log that is passed twice reports its errors twice.
    let stderr = run.stderr();
    // The names of outputs and inputs differ.
    let same = |line: &&str| !line.starts_with("Wrote ") && !line.starts_with("  Read: ");
    let said: BTreeSet<String> = stderr.lines().filter(same).map(str::to_owned).collect();
    let mut all =
        vec![("exit".to_owned(), run.code().to_string()), ("said".to_owned(), format!("{said:#?}"))];
    for output in outputs.iter().filter(|output| exists(&sandbox.path(output))) {
        all.push((output.replacen(name, "", 1), sandbox.text(output)));
    }
    if exists(&sandbox.path(&state)) {
        all.push(("state".to_owned(), sandbox.unpacked(&state)));
    }
    all
}

/// Writes the logs and an inventory to a folder. Returns the names of the logs.
pub fn written(world: &World) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    sandbox.write("addresses.csv", INVENTORY);
    for log in &world.logs {
        sandbox.write(&log.name, world.bytes(log));
    }
    (sandbox, world.logs.iter().map(|log| log.name.clone()).collect())
}

fn check(world: &World, spread: &Spread) -> Result<(), TestCaseError> {
    let (sandbox, logs) = written(world);
    let options = OPTIONS[spread.options];
    let expected = triage(&sandbox, options, "logs", &logs);

    let mut inputs = Vec::new();
    let recover: &[&str] = if options.contains(&"--recover") { &["--recover"] } else { &[] };
    let extract = |from: &[String], to: &str| {
        let mut arguments = vec!["extract", "--for-triage", "-o", to];
        arguments.extend(recover);
        arguments.extend(from.iter().map(String::as_str));
        sandbox.run(&arguments).code()
    };
    for (log, (raw, extractions)) in logs.iter().zip(&spread.inputs) {
        if *raw || !extractions.contains(&true) {
            inputs.push(log.clone());
        }
    }
    let mut extracted = Vec::new();
    for (i, packed) in spread.packed.iter().enumerate() {
        let of: Vec<String> =
            logs.iter().zip(&spread.inputs).filter(|(_, (_, e))| e[i]).map(|(log, _)| log.clone()).collect();
        if of.is_empty() {
            continue;
        }
        let name = format!("{i}.jsonl{}", if *packed == 1 { ".zst" } else { "" });
        let code = extract(&of, &name);
        prop_assert!(code == 0 || code == 3, "{}", code);
        if *packed == 2 {
            let bytes = std::fs::read(sandbox.path(&name)).unwrap();
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut gz, &bytes).unwrap();
            std::fs::write(sandbox.path(&name), gz.finish().unwrap()).unwrap();
        }
        extracted.push(name);
    }
    if spread.merged && extracted.len() > 1 {
        let rest = extracted.split_off(2);
        extract(&extracted, "merged.jsonl.zst");
        extracted = [vec!["merged.jsonl.zst".to_owned()], rest].concat();
    }
    if let Some(last) = extracted.last().filter(|name| spread.reversed && name.ends_with(".jsonl"))
        && let Ok(text) = std::fs::read_to_string(sandbox.path(last))
    {
        let lines: Vec<&str> = text.lines().rev().collect();
        std::fs::write(sandbox.path(last), lines.join("\r\n")).unwrap();
    }
    inputs.extend(extracted);
    if spread.backwards {
        inputs.reverse();
    }
    let found = triage(&sandbox, options, "shared", &inputs);
    if expected[0].1 == "4" {
        // Without a log there is no report. An extraction without records is a log, and gives an empty report.
        prop_assert!(["3", "4"].contains(&&*found[0].1), "{:?}", inputs);
        return Ok(());
    }
    for (found, expected) in found.iter().zip(&expected) {
        prop_assert_eq!(found, expected, "{:?}", inputs);
    }
    prop_assert_eq!(found.len(), expected.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_report_of_extractions_is_that_of_the_logs(world in worlds(), spread in spreads()) {
        check(&world, &spread)?;
    }
}

#[test]
fn the_samples_report_is_the_same_from_their_extraction() {
    let sandbox = Sandbox::new();
    let (interfaces, spns) = (sample("interfaces.csv"), sample("spns.csv"));
    let logs = sample("logs");
    sandbox.run(&["extract", "--for-triage", "-o", "e.jsonl.zst", &logs]).exits(0);
    let summaries = ["logs.jsonl", "extraction.jsonl"].map(|summary| {
        let input = if summary.starts_with("logs") { logs.as_str() } else { "e.jsonl.zst" };
        sandbox
            .run(&["triage", "-i", &interfaces, "-s", &spns, "-o", "r.csv", "--summary", summary, input])
            .exits(0);
        if summary.starts_with("logs") {
            std::fs::rename(sandbox.path("r.csv"), sandbox.path("expected.csv")).unwrap();
        }
        sandbox.text(summary)
    });
    assert_eq!(sandbox.text("r.csv"), sandbox.text("expected.csv"));
    // Each log has its line; the extraction has one more.
    let lines = |summary: &str| -> BTreeSet<String> {
        let log = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            // Of two logs with one event, either may be reported as the duplicate.
            ["path", "bytes", "chunks", "records", "events"].map(|member| line[member].to_string()).join(" ")
        };
        summary.lines().map(log).filter(|line| !line.contains("e.jsonl.zst")).collect()
    };
    assert_eq!(lines(&summaries[0]), lines(&summaries[1]));
}
