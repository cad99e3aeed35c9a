use std::collections::BTreeSet;

use flate2::read::ZlibDecoder;
use serde_json::Value;

use super::*;
use crate::diagnosis::{Cause, Confidence, EvidenceRole, Kind};
use crate::report::item::{EvidenceItem, RequestItem, StepItem};
use crate::report::{Problem, Reading, Row, Status, problem};
use crate::zone::Zone;

static UTC: Zone = Zone::UTC;

/// Names that attack a page.
const HOSTILE: [&str; 8] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</template></style></title><h1>gone",
    "srv\u{202e}gpj\u{1b}[31m",
    "a\u{2028}b",
];

fn row(n: usize, problem: usize) -> Row {
    Row {
        incident_id: format!("i{n:012x}"),
        problem_id: format!("p{problem:012x}"),
        problem: format!("shared address 192.0.2.{}", problem % 250).into(),
        status: Status::New,
        cause: Cause::LoopbackSharedIp,
        kind: Kind::BmcUsbNic,
        confidence: Confidence::Confirmed,
        client: format!("srv{n}.alpha.example.com"),
        answered_by: format!("srv{n}$"),
        target_spn: format!("host/srv{}.alpha.example.com", n + 1),
        service_class: "host".into(),
        target_host: format!("srv{}.alpha.example.com", n + 1),
        target_realm: "ALPHA.EXAMPLE.COM".into(),
        client_realm: "alpha.example.com".into(),
        shared_addresses: vec![format!("192.0.2.{}", problem % 250)],
        events: 3,
        first_seen: "2026-10-06T10:00:00Z".into(),
        last_seen: format!("2026-10-{:02}T10:00:00.5Z", 7 + n % 20),
        explanation: format!("srv{n} asked and reached itself").into(),
        evidence: vec![
            item(&format!("srv{n} owns it"), EvidenceRole::For),
            item("against it: an old list", EvidenceRole::Against),
            item("not wrong-host: nothing shows it", EvidenceRole::Excludes),
            item("not to be read as a cause: it is evidence", EvidenceRole::For),
        ],
        missing: vec![RequestItem::from_cell("a list", "")],
        fix: ["first", "then"].map(StepItem::from_cell).into_iter().collect(),
        logs: vec!["System.evtx".into()],
        title: "".into(),
        collect: Vec::new(),
        activity: Default::default(),
    }
}

fn item(text: &str, role: EvidenceRole) -> EvidenceItem {
    EvidenceItem::from_cell(text, role)
}

fn report<'a>(rows: &'a [Row], problems: &'a [Problem]) -> Report<'a> {
    Report {
        rows,
        problems,
        compared: false,
        zone: &UTC,
        read: Reading::default(),
        title: None,
        events: None,
    }
}

fn page(rows: &[Row]) -> String {
    let problems = problem::group(rows);
    let mut out = Vec::new();
    write(&report(rows, &problems), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The text between the first `start` and `end`.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap().0
}

/// The incidents in the page's data.
fn incidents(page: &str) -> Vec<Value> {
    let members = between(page, "data-members=\"", "\"").split(' ').collect::<Vec<_>>();
    let data = between(page, &format!("data-members=\"{}\">", members.join(" ")), "</script>");
    let zlib = BASE64_STANDARD.decode(data).unwrap();
    let items: Vec<Value> = serde_json::from_reader(ZlibDecoder::new(&*zlib)).unwrap();
    let texts: Vec<&Value> = items.iter().filter(|i| i.is_string()).collect();
    let cell = |member: &str, value: &Value| match value {
        Value::Array(list) => list.iter().map(|n| texts[n.as_u64().unwrap() as usize].clone()).collect(),
        Value::Number(n) if member != "events" => texts[n.as_u64().unwrap() as usize].clone(),
        other => other.clone(),
    };
    items
        .iter()
        .filter_map(Value::as_array)
        .map(|row| members.iter().zip(row).map(|(m, v)| ((*m).to_owned(), cell(m, v))).collect())
        .collect()
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_and_nothing_else() {
    let page = page(&[row(1, 1)]);
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let style = between(&page, "<style>", "</style>");
    let script = between(&page, "<script>", "</script>");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            hash(script),
            hash(style)
        )
    );
    // The policy comes before everything it applies to.
    assert!(page.find("Content-Security-Policy").unwrap() < page.find("<style>").unwrap());
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
    assert!(!page.contains("http:") && !page.contains("https:"), "nothing to fetch");
    assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("insertAdjacentHTML"));
}

