//! Reads JSON objects, and finds their properties in the shapes that PowerShell gives them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::collector::AddressCollector;
use super::format::Refusal;
use crate::text::decode::TextReader;
use crate::text::json::{self, ObjectVisitor};

/// Maximum number of values of one object. The facts of a large host have some ten thousand. A larger document is not an
/// inventory and would fill memory, because a value takes many times the memory of its text.
const MAX_VALUES: usize = 2_000_000;

pub(super) type Object = Map<String, Value>;

/// Passes every object of the text to `each`, with its first line. Text that is not JSON is reported with its line.
pub(super) fn each_object(
    text: &str,
    to: &mut AddressCollector<'_>,
    each: impl FnMut(&Object, u64, &mut AddressCollector<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut objects = Objects { to, each, refusal: None };
    json::each_object(TextReader::from_text(text), &mut objects)
        .map_err(|error| Refusal::Unreadable(error.to_string()))?;
    objects.refusal.map_or(Ok(()), Err)
}

struct Objects<'o, 'c, F> {
    to: &'o mut AddressCollector<'c>,
    each: F,
    refusal: Option<Refusal>,
}

impl<'c, F> ObjectVisitor for Objects<'_, 'c, F>
where
    F: FnMut(&Object, u64, &mut AddressCollector<'c>) -> Result<(), Refusal>,
{
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, mut map: A, line: u64) -> Result<(), A::Error> {
        let mut left = MAX_VALUES;
        let mut object = Object::new();
        let mut name = first.to_owned();
        loop {
            object.insert(name, map.next_value_seed(CountedValue { left: &mut left })?);
            match map.next_key()? {
                Some(next) => name = next,
                None => break,
            }
        }
        match name_in_two_cases(&object) {
            Some((name, other)) => self.to.report(
                line,
                format!("{name:?} and {other:?} are one name with two values; the object is skipped"),
            ),
            None if self.refusal.is_none() => self.refusal = (self.each)(&object, line, self.to).err(),
            None => {}
        }
        Ok(())
    }

    fn error(&mut self, line: u64, what: String, _: bool) {
        self.to.report(line, what);
    }
}

/// Two names of the object that differ only in case and have different values. PowerShell writes no such object. Properties are
/// found in any case, so it would be unclear which of the two values counts.
fn name_in_two_cases(object: &Object) -> Option<(&str, &str)> {
    let mut names: HashMap<String, (&str, &Value)> = HashMap::new();
    object.iter().find_map(|(name, value)| {
        let (other, with) = names.insert(name.to_ascii_lowercase(), (name, value))?;
        (with != value).then_some((other, name.as_str()))
    })
}

/// Parses the object at the start of the text. Returns it with its length in bytes.
pub(super) fn parse_first_object(text: &str) -> Result<(Object, usize), String> {
    let mut source = serde_json::Deserializer::from_str(text);
    let mut left = MAX_VALUES;
    let value = CountedValue { left: &mut left }.deserialize(&mut source).map_err(|e| e.to_string())?;
    let used = source.into_iter::<de::IgnoredAny>().byte_offset();
    if let Some(why) = json::repeated_name(text) {
        return Err(why);
    }
    match value {
        Value::Object(object) => Ok((object, used)),
        _ => Err("it is not a JSON object".to_owned()),
    }
}

/// Deserializes a [`Value`] and counts the values in it, up to [`MAX_VALUES`].
struct CountedValue<'a> {
    /// Values that may still follow.
    left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for CountedValue<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(de::Error::custom(format_args!(
                "an object of more than {MAX_VALUES} values is not an inventory"
            )));
        };
        *self.left = left;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CountedValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(CountedValue { left: &mut *self.left })? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            object.insert(key, map.next_value_seed(CountedValue { left: &mut *self.left })?);
        }
        Ok(Value::Object(object))
    }
}

