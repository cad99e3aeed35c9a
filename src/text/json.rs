//! JSON in bounded memory: documents one after the other, arrays element by element.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::decode::TextReader;

/// Longest object: a SharpHound computer with 10,000 access control entries is 2 MB.
const MAX_OBJECT: u64 = 64 << 20;

/// Members that hold the list of objects, as PowerShell (`value`), SharpHound (`data` and, before
/// version 4, the kind of object) and ldap3 (`entries`) wrap it; and the other members.
const LISTS: &[&str] =
    &["value", "data", "entries", "computers", "users", "domains", "groups", "gpos", "ous"];
const BESIDE: &[&str] = &["Count", "meta"];

/// Takes the objects of a text.
pub(crate) trait ObjectVisitor {
    /// Takes one object: its first name, and a map that gives the value to it and the members that
    /// follow. `line` is the line on which it begins, from 1.
    fn object<'de, A: MapAccess<'de>>(&mut self, first: &str, map: A, line: u64) -> Result<(), A::Error>;

    /// Takes an error: its line, and whether the text ended too early.
    fn error(&mut self, line: u64, what: String, is_cut_off: bool);
}

/// Hands every object of the text to `visitor`: documents, the elements of arrays, and of the lists that
/// tools wrap in an object. After text that is no JSON, reading goes on at the next line that begins a
/// document.
pub(crate) fn each_object<R: Read>(text: TextReader<R>, visitor: &mut impl ObjectVisitor) -> io::Result<()> {
    let position = Position { line: Cell::new(1), object_began: Cell::new(false), held: Cell::new(0) };
    let mut bytes = Bytes { text, position: &position };
    while bytes.skip_blanks()? {
        position.begin_object();
        let start = bytes.text.position();
        let line = position.line.get();
        let mut source = serde_json::Deserializer::from_reader(&mut bytes);
        let Err(error) = Top { visitor, position: &position }.deserialize(&mut source) else { continue };
        if error.is_io() && !position.is_too_long() {
            return Err(error.into());
        }
        let what = match position.is_too_long() {
            true => format!("an object of more than {} MiB", MAX_OBJECT >> 20),
            false => without_position(&error),
        };
        // serde_json reads on after an error, and counts lines from the beginning of the document.
        let in_document = (error.line() as u64).max(1);
        visitor.error(line + in_document - 1, what, error.is_eof());
        position.held.set(0);
        bytes.skip_to_document(start)?;
    }
    Ok(())
}

/// The message without the line and column in the document.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}

/// Where reading is. Shared with the visitors, which see the line of each object by it. Each byte of a
/// file passes here, so there is no more of it than needed.
struct Position {
    /// Line of the next byte, from 1.
    line: Cell<u64>,
    /// An object began since the last block was read.
    object_began: Cell<bool>,
    /// Bytes of the blocks that were read since an object began.
    held: Cell<u64>,
}

impl Position {
    fn is_too_long(&self) -> bool {
        self.held.get() > MAX_OBJECT
    }

    fn begin_object(&self) {
        self.object_began.set(true);
    }
}

/// Gives serde_json one byte at a time, so that nothing is read ahead of what it takes.
struct Bytes<'p, R> {
    text: TextReader<R>,
    position: &'p Position,
}

