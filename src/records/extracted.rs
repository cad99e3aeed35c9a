//! The lines of an extraction, which `extract --for-triage` writes and triage reads. Each line is a JSON object with a version
//! and a type. Its schema is `docs/schema/events.schema.json`.
//!
//! The lines are a set: order, number of files and repeated lines make no difference. Any tool may concatenate, split, sort
//! or merge extractions.
//!
//! ```text
//! {"krbtriage":1,"type":"begin","extraction":"9c1e...","program":"krbtriage 0.1.0"}
//! {"krbtriage":1,"type":"event","computer":"SRV1", ... ,"log":"03f1..."}
//! {"krbtriage":1,"type":"log","log":"03f1...","path":"System.evtx", ... }
//! {"krbtriage":1,"type":"end","extraction":"9c1e..."}
//! ```
//!
//! An extraction with a `begin` line and no `end` line was cut off. The reader knows this only after the last
//! file, because one extraction may be split over several files.

use std::borrow::Cow;
use std::io::Read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::read_errors::ReadErrors;
use super::record::{Content, Datum, Record, RecordOrigin};
use crate::text::decode::TextReader;
use crate::text::lines::Lines;

/// Version of the format. It rises only if an old reader would misread new lines. An additional member does not change it.
pub const VERSION: u32 = 1;

/// Longest line in bytes that is read. An event in XML has at most 1 MiB, and JSON escapes can make it six times as long.
pub const MAX_LINE: usize = 8 << 20;

/// The members that every line has.
#[derive(Deserialize)]
struct LineHead<'a> {
    krbtriage: u32,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

/// An event. `extract --format jsonl` writes the same members.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventLine<'a> {
    #[serde(borrow)]
    pub computer: Cow<'a, str>,
    #[serde(borrow)]
    pub channel: Cow<'a, str>,
    #[serde(borrow)]
    pub provider: Cow<'a, str>,
    pub event_id: u16,
    pub record_id: u64,
    pub time_created: Timestamp,
    #[serde(default)]
    pub version: u8,
    #[serde(default)]
    pub level: u8,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub user_id: Cow<'a, str>,
    #[serde(borrow)]
    pub data: Vec<ValueLine<'a>>,
    pub origin: RecordOrigin,
    /// The log, as 16 hexadecimal digits. The writer appends this member itself, because it knows the log last.
    #[serde(borrow, skip_serializing)]
    log: Cow<'a, str>,
}

/// A value of an event. Its name is `null` if the log has none.
#[derive(Debug, Serialize, Deserialize)]
pub struct ValueLine<'a> {
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub value: Cow<'a, str>,
}

/// The result of extracting one log. The fields have the same names as those of [`crate::scan::FileReport`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogLine {
    /// 16 hexadecimal digits that identify the log in the lines of its events. They are the same in every extraction of the
    /// log.
    pub log: String,
    /// Path on the command line, or the name that `--as` gives it.
    pub path: String,
    pub kind: String,
    pub bytes: u64,
    pub chunks: u64,
    pub bad_checksums: u64,
    pub records: u64,
    pub events: u64,
    /// Lowest record identifier of an .evtx file.
    pub first_record_id: Option<u64>,
    /// Highest record identifier of an .evtx file.
    pub last_record_id: Option<u64>,
    /// When the latest record of the log was written, wanted or not.
    #[serde(default)]
    pub last_written: Option<Timestamp>,
    /// Modification time of the file.
    #[serde(default)]
    pub modified: Option<Timestamp>,
    #[serde(rename = "problems")]
    pub read_errors: Vec<String>,
    pub notes: Vec<String>,
    /// Number of duplicate events in the log. The extraction has each event once.
    pub repeated: u64,
    /// Number of the log's events in the extraction. A file with fewer has lost lines.
    pub written: u64,
}

/// A `begin` line or an `end` line.
#[derive(Debug, Serialize, Deserialize)]
pub struct BoundLine {
    /// 16 hexadecimal digits that identify the extraction. Extracting the same logs again gives the same digits.
    pub extraction: String,
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnreadLine {
    pub path: String,
    pub problem: String,
}

/// The content of one line.
#[derive(Debug, PartialEq, Eq)]
pub enum ExtractLine {
    /// Start of the extraction with this number.
    Begin(u64),
    /// End of the extraction with this number: it is complete.
    End(u64),
    /// A record of the log with this number.
    Event(u64, Record),
    Log(Box<LogLine>),
    Unread(UnreadLine),
}

/// Formats the number of a log or an extraction as hexadecimal digits.
pub fn name_of(number: u64) -> String {
    format!("{number:016x}")
}

/// Parses the digits that [`name_of`] writes.
pub fn number_of(name: &str) -> Option<u64> {
    let digits = name.len() == 16 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u64::from_str_radix(name, 16).ok()).flatten()
}

