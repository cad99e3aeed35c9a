//! Writes Binary XML: the tree of a template definition, or of a record without one.
//!
//! The tokens are those of libevtx' "Windows XML Event Log (EVTX)", section "Binary XML". Real logs differ from it in one
//! detail: there is no dependency identifier outside a template.

use std::borrow::Cow;
use std::rc::Rc;

use super::chunk::Chunk;
use super::value::{Value, put_utf16};

pub type Text = Cow<'static, str>;

/// [`Element::depends_on`] of an element that is always written.
pub const ALWAYS: u16 = 0xffff;

/// A node of the tree: an element, a text or a substitution.
#[derive(Debug, Clone)]
pub enum Node {
    Element(Element),
    Leaf(Leaf),
}

#[derive(Debug, Clone)]
pub struct Element {
    pub name: Text,
    /// Index of the substitution without which the element is left out, or [`ALWAYS`].
    pub depends_on: u16,
    pub attributes: Vec<(Text, Leaf)>,
    /// `None` writes `<x/>`, an empty list `<x></x>`.
    pub children: Option<Vec<Node>>,
}

#[derive(Debug, Clone)]
pub enum Leaf {
    Text(Text),
    /// A substitution with its index and the type of its value.
    Value {
        index: u16,
        kind: u8,
        optional: bool,
    },
}

impl Element {
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), depends_on: ALWAYS, attributes: Vec::new(), children: None }
    }

    pub fn attribute(mut self, name: impl Into<Text>, leaf: Leaf) -> Self {
        self.attributes.push((name.into(), leaf));
        self
    }

    pub fn depends_on(mut self, index: u16) -> Self {
        self.depends_on = index;
        self
    }

    pub fn leaf(mut self, leaf: Leaf) -> Self {
        self.children.get_or_insert_default().push(Node::Leaf(leaf));
        self
    }

    pub fn text(mut self, text: impl Into<Text>) -> Self {
        let text = text.into();
        let children = self.children.get_or_insert_default();
        if !text.is_empty() {
            children.push(Node::Leaf(Leaf::Text(text)));
        }
        self
    }

    pub fn child(mut self, element: Element) -> Self {
        self.children.get_or_insert_default().push(Node::Element(element));
        self
    }

    pub fn children(mut self, elements: impl IntoIterator<Item = Element>) -> Self {
        let list = self.children.get_or_insert_default();
        list.extend(elements.into_iter().map(Node::Element));
        self
    }
}

/// A substitution that is left out when its value is null (token 0x0e).
pub fn optional(index: u16, kind: u8) -> Leaf {
    Leaf::Value { index, kind, optional: true }
}

/// A substitution that is always there (token 0x0d).
pub fn normal(index: u16, kind: u8) -> Leaf {
    Leaf::Value { index, kind, optional: false }
}

pub fn text(text: impl Into<Text>) -> Leaf {
    Leaf::Text(text.into())
}

/// A template definition. Its first four GUID bytes are the identifier that instances name.
#[derive(Debug)]
pub struct Definition {
    pub guid: [u8; 16],
    pub root: Node,
}

/// A template instance: the definition and its values.
#[derive(Debug, Clone)]
pub struct Instance {
    pub definition: Rc<Definition>,
    pub values: Vec<Slot>,
}

/// The value of one substitution.
#[derive(Debug, Clone)]
pub enum Slot {
    Value(Value),
    /// A string with a NUL after it.
    Terminated(Value),
    /// Binary XML with the data of the event (0x21). Windows 10 writes no fragment header for manifest events.
    Embedded {
        instance: Instance,
        fragment_header: bool,
    },
}

const FRAGMENT: [u8; 4] = [0x0f, 1, 1, 0];
const END_OF_STREAM: u8 = 0;

impl Chunk {
    /// Writes the body of a record that is a template instance.
    pub fn put_instance_stream(&mut self, instance: &Instance) {
        self.data.extend_from_slice(&FRAGMENT);
        self.put_instance(instance);
        self.data.push(END_OF_STREAM);
    }

