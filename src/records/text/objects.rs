//! Reads events as objects: JSON, rows of a CSV file, property lists, and CLIXML of PowerShell.

use std::io::Read;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, MapAccess};
use serde_json::Value;

use super::converter::EventConverter;
use super::flat_event::MODIFIED_ERROR;
use super::flatten::{Object, events_of_document, flatten_object, flatten_pairs};
use crate::text::clixml;
use crate::text::decode::TextReader;
use crate::text::delimited::{Table, TableError};
use crate::text::json::{ObjectVisitor, each_object};
use crate::text::property_list::{DROPPED_MESSAGE, each_list};

/// Longest CLIXML file in bytes. It is read as a whole, because its objects refer to each other.
const MAX_CLIXML: usize = 512 << 20;

/// Reads the events of a JSON text.
pub(super) fn read_json(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    if let Err(error) = each_object(text, converter) {
        converter.report_io_error(0, &error);
    }
}

impl ObjectVisitor for EventConverter<'_> {
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, mut map: A, line: u64) -> Result<(), A::Error> {
        let mut object = Object::new();
        let value = map.next_value::<Value>()?;
        object.insert(first.to_owned(), value);
        object.extend(Object::deserialize(MapAccessDeserializer::new(map))?);
        convert_object(&object, line, self);
        Ok(())
    }

    fn error(&mut self, line: u64, what: String, is_cut_off: bool) {
        let end = if is_cut_off { "; the file ends within an object: export it again" } else { "" };
        self.read_errors.add(line, || format!("line {line} is not valid JSON: {what}{end}"));
    }
}

/// Converts a table of the Log Analytics API, which has `columns` with names and `rows` of values, to objects.
fn rows_of_table(table: &Object) -> impl Iterator<Item = Object> {
    let list = |name: &str| table.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> =
        list("columns").iter().map(|column| column["name"].as_str().unwrap_or_default()).collect();
    list("rows").iter().filter_map(Value::as_array).map(move |row| {
        names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    })
}

/// Converts an object, or the events in a document that lists them.
fn convert_object(object: &Object, line: u64, converter: &mut EventConverter<'_>) {
    if let Some(tables) = object.get("tables").and_then(Value::as_array) {
        let rows = tables.iter().filter_map(Value::as_object).flat_map(rows_of_table);
        return rows.for_each(|row| converter.convert_content(flatten_object(&row), line));
    }
    match events_of_document(object) {
        Some(events) => events
            .iter()
            .filter_map(Value::as_object)
            .for_each(|event| convert_object(event, line, converter)),
        None => converter.convert_content(flatten_object(object), line),
    }
}

/// Reads the rows of a CSV file as events.
pub(super) fn read_csv(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let mut table = match Table::open(text) {
        Ok(Some(table)) => table,
        Ok(None) => return,
        Err(error) => return converter.report_io_error(0, &error),
    };
    let columns = table.header().columns().to_vec();
    while let Some(row) = table.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(TableError::Io(error)) => return converter.report_io_error(0, &error),
            Err(error) => {
                converter.read_errors.add(u64::MAX, || error.to_string());
                continue;
            }
        };
        let cells = columns.iter().enumerate().map(|(at, name)| (name.as_str(), row.get(Some(at))));
        // Event Viewer writes no name for the column of the description.
        let more = (columns.len()..row.width())
            .map(|at| ("message", row.get(Some(at))))
            .filter(|(_, cell)| !cell.is_empty());
        let pairs: Vec<(&str, &str)> = cells.chain(more).filter(|(_, cell)| !cell.is_empty()).collect();
        if pairs.iter().any(|(_, cell)| cell.contains(MODIFIED_ERROR) && cell.ends_with("...")) {
            converter.report_skipped(
                row.line,
                "its text is cut off with ...; export it with Export-Csv instead of Format-Table or Out-File",
            );
            continue;
        }
        converter.convert_content(flatten_pairs(pairs), row.line);
    }
}

/// Reads property lists as events. A list that is not an event is skipped.
pub(super) fn read_lists(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let result = each_list(text, |list, line| {
        let pairs = list.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        converter.convert_content(flatten_pairs(pairs), line);
    });
    match result {
        Ok(None) => {}
        Ok(Some(line)) => converter.report_skipped(line, DROPPED_MESSAGE),
        Err(error) => converter.report_io_error(0, &error),
    }
}

/// Reads the events of `Export-Clixml`.
pub(super) fn read_clixml(mut text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let mut xml = String::new();
    loop {
        match text.append_to(&mut xml) {
            Ok(true) if xml.len() <= MAX_CLIXML => {}
            Ok(true) => {
                return converter.read_errors.add(0, || {
                    format!("it is longer than {} MiB; export the log with wevtutil epl", MAX_CLIXML >> 20)
                });
            }
            Ok(false) => break,
            Err(error) => return converter.report_io_error(0, &error),
        }
    }
    match clixml::objects(&xml) {
        Ok(list) => list.iter().for_each(|object| convert_object(object, 0, converter)),
        Err(what) => {
            converter.read_errors.add(0, || format!("it is not valid CLIXML: {what}; export it again"))
        }
    }
}
