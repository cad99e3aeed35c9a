//! Formats an event as a line of CSV or JSON. The end of the line, which has the path of the log, is made separately: events
//! are sorted before the paths are known.

use std::io;

use serde::Serialize;

use crate::records::extracted::ValueLine;
use crate::records::{Record, RecordOrigin};
use crate::report::CsvWriter;
use crate::text::escape::{escape_json, escape_json_cell};

/// Output format of an extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// CSV with a header. The cell `data` has the same JSON as the member `data` of [`Format::JsonLines`].
    #[default]
    Csv,
    /// JSON objects, one per line, with the columns as members. `data` is a list of `{"name": ..., "value": ...}` in the
    /// order of the event. The name is `null` if the value has none.
    JsonLines,
    /// Everything that a triage needs of the logs: [`crate::records::extracted`].
    ForTriage,
}

/// Columns of the CSV and members of the JSON.
pub const COLUMNS: [&str; 10] = [
    "computer",
    "channel",
    "provider",
    "event_id",
    "record_id",
    "time_created",
    "level",
    "data",
    "origin",
    "file",
];

/// The members of a line up to the path of the log.
#[derive(Serialize)]
struct EventFields<'a> {
    computer: &'a str,
    channel: &'a str,
    provider: &'a str,
    event_id: u16,
    record_id: u64,
    time_created: String,
    level: u8,
    data: Vec<ValueLine<'a>>,
    origin: &'static str,
}

/// The last member of a line.
#[derive(Serialize)]
struct PathMember<'a> {
    file: &'a str,
}

/// Formats the line up to the path of the log.
pub(super) fn line_start(record: &Record, format: Format) -> io::Result<Vec<u8>> {
    let line = EventFields {
        computer: &record.computer,
        channel: &record.channel,
        provider: &record.provider,
        event_id: record.event_id,
        record_id: record.record_id,
        time_created: record.time.to_string(),
        level: record.level,
        data: record.data.iter().map(ValueLine::from).collect(),
        origin: match record.origin {
            RecordOrigin::Live => "live",
            RecordOrigin::Slack => "slack",
        },
    };
    match format {
        Format::JsonLines | Format::ForTriage => {
            let mut json = escape_json(&line)?;
            // Drop the closing brace: the path is the last member.
            json.pop();
            json.push(',');
            Ok(json.into_bytes())
        }
        Format::Csv => {
            let data = escape_json_cell(&line.data)?;
            let mut cells = csv_line(&[
                line.computer,
                line.channel,
                line.provider,
                &line.event_id.to_string(),
                &line.record_id.to_string(),
                &line.time_created,
                &line.level.to_string(),
                &data,
                line.origin,
            ])?;
            // Drop the line break: the path is the last cell.
            cells.truncate(cells.len().saturating_sub("\r\n".len()));
            cells.push(b',');
            Ok(cells)
        }
    }
}

/// Formats the end of the line: the path of the log.
pub(super) fn line_end(file: &str, format: Format) -> io::Result<Vec<u8>> {
    match format {
        Format::JsonLines | Format::ForTriage => {
            let mut json = escape_json(&PathMember { file })?;
            json.push('\n');
            Ok(json.split_off(1).into_bytes())
        }
        Format::Csv => csv_line(&[file]),
    }
}

/// Formats the header of the CSV.
pub(super) fn header() -> io::Result<Vec<u8>> {
    csv_line(&COLUMNS)
}

fn csv_line(cells: &[&str]) -> io::Result<Vec<u8>> {
    let mut csv = CsvWriter::new(Vec::new());
    csv.row(cells)?;
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Datum;
    use crate::text::escape::is_dangerous;

    fn record(computer: &str, value: &str) -> Record {
        let record = Record::event_4(computer).with_content(|content| {
            content.provider = "Kerberos".into();
            content.data = vec![
                Datum { name: Some("Server".into()), value: value.into() },
                Datum { name: None, value: "".into() },
            ];
        });
        Record { time: "2013-10-06T21:13:09.5Z".parse().unwrap(), ..record }
    }

    fn line(record: &Record, file: &str, format: Format) -> String {
        String::from_utf8([line_start(record, format).unwrap(), line_end(file, format).unwrap()].concat())
            .unwrap()
    }

    #[test]
    fn the_whole_contract_of_both_formats() {
        assert_eq!(
            String::from_utf8(header().unwrap()).unwrap(),
            "computer,channel,provider,event_id,record_id,time_created,level,data,origin,file\r\n"
        );
        let record = record("SRV1", "srv1$");
        assert_eq!(
            line(&record, "a, b.evtx", Format::Csv),
            "SRV1,System,Kerberos,4,7,2013-10-06T21:13:09.5Z,2,\
             \"[{\"\"name\"\":\"\"Server\"\",\"\"value\"\":\"\"srv1$\"\"},{\"\"name\"\":null,\"\"value\"\":\"\"\"\"}]\",\
             live,\"a, b.evtx\"\r\n"
        );
        assert_eq!(
            line(&record, "a\\b.evtx", Format::JsonLines),
            "{\"computer\":\"SRV1\",\"channel\":\"System\",\"provider\":\"Kerberos\",\"event_id\":4,\
             \"record_id\":7,\"time_created\":\"2013-10-06T21:13:09.5Z\",\"level\":2,\
             \"data\":[{\"name\":\"Server\",\"value\":\"srv1$\"},{\"name\":null,\"value\":\"\"}],\
             \"origin\":\"live\",\"file\":\"a\\\\b.evtx\"}\n"
        );
    }

    #[test]
    fn no_cell_is_executed_by_a_spreadsheet() {
        for start in ["=", "+", "-", "@", "\t=", "\r="] {
            let hostile = format!("{start}cmd|' /C calc'!A0");
            let text = line(&record(&hostile, &hostile), &hostile, Format::Csv);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let cells = reader.records().next().unwrap().unwrap();
            assert_eq!(cells.len(), COLUMNS.len());
            for cell in &cells {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            }
        }
    }

    #[test]
    fn nothing_drives_the_terminal_and_json_keeps_every_character() {
        let hostile = "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\r\n\t\u{feff}é漢🔑\"\\";
        for format in [Format::Csv, Format::JsonLines] {
            let text = line(&record(hostile, hostile), hostile, format);
            assert!(!text.trim_end_matches(['\r', '\n']).chars().any(is_dangerous), "{text:?}");
        }
        let text = line(&record(hostile, hostile), hostile, Format::JsonLines);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["computer"], hostile);
        assert_eq!(json["data"][0]["value"], hostile);
        assert_eq!(json["file"], hostile);
    }
}
