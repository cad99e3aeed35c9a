//! `csvde -f`: one row per object, the first column `DN`, lists joined with `;`.
//!
//! Written after the documentation and Microsoft's examples, without a real file of a directory with SPNs.
//! `csvde` writes no filter: the content decides what the absence of an SPN means
//! ([`Completeness::Evident`](super::completeness::Completeness)).

use std::borrow::Cow;
use std::fs::File;

use super::collect::{Attribute, Collector, Entry};
use super::object_rows::{ObjectCells, read_object_rows};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Table, split_by};

pub(super) const FORMAT: Format = Format { name: "csvde", recognise, read, may_be_empty: false };

/// What exports all that is wanted.
const COMMAND: &str = "csvde -f spns.csv -r \"(servicePrincipalName=*)\" -l objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName";

fn recognise(head: &str) -> bool {
    Table::open(head).is_some_and(|table| {
        table.columns().first().is_some_and(|first| first == "dn") && table.columns().len() > 1
    })
}

fn read(text: &mut TextStream<File>, block: usize, to: &mut Collector) -> Result<(), ReadError> {
    read_object_rows::<Cells>(text, block, to, COMMAND)
}

#[derive(Default)]
struct Cells;

impl ObjectCells for Cells {
    fn cell(
        &mut self,
        attribute: Attribute,
        cell: &str,
        entry: &mut Entry,
        to: &mut Collector,
    ) -> Result<(), ReadError> {
        let line = entry.line();
        if matches!(
            attribute,
            Attribute::ServicePrincipalName | Attribute::AdditionalDnsHostName | Attribute::ObjectClass
        ) {
            for_each_part(cell, |part| entry.set(attribute, &text_of(part), line, to));
        } else {
            entry.set(attribute, &text_of(cell), line, to);
        }
        Ok(())
    }
}

/// Gives the parts between `;` that have no backslash before them.
fn for_each_part(cell: &str, mut take: impl FnMut(&str)) {
    if memchr::memchr(b'\\', cell.as_bytes()).is_none() {
        split_by(cell, b';').for_each(take);
        return;
    }
    let mut value = String::new();
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(escaped @ (';' | '\\'))) => {
                value.push(*escaped);
                chars.next();
            }
            (';', _) => take(&std::mem::take(&mut value)),
            _ => value.push(c),
        }
    }
    take(&value);
}

/// A value that is not plain ASCII is written `X'` and hexadecimal UTF-8 `'`.
fn text_of(value: &str) -> Cow<'_, str> {
    let plain = || Cow::Borrowed(value);
    let Some(hex) = value.strip_prefix("X'").and_then(|rest| rest.strip_suffix('\'')) else {
        return plain();
    };
    let bytes: Option<Vec<u8>> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or_else(plain, Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_their_escapes() {
        let list = |cell| {
            let mut parts = Vec::new();
            for_each_part(cell, |part| parts.push(part.to_owned()));
            parts
        };
        assert_eq!(list("HOST/a;HOST/b"), ["HOST/a", "HOST/b"]);
        assert_eq!(list("x/a\\;b;y/c\\\\;z/\\d"), ["x/a;b", "y/c\\", "z/\\d"]);
        assert_eq!(list(""), [""]);
    }

    #[test]
    fn hexadecimal_text() {
        assert_eq!(text_of("X'4772c3bcc39f65'"), "Grüße");
        for plain in ["X'4'", "X'zz'", "X'ff'", "Xerxes", "X'"] {
            assert_eq!(text_of(plain), plain);
        }
    }
}
