//! The time zone in which people read and write times. Programs read UTC.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// A time zone: one of the IANA database (`Europe/Berlin`), this machine's, or a fixed offset.
///
/// The rules come from the machine (`/usr/share/zoneinfo`), or from the copy in the program: Windows and minimal
/// containers have none.
#[derive(Debug, Clone)]
pub struct Zone(Rules);

#[derive(Debug, Clone)]
enum Rules {
    Loaded(TimeZone),
    OfThisMachine,
}

/// Rules of this machine's zone. They are loaded at the first use, because most runs show no local time: jiff lists all zones
/// of the machine first, which takes a millisecond.
static OF_THIS_MACHINE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::try_system().unwrap_or(TimeZone::UTC));

const NAMES_OF_UTC: [&str; 8] =
    ["UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"];

impl Zone {
    pub const UTC: Self = Self(Rules::Loaded(TimeZone::UTC));

    /// Returns this machine's zone: `TZ` if it is set, else the system's zone, else UTC.
    pub fn of_this_machine() -> Self {
        Self(Rules::OfThisMachine)
    }

    fn rules(&self) -> &TimeZone {
        match &self.0 {
            Rules::Loaded(rules) => rules,
            Rules::OfThisMachine => &OF_THIS_MACHINE,
        }
    }

    /// Returns the zone's name in the IANA database, such as `Europe/Berlin`. `None` for UTC and for a fixed offset.
    pub fn iana_name(&self) -> Option<&str> {
        self.rules().iana_name().filter(|_| !self.is_utc())
    }

    pub fn is_utc(&self) -> bool {
        let rules = self.rules();
        *rules == TimeZone::UTC
            || *rules == TimeZone::fixed(Offset::UTC)
            || rules.iana_name().is_some_and(|name| NAMES_OF_UTC.contains(&name))
    }

    /// Returns the point in time at which a clock in this zone shows `civil`.
    ///
    /// An hour that repeats when clocks go back means its first pass. A time in the hour that is skipped when clocks go
    /// forward is read with the offset before the change. `None` outside the years -9999 to 9999.
    pub fn timestamp_of(&self, civil: DateTime) -> Option<Timestamp> {
        self.rules().to_timestamp(civil).ok()
    }

    /// Converts a point in time to what a clock in this zone shows.
    pub fn civil_of(&self, time: Timestamp) -> DateTime {
        self.rules().to_datetime(time)
    }

    /// Returns the offsets that are valid between `from` and `to`. Each is a pair: the Unix time in seconds at which the
    /// offset begins, and its minutes from UTC.
    pub fn offsets_between(&self, from: Timestamp, to: Timestamp) -> Vec<(i64, i32)> {
        let minutes = |offset: Offset| offset.seconds() / 60;
        let changes = self.rules().following(from).take_while(|change| change.timestamp() <= to);
        let mut offsets = vec![(from.as_second(), minutes(self.rules().to_offset(from)))];
        offsets.extend(changes.map(|change| (change.timestamp().as_second(), minutes(change.offset()))));
        offsets.dedup_by_key(|(_, minutes)| *minutes);
        offsets
    }

    /// Formats the offset at `time` as `UTC` or `+02:00`.
    pub fn offset_at(&self, time: Timestamp) -> String {
        if self.is_utc() {
            return Self::UTC.to_string();
        }
        format_offset(self.rules().to_offset(time))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.rules() == other.rules() || self.is_utc() && other.is_utc()
    }
}

impl Eq for Zone {}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

/// `UTC`, `Europe/Berlin`, `UTC+02:00`, or `local time` for a machine's zone without a name.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_utc() {
            return f.write_str("UTC");
        }
        match (self.iana_name(), self.rules().to_fixed_offset()) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(offset)) => write!(f, "UTC{}", format_offset(offset)),
            (None, Err(_)) => f.write_str("local time"),
        }
    }
}

