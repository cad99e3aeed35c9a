//! Reads directory objects as lists of properties, as a table of `dsquery`, and as CLIXML.
//!
//! - `Get-ADComputer`, `Get-ADUser` or `Get-ADObject` in PowerShell's list view: `Name : value`, lists in braces. More
//!   than four values are cut with `...` unless `$FormatEnumerationLimit` is set, and such a file is refused.
//! - `dsquery * -attr ... -l` and `-attr *`: `name: value`, a line per value or values joined with `;`.
//! - `dsquery * -attr ...`: the attributes' names, and each value below its name.
//! - `Export-Clixml` of the cmdlets.
//!
//! None of them has its filter, so the content decides whether a missing SPN means something
//! ([`Completeness::Evident`](super::completeness::Completeness)).

use serde_json::Value;

use super::collector::{AccountCollector, CUT_OFF, MAX_LINE};
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text, is_type_name};
use crate::text::clixml::objects;
use crate::text::lines::Lines;
use crate::text::property_list::append_wrapped;

pub(super) const LIST: Format =
    Format { name: "Get-AD or dsquery list", recognise: is_list, read: read_list, may_be_empty: false };

pub(super) const DSQUERY: Format =
    Format { name: "dsquery table", recognise: is_table, read: read_table, may_be_empty: false };

pub(super) const CLIXML: Format =
    Format { name: "Get-AD CLIXML", recognise: is_clixml, read: read_clixml, may_be_empty: false };

const COMMAND: &str = "$FormatEnumerationLimit = -1; Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties * | \
    Format-List objectClass,sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,userAccountControl,servicePrincipalName | \
    Out-File -Width 4000 -Encoding UTF8 spns.txt";

/// Longest CLIXML in bytes. It is kept in memory.
const MAX_FILE: usize = 512 << 20;

/// Name and value of a property, `Name  : value` or `name: value`.
fn property(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    (is_name && (value.is_empty() || value.starts_with(' '))).then(|| (name, value.trim()))
}

/// Recognises an object with an account name or a distinguished name, and another attribute. A line `dn` is of LDIF.
fn is_list(head: &str) -> bool {
    let mut attributes: Vec<Attribute> = Vec::new();
    for line in head.lines() {
        match property(line) {
            Some((name, _)) if name.eq_ignore_ascii_case("dn") => return false,
            Some((name, _)) => attributes.extend(Attribute::named(name)),
            None if line.trim().is_empty() => attributes.clear(),
            None => {}
        }
        let named =
            attributes.iter().any(|a| matches!(a, Attribute::AccountName | Attribute::DistinguishedName));
        if named && attributes.iter().any(|a| *a != attributes[0]) {
            return true;
        }
    }
    false
}

fn read_list(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut lines = Lines::new(text, MAX_LINE);
    let mut list = ListReader::default();
    while let Some(line) = lines.next() {
        let line = line?;
        if line.is_cut {
            to.report_loss(line.number, "a line without end is skipped");
        } else if line.text.starts_with("    ") && list.pending.is_some() {
            list.go_on(line.text.trim(), line.is_ended);
        } else if let Some((name, value)) = property(line.text) {
            list.flush(to)?;
            list.begin(name, value, line.number, line.is_ended);
        } else if line.text.trim().is_empty() {
            list.flush(to)?;
            list.finish(to);
        }
    }
    list.flush(to)?;
    list.finish(to);
    if !list.has_spns {
        to.report_loss(0, format!("no object has a servicePrincipalName; export them with: {COMMAND}"));
    }
    Ok(())
}

/// The object that is being read, and its last property, whose value may continue on the next line.
#[derive(Default)]
struct ListReader {
    entry: Option<Entry>,
    /// The single-valued attributes that the object has. A second account name begins the next object.
    single: Vec<Attribute>,
    /// The last property: attribute, value so far, first line, and whether its last line has an end.
    pending: Option<(Attribute, String, u64, bool)>,
    /// At least one object has SPNs.
    has_spns: bool,
}

impl ListReader {
    fn begin(&mut self, name: &str, value: &str, line: u64, is_ended: bool) {
        if let Some(attribute) = Attribute::named(name) {
            self.pending = Some((attribute, value.to_owned(), line, is_ended));
        }
    }

    /// Appends a further line to the last value.
    fn go_on(&mut self, rest: &str, is_ended: bool) {
        if let Some((_, value, _, ended)) = &mut self.pending
            && value.len() + rest.len() < MAX_LINE
        {
            append_wrapped(value, rest);
            *ended = is_ended;
        }
    }

