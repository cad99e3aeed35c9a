//! Parses times as directory exports and this program's own tables write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::text::trimmed;

/// 1970-01-01 as a FILETIME, which counts 100 ns from 1601-01-01 (MS-DTYP 2.3.3).
const UNIX_EPOCH_IN_FILETIME: i64 = 116_444_736_000_000_000;

/// A time as an export has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExportTime {
    At(Timestamp),
    /// Never, or not set. The export has 0 or the largest value.
    Never,
    /// Text that is not a time, has no zone, or has day and month in an unknown order.
    Unclear,
}

impl ExportTime {
    /// The time, if it is one.
    pub(crate) fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            _ => None,
        }
    }
}

/// Parses a FILETIME in decimal (`pwdLastSet`).
pub(crate) fn filetime(text: &str) -> ExportTime {
    match trimmed(text).parse::<i64>() {
        Ok(ticks) if ticks <= 0 || ticks == i64::MAX => ExportTime::Never,
        Ok(ticks) => {
            let since = ticks - UNIX_EPOCH_IN_FILETIME;
            let nanoseconds = i32::try_from(since % 10_000_000 * 100).unwrap_or_default();
            Timestamp::new(since / 10_000_000, nanoseconds).map_or(ExportTime::Unclear, ExportTime::At)
        }
        Err(_) => ExportTime::Unclear,
    }
}

/// The time of seconds since 1970, as SharpHound has it. 0 and -1 mean never.
fn unix_seconds(seconds: i64) -> ExportTime {
    if seconds <= 0 {
        return ExportTime::Never;
    }
    Timestamp::from_second(seconds).map_or(ExportTime::Unclear, ExportTime::At)
}

/// Parses any form that directory exports use: FILETIME, generalised time (RFC 4517 3.3.13:
/// `20261123225750.0Z`), `/Date(1700000000000)/` (Windows PowerShell's JSON, milliseconds), seconds since
/// 1970 (SharpHound), or RFC 3339.
pub(crate) fn time(text: &str) -> ExportTime {
    let text = trimmed(text);
    if text.starts_with(['/', '\\'])
        && let Some(rest) = text.strip_prefix("/Date(").or_else(|| text.strip_prefix("\\/Date("))
    {
        // A zone after the number (`+0100`) is for display only.
        let end = rest.char_indices().position(|(i, c)| !(c.is_ascii_digit() || (i == 0 && c == '-')));
        let number = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        return match number.parse() {
            // 1601 is a FILETIME of 0.
            Ok(milliseconds) if milliseconds <= -11_644_473_600_000 => ExportTime::Never,
            Ok(milliseconds) => {
                Timestamp::from_millisecond(milliseconds).map_or(ExportTime::Unclear, ExportTime::At)
            }
            Err(_) => ExportTime::Unclear,
        };
    }
    let digits = if text.bytes().all(|b| b.is_ascii_digit()) { text.len() } else { 0 };
    if matches!(digits, 15..=19) || matches!(text, "0" | "-1") {
        return filetime(text);
    }
    if matches!(digits, 9..=11) {
        return text.parse().map_or(ExportTime::Unclear, unix_seconds);
    }
    if let Some(time) = generalised_time(text).or_else(|| utc_time(text)) {
        return ExportTime::At(time);
    }
    text.parse().map_or(ExportTime::Unclear, ExportTime::At)
}

/// Parses a time of this program's own tables: like [`time`], but a time without a zone is UTC.
pub(crate) fn time_or_utc(text: &str) -> ExportTime {
    match time(text) {
        ExportTime::Unclear => text
            .trim()
            .parse::<DateTime>()
            .ok()
            .and_then(|civil| Offset::UTC.to_timestamp(civil).ok())
            .map_or(ExportTime::Unclear, ExportTime::At),
        when => when,
    }
}

/// Parses the RFC 3339 form of exports, `2026-11-23T22:57:50.1234567Z`. `jiff`, which parses the other forms, takes three times as
/// long.
fn utc_time(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] =
        *seconds.as_bytes()
    else {
        return None;
    };
    let digit = |b: u8| Some(b.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    let number = |high: u8, low: u8| i8::try_from(digit(high)? * 10 + digit(low)?).ok();
    let fraction = rest.strip_suffix('Z')?;
    let nanoseconds = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(digits) if matches!(digits.len(), 1..=9) => {
            let value = digits.bytes().try_fold(0, |value, b| Some(value * 10 + i32::from(digit(b)?)))?;
            value * 10_i32.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        _ => return None,
    };
    let year = i16::from(number(y1, y2)?) * 100 + i16::from(number(y3, y4)?);
    let civil = DateTime::new(
        year,
        number(m1, m2)?,
        number(d1, d2)?,
        number(h1, h2)?,
        number(n1, n2)?,
        number(s1, s2)?,
        nanoseconds,
    );
    Offset::UTC.to_timestamp(civil.ok()?).ok()
}

