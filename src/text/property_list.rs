//! Reads lists of properties, as PowerShell's `Format-List` (`Name : value`) and `wmic /value` (`Name=value`) write them: one
//! property per line, and a blank line between two objects.

use std::io::{self, Read};

use super::decode::TextReader;
use super::lines::Lines;

/// Longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 20;
/// Maximum number of properties of one object. A class of WMI has some fifty.
const MAX_PROPERTIES: usize = 1000;

/// Message about a line above [`MAX_LINE`] or a property above [`MAX_PROPERTIES`].
pub(crate) const DROPPED_MESSAGE: &str =
    "an object has more than 1,000 properties, or a line more than 1 MiB; the rest of it is skipped";

/// Longest name of a property, in bytes.
const MAX_NAME: usize = 64;

/// Passes every object to `each`, with the line on which it begins. Lines that are not properties are skipped.
///
/// Returns the first line on which something was dropped: a property above [`MAX_PROPERTIES`], or the end of a line above
/// [`MAX_LINE`].
pub(crate) fn each_list<R: Read>(
    text: TextReader<R>,
    mut each: impl FnMut(&[(String, String)], u64),
) -> io::Result<Option<u64>> {
    let mut dropped = None;
    let mut lines = Lines::new(text, MAX_LINE);
    let (mut list, mut first_line) = (Vec::<(String, String)>::new(), 0);
    while let Some(line) = lines.next() {
        let line = line?;
        if line.is_cut {
            dropped.get_or_insert(line.number);
        }
        if let Some((name, value)) = property(line.text) {
            if list.is_empty() {
                first_line = line.number;
            }
            if list.len() < MAX_PROPERTIES {
                list.push((name.to_owned(), value.to_owned()));
            } else {
                dropped.get_or_insert(line.number);
            }
        } else if line.text.trim().is_empty() {
            // `wmic` writes a blank line after each property too, but repeats no name within an object.
            if !list.is_empty() {
                each(&list, first_line);
                list.clear();
            }
        } else if line.text.starts_with("    ")
            && let Some((_, value)) = list.last_mut()
        {
            append_wrapped(value, line.text.trim());
        }
    }
    if !list.is_empty() {
        each(&list, first_line);
    }
    Ok(dropped)
}

/// Appends a further line to a value. `Format-List` wraps long values at blanks and after hyphens.
pub(crate) fn append_wrapped(value: &mut String, rest: &str) {
    if !value.ends_with('-') || value.ends_with(" -") {
        value.push(' ');
    }
    value.push_str(rest);
}

/// Splits `IPAddress         : 192.0.2.1` or `IPAddress={"192.0.2.1"}` into name and value.
fn property(line: &str) -> Option<(&str, &str)> {
    let name_len = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    let (name, rest) = line.split_at_checked(name_len)?;
    if name.is_empty()
        || name.len() > MAX_NAME
        || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    {
        return None;
    }
    let value = match rest.strip_prefix('=') {
        Some(value) => value,
        None => {
            let value = rest.trim_start_matches(' ').strip_prefix(':')?;
            if !(rest.starts_with(' ') && (value.is_empty() || value.starts_with(' '))) {
                return None;
            }
            value
        }
    };
    Some((name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(text: &str) -> Vec<(Vec<(String, String)>, u64)> {
        let mut all = Vec::new();
        each_list(TextReader::from_text(text), |list, line| all.push((list.to_vec(), line))).unwrap();
        all
    }

    #[test]
    fn objects_end_with_a_blank_line_and_long_values_go_on() {
        let text = "\r\nIPAddress : 192.0.2.1\r\nA_b-c     : one,\r\n            two\r\n\r\n\r\nX=1\r\nnothing here\r\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            lists(text),
            [(vec![pair("IPAddress", "192.0.2.1"), pair("A_b-c", "one, two")], 2), (vec![pair("X", "1")], 7),]
        );
    }

    #[test]
    fn other_lines_are_no_properties() {
        for line in
            ["   IPv4 Address. . . : 192.0.2.1", "http://x", "dn: CN=a", "a sentence : x", ": x", "1 : 2", ""]
        {
            assert_eq!(property(line), None, "{line}");
        }
    }
}
