//! Prepares texts from logs for the page.

use jiff::Timestamp;

use crate::report::local_time::{to_minute, to_second};
use crate::text::escape::escape_control;
use crate::zone::Zone;

/// Longest text on the page, in characters. A name in an event may have 32,767. The CSV has the whole name.
const MAX_CHARS: usize = 2_000;

/// Escapes control and reordering characters, and cuts a text at 2,000 characters. The template escapes markup.
pub(crate) fn sanitize(text: &str) -> String {
    sanitize_to(text, MAX_CHARS)
}

/// Escapes control and reordering characters, and cuts a text at `max_chars` characters. The end of a cut text has the number of
/// characters that are missing. The template escapes markup.
pub(super) fn sanitize_to(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            format!("{}… ({} more characters)", escape_control(kept), rest.chars().count())
        }
        None => escape_control(text).into_owned(),
    }
}

/// Prepares a name like [`sanitize`], cut at 300 characters, which only a crafted name exceeds.
pub(crate) fn sanitize_name(text: &str) -> String {
    sanitize_to(text, 300)
}

/// Prepares each text by [`sanitize`].
pub(super) fn sanitize_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|t| sanitize(t)).collect()
}

/// Splits a text at its commands, which are between backticks. Text and commands alternate, and text comes first. A text with an
/// odd number of backticks is not split.
pub(crate) fn text_and_commands(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len() % 2 == 1 { parts } else { vec![text] }
}

/// A time in the forms that the page needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PageTime {
    /// The time in RFC 3339 and UTC, for the script.
    pub full: String,
    /// The time in the zone of the report, to the second.
    pub short: String,
    /// The time in the zone of the report, to the minute and without the offset, for tables.
    pub brief: String,
}

impl PageTime {
    pub(super) fn new(time: &str, zone: &Zone) -> Self {
        let (short, brief) = match time.parse::<Timestamp>() {
            Ok(time) => (to_second(time, zone), to_minute(time, zone)),
            Err(_) => (sanitize(time), sanitize(time)),
        };
        Self { full: sanitize(time), short, brief }
    }
}

/// Formats the date, for a label of the time axis.
pub(super) fn day(time: Timestamp, zone: &Zone) -> String {
    zone.civil_of(time).strftime("%Y-%m-%d").to_string()
}

/// Formats the time of day, for a label of the time axis.
pub(super) fn time_of_day(time: Timestamp, zone: &Zone) -> String {
    zone.civil_of(time).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_with_how_much_is_left_out() {
        let text = sanitize(&"é".repeat(5_000));
        assert!(text.ends_with("é… (3000 more characters)"), "{text}");
        assert!(text.chars().count() < 2_050);
        assert_eq!(sanitize("srv\u{202e}1\x1b[0m"), "srv\\u{202e}1\\u{1b}[0m");
        assert_eq!(sanitize_to("abcdef", 3), "abc… (3 more characters)");
    }

    #[test]
    fn commands_are_between_backticks() {
        assert_eq!(text_and_commands("run `klist` there"), ["run ", "klist", " there"]);
        assert_eq!(text_and_commands("`klist`"), ["", "klist", ""]);
        assert_eq!(text_and_commands("a name with one ` in it"), ["a name with one ` in it"]);
    }

    #[test]
    fn times_are_shown_to_the_second_in_the_zone() {
        let berlin = "Europe/Berlin".parse().unwrap();
        for (zone, short, brief) in [
            (Zone::UTC, "2026-10-06 21:13:10 UTC", "2026-10-06 21:13"),
            (berlin, "2026-10-06 23:13:10 +02:00", "2026-10-06 23:13"),
        ] {
            let time = PageTime::new("2026-10-06T21:13:10.1234567Z", &zone);
            assert_eq!((&*time.short, &*time.brief), (short, brief));
            assert_eq!(time.full, "2026-10-06T21:13:10.1234567Z");
        }
    }
}
