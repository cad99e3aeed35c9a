//! Objects of JSON, rows of a CSV and lists of properties: each is an event of some tool.

use std::io::Read;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, MapAccess};
use serde_json::Value;

use super::flat::{self, Found, MODIFIED, Object};
use super::reader::Reader;
use crate::text::decode::TextReader;
use crate::text::delimited::{Table, TableError};
use crate::text::json::{ObjectVisitor, each_object};
use crate::text::property_list::{DROPPED_MESSAGE, each_list};

pub(super) fn read_json(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    if let Err(error) = each_object(text, &mut Objects { reader }) {
        reader.stopped(0, &error);
    }
}

/// Hands objects to the reader.
struct Objects<'r, 'a> {
    reader: &'r mut Reader<'a>,
}

impl ObjectVisitor for Objects<'_, '_> {
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, mut map: A, line: u64) -> Result<(), A::Error> {
        let mut object = Object::new();
        let value = map.next_value::<Value>()?;
        object.insert(first.to_owned(), value);
        object.extend(Object::deserialize(MapAccessDeserializer::new(map))?);
        take_object(&object, line, self.reader);
        Ok(())
    }

    fn error(&mut self, line: u64, what: String, is_cut_off: bool) {
        let end = if is_cut_off { "; the file ends within an object: export it again" } else { "" };
        self.reader.read_errors.add(line, || format!("line {line} is not valid JSON: {what}{end}"));
    }
}

/// The rows of a table as the API of Log Analytics returns it: `columns` with names, and `rows` of values.
fn rows_of_table(table: &Object) -> impl Iterator<Item = Object> {
    let list = |name: &str| table.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> =
        list("columns").iter().map(|column| column["name"].as_str().unwrap_or_default()).collect();
    list("rows").iter().filter_map(Value::as_array).map(move |row| {
        names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    })
}

/// Takes an object, or the events of a document that wraps a list of them.
pub(super) fn take_object(object: &Object, line: u64, reader: &mut Reader<'_>) {
    if let Some(tables) = object.get("tables").and_then(Value::as_array) {
        let rows = tables.iter().filter_map(Value::as_object).flat_map(rows_of_table);
        return rows.for_each(|row| reader.take_found(flat::read_object(&row), line));
    }
    match flat::inner_lists(object) {
        Some(list) => {
            list.iter().filter_map(Value::as_object).for_each(|inner| take_object(inner, line, reader))
        }
        None => reader.take_found(flat::read_object(object), line),
    }
}

pub(super) fn read_csv(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let mut table = match Table::open(text) {
        Ok(Some(table)) => table,
        Ok(None) => return,
        Err(error) => return reader.stopped(0, &error),
    };
    let columns = table.header().columns().to_vec();
    while let Some(row) = table.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(TableError::Io(error)) => return reader.stopped(0, &error),
            Err(error) => {
                reader.read_errors.add(u64::MAX, || error.to_string());
                continue;
            }
        };
        let cells = columns.iter().enumerate().map(|(at, name)| (name.as_str(), row.get(Some(at))));
        // Event Viewer gives the description no column name.
        let more = (columns.len()..row.width())
            .map(|at| ("message", row.get(Some(at))))
            .filter(|(_, cell)| !cell.is_empty());
        let pairs: Vec<(&str, &str)> = cells.chain(more).filter(|(_, cell)| !cell.is_empty()).collect();
        if pairs.iter().any(|(_, cell)| cell.contains(MODIFIED) && cell.ends_with("...")) {
            reader.skip(
                row.line,
                "its text is cut off with ...; export it with Export-Csv instead of Format-Table or Out-File",
            );
            continue;
        }
        reader.take_found(flat::read_pairs(pairs), row.line);
    }
}

pub(super) fn read_lists(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let result = each_list(text, |list, line| {
        let found = flat::read_pairs(list.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if matches!(found, Found::Event(_) | Found::Record(_)) {
            reader.take_found(found, line);
        }
    });
    match result {
        Ok(None) => {}
        Ok(Some(line)) => reader.skip(line, DROPPED_MESSAGE),
        Err(error) => reader.stopped(0, &error),
    }
}
