//! JSON exports of any size: the document is cut into the objects of its list, and only some of them stand
//! in memory.

use std::io::Read;
use std::ops::Range;

use super::ReadError;
use super::blocks::{Cut, Cutter, Reader, read_all};
use super::collect::Collector;
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
    pub text: &'o str,
    /// 1-based line of its first character.
    pub line: u64,
}

/// What a format makes of the objects that follow each other.
pub(super) trait Objects: Default + Send {
    fn object(&mut self, object: &Object, to: &mut Collector) -> Result<(), ReadError>;

    /// Takes over what another found in the objects behind.
    fn join(&mut self, next: Self);
}

/// Reads every object of the list, in blocks of `size` bytes.
pub(super) fn read_objects<O: Objects>(
    text: &mut TextStream<impl Read + Send>,
    layout: Layout,
    size: usize,
    to: &mut Collector,
) -> Result<O, ReadError> {
    let reader = read_all(ObjectBlocks::new(text, layout, size), ObjectReader::<O>::default, to)?;
    Ok(reader.0)
}

/// Some of the list's objects.
#[derive(Default)]
struct Block {
    text: String,
    found: Vec<Found>,
}

enum Found {
    Object { place: Range<usize>, line: u64 },
    Lost { line: u64, what: String },
}

#[derive(Default)]
struct ObjectReader<O>(O);

impl<O: Objects> Reader<Block> for ObjectReader<O> {
    fn read(&mut self, block: &Block, to: &mut Collector) -> Result<(), ReadError> {
        for found in &block.found {
            match found {
                Found::Object { place, line } => {
                    let text = block.text.get(place.clone()).unwrap_or_default();
                    self.0.object(&Object { text, line: *line }, to)?;
                }
                Found::Lost { line, what } => to.lost(*line, what.clone()),
            }
        }
        Ok(())
    }

    fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector) {
        self.0.join(next.0);
        to.append(part, Vec::new());
    }
}

/// Finds where objects begin and end: brackets outside strings.
struct ObjectBlocks<'s, R> {
    stream: &'s mut TextStream<R>,
    layout: Layout,
    /// Bytes of a block.
    size: usize,
    /// What is read and stands behind the last block.
    rest: String,
    depth: usize,
    /// Whether the first two levels are arrays.
    arrays: [bool; 2],
    in_string: bool,
    /// The byte before was a backslash within a string.
    escaped: bool,
    line: u64,
    /// Where in the block the object begins that is not at its end yet, its line and the depth around it.
    open: Option<Open>,
    /// Nothing more is read.
    ended: bool,
}

#[derive(Clone, Copy)]
struct Open {
    from: usize,
    line: u64,
    outside: usize,
    too_large: bool,
}

/// What the look through a text ended at.
enum Seen {
    /// The end of an object, just before this place.
    Object(usize, Open),
    TooDeep,
    /// The end of the text.
    All,
}

impl<'s, R: Read> ObjectBlocks<'s, R> {
    fn new(stream: &'s mut TextStream<R>, layout: Layout, size: usize) -> Self {
        Self {
            stream,
            layout,
            size,
            rest: String::new(),
            depth: 0,
            arrays: [false; 2],
            in_string: false,
            escaped: false,
            line: 1,
            open: None,
            ended: false,
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

    /// Looks through a text from a place on, up to the end of an object.
    fn scan(&mut self, text: &[u8], mut at: usize) -> Seen {
        while let Some(&byte) = text.get(at) {
            if self.in_string {
                at += self.string(text.get(at..).unwrap_or_default());
                continue;
            }
            at += 1;
            match byte {
                b'\n' => self.line += 1,
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if byte == b'{' && self.open.is_none() && self.at_list() {
                        let (line, outside) = (self.line, self.depth);
                        self.open = Some(Open { from: at - 1, line, outside, too_large: false });
                    }
                    if let Some(array) = self.arrays.get_mut(self.depth) {
                        *array = byte == b'[';
                    }
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Seen::TooDeep;
                    }
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if let Some(open) = self.open.take_if(|open| open.outside == self.depth) {
                        return Seen::Object(at, open);
                    }
                }
                _ => {}
            }
        }
        Seen::All
    }

