//! Parses times as people write them: `2026-10-06`, `2026-10-06T12:00+02:00`, `7d`.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use crate::zone::Zone;

/// End of a period. A date without a time means its first moment with `Since` and its last moment with `Until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeriodEnd {
    Since,
    Until,
}

const HELP: &str = "write a date (2026-10-06), a time (2026-10-06T12:00, 2026-10-06T12:00Z, 2026-10-06T12:00+02:00), \
                    or a span before now (90m, 36h, 7d, 2w)";

/// Value of `--since` or `--until`, before the time zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// A point in time: a time with an offset, or a span before now.
    Absolute(Timestamp),
    /// A date with a time but no offset.
    Local(DateTime),
    /// A date without a time.
    Day(Date),
}

/// A date or time outside the years that can be computed (-9999 to 9999).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is out of range")]
pub(super) struct OutOfRange(String);

impl Moment {
    pub(super) fn parse(text: &str, now: Timestamp) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(span) = span(text) {
            return now.checked_sub(span).map(Self::Absolute).map_err(|_| format!("{text} is too long ago"));
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Absolute(time));
        }
        if let Ok(date) = text.parse()
            && text.len() <= "-009999-12-31".len()
            && !text.contains(['T', 't', ' '])
        {
            return Ok(Self::Day(date));
        }
        text.parse().map(Self::Local).map_err(|_| format!("\"{text}\" is not a valid time; {HELP}"))
    }

    /// Converts to a point in time. A moment without an offset is read in `zone`.
    pub(super) fn timestamp(self, end: PeriodEnd, zone: &Zone) -> Result<Timestamp, OutOfRange> {
        let midnight = |date: Date| zone.timestamp_of(date.to_datetime(Time::midnight()));
        match (self, end) {
            (Self::Absolute(time), _) => Ok(time),
            (Self::Local(civil), _) => zone.timestamp_of(civil).ok_or_else(|| OutOfRange(civil.to_string())),
            (Self::Day(date), PeriodEnd::Since) => midnight(date).ok_or_else(|| OutOfRange(date.to_string())),
            // The end of a day is the next midnight, because a day may have 23 or 25 hours.
            (Self::Day(date), PeriodEnd::Until) => date
                .tomorrow()
                .ok()
                .and_then(midnight)
                .and_then(|next| next.checked_sub(SignedDuration::from_nanos(1)).ok())
                .ok_or_else(|| OutOfRange(date.to_string())),
        }
    }
}

/// Parses a span of time: `90s`, `10m`, `36h`, `7d`, `2w`.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let wrong =
        || format!("\"{text}\" is not a valid duration; write a number with s, m, h, d or w (10m, 36h, 7d)");
    let text = text.trim();
    let (at, unit) = text.char_indices().last().ok_or_else(wrong)?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number: i64 = text[..at].trim().parse().map_err(|_| wrong())?;
    match number.checked_mul(seconds) {
        Some(total) if number >= 0 => Ok(SignedDuration::from_secs(total)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_time() {
        let now: Timestamp = "2026-10-13T10:00:00Z".parse().unwrap();
        let table = [
            ("2026-10-06", PeriodEnd::Since, "2026-10-06T00:00:00Z"),
            ("2026-10-06", PeriodEnd::Until, "2026-10-06T23:59:59.999999999Z"),
            ("2026-10-06T12:00Z", PeriodEnd::Since, "2026-10-06T12:00:00Z"),
            ("2026-10-06T12:00:30+02:00", PeriodEnd::Since, "2026-10-06T10:00:30Z"),
            ("2026-10-06T12:00", PeriodEnd::Until, "2026-10-06T12:00:00Z"),
            ("2026-10-06 12:00:05", PeriodEnd::Since, "2026-10-06T12:00:05Z"),
            ("7d", PeriodEnd::Since, "2026-10-06T10:00:00Z"),
            ("36h", PeriodEnd::Until, "2026-10-11T22:00:00Z"),
            ("90m", PeriodEnd::Since, "2026-10-13T08:30:00Z"),
        ];
        let at = |text: &str, end, zone: &Zone| Moment::parse(text, now).unwrap().timestamp(end, zone);
        for (text, end, want) in table {
            assert_eq!(at(text, end, &Zone::UTC), Ok(want.parse().unwrap()), "{text}");
        }
        let berlin = "Europe/Berlin".parse().unwrap();
        for (text, end, want) in [
            ("2026-10-25", PeriodEnd::Since, "2026-10-24T22:00:00Z"),
            ("2026-10-25", PeriodEnd::Until, "2026-10-25T22:59:59.999999999Z"),
            ("2026-10-06 12:00", PeriodEnd::Since, "2026-10-06T10:00:00Z"),
            ("2026-10-06T12:00Z", PeriodEnd::Since, "2026-10-06T12:00:00Z"),
            ("7d", PeriodEnd::Since, "2026-10-06T10:00:00Z"),
        ] {
            assert_eq!(at(text, end, &berlin), Ok(want.parse().unwrap()), "{text} in Berlin");
        }
    }

    #[test]
    fn what_is_no_time_says_how_to_write_one() {
        for text in ["", "yesterday", "7x", "-3d", "2026-13-01", "99999999999999d"] {
            assert!(Moment::parse(text, Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
        assert!(Moment::parse("soon", Timestamp::UNIX_EPOCH).unwrap_err().contains("2026-10-06"));
        let last = Moment::Day(Date::MAX).timestamp(PeriodEnd::Until, &Zone::UTC).unwrap_err();
        assert_eq!(last.to_string(), "9999-12-31 is out of range");
    }
}
