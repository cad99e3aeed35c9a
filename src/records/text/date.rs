//! Parses dates as Event Viewer writes them: in the regional format and local time of the person who copied the event. No
//! regional format has a zone, so the caller passes one.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use regex::Regex;

use crate::zone::Zone;

/// The order of day and month in the dates of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DateOrder {
    /// Does the day come first? `None` until a date can be read in only one way.
    day_first: Option<bool>,
}

/// The reliability of a date that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateReading {
    /// The date has a zone, or is a point in time.
    Zoned,
    /// The date is local time, read in the caller's zone.
    Local,
    /// The date is local time, and day and month may be swapped.
    Ambiguous { day_first: bool },
}

/// A date in a regional format. Groups: three numbers of the date with the first separator, hour, minute, second, and the
/// letter of AM or PM.
static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[^\d\s]+,? )?(\d{1,4})([-/.]) ?(\d{1,2})[-/.] ?(\d{1,4})\.?,?[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?$",
    )
    .ok()
});

impl DateOrder {
    /// Reads a date with its time of day. `text` must have single spaces for all white space. A date without a zone is read in
    /// `zone`. `None` if the text is not a date.
    pub(crate) fn read(&mut self, text: &str, zone: &Zone) -> Option<(Timestamp, DateReading)> {
        if let Some(zoned) = text.parse::<Timestamp>().ok().or_else(|| parse_machine_time(text)) {
            return Some((zoned, DateReading::Zoned));
        }
        if let Some(civil) = parse_month_name(text) {
            return Some((zone.timestamp_of(civil)?, DateReading::Local));
        }
        if let Ok(civil) = text.parse::<DateTime>() {
            return Some((zone.timestamp_of(civil)?, DateReading::Local));
        }
        let found = PATTERN.as_ref()?.captures(text)?;
        let number = |group: usize| found.get(group)?.as_str().parse::<i16>().ok();
        let half = found.get(8).map(|h| h.as_str().eq_ignore_ascii_case("p"));
        let (first, second, third) = (number(1)?, number(3)?, number(4)?);
        let separator = found.get(2)?.as_str();

        let year_first = found.get(1)?.len() == 4;
        let (year, month, day, reading) = if year_first {
            (first, second, third, DateReading::Local)
        } else {
            let day_first = match (first > 12, second > 12) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                // Only dates with slashes occur in both orders: 6 October is 10/6 in the USA and 06/10 in Britain.
                _ if separator != "/" => Some(true),
                _ => None,
            };
            if separator == "/" && day_first.is_some() {
                self.day_first = day_first;
            }
            let year = if third < 100 { 2000 + third } else { third };
            match day_first.or(self.day_first) {
                Some(true) => (year, second, first, DateReading::Local),
                Some(false) => (year, first, second, DateReading::Local),
                // The USA uses a 12-hour clock, Britain a 24-hour clock.
                None if half.is_some() => (year, first, second, ambiguous_unless_equal(first, second, false)),
                None => (year, second, first, ambiguous_unless_equal(first, second, true)),
            }
        };
        let hour = match (number(5)?, half) {
            (hour @ 1..=12, Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            (hour, _) => hour,
        };
        let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        let second = found.get(7).map_or(Some(0), |_| number(7))?;
        let time = Time::new(hour.try_into().ok()?, number(6)?.try_into().ok()?, second.try_into().ok()?, 0);
        let time = time.ok()?;
        Some((zone.timestamp_of(DateTime::from_parts(date, time))?, reading))
    }
}

/// Parses a point in time as programs write it: `/Date(1381698789000)/` of PowerShell 5, seconds or milliseconds since 1970,
/// or `20131013211309.000000-000` of WMI.
fn parse_machine_time(text: &str) -> Option<Timestamp> {
    let number = text
        .trim_matches(['\\', '/'])
        .strip_prefix("Date(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(text);
    if let Ok(number) = number.parse::<f64>()
        && number.is_finite()
        && number > 1e8
        && number < 1e14
    {
        let milliseconds = if number < 1e11 { number * 1000.0 } else { number };
        return Timestamp::from_millisecond(milliseconds as i64).ok();
    }
    let (date, offset) = text.split_at_checked(21)?;
    let digits = |from: usize, to: usize| date.get(from..to)?.parse::<i8>().ok();
    let year = date.get(..4)?.parse().ok()?;
    let is_dmtf = date.get(14..15) == Some(".") && offset.starts_with(['+', '-']);
    let civil = is_dmtf.then(|| {
        let date = Date::new(year, digits(4, 6)?, digits(6, 8)?).ok()?;
        let time = Time::new(digits(8, 10)?, digits(10, 12)?, digits(12, 14)?, 0).ok()?;
        Some(DateTime::from_parts(date, time))
    })??;
    let minutes: i32 = offset.parse().ok()?;
    Offset::from_seconds(minutes.checked_mul(60)?).ok()?.to_timestamp(civil).ok()
}

/// Parses a date with an English month name: `Sun Oct 13 21:13:09 2013` of syslog, or `Oct 13, 2013 @ 21:13:09.000` of Kibana.
fn parse_month_name(text: &str) -> Option<DateTime> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text.split([' ', ',', '@']).filter(|word| !word.is_empty()).collect();
    let at = words
        .iter()
        .position(|word| MONTHS.contains(&word.get(..3).unwrap_or("").to_lowercase().as_str()))?;
    let month =
        MONTHS.iter().position(|month| words.get(at).is_some_and(|w| w.to_lowercase().starts_with(month)))?;
    let [day, a, b] = *words.get(at + 1..at + 4)? else { return None };
    let (year, time) = if a.contains(':') { (b, a) } else { (a, b) };
    let date = Date::new(year.parse().ok()?, i8::try_from(month + 1).ok()?, day.parse().ok()?).ok()?;
    Some(DateTime::from_parts(date, time.parse().ok()?))
}