#[test]
fn a_hash_is_of_what_a_browser_reads() {
    assert_eq!(unix_lines("a\r\nb\n"), "a\nb\n");
    assert!(!page(&[]).contains('\r'));
}

#[test]
fn hostile_names_are_no_markup_wherever_they_stand() {
    for name in HOSTILE {
        let mut bad = row(1, 1);
        for text in [
            &mut bad.client,
            &mut bad.answered_by,
            &mut bad.target_spn,
            &mut bad.target_host,
            &mut bad.target_realm,
        ] {
            *text = name.into();
        }
        (bad.problem, bad.explanation) = (name.into(), name.into());
        for list in [&mut bad.shared_addresses, &mut bad.logs] {
            *list = vec![name.into()];
        }
        bad.evidence = vec![item(name, EvidenceRole::For)];
        bad.missing = vec![RequestItem::from_cell(name, "")];
        bad.fix = [StepItem::from_cell(name)].into_iter().collect();
        let written = page(&[bad]);
        let plain = page(&[row(1, 1)]);
        let tags = |page: &str| page.matches(['<', '>']).count();
        assert!(!written.contains(name), "{name}");
        // Adds no more tags than lists of one item need.
        assert!(tags(&written) <= tags(&plain), "{name}");
        assert!(!written.chars().any(|c| c != '\n' && crate::text::escape::is_dangerous(c)), "{name}");
        let seen = incidents(&written);
        assert_eq!(seen[0]["client"], crate::text::escape::escape_control(name).as_ref());
    }
}

