//! Reads ADRecon's `UserSPNs.csv` and `ComputerSPNs.csv`, which have a row for each SPN, split into the columns `Service` and `Host`.
//!
//! ADRecon drops the part after a second `/` of an SPN, and the file has no domain. So a missing SPN means nothing.
//! Its `Computers.csv` and `Users.csv` are [tables of objects](super::object_csv).

use std::collections::HashMap;

use super::collector::AccountCollector;
use super::completeness::Completeness;
use super::entry::{Attribute, Entry};
use super::format::{Format, ReadError, Text};
use super::rows::each_row;
use crate::text::delimited::Header;
use crate::text::escape::unescape_cell;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format = Format { name: "ADRecon SPNs", recognise, read, may_be_empty: false };

fn recognise(head: &str) -> bool {
    Header::parse(head).is_some_and(|header| {
        ["UserName", "Service", "Host"].iter().all(|name| header.column(&[name]).is_some())
            && header.columns().len() >= 4
    })
}

fn read(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    to.completeness = Completeness::Part;
    let columns = |finder: &mut ColumnFinder<'_>| {
        let names = [
            (Attribute::AccountName, "UserName"),
            (Attribute::Enabled, "Enabled"),
            (Attribute::PrimaryGroup, "Primary GroupID"),
        ];
        let service = [finder.find(&["Service"]), finder.find(&["Host"])];
        (names.map(|(attribute, name)| (attribute, finder.find(&[name]))), service)
    };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    each_row(text, to, columns, |(attributes, [service, host]), row, to| {
        let name = unescape_cell(row.get(attributes[0].1)).to_lowercase();
        let at = *places.entry(name).or_insert_with(|| {
            let mut entry = Entry::new(row.line, to);
            for (attribute, column) in attributes {
                entry.set(*attribute, &unescape_cell(row.get(*column)), row.line, to);
            }
            entries.push(entry);
            entries.len() - 1
        });
        let (service, host) = (row.get(*service), row.get(*host));
        if let Some(entry) = entries.get_mut(at).filter(|_| !service.is_empty() && !host.is_empty()) {
            entry.set(Attribute::ServicePrincipalName, &format!("{service}/{host}"), row.line, to);
        }
        Ok(())
    })?;
    entries.into_iter().for_each(|entry| entry.finish(to));
    Ok(())
}
