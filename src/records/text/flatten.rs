//! Flattens an object of any tool to an event: a JSON or CLIXML object, a row of a CSV file, or a property list.
//!
//! Tools differ in the names of the fields and in how deep they nest them. [`field_names`] has the names.

use serde_json::{Map, Value};

use super::field_names;
use super::flat_event::{FlatEvent, ObjectContent};
use crate::records::xml::parse_event;
use crate::records::{Datum, Record};
use crate::text::decode::TextReader;
use crate::text::json::repeated_name;
use crate::text::property_list::each_list;

/// An object of JSON, or of another form that is converted to it.
pub(super) type Object = Map<String, Value>;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 24;

/// Maximum number of values read of one event.
const MAX_VALUES: usize = 4096;

/// Flattens an object.
pub(super) fn flatten_object(object: &Object) -> ObjectContent {
    let mut flattener = Flattener::default();
    for (name, value) in object {
        flattener.add_member(&normal_name(name), value, 0);
    }
    flattener.finish()
}

/// Flattens pairs of a name and a value.
pub(super) fn flatten_pairs<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> ObjectContent {
    let mut flattener = Flattener::default();
    for (name, value) in pairs {
        flattener.add_member(&normal_name(name), &Value::String(value.to_owned()), 0);
    }
    flattener.finish()
}

/// The list of events in a document of Elasticsearch, Splunk, Microsoft Graph or Velociraptor. `None` for other objects.
pub(super) fn events_of_document(object: &Object) -> Option<&Vec<Value>> {
    if let Some(hits) = object.get("hits").and_then(|hits| hits.get("hits")?.as_array()) {
        return Some(hits);
    }
    ["results", "events", "Events", "records", "Records", "items"]
        .iter()
        .find_map(|name| object.get(*name)?.as_array())
        .filter(|list| list.iter().any(Value::is_object))
}

/// Converts a name to its form for comparison: letters and digits in lower case, and the dots between members.
pub(super) fn normal_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase).collect()
}

/// Collects the fields and values of an object.
#[derive(Default)]
struct Flattener {
    /// The path and the value of each field.
    fields: Vec<(String, String)>,
    /// Values from `EventData` or `UserData`.
    data: Vec<Datum>,
    /// Values in the order of the message.
    strings: Vec<Datum>,
    /// Values that the tool writes among the other fields.
    named_values: Vec<Datum>,
    /// The record in the event's XML.
    record: Option<Result<Record, String>>,
    /// Why the event cannot be read completely.
    refusal: Option<String>,
}

