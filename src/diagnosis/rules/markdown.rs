//! The decision table and its rivals as Markdown, for `docs/causes.md`.

use super::table::RULES;
use crate::diagnosis::verdict::{Confidence, Kind};

/// Formats the decision table as Markdown.
pub fn table() -> String {
    let mut out =
        String::from("| who answered | and | cause | kind | confidence |\n| --- | --- | --- | --- | --- |\n");
    let mut last = None;
    for rule in RULES {
        let topology = if last == Some(rule.topology) { "" } else { rule.topology.text() };
        last = Some(rule.topology);
        let kind = match rule.kind {
            Kind::OtherSharedAddress => "by the adapter".to_owned(),
            kind => format!("`{kind}`"),
        };
        out.push_str(&format!(
            "| {topology} | {} | `{}` | {kind} | {} |\n",
            rule.when, rule.cause, rule.confidence
        ));
    }
    out
}

/// Formats the rivals of the rows that can confirm as Markdown.
pub fn rivals_table() -> String {
    let mut out =
        String::from("| a row that can confirm | its rival | is excluded by |\n| --- | --- | --- |\n");
    for rule in RULES.iter().filter(|rule| rule.confidence == Confidence::Confirmed) {
        for (i, rival) in rule.rivals.iter().enumerate() {
            let row = if i > 0 { String::new() } else { format!("{}: {}", rule.topology.text(), rule.when) };
            out.push_str(&format!(
                "| {row} | `{}`/`{}`: {} | {} |\n",
                rival.cause, rival.kind, rival.story, rival.excluded_by
            ));
        }
    }
    out
}