impl<'a> EventLine<'a> {
    pub fn new(record: &'a Record) -> Self {
        Self {
            computer: record.computer.as_str().into(),
            channel: record.channel.as_str().into(),
            provider: record.provider.as_str().into(),
            event_id: record.event_id,
            record_id: record.record_id,
            time_created: record.time,
            version: record.version,
            level: record.level,
            user_id: record.user_id.as_str().into(),
            data: record.data.iter().map(ValueLine::from).collect(),
            origin: record.origin,
            log: "".into(),
        }
    }
}

impl<'a> From<&'a Datum> for ValueLine<'a> {
    fn from(datum: &'a Datum) -> Self {
        Self { name: datum.name.as_deref().map(Into::into), value: (*datum.value).into() }
    }
}

impl From<EventLine<'_>> for Record {
    fn from(line: EventLine<'_>) -> Self {
        let content = Content {
            provider: (*line.provider).into(),
            event_id: line.event_id,
            version: line.version,
            level: line.level,
            channel: (*line.channel).into(),
            computer: (*line.computer).into(),
            user_id: (*line.user_id).into(),
            data: line
                .data
                .into_iter()
                .map(|d| Datum { name: d.name.as_deref().map(Into::into), value: (*d.value).into() })
                .collect(),
        };
        Self {
            content: content.into(),
            record_id: line.record_id,
            time: line.time_created,
            origin: line.origin,
        }
    }
}

/// Reads all lines of `input` and passes them to `visit`, whose error becomes the read error of the line. A line that cannot
/// be read is reported and skipped.
pub fn read_lines(
    input: impl Read,
    visit: &mut dyn FnMut(ExtractLine) -> Result<(), String>,
    read_errors: &mut ReadErrors,
) {
    let mut lines = Lines::new(TextReader::new(input), MAX_LINE);
    let mut number = 0;
    while let Some(line) = lines.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                return read_errors
                    .add(number + 1, || format!("reading stopped after line {number}: {error}"));
            }
        };
        number = line.number;
        if line.text.trim_ascii().is_empty() {
            continue;
        }
        let done = match line.is_cut {
            true => Err(format!("it is longer than {} MiB", MAX_LINE >> 20)),
            false => parse(line.text),
        };
        if let Err(why) = done.and_then(&mut *visit) {
            read_errors.add(number, || format!("line {number} was skipped: {why}"));
        }
    }
}

