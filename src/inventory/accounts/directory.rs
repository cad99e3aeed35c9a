//! How Active Directory and its exports write values: distinguished names, times, encryption types.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::inventory::text::trimmed;

/// FILETIME counts 100 ns from 1601-01-01 (MS-DTYP 2.3.3); this is 1970-01-01.
const UNIX_EPOCH_IN_FILETIME: i64 = 116_444_736_000_000_000;

/// A distinguished name, taken apart (RFC 4514).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName<'t> {
    /// Attribute type and value of each part, first (the object's own) to last; values unescaped.
    parts: Vec<(&'t str, Cow<'t, str>)>,
}

impl<'t> DistinguishedName<'t> {
    /// `None` unless every part is `type=value` and the last is a `DC=`: what else has commas is no DN of
    /// an Active Directory object.
    pub fn parse(text: &'t str) -> Option<Self> {
        let mut parts = Vec::with_capacity(8);
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (kind, value, after) = next_part(rest)?;
            parts.push((kind, value));
            rest = after;
        }
        let dn = Self { parts };
        dn.parts.last().is_some_and(|(kind, _)| is_dc(kind)).then_some(dn)
    }

    /// Of a DN that [`parse`](Self::parse) would take, the domain's DNS name from the trailing `DC=` parts, as written, and
    /// whether the object is a deleted one: its DN holds a line feed and `DEL:` with its GUID (MS-ADTS 3.1.1.5.5.1.1). Every
    /// account has a DN, so nothing else is kept of it.
    pub fn domain_of(text: &str, domain: &mut String) -> Option<bool> {
        domain.clear();
        let (mut deleted, mut rest) = (false, text.trim());
        while !rest.is_empty() {
            let (kind, value, after) = next_part(rest)?;
            if is_dc(kind) {
                if !domain.is_empty() {
                    domain.push('.');
                }
                domain.push_str(&value);
            } else {
                domain.clear();
                deleted |= value.contains("\nDEL:");
            }
            rest = after;
        }
        (!domain.is_empty()).then_some(deleted)
    }

    /// The end of a DN from its first `DC=`, which is all that says its domain: of a text that is a DN if this end is
    /// one, and not that of a deleted object. `None` where that takes a closer look.
    pub fn plain_domain(text: &str) -> Option<&str> {
        if memchr::memchr2(b'\\', b'\n', text.as_bytes()).is_some() {
            return None;
        }
        let mut rest = text;
        loop {
            let kind = rest.bytes().position(|b| !b.is_ascii_alphanumeric())?;
            if kind == 0 || rest.as_bytes().get(kind) != Some(&b'=') {
                return None;
            }
            if rest.get(..kind).is_some_and(is_dc) {
                return Some(rest);
            }
            let comma = memchr::memchr(b',', rest.as_bytes().get(kind..)?)?;
            rest = rest.get(kind + comma + 1..)?;
        }
    }

    /// [`common_name`](Self::common_name) of a DN that parses, without the rest of it.
    pub fn first_name(text: &'t str) -> Option<Cow<'t, str>> {
        let (first, _) = split_part(text.trim());
        first.split_once('=').filter(|(kind, _)| !is_dc(kind.trim())).map(|(_, value)| unescape(value))
    }

    /// The object's own name: the value of the first part, unless that is a domain.
    pub fn common_name(&self) -> Option<&str> {
        self.parts.first().filter(|(kind, _)| !is_dc(kind)).map(|(_, value)| &**value)
    }

    /// It names a domain, and nothing in it.
    pub fn is_domain(&self) -> bool {
        self.parts.iter().all(|(kind, _)| is_dc(kind))
    }

    /// One text for all ways to write the same DN, to compare by.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(80);
        for (kind, value) in &self.parts {
            key.extend(kind.chars().map(|c| c.to_ascii_lowercase()));
            key.push('=');
            key.push_str(&value.to_lowercase());
            // No name in the directory holds it, so parts cannot run together.
            key.push('\u{1}');
        }
        key
    }
}

fn is_dc(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("DC")
}

/// `type=value`, and what stands behind it.
fn next_part(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (part, after) = split_part(text);
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim();
    let named = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (!kind.is_empty() && named).then(|| (kind, unescape(value), after))
}

/// Cuts at the first comma that is not escaped.
fn split_part(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(i) = memchr::memchr2(b',', b'\\', text.as_bytes().get(from..).unwrap_or_default()) {
        let at = from + i;
        if text.as_bytes().get(at) == Some(&b',') {
            return (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or(""));
        }
        from = at + 2;
    }
    (text, "")
}

