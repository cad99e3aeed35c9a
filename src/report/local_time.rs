//! Converts the times in a text to the reader's zone, for outputs that people read. The sentences of a report have times in RFC
//! 3339 and UTC, as CSV and JSON do.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::zone::Zone;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    Time(Timestamp),
}

/// Formats a time in the zone: `2026-10-06 23:13:09 +02:00`.
pub(crate) fn to_second(time: Timestamp, zone: &Zone) -> String {
    format!("{} {}", zone.civil_of(time).strftime("%Y-%m-%d %H:%M:%S"), zone.offset_at(time))
}

/// Formats a time in the zone without its offset: `2026-10-06 23:13`. The title of a table shows the zone.
pub(crate) fn to_minute(time: Timestamp, zone: &Zone) -> String {
    zone.civil_of(time).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Converts the times in a text to the zone.
pub(crate) fn in_zone<'t>(text: &'t str, zone: &Zone) -> Cow<'t, str> {
    let pieces = pieces(text);
    match pieces.as_slice() {
        [] => Cow::Borrowed(text),
        [Piece::Text(whole)] => Cow::Borrowed(whole),
        all => {
            let shown = all.iter().map(|piece| match piece {
                Piece::Text(text) => Cow::Borrowed(*text),
                Piece::Time(time) => Cow::Owned(to_second(*time, zone)),
            });
            Cow::Owned(shown.collect())
        }
    }
}

/// Splits a text at its times. A time is RFC 3339 with a `Z`, and no letter or digit is next to it.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    for (t, _) in text.match_indices('T') {
        let Some((start, end, time)) = time_around(text, t).filter(|(start, ..)| *start >= rest) else {
            continue;
        };
        pieces.extend(text.get(rest..start).filter(|before| !before.is_empty()).map(Piece::Text));
        pieces.push(Piece::Time(time));
        rest = end;
    }
    pieces.extend(text.get(rest..).filter(|after| !after.is_empty()).map(Piece::Text));
    pieces
}

/// Length of `2026-10-06`.
const DATE: usize = 10;

/// Parses the time whose `T` is at offset `t`. Returns its start, its end and its value.
fn time_around(text: &str, t: usize) -> Option<(usize, usize, Timestamp)> {
    let start = t.checked_sub(DATE)?;
    let date = text.get(start..t)?;
    let is_date = date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let after = text.get(t + 1..)?;
    let length = after.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')))?;
    let end = t + 1 + length + 1;
    let next = after.get(length..)?.strip_prefix('Z')?.chars().next();
    let previous = text.get(..start)?.chars().next_back();
    if !is_date || [previous, next].into_iter().flatten().any(char::is_alphanumeric) {
        return None;
    }
    Some((start, end, text.get(start..end)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_a_sentence_are_of_the_zone_to_the_second() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (text, utc, local) in [
            (
                "near that time: 2026-10-06T21:13:09.1234567Z: LsaSrv 6037 on SRV1",
                "near that time: 2026-10-06 21:13:09 UTC: LsaSrv 6037 on SRV1",
                "near that time: 2026-10-06 23:13:09 +02:00: LsaSrv 6037 on SRV1",
            ),
            ("2026-12-31T23:30:00Z", "2026-12-31 23:30:00 UTC", "2027-01-01 00:30:00 +01:00"),
            (
                "from 2026-10-25T00:30:00Z to 2026-10-25T01:30:00Z.",
                "from 2026-10-25 00:30:00 UTC to 2026-10-25 01:30:00 UTC.",
                "from 2026-10-25 02:30:00 +02:00 to 2026-10-25 02:30:00 +01:00.",
            ),
        ] {
            assert_eq!((&*in_zone(text, &Zone::UTC), &*in_zone(text, &berlin)), (utc, local));
        }
    }

    #[test]
    fn what_only_looks_like_a_time_stays() {
        for text in [
            "",
            "TGT",
            "T2026-10-06T21:13:09Z",
            "2026-10-06T21:13:09Zulu",
            "12026-10-06T21:13:09Z",
            "2026-13-06T21:13:09Z",
            "2026-10-06T21:13:09",
            "2026-10-06T",
            "é026-10-06T21:13:09Z",
            "-------10-T21:13:09Z",
        ] {
            assert_eq!(in_zone(text, &Zone::UTC), text);
        }
    }
}