impl Flattener {
    /// Adds a member of the object, or of an object in it, with its path.
    fn add_member(&mut self, path: &str, value: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.fields.len() + self.data.len() > MAX_VALUES {
            return self.refuse_excess();
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        if field_names::CONTAINERS.contains(&last) && !value.is_null()
            || last == "data" && is_list_of_values(value)
        {
            return self.add_values(None, value, depth + 1);
        }
        if field_names::STRINGS.contains(&last) {
            return self.add_strings(value);
        }
        match value {
            Value::Object(object) => {
                for (name, inner) in object {
                    let name = normal_name(name);
                    // Converters of XML give these names to the text and the attributes of an element.
                    let path = match name.as_str() {
                        "text" | "attributes" => path.to_owned(),
                        _ => format!("{path}.{name}"),
                    };
                    self.add_member(&path, inner, depth + 1);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.add_member(path, inner, depth + 1)),
            Value::Null => {}
            Value::String(text) => self.add_text(path, text, depth),
            Value::Bool(_) | Value::Number(_) => self.fields.push((path.to_owned(), value.to_string())),
        }
    }

    /// Adds a text, which may also be the whole event in XML, JSON or `Name=value` lines.
    fn add_text(&mut self, path: &str, text: &str, depth: usize) {
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
            && let Some(Value::Object(object)) = self.parse_json(start)
        {
            for (name, inner) in &object {
                self.add_member(&normal_name(name), inner, depth + 1);
            }
            return;
        }
        if last == "raw" || start.contains("\nLogName=") || start.contains("\nEventCode=") {
            // The forwarder of Splunk writes the time, then lines such as `LogName=System`.
            let mut pairs = Vec::new();
            let _ = each_list(TextReader::from_text(start), |list, _| pairs.extend(list.iter().cloned()));
            if pairs.iter().any(|(name, _)| name == "EventCode") {
                for (name, value) in &pairs {
                    self.add_member(&normal_name(name), &Value::String(value.clone()), depth + 1);
                }
                if let Some(first) = start.lines().next() {
                    self.fields.push(("time".to_owned(), first.trim().to_owned()));
                }
                return;
            }
        }
        if field_names::VALUES.contains(&path) {
            self.named_values.push(Datum { name: Some(path.into()), value: text.into() });
            return;
        }
        self.fields.push((path.to_owned(), text.to_owned()));
    }

    /// Refuses the event because it has too many values.
    fn refuse_excess(&mut self) {
        self.refusal.get_or_insert_with(|| {
            format!("it has more than {MAX_VALUES} values, or they are nested more than {MAX_DEPTH} deep")
        });
    }

    /// Parses JSON in a text. Refuses the event if two members of an object have the same name.
    fn parse_json(&mut self, text: &str) -> Option<Value> {
        let value = serde_json::from_str(text).ok()?;
        self.refusal = self.refusal.take().or_else(|| repeated_name(text));
        Some(value)
    }

    /// Adds the values in `EventData`, or in a part of it with a name.
    fn add_values(&mut self, name: Option<&str>, value: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.data.len() > MAX_VALUES {
            return self.refuse_excess();
        }
        let name = name.filter(|name| !is_placeholder_name(name));
        match value {
            Value::Object(object) => {
                let get = |key: &str| object.get(key).and_then(Value::as_str);
                if let Some(name) = ["@Name", "Name", "#name", "name"].into_iter().find_map(get) {
                    let text =
                        ["#text", "Value", "text", "value"].into_iter().find_map(|key| object.get(key));
                    return self.add_values(Some(name), text.unwrap_or(&Value::Null), depth + 1);
                }
                for (inner_name, inner) in object {
                    let inner_name = match inner_name.as_str() {
                        "#attributes" | "xmlns" | "@xmlns" => continue,
                        "#text" | "Data" | "EventXML" | "EventXml" => name,
                        other => Some(other),
                    };
                    self.add_values(inner_name, inner, depth + 1);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.add_values(name, inner, depth + 1)),
            Value::String(text) if text.trim_start().starts_with('<') => self.add_data_xml(text),
            Value::String(text) if text.trim_start().starts_with(['{', '[']) && name.is_none() => {
                if let Some(inner) = self.parse_json(text) {
                    self.add_values(None, &inner, depth + 1);
                }
            }
            Value::String(text) => self.data.push(datum(name, text)),
            Value::Null => self.data.push(datum(name, "")),
            Value::Bool(_) | Value::Number(_) => self.data.push(datum(name, &value.to_string())),
        }
    }

    /// Adds the values in an `<EventData>` element or in `<Param>` elements, which Log Analytics writes into columns.
    fn add_data_xml(&mut self, text: &str) {
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

    /// Adds values in the order of the message, as a list or as a text with separators.
    fn add_strings(&mut self, value: &Value) {
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
                    let text = match item {
                        Value::String(text) => text.clone(),
                        Value::Bool(_) | Value::Number(_) => item.to_string(),
                        _ => String::new(),
                    };
                    self.strings.push(datum(None, &text));
                }
            }
            Value::Object(object) => {
                if let Some(list) = object.get("value").or_else(|| object.get("Value")) {
                    self.add_strings(list);
                }
            }
            Value::String(text) if text.trim_start().starts_with('<') => self.add_data_xml(text),
            Value::String(text) => {
                let text = text.trim();
                if text.starts_with("System.") || text.contains("EventProperty") || text.ends_with("...}") {
                    return;
                }
                // PowerShell writes a list as `{a, b}`, other tools as `a|b`. Text after the brace is not part of the list.
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

    /// The value of the first of these names; empty if there is none.
    fn field(&self, names: &[&str]) -> &str {
        self.find_field(names).map_or("", |(_, value)| value)
    }

    /// The path and the value of the first of these names.
    fn find_field(&self, names: &[&str]) -> Option<(&str, &str)> {
        names.iter().find_map(|name| {
            let is_named = |path: &str| match name.strip_prefix('.') {
                Some(whole) => path == whole,
                None => path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            };
            let found =
                self.fields.iter().find(|(path, value)| is_named(path) && !value.trim().is_empty())?;
            Some((found.0.as_str(), found.1.trim()))
        })
    }

    /// Decides whether the members are an event. An event has an ID and one of provider, message, channel and values.
    fn finish(self) -> ObjectContent {
        if let Some(why) = self.refusal {
            return ObjectContent::Record(Err(why));
        }
        if let Some(record) = self.record {
            return ObjectContent::Record(record);
        }
        // The forwarder of Splunk writes the channel into `source`.
        let provider = Some(self.field(field_names::PROVIDER)).filter(|name| !name.contains("WinEventLog:"));
        let (path, time) = self.find_field(field_names::TIME).unwrap_or_default();
        let user_id = Some(self.field(field_names::USER_ID)).filter(|id| id.starts_with("S-1-"));
        let data = [&self.data, &self.strings, &self.named_values].into_iter().find(|data| !data.is_empty());
        let event = FlatEvent {
            provider: provider.unwrap_or_default().to_owned(),
            event_id: self.field(field_names::EVENT_ID).to_owned(),
            record_id: self.field(field_names::RECORD_ID).to_owned(),
            is_utc: path.ends_with("utc"),
            time: match path.rsplit('.').next() {
                // The time of day is in a field of its own.
                Some("date") => format!("{time} {}", self.field(&["time"])).trim().to_owned(),
                _ => time.to_owned(),
            },
            channel: self.field(field_names::CHANNEL).to_owned(),
            computer: self.field(field_names::COMPUTER).to_owned(),
            level: self.field(field_names::LEVEL).to_owned(),
            user_id: user_id.unwrap_or_default().to_owned(),
            message: self.field(field_names::MESSAGE).to_owned(),
            data: data.cloned().unwrap_or_default(),
        };
        let has_more = [&event.provider, &event.message, &event.channel].iter().any(|text| !text.is_empty());
        let has_values = !self.data.is_empty() || !self.strings.is_empty();
        if event.event_id.is_empty() || !(has_more || has_values) {
            return ObjectContent::Nothing;
        }
        ObjectContent::Event(event.into())
    }
}

/// Is it `[{"name":"Server","value":"srv1$"}]`, as `extract` writes values? In a CSV file the list is a text.
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

/// Is it a name that a tool gives to a value without one, such as `param1` or `Data_0`?
fn is_placeholder_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let digits = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.trim_start_matches('_').bytes().all(|b| b.is_ascii_digit()))
    };
    digits("param") || digits("data") || digits("string")
}

/// Does the text begin with the XML of an event?
fn is_event_xml(text: &str) -> bool {
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.find("?>").and_then(|end| rest.get(end + 2..)).unwrap_or_default().trim_start(),
        None => text,
    };
    text.strip_prefix("<Event").is_some_and(|rest| rest.starts_with([' ', '>', '\n', '\r', '\t']))
}

#[cfg(test)]
mod tests;
