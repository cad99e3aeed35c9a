//! Reads LDIF (RFC 2849) as `ldifde`, `ldapsearch` and `ldbsearch` write it: folded lines, base64, comments, references, and
//! a last entry without a blank line after it.
//!
//! The absence of an SPN proves something if the comments of `ldapsearch` show that a whole domain was searched for
//! `(servicePrincipalName=*)` and that the search succeeded. `ldifde` and `ldbsearch` write no filter, so there the content
//! decides ([`Completeness::Evident`]).

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::collector::{AccountCollector, CUT_OFF, MAX_LINE, quoted};
use super::completeness::Completeness;
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text};
use super::ldap_values::DistinguishedName;
use crate::text::lines::Lines;

pub(super) const FORMAT: Format = Format { name: "LDIF", recognise, read, may_be_empty: false };

/// Longest line with its folded lines, in bytes.
const MAX_FOLDED: usize = MAX_LINE;
/// Filters that omit no account with an SPN. Any other filter may omit one.
const WHOLE_FILTERS: &[&str] = &["(serviceprincipalname=*)", "(objectclass=*)"];

/// Recognises an entry's `dn` with a name in a domain or an attribute below it, or the comments of a search.
fn recognise(head: &str) -> bool {
    let mut after_dn = false;
    head.lines().any(|line| {
        let dn = line.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("dn:"));
        let is_folded = line.starts_with(' ');
        let has_attribute = after_dn && !dn && is_attribute(line.strip_prefix('>').unwrap_or(line));
        after_dn = dn || (after_dn && is_folded);
        let is_name = dn && line.get(3..).is_some_and(|name| DistinguishedName::parse(name.trim()).is_some());
        is_name
            || has_attribute
            || matches!(line.trim_end(), "# extended LDIF" | "# LDAPv3" | "# returned 0 records")
    })
}

/// Is it an attribute (`name: value`, `name:: base64`, `name;option: value`)?
fn is_attribute(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b';' | b'=' | b'*' | b'.'))
    })
}

fn read(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut export = Export::default();
    let mut lines = Lines::new(text, MAX_LINE);
    while let Some(line) = lines.next() {
        let line = line?;
        // AdFind marks attributes with `>`.
        let text = line.text.strip_prefix('>').unwrap_or(line.text);
        if line.is_cut && export.wants(text) {
            export.skip(text, to);
            to.report_loss(line.number, format!("a line of more than {MAX_LINE} bytes is skipped"));
        } else if !line.is_ended && export.wants(text) {
            export.skip(text, to);
            to.report_loss(line.number, CUT_OFF);
        } else {
            export.line(text, line.number, to);
        }
    }
    export.flush(to);
    export.end_entry(to);
    to.completeness = export.search.completeness(export.entries);
    Ok(())
}

/// A line, joined with its folded continuation lines.
struct LogicalLine {
    text: String,
    number: u64,
    /// The line and its continuations are not needed.
    skipped: bool,
    /// Is the line longer than [`MAX_FOLDED`]?
    too_long: bool,
}

impl Default for LogicalLine {
    fn default() -> Self {
        Self { text: String::new(), number: 0, skipped: true, too_long: false }
    }
}

impl LogicalLine {
    fn start(&mut self, text: &str, number: u64) {
        self.text.clear();
        self.text.push_str(text);
        self.number = number;
        (self.skipped, self.too_long) = (false, false);
    }

    fn skip(&mut self) {
        self.text.clear();
        self.skipped = true;
        self.too_long = false;
    }

    fn fold(&mut self, text: &str) {
        if self.skipped {
            return;
        }
        if self.text.len() + text.len() > MAX_FOLDED {
            self.too_long = true;
        } else {
            self.text.push_str(text);
        }
    }
}

/// An export as read so far.
#[derive(Default)]
struct Export {
    logical: LogicalLine,
    entry: Option<Entry>,
    /// The entry is a change (`dn:` with `changetype:`) other than an addition.
    change: bool,
    search: SearchInfo,
    /// Number of entries so far.
    entries: u64,
    /// A range of values (`servicePrincipalName;range=0-1499`) that is not the last was already reported.
    range_reported: bool,
}