    /// Bytes up to the end of the string, or of the text.
    fn string(&mut self, text: &[u8]) -> usize {
        let mut at = 0;
        if std::mem::take(&mut self.escaped) {
            at = 1;
        }
        loop {
            let rest = text.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => return text.len(),
                Some(i) if rest.get(i) == Some(&b'"') => {
                    self.in_string = false;
                    return at + i + 1;
                }
                Some(i) if at + i + 1 >= text.len() => {
                    self.escaped = true;
                    return text.len();
                }
                Some(i) => at += i + 2,
            }
        }
    }

    /// An object goes on behind the text that is read. Nothing of it is kept when it is too large.
    fn bound(&mut self, block: &mut Block) {
        if let Some(open) = &mut self.open {
            open.too_large |= block.text.len() - open.from > MAX_OBJECT;
            if open.too_large {
                block.text.truncate(open.from);
            }
        }
    }
}

impl<R: Read + Send> Cutter for ObjectBlocks<'_, R> {
    type Block = Block;

    fn cut(&mut self, block: &mut Block) -> Result<Cut, ReadError> {
        block.found.clear();
        block.text.clear();
        block.text.push_str(&self.rest);
        self.rest.clear();
        let mut at = 0;
        loop {
            match self.scan(block.text.as_bytes(), at) {
                Seen::Object(end, Open { from, line, too_large, .. }) => {
                    at = end;
                    block.found.push(match too_large || end - from > MAX_OBJECT {
                        false => Found::Object { place: from..end, line },
                        true => {
                            let what = format!("an object of more than {MAX_OBJECT} bytes is passed over");
                            Found::Lost { line, what }
                        }
                    });
                    if end >= self.size {
                        self.rest.push_str(block.text.get(end..).unwrap_or_default());
                        block.text.truncate(end);
                        return Ok(Cut::Whole);
                    }
                }
                Seen::TooDeep => {
                    let what = format!("the JSON is nested more than {MAX_DEPTH} deep and is not read on");
                    block.found.push(Found::Lost { line: self.line, what });
                    self.ended = true;
                    return Ok(Cut::Whole);
                }
                Seen::All if self.stream.has_ended() => {
                    self.ended = true;
                    if self.depth > 0 {
                        let what = "the JSON ends before its last bracket; the export was cut off".to_owned();
                        block.found.push(Found::Lost { line: self.line, what });
                    }
                    return Ok(Cut::Whole);
                }
                Seen::All => {
                    self.bound(block);
                    if self.open.is_none() && block.text.len() >= self.size {
                        return Ok(Cut::Whole);
                    }
                    at = block.text.len();
                    self.stream.append_to(&mut block.text, self.size)?;
                }
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Taken(Vec<(u64, String)>);

    impl Objects for Taken {
        fn object(&mut self, object: &Object, _: &mut Collector) -> Result<(), ReadError> {
            self.0.push((object.line, object.text.to_owned()));
            Ok(())
        }

        fn join(&mut self, next: Self) {
            self.0.extend(next.0);
        }
    }

    fn objects(text: &str, layout: Layout) -> (Vec<(u64, String)>, Vec<String>) {
        let in_blocks = |size| {
            let mut stream = TextStream::new(text.as_bytes()).unwrap();
            let mut to = Collector::new("f".into());
            let taken: Taken = read_objects(&mut stream, layout, size, &mut to).unwrap();
            (taken.0, to.finish("").1.problems)
        };
        let whole = in_blocks(1 << 20);
        assert_eq!(in_blocks(1), whole);
        assert_eq!(in_blocks(1000), whole);
        whole
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