/// Parses generalised time: `20261123225750.0Z`, `20261123225750Z`, `20261123235750+0100`.
fn generalised_time(text: &str) -> Option<Timestamp> {
    // Parses two digits.
    let number = |from: usize| -> Option<i8> {
        let digit = |at: usize| text.as_bytes().get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10);
        i8::try_from(digit(from)? * 10 + digit(from + 1)?).ok()
    };
    let year = i16::from(number(0)?) * 100 + i16::from(number(2)?);
    let zone = text.get(14..)?;
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => zone,
    };
    let offset = match zone.as_bytes() {
        b"Z" => Offset::UTC,
        [sign @ (b'+' | b'-'), ..] if matches!(zone.len(), 3 | 5) => {
            let at = text.len() - zone.len();
            let minutes = if zone.len() == 5 { number(at + 3)? } else { 0 };
            let seconds = i32::from(number(at + 1)?) * 3600 + i32::from(minutes) * 60;
            Offset::from_seconds(if *sign == b'-' { -seconds } else { seconds }).ok()?
        }
        _ => return None,
    };
    let civil = DateTime::new(year, number(4)?, number(6)?, number(8)?, number(10)?, number(12)?, 0);
    offset.to_timestamp(civil.ok()?).ok()
}

/// The message for a cell of this program's own tables that is not a time.
pub(crate) fn invalid_time(column: &str, quoted: &str) -> String {
    format!("{column} {quoted} is not a valid time; write it as 2026-11-23T22:57:50Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_form() {
        let at = |text: &str| ExportTime::At(text.parse().unwrap());
        let table = [
            ("134399482698105880", at("2026-11-23T22:57:49.810588Z")),
            ("0", ExportTime::Never),
            ("-1", ExportTime::Never),
            ("9223372036854775807", ExportTime::Never),
            ("20261123225750.0Z", at("2026-11-23T22:57:50Z")),
            ("20261123235750+0100", at("2026-11-23T22:57:50Z")),
            ("20261123175750-05", at("2026-11-23T22:57:50Z")),
            ("20261323225750.0Z", ExportTime::Unclear),
            ("20261123225750.0+é0", ExportTime::Unclear),
            ("1795474670", at("2026-11-23T22:57:50Z")),
            ("/Date(1795474670000)/", at("2026-11-23T22:57:50Z")),
            ("/Date(1795474670000+0100)/", at("2026-11-23T22:57:50Z")),
            ("/Date(-11644473600000)/", ExportTime::Never),
            ("2026-11-23T23:57:50.1234567+01:00", at("2026-11-23T22:57:50.1234567Z")),
            ("11/23/2026 10:57:50 PM", ExportTime::Unclear),
            ("2026-11-23T22:57:50", ExportTime::Unclear),
            ("", ExportTime::Unclear),
            ("/Date(é", ExportTime::Unclear),
            ("2026é123225750.0Z", ExportTime::Unclear),
            ("99999999999999.0Z", ExportTime::Unclear),
        ];
        for (text, want) in table {
            assert_eq!(time(text), want, "{text}");
        }
        assert_eq!(time_or_utc("2026-11-23 22:57:50"), at("2026-11-23T22:57:50Z"));
        assert_eq!(time_or_utc("2026-11-23"), at("2026-11-23T00:00:00Z"));
        assert_eq!(unix_seconds(1_795_474_670), at("2026-11-23T22:57:50Z"));
        assert_eq!(unix_seconds(-1), ExportTime::Never);
    }

    #[test]
    fn the_common_form_is_read_as_jiff_reads_it() {
        for text in [
            "2026-11-23T22:57:50Z",
            "2026-11-23T22:57:50.0000000Z",
            "2026-11-23T22:57:50.1Z",
            "2026-11-23T22:57:50.123456789Z",
            "1601-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999999999Z",
        ] {
            assert_eq!(utc_time(text), Some(text.parse().unwrap()), "{text}");
        }
        for other in [
            "2026-02-29T00:00:00Z",
            "2026-11-23T22:57:60Z",
            "2026-11-23T22:57:50.Z",
            "2026-11-23T22:57:50.1234567891Z",
            "2026-11-23T22:57:50+01:00",
            "2026-11-23 22:57:50Z",
            "2026-11-23T22:57:5éZ",
            "2026-11-2éT22:57:50Z",
            "",
        ] {
            assert_eq!(utc_time(other), None, "{other}");
        }
    }
}
