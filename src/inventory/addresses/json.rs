//! JSON exports: documents one after the other, arrays element by element, in bounded memory; and the
//! shapes PowerShell gives its objects.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values one object may hold: the facts of a large host are some ten thousand. A document beyond that is
/// no inventory and would fill memory (a value in memory takes many times its text).
const MAX_VALUES: usize = 2_000_000;

pub type Object = Map<String, Value>;

/// Hands every object of the text to `each`, with the line its document begins on (0 for a document that is
/// the whole file). Arrays and PowerShell's `{"value":[...],"Count":n}` are taken apart. Text that is no JSON
/// goes to `bad` with its line, and reading goes on at the next line that begins a document.
pub fn each_object(text: &str, each: &mut dyn FnMut(Object, u64), bad: &mut dyn FnMut(u64, String)) {
    let mut at = 0;
    let mut line = 1u64;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
        line += newlines(rest.get(..blank).unwrap_or_default());
        at += blank;
        let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
            return;
        };
        // A document over many lines that begins the file is mostly the whole file: no line is worth naming.
        let first = rest.lines().next().unwrap_or_default();
        let named = if line == 1 && !first.trim_end().ends_with(['}', ']']) { 0 } else { line };
        let mut source = serde_json::Deserializer::from_str(rest);
        let mut left = MAX_VALUES;
        let result =
            Top { each: &mut |object| each(object, named), left: &mut left }.deserialize(&mut source);
        match result {
            Ok(()) => {
                let used = source.into_iter::<de::IgnoredAny>().byte_offset();
                line += newlines(rest.get(..used).unwrap_or_default());
                at += used;
                if used == 0 {
                    return;
                }
            }
            Err(error) => {
                let line_in_rest = u64::try_from(error.line()).unwrap_or(1).max(1);
                bad(line + line_in_rest - 1, without_position(&error));
                let Some((skip, lines)) = next_document(rest, line_in_rest) else {
                    return;
                };
                at += skip;
                line += lines;
            }
        }
    }
}

/// One object at the beginning of the text, and its length.
pub fn take_object(text: &str) -> Result<(Object, usize), String> {
    let mut source = serde_json::Deserializer::from_str(text);
    let mut left = MAX_VALUES;
    let value = Counted { left: &mut left }.deserialize(&mut source).map_err(|e| without_position(&e))?;
    let used = source.into_iter::<de::IgnoredAny>().byte_offset();
    match value {
        Value::Object(object) => Ok((object, used)),
        _ => Err("it is no JSON object".to_owned()),
    }
}

fn newlines(text: &str) -> u64 {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64
}

/// serde_json counts lines from the document's first; ours is counted from the file's.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// The first line from `bad_line` on, the second at least, that begins with a bracket; as bytes and lines
/// from the start of `rest`. Nothing before it is read again, so the whole stays linear.
fn next_document(rest: &str, bad_line: u64) -> Option<(usize, u64)> {
    let mut number = 0u64;
    for end in memchr::memchr_iter(b'\n', rest.as_bytes()) {
        number += 1;
        let begins = rest.as_bytes().get(end + 1).is_some_and(|b| matches!(b, b'{' | b'['));
        if number + 1 >= bad_line && begins {
            return Some((end + 1, number));
        }
    }
    None
}

/// The top of a document, or an array in it: hands objects on as they are complete.
struct Top<'a> {
    each: &'a mut dyn FnMut(Object),
    left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            // Each element anew: an array is as long as it likes, an element is not.
            *self.left = MAX_VALUES;
            let top = Top { each: &mut *self.each, left: &mut *self.left };
            if seq.next_element_seed(top)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut object = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "value" && object.keys().all(|k| k == "Count") {
                // PowerShell 5 wraps an array this way when it was made by a method.
                let top = Top { each: &mut *self.each, left: &mut *self.left };
                map.next_value_seed(top)?;
                continue;
            }
            let value = map.next_value_seed(Counted { left: &mut *self.left })?;
            object.insert(key, value);
        }
        if object.keys().any(|k| k != "Count") {
            (self.each)(object);
        }
        Ok(())
    }

    // Anything else beside the objects is passed over.
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A [`Value`] that counts what it takes.
struct Counted<'a> {
    left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(de::Error::custom(format_args!(
                "an object of more than {MAX_VALUES} values is no inventory"
            )));
        };
        *self.left = left;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
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
        while let Some(value) = seq.next_element_seed(Counted { left: &mut *self.left })? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            object.insert(key, map.next_value_seed(Counted { left: &mut *self.left })?);
        }
        Ok(Value::Object(object))
    }
}

