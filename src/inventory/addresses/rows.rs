//! The rows of a table of addresses.

use super::collector::AddressCollector;
use super::format::Refusal;
use super::values::parse_address;
use crate::text::decode::TextReader;
use crate::text::delimited::{Header, Row, RowWidth, Table, column_key};

/// Reads a table row by row. `columns` finds the columns of interest, or refuses the table. A row with more cells than the
/// header is a problem, because its values are in the wrong columns. So is a second header with other columns: the rows below it
/// are not read. The same header again, where files were put together, is skipped.
pub(super) fn each_row<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut row: impl FnMut(&C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let columns = |header: &Header| Ok((columns(header)?, RowWidth::new(header), header.columns().to_vec()));
    let mut is_over = false;
    each_row_of_any_width(text, to, columns, |(columns, width, names), next, to| {
        if is_over {
            return Ok(());
        }
        if let Some(is_same) = repeats_header(names, next) {
            if !is_same {
                is_over = true;
                to.problem(
                    next.line,
                    "a second table with other columns begins here and is not read; save it as a file of its own",
                );
            }
            return Ok(());
        }
        if width.is_exceeded_by(next) {
            to.problem(next.line, width.problem(next));
            return Ok(());
        }
        row(columns, next, to)
    })
}

/// Is the row a header, with at least two of these columns and no address? And is it the same one?
fn repeats_header(names: &[String], row: &Row<'_>) -> Option<bool> {
    let is_name = |cell: &str| !cell.is_empty() && names.contains(&column_key(cell));
    let found = (0..row.width()).filter(|at| is_name(row.get(Some(*at)))).take(2).count();
    let is_same = || names.iter().enumerate().all(|(at, name)| column_key(row.get(Some(at))) == *name);
    let has_address = || (0..row.width()).any(|at| parse_address(row.get(Some(at))).is_some());
    (found == 2 && !has_address()).then(is_same)
}

/// The same with rows of more cells than the header, for a tool that quotes nothing.
pub(super) fn each_row_of_any_width<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut row: impl FnMut(&mut C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let table =
        Table::open(TextReader::from_text(text)).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let Some(mut table) = table else { return Ok(()) };
    let mut columns = columns(table.header())?;
    while let Some(next) = table.next_row() {
        match next {
            Ok(next) => row(&mut columns, &next, to)?,
            Err(error) => to.problem(0, error),
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
