//! The readable report of the samples and of rows made from them.

use std::path::Path;
use std::sync::OnceLock;

use krbtriage::diagnosis::EvidenceRole;
use krbtriage::report::item::{EvidenceItem, RequestItem};
use krbtriage::report::text_writer::TextLayout;
use krbtriage::report::{Reading, Report, Row, Status, baseline, problem, text};
use krbtriage::zone::Zone;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::program::{Sandbox, sample};

/// Changes the text of an item, not its parts.
fn change_text<T: Serialize + DeserializeOwned>(item: &mut T, change: impl Fn(&str) -> String) {
    let mut json = serde_json::to_value(&*item).unwrap();
    json["text"] = change(json["text"].as_str().unwrap()).into();
    *item = serde_json::from_value(json).unwrap();
}

/// The samples' report with the parts of its items, which CSV lacks.
fn samples() -> Vec<Row> {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let sandbox = Sandbox::new();
        let (interfaces, spns, logs) = (sample("interfaces.csv"), sample("spns.csv"), sample("logs"));
        sandbox.run(&["triage", "-i", &interfaces, "-s", &spns, &logs, "-o", "r.json"]).exits(0);
        let text = sandbox.text("r.json").replace(&sample(""), "samples/");
        baseline::parse(Path::new("r.json"), &text).expect("a report")
    });
    rows.clone()
}

fn view(rows: &[Row], width: usize, colours: bool) -> String {
    let problems = problem::group(rows);
    let (zone, read) = (Zone::UTC, Reading::default());
    let report =
        Report { rows, problems: &problems, compared: false, zone: &zone, read, title: None, events: None };
    let mut view = text::view(&report, TextLayout::new(width, colours));
    let end = view.trim_end().len();
    view.truncate(end);
    view
}

fn widest(text: &str) -> usize {
    text.lines().map(textwrap::core::display_width).max().unwrap_or(0)
}

#[test]
fn the_samples_at_80_columns() {
    insta::assert_snapshot!(view(&samples(), 80, false));
}

#[test]
fn the_samples_at_every_width() {
    for width in [40, 60, 80, 100, 120] {
        let text = view(&samples(), width, false);
        assert!(widest(&text) <= width, "{width}:\n{text}");
    }
    assert_eq!(view(&samples(), 200, false), view(&samples(), 120, false), "longer lines cannot be followed");
    // The words are the same at every width, because none is broken at a hyphen. The longest is a registry path of 84
    // columns.
    let words =
        |width| view(&samples(), width, false).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(100), words(120));
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = view(&samples(), 80, true);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), view(&samples(), 80, false));
}

#[test]
fn no_incident_is_said() {
    insta::assert_snapshot!(view(&[], 80, false), @r"
    No Kerberos event 4 (KRB_AP_ERR_MODIFIED) in these logs.
        Read      no log: none of the inputs holds an event.
        Next      Event 4 is in the System log of the client: the machine that made
                  the connection that failed. Export that log in an elevated prompt
                  there (wevtutil epl System System.evtx), or run `krbtriage here`
                  there.
    ");
}

#[test]
fn all_resolved_is_said() {
    let mut rows = samples();
    rows.truncate(3);
    rows.iter_mut().for_each(|r| r.status = Status::Resolved);
    insta::assert_snapshot!(view(&rows, 80, false));
}

#[test]
fn what_is_new_is_said() {
    let mut rows = samples();
    for (row, status) in rows.iter_mut().zip([
        Status::Ongoing,
        Status::New,
        Status::New,
        Status::New,
        Status::Resolved,
        Status::Resolved,
    ]) {
        row.status = status;
    }
    rows.truncate(6);
    insta::assert_snapshot!(view(&rows, 100, false));
}

/// The incidents of the samples repeated, each time on another host.
fn many(n: usize) -> Vec<Row> {
    let samples = samples();
    (0..n)
        .map(|i| {
            let mut row = samples[i % samples.len()].clone();
            row.incident_id = format!("i{i:012x}");
            // Half of them are problems of their own.
            if i % 2 == 0 {
                row.problem_id = format!("p{i:012x}");
                row.problem = format!("{} ({i})", row.problem).into();
            }
            row.client = format!("SRV{i}.alpha.example.com");
            for request in &mut row.missing {
                change_text(request, |text| text.replace("srv", &format!("srv{i}x")));
            }
            row
        })
        .collect()
}

#[test]
fn twenty_thousand_incidents_are_a_few_screens() {
    let text = view(&many(20_000), 80, false);
    assert!(text.lines().count() < 400, "{}\n{text}", text.lines().count());
    assert!(widest(&text) <= 80);
    let parts = [
        "20,000 incidents",
        " more problems",
        " more: rows of the report with problem_id ",
        "What names resolve to on the client, for ",
    ];
    for part in parts {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn a_hostile_name_cannot_drive_the_terminal() {
    let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{61c}\r\n\u{8}y";
    for colours in [false, true] {
        let mut rows = samples();
        for row in &mut rows {
            for text in
                [&mut row.client, &mut row.answered_by, &mut row.target_spn].into_iter().chain(&mut row.logs)
            {
                text.push_str(hostile);
            }
            for text in [&mut row.explanation, &mut row.problem] {
                *text = format!("{text}{hostile}").into();
            }
            row.evidence.iter_mut().for_each(|item| change_text(item, |text| format!("{text}{hostile}")));
            row.missing.iter_mut().for_each(|item| change_text(item, |text| format!("{text}{hostile}")));
            let mut steps = row.fix.steps().into_owned();
            steps.iter_mut().for_each(|item| change_text(item, |text| format!("{text}{hostile}")));
            row.fix = steps.into_iter().collect();
            row.missing.push(RequestItem::from_cell(hostile, "addresses"));
            row.last_seen = "2026-10-06T\u{1b}[2J".to_owned();
        }
        let text = view(&rows, 80, colours);
        // Colours are `ESC [ digits m`. No other control sequence may be there.
        let plain = text
            .split('\u{1b}')
            .enumerate()
            .map(|(i, part)| match i {
                0 => part,
                _ => {
                    let (codes, rest) =
                        part.strip_prefix('[').and_then(|p| p.split_once('m')).expect("a colour");
                    assert!(codes.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{codes:?}");
                    rest
                }
            })
            .collect::<String>();
        assert!(!plain.chars().any(|c| c != '\n' && krbtriage::text::escape::is_dangerous(c)), "{plain:?}");
        assert!(plain.contains("\\u{1b}[2J"));
    }
}

#[test]
fn a_name_of_64_kib_does_not_push_the_rest_off_the_screen() {
    let mut rows = samples();
    rows[0].target_spn = format!("host/{}", "a".repeat(65_536));
    rows[0].explanation = rows[0].target_spn.as_str().into();
    rows[0].evidence = vec![EvidenceItem::from_cell(&rows[0].target_spn, EvidenceRole::For); 4];
    let text = view(&rows, 80, false);
    let (before, after) = (view(&samples(), 80, false).lines().count(), text.lines().count());
    assert!(after < before + 80, "{before} lines without it, {after} with it");
    assert!(widest(&text) <= 80);
}
