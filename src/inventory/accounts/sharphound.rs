//! SharpHound's `computers.json` and `users.json`: `{"data": [{"Properties": {..}, ..}], "meta": {..}}`, the
//! attributes in lower case and times in seconds since 1970 (SharpHoundCommon at 276237fe).
//!
//! What the absence of an SPN means: nothing. Computers and users stand in separate files, so no file shows
//! what [`Completeness::Evident`](super::collect::Completeness) asks for.

use std::fs::File;

use serde::Deserialize;
use serde_json::Value;

use super::collect::{Attribute, Collector, Completeness, Entry};
use super::directory::unix_seconds;
use super::json::{Layout, for_each_object, set_all};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;

pub(super) const FORMAT: Format = Format { name: "SharpHound", recognise, read, may_be_empty: false };

fn recognise(head: &str) -> bool {
    let text = head.trim_start();
    let start: String = text.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let list = ["{\"data\":[", "{\"meta\":{", "{\"computers\":[", "{\"users\":["];
    list.iter().any(|list| start.starts_with(list))
        && (text.contains("\"Properties\"") || text.contains("\"meta\""))
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "Properties")]
    properties: Option<Properties>,
}

/// The attributes, and the `name`: a computer's is its DNS name in upper case.
struct Properties {
    attributes: Vec<(Attribute, Value)>,
    name: Option<String>,
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all = serde_json::Map::<String, Value>::deserialize(from)?;
        let name = all.get("name").and_then(Value::as_str).map(str::to_owned);
        let attributes =
            all.into_iter().filter_map(|(key, value)| Some((Attribute::named(&key)?, value))).collect();
        Ok(Self { attributes, name })
    }
}

fn read(text: &mut TextStream<File>, to: &mut Collector) -> Result<(), ReadError> {
    to.completeness = Completeness::Part;
    for_each_object(text, Layout::Wrapped, to, |object, to| {
        match serde_json::from_slice::<Node>(object.bytes) {
            Ok(Node { properties: Some(properties) }) => take(properties, object.line, to),
            Ok(_) => {}
            Err(error) => to.lost(object.line, format!("an object is no JSON: {error}")),
        }
        Ok(())
    })
}

fn take(properties: Properties, line: u64, to: &mut Collector) {
    let Properties { mut attributes, name } = properties;
    for (attribute, value) in &mut attributes {
        if *attribute == Attribute::PasswordLastSet {
            let time = value.as_i64().and_then(|seconds| unix_seconds(seconds).at());
            *value = time.map_or(Value::Null, |time| Value::String(time.to_string()));
        }
    }
    let is_computer = attributes.iter().any(|(attribute, value)| {
        *attribute == Attribute::AccountName && value.as_str().is_some_and(|n| n.ends_with('$'))
    });
    let mut entry = Entry::new(line);
    set_all(&mut entry, &attributes, line, to);
    if let Some(name) = name.filter(|name| is_computer && name.contains('.')) {
        entry.set(Attribute::DnsHostName, &name, line, to);
    }
    entry.finish(to);
}
