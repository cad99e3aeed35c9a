//! Times as people write them: `2026-10-06`, `2026-10-06T12:00+02:00`, `7d`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Which end of a period a bare date means: its first or its last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Since,
    Until,
}

const HELP: &str = "write a date (2026-10-06), a time with its offset (2026-10-06T12:00Z, 2026-10-06T12:00+02:00), \
                    or a span before now (90m, 36h, 7d, 2w)";

/// `--since` and `--until`. Times without an offset are UTC, like every time the program writes.
pub(super) fn moment(text: &str, end: End, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(span) = span(text) {
        return now.checked_sub(span).map_err(|_| format!("{text} is too long ago"));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<Date>()
        && text.len() <= "-009999-12-31".len()
        && !text.contains(['T', 't', ' '])
    {
        let start = TimeZone::UTC
            .to_timestamp(date.to_datetime(Time::midnight()))
            .map_err(|_| format!("{text} is out of range"))?;
        return match end {
            End::Since => Ok(start),
            End::Until => start
                .checked_add(SignedDuration::from_hours(24))
                .and_then(|t| t.checked_sub(SignedDuration::from_nanos(1)))
                .map_err(|_| format!("{text} is out of range")),
        };
    }
    text.parse::<DateTime>()
        .and_then(|time| TimeZone::UTC.to_timestamp(time))
        .map_err(|_| format!("\"{text}\" is not a valid time; {HELP}"))
}

/// `90s`, `10m`, `36h`, `7d`, `2w`.
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
            ("2026-10-06", End::Since, "2026-10-06T00:00:00Z"),
            ("2026-10-06", End::Until, "2026-10-06T23:59:59.999999999Z"),
            ("2026-10-06T12:00Z", End::Since, "2026-10-06T12:00:00Z"),
            ("2026-10-06T12:00:30+02:00", End::Since, "2026-10-06T10:00:30Z"),
            ("2026-10-06T12:00", End::Until, "2026-10-06T12:00:00Z"),
            ("2026-10-06 12:00:05", End::Since, "2026-10-06T12:00:05Z"),
            ("7d", End::Since, "2026-10-06T10:00:00Z"),
            ("36h", End::Until, "2026-10-11T22:00:00Z"),
            ("90m", End::Since, "2026-10-13T08:30:00Z"),
        ];
        for (text, end, want) in table {
            assert_eq!(moment(text, end, now), Ok(want.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_how_to_write_one() {
        for text in ["", "yesterday", "7x", "-3d", "2026-13-01", "99999999999999d"] {
            assert!(moment(text, End::Since, Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
        assert!(moment("soon", End::Since, Timestamp::UNIX_EPOCH).unwrap_err().contains("2026-10-06"));
    }
}