/// A text that is not the name of a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a known time zone; write an IANA name (Europe/Berlin), an offset (+02:00), UTC or local"
)]
pub struct UnknownZone(String);

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let text = text.trim();
        let unknown = || UnknownZone(text.to_owned());
        match text.to_ascii_lowercase().as_str() {
            "local" => return Ok(Self::of_this_machine()),
            "utc" | "z" => return Ok(Self::UTC),
            _ => {}
        }
        if text.starts_with(['+', '-']) {
            let offset = parse_offset(text).ok_or_else(unknown)?;
            return Ok(Self(Rules::Loaded(TimeZone::fixed(offset))));
        }
        TimeZone::get(text).map(|rules| Self(Rules::Loaded(rules))).map_err(|_| unknown())
    }
}

/// Parses `+02:00`, `+0200`, `+02` or `+2`, at most 23 hours and 59 minutes.
fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |digits: &str, most: i32| {
        let is_number = matches!(digits.len(), 1..=2) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<i32>().ok().filter(|n| is_number && *n <= most)
    };
    let seconds = number(hours, 23)? * 3600 + number(minutes, 59)? * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn format_offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> Zone {
        text.parse().unwrap()
    }

    #[test]
    fn zones_have_a_name_and_an_offset() {
        let at: Timestamp = "2026-10-06T21:13:09Z".parse().unwrap();
        for (text, name, offset, clock) in [
            ("UTC", "UTC", "UTC", "2026-10-06T21:13:09"),
            ("+00:00", "UTC", "UTC", "2026-10-06T21:13:09"),
            ("Etc/UTC", "UTC", "UTC", "2026-10-06T21:13:09"),
            ("Europe/Berlin", "Europe/Berlin", "+02:00", "2026-10-06T23:13:09"),
            ("europe/berlin", "Europe/Berlin", "+02:00", "2026-10-06T23:13:09"),
            ("America/St_Johns", "America/St_Johns", "-02:30", "2026-10-06T18:43:09"),
            ("+02:00", "UTC+02:00", "+02:00", "2026-10-06T23:13:09"),
            ("+0530", "UTC+05:30", "+05:30", "2026-10-07T02:43:09"),
            ("-5", "UTC-05:00", "-05:00", "2026-10-06T16:13:09"),
        ] {
            let zone = zone(text);
            assert_eq!((&*zone.to_string(), &*zone.offset_at(at)), (name, offset), "{text}");
            assert_eq!(zone.civil_of(at).to_string(), clock, "{text}");
        }
    }

    #[test]
    fn what_is_no_zone_says_how_to_write_one() {
        for text in
            ["", "Berlin/Europe", "+24:00", "+2:60", "+", "+123456", "+é0", "../etc/passwd", "/etc/localtime"]
        {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
        assert!("x".parse::<Zone>().unwrap_err().to_string().contains("Europe/Berlin"));
    }

    #[test]
    fn offsets_change_with_summer_time() {
        let [from, to] = ["2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z"].map(|t| t.parse().unwrap());
        let berlin = [(1_767_225_600, 60), (1_774_746_000, 120), (1_792_890_000, 60)];
        assert_eq!(zone("Europe/Berlin").offsets_between(from, to), berlin);
        assert_eq!(zone("+0530").offsets_between(from, to), [(1_767_225_600, 330)]);
        assert_eq!(Zone::UTC.offsets_between(from, to), [(1_767_225_600, 0)]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_read_as_its_first_pass() {
        let berlin = zone("Europe/Berlin");
        let read = |civil: &str| berlin.timestamp_of(civil.parse().unwrap()).unwrap().to_string();
        assert_eq!(read("2026-10-25T01:59:59"), "2026-10-24T23:59:59Z");
        assert_eq!(read("2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
        assert_eq!(read("2026-10-25T03:00:00"), "2026-10-25T02:00:00Z");
        // 02:30 does not exist on this day.
        assert_eq!(read("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z");
    }
}
