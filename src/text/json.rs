//! Reads JSON in bounded memory: documents one after the other, and arrays element by element.
//!
//! The end of each object is found first ([`json_window`](super::json_window)), then serde_json parses the object alone. So an
//! object that is not valid JSON does not affect the objects after it.

use std::fmt;
use std::io::{self, Read};

use memchr::memchr2_iter;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::decode::TextReader;
use super::json_window::{Fault, MAX_VALUE, Window};

/// Members that hold the list of objects, as PowerShell (`value`), SharpHound (`data` and, before version 4, the kind of object)
/// and ldap3 (`entries`) wrap it.
const LISTS: &[&str] =
    &["value", "data", "entries", "computers", "users", "domains", "groups", "gpos", "ous"];
/// Members that may come before the list.
const BEFORE_LIST: &[&str] = &["Count", "meta"];

/// Deepest nesting of lists around an object.
const MAX_LISTS: usize = 128;

/// Maximum number of bytes of a text that are searched a second time, from the start of an object without an end. Above it,
/// the search for the next object begins at the error.
const MAX_READ_AGAIN: usize = 256 << 20;

/// Receives the objects of a text.
pub(crate) trait ObjectVisitor {
    /// Receives an object that begins on `line`, from 1. `first` is the name of its first member. `map` gives the value of that
    /// member, and then the members after it. No object in it has two members of one name.
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, map: A, line: u64) -> Result<(), A::Error>;

    /// Receives an error on `line`. `is_cut_off` is true if the text ended too early.
    fn error(&mut self, line: u64, what: String, is_cut_off: bool);
}

/// Passes every object of the text to `visitor`: documents, the elements of arrays, and those of the lists that tools wrap in an
/// object.
///
/// After an object that is not valid JSON, reading continues at the next object. After other text it continues at the next line
/// that begins a document. An object in which two members have one name is an error.
pub(crate) fn each_object<R: Read>(text: TextReader<R>, visitor: &mut impl ObjectVisitor) -> io::Result<()> {
    let mut objects = Objects {
        window: Window::new(text),
        containers: Vec::new(),
        first_name: String::new(),
        read_again: 0,
        failed: false,
        visitor,
    };
    while let Some((at, byte)) = objects.window.next_visible()? {
        objects.read(at, byte)?;
    }
    if !objects.containers.is_empty() {
        let line = objects.window.line();
        objects.visitor.error(line, "the text ends inside a list".to_owned(), true);
    }
    Ok(())
}

/// Is it a line such as `Record 52341`, which `evtx_dump` writes before each object?
pub(crate) fn is_record_line(line: &str) -> bool {
    line.trim_end()
        .strip_prefix("Record ")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The error message if two members of one object in the JSON value at the start of `text` have the same name.
pub(crate) fn repeated_name(text: &str) -> Option<String> {
    let value = Window::new(TextReader::from_text(text)).value(0).ok()?;
    value.repeated.map(|(_, name)| repeated_name_message(&name))
}

/// The error message of a name that two members of one object have.
pub(crate) fn repeated_name_message(name: &str) -> String {
    let shown = super::beginning(name, 80).escape_debug();
    format!("\"{shown}\" appears twice in one object, which leaves its value open")
}

/// A bracket that is open around the objects.
#[derive(Clone, Copy, PartialEq)]
enum Container {
    Array,
    /// An object with a member of [`LISTS`].
    Wrapper,
}

/// A text that is being read.
struct Objects<'v, R, V> {
    window: Window<R>,
    containers: Vec<Container>,
    /// Name of the last object's first member.
    first_name: String,
    /// Bytes that were searched a second time.
    read_again: usize,
    /// There was an error. A closing bracket without a partner may belong to it, and is then not a second error.
    failed: bool,
    visitor: &'v mut V,
}

