//! JSON exports of any size: the document is cut into the objects of its list, and only one of them stands
//! in memory.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ReadError;
use super::collect::{Attribute, Collector, Entry};
use crate::inventory::stream::TextStream;

/// One object: a SharpHound computer with 10,000 access control entries is 2 MB.
const MAX_OBJECT: usize = 64 << 20;
/// Nesting that is followed; `ConvertTo-Json` allows 100, and `serde_json` 128.
const MAX_DEPTH: usize = 120;

/// Where the objects of the list stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `[{..}, {..}]`, `{..}`, or one object after another.
    List,
    /// `{"data": [{..}, {..}], ...}`.
    Wrapped,
}

/// One object of the list.
pub(super) struct Object<'o> {
    pub bytes: &'o [u8],
    /// 1-based line of its first character.
    pub line: u64,
}

/// Gives every object of the list to `take`.
pub(super) fn for_each_object(
    text: &mut TextStream<impl Read>,
    layout: Layout,
    to: &mut Collector,
    mut take: impl FnMut(&Object, &mut Collector) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut cutter = Cutter::new(layout);
    loop {
        match cutter.next_object(text)? {
            Cut::Object => {
                let object = Object { bytes: &cutter.object, line: cutter.object_line };
                take(&object, to)?;
            }
            Cut::TooLarge => to.lost(
                cutter.object_line,
                format!("an object of more than {MAX_OBJECT} bytes is passed over"),
            ),
            Cut::TooDeep => {
                to.lost(
                    cutter.line,
                    format!("the JSON is nested more than {MAX_DEPTH} deep and is not read on"),
                );
                return Ok(());
            }
            Cut::End => {
                if cutter.depth > 0 {
                    to.lost(
                        cutter.line,
                        "the JSON ends before its last bracket; the export was cut off".to_owned(),
                    );
                }
                return Ok(());
            }
        }
    }
}

enum Cut {
    Object,
    TooLarge,
    TooDeep,
    End,
}

/// Finds where objects begin and end: brackets outside strings.
struct Cutter {
    layout: Layout,
    depth: usize,
    /// Whether the first two levels are arrays.
    arrays: [bool; 2],
    in_string: bool,
    /// The byte before was a backslash within a string.
    escaped: bool,
    line: u64,
    object: Vec<u8>,
    object_line: u64,
    /// Depth outside the object that is gathered.
    outside: Option<usize>,
    too_large: bool,
}

impl Cutter {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            depth: 0,
            arrays: [false; 2],
            in_string: false,
            escaped: false,
            line: 1,
            object: Vec::new(),
            object_line: 1,
            outside: None,
            too_large: false,
        }
    }

    /// Is an object that begins here one of the list?
    fn at_list(&self) -> bool {
        match (self.layout, self.depth) {
            (Layout::List, 0) => true,
            (Layout::List, 1) => self.arrays[0],
            (Layout::Wrapped, 2) => self.arrays[1],
            _ => false,
        }
    }

    fn next_object(&mut self, text: &mut TextStream<impl Read>) -> io::Result<Cut> {
        self.object.clear();
        self.too_large = false;
        loop {
            let block = text.fill_buf()?;
            if block.is_empty() {
                return Ok(Cut::End);
            }
            let (used, from, cut) = self.scan(block);
            let part = match from {
                Some(from) => block.get(from..used),
                None => None,
            };
            if let Some(part) = part {
                if self.object.len() + part.len() > MAX_OBJECT {
                    self.too_large = true;
                    self.object = Vec::new();
                }
                if !self.too_large {
                    self.object.extend_from_slice(part);
                }
            }
            text.consume(used);
            match cut {
                Some(Cut::Object) if self.too_large => return Ok(Cut::TooLarge),
                Some(cut) => return Ok(cut),
                None => {}
            }
        }
    }

    /// Looks through a block up to the end of an object. Gives the bytes used, where in them the object
    /// begins (0 when it began before), and how it ended.
    fn scan(&mut self, block: &[u8]) -> (usize, Option<usize>, Option<Cut>) {
        let mut from = self.outside.map(|_| 0);
        let mut at = 0;
        while let Some(&byte) = block.get(at) {
            if self.in_string {
                at += self.string(block.get(at..).unwrap_or_default());
                continue;
            }
            at += 1;
            match byte {
                b'\n' => self.line += 1,
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if byte == b'{' && self.outside.is_none() && self.at_list() {
                        self.outside = Some(self.depth);
                        self.object_line = self.line;
                        from = Some(at - 1);
                    }
                    if let Some(array) = self.arrays.get_mut(self.depth) {
                        *array = byte == b'[';
                    }
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return (at, None, Some(Cut::TooDeep));
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.outside == Some(self.depth) {
                        self.outside = None;
                        return (at, from, Some(Cut::Object));
                    }
                }
                _ => {}
            }
        }
        (at, from, None)
    }

    /// Bytes up to the end of the string, or of the block.
    fn string(&mut self, block: &[u8]) -> usize {
        let mut at = 0;
        if std::mem::take(&mut self.escaped) {
            at = 1;
        }
        loop {
            let rest = block.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => return block.len(),
                Some(i) if rest.get(i) == Some(&b'"') => {
                    self.in_string = false;
                    return at + i + 1;
                }
                Some(i) if at + i + 1 >= block.len() => {
                    self.escaped = true;
                    return block.len();
                }
                Some(i) => at += i + 2,
            }
        }
    }
}

