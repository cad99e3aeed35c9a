//! One event of any tool, as names with values: an object of JSON or CLIXML, a row of a CSV, a list of properties.
//!
//! The tools differ in the names of the fields and in how deep these are nested. [`FIELDS`] has the names; a field is found
//! by the end of its path, so that `winlog.event_id`, `_source.winlog.event_id` and `event_id` are one.

use serde_json::{Map, Value};

use crate::records::xml::parse_event;
use crate::records::{Datum, Record};
use crate::text::decode::TextReader;
use crate::text::json::repeated_name;
use crate::text::property_list::each_list;

pub(super) type Object = Map<String, Value>;

/// Most bytes kept of a line. The longest description of a Kerberos event has fewer than 1,500 characters.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// The error name in the text of event 4, the same in every language.
pub(super) const MODIFIED: &str = "KRB_AP_ERR_MODIFIED";

/// The provider of event 4 since Vista.
pub(super) const KERBEROS: &str = "Microsoft-Windows-Security-Kerberos";

/// Deepest nesting that is looked at.
const MAX_DEPTH: usize = 24;

/// Values kept of one event.
const MAX_VALUES: usize = 4096;

/// An event as names with values.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct FlatEvent {
    pub provider: String,
    pub event_id: String,
    pub record_id: String,
    pub time: String,
    /// The name of the field says that it is UTC.
    pub is_utc: bool,
    pub channel: String,
    pub computer: String,
    pub level: String,
    pub user_id: String,
    /// The text of the event.
    pub message: String,
    pub data: Vec<Datum>,
}

/// The content of a tool's object.
#[derive(Debug)]
pub(super) enum Found {
    Event(Box<FlatEvent>),
    /// It holds the event's XML; `Err` says what is wrong with that.
    Record(Result<Record, String>),
    /// Nothing that looks like an event.
    Nothing,
}

/// The names of the fields, the most reliable first: of `winlog.event_id` and `event.code` the first counts. Written as
/// [`normal`] makes them. A name that begins with `.` is that of the whole path.
struct Names {
    provider: &'static [&'static str],
    event_id: &'static [&'static str],
    record_id: &'static [&'static str],
    time: &'static [&'static str],
    channel: &'static [&'static str],
    computer: &'static [&'static str],
    level: &'static [&'static str],
    user_id: &'static [&'static str],
    message: &'static [&'static str],
}

const FIELDS: Names = Names {
    provider: &[
        "winlog.providername",
        "system.provider.name",
        "system.providerattributes.name",
        "providername",
        "provider.name",
        "sourcename",
        "eventsource",
        "eventsourcename",
        "source",
        "provider",
        "event.provider",
    ],
    event_id: &[
        "winlog.eventid",
        "system.eventid",
        "system.eventid.value",
        "system.eventid.text",
        "eventid",
        "event.code",
        "eventcode",
        "eventidentifier",
        "instanceid",
        ".id",
    ],
    record_id: &["eventrecordid", "recordid", "recordnumber", ".index"],
    time: &[
        "timecreated.systemtime",
        "timecreatedattributes.systemtime",
        "systemtime",
        "timegeneratedutc",
        "timecreatedutc",
        "eventtime",
        "timecreated.value",
        "timecreated",
        "timegenerated.value",
        "timegenerated",
        "dateandtime",
        "datetime",
        "eventcreatedtime",
        "timewritten",
        "timestamp",
        "date",
        "time",
    ],
    channel: &["winlog.channel", "system.channel", "channel", "logname", "logfile", "eventlog", "log"],
    computer: &[
        "winlog.computername",
        "system.computer",
        "computer",
        "computername",
        "machinename",
        "hostname",
        "host.name",
        "dvchost",
        "host",
    ],
    level: &[
        "leveldisplayname",
        "entrytype",
        "eventtypename",
        "eventlevelname",
        "level",
        "eventtype",
        "severity",
        "type",
    ],
    user_id: &["security.userid", "securityattributes.userid", "user.identifier", "userid"],
    message: &[
        "renderinginfo.message",
        "message",
        "rendereddescription",
        "fullmessage",
        "description",
        "eventstring",
    ],
};