/// A property by its name in any case. For CIM objects written without their adapted properties, also from
/// `CimInstanceProperties`, where it stands as `Name = "value"`.
pub fn property<'v>(object: &'v Object, name: &str) -> Option<Cow<'v, Value>> {
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

/// True when the object has the property itself.
pub fn has(object: &Object, name: &str) -> bool {
    object.keys().any(|key| key.eq_ignore_ascii_case(name))
}

/// The value inside `{"value":...,"Count":n}`, `{"__ansible_unsafe":...}`.
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

/// The elements of an array; a single value, which PowerShell does not wrap, as a list of one; nothing for
/// null.
pub fn list(value: &Value) -> Vec<&Value> {
    match unwrapped(value) {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(unwrapped).collect(),
        one => vec![one],
    }
}

/// A property's text; numbers as text, an `IPAddress` object as its address, empty when it is missing.
pub fn text(object: &Object, name: &str) -> String {
    property(object, name).map_or(String::new(), |value| plain(&value))
}

/// A value's text, see [`text`].
pub fn plain(value: &Value) -> String {
    match unwrapped(value) {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        // .NET's IPAddress; its `Address` is a number in network order.
        Value::Object(object) => object.get("IPAddressToString").map_or(String::new(), plain),
        _ => String::new(),
    }
}

/// The texts of a list property: an array, or what a too small `-Depth` or `-join` made of it.
pub fn texts(object: &Object, name: &str) -> Vec<String> {
    let Some(value) = property(object, name) else {
        return Vec::new();
    };
    list(&value).into_iter().flat_map(|value| split_list(&plain(value))).collect()
}

/// `a b`, `a;b`, `a, b`, `{a;b}`, `{"a", "b"}` as their parts.
pub fn split_list(text: &str) -> Vec<String> {
    text.split(['{', '}', ';', ',', ' ', '"', '\'', '\n', '\r', '\t', '|'])
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Good = Vec<(String, u64)>;
    type Bad = Vec<(u64, String)>;

    fn objects(text: &str) -> (Good, Bad) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        each_object(text, &mut |o, line| good.push((Value::Object(o).to_string(), line)), &mut |l, t| {
            bad.push((l, t))
        });
        (good, bad)
    }

    #[test]
    fn arrays_objects_lines_and_wrapped_values_are_taken_apart() {
        let one = |n: u32, line| (format!("{{\"a\":{n}}}"), line);
        assert_eq!(objects("{\n\"a\": 1\n}").0, [one(1, 0)]);
        assert_eq!(objects("[\n{\"a\":1},\n{\"a\":2}\n]").0, [one(1, 0), one(2, 0)]);
        assert_eq!(objects("{\"value\":[{\"a\":1},{\"a\":2}],\"Count\":2}").0, [one(1, 1), one(2, 1)]);
        assert_eq!(objects("\u{feff}{\"a\":1}\r\n\r\n{\"a\":2}\n").0, [one(1, 1), one(2, 3)]);
        assert_eq!(objects("[[{\"a\":1}],null,7]").0, [one(1, 1)]);
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let (good, bad) = objects("{\"a\":1}\n{\"a\":\n{\"a\":2}\n{\"a\":3}\n");
        assert_eq!(good, [("{\"a\":1}".to_owned(), 1), ("{\"a\":3}".to_owned(), 4)]);
        assert_eq!(bad.len(), 1);
    }

    #[test]
    fn hostile_documents_end() {
        let deep = "[".repeat(100_000);
        assert_eq!(objects(&deep).1.len(), 1);
        let wide = format!("{{\"a\":[{}0]}}", "0,".repeat(MAX_VALUES));
        assert!(objects(&wide).1[0].1.contains("no inventory"));
        let many = "{\n".repeat(50_000);
        assert!(!objects(&many).1.is_empty());
    }

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
