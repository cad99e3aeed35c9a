//! The rows of a table of addresses.

use super::collector::AddressCollector;
use super::format::Refusal;
use crate::text::decode::TextReader;
use crate::text::delimited::{Header, Row, Table};

/// Reads a table row by row. `columns` finds the columns of interest, or refuses the table.
pub(super) fn each_row<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut row: impl FnMut(&C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let table = Table::open(TextReader::of(text)).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let Some(mut table) = table else { return Ok(()) };
    let columns = columns(table.header())?;
    while let Some(next) = table.next_row() {
        match next {
            Ok(next) => row(&columns, &next, to)?,
            Err(error) => to.problem(0, error),
        }
    }
    Ok(())
}