#[test]
fn the_data_holds_what_the_rows_hold() {
    let rows: Vec<Row> = (0..50).map(|n| row(n, n % 7)).collect();
    let seen = incidents(&page(&rows));
    assert_eq!(seen.len(), rows.len());
    for (row, seen) in rows.iter().zip(&seen) {
        let want = serde_json::to_value(row).unwrap();
        for member in [
            "incident_id",
            "problem_id",
            "problem",
            "status",
            "cause",
            "kind",
            "confidence",
            "client",
            "answered_by",
            "target_spn",
            "shared_addresses",
            "events",
            "first_seen",
            "last_seen",
            "logs",
        ] {
            assert_eq!(seen[member], want[member], "{member}");
        }
        for member in ["missing", "fix"] {
            assert_eq!(seen[member][0], want[member][0]["text"], "{member}");
        }
        assert_eq!(seen["explanation"], format!("{}.", row.explanation));
        assert_eq!(seen["realms"], "ALPHA.EXAMPLE.COM");
        assert_eq!(seen["caveats"][0], "an old list");
        assert_eq!(seen["considered"][0], "not wrong-host: nothing shows it");
        assert_eq!(seen["evidence"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn without_script_every_problem_and_incident_of_a_small_report_is_there() {
    let rows: Vec<Row> = (0..40).map(|n| row(n, n % 9)).collect();
    let page = page(&rows);
    for row in &rows {
        assert!(page.contains(&format!("<details class=\"incident\" id=\"{}\">", row.incident_id)));
        assert!(page.contains(&*row.explanation));
    }
    assert_eq!(page.matches("<details class=\"problem ").count(), 9);
}

/// Letters that do not compress, a different text for each number.
fn noise(n: usize) -> String {
    let mut state = n as u64 * 2 + 1;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 33) as u8 % 94)
    };
    (0..2_500).map(|_| letter()).collect()
}

#[test]
fn a_page_keeps_its_size_and_says_what_is_left_out() {
    let rows: Vec<Row> = (0..2_500)
        .map(|n| {
            let mut row = row(n, n);
            // Enough to fill the cards, and more than the data may have.
            if n < 600 {
                row.explanation = noise(n).into();
                row.evidence =
                    [noise(1_000 + n), noise(2_000 + n)].map(|text| item(&text, EvidenceRole::For)).to_vec();
            }
            row
        })
        .collect();
    let problems = problem::group(&rows);
    let mut out = Vec::new();
    let room = 300_000;
    write_within(&report(&rows, &problems), room, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let data = between(&page, "id=\"data\"", "</script>").len();
    assert!(data < room as usize * 4 / 3 + 100_000, "{data}");
    // Without the data. With all its room, a page is then under 20 MB.
    assert!(page.len() - data < 6_000_000, "{}", page.len() - data);
    const { assert!(data::MAX_COMPRESSED * 4 / 3 + 6_000_000 < 20_000_000) };

    let kept = incidents(&page).len();
    assert!((30..600).contains(&kept), "{kept}");
    assert!(page.contains(&format!("the first {kept} of 2,500 incidents, in the report")));
    // All problems are counted: as cards, as lines, or in the number of the rest.
    let cards = page.matches("<details class=\"problem ").count();
    let lines = page.matches("<tr id=\"p").count();
    let rest = between(&page, "<p class=\"more\">And ", " more problems. The").replace(',', "");
    let rest = rest.parse::<usize>().unwrap();
    assert_eq!(cards + lines + rest, 2_500);
}

#[test]
fn an_address_of_many_hosts_has_ten_rows_and_counts_the_rest() {
    let rows: Vec<Row> = (0..400).map(|n| row(n, 1)).collect();
    let problems = problem::group(&rows);
    let shared = SharedAddresses::new(&report(&rows, &problems), &problems.iter().collect::<Vec<_>>())
        .addresses
        .remove(0);
    let clients: BTreeSet<&str> = shared.connections.iter().map(|l| &*l.client).collect();
    assert_eq!((shared.connections.len(), clients.len()), (10, 10), "each client's busiest first");
    assert_eq!(
        (&*shared.rest, &*shared.all_hosts_count, shared.all_hosts.len()),
        ("390 more connections", "401 hosts", 401)
    );
    assert!(page(&rows).contains("401 hosts, 400 incidents, 1,200 events"));
}

#[test]
fn a_row_of_a_shared_address_says_who_answered() {
    let (loopback, mut wrong) = (row(1, 1), row(2, 2));
    (wrong.cause, wrong.kind) = (Cause::WrongHost, Kind::SharedAddress);
    let rows = [loopback, wrong];
    let problems = problem::group(&rows);
    let shared =
        SharedAddresses::new(&report(&rows, &problems), &problems.iter().collect::<Vec<_>>()).addresses;
    let [loopback, wrong] = shared.as_slice() else { panic!("two addresses") };
    let (loopback, wrong) = (&loopback.connections[0], &wrong.connections[0]);
    assert_eq!((loopback.is_loopback, &*loopback.answered), (true, "srv1.alpha.example.com"));
    assert_eq!(
        (wrong.is_loopback, &*wrong.answered, &*wrong.target),
        (false, "srv2$", "srv3.alpha.example.com")
    );
}

#[test]
fn the_timeline_shows_events_and_not_what_lies_between_them() {
    let mut rows = vec![row(1, 1), row(2, 2)];
    (rows[0].first_seen, rows[0].last_seen) = ("2026-10-06T10:00:00Z".into(), "2026-10-08T10:00:00Z".into());
    (0..100).for_each(|i| rows[1].activity.add(format!("2026-10-07T10:{:02}:00Z", i % 60).parse().unwrap()));
    let problems = problem::group(&rows);
    let timeline = Timeline::new(&report(&rows, &problems), &problems.iter().collect::<Vec<_>>());
    assert_eq!(timeline.problems[0].bars.len(), 2, "its first event and its last");
    assert!(timeline.causes.is_empty(), "each problem has a line");
    assert_eq!((timeline.problems[1].bars.len(), timeline.interval), (2, "30 minutes"));
}

#[test]
fn resolved_problems_stand_apart_and_do_not_count() {
    let mut rows = vec![row(1, 1), row(2, 2), row(3, 3)];
    rows[1].status = Status::Ongoing;
    rows[2].status = Status::Resolved;
    let problems = problem::group(&rows);
    let mut out = Vec::new();
    write(&Report { compared: true, ..report(&rows, &problems) }, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    assert!(page.contains("<h1>2 problems, 1 of them new</h1>"));
    assert!(page.contains("1 new, 1 ongoing, 1 resolved, 0 reopened"));
    let (present, resolved) = page.split_once("<h3>Resolved</h3>").unwrap();
    assert!(present.contains("id=\"p000000000001\"") && !present.contains("id=\"p000000000003\""));
    assert!(resolved.contains("id=\"p000000000003\""));
}

#[test]
fn a_report_of_nothing_says_so() {
    let page = page(&[]);
    assert!(page.contains("<h1>No incident was found</h1>"));
    assert!(page.contains("no log: none of the inputs holds an event."));
    assert!(page.contains("Where event 4 is") && page.contains("wevtutil epl System System.evtx"));
    assert!(!page.contains("id=\"filters\"") && !page.contains("id=\"data\""), "nothing to filter");
}
