//! The event that a reader found, in one form for all readers.

use quick_xml::Reader;
use quick_xml::events::Event as Xml;

use crate::support::evtx::{Event, Payload, Value, filetime};

#[derive(Debug, PartialEq, Eq, Default)]
pub struct ReadEvent {
    pub provider: String,
    pub event_id: String,
    pub record_id: String,
    /// FILETIME.
    pub time: u64,
    pub channel: String,
    pub computer: String,
    pub data: Vec<(Option<String>, String)>,
}

/// The result that a reader must give for `event`.
pub fn expected(event: &Event, record_id: u64) -> ReadEvent {
    let named = |values: &[(String, Value)]| -> Vec<(Option<String>, String)> {
        values.iter().map(|(name, value)| (Some(name.clone()), canonical(&value.text()))).collect()
    };
    let (mut data, binary) = match &event.payload {
        Payload::None => (Vec::new(), None),
        Payload::Named { values, binary } => (named(values), binary.clone()),
        Payload::Strings { strings, binary } => {
            (strings.iter().map(|s| (None, canonical(s))).collect(), binary.clone())
        }
        Payload::UserData { values, .. } => (named(values), None),
    };
    // Some readers leave out an empty Binary, so it is left out everywhere.
    if let Some(bytes) = binary.filter(|b| !b.is_empty()) {
        data.push((Some("Binary".into()), canonical(&Value::Binary(bytes).text())));
    }
    ReadEvent {
        provider: event.provider.name.clone(),
        event_id: event.event_id.to_string(),
        record_id: record_id.to_string(),
        time: event.time,
        channel: event.channel.clone(),
        computer: event.computer.clone(),
        data,
    }
}

/// Gives a value one spelling, because readers write `False`, GUIDs and `0x00000000` in different ways.
fn canonical(text: &str) -> String {
    if let Some(number) = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        return format!("{number:#x}");
    }
    if text.len() == 38 && text.starts_with('{') || text == "True" || text == "False" {
        return text.to_ascii_lowercase();
    }
    text.to_owned()
}

fn keep(read: &mut ReadEvent, name: Option<String>, value: &str) {
    if name.as_deref() != Some("Binary") || !value.is_empty() {
        read.data.push((name, canonical(value)));
    }
}

/// Reads the XML of an event.
pub fn from_xml(xml: &str) -> ReadEvent {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut read = ReadEvent::default();
    let mut path: Vec<String> = Vec::new();
    let mut name = None;
    let mut text = String::new();
    loop {
        match reader.read_event().unwrap_or_else(|e| panic!("{e}: {xml}")) {
            Xml::Start(element) => {
                path.push(element.local_name().as_ref().to_owned());
                text.clear();
                name = None;
                for attribute in element.attributes() {
                    let attribute = attribute.expect("an attribute");
                    let value =
                        attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).expect("a value");
                    match (path.last().map(String::as_str), attribute.key.as_ref()) {
                        (Some("Provider"), "Name") => read.provider = value.into_owned(),
                        (Some("TimeCreated"), "SystemTime") => read.time = filetime(&value),
                        (Some("Data"), "Name") => name = Some(value.into_owned()),
                        _ => {}
                    }
                }
            }
            Xml::Text(part) => text.push_str(&part),
            Xml::GeneralRef(reference) => {
                let entity = reference.as_ref();
                match reference.resolve_char_ref().expect("a character") {
                    Some(character) => text.push(character),
                    None => {
                        text.push_str(quick_xml::escape::resolve_predefined_entity(entity).expect("known"))
                    }
                }
            }
            Xml::End(_) => {
                let steps: Vec<&str> = path.iter().map(String::as_str).collect();
                match steps[..] {
                    ["Event", "System", "EventID"] => read.event_id = std::mem::take(&mut text),
                    ["Event", "System", "EventRecordID"] => read.record_id = std::mem::take(&mut text),
                    ["Event", "System", "Channel"] => read.channel = std::mem::take(&mut text),
                    ["Event", "System", "Computer"] => read.computer = std::mem::take(&mut text),
                    ["Event", "EventData", "Data"] => keep(&mut read, name.take(), &text),
                    ["Event", "EventData", "Binary"] | ["Event", "UserData", _, _] => {
                        let field = steps.last().map(|s| (*s).to_owned());
                        keep(&mut read, field, &text);
                    }
                    _ => {}
                }
                text.clear();
                path.pop();
            }
            Xml::Eof => return read,
            _ => {}
        }
    }
}

/// Reads a line of `python_evtx.py`.
pub fn from_json(line: &str) -> ReadEvent {
    let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let text = |key: &str| record[key].as_str().expect("text").to_owned();
    let mut read = ReadEvent {
        provider: text("provider"),
        event_id: text("event_id"),
        record_id: text("record_id"),
        time: filetime(&text("time").replace(' ', "T")),
        channel: text("channel"),
        computer: text("computer"),
        data: Vec::new(),
    };
    for pair in record["data"].as_array().expect("an array") {
        keep(&mut read, pair[0].as_str().map(str::to_owned), pair[1].as_str().expect("text"));
    }
    read
}
