//! Makes the text of a report without incidents: the inputs, the events left out, related events in the logs, and what to do
//! next.

use jiff::Timestamp;

use super::Reading;
use super::numbers::{group_digits, pluralize};
use super::text_writer::{few, period};
use crate::zone::Zone;

/// Maximum number of files or machines that a line lists.
const MAX_NAMES: usize = 3;
/// Maximum number of kinds of related events that get a line.
const MAX_TROUBLE: usize = 5;

/// Returns the lines of the text, each with a label of one word.
pub fn lines(read: &Reading<'_>, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut lines = vec![("Read", inputs(read, zone))];
    let left_out = outside_period(read, zone);
    let is_left_out = left_out.is_some();
    lines.extend(left_out.map(|text| ("Left out", text)));
    for trouble in read.surroundings.trouble.iter().take(MAX_TROUBLE) {
        let last = trouble.last.to_string();
        lines.push((
            "Related",
            format!(
                "{} x {} on {}, last {}: {}.",
                group_digits(trouble.events),
                trouble.event,
                few(&trouble.computers, MAX_NAMES),
                period(&last, &last, zone),
                trouble.meaning
            ),
        ));
    }
    if read.surroundings.trouble.len() > MAX_TROUBLE {
        let more = pluralize((read.surroundings.trouble.len() - MAX_TROUBLE) as u64, "other kind");
        lines.push(("Related", format!("{more} of event. `krbtriage extract` writes them.")));
    }
    if !is_left_out {
        lines.push((
            "Next",
            "Event 4 is in the System log of the client: the machine that made the connection that failed. Export that log in an \
             elevated prompt there (wevtutil epl System System.evtx), or run `krbtriage here` there."
                .to_owned(),
        ));
    }
    lines
}

/// Describes the logs with their machines and times.
fn inputs(read: &Reading<'_>, zone: &Zone) -> String {
    let logs: Vec<_> = read.logs.iter().filter(|log| log.was_read()).collect();
    if logs.is_empty() {
        return "no log: none of the inputs holds an event.".to_owned();
    }
    let names: Vec<String> = logs.iter().map(|log| log.path.to_string()).collect();
    let mut text = match logs.len() {
        1 => few(&names, MAX_NAMES),
        n => format!("{} ({})", pluralize(n as u64, "log"), few(&names, MAX_NAMES)),
    };
    let computers = &read.surroundings.computers;
    if !computers.is_empty() {
        // Only related events show machines, so several logs may have others as well.
        let of = if logs.len() == 1 { "of" } else { "from machines such as" };
        text.push_str(&format!(", {of} {}", few(computers, MAX_NAMES)));
    }
    let first = logs.iter().filter_map(|log| log.first_written).min();
    let last = logs.iter().filter_map(|log| log.last_written).max();
    match (first, last) {
        (Some(first), Some(last)) => {
            text.push_str(&format!(", {}", period(&first.to_string(), &last.to_string(), zone)));
        }
        (None, Some(last)) => {
            let last = last.to_string();
            text.push_str(&format!(", up to {}", period(&last, &last, zone)));
        }
        (_, None) => {}
    }
    text.push('.');
    text
}

/// Describes the events that `--since` and `--until` left out; `None` if there are none. For example: `29 events 4 before
/// 2026-11-22 00:09 UTC (--since), the last at 2026-10-06 22:13 UTC. ...`
pub fn outside_period(read: &Reading<'_>, zone: &Zone) -> Option<String> {
    let last = read.outside.last?.to_string();
    let at = |time: Timestamp| period(&time.to_string(), &time.to_string(), zone);
    let (limits, options) = match (read.period.since, read.period.until) {
        (Some(since), Some(until)) => (
            format!("before {} (--since) or after {} (--until)", at(since), at(until)),
            "--since and --until",
        ),
        (Some(since), None) => (format!("before {} (--since)", at(since)), "--since"),
        (None, Some(until)) => (format!("after {} (--until)", at(until)), "--until"),
        (None, None) => return None,
    };
    let events = match read.outside.events {
        1 => "1 event 4".to_owned(),
        n => format!("{} events 4", group_digits(n)),
    };
    Some(format!(
        "{events} {limits}, the last at {}. Leave out {options} to include them.",
        period(&last, &last, zone)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::{OutsidePeriod, Period};
    use crate::report::surroundings::{Surroundings, Trouble};
    use crate::scan::FileReport;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_report_says_what_was_read_and_what_to_do_next() {
        let log = FileReport {
            path: "SRV6.evtx".into(),
            records: 9,
            first_written: Some(at("2026-10-04T08:00:00Z")),
            last_written: Some(at("2026-10-06T22:13:09Z")),
            ..FileReport::default()
        };
        let trouble = Trouble {
            event: "NETLOGON 3210".to_owned(),
            meaning: "a domain controller refused the password of this machine",
            computers: vec!["SRV6".to_owned()],
            events: 2,
            last: at("2026-10-06T20:00:00Z"),
        };
        let surroundings = Surroundings { computers: vec!["SRV6".to_owned()], trouble: vec![trouble] };
        let logs = [log];
        let read = Reading { logs: &logs, surroundings: &surroundings, ..Reading::default() };
        let said: Vec<String> =
            lines(&read, &Zone::UTC).iter().map(|(label, text)| format!("{label}: {text}")).collect();
        assert_eq!(said[0], "Read: SRV6.evtx, of SRV6, 2026-10-04 08:00 to 2026-10-06 22:13 UTC.");
        assert_eq!(
            said[1],
            "Related: 2 x NETLOGON 3210 on SRV6, last 2026-10-06 20:00 UTC: a domain controller refused the password of \
             this machine."
        );
        assert!(said[2].starts_with("Next: Event 4 is in the System log of the client"), "{said:?}");
    }

    #[test]
    fn what_a_period_left_out_comes_before_any_other_advice() {
        let read = Reading {
            period: Period { since: Some(at("2026-11-22T00:09:00Z")), until: None },
            outside: OutsidePeriod { events: 29, last: Some(at("2026-10-06T22:13:09Z")) },
            ..Reading::default()
        };
        let said = lines(&read, &Zone::UTC);
        assert_eq!(
            said[1],
            (
                "Left out",
                "29 events 4 before 2026-11-22 00:09 UTC (--since), the last at 2026-10-06 22:13 UTC. Leave out --since to \
                 include them."
                    .to_owned()
            )
        );
        assert!(!said.iter().any(|(label, _)| *label == "Next"));
    }
}
