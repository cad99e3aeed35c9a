//! Dates as Event Viewer writes them: in the regional format of whoever copied the event, in local time.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use regex::Regex;

/// What is known of the order of day and month in one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DateOrder {
    /// Learned from a date that can be read in one way only.
    day_first: Option<bool>,
}

/// How sure a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// With a zone: a point in time.
    Zoned,
    /// Local time of an unknown zone, taken as UTC.
    Local,
    /// Local, and day and month could be the other way round.
    Ambiguous { day_first: bool },
}

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[^\d\s]+,? )?(\d{1,4})([-/.]) ?(\d{1,2})[-/.] ?(\d{1,4})\.?,?[ T]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?$",
    )
    .ok()
});

impl DateOrder {
    /// Reads a date with its time of day. `text` has single spaces for all white space.
    ///
    /// ISO dates (`wevtutil qe /f:text`) may name a zone; no regional format does.
    pub(super) fn read(&mut self, text: &str) -> Option<(Timestamp, Reading)> {
        if let Ok(zoned) = text.parse::<Timestamp>() {
            return Some((zoned, Reading::Zoned));
        }
        if let Ok(civil) = text.parse::<DateTime>() {
            return Some((Offset::UTC.to_timestamp(civil).ok()?, Reading::Local));
        }
        let found = PATTERN.as_ref()?.captures(text)?;
        let number = |group: usize| found.get(group)?.as_str().parse::<i16>().ok();
        let half = found.get(8).map(|h| h.as_str().eq_ignore_ascii_case("p"));
        let (first, second, third) = (number(1)?, number(3)?, number(4)?);
        let separator = found.get(2)?.as_str();

        let year_first = found.get(1)?.len() == 4;
        let (year, month, day, reading) = if year_first {
            (first, second, third, Reading::Local)
        } else {
            let day_first = match (first > 12, second > 12) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                // Only slashes are used in both orders: 10/6 in the USA, 06/10 in Britain.
                _ if separator != "/" => Some(true),
                _ => None,
            };
            if separator == "/" && day_first.is_some() {
                self.day_first = day_first;
            }
            let year = if third < 100 { 2000 + third } else { third };
            match day_first.or(self.day_first) {
                Some(true) => (year, second, first, Reading::Local),
                Some(false) => (year, first, second, Reading::Local),
                // A clock of twelve hours speaks for the USA, one of 24 against it.
                None if half.is_some() => (year, first, second, ambiguous(first, second, false)),
                None => (year, second, first, ambiguous(first, second, true)),
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
        Some((Offset::UTC.to_timestamp(DateTime::from_parts(date, time)).ok()?, reading))
    }
}

/// 5/5 is the same day in both orders.
fn ambiguous(first: i16, second: i16, day_first: bool) -> Reading {
    if first == second { Reading::Local } else { Reading::Ambiguous { day_first } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Reading)> {
        let (time, reading) = DateOrder::default().read(text)?;
        Some((time.to_string(), reading))
    }

    #[test]
    fn regional_formats() {
        let us = Reading::Ambiguous { day_first: false };
        let gb = Reading::Ambiguous { day_first: true };
        for (text, time, reading) in [
            ("10/6/2013 9:13:09 PM", "2013-10-06T21:13:09Z", us),
            ("10/16/2013 12:13:09 AM", "2013-10-16T00:13:09Z", Reading::Local),
            ("10/16/2013 12:13:09 PM", "2013-10-16T12:13:09Z", Reading::Local),
            ("23/04/2009 2:08:30 PM", "2009-04-23T14:08:30Z", Reading::Local),
            ("23/04/2009 2:08:30 p.m.", "2009-04-23T14:08:30Z", Reading::Local),
            ("06/10/2013 21:13:09", "2013-10-06T21:13:09Z", gb),
            ("5/5/2013 9:13:09 PM", "2013-05-05T21:13:09Z", Reading::Local),
            ("06.10.2013 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
            ("6.10.2013 21.13.09", "2013-10-06T21:13:09Z", Reading::Local),
            ("06-10-2013 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
            ("06-10-13 21:13", "2013-10-06T21:13:00Z", Reading::Local),
            ("2013/10/06 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
            ("2013. 10. 06. 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
            ("2013-10-06 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
            ("2013-10-06T21:13:09.1234567", "2013-10-06T21:13:09.1234567Z", Reading::Local),
            ("2013-10-06T21:13:09.1234567Z", "2013-10-06T21:13:09.1234567Z", Reading::Zoned),
            ("2013-10-06T21:13:09+02:00", "2013-10-06T19:13:09Z", Reading::Zoned),
            ("Sunday, 06.10.2013 21:13:09", "2013-10-06T21:13:09Z", Reading::Local),
        ] {
            assert_eq!(read(text), Some((time.into(), reading)), "{text}");
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
        order.read("23/04/2009 2:08:30 PM").unwrap();
        let (time, reading) = order.read("06/10/2013 9:13:09 PM").unwrap();
        assert_eq!(time.to_string(), "2013-10-06T21:13:09Z");
        assert_eq!(reading, Reading::Local);
    }
}