    /// Writes the body of a record without a template. Every value is inline text.
    pub fn put_inline_stream(&mut self, root: &Element) {
        self.data.extend_from_slice(&FRAGMENT);
        self.put_element(root, false);
        self.data.push(END_OF_STREAM);
    }

    fn put_instance(&mut self, instance: &Instance) {
        let definition = &instance.definition;
        self.data.extend_from_slice(&[0x0c, 1]);
        self.data.extend_from_slice(&definition.guid[..4]);
        match self.template_offset(&definition.guid) {
            Some(offset) => self.put_u32(offset),
            None => {
                let offset = self.position() + 4;
                self.put_u32(offset);
                let next = self.add_template(definition.guid, offset);
                self.put_u32(next);
                self.data.extend_from_slice(&definition.guid);
                let size = self.reserve_size();
                self.data.extend_from_slice(&FRAGMENT);
                self.put_node(&definition.root, true);
                self.data.push(END_OF_STREAM);
                self.fill_size(size);
            }
        }
        self.put_u32(instance.values.len() as u32);
        let descriptors = self.data.len();
        for slot in &instance.values {
            let kind = match slot {
                Slot::Value(value) | Slot::Terminated(value) => value.kind(),
                Slot::Embedded { .. } => 0x21,
            };
            self.data.extend_from_slice(&[0, 0, kind, 0]);
        }
        for (i, slot) in instance.values.iter().enumerate() {
            let start = self.data.len();
            match slot {
                Slot::Value(value) => value.put(&mut self.data, false),
                Slot::Terminated(value) => value.put(&mut self.data, true),
                Slot::Embedded { instance, fragment_header } => {
                    if *fragment_header {
                        self.data.extend_from_slice(&FRAGMENT);
                    }
                    self.put_instance(instance);
                    self.data.push(END_OF_STREAM);
                }
            }
            // A size over 16 bits is cut here, but the chunk then refuses the record.
            let size = (self.data.len() - start) as u16;
            let at = descriptors + 4 * i;
            self.data[at..at + 2].copy_from_slice(&size.to_le_bytes());
        }
    }

    fn put_node(&mut self, node: &Node, in_template: bool) {
        match node {
            Node::Element(element) => self.put_element(element, in_template),
            Node::Leaf(leaf) => self.put_leaf(leaf),
        }
    }

    fn put_element(&mut self, element: &Element, in_template: bool) {
        let has_attributes = !element.attributes.is_empty();
        self.data.push(if has_attributes { 0x41 } else { 0x01 });
        if in_template {
            self.data.extend_from_slice(&element.depends_on.to_le_bytes());
        }
        let size = self.reserve_size();
        self.put_name(&element.name);
        if has_attributes {
            let list = self.reserve_size();
            let last = element.attributes.len() - 1;
            for (i, (name, leaf)) in element.attributes.iter().enumerate() {
                self.data.push(if i < last { 0x46 } else { 0x06 });
                self.put_name(name);
                self.put_leaf(leaf);
            }
            self.fill_size(list);
        }
        match &element.children {
            None => self.data.push(0x03),
            Some(children) => {
                self.data.push(0x02);
                for child in children {
                    self.put_node(child, in_template);
                }
                self.data.push(0x04);
            }
        }
        self.fill_size(size);
    }

    fn put_leaf(&mut self, leaf: &Leaf) {
        match leaf {
            Leaf::Text(text) => {
                self.data.extend_from_slice(&[0x05, 0x01]);
                let units = text.encode_utf16().count() as u16;
                self.data.extend_from_slice(&units.to_le_bytes());
                put_utf16(&mut self.data, text);
            }
            Leaf::Value { index, kind, optional } => {
                self.data.push(if *optional { 0x0e } else { 0x0d });
                self.data.extend_from_slice(&index.to_le_bytes());
                self.data.push(*kind);
            }
        }
    }
}
