//! Parses values of Active Directory and its exports: distinguished names, bit fields, encryption types.
//! [`times`](crate::inventory::times) parses times.

use std::borrow::Cow;

use crate::text::trimmed;

/// A parsed distinguished name (RFC 4514).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DistinguishedName<'t> {
    /// Attribute type and unescaped value of each part. The first is the object's own.
    parts: Vec<(&'t str, Cow<'t, str>)>,
}

impl<'t> DistinguishedName<'t> {
    /// Parses the DN of an Active Directory object. `None` unless every part is `type=value` and the last one is a `DC=`, as text
    /// with commas may be something else.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
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

    /// Writes the DNS name of the domain, from the `DC=` parts at the end of a DN that [`parse`](Self::parse) accepts, to `domain`.
    /// Returns whether the object is deleted: its DN then has a line feed and `DEL:` with its GUID (MS-ADTS 3.1.1.5.5.1.1).
    ///
    /// Every account has a DN, so the other parts are not kept.
    pub(super) fn domain_of(text: &str, domain: &mut String) -> Option<bool> {
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

    /// The end of a text from its first `DC=`. If this end is a DN, the whole text is the DN of an object of that domain, which is
    /// not deleted. `None` if only a full parse can decide that.
    pub(super) fn plain_domain(text: &str) -> Option<&str> {
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

    /// The same as [`common_name`](Self::common_name), without parsing the rest of a DN that is valid.
    pub(super) fn first_name(text: &'t str) -> Option<Cow<'t, str>> {
        let (first, _) = split_part(text.trim());
        first.split_once('=').filter(|(kind, _)| !is_dc(kind.trim())).map(|(_, value)| unescape(value))
    }

    /// The object's own name: the value of the first part, unless that is a domain.
    pub(super) fn common_name(&self) -> Option<&str> {
        self.parts.first().filter(|(kind, _)| !is_dc(kind)).map(|(_, value)| &**value)
    }

    /// Is it the DN of a domain?
    pub(super) fn is_domain(&self) -> bool {
        self.parts.iter().all(|(kind, _)| is_dc(kind))
    }

    /// A form in which different spellings of one DN are equal.
    pub(super) fn key(&self) -> String {
        let mut key = String::with_capacity(80);
        for (kind, value) in &self.parts {
            key.extend(kind.chars().map(|c| c.to_ascii_lowercase()));
            key.push('=');
            key.push_str(&value.to_lowercase());
            // No directory name holds this character, so parts stay separate.
            key.push('\u{1}');
        }
        key
    }
}

fn is_dc(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("DC")
}

/// Type and value of the first part, and the rest of the text.
fn next_part(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (part, after) = split_part(text);
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim();
    let named = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (!kind.is_empty() && named).then(|| (kind, unescape(value), after))
}

/// Splits at the first comma that is not escaped.
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

/// Resolves escapes (`\,`, or `\2C` for bytes of UTF-8) and trims blanks around the value.
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

/// Parses a bit field in decimal, which is negative if AD's signed 32 bits are, or in hexadecimal (`0x`).
pub(super) fn flags(text: &str) -> Option<u32> {
    let text = trimmed(text);
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    let number: i64 = text.parse().ok()?;
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// Parses msDS-SupportedEncryptionTypes (MS-KILE 2.2.7), written as a number or as names: `RC4, AES128, AES256`
/// (`KerberosEncryptionType`), `AES256-CTS-HMAC-SHA1-96` (SharpHound). `None` for anything else.
pub(super) fn encryption_types(text: &str) -> Option<u32> {
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
