//! Reads the rows of a table of addresses.

use super::collector::AddressCollector;
use super::format::Refusal;
use crate::text::decode::TextReader;
use crate::text::delimited::{Row, Table};
use crate::text::row_check::ColumnFinder;

/// Reads a table row by row. `columns` finds the columns of interest, or refuses the table. A row that fails the
/// [check](crate::text::row_check::RowCheck::check) is reported and skipped.
pub(super) fn each_row<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&mut ColumnFinder<'_>) -> Result<C, Refusal>,
    mut row: impl FnMut(&C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let table =
        Table::open(TextReader::from_text(text)).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let Some(mut table) = table else { return Ok(()) };
    let mut finder = ColumnFinder::new(table.header());
    let columns = columns(&mut finder)?;
    let mut check = finder.into_check();
    while let Some(next) = table.next_row() {
        match next {
            Ok(next) => match check.check(&next) {
                Ok(true) => row(&columns, &next, to)?,
                Ok(false) => {}
                Err(what) => to.report(next.line, what),
            },
            Err(error) => to.report(0, error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let inventory = load_bytes("list.csv", text.as_bytes(), &LoadOptions::default());
        let rows = inventory.owned.iter().map(|row| format!("{} {}", row.host, row.address)).collect();
        (rows, inventory.files[0].read_errors.clone())
    }

    #[test]
    fn tables_one_after_the_other() {
        let same = "Server,IP Address,Gateway\nSRV1,192.0.2.1,192.0.2.254\nServer,IP Address,Gateway\nSRV2,192.0.2.2,192.0.2.254\n";
        assert_eq!(read(same), (vec!["SRV1 192.0.2.1".to_owned(), "SRV2 192.0.2.2".to_owned()], vec![]));
        let other = "Server,IP Address,Gateway\nSRV1,192.0.2.1,192.0.2.254\n\nServer,Gateway,IP Address\nSRV2,192.0.2.254,192.0.2.2\n";
        let (rows, problems) = read(other);
        assert_eq!(rows, ["SRV1 192.0.2.1"]);
        assert!(problems[0].starts_with("line 4: a second table with other columns"), "{problems:?}");
    }
}