/// The reading of a date whose order is a guess. 5/5 is the same day in both orders.
fn ambiguous_unless_equal(first: i16, second: i16, day_first: bool) -> DateReading {
    if first == second { DateReading::Local } else { DateReading::Ambiguous { day_first } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, DateReading)> {
        let (time, reading) = DateOrder::default().read(text, &Zone::UTC)?;
        Some((time.to_string(), reading))
    }

    #[test]
    fn regional_formats() {
        let us = DateReading::Ambiguous { day_first: false };
        let gb = DateReading::Ambiguous { day_first: true };
        for (text, time, reading) in [
            ("10/6/2013 9:13:09 PM", "2013-10-06T21:13:09Z", us),
            ("10/16/2013 12:13:09 AM", "2013-10-16T00:13:09Z", DateReading::Local),
            ("10/16/2013 12:13:09 PM", "2013-10-16T12:13:09Z", DateReading::Local),
            ("23/04/2009 2:08:30 PM", "2009-04-23T14:08:30Z", DateReading::Local),
            ("23/04/2009 2:08:30 p.m.", "2009-04-23T14:08:30Z", DateReading::Local),
            ("06/10/2013 21:13:09", "2013-10-06T21:13:09Z", gb),
            ("5/5/2013 9:13:09 PM", "2013-05-05T21:13:09Z", DateReading::Local),
            ("06.10.2013 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("6.10.2013 21.13.09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("06-10-2013 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("06-10-13 21:13", "2013-10-06T21:13:00Z", DateReading::Local),
            ("2013/10/06 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("2013. 10. 06. 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("2013-10-06 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
            ("2013-10-06T21:13:09.1234567", "2013-10-06T21:13:09.1234567Z", DateReading::Local),
            ("2013-10-06T21:13:09.1234567Z", "2013-10-06T21:13:09.1234567Z", DateReading::Zoned),
            ("2013-10-06T21:13:09+02:00", "2013-10-06T19:13:09Z", DateReading::Zoned),
            ("\\/Date(1381095189000)\\/", "2013-10-06T21:33:09Z", DateReading::Zoned),
            ("1381095189.5", "2013-10-06T21:33:09.5Z", DateReading::Zoned),
            ("20131006213309.000000-000", "2013-10-06T21:33:09Z", DateReading::Zoned),
            ("20131006233309.000000+120", "2013-10-06T21:33:09Z", DateReading::Zoned),
            ("Sun Oct 6 21:13:09 2013", "2013-10-06T21:13:09Z", DateReading::Local),
            ("Oct 6, 2013 @ 21:13:09.000", "2013-10-06T21:13:09Z", DateReading::Local),
            ("10/16/2013, 9:13:09.000 PM", "2013-10-16T21:13:09Z", DateReading::Local),
            ("Sunday, 06.10.2013 21:13:09", "2013-10-06T21:13:09Z", DateReading::Local),
        ] {
            assert_eq!(read(text), Some((time.into(), reading)), "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_are_read_in_the_one_given() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (text, time, reading) in [
            ("06.10.2013 21:13:09", "2013-10-06T19:13:09Z", DateReading::Local),
            ("2013-12-06T21:13:09", "2013-12-06T20:13:09Z", DateReading::Local),
            ("Oct 6, 2013 @ 21:13:09.000", "2013-10-06T19:13:09Z", DateReading::Local),
            ("2013-10-06T21:13:09Z", "2013-10-06T21:13:09Z", DateReading::Zoned),
            ("1381095189.5", "2013-10-06T21:33:09.5Z", DateReading::Zoned),
        ] {
            let found = DateOrder::default().read(text, &berlin);
            assert_eq!(found, Some((time.parse().unwrap(), reading)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "<DateTime>",
            "N/A",
            "10/6/2013",
            "9:13:09 PM",
            "31/31/2013 9:13:09 PM",
            "10/6/2013 25:00:00",
            "99/99/99999 9:13:09 PM",
            "10/6/2013 9:13:09 PM and more",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn one_clear_date_settles_the_order_for_the_rest_of_the_file() {
        let mut order = DateOrder::default();
        order.read("23/04/2009 2:08:30 PM", &Zone::UTC).unwrap();
        let (time, reading) = order.read("06/10/2013 9:13:09 PM", &Zone::UTC).unwrap();
        assert_eq!(time.to_string(), "2013-10-06T21:13:09Z");
        assert_eq!(reading, DateReading::Local);
    }
}
