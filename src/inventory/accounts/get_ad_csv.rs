//! `Get-ADObject`, `Get-ADComputer` or `Get-ADUser` through `Export-Csv`, with the list of SPNs flattened
//! (`@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}}`).
//!
//! Without that, `Export-Csv` writes the name of the list's type and no SPN: such a file is refused. The
//! filter is not in the file: the content decides what the absence of an SPN means
//! ([`Completeness::Evident`](super::collect::Completeness)); `Get-ADComputer` never shows krbtgt, `Get-ADUser`
//! never a domain controller, so neither proves an absence.

use std::fs::File;

use super::blocks::{attribute_columns, for_each_row};
use super::collect::{Attribute, Collector, Entry};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;
use crate::inventory::text::Table;

pub(super) const FORMAT: Format = Format { name: "Get-AD CSV", recognise, read, may_be_empty: false };

/// What exports all that is wanted as CSV.
pub(super) const COMMAND: &str = "Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,msDS-AdditionalDnsHostName | Select-Object sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,userAccountControl,msDS-SupportedEncryptionTypes,@{n='whenChanged';e={$_.whenChanged.ToUniversalTime().ToString('o')}},@{n='msDS-AdditionalDnsHostName';e={$_.'msDS-AdditionalDnsHostName' -join ';'}},@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}} | Export-Csv -NoTypeInformation -Encoding UTF8 spns.csv";

fn recognise(head: &str) -> bool {
    Table::open(head).is_some_and(|table| {
        let known: Vec<Attribute> =
            attribute_columns(&table).into_iter().map(|(_, attribute)| attribute).collect();
        let named = known.contains(&Attribute::DistinguishedName) || known.contains(&Attribute::AccountName);
        named && known.len() > 1
    })
}

fn read(text: &mut TextStream<File>, to: &mut Collector) -> Result<(), ReadError> {
    let (mut without_spns, mut names_lost) = (false, false);
    for_each_row(text, to, attribute_columns, |columns, row, line, to| {
        let mut entry = Entry::new(line, to);
        without_spns = true;
        for (column, attribute) in columns {
            let cell = row.get(Some(*column));
            let spns = *attribute == Attribute::ServicePrincipalName;
            without_spns &= !spns;
            if is_type_name(cell) {
                if spns {
                    return Err(ReadError::Flattened { line, type_name: cell.to_owned(), command: COMMAND });
                }
                if *attribute == Attribute::AdditionalDnsHostName && !names_lost {
                    names_lost = true;
                    to.problem(line, format!("the list of additional host names was lost when it was exported; export it again with: {COMMAND}"));
                }
                continue;
            }
            entry.set_flattened(*attribute, cell, line, to);
        }
        entry.finish(to);
        Ok(())
    })?;
    if without_spns {
        to.lost(0, format!("the export has no column servicePrincipalName; export it with: {COMMAND}"));
    }
    Ok(())
}

/// What .NET writes for a list that nobody turned into text.
pub(super) fn is_type_name(text: &str) -> bool {
    matches!(
        text.trim(),
        "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
            | "System.String[]"
            | "System.Object[]"
    )
}
