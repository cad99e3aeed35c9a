//! Addresses, prefixes and MACs as exports write them.

use std::borrow::Cow;
use std::net::IpAddr;

/// An address as exports write it: `192.0.2.1`, `192.0.2.1/24`, `fe80::1%12`, `fe80::1%12/64`.
pub fn parse_address(text: &str) -> Option<(IpAddr, Option<u8>)> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.split_once('%').map_or(address, |(a, _)| a).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if prefix.is_some_and(|p| p > most) {
        return None;
    }
    Some((address, prefix))
}

/// Prefix length of a mask (`255.255.0.0`, `ffff:ffff::`) or of a plain number; `None` when it is neither.
pub fn parse_prefix(text: &str, address: IpAddr) -> Option<u8> {
    let text = text.trim();
    let most = if address.is_ipv4() { 32 } else { 128 };
    if let Ok(length) = text.parse::<u8>() {
        return (length <= most).then_some(length);
    }
    let (all, leading) = match (text.parse().ok()?, address) {
        (IpAddr::V4(mask), IpAddr::V4(_)) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        (IpAddr::V6(mask), IpAddr::V6(_)) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        _ => return None,
    };
    // A mask with a hole has no length.
    (all == leading).then_some(leading).and_then(|length| u8::try_from(length).ok())
}

/// `AA-BB-CC-DD-EE-FF` from any notation of six bytes; `None` for anything else, also for all zeros
/// (tunnels and adapters without a MAC show that).
pub fn normal_mac(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > 23 {
        return None;
    }
    let zero = bytes.iter().all(|b| matches!(b, b'0' | b'-' | b':' | b'.'));
    let already = bytes.len() == 17
        && bytes.iter().enumerate().all(|(i, b)| match i % 3 {
            2 => *b == b'-',
            _ => b.is_ascii_digit() || (b'A'..=b'F').contains(b),
        });
    if zero {
        return None;
    }
    if already {
        return Some(Cow::Borrowed(text));
    }
    let mut digits = String::with_capacity(17);
    for c in text.chars().filter(|c| !matches!(c, '-' | ':' | '.' | ' ')) {
        if !c.is_ascii_hexdigit() {
            return None;
        }
        if digits.len() % 3 == 2 {
            digits.push('-');
        }
        digits.push(c.to_ascii_uppercase());
    }
    (digits.len() == 17).then_some(Cow::Owned(digits))
}

/// Text from a file as a message quotes it: short, and without characters that drive a terminal.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{:?}{more}", cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_exports_write_them() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        assert_eq!(parse_address("192.0.2.1"), Some((ip("192.0.2.1"), None)));
        assert_eq!(parse_address(" 192.0.2.1/24 "), Some((ip("192.0.2.1"), Some(24))));
        assert_eq!(parse_address("fe80::1%12/64"), Some((ip("fe80::1"), Some(64))));
        for bad in ["", "192.0.2", "192.0.2.1/33", "192.0.2.1/x", "srv1", "192.0.2.1 192.0.2.2"] {
            assert_eq!(parse_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn masks_and_prefixes() {
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        let v6: IpAddr = "fe80::1".parse().unwrap();
        assert_eq!(parse_prefix("255.255.0.0", v4), Some(16));
        assert_eq!(parse_prefix("0.0.0.0", v4), Some(0));
        assert_eq!(parse_prefix("24", v4), Some(24));
        assert_eq!(parse_prefix("64", v6), Some(64));
        assert_eq!(parse_prefix("ffff:ffff:ffff:ffff::", v6), Some(64));
        assert_eq!(parse_prefix("ffff::", v4), None);
        assert_eq!(parse_prefix("64", v4), None);
        assert_eq!(parse_prefix("255.0.255.0", v4), None);
    }

    #[test]
    fn mac_notations() {
        for text in ["36:40:b5:00:00:01", "3640.b500.0001", "3640B5000001", "36-40-B5-00-00-01"] {
            assert_eq!(normal_mac(text).as_deref(), Some("36-40-B5-00-00-01"), "{text}");
        }
        for text in ["", "00-00-00-00-00-00", "00-00-00-00-00-00-00-E0", "zz-40-B5-00-00-01", "36-40-B5"] {
            assert_eq!(normal_mac(text), None, "{text}");
        }
    }

    #[test]
    fn quoted_text_cannot_drive_a_terminal() {
        assert_eq!(quoted("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
        assert!(quoted(&"x".repeat(1000)).len() < 80);
    }
}
