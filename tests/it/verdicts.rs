//! Cases of an escalation engineer (`tests/data/verdicts`): the verdict that the evidence allows, and no harmful fix.
//!
//! Each folder has logs, lists and `expect.json`. `verdict` is cause, kind and confidence. Each pattern of `says` is in the row.
//! A pattern of `never` is only in a clause that forbids it, one of `only_if` only after a condition, and one of `unwritten`
//! nowhere. Patterns match without case.

use std::fs;
use std::path::Path;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::support::data;
use crate::support::program::krbtriage;

const FORBIDS: &str =
    r"\b(never|not|nor|cannot|can't|don't|nobody|no one|instead of|rather than|without|avoid)\b";
const HARMS: &str = r"\b(breaks?|would break|cuts? off|harms?|is no (repair|cure)|repairs nothing)\b";
const CONDITION: &str = r"\b(if|only|unless|when|whether)\b";

fn pattern(text: &str) -> Regex {
    RegexBuilder::new(text).case_insensitive(true).build().unwrap()
}

/// The clauses of an item with their offsets.
fn clauses(item: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut start = 0;
    for end in pattern(r"[.;:](\s|$)|\n|, then\b").find_iter(item) {
        out.push((start, &item[start..end.end()]));
        start = end.end();
    }
    out.push((start, &item[start..]));
    out
}

/// Do the words before a match forbid it, or does its clause say that it does harm?
fn is_forbidden(clause: &str, before: &str) -> bool {
    pattern(FORBIDS).is_match(before) || pattern(HARMS).is_match(clause)
}

/// The first match in a clause that does not forbid it.
fn demanded(wanted: &Regex, items: &[String]) -> Option<String> {
    let all = items.iter().flat_map(|item| clauses(item));
    all.flat_map(|(_, clause)| wanted.find_iter(clause).map(move |hit| (clause, hit)))
        .find(|(clause, hit)| !is_forbidden(clause, &clause[..hit.start()]))
        .map(|(_, hit)| hit.as_str().to_owned())
}

/// The first match that no condition precedes and no word forbids.
fn unconditional(wanted: &Regex, items: &[String]) -> Option<String> {
    for item in items {
        for hit in wanted.find_iter(item) {
            let (start, clause) =
                clauses(item).into_iter().rfind(|(start, _)| *start <= hit.start()).unwrap();
            let conditional = pattern(CONDITION).is_match(&item[..hit.start()]);
            if !conditional && !is_forbidden(clause, &item[start..hit.start()]) {
                return Some(hit.as_str().to_owned());
            }
        }
    }
    None
}

/// All texts in a field of a report, one per item.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().map(|item| texts(item).join(" ")).collect(),
        Value::Object(fields) => vec![fields.values().flat_map(texts).collect::<Vec<_>>().join(" ")],
        _ => Vec::new(),
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// The differences between one case and its `expect.json`.
fn problems(folder: &Path) -> Vec<String> {
    let expect: Value = serde_json::from_slice(&fs::read(folder.join("expect.json")).unwrap()).unwrap();
    let output = krbtriage()
        .args(["triage", "-q", "--no-progress", "--format", "json"])
        .args(strings(&expect["args"]))
        .current_dir(folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{}: {e}: {}", folder.display(), String::from_utf8_lossy(&output.stderr)));
    let is_wanted = |row: &&Value| {
        [("client", "client"), ("target", "target_spn")].iter().all(|(name, field)| {
            let wanted = expect["incident"][name].as_str();
            wanted.is_none_or(|wanted| row[field].as_str().unwrap().eq_ignore_ascii_case(wanted))
        })
    };
    let Some(row) = report["incidents"].as_array().unwrap().iter().find(is_wanted) else {
        return vec!["the incident is not in the report".to_owned()];
    };
    let mut out = Vec::new();
    let verdict = ["cause", "kind", "confidence"].map(|field| row[field].as_str().unwrap());
    let wanted = strings(&expect["verdict"]);
    if verdict[..] != wanted[..] {
        out.push(format!("{verdict:?} instead of {wanted:?}"));
    }
    let evidence = texts(&row["evidence"]);
    let all: Vec<String> =
        ["explanation", "evidence", "missing", "fix"].iter().flat_map(|field| texts(&row[field])).collect();
    // An evidence line that dismisses a rival does not ask for it.
    let dismissed =
        pattern(r"^not (loopback-shared-ip|duplicate-spn|password-mismatch|wrong-host|undetermined)\b[^:]*:");
    let said: Vec<&String> =
        all.iter().filter(|item| !(evidence.contains(item) && dismissed.is_match(item))).collect();
    for text in strings(&expect["says"]) {
        let wanted = pattern(text);
        if !said.iter().any(|item| wanted.is_match(item)) {
            out.push(format!("does not say /{text}/"));
        }
    }
    let of = |field: &str| strings(&expect[field]).into_iter().map(pattern).collect::<Vec<_>>();
    out.extend(of("never").iter().filter_map(|p| demanded(p, &all)).map(|hit| format!("says {hit:?}")));
    out.extend(
        of("only_if")
            .iter()
            .filter_map(|p| unconditional(p, &all))
            .map(|hit| format!("says {hit:?} without a condition")),
    );
    let unwritten = of("unwritten");
    out.extend(
        unwritten.iter().filter(|p| all.iter().any(|i| p.is_match(i))).map(|p| format!("writes /{p}/")),
    );
    out
}

#[test]
fn each_case_gets_the_verdict_that_its_evidence_bears_and_no_harmful_fix() {
    let mut folders: Vec<_> =
        fs::read_dir(data::path("verdicts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 86, "{}", folders.len());
    let wrong: Vec<String> = folders
        .iter()
        .flat_map(|folder| {
            problems(folder)
                .into_iter()
                .map(|problem| format!("{}: {problem}", folder.file_name().unwrap().display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The checks find harmful fixes.
#[test]
fn a_clause_that_forbids_a_command_or_names_a_condition_is_right() {
    let items = |text: &str| vec![text.to_owned()];
    let repair = pattern("-Repair");
    assert_eq!(demanded(&repair, &items("Run x -Repair.")), Some("-Repair".to_owned()));
    assert_eq!(demanded(&repair, &items("Never run x -Repair.")), None);
    assert_eq!(demanded(&repair, &items("Never do it. Run x -Repair.")), Some("-Repair".to_owned()));
    assert_eq!(unconditional(&repair, &items("Only on a member: run x -Repair.")), None);
    assert_eq!(unconditional(&repair, &items("Run x -Repair.")), Some("-Repair".to_owned()));
}
