//! Tables with an object of the directory in each row, and an attribute in each column.

use std::fs::File;

use super::ReadError;
use super::collect::{Attribute, Collector, Entry, Problem};
use super::rows::{Rows, read_rows};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Header, Row};

/// How a format writes the values of an attribute into a cell.
pub(super) trait ObjectCells: Default + Send {
    fn cell(
        &mut self,
        attribute: Attribute,
        cell: &str,
        entry: &mut Entry,
        to: &mut Collector,
    ) -> Result<(), ReadError>;

    /// Takes over what another found in the rows behind; what is to be told of them.
    fn join(&mut self, _next: Self) -> Option<Problem> {
        None
    }
}

/// Reads such a table in blocks of `size` bytes. `command` exports one with the SPNs in it.
pub(super) fn read_object_rows<C: ObjectCells>(
    text: &mut TextStream<File>,
    size: usize,
    to: &mut Collector,
    command: &str,
) -> Result<(), ReadError> {
    if read_rows::<Objects<C>>(text, size, to)?.without_spns {
        to.lost(0, format!("the export has no column servicePrincipalName; export it with: {command}"));
    }
    Ok(())
}

/// The columns that hold attributes of directory objects.
pub(super) fn attribute_columns(header: &Header) -> Vec<(usize, Attribute)> {
    let columns = header.columns().iter().enumerate();
    columns.filter_map(|(i, key)| Some((i, Attribute::of_column(key)?))).collect()
}

#[derive(Default)]
struct Objects<C> {
    cells: C,
    /// There are rows, and none has a column for its SPNs.
    without_spns: bool,
}

impl<C: ObjectCells> Rows for Objects<C> {
    type Columns = Vec<(usize, Attribute)>;

    fn columns(header: &Header) -> Self::Columns {
        attribute_columns(header)
    }

    fn row(&mut self, columns: &Self::Columns, row: &Row, to: &mut Collector) -> Result<(), ReadError> {
        let mut entry = Entry::new(row.line, to);
        self.without_spns = true;
        for (column, attribute) in columns {
            self.without_spns &= *attribute != Attribute::ServicePrincipalName;
            self.cells.cell(*attribute, row.get(Some(*column)), &mut entry, to)?;
        }
        entry.finish(to);
        Ok(())
    }

    fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector) {
        self.without_spns |= next.without_spns;
        to.append(part, self.cells.join(next.cells).into_iter().collect());
    }
}