/// `\,` and `\2C` (bytes of UTF-8) become what they stand for; blanks around the value fall away.
fn unescape(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if memchr::memchr(b'\\', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(b) = bytes.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let mut ahead = bytes.clone();
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match (hex(ahead.next()), hex(ahead.next())) {
            (Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                bytes = ahead;
            }
            _ => out.extend(bytes.next()),
        }
    }
    Cow::Owned(
        String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// A point in time as an export has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    At(Timestamp),
    /// 0 or the largest value: never, or not set.
    Never,
    /// No time, or one without a zone, or one written in the order of some culture.
    Unclear,
}

impl When {
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            _ => None,
        }
    }
}

/// FILETIME as a decimal number (`pwdLastSet`).
pub fn filetime(text: &str) -> When {
    match trimmed(text).parse::<i64>() {
        Ok(ticks) if ticks <= 0 || ticks == i64::MAX => When::Never,
        Ok(ticks) => {
            let since = ticks - UNIX_EPOCH_IN_FILETIME;
            let nanoseconds = i32::try_from(since % 10_000_000 * 100).unwrap_or_default();
            Timestamp::new(since / 10_000_000, nanoseconds).map_or(When::Unclear, When::At)
        }
        Err(_) => When::Unclear,
    }
}

/// Seconds since 1970, as SharpHound has them; 0 and -1 are never.
pub fn unix_seconds(seconds: i64) -> When {
    if seconds <= 0 {
        return When::Never;
    }
    Timestamp::from_second(seconds).map_or(When::Unclear, When::At)
}

/// Any form a directory export has: FILETIME, generalised time (RFC 4517 3.3.13: `20261123225750.0Z`),
/// `/Date(1700000000000)/` (Windows PowerShell's JSON, milliseconds), or RFC 3339.
pub fn time(text: &str) -> When {
    let text = trimmed(text);
    if text.starts_with(['/', '\\'])
        && let Some(rest) = text.strip_prefix("/Date(").or_else(|| text.strip_prefix("\\/Date("))
    {
        // A zone after the number (`+0100`) is for display only.
        let end = rest.char_indices().position(|(i, c)| !(c.is_ascii_digit() || (i == 0 && c == '-')));
        let number = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        return match number.parse() {
            // 1601 is a FILETIME of 0.
            Ok(milliseconds) if milliseconds <= -11_644_473_600_000 => When::Never,
            Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).map_or(When::Unclear, When::At),
            Err(_) => When::Unclear,
        };
    }
    if text.len() >= 15 && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit())
        || matches!(text, "0" | "-1")
    {
        return filetime(text);
    }
    if let Some(time) = generalised_time(text).or_else(|| utc_time(text)) {
        return When::At(time);
    }
    text.parse().map_or(When::Unclear, When::At)
}

/// The project's own tables: as [`time`], and what has no zone is UTC.
pub fn time_or_utc(text: &str) -> When {
    match time(text) {
        When::Unclear => text
            .trim()
            .parse::<DateTime>()
            .ok()
            .and_then(|civil| Offset::UTC.to_timestamp(civil).ok())
            .map_or(When::Unclear, When::At),
        when => when,
    }
}

/// The form of RFC 3339 that exports have, `2026-11-23T22:57:50.1234567Z`; every other is left to `jiff`, which takes
/// three times as long.
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