/// Objects whose members are the values of the event.
const CONTAINERS: [&str; 3] = ["eventdata", "userdata", "eventxml"];

/// Members that hold the values in the order of the message: `%1`, `%2`..
const STRINGS: [&str; 6] =
    ["replacementstrings", "insertionstrings", "strings", "properties", "parameterxml", "eventstrings"];

/// Values of event 4 and event 3 that tools write next to the other fields.
const VALUES: [&str; 12] = [
    "server",
    "targetrealm",
    "targetname",
    "clientrealm",
    "errorcode",
    "serverrealm",
    "servername",
    "clientname",
    "logonsession",
    "clienttime",
    "servertime",
    "errormessage",
];

/// Reads an object.
pub(super) fn read_object(object: &Object) -> Found {
    let mut flat = Flat::default();
    for (name, value) in object {
        flat.add(&normal(name), value, 0);
    }
    flat.finish()
}

/// Reads text of `Name=value` lines.
pub(super) fn read_pairs<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Found {
    let mut flat = Flat::default();
    for (name, value) in pairs {
        flat.add(&normal(name), &Value::String(value.to_owned()), 0);
    }
    flat.finish()
}

/// Documents that hold many events in a list: of Elasticsearch, Splunk, Microsoft Graph and Velociraptor.
pub(super) fn inner_lists(object: &Object) -> Option<&Vec<Value>> {
    let of = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).map(|_| ());
    if let Some(hits) = object.get("hits")
        && of(hits, "hits").is_some()
    {
        return hits.get("hits")?.as_array();
    }
    let lists = ["results", "events", "Events", "records", "Records", "items"];
    lists
        .iter()
        .find_map(|name| object.get(*name)?.as_array())
        .filter(|list| list.iter().any(Value::is_object))
}

/// A name in its form for comparison: letters and digits in lower case, and the dots between members.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase).collect()
}

#[derive(Default)]
struct Flat {
    /// Paths and their values.
    fields: Vec<(String, String)>,
    data: Vec<Datum>,
    strings: Vec<Datum>,
    /// Values that the export has in columns of their own.
    named_values: Vec<Datum>,
    record: Option<Result<Record, String>>,
    /// Why the event is not complete.
    refused: Option<String>,
}

