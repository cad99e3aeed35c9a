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

/// `AA-BB-CC-DD-EE-FF` from a MAC in one of its notations: six pairs with `-`, `:` or blanks between, three
/// groups of four with dots (Cisco), or twelve digits. `None` for anything else: a mask is no MAC. `None`
/// also for all zeros, which tunnels and adapters without a MAC show.
pub fn normal_mac(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let groups = |separator: char, count: usize, len: usize| {
        let mut groups = text.split(separator);
        groups.by_ref().take(count).filter(|group| group.len() == len).count() == count
            && groups.next().is_none()
    };
    let pairs = ['-', ':', ' '].into_iter().any(|separator| groups(separator, 6, 2));
    if !(pairs || groups('.', 3, 4) || groups('-', 1, 12)) {
        return None;
    }
    let digits: Vec<char> = text
        .chars()
        .filter(|c| !matches!(c, '-' | ':' | '.' | ' '))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if digits.iter().any(|c| !c.is_ascii_hexdigit()) || digits.iter().all(|c| *c == '0') {
        return None;
    }
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let normal = pairs.join("-");
    Some(if normal == text { Cow::Borrowed(text) } else { Cow::Owned(normal) })
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
        for text in [
            "",
            "00-00-00-00-00-00",
            "00-00-00-00-00-00-00-E0",
            "zz-40-B5-00-00-01",
            "36-40-B5",
            "255.255.255.128",
            "192.168.100.101",
        ] {
            assert_eq!(normal_mac(text), None, "{text}");
        }
    }

    #[test]
    fn quoted_text_cannot_drive_a_terminal() {
        assert_eq!(quoted("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
        assert!(quoted(&"x".repeat(1000)).len() < 80);
    }
}