/// `20261123225750.0Z`, `20261123225750Z`, `20261123235750+0100`.
fn generalised_time(text: &str) -> Option<Timestamp> {
    // Two digits.
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

/// A bit field as decimal (negative as AD's signed 32 bits) or `0x` number.
pub fn flags(text: &str) -> Option<u32> {
    let text = trimmed(text);
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    let number: i64 = text.parse().ok()?;
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// msDS-SupportedEncryptionTypes (MS-KILE 2.2.7) as a number or as names: `RC4, AES128, AES256`
/// (`KerberosEncryptionType`), `AES256-CTS-HMAC-SHA1-96` (SharpHound).
pub fn encryption_types(text: &str) -> Option<u32> {
    if let Some(number) = flags(text) {
        return Some(number);
    }
    let mut bits = 0;
    for name in text.split([',', ';', '|', ' ', '{', '}']) {
        let name = name.trim().to_ascii_uppercase().replace('_', "-");
        bits |= match name.as_str() {
            "" | "NONE" => 0,
            "DES" => 0x3,
            "DES-CBC-CRC" => 0x1,
            "DES-CBC-MD5" => 0x2,
            "RC4" | "RC4-HMAC" | "RC4-HMAC-MD5" | "ARCFOUR-HMAC" => 0x4,
            "AES128" | "AES128-CTS-HMAC-SHA1-96" => 0x8,
            "AES256" | "AES256-CTS-HMAC-SHA1-96" => 0x10,
            _ => return None,
        };
    }
    (bits != 0).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> DistinguishedName<'_> {
        DistinguishedName::parse(text).unwrap()
    }

    fn in_domain(text: &str) -> Option<(String, bool)> {
        let mut domain = "left from before".to_owned();
        let deleted = DistinguishedName::domain_of(text, &mut domain)?;
        Some((domain, deleted))
    }

    #[test]
    fn names_and_domains_of_dns() {
        let table = [
            ("CN=srv1,CN=Computers,DC=alpha,DC=example,DC=com", Some("srv1"), "alpha.example.com"),
            ("CN=Miller\\, Anna,OU=A\\2CB,DC=alpha,DC=example", Some("Miller, Anna"), "alpha.example"),
            ("cn=Gr\\C3\\BC\\C3\\9Fe , dc=ALPHA , dc=LOCAL", Some("Grüße"), "ALPHA.LOCAL"),
            ("CN=a/b\\\\,OU=x,DC=y", Some("a/b\\"), "y"),
            ("DC=alpha,DC=example,DC=com", None, "alpha.example.com"),
        ];
        for (text, name, domain) in table {
            assert_eq!(dn(text).common_name(), name, "{text}");
            assert_eq!(in_domain(text), Some((domain.to_owned(), false)), "{text}");
            assert_eq!(DistinguishedName::first_name(text).as_deref(), name, "{text}");
        }
        assert!(dn("DC=alpha,DC=com").is_domain());
        let deleted = "CN=srv1\\0ADEL:7f,CN=Deleted Objects,DC=alpha";
        assert_eq!(in_domain(deleted), Some(("alpha".to_owned(), true)));
        assert_eq!(in_domain("CN=srv1\\0ACNF:7f,DC=alpha"), Some(("alpha".to_owned(), false)));
        assert_eq!(in_domain("CN=x,DC=a,OU=y,DC=b"), Some(("b".to_owned(), false)));
        for no_dn in ["", "srv1", "CN=a", "HOST/x,DC=y", "a b=c,DC=d", "O=Org,C=DE", "=,DC=x"] {
            assert_eq!(DistinguishedName::parse(no_dn), None, "{no_dn}");
            assert_eq!(in_domain(no_dn), None, "{no_dn}");
        }
    }

    #[test]
    fn one_dn_written_twice_has_one_key() {
        assert_eq!(dn("CN=A\\,B, OU=x,DC=Alpha").key(), dn("cn=a\\2cb,ou=X,dc=alpha").key());
        assert_ne!(dn("CN=a,DC=b").key(), dn("CN=a\\,DC=b,DC=b").key());
    }

    #[test]
    fn times_in_every_form() {
        let at = |text: &str| When::At(text.parse().unwrap());
        let table = [
            ("134399482698105880", at("2026-11-23T22:57:49.810588Z")),
            ("0", When::Never),
            ("-1", When::Never),
            ("9223372036854775807", When::Never),
            ("20261123225750.0Z", at("2026-11-23T22:57:50Z")),
            ("20261123235750+0100", at("2026-11-23T22:57:50Z")),
            ("20261123175750-05", at("2026-11-23T22:57:50Z")),
            ("20261323225750.0Z", When::Unclear),
            ("20261123225750.0+é0", When::Unclear),
            ("/Date(1795474670000)/", at("2026-11-23T22:57:50Z")),
            ("/Date(1795474670000+0100)/", at("2026-11-23T22:57:50Z")),
            ("/Date(-11644473600000)/", When::Never),
            ("2026-11-23T23:57:50.1234567+01:00", at("2026-11-23T22:57:50.1234567Z")),
            ("11/23/2026 10:57:50 PM", When::Unclear),
            ("2026-11-23T22:57:50", When::Unclear),
            ("", When::Unclear),
            ("/Date(é", When::Unclear),
            ("2026é123225750.0Z", When::Unclear),
            ("99999999999999.0Z", When::Unclear),
        ];
        for (text, want) in table {
            assert_eq!(time(text), want, "{text}");
        }
        assert_eq!(time_or_utc("2026-11-23 22:57:50"), at("2026-11-23T22:57:50Z"));
        assert_eq!(time_or_utc("2026-11-23"), at("2026-11-23T00:00:00Z"));
        assert_eq!(unix_seconds(1_795_474_670), at("2026-11-23T22:57:50Z"));
        assert_eq!(unix_seconds(-1), When::Never);
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

    #[test]
    fn encryption_types_as_number_and_names() {
        let table = [
            ("28", Some(28)),
            ("0x1C", Some(28)),
            ("RC4, AES128, AES256", Some(28)),
            ("{AES256}", Some(16)),
            ("RC4-HMAC-MD5;AES128-CTS-HMAC-SHA1-96;AES256-CTS-HMAC-SHA1-96", Some(28)),
            ("-2147483648", Some(0x8000_0000)),
            ("Not defined", None),
            ("", None),
        ];
        for (text, want) in table {
            assert_eq!(encryption_types(text), want, "{text}");
        }
    }
}