impl<R: Read, V: ObjectVisitor> Objects<'_, R, V> {
    /// Reads the token or value that begins at `at` with `byte`, and moves past it.
    fn read(&mut self, at: usize, byte: u8) -> io::Result<()> {
        match (byte, self.containers.last().copied()) {
            (b',', _) => {}
            (b'[', _) if self.containers.len() < MAX_LISTS => self.containers.push(Container::Array),
            (b']', Some(Container::Array)) | (b'}', Some(Container::Wrapper)) => drop(self.containers.pop()),
            (b']', None) => {}
            (b']' | b'}', _) if self.failed => {}
            (b'{', _) => return self.object(at),
            (b'"', Some(Container::Wrapper)) => return self.member(at),
            (b'R', None) if self.skip_record_line(at)? => return Ok(()),
            _ => return self.skip_value(at),
        }
        self.window.move_to(at + 1);
        Ok(())
    }

    /// Skips a line that `evtx_dump` writes between documents. Returns whether there was one.
    fn skip_record_line(&mut self, at: usize) -> io::Result<bool> {
        self.window.move_to(at);
        while !self.window.rest().contains('\n') && self.window.rest().len() < 64 && self.window.load()? {}
        let line = self.window.rest().lines().next().unwrap_or_default();
        let len = line.len();
        let is_one = is_record_line(line);
        if is_one {
            self.window.skip(len);
        }
        Ok(is_one)
    }

    /// Reads an object, or enters the list that it wraps.
    fn object(&mut self, start: usize) -> io::Result<()> {
        match self.wrapped_list(start) {
            Ok(Some(list)) => {
                self.containers.extend([Container::Wrapper, Container::Array]);
                self.window.move_to(list + 1);
                return Ok(());
            }
            Ok(None) => {}
            Err(fault) => return self.fault(start, fault),
        }
        let value = match self.window.value(start) {
            Ok(value) => value,
            Err(fault) => return self.fault(start, fault),
        };
        let line = self.window.line_of(start);
        let text = self.window.slice(start..value.end);
        let parsed = match &value.repeated {
            Some((at, name)) => Err((self.window.line_of(*at), repeated_name_message(name))),
            None => serde_json::Deserializer::from_str(text)
                .deserialize_map(Document { visitor: &mut *self.visitor, line })
                .map_err(|error| (line + (error.line() as u64).max(1) - 1, without_position(&error))),
        };
        if let Err((line, what)) = parsed {
            self.error(line, what, false);
        }
        self.window.move_to(value.end);
        Ok(())
    }

    /// The position of the list that the object at `start` wraps; `None` if it wraps none. Remembers the name of the object's first
    /// member.
    fn wrapped_list(&mut self, start: usize) -> Result<Option<usize>, Fault> {
        let mut at = start + 1;
        for n in 0.. {
            let Some(name) = self.window.name(at)? else { break };
            let text = self.window.slice(name.start + 1..name.end - 1);
            if n == 0 && self.first_name != text {
                text.clone_into(&mut self.first_name);
            }
            let (is_list, is_skipped) = (LISTS.contains(&text), BEFORE_LIST.contains(&text));
            let (value, byte) = self.window.after_colon(name.end)?;
            match is_list && byte == b'[' {
                true => return Ok(Some(value)),
                false if is_list || is_skipped => at = self.window.value(value)?.end,
                false => break,
            }
            match self.window.visible(at)? {
                Some((comma, b',')) => at = comma + 1,
                _ => break,
            }
        }
        Ok(None)
    }

    /// Reads a further member of an object that wraps a list: each list holds objects.
    fn member(&mut self, start: usize) -> io::Result<()> {
        let read = self.window.value(start).and_then(|name| {
            let (value, byte) = self.window.after_colon(name.end)?;
            match byte {
                b'[' => Ok((value + 1, true)),
                _ => Ok((self.window.value(value)?.end, false)),
            }
        });
        match read {
            Ok((end, is_list)) => {
                self.containers.extend(is_list.then_some(Container::Array));
                self.window.move_to(end);
                Ok(())
            }
            Err(fault) => self.fault(start, fault),
        }
    }

    /// Skips a value that is not an object. Text that is not a value is an error.
    fn skip_value(&mut self, start: usize) -> io::Result<()> {
        if self.containers.len() >= MAX_LISTS {
            self.containers.truncate(1);
            return self.fault(start, Fault::Malformed(start));
        }
        match self.window.value(start) {
            Ok(value) if serde_json::from_str::<IgnoredAny>(self.window.slice(start..value.end)).is_ok() => {
                self.window.move_to(value.end);
                Ok(())
            }
            Ok(_) => self.fault(start, Fault::Malformed(start)),
            Err(fault) => self.fault(start, fault),
        }
    }

    fn error(&mut self, line: u64, what: String, is_cut_off: bool) {
        self.failed = true;
        self.visitor.error(line, what, is_cut_off);
    }

    /// Reports the value at `start`, which has no end, and moves to the next object.
    fn fault(&mut self, start: usize, fault: Fault) -> io::Result<()> {
        let first_line = self.window.line_of(start);
        let (end, line, what) = match fault {
            Fault::Io(error) => return Err(error),
            Fault::TooLong(at) => (at, first_line, format!("an object of more than {} MiB", MAX_VALUE >> 20)),
            Fault::Malformed(at) | Fault::Cut(at) => {
                let text = self.window.slice_to_character(start, at);
                let (line, what) = match serde_json::from_str::<IgnoredAny>(text) {
                    Err(error) => ((error.line() as u64).max(1) - 1, without_position(&error)),
                    Ok(_) => (0, "expected an object".to_owned()),
                };
                (at, first_line + line, what)
            }
        };
        self.read_again = self.read_again.saturating_add(end - start);
        let from = if self.read_again > MAX_READ_AGAIN { end } else { start + 1 };
        let is_cut_off = !self.move_to_next_object(start, from)? && matches!(fault, Fault::Cut(_));
        self.error(line, what, is_cut_off);
        Ok(())
    }

    /// Moves to the next object after the faulty one at `start`, searching from `from`. Returns false at the end of the text, if
    /// there is none.
    ///
    /// If the faulty object begins its line, the next one begins a line with the same indent. Otherwise the next one follows a
    /// comma, and its first member has the same name as that of the last good object. A bracket in the first column always begins
    /// a document.
    fn move_to_next_object(&mut self, start: usize, from: usize) -> io::Result<bool> {
        let indent = self.window.indent(start).map(str::to_owned);
        self.window.move_to(from);
        loop {
            let place = memchr2_iter(b'{', b'[', self.window.rest().as_bytes()).next();
            let Some(place) = place else {
                let end = self.window.rest().len();
                self.window.skip(end);
                if self.window.load()? {
                    continue;
                }
                self.containers.clear();
                return Ok(false);
            };
            self.window.skip(place);
            let at = self.window.position();
            let is_object = self.window.rest().starts_with('{');
            let found = self.window.indent(at);
            if found == Some("") && !(is_object && indent.as_deref() == Some("")) {
                self.containers.clear();
                return Ok(true);
            }
            let is_next = match &indent {
                Some(indent) => found == Some(indent),
                None => self.window.follows_comma(at) && self.begins_as_the_last(at)?,
            };
            if is_next && is_object {
                return Ok(true);
            }
            self.window.skip(1);
        }
    }

    /// Does the first member of the object at `at` have the same name as that of the last object?
    fn begins_as_the_last(&mut self, at: usize) -> io::Result<bool> {
        match self.window.name(at + 1) {
            Ok(Some(name)) => Ok(self.window.slice(name.start + 1..name.end - 1) == self.first_name),
            Err(Fault::Io(error)) => Err(error),
            Ok(None) | Err(_) => Ok(false),
        }
    }
}

