//! The rows of a table of addresses.

use super::collector::AddressCollector;
use super::format::Refusal;
use crate::text::decode::TextReader;
use crate::text::delimited::{Header, Row, RowWidth, Table};

/// Reads a table row by row. `columns` finds the columns of interest, or refuses the table. A row with more cells than the
/// header is a problem, because its values are in the wrong columns.
pub(super) fn each_row<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut row: impl FnMut(&C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let columns = |header: &Header| Ok((columns(header)?, RowWidth::of(header)));
    each_row_of_any_width(text, to, columns, |(columns, width), next, to| {
        if width.is_exceeded_by(next) {
            to.problem(next.line, width.problem(next));
            return Ok(());
        }
        row(columns, next, to)
    })
}

/// The same with rows of more cells than the header, for a tool that quotes nothing.
pub(super) fn each_row_of_any_width<C>(
    text: &str,
    to: &mut AddressCollector<'_>,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut row: impl FnMut(&mut C, &Row<'_>, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let table = Table::open(TextReader::of(text)).map_err(|error| Refusal::Unreadable(error.to_string()))?;
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
