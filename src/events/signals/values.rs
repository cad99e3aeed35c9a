//! The values of a record: how to find one by name or position, and how to parse it.

use std::net::IpAddr;

use crate::records::{Datum, Record};

/// Maximum number of characters of an event's values that are quoted, so that a hostile record cannot swell the report.
const MAX_QUOTED: usize = 300;

/// A record's values.
pub(super) struct Values<'a>(pub &'a Record);

impl<'a> Values<'a> {
    /// The value of this name, or the one at this position if the values are unnamed or have other names. The names in
    /// KDC events differ between versions of Windows. Empty if there is none.
    pub(super) fn value(&self, name: &str, position: usize) -> &'a str {
        self.find(name)
            .or_else(|| self.0.strings().nth(position))
            .or_else(|| self.0.data.iter().filter(|d| !is_binary(d)).nth(position).map(|d| &*d.value))
            .unwrap_or_default()
            .trim()
    }

    /// The insertion string at this position of a classic event: 0 is `%1`.
    pub(super) fn insertion(&self, position: usize) -> &'a str {
        self.value("", position)
    }

    /// The value of this name. Empty if there is none.
    pub(super) fn value_of(&self, name: &str) -> &'a str {
        self.find(name).unwrap_or_default().trim()
    }

    /// The value of this name. `None` if there is none, and for an empty name.
    fn find(&self, name: &str) -> Option<&'a str> {
        (!name.is_empty()).then(|| self.0.value(name)).flatten()
    }

    /// Quotes all values in one text of at most [`MAX_QUOTED`] characters.
    pub(super) fn quote(&self) -> String {
        let mut out = String::new();
        for datum in &self.0.data {
            let name = datum.name.as_deref().unwrap_or_default();
            if datum.value.is_empty() || name.eq_ignore_ascii_case("__binLength") {
                continue;
            }
            if !out.is_empty() {
                out.push_str(", ");
            }
            if !name.is_empty() {
                out.push_str(name);
                out.push('=');
            }
            // One character too many, so that `truncate` marks the end.
            out.extend(datum.value.trim().chars().take(MAX_QUOTED + 1));
            if out.len() > 4 * MAX_QUOTED {
                break;
            }
        }
        truncate(&out)
    }

    /// Reads the first four bytes of `Binary` as a little-endian NTSTATUS or HRESULT.
    pub(super) fn binary_status(&self) -> Option<u32> {
        let hex = self.0.value("Binary")?.get(..8)?;
        u32::from_str_radix(hex, 16).ok().map(u32::swap_bytes)
    }
}

/// Truncates a text to [`MAX_QUOTED`] characters, and marks its end with `...`.
pub(super) fn truncate(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{} ...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn is_binary(datum: &Datum) -> bool {
    let name = datum.name.as_deref().unwrap_or_default();
    ["Binary", "__binLength"].iter().any(|binary| name.eq_ignore_ascii_case(binary))
}

/// Parses the number of an error as Windows inserts it: decimal, `0x` and hexadecimal, or `%%1326`, for which Event Viewer shows
/// the error's text.
pub(super) fn error_number(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some((_, number)) = text.split_once("%%") {
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        return number.get(..digits)?.parse().ok();
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned)),
    }
}

/// Finds a code such as `(0xc000006d)` at the end of a localised text. Returns its text and its number.
pub(super) fn hex_in_parentheses(text: &str) -> Option<(&str, u32)> {
    let start = text.rfind("(0x")? + 1;
    let code = text.get(start..)?.split(')').next()?;
    Some((code, u32::from_str_radix(code.get(2..)?, 16).ok()?))
}

/// Parses a list of addresses that commas, semicolons or white space separate. Returns at most 256, sorted, each once. The zone
/// of an IPv6 address (`%12`) is left out.
pub(super) fn addresses_in(text: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = text
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .filter_map(|word| word.split('%').next()?.parse().ok())
        .take(256)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_number_and_no_part_of_a_name() {
        let table = [
            ("%%1069", Some(1069)),
            ("%%10690", Some(10690)),
            (" %%1326 (text)", Some(1326)),
            ("1326", Some(1326)),
            ("0x21C7", Some(8647)),
            ("-2146893039", Some(0x8009_0311)),
            ("Svc1069", None),
            ("%%", None),
            ("the service did not start due to a logon failure", None),
            ("", None),
        ];
        for (text, want) in table {
            assert_eq!(error_number(text), want, "{text}");
        }
    }

    #[test]
    fn quoted_values_are_cut_at_300_characters_of_any_size() {
        let of = |value: String| {
            let record = Record::event_4("srv1").with_content(|content| {
                content.data = vec![
                    Datum { name: Some("a".into()), value: value.as_str().into() },
                    Datum { name: None, value: "b".into() },
                ];
            });
            Values(&record).quote()
        };
        assert_eq!(of("é".repeat(400)), format!("a={} ...", "é".repeat(298)));
        assert_eq!(of("漢".repeat(295)), format!("a={}, b", "漢".repeat(295)));
        assert_eq!(of("漢".repeat(298)), format!("a={} ...", "漢".repeat(298)));
    }

    #[test]
    fn a_status_stands_in_the_binary_data_lowest_byte_first() {
        let record = Record::event_4("srv1").with_content(|content| {
            content.data = vec![Datum { name: Some("Binary".into()), value: "220000C0".into() }];
        });
        assert_eq!(Values(&record).binary_status(), Some(0xc000_0022));
    }
}
