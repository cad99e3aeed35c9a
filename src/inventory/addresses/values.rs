//! Parses addresses, prefixes and MACs as exports write them.

use std::borrow::Cow;
use std::net::IpAddr;

/// Parses an address as exports write it: `192.0.2.1`, `192.0.2.1/24`, `fe80::1%12`, `fe80::1%12/64`. Returns it without its zone, and
/// the prefix length if there is one.
pub(super) fn parse_address(text: &str) -> Option<(IpAddr, Option<u8>)> {
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

/// Why no host can own the address: it is a mask, or with this prefix length the subnet itself or its broadcast address (RFC 919,
/// RFC 950, and RFC 3021 for the exception of /31). `None` if a host can own it.
pub(super) fn reserved_use(address: IpAddr, prefix_length: Option<u8>) -> Option<&'static str> {
    let (bits, host_bits) = match address {
        IpAddr::V4(v4) if v4.octets()[0] == 255 => return Some("is a mask or a broadcast address"),
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32_u32.checked_sub(prefix_length?.into())?),
        IpAddr::V6(v6) => (v6.to_bits(), 128_u32.checked_sub(prefix_length?.into())?),
    };
    let whole = if address.is_ipv4() { 32 } else { 128 };
    if host_bits < 2 || host_bits >= whole {
        return None;
    }
    let host_mask = (1_u128 << host_bits) - 1;
    match bits & host_mask {
        0 => Some("is a subnet"),
        host if host == host_mask && address.is_ipv4() => Some("is the broadcast address of its subnet"),
        _ => None,
    }
}

/// Parses a prefix length, written as a number or as a mask (`255.255.0.0`, `ffff:ffff::`). `None` for anything else.
pub(super) fn parse_prefix(text: &str, address: IpAddr) -> Option<u8> {
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

/// Converts a MAC to `AA-BB-CC-DD-EE-FF`: from six pairs with `-`, `:` or blanks between them, three groups
/// of four with dots (Cisco), or twelve digits. `None` for anything else, such as a mask, and for all zeros,
/// which tunnels and adapters without a MAC show.
pub(super) fn normal_mac(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let bytes = text.as_bytes();
    // Positions of the separators, and which characters are allowed.
    let (every, separators): (usize, &[u8]) = match bytes.len() {
        17 => (3, b"-: "),
        14 => (5, b"."),
        12 => (13, b""),
        _ => return None,
    };
    let separator = bytes.get(every - 1).copied();
    if separator.is_some_and(|b| !separators.contains(&b)) {
        return None;
    }
    let is_separator = |i: usize| (i + 1).is_multiple_of(every);
    let fits =
        |(i, b): (usize, &u8)| if is_separator(i) { Some(*b) == separator } else { b.is_ascii_hexdigit() };
    if !bytes.iter().enumerate().all(fits) {
        return None;
    }
    let digits =
        || bytes.iter().enumerate().filter(|(i, _)| !is_separator(*i)).map(|(_, b)| b.to_ascii_uppercase());
    if digits().all(|b| b == b'0') {
        return None;
    }
    if separator == Some(b'-') && !bytes.iter().any(u8::is_ascii_lowercase) {
        return Some(Cow::Borrowed(text));
    }
    let mut normal = String::with_capacity(17);
    for (i, digit) in digits().enumerate() {
        if i > 0 && i % 2 == 0 {
            normal.push('-');
        }
        normal.push(char::from(digit));
    }
    Some(Cow::Owned(normal))
}

/// Quotes text from a file in a message: short and without terminal control characters.
pub(super) fn quoted(text: &str) -> String {
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
    fn masks_subnets_and_broadcast_addresses_belong_to_no_host() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        for (address, prefix) in [
            ("255.255.255.0", None),
            ("255.255.255.255", None),
            ("192.0.2.0", Some(24)),
            ("192.0.2.255", Some(24)),
            ("192.0.2.4", Some(30)),
            ("2001:db8::", Some(64)),
        ] {
            assert!(reserved_use(ip(address), prefix).is_some(), "{address}/{prefix:?}");
        }
        for (address, prefix) in [
            ("192.0.2.0", None),
            ("192.0.2.0", Some(31)),
            ("192.0.2.0", Some(32)),
            ("192.0.3.0", Some(23)),
            ("192.0.2.255", Some(23)),
            ("192.0.2.1", Some(0)),
            ("192.0.2.1", Some(24)),
            ("2001:db8::", Some(128)),
            ("2001:db8::1", Some(64)),
        ] {
            assert_eq!(reserved_use(ip(address), prefix), None, "{address}/{prefix:?}");
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