/// The search that wrote the file, as its comments and its result line show it.
#[derive(Default)]
struct SearchInfo {
    base: Option<String>,
    subtree: bool,
    filter: Option<String>,
    /// Were SPNs or all attributes requested (`requesting:`)?
    requested: Option<bool>,
    /// Number of entries that the search returned.
    entries: Option<u64>,
    /// Did the search succeed (`result: 0 Success`)? False if it was cut off (`4 Size limit exceeded`), `None` without a
    /// result.
    succeeded: Option<bool>,
}

impl Export {
    /// Is the line needed, as an attribute or as a part of one?
    fn wants(&self, line: &str) -> bool {
        match line.strip_prefix(' ') {
            Some(_) => !self.logical.skipped,
            None => attribute_of(line).is_some(),
        }
    }

    /// Skips a line that is incomplete, and the line that it continues.
    fn skip(&mut self, line: &str, to: &mut AccountCollector) {
        if !line.starts_with(' ') {
            self.flush(to);
        }
        if is_dn(line) {
            self.end_entry(to);
        }
        self.logical.skip();
    }

    fn line(&mut self, line: &str, number: u64, to: &mut AccountCollector) {
        if let Some(folded) = line.strip_prefix(' ') {
            self.logical.fold(folded);
            return;
        }
        self.flush(to);
        if line.is_empty() {
            self.end_entry(to);
        } else if line.starts_with('#') || attribute_of(line).is_some() {
            self.logical.start(line, number);
        } else {
            self.control(line, number, to);
            self.logical.skip();
        }
    }

    /// Reads a line that is not an attribute, such as the result of a search or the type of a change.
    fn control(&mut self, line: &str, number: u64, to: &mut AccountCollector) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let value = value.trim();
        if self.entry.is_none() && name == "result" {
            let succeeded = value == "0" || value.starts_with("0 ");
            self.search.succeeded = Some(succeeded);
            if !succeeded {
                // sizeLimitExceeded and adminLimitExceeded (RFC 4511 4.1.9).
                let too_many = matches!(value.split_whitespace().next(), Some("4" | "11"));
                let advice = match too_many {
                    true => "add paging (ldapsearch -E pr=1000/noprompt)",
                    false => {
                        "search again as a user who may read the domain (ldapsearch -Y GSSAPI, or -D and -W)"
                    }
                };
                to.report(
                    number,
                    format!(
                        "the search did not end well: {}; the export is not whole, {advice}",
                        quoted(value)
                    ),
                );
            }
        } else if name.eq_ignore_ascii_case("changetype") && !value.eq_ignore_ascii_case("add") {
            self.change = true;
            to.report_loss(number, format!("a change ({}) is not an export; it is skipped", quoted(value)));
        }
    }

    /// Processes the collected line, if any.
    fn flush(&mut self, to: &mut AccountCollector) {
        let logical = std::mem::take(&mut self.logical);
        if !logical.text.is_empty() {
            if logical.too_long {
                to.report_loss(logical.number, format!("a value of more than {MAX_FOLDED} bytes is skipped"));
            } else if let Some(comment) = logical.text.strip_prefix('#') {
                self.comment(comment.trim());
            } else {
                self.attribute(&logical.text, logical.number, to);
            }
        }
        // Reuse the buffer: a million lines need no million allocations.
        self.logical = LogicalLine { text: logical.text, ..LogicalLine::default() };
        self.logical.skip();
    }

    fn comment(&mut self, comment: &str) {
        if let Some(rest) = comment.strip_prefix("base <") {
            if let Some((base, scope)) = rest.split_once('>') {
                self.search.base = Some(base.to_owned());
                self.search.subtree = scope.trim().ends_with("subtree");
            }
        } else if let Some(filter) = comment.strip_prefix("filter:") {
            let filter: String = filter.split_whitespace().collect();
            self.search.filter = Some(filter.to_lowercase());
        } else if let Some(requested) = comment.strip_prefix("requesting:") {
            let all = requested.split_whitespace().any(|name| {
                matches!(name, "ALL" | "*") || Attribute::named(name) == Some(Attribute::ServicePrincipalName)
            });
            self.search.requested = Some(all);
        } else if let Some(count) = comment.strip_prefix("numEntries:") {
            self.search.entries = count.trim().parse().ok().or(self.search.entries);
        } else if let Some(count) = comment.strip_suffix(" entries") {
            // ldbsearch: `# 18 entries`.
            self.search.entries = count.trim().parse().ok().or(self.search.entries);
        }
    }

    fn attribute(&mut self, line: &str, number: u64, to: &mut AccountCollector) {
        let Some((attribute, options)) = attribute_of(line) else {
            return;
        };
        let Some((_, raw)) = line.split_once(':') else {
            return;
        };
        let value = match raw.strip_prefix(':') {
            None => Cow::Borrowed(raw.trim()),
            Some(coded) => match BASE64.decode(coded.trim()).map(String::from_utf8) {
                Ok(Ok(text)) => Cow::Owned(text),
                _ => {
                    to.report_loss(number, format!("{} is not text in base64", quoted(coded.trim())));
                    return;
                }
            },
        };
        if is_dn(line) {
            self.end_entry(to);
            self.entries += 1;
            self.entry = Some(Entry::new(number, to));
        }
        if attribute == Attribute::ServicePrincipalName && options.contains("range=") {
            self.range(options, number, to);
        }
        let Some(entry) = &mut self.entry else {
            return;
        };
        if raw.starts_with('<') {
            to.report_loss(
                number,
                "a value in another file (`:<`) is skipped; export without ldapsearch's -t",
            );
            return;
        }
        entry.set(attribute, &value, number, to);
    }

    /// Reports a range of SPNs that is not the last. AD returns at most 1,500 values at once (MS-ADTS 3.1.1.3.1.3.3), and
    /// the last range ends in `*`.
    fn range(&mut self, options: &str, number: u64, to: &mut AccountCollector) {
        let last = options.split(';').any(|o| o.starts_with("range=") && o.ends_with("-*"));
        if last {
            return;
        }
        if let Some(entry) = &mut self.entry {
            entry.mark_partial();
        }
        match std::mem::replace(&mut self.range_reported, true) {
            true => to.note_loss(),
            false => to.report_loss(
                number,
                format!(
                    "only a part of an account's SPNs was exported ({}); read that account with `setspn -L`",
                    quoted(options)
                ),
            ),
        }
    }

    fn end_entry(&mut self, to: &mut AccountCollector) {
        if let Some(entry) = self.entry.take()
            && !self.change
        {
            entry.finish(to);
        }
        self.change = false;
    }
}