fn parse(text: &str) -> Result<ExtractLine, String> {
    let unread =
        |error: serde_json::Error| format!("it is not a line of an extraction, or is damaged: {error}");
    let head: LineHead<'_> = serde_json::from_str(text).map_err(unread)?;
    if head.krbtriage != VERSION {
        return Err(format!(
            "it has version {} and this krbtriage reads version {VERSION}; update krbtriage",
            head.krbtriage
        ));
    }
    let bound = || {
        let line: BoundLine = serde_json::from_str(text).map_err(unread)?;
        number_of(&line.extraction).ok_or("\"extraction\" is not 16 hexadecimal digits".to_owned())
    };
    Ok(match &*head.kind {
        "event" => {
            let event: EventLine<'_> = serde_json::from_str(text).map_err(unread)?;
            let number = number_of(&event.log).ok_or("\"log\" is not 16 hexadecimal digits")?;
            ExtractLine::Event(number, event.into())
        }
        "log" => {
            let line: LogLine = serde_json::from_str(text).map_err(unread)?;
            number_of(&line.log).ok_or("\"log\" is not 16 hexadecimal digits")?;
            ExtractLine::Log(line.into())
        }
        "unread" => ExtractLine::Unread(serde_json::from_str(text).map_err(unread)?),
        "begin" => ExtractLine::Begin(bound()?),
        "end" => ExtractLine::End(bound()?),
        _ => return Err("its type is unknown; update krbtriage".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let content = Content {
            provider: "Kerberos".into(),
            event_id: 4,
            version: 1,
            level: 2,
            channel: "System".into(),
            computer: "SRV1 \u{1b}\"漢".into(),
            user_id: "S-1-5-18".into(),
            data: vec![
                Datum { name: Some("Server".into()), value: "srv1$".into() },
                Datum { name: None, value: "a\nb".into() },
            ],
        };
        Record {
            content: content.into(),
            record_id: u64::MAX,
            time: "2013-10-06T21:13:09.1234567Z".parse().unwrap(),
            origin: RecordOrigin::Slack,
        }
    }

    fn event_line(record: &Record) -> String {
        let json = serde_json::to_string(&EventLine::new(record)).unwrap();
        format!(r#"{{"krbtriage":1,"type":"event","log":"00000000000000ff",{}"#, &json[1..])
    }

    fn all(input: impl Read) -> (Vec<ExtractLine>, Vec<String>) {
        let (mut lines, mut read_errors) = (Vec::new(), ReadErrors::default());
        let mut take = |line| {
            lines.push(line);
            Ok(())
        };
        read_lines(input, &mut take, &mut read_errors);
        (lines, read_errors.into_sentences())
    }

    const LOG: &str = r#"{"krbtriage":1,"type":"log","log":"00000000000000ff","path":"a.evtx","kind":"evtx","bytes":1,
        "chunks":2,"bad_checksums":0,"records":3,"events":4,"first_record_id":null,"last_record_id":null,"problems":["p"],
        "notes":[],"repeated":0,"written":1,"a later member":1}"#;

    fn read(text: &str) -> (Vec<ExtractLine>, Vec<String>) {
        all(text.as_bytes())
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let log = LOG.replace('\n', " ");
        let text = format!("{}\r\n\n{log}", event_line(&record()));
        let (lines, read_errors) = read(&text);
        assert_eq!(read_errors, Vec::<String>::new());
        assert_eq!(lines[0], ExtractLine::Event(255, record()));
        assert!(
            matches!(&lines[1], ExtractLine::Log(line) if line.path == "a.evtx" && line.read_errors == ["p"])
        );
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(all(&utf16[..]), (lines, read_errors));
    }

    #[test]
    fn names_may_be_left_out_where_they_are_null() {
        let line = event_line(&record()).replace(r#""name":null,"#, "");
        assert!(!line.contains("null"));
        assert_eq!(read(&line).0, [ExtractLine::Event(255, record())]);
    }

    #[test]
    fn a_damaged_line_is_named_and_the_next_one_is_read() {
        let good = event_line(&record());
        for (bad, why) in [
            (good[..good.len() - 1].to_owned(), "line 1 was skipped: it is not a line of an extraction"),
            (good.replace("00000000000000ff", "0xff"), "16 hexadecimal digits"),
            (good.replace("00000000000000ff", "+0000000000000ff"), "16 hexadecimal digits"),
            (good.replace("\"krbtriage\":1", "\"krbtriage\":2"), "version 2"),
            (good.replace("\"event\"", "\"evnt\""), "type is unknown"),
            (good.replace("2013-10-06", "2013-13-06"), "line 1"),
            (good.replace(":4,", ":65536,"), "line 1"),
            ("[1]".into(), "line 1"),
            ("[".repeat(100_000), "line 1"),
            ("x".repeat(MAX_LINE + 10), "longer than 8 MiB"),
        ] {
            let (lines, read_errors) = read(&format!("{bad}\n{good}\n"));
            assert_eq!(lines, [ExtractLine::Event(255, record())], "{why}");
            assert!(read_errors.len() == 1 && read_errors[0].contains(why), "{read_errors:?}");
        }
    }

    #[test]
    fn beginning_and_end_name_their_extraction() {
        let bound = |kind: &str, name: &str| {
            format!(r#"{{"krbtriage":1,"type":"{kind}","extraction":"{name}","program":"p"}}"#)
        };
        let name = "00000000000000ff";
        let lines = read(&[bound("begin", name), bound("end", name)].join("\n"));
        assert_eq!(lines, (vec![ExtractLine::Begin(255), ExtractLine::End(255)], vec![]));
        assert!(read(&bound("begin", "255")).1[0].contains("\"extraction\" is not 16 hexadecimal digits"));
        assert!(read(r#"{"krbtriage":1,"type":"end"}"#).1[0].contains("missing field `extraction`"));
    }
}