/// The message without the line and column in the document.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// Deserializes one object for the visitor.
struct Document<'v, V> {
    visitor: &'v mut V,
    line: u64,
}

impl<'de, V: ObjectVisitor> Visitor<'de> for Document<'_, V> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if !LISTS.contains(&&*name) && !BEFORE_LIST.contains(&&*name) {
                return self.visitor.object(&name, map, self.line);
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    #[derive(Default)]
    struct Objects {
        good: Vec<(String, u64)>,
        bad: Vec<(u64, String)>,
    }

    impl ObjectVisitor for Objects {
        fn object<'de, A: MapAccess<'de>>(
            &mut self,
            first: &str,
            mut map: A,
            line: u64,
        ) -> Result<(), A::Error> {
            let mut object = Map::new();
            object.insert(first.to_owned(), map.next_value()?);
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                object.insert(name, value);
            }
            self.good.push((Value::Object(object).to_string(), line));
            Ok(())
        }

        fn error(&mut self, line: u64, what: String, _: bool) {
            self.bad.push((line, what));
        }
    }

    fn objects(text: &str) -> Objects {
        let mut objects = Objects::default();
        each_object(TextReader::from_text(text), &mut objects).unwrap();
        objects
    }

    #[test]
    fn arrays_documents_and_wrapped_lists_are_taken_apart_with_their_lines() {
        let one = |n: u32, line| (format!("{{\"a\":{n}}}"), line);
        for (text, want) in [
            ("{\n\"a\": 1\n}", vec![one(1, 1)]),
            ("[\n{\"a\":1},\n{\"a\":2}\n]", vec![one(1, 2), one(2, 3)]),
            ("{\"value\":[{\"a\":1},\n{\"a\":2}],\"Count\":2}", vec![one(1, 1), one(2, 2)]),
            ("{\"Count\":1,\"value\":[{\"a\":1}]}", vec![one(1, 1)]),
            ("{\"meta\":{\"x\":[{\"a\":7}]},\"data\":[{\"a\":1}],\"c\":[7]}", vec![one(1, 1)]),
            ("{\"value\":\"x\",\"a\":1}", vec![one(1, 1)]),
            ("{\"a\":1}\r\n\r\n{\"a\":2}\n", vec![one(1, 1), one(2, 3)]),
            ("[[{\"a\":1}],null,7]", vec![one(1, 1)]),
            ("[]", vec![]),
            ("", vec![]),
        ] {
            let found = objects(text);
            assert_eq!(found.good, want, "{text}");
            assert!(found.bad.is_empty(), "{text}: {:?}", found.bad);
        }
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let found = objects("{\"a\":1}\n{\"a\":\n{\"a\":2}\n{\"a\":3}\n");
        let one = |n: u32, line| (format!("{{\"a\":{n}}}"), line);
        assert_eq!(found.good, [one(1, 1), one(2, 3), one(3, 4)]);
        assert_eq!(found.bad, [(4, "expected `,` or `}`".to_owned())]);
    }

    #[test]
    fn a_bad_element_costs_itself_where_each_has_a_line() {
        let found = objects("[{\"a\":1},\n{\"a\":},\n{\"a\":2},{\"a\":3},\n{\"a\":4}]\n");
        assert_eq!(found.good.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [1, 3, 3, 4]);
        assert_eq!(found.bad, [(2, "expected value".to_owned())]);
    }

    /// One bad object ended the rest of an address list.
    #[test]
    fn a_bad_object_costs_itself_in_every_layout() {
        let bad = [
            r#"{"a":}"#,
            r#"{"a":2,}"#,
            r#"{"a":1e999}"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a" 2}"#,
            r#"{"a":2"#,
            r#"{"a":"2}"#,
            r#"{"a":[2}"#,
            r#"{"a":{"b":2}"#,
            r#"{"a":2]}"#,
            r#"{"a":2,"a":3}"#,
            r#"{"a":{"b":[{"c":1,"\u0063":2}]}}"#,
            r#"{}}"#,
            r#"{a:2}"#,
            r#"{"a":2}{"#,
            r#"x"#,
        ];
        for bad in bad {
            for (n, (list, lines)) in [
                (format!(r#"[{{"a":1}},{bad},{{"a":7}},{{"a":8}}]"#), [1, 1, 1]),
                (
                    format!(
                        "[\n  {{\n    \"a\": 1\n  }},\n  {bad},\n  {{\n    \"a\": 7\n  }},\n  {{\"a\":8}}\n]"
                    ),
                    [2, 6, 9],
                ),
                (format!(r#"{{"value":[{{"a":1}}, {bad} , {{"a":7}},{{"a":8}}],"Count":3}}"#), [1, 1, 1]),
                (format!("{{\"a\":1}}\n{bad}\n{{\"a\":7}}\n{{\"a\":8}}\n"), [1, 3, 4]),
            ]
            .into_iter()
            .enumerate()
            {
                let found = objects(&list);
                let good: Vec<_> =
                    found.good.iter().filter(|(text, _)| text != r#"{"a":2}"#).cloned().collect();
                let want = [1, 7, 8].map(|n| format!("{{\"a\":{n}}}")).into_iter().zip(lines);
                assert_eq!(good, want.collect::<Vec<_>>(), "{n}: {list}");
                assert!(!found.bad.is_empty(), "{n}: {list}");
            }
        }
    }

    #[test]
    fn a_name_that_appears_twice_is_an_error_of_its_line() {
        let found =
            objects("[{\"a\":1},\n{\"b\":{\"c\":1,\n\"\\u0063\":2}},{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}]");
        assert_eq!(found.good.len(), 2);
        assert_eq!(
            found.bad,
            [(3, "\"c\" appears twice in one object, which leaves its value open".to_owned())]
        );
    }

    #[test]
    fn what_stands_before_the_end_of_a_cut_file_is_kept() {
        let found = objects("[{\"a\":1},{\"a\":\"");
        assert_eq!((found.good.len(), found.bad.len()), (1, 1));
    }

    #[test]
    fn hostile_documents_end() {
        assert_eq!(objects(&"[".repeat(100_000)).bad.len(), 1);
        let found = objects(&"{\n".repeat(50_000));
        assert!(found.good.is_empty() && !found.bad.is_empty());
        let endless = format!("[{{\"a\":\"{}\"}}]\n{{\"a\":1}}", "x".repeat(MAX_VALUE + (1 << 20)));
        let found = objects(&endless);
        assert_eq!(found.bad, [(1, "an object of more than 64 MiB".to_owned())]);
        assert_eq!(found.good, [("{\"a\":1}".to_owned(), 2)]);
    }
}
