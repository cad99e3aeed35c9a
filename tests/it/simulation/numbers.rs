//! Prints the numbers in the form of `docs/accuracy.md`.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use super::measure::Tally;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/accuracy.md");

pub fn markdown(estate: &str, forests: u64, tally: &Tally) -> String {
    let mut out = String::new();
    let incidents = tally.scores["full"].incidents;
    writeln!(out, "{forests} {estate} forests, {incidents} incidents.\n").unwrap();
    out.push_str("### By what is given\n\n");
    out.push_str("| inputs besides the clients' logs | incidents | cause right | cause and kind right | confirmed | wrong | indistinguishable |\n");
    out.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (name, s) in &tally.scores {
        let share = |n: u64| format!("{:.2} %", n as f64 * 100.0 / s.incidents.max(1) as f64);
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            s.incidents,
            share(s.cause),
            share(s.kind),
            s.confirmed,
            s.wrong + s.wrong_kind,
            s.indistinguishable
        )
        .unwrap();
    }
    out.push_str("\n### Causes, with full inventories\n\n");
    square(&mut out, tally.confusion.iter().map(|((a, b), n)| (*a, *b, *n)));
    out.push_str("\n### Kinds, with full inventories\n\n");
    out.push_str("| true | right | open | wrong |\n| --- | ---: | --- | --- |\n");
    let kinds: BTreeSet<_> = tally.kinds.keys().map(|k| k.0).collect();
    for kind in kinds {
        let of = tally.kinds.iter().filter(|((a, _), _)| *a == kind);
        let right = tally.kinds.get(&(kind, kind)).copied().unwrap_or_default();
        let all: u64 = of.clone().map(|(_, n)| n).sum();
        let (mut open, mut wrong) = (Vec::new(), Vec::new());
        for ((_, diagnosed), n) in of.filter(|((_, diagnosed), _)| *diagnosed != kind) {
            let open_ones = tally.ambiguous.get(&(kind, *diagnosed)).copied().unwrap_or_default();
            for (list, n) in [(&mut open, open_ones), (&mut wrong, n - open_ones)] {
                if n > 0 {
                    list.push(format!("`{diagnosed}` {n}"));
                }
            }
        }
        writeln!(out, "| `{kind}` | {right} of {all} | {} | {} |", open.join(", "), wrong.join(", "))
            .unwrap();
    }
    out.push_str("\n### Faults, with full inventories\n\n");
    out.push_str("| fault | incidents | cause right | cause and kind right | confirmed | wrong |\n");
    out.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for (fault, s) in &tally.by_fault {
        let fault = words(fault);
        writeln!(
            out,
            "| {fault} | {} | {} | {} | {} | {} |",
            s.incidents, s.cause, s.kind, s.confirmed, s.wrong
        )
        .unwrap();
    }
    out
}

/// Writes a table with true values in rows and diagnosed ones in columns.
fn square<T: Copy + Ord + Display>(out: &mut String, cells: impl Iterator<Item = (T, T, u64)> + Clone) {
    let names: BTreeSet<T> = cells.clone().flat_map(|(a, b, _)| [a, b]).collect();
    let heads: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    writeln!(out, "| true \\ diagnosed | {} |", heads.join(" | ")).unwrap();
    writeln!(out, "| --- |{}", " ---: |".repeat(names.len())).unwrap();
    for a in &names {
        let row: Vec<String> = names
            .iter()
            .map(|b| cells.clone().find(|c| (c.0, c.1) == (*a, *b)).map_or(0, |c| c.2).to_string())
            .collect();
        writeln!(out, "| `{a}` | {} |", row.join(" | ")).unwrap();
    }
}

/// Turns `SharedCardSameDomain` into `shared card same domain`.
fn words(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Writes the numbers of one estate between its marks in `docs/accuracy.md`.
pub fn bless(estate: &str, text: &str) {
    let marks = (format!("<!-- numbers: {estate} -->\n"), format!("<!-- end of numbers: {estate} -->"));
    let document = std::fs::read_to_string(DOCUMENT).unwrap().replace("\r\n", "\n");
    let (before, rest) = document.split_once(&marks.0).expect("where the numbers start");
    let (_, after) = rest.split_once(&marks.1).expect("where the numbers end");
    std::fs::write(DOCUMENT, format!("{before}{}{text}{}{after}", marks.0, marks.1)).unwrap();
}
