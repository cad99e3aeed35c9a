//! Prepares texts from logs for the page.

use jiff::Timestamp;

use crate::text::escape::escape_control;

/// Longest text, in characters. A name in an event has at most 32,767, which nobody reads; the CSV has them.
const MAX_CHARS: usize = 2_000;

/// Escapes control and reordering characters, and truncates a very long text with the number of characters
/// left out. Does not escape markup; the template does.
pub(crate) fn shown(text: &str) -> String {
    shown_in(text, MAX_CHARS)
}

/// The same, with another limit.
pub(super) fn shown_in(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            format!("{}… ({} more characters)", escape_control(kept), rest.chars().count())
        }
        None => escape_control(text).into_owned(),
    }
}

/// A name. Only crafted names are longer than the limit.
pub(crate) fn name(text: &str) -> String {
    shown_in(text, 300)
}

pub(super) fn all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|t| shown(t)).collect()
}

/// A time as in the report, and rounded to the second for reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Moment {
    pub full: String,
    pub short: String,
}

impl Moment {
    pub(super) fn new(time: &str) -> Self {
        let short = match time.parse::<Timestamp>() {
            Ok(time) => format!("{} {}", day(time), time_of_day(time)),
            Err(_) => shown(time),
        };
        Self { full: shown(time), short }
    }
}

/// The date, for a label of the time axis.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// The time of day, for a label of the time axis.
pub(super) fn time_of_day(time: Timestamp) -> String {
    time.strftime("%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_with_how_much_is_left_out() {
        let text = shown(&"é".repeat(5_000));
        assert!(text.ends_with("é… (3000 more characters)"), "{text}");
        assert!(text.chars().count() < 2_050);
        assert_eq!(shown("srv\u{202e}1\x1b[0m"), "srv\\u{202e}1\\u{1b}[0m");
        assert_eq!(shown_in("abcdef", 3), "abc… (3 more characters)");
    }

    #[test]
    fn times_are_read_to_the_second_in_utc() {
        let moment = Moment::new("2026-10-06T21:13:10.1234567Z");
        assert_eq!((&*moment.short, &*moment.full), ("2026-10-06 21:13:10Z", "2026-10-06T21:13:10.1234567Z"));
    }
}