impl<R: Read> Bytes<'_, R> {
    fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.text.next_byte()?;
        if byte == Some(b'\n') {
            self.position.line.set(self.position.line.get() + 1);
        }
        Ok(byte)
    }

    #[cold]
    fn read_block(&mut self) -> io::Result<()> {
        let position = self.position;
        let held = if position.object_began.take() { 0 } else { position.held.get() };
        position.held.set(held + self.text.fill()?.len() as u64);
        match position.is_too_long() {
            true => Err(io::Error::other("the object is too long")),
            false => Ok(()),
        }
    }

    /// Skips blanks, and what is left of a list after an error in it; false at the end of the text.
    fn skip_blanks(&mut self) -> io::Result<bool> {
        while let Some(byte) = self.next()? {
            if !byte.is_ascii_whitespace() && !matches!(byte, b',' | b']') {
                self.text.unread_byte();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Skips to the next line that begins with a bracket. The line at whose first byte the document that
    /// began at `start` broke off may be one.
    fn skip_to_document(&mut self, start: u64) -> io::Result<()> {
        let mut last = self.text.last_bytes();
        if let [Some(b'\n'), Some(b'{' | b'[')] = last
            && self.text.position() > start + 1
        {
            self.text.unread_byte();
            return Ok(());
        }
        while let Some(byte) = self.next()? {
            if last[1] == Some(b'\n') && matches!(byte, b'{' | b'[') {
                self.text.unread_byte();
                return Ok(());
            }
            last[1] = Some(byte);
        }
        Ok(())
    }
}

impl<R: Read> Read for Bytes<'_, R> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(to) = buffer.first_mut() else { return Ok(0) };
        if self.text.buffered_bytes().is_empty() {
            self.read_block()?;
        }
        let Some(&byte) = self.text.buffered_bytes().first() else { return Ok(0) };
        self.text.consume(1);
        if byte == b'\n' {
            self.position.line.set(self.position.line.get() + 1);
        }
        *to = byte;
        Ok(1)
    }
}

/// A document, or an element of a list.
struct Top<'v, V> {
    visitor: &'v mut V,
    position: &'v Position,
}

impl<'de, V: ObjectVisitor> DeserializeSeed<'de> for Top<'_, V> {
    type Value = bool;

    /// Is it a list?
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, V: ObjectVisitor> Visitor<'de> for Top<'_, V> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        loop {
            self.position.begin_object();
            let element = Top { visitor: &mut *self.visitor, position: self.position };
            if seq.next_element_seed(element)?.is_none() {
                return Ok(true);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let line = self.position.line.get();
        self.position.begin_object();
        let mut wraps = false;
        while let Some(name) = map.next_key::<String>()? {
            if wraps || LISTS.contains(&&*name) {
                wraps |=
                    map.next_value_seed(List(Top { visitor: &mut *self.visitor, position: self.position }))?;
            } else if BESIDE.contains(&&*name) {
                map.next_value::<IgnoredAny>()?;
            } else {
                return self.visitor.object(&name, map, line).map(|()| false);
            }
        }
        Ok(false)
    }

    // Anything else between objects is skipped.
    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}

/// The value of a member that may hold a list; an object in its place is not an element.
struct List<'v, V>(Top<'v, V>);

impl<'de, V: ObjectVisitor> DeserializeSeed<'de> for List<'_, V> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, V: ObjectVisitor> Visitor<'de> for List<'_, V> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<bool, A::Error> {
        self.0.visit_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
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
        each_object(TextReader::of(text), &mut objects).unwrap();
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
        assert_eq!(found.good, [("{\"a\":1}".to_owned(), 1), ("{\"a\":3}".to_owned(), 4)]);
        assert_eq!(found.bad.len(), 1);
    }

    #[test]
    fn a_bad_element_costs_itself_where_each_has_a_line() {
        let found = objects("[{\"a\":1},\n{\"a\":},\n{\"a\":2},{\"a\":3},\n{\"a\":4}]\n");
        assert_eq!(found.good.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [1, 3, 3, 4]);
        assert_eq!(found.bad, [(2, "expected value".to_owned())]);
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
        let endless = format!("[{{\"a\":\"{}\"}}]\n{{\"a\":1}}", "x".repeat(MAX_OBJECT as usize + (1 << 20)));
        let found = objects(&endless);
        assert_eq!(found.bad, [(1, "an object of more than 64 MiB".to_owned())]);
        assert_eq!(found.good, [("{\"a\":1}".to_owned(), 2)]);
    }
}
