//! `Get-ADObject`, `Get-ADComputer` or `Get-ADUser` through `Export-Csv`, with the list of SPNs flattened
//! (`@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}}`).
//!
//! Without that, `Export-Csv` writes the name of the list's type and no SPN: such a file is refused. The
//! filter is not in the file: the content decides what the absence of an SPN means
//! ([`Completeness::Evident`](super::completeness::Completeness)); `Get-ADComputer` never shows krbtgt, `Get-ADUser`
//! never a domain controller, so neither proves an absence.

use std::fs::File;

use super::collect::{Attribute, Collector, Entry, Problem};
use super::object_rows::{ObjectCells, attribute_columns, read_object_rows};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Table, trimmed};

pub(super) const FORMAT: Format = Format { name: "Get-AD CSV", recognise, read, may_be_empty: false };

/// What exports all that is wanted as CSV.
pub(super) const COMMAND: &str = "Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName | Select-Object ObjectClass,sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,@{n='whenChanged';e={$_.whenChanged.ToUniversalTime().ToString('o')}},@{n='whenCreated';e={$_.whenCreated.ToUniversalTime().ToString('o')}},@{n='msDS-AdditionalDnsHostName';e={$_.'msDS-AdditionalDnsHostName' -join ';'}},@{n='servicePrincipalName';e={$_.servicePrincipalName -join ';'}} | Export-Csv -NoTypeInformation -Encoding UTF8 spns.csv";

fn recognise(head: &str) -> bool {
    Table::open(head).is_some_and(|table| {
        let known: Vec<Attribute> =
            attribute_columns(table.header()).into_iter().map(|(_, attribute)| attribute).collect();
        let named = known.contains(&Attribute::DistinguishedName) || known.contains(&Attribute::AccountName);
        named && known.len() > 1
    })
}

fn read(text: &mut TextStream<File>, block: usize, to: &mut Collector) -> Result<(), ReadError> {
    read_object_rows::<Cells>(text, block, to, COMMAND)
}

#[derive(Default)]
struct Cells {
    /// The first list of host names that was lost when it was exported.
    names_lost: Option<Problem>,
    /// It was told.
    names_told: bool,
}

impl ObjectCells for Cells {
    fn cell(
        &mut self,
        attribute: Attribute,
        cell: &str,
        entry: &mut Entry,
        to: &mut Collector,
    ) -> Result<(), ReadError> {
        let line = entry.line();
        if !is_type_name(cell) {
            entry.set_flattened(attribute, cell, line, to);
            return Ok(());
        }
        match attribute {
            Attribute::ServicePrincipalName => {
                return Err(ReadError::Flattened { line, type_name: cell.to_owned(), command: COMMAND });
            }
            Attribute::AdditionalDnsHostName if self.names_lost.is_none() => {
                let what = format!(
                    "the list of additional host names was lost when it was exported; export it again with: {COMMAND}"
                );
                self.names_lost = Some(Problem::of_line(line, &what));
            }
            _ => {}
        }
        Ok(())
    }

    fn join(&mut self, next: Self) -> Option<Problem> {
        next.names_lost.filter(|_| !std::mem::replace(&mut self.names_told, true))
    }
}

/// What .NET writes for a list that nobody turned into text.
pub(super) fn is_type_name(text: &str) -> bool {
    matches!(
        trimmed(text),
        "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
            | "System.String[]"
            | "System.Object[]"
    )
}
