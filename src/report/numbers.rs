//! Formats numbers for people.

/// Formats a count with its noun: `1 event`, `1,234 events`.
pub fn pluralize(n: u64, noun: &str) -> String {
    pluralize_as(n, noun, &format!("{noun}s"))
}

/// Formats a count with a noun whose plural is irregular: `2 addresses`.
pub fn pluralize_as(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", group_digits(n), if n == 1 { one } else { many })
}

/// Adds counts, which may be forged. The sum is at most `u64::MAX`.
pub fn saturating_sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// Formats a number with separators: `12,345,678`.
pub fn group_digits(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_counts_do_not_wrap() {
        assert_eq!(saturating_sum([u64::MAX, u64::MAX, 1]), u64::MAX);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(group_digits(1), "1");
        assert_eq!(group_digits(1234), "1,234");
        assert_eq!(group_digits(12_345_678), "12,345,678");
        let addresses = |n| pluralize_as(n, "address", "addresses");
        assert_eq!((addresses(1), addresses(2000)), ("1 address".into(), "2,000 addresses".into()));
        assert_eq!(
            (pluralize(1, "event"), pluralize(2000, "event")),
            ("1 event".into(), "2,000 events".into())
        );
    }
}