impl SearchInfo {
    fn completeness(self, entries: u64) -> Completeness {
        let cut = self.succeeded == Some(false) || self.entries.is_some_and(|stated| stated != entries);
        let narrowed = |filter: &String| !WHOLE_FILTERS.contains(&filter.as_str());
        if cut || self.filter.as_ref().is_some_and(narrowed) {
            return Completeness::Part;
        }
        let base = self.base.as_deref().and_then(DistinguishedName::parse);
        let mut domain = String::new();
        let named = self.base.as_deref().and_then(|base| DistinguishedName::domain_of(base, &mut domain));
        match base {
            Some(base) if !base.is_domain() => Completeness::Part,
            Some(_)
                if named.is_some()
                    && self.subtree
                    && self.filter.is_some()
                    && self.requested == Some(true)
                    && self.succeeded == Some(true) =>
            {
                Completeness::Declared(domain)
            }
            _ => Completeness::Evident,
        }
    }
}

fn is_dn(line: &str) -> bool {
    line.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("dn:"))
}

/// The attribute of a line and its options (`;range=0-1499`).
fn attribute_of(line: &str) -> Option<(Attribute, &str)> {
    let (description, _) = line.split_once(':')?;
    let (name, options) = description.split_once(';').unwrap_or((description, ""));
    Attribute::named(name).map(|attribute| (attribute, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognised_by_a_dn_or_ldapsearchs_first_line() {
        assert!(recognise("version: 1\n\ndn: CN=x,DC=y\n"));
        assert!(recognise("DN:: Q049eCxEQz15\r\nchangetype: add\r\n"));
        assert!(recognise("# extended LDIF\n#\n"));
        for other in ["account,domain,spn\n", "CN=x,DC=y\n\tHOST/x\n", "{\"dn\": 1}", "DN,objectClass\n"] {
            assert!(!recognise(other), "{other}");
        }
    }
}