/// A member's name, told apart without being copied.
enum Key {
    Attribute(Attribute),
    Name,
    Value,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(match Attribute::named(name) {
                    Some(attribute) => Key::Attribute(attribute),
                    None if name == "name" => Key::Name,
                    None if name.eq_ignore_ascii_case("value") => Key::Value,
                    None => Key::Other,
                })
            }
        }
        from.deserialize_str(Name)
    }
}

/// What of a JSON value is of interest: the texts in it.
#[derive(Debug, Default)]
pub(super) struct Texts<'j> {
    pub texts: Vec<Cow<'j, str>>,
    /// It was one text, not a list: a list deeper than `-Depth` is joined with blanks.
    pub alone: bool,
}

impl<'de: 'j, 'j> Deserialize<'de> for Texts<'j> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut texts = Texts::default();
        TextsIn(&mut texts).deserialize(from)?;
        Ok(texts)
    }
}

struct TextsIn<'t, 'j>(&'t mut Texts<'j>);

impl<'de> DeserializeSeed<'de> for TextsIn<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> TextsIn<'_, 'de> {
    fn add(self, text: Cow<'de, str>) {
        self.0.alone = self.0.texts.is_empty();
        self.0.texts.push(text);
    }
}

impl<'de> Visitor<'de> for TextsIn<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, yes: bool) -> Result<(), E> {
        self.add(Cow::Borrowed(if yes { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.add(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.add(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(TextsIn(self.0))?.is_some() {}
        self.0.alone = false;
        Ok(())
    }

    /// `{"value": .., "Count": 3}` is how Windows PowerShell wraps a list or a date.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            if matches!(key, Key::Value) {
                map.next_value_seed(TextsIn(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The attributes of interest in one JSON object; everything else is passed over without being built.
#[derive(Default)]
pub(super) struct Attributes<'j> {
    pub attributes: Vec<(Attribute, Texts<'j>)>,
    /// `name`, which is no attribute of the directory's but SharpHound's.
    pub name: Option<Texts<'j>>,
}

impl<'de: 'j, 'j> Deserialize<'de> for Attributes<'j> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object with a directory object's attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = Attributes::default();
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        Key::Attribute(attribute) => found.attributes.push((attribute, map.next_value()?)),
                        Key::Name => found.name = Some(map.next_value()?),
                        Key::Value | Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(found)
            }
        }
        from.deserialize_map(Object)
    }
}

/// Takes attributes over into an entry, lists value by value.
pub(super) fn set_all(entry: &mut Entry, attributes: &[(Attribute, Texts)], line: u64, to: &mut Collector) {
    for (attribute, Texts { texts, alone }) in attributes {
        for text in texts {
            if *alone {
                entry.set_flattened(*attribute, text, line, to);
            } else {
                entry.set(*attribute, text, line, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str, layout: Layout) -> (Vec<(u64, String)>, Vec<String>) {
        let mut stream = TextStream::new(text.as_bytes()).unwrap();
        let mut to = Collector::new("f".into());
        let mut seen = Vec::new();
        for_each_object(&mut stream, layout, &mut to, |object, _| {
            seen.push((object.line, String::from_utf8(object.bytes.to_vec()).unwrap()));
            Ok(())
        })
        .unwrap();
        (seen, to.finish("").1.problems)
    }

    #[test]
    fn the_objects_of_a_list() {
        let brackets_in_text = r#"{"a":"}]\"{\\"}"#;
        let table = [
            ("[]", Layout::List, vec![]),
            ("[{},\n{\"a\":{}}]", Layout::List, vec![(1, "{}"), (2, "{\"a\":{}}")]),
            ("{\"a\":[{}]}", Layout::List, vec![(1, "{\"a\":[{}]}")]),
            ("{}\n{}", Layout::List, vec![(1, "{}"), (2, "{}")]),
            (brackets_in_text, Layout::List, vec![(1, brackets_in_text)]),
            (
                "{\"meta\":{\"x\":[1]},\"data\":[\n{\"p\":{}}],\"c\":1}",
                Layout::Wrapped,
                vec![(2, "{\"p\":{}}")],
            ),
        ];
        for (text, layout, want) in table {
            let (got, problems) = objects(text, layout);
            let got: Vec<_> = got.iter().map(|(l, t)| (*l, t.as_str())).collect();
            assert_eq!(got, want, "{text}");
            assert!(problems.is_empty(), "{text}: {problems:?}");
        }
    }

    #[test]
    fn cut_off_and_too_deep() {
        let (got, problems) = objects("[{},{\"a\":\"", Layout::List);
        assert_eq!(got.len(), 1);
        assert!(problems[0].contains("cut off"), "{problems:?}");
        let (got, problems) = objects(&"[".repeat(65_000), Layout::List);
        assert!(got.is_empty());
        assert!(problems[0].contains("nested"), "{problems:?}");
    }

    #[test]
    fn strings_that_end_with_the_block() {
        // Every place of a backslash pair and of the quote relative to the block's end.
        for pad in 262_130..262_150 {
            let text = format!("[{{\"a\":\"{}\\\\\\\"}}\"}},{{}}]", "x".repeat(pad));
            let (got, problems) = objects(&text, Layout::List);
            assert_eq!((got.len(), problems.len()), (2, 0), "pad {pad}");
        }
    }
}
