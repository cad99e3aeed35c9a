//! The rows of a table of accounts.

use super::collector::{AccountCollector, CUT_OFF};
use super::format::{ReadError, Text};
use crate::text::delimited::{Header, Row, RowWidth, Table, TableError};

/// Reads a table row by row. `columns` finds the columns of interest.
pub(super) fn each_row<C>(
    text: Text<'_>,
    to: &mut AccountCollector,
    columns: impl FnOnce(&Header) -> C,
    mut row: impl FnMut(&C, &Row<'_>, &mut AccountCollector) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Some(mut table) = Table::open(text)? else { return Ok(()) };
    let columns_of_interest = columns(table.header());
    let mut width = RowWidth::new(table.header());
    while let Some(next) = table.next_row() {
        match next {
            Ok(cut) if !cut.is_ended && cut.width() < width.columns => to.lost(cut.line, CUT_OFF),
            Ok(shifted) if width.is_exceeded_by(&shifted) => to.lost(shifted.line, width.problem(&shifted)),
            Ok(whole) => row(&columns_of_interest, &whole, to)?,
            Err(TableError::Io(error)) => return Err(error.into()),
            Err(error) => to.lost(0, error),
        }
    }
    Ok(())
}