    /// Adds the last property to the object.
    fn flush(&mut self, to: &mut AccountCollector) -> Result<(), ReadError> {
        let Some((attribute, value, line, is_ended)) = self.pending.take() else { return Ok(()) };
        if !attribute.is_list() {
            if self.single.contains(&attribute) && attribute == Attribute::AccountName {
                self.finish(to);
            }
            self.single.push(attribute);
        }
        let is_spn = attribute == Attribute::ServicePrincipalName;
        self.has_spns |= is_spn;
        if is_spn
            && (value.ends_with("...}")
                || value.ends_with("…}")
                || value.ends_with("...")
                || is_type_name(&value))
        {
            let type_name = "it is cut off with ...".to_owned();
            return Err(ReadError::Flattened { line, type_name, command: COMMAND });
        }
        let entry = self.entry.get_or_insert_with(|| Entry::new(line, to));
        if !is_ended && is_spn && !value.ends_with('}') {
            entry.mark_partial();
            to.report_loss(line, CUT_OFF);
            return Ok(());
        }
        match value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) {
            Some(list) => list.split(", ").for_each(|part| entry.set(attribute, part, line, to)),
            None if attribute.is_list() => {
                value.split(';').for_each(|part| entry.set(attribute, part, line, to));
            }
            None => entry.set(attribute, &value, line, to),
        }
        Ok(())
    }

    fn finish(&mut self, to: &mut AccountCollector) {
        self.single.clear();
        if let Some(entry) = self.entry.take() {
            entry.finish(to);
        }
    }
}

/// The character at which each attribute begins in the header of a table; `None` if the line is not a header.
fn columns(line: &str) -> Option<Vec<(usize, Attribute)>> {
    if !line.starts_with("  ") {
        return None;
    }
    let mut columns = Vec::new();
    let mut names = 0;
    let mut before = ' ';
    for (at, c) in line.chars().enumerate() {
        if before == ' ' && c != ' ' {
            names += 1;
            let name: String = line.chars().skip(at).take_while(|c| *c != ' ').collect();
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return None;
            }
            columns.extend(Attribute::named(&name).map(|attribute| (at, attribute)));
        }
        before = c;
    }
    let has = |wanted: Attribute| columns.iter().any(|(_, attribute)| *attribute == wanted);
    let is_named = has(Attribute::AccountName) || has(Attribute::DistinguishedName);
    (is_named && columns.len() > 1 && columns.len() == names).then_some(columns)
}

fn is_table(head: &str) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(|first| columns(first).is_some())
        && lines.next().is_some_and(|row| row.starts_with("  "))
}

fn read_table(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut lines = Lines::new(text, MAX_LINE);
    let mut header: Option<Vec<(usize, Attribute)>> = None;
    while let Some(line) = lines.next() {
        let line = line?;
        if line.text.trim().is_empty() {
            continue;
        }
        let Some(columns) = &header else {
            header = columns(line.text);
            continue;
        };
        if !line.text.starts_with("  ") {
            to.report_loss(line.number, "the line is not a row of the table and is skipped");
            continue;
        }
        if line.is_cut || (!line.is_ended && !line.text.ends_with(' ')) {
            to.report_loss(line.number, CUT_OFF);
            continue;
        }
        let mut entry = Entry::new(line.number, to);
        let characters: Vec<char> = line.text.chars().collect();
        for (index, (start, attribute)) in columns.iter().enumerate() {
            let end = columns.get(index + 1).map_or(characters.len(), |(next, _)| *next);
            let value: String = characters
                .get(*start..end.min(characters.len()).max(*start))
                .unwrap_or_default()
                .iter()
                .collect();
            if attribute.is_list() {
                value.split(';').for_each(|part| entry.set(*attribute, part, line.number, to));
            } else {
                entry.set(*attribute, &value, line.number, to);
            }
        }
        entry.finish(to);
    }
    if header.is_some_and(|columns| !columns.iter().any(|(_, a)| *a == Attribute::ServicePrincipalName)) {
        to.report_loss(0, "the table has no column servicePrincipalName; add it after -attr");
    }
    Ok(())
}

fn is_clixml(head: &str) -> bool {
    head.trim_start().starts_with("<Objs")
        && (head.contains("Microsoft.ActiveDirectory.Management.AD")
            || (head.contains("N=\"DistinguishedName\"") && head.contains("N=\"SamAccountName\"")))
}

fn read_clixml(mut text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut xml = String::new();
    while text.append_to(&mut xml)? {
        if xml.len() > MAX_FILE {
            to.report_loss(0, format!("it is longer than {} MiB; export it as CSV or JSON", MAX_FILE >> 20));
            return Ok(());
        }
    }
    let found = match objects(&xml) {
        Ok(found) => found,
        Err(what) => {
            to.report_loss(0, format!("it is not valid CLIXML: {what}; export it again"));
            return Ok(());
        }
    };
    let mut has_spns = false;
    for object in &found {
        let mut entry = Entry::new(0, to);
        for (name, value) in object {
            let Some(attribute) = Attribute::named(name) else { continue };
            has_spns |= attribute == Attribute::ServicePrincipalName;
            match value {
                Value::Array(list) => {
                    list.iter().filter_map(Value::as_str).for_each(|text| entry.set(attribute, text, 0, to))
                }
                Value::String(text) => entry.set_flattened(attribute, text, 0, to),
                _ => {}
            }
        }
        entry.finish(to);
    }
    if !has_spns {
        to.report_loss(
            0,
            "no object has a servicePrincipalName; add -Properties servicePrincipalName to the cmdlet",
        );
    }
    Ok(())
}
