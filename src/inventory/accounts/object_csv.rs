//! Reads tables with one directory object per row and one attribute per column: `csvde`, and `Get-ADObject`,
//! `Get-ADComputer` or `Get-ADUser` through `Export-Csv`.
//!
//! `csvde -f` names the first column `DN`, joins lists with `;` and escapes a `;` in a value with a
//! backslash. `Export-Csv` needs lists that are joined first
//! (`@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}}`). Otherwise it writes the name of the
//! list's type and no SPN, and such a file is refused.
//!
//! Neither writes a filter, so the content decides whether a missing SPN means something
//! ([`Completeness::Evident`](super::completeness::Completeness)). `Get-ADComputer` never shows krbtgt and
//! `Get-ADUser` never a domain controller, so neither proves an absence.
//!
//! The `csvde` reader follows the documentation. No file of a real directory was available.

use std::borrow::Cow;

use super::collector::AccountCollector;
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text, is_type_name};
use super::rows::each_row;
use crate::text::delimited::Header;
use crate::text::escape::unescape_cell;
use crate::text::row_check::ColumnFinder;
use crate::text::split_by;

pub(super) const CSVDE: Format =
    Format { name: "csvde", recognise: is_csvde, read: read_csvde, may_be_empty: false };

pub(super) const GET_AD: Format =
    Format { name: "Get-AD CSV", recognise: is_get_ad, read: read_get_ad, may_be_empty: false };

const CSVDE_COMMAND: &str = "csvde -f spns.csv -r \"(servicePrincipalName=*)\" -l objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName";

const GET_AD_COMMAND: &str = "Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName | Select-Object ObjectClass,sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,@{n='whenChanged';e={$_.whenChanged.ToUniversalTime().ToString('o')}},@{n='whenCreated';e={$_.whenCreated.ToUniversalTime().ToString('o')}},@{n='msDS-AdditionalDnsHostName';e={$_.'msDS-AdditionalDnsHostName' -join ';'}},@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}} | Export-Csv -NoTypeInformation -Encoding UTF8 spns.csv";

fn is_csvde(head: &str) -> bool {
    Header::parse(head).is_some_and(|header| {
        header.columns().first().is_some_and(|first| first == "dn") && header.columns().len() > 1
    })
}

fn is_get_ad(head: &str) -> bool {
    Header::parse(head).is_some_and(|header| {
        let columns = attribute_columns(&header);
        let has = |wanted| columns.iter().any(|(_, attribute)| *attribute == wanted);
        columns.len() > 1 && (has(Attribute::DistinguishedName) || has(Attribute::AccountName))
    })
}

/// The columns that hold attributes of directory objects.
fn attribute_columns(header: &Header) -> Vec<(usize, Attribute)> {
    let columns = header.columns().iter().enumerate();
    let mut found: Vec<_> = columns.filter_map(|(i, key)| Some((i, Attribute::of_column(key)?))).collect();
    // The name that ADRecon gives it.
    if !found.iter().any(|(_, attribute)| *attribute == Attribute::AccountName)
        && let Some(column) = header.column(&["UserName"])
    {
        found.push((column, Attribute::AccountName));
    }
    found
}

/// Is it ADRecon's `Computers.csv` or `Users.csv`? Their SPNs are in files of their own.
fn is_adrecon(header: &Header) -> bool {
    ["Logon Age (days)", "Password Age (days)"].iter().all(|name| header.column(&[name]).is_some())
}

fn read_csvde(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    read_objects(text, to, CSVDE_COMMAND, |attribute, cell, entry, to| {
        let line = entry.line();
        if attribute.is_list() {
            for_each_part(cell, |part| entry.set(attribute, &csvde_text(part), line, to));
        } else {
            entry.set(attribute, &csvde_text(cell), line, to);
        }
        Ok(())
    })
}

fn read_get_ad(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut names_lost = false;
    read_objects(text, to, GET_AD_COMMAND, |attribute, cell, entry, to| {
        let line = entry.line();
        if !is_type_name(cell) {
            entry.set_flattened(attribute, &unescape_cell(cell), line, to);
        } else if attribute == Attribute::ServicePrincipalName {
            return Err(ReadError::Flattened { line, type_name: cell.to_owned(), command: GET_AD_COMMAND });
        } else if attribute == Attribute::AdditionalDnsHostName && !std::mem::replace(&mut names_lost, true) {
            to.report(
                line,
                format!(
                    "the list of additional host names was lost when it was exported; export it again with: {GET_AD_COMMAND}"
                ),
            );
        }
        Ok(())
    })
}

/// Reads every row as an object. `set` receives each cell of an attribute. `command` is the export to advise if there are no SPNs.
fn read_objects(
    text: Text<'_>,
    to: &mut AccountCollector,
    command: &str,
    mut set: impl FnMut(Attribute, &str, &mut Entry, &mut AccountCollector) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut without_spns = false;
    let columns = |finder: &mut ColumnFinder<'_>| {
        let header = finder.header();
        let columns = attribute_columns(header);
        for name in columns.iter().filter_map(|(column, _)| header.columns().get(*column)) {
            finder.find(&[name]);
        }
        (columns, is_adrecon(header))
    };
    each_row(text, to, columns, |(columns, is_adrecon), row, to| {
        let mut entry = Entry::new(row.line, to);
        if *is_adrecon {
            entry.mark_partial();
        }
        without_spns = !is_adrecon;
        for (column, attribute) in columns {
            without_spns &= *attribute != Attribute::ServicePrincipalName;
            set(*attribute, row.get(Some(*column)), &mut entry, to)?;
        }
        entry.finish(to);
        Ok(())
    })?;
    if without_spns {
        to.report_loss(
            0,
            format!("the export has no column servicePrincipalName; export it with: {command}"),
        );
    }
    Ok(())
}

/// Splits the cell at each `;` without a backslash before it, and passes the parts to `take`.
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

/// Decodes `X'...'`, the hexadecimal UTF-8 in which `csvde` writes values that are not plain ASCII. Returns other values unchanged.
fn csvde_text(value: &str) -> Cow<'_, str> {
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
        assert_eq!(csvde_text("X'4772c3bcc39f65'"), "Grüße");
        for plain in ["X'4'", "X'zz'", "X'ff'", "Xerxes", "X'"] {
            assert_eq!(csvde_text(plain), plain);
        }
    }
}