impl Flat {
    fn add(&mut self, path: &str, value: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.fields.len() + self.data.len() > MAX_VALUES {
            return self.refuse_excess();
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        if CONTAINERS.contains(&last) && !value.is_null() {
            return self.values(None, value, depth + 1);
        }
        if STRINGS.contains(&last) {
            return self.positional(value);
        }
        if last == "data" && is_list_of_values(value) {
            return self.values(None, value, depth + 1);
        }
        match value {
            Value::Object(object) => {
                for (name, inner) in object {
                    let name = normal(name);
                    // The text of an element, and its attributes.
                    let path = match name.as_str() {
                        "text" | "attributes" => path.to_owned(),
                        _ => format!("{path}.{name}"),
                    };
                    self.add(&path, inner, depth + 1);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.add(path, inner, depth + 1)),
            Value::Null => {}
            Value::String(text) => self.text(path, text, depth),
            Value::Bool(_) | Value::Number(_) => self.fields.push((path.to_owned(), value.to_string())),
        }
    }

    fn text(&mut self, path: &str, text: &str, depth: usize) {
        let start = text.trim_start();
        if is_event_xml(start) {
            let read = parse_event(start).map_err(|error| error.to_string());
            if self.record.as_ref().is_none_or(Result::is_err) {
                self.record = Some(read);
            }
            return;
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        if start.starts_with('{')
            && matches!(last, "payload" | "raw" | "event" | "original")
            && let Some(Value::Object(object)) = self.inner_json(start)
        {
            for (name, inner) in &object {
                self.add(&normal(name), inner, depth + 1);
            }
            return;
        }
        if last == "raw" || start.contains("\nLogName=") || start.contains("\nEventCode=") {
            // What the forwarder of Splunk writes: the time, then `LogName=System` and so on.
            let mut pairs = Vec::new();
            let _ = each_list(TextReader::from_text(start), |list, _| pairs.extend(list.iter().cloned()));
            if pairs.iter().any(|(name, _)| name == "EventCode") {
                for (name, value) in &pairs {
                    self.add(&normal(name), &Value::String(value.clone()), depth + 1);
                }
                if let Some(first) = start.lines().next() {
                    self.fields.push(("time".to_owned(), first.trim().to_owned()));
                }
                return;
            }
        }
        if VALUES.contains(&path) {
            self.named_values.push(Datum { name: Some(path.into()), value: text.into() });
            return;
        }
        self.fields.push((path.to_owned(), text.to_owned()));
    }

    fn refuse_excess(&mut self) {
        self.refused.get_or_insert_with(|| {
            format!("it has more than {MAX_VALUES} values, or they are nested more than {MAX_DEPTH} deep")
        });
    }

    /// JSON in a text.
    fn inner_json(&mut self, text: &str) -> Option<Value> {
        let value = serde_json::from_str(text).ok()?;
        self.refused = self.refused.take().or_else(|| repeated_name(text));
        Some(value)
    }

    /// Takes the values of `EventData`.
    fn values(&mut self, name: Option<&str>, value: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.data.len() > MAX_VALUES {
            return self.refuse_excess();
        }
        let name = name.filter(|name| !is_positional(name));
        match value {
            Value::Object(object) => {
                let get = |key: &str| object.get(key).and_then(Value::as_str);
                if let Some(name) = ["@Name", "Name", "#name", "name"].into_iter().find_map(get) {
                    let text =
                        ["#text", "Value", "text", "value"].into_iter().find_map(|key| object.get(key));
                    return self.values(Some(name), text.unwrap_or(&Value::Null), depth + 1);
                }
                for (inner_name, inner) in object {
                    let inner_name = match inner_name.as_str() {
                        "#attributes" | "xmlns" | "@xmlns" => continue,
                        "#text" | "Data" | "EventXML" | "EventXml" => name,
                        other => Some(other),
                    };
                    self.values(inner_name, inner, depth + 1);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.values(name, inner, depth + 1)),
            Value::String(text) if text.trim_start().starts_with('<') => self.data_xml(text),
            Value::String(text) if text.trim_start().starts_with(['{', '[']) && name.is_none() => {
                if let Some(inner) = self.inner_json(text) {
                    self.values(None, &inner, depth + 1);
                }
            }
            Value::String(text) => self.data.push(datum(name, text)),
            Value::Null => self.data.push(datum(name, "")),
            Value::Bool(_) | Value::Number(_) => self.data.push(datum(name, &value.to_string())),
        }
    }

    /// `<EventData>` alone, as Log Analytics has it in a column.
    fn data_xml(&mut self, text: &str) {
        let inner = match (text.find("<EventData"), text.find("<Param>")) {
            (Some(at), _) => text.get(at..).and_then(|rest| {
                let end = rest.find("</EventData>")?;
                rest.get(..end + "</EventData>".len()).map(str::to_owned)
            }),
            (None, Some(_)) => Some(format!(
                "<EventData>{}</EventData>",
                text.replace("<Param>", "<Data>").replace("</Param>", "</Data>")
            )),
            (None, None) => None,
        };
        let Some(inner) = inner else { return };
        let event = format!(
            "<Event><System><EventID>0</EventID><TimeCreated SystemTime='1970-01-01T00:00:00Z'/></System>{inner}</Event>"
        );
        if let Ok(record) = parse_event(&event) {
            self.data.extend(record.data.iter().cloned());
        }
    }

    fn positional(&mut self, value: &Value) {
        match value {
            Value::Array(list) => {
                if list.len() > MAX_VALUES {
                    self.refuse_excess();
                }
                for item in list.iter().take(MAX_VALUES) {
                    let item = match item {
                        Value::Object(object) => object.get("Value").unwrap_or(&Value::Null),
                        other => other,
                    };
                    let text = item.as_str().map_or_else(|| scalar(item), str::to_owned);
                    self.strings.push(datum(None, &text));
                }
            }
            Value::Object(object) => {
                if let Some(list) = object.get("value").or_else(|| object.get("Value")) {
                    self.positional(list);
                }
            }
            Value::String(text) if text.trim_start().starts_with('<') => self.data_xml(text),
            Value::String(text) => {
                let text = text.trim();
                if text.starts_with("System.") || text.contains("EventProperty") || text.ends_with("...}") {
                    return;
                }
                // What follows the brace is another text.
                let (text, separator) = match text.strip_prefix('{').and_then(|t| t.rsplit_once('}')) {
                    Some((inner, _)) => (inner, ", "),
                    None => (text, "|"),
                };
                if !text.is_empty() {
                    self.strings.extend(text.split(separator).take(MAX_VALUES).map(|t| datum(None, t)));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn get(&self, names: &[&str]) -> &str {
        self.find(names).map_or("", |(_, value)| value)
    }

    /// The first of the fields, and its path.
    fn find(&self, names: &[&str]) -> Option<(&str, &str)> {
        names.iter().find_map(|name| {
            let is_it = |path: &str| match name.strip_prefix('.') {
                Some(whole) => path == whole,
                None => path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            };
            let found = self.fields.iter().find(|(path, value)| is_it(path) && !value.trim().is_empty())?;
            Some((found.0.as_str(), found.1.trim()))
        })
    }

    fn finish(self) -> Found {
        if let Some(why) = self.refused {
            return Found::Record(Err(why));
        }
        if let Some(record) = self.record {
            return Found::Record(record);
        }
        let event_id = self.get(FIELDS.event_id);
        let message = self.get(FIELDS.message);
        // The forwarder of Splunk has the channel as `source`.
        let is_provider = |provider: &&str| !provider.contains("WinEventLog:");
        let provider = self.get(FIELDS.provider);
        let provider = Some(provider).filter(is_provider).unwrap_or_default();
        let channel = self.get(FIELDS.channel);
        let is_event = !event_id.is_empty()
            && (![provider, message, channel].iter().all(|text| text.is_empty())
                || !self.data.is_empty()
                || !self.strings.is_empty());
        if !is_event {
            return Found::Nothing;
        }
        let (path, time) = self.find(FIELDS.time).unwrap_or_default();
        // A date and the time of day in two columns.
        let time = match path.rsplit('.').next() {
            Some("date") => format!("{time} {}", self.get(&["time"])),
            _ => time.to_owned(),
        };
        let data = [&self.data, &self.strings, &self.named_values].into_iter().find(|data| !data.is_empty());
        Found::Event(Box::new(FlatEvent {
            provider: provider.to_owned(),
            event_id: event_id.to_owned(),
            record_id: self.get(FIELDS.record_id).to_owned(),
            is_utc: path.ends_with("utc"),
            time: time.trim().to_owned(),
            channel: channel.to_owned(),
            computer: self.get(FIELDS.computer).to_owned(),
            level: self.get(FIELDS.level).to_owned(),
            user_id: Some(self.get(FIELDS.user_id))
                .filter(|id| id.starts_with("S-1-"))
                .unwrap_or_default()
                .to_owned(),
            message: message.to_owned(),
            data: data.cloned().unwrap_or_default(),
        }))
    }
}

/// `[{"name":"Server","value":"srv1$"}]`, as `extract` writes them; in a CSV as text.
fn is_list_of_values(value: &Value) -> bool {
    match value {
        Value::Array(list) => !list.is_empty() && list.iter().all(|item| item.get("value").is_some()),
        Value::String(text) => text.starts_with("[{") || text.starts_with("{\""),
        _ => false,
    }
}

fn datum(name: Option<&str>, value: &str) -> Datum {
    Datum { name: name.map(Into::into), value: value.into() }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => String::new(),
    }
}

/// `param1`, `Data_0`: a tool's name for a value without one.
fn is_positional(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let digits = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.trim_start_matches('_').bytes().all(|b| b.is_ascii_digit()))
    };
    digits("param") || digits("data") || digits("string")
}

/// Does a value begin with an event's XML?
fn is_event_xml(text: &str) -> bool {
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.find("?>").and_then(|end| rest.get(end + 2..)).unwrap_or_default().trim_start(),
        None => text,
    };
    text.strip_prefix("<Event").is_some_and(|rest| rest.starts_with([' ', '>', '\n', '\r', '\t']))
}

#[cfg(test)]
mod tests;
