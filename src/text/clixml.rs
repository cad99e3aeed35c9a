//! Reads PowerShell's `Export-Clixml` as JSON objects, one for each object of the file.
//!
//! The format is that of MS-PSRP 2.2.5. Properties (`Props`) and notes (`MS`) become members. Lists, stacks and queues become
//! arrays, and dictionaries become objects. A reference (`Ref`) becomes a copy of the value that it refers to.

use std::collections::HashMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// Maximum number of references that are resolved in one file. Without a limit, objects that refer to each other could fill
/// memory.
const MAX_COPIES: usize = 100_000;

type Object = Map<String, Value>;

/// The objects of a file. The error is the reason why the file is not valid CLIXML.
pub(crate) fn objects(xml: &str) -> Result<Vec<Object>, String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut references = References { values: HashMap::new(), copies: 0 };
    let mut open: Vec<Node> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => {
                if open.len() >= MAX_DEPTH {
                    return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
                }
                open.push(Node::new(&element));
            }
            Event::Text(text) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(node) = open.last_mut() {
                    let c = match (&*reference, reference.resolve_char_ref()) {
                        (_, Ok(Some(c))) => c,
                        ("amp", _) => '&',
                        ("lt", _) => '<',
                        ("gt", _) => '>',
                        ("quot", _) => '"',
                        ("apos", _) => '\'',
                        _ => continue,
                    };
                    node.text.push(c);
                }
            }
            Event::End(_) => {
                let Some(node) = open.pop() else { continue };
                let is_top = open.len() == 1;
                let name = node.name.clone();
                match (open.last_mut(), references.close(node)) {
                    (Some(_), Content::Value(Value::Object(object))) if is_top => found.push(object),
                    (Some(parent), content) => parent.add(name, content),
                    (None, _) => {}
                }
            }
            Event::Eof if open.is_empty() => return Ok(found),
            Event::Eof => return Err("it ends within an element".to_owned()),
            _ => {}
        }
    }
}

/// The objects that references in the file may refer to.
struct References {
    /// Value of each object, by its `RefId`.
    values: HashMap<String, Value>,
    /// Number of references that were read.
    copies: usize,
}

/// An element that is open.
struct Node {
    tag: String,
    /// `N`: the name of the property whose value it is.
    name: Option<String>,
    ref_id: Option<String>,
    text: String,
    members: Object,
    items: Vec<Value>,
    value: Option<Value>,
}

/// The content that an element passes to its parent at its end.
enum Content {
    Value(Value),
    Members(Object),
    Items(Vec<Value>),
    Nothing,
}

impl Node {
    fn new(element: &BytesStart<'_>) -> Self {
        Self {
            tag: element.local_name().as_ref().to_owned(),
            name: attribute(element, "N"),
            ref_id: attribute(element, "RefId"),
            text: String::new(),
            members: Object::new(),
            items: Vec::new(),
            value: None,
        }
    }

    /// Adds the content of a child whose `N` is `name`.
    fn add(&mut self, name: Option<String>, content: Content) {
        match content {
            Content::Value(value) => match (self.tag.as_str(), name) {
                ("Props" | "MS" | "En", Some(name)) => {
                    self.members.insert(name, value);
                }
                ("LST" | "IE" | "STK" | "QUE", _) => self.items.push(value),
                _ => self.value = Some(value),
            },
            Content::Members(mut members) => self.members.append(&mut members),
            Content::Items(mut items) => self.items.append(&mut items),
            Content::Nothing => {}
        }
    }
}

impl References {
    /// The content of an element at its end. Remembers an object with a `RefId`, and resolves a `Ref`.
    fn close(&mut self, node: Node) -> Content {
        match node.tag.as_str() {
            "Props" | "MS" | "DCT" => Content::Members(node.members),
            "LST" | "IE" | "STK" | "QUE" => Content::Items(node.items),
            // An entry of a dictionary: its key and its value.
            "En" => {
                let key = node.members.get("Key").and_then(Value::as_str).map(str::to_owned);
                match (key, node.members.get("Value")) {
                    (Some(key), Some(value)) => Content::Members(Object::from_iter([(key, value.clone())])),
                    _ => Content::Nothing,
                }
            }
            "Obj" => {
                let value = match (node.value, node.members.is_empty(), node.items.is_empty()) {
                    // A list, or an enumeration with its text.
                    (_, true, false) => Value::Array(node.items),
                    (Some(value), true, _) => value,
                    (_, false, _) => Value::Object(node.members),
                    (None, true, true) => Value::Null,
                };
                if let Some(id) = node.ref_id {
                    self.values.insert(id, value.clone());
                }
                Content::Value(value)
            }
            "Ref" => {
                self.copies += 1;
                let value =
                    node.ref_id.and_then(|id| self.values.get(&id)).filter(|_| self.copies < MAX_COPIES);
                // Copies of whole objects could multiply. The attributes that are read are texts and lists of texts.
                let is_short = |list: &Vec<Value>| list.iter().all(Value::is_string) && list.len() < 100;
                match value {
                    Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
                        Content::Value(value.clone())
                    }
                    Some(Value::Array(list)) if is_short(list) => Content::Value(Value::Array(list.clone())),
                    _ => Content::Nothing,
                }
            }
            "Nil" => Content::Value(Value::Null),
            // Names of types, and the text of an object that has properties as well.
            "TN" | "TNRef" | "T" | "ToString" | "Objs" => Content::Nothing,
            _ => Content::Value(Value::String(unescape(&node.text))),
        }
    }
}

/// Decodes `_x000A_`, which is how CLIXML writes a character that XML does not allow.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let code = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        match code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        element.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(
        found
            .normalized_value(XmlVersion::Implicit1_0)
            .map_or_else(|_| found.value.into_owned(), |v| v.into_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_lists_and_entries_become_members() {
        let xml = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN><ToString>x</ToString>
    <Props><I32 N="Id">4</I32><S N="Message">a_x000D__x000A_b &amp; c</S><Nil N="UserId" />
      <Obj N="Properties" RefId="1"><LST><Obj RefId="2"><Props><S N="Value">srv1$</S></Props></Obj></LST></Obj></Props>
    <MS><S N="PSComputerName">SRV1</S><Obj N="D" RefId="3"><DCT><En><S N="Key">k</S><S N="Value">v</S></En></DCT></Obj></MS>
  </Obj></Objs>"#;
        let found = objects(xml).unwrap();
        let want = r#"{"Id":"4","Message":"a\r\nb & c","UserId":null,"Properties":[{"Value":"srv1$"}],"PSComputerName":"SRV1","D":{"k":"v"}}"#;
        assert_eq!(Value::Object(found[0].clone()), serde_json::from_str::<Value>(want).unwrap());
    }

    #[test]
    fn damaged_files_are_errors() {
        for xml in ["<Objs><Obj>", "<Objs><Obj></Objs>", &"<a>".repeat(100)] {
            assert!(objects(xml).is_err(), "{xml}");
        }
        assert_eq!(objects("").unwrap(), Vec::<Object>::new());
    }
}