/// A property by its name in any case. Of a CIM object without adapted properties it is found in `CimInstanceProperties`, which
/// has `Name = "value"`.
pub(super) fn property<'v>(object: &'v Object, name: &str) -> Option<Cow<'v, Value>> {
    if let Some((_, value)) = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
        return Some(Cow::Borrowed(unwrapped(value)));
    }
    let properties = object.get("CimInstanceProperties")?;
    let found = list(properties).into_iter().find_map(|entry| match entry {
        Value::String(text) => {
            let (key, value) = text.split_once(" = ")?;
            let value = value.trim().trim_matches('"');
            key.trim().eq_ignore_ascii_case(name).then(|| Value::String(value.to_owned()))
        }
        Value::Object(entry) => {
            let key = entry.get("Name")?.as_str()?;
            key.eq_ignore_ascii_case(name).then(|| entry.get("Value").cloned().unwrap_or(Value::Null))
        }
        _ => None,
    });
    found.map(Cow::Owned)
}

/// Does the object have the property itself?
pub(super) fn has(object: &Object, name: &str) -> bool {
    object.keys().any(|key| key.eq_ignore_ascii_case(name))
}

/// The value inside `{"value":...,"Count":n}` or `{"__ansible_unsafe":...}`.
fn unwrapped(value: &Value) -> &Value {
    let Value::Object(object) = value else {
        return value;
    };
    if let Some(inner) = object.get("__ansible_unsafe") {
        return inner;
    }
    match object.get("value") {
        Some(inner) if object.contains_key("Count") => inner,
        _ => value,
    }
}

/// The elements of an array. A single value, which PowerShell does not wrap, is a list of one. Null is an empty list.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match unwrapped(value) {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(unwrapped).collect(),
        one => vec![one],
    }
}

/// A property as text: a number in decimal, an `IPAddress` object as its address. Empty if it is missing.
pub(super) fn text(object: &Object, name: &str) -> String {
    property(object, name).map_or(String::new(), |value| plain(&value))
}

/// The text of the first of these properties that is not empty; empty if there is none.
pub(super) fn first_text(object: &Object, names: &[&str]) -> String {
    names.iter().map(|name| text(object, name)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// A property that is an object; `None` if it is missing or has another value.
pub(super) fn nested(object: &Object, name: &str) -> Option<Object> {
    match property(object, name)?.into_owned() {
        Value::Object(nested) => Some(nested),
        _ => None,
    }
}

/// Converts a value to text. An array, an object of another kind and `null` give an empty text.
pub(super) fn plain(value: &Value) -> String {
    match unwrapped(value) {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        // An `IPAddress` of .NET. Its member `Address` is a number in network byte order.
        Value::Object(object) => object.get("IPAddressToString").map_or(String::new(), plain),
        _ => String::new(),
    }
}

/// The texts of a list property, which is an array, or the one text that a too small `-Depth` or `-join` made of it.
pub(super) fn texts(object: &Object, name: &str) -> Vec<String> {
    let Some(value) = property(object, name) else {
        return Vec::new();
    };
    list(&value).into_iter().flat_map(|value| split_list(&plain(value))).collect()
}

/// Splits a list that was joined to one text, such as `a b`, `a;b`, `a, b`, `{a;b}` or `{"a", "b"}`.
pub(super) fn split_list(text: &str) -> Vec<String> {
    text.split(['{', '}', ';', ',', ' ', '"', '\'', '\n', '\r', '\t', '|'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powershell_properties() {
        let text = r#"{"IPv4Address":{"Address":16777343,"IPAddressToString":"127.0.0.1"},
            "List":{"value":["a","b"],"Count":2},"One":"a b","Unsafe":{"__ansible_unsafe":"x"},
            "CimInstanceProperties":["Port = 7","HostNameAlias = \"srv1.alpha.example.com.\""]}"#;
        let Value::Object(object) = serde_json::from_str(text).unwrap() else { panic!() };
        assert_eq!(super::text(&object, "ipv4address"), "127.0.0.1");
        assert_eq!(texts(&object, "List"), ["a", "b"]);
        assert_eq!(texts(&object, "One"), ["a", "b"]);
        assert_eq!(super::text(&object, "Unsafe"), "x");
        assert_eq!(super::text(&object, "HostNameAlias"), "srv1.alpha.example.com.");
        assert_eq!(super::text(&object, "None"), "");
    }
}
