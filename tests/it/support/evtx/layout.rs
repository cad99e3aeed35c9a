//! Turns an event into the tree and the values of its layout.

use std::rc::Rc;

use super::binxml::{Definition, Element, Instance, Node, Slot, Text, normal, optional, text};
use super::event::{Event, Layout, Payload, system_time};
use super::value::{Value, guid, hex};

const EVENT_NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";
const EVENTS_NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events";

// Types of the values a template expects.
const TEXT: u8 = 0x01;
const U8: u8 = 0x04;
const U16: u8 = 0x06;
const U32: u8 = 0x08;
const U64: u8 = 0x0a;
const BINARY: u8 = 0x0e;
const GUID: u8 = 0x0f;
const FILETIME: u8 = 0x11;
const SID: u8 = 0x13;
const HEX64: u8 = 0x15;
const BINXML: u8 = 0x21;
const TEXTS: u8 = 0x81;

/// The body of a record.
pub enum Body {
    Instance(Instance),
    Inline(Box<Element>),
}

/// The template definitions by GUID. Building a definition is most of the work of writing a record.
pub type TemplateCache = std::collections::HashMap<[u8; 16], Rc<Definition>>;

pub fn body(event: &Event, record_id: u64, made: &mut TemplateCache) -> Body {
    if event.layout == Layout::Forwarded {
        Body::Inline(Box::new(inline(event, record_id)))
    } else {
        Body::Instance(instance(event, record_id, made))
    }
}

/// Is the provider a literal of the definition?
fn is_classic(event: &Event) -> bool {
    event.layout == Layout::Classic
}

fn instance(event: &Event, record_id: u64, made: &mut TemplateCache) -> Instance {
    let windows10 = event.layout == Layout::Manifest;
    let null = |stale: usize| {
        if windows10 { Value::Stale(vec![1; stale]) } else { Value::Null }
    };
    let mut values = vec![
        Value::U8(event.level),
        Value::U8(event.opcode),
        Value::U16(event.task),
        Value::U16(event.event_id),
        event.qualifiers.map_or_else(|| null(2), Value::U16),
        Value::Hex64(event.keywords),
        Value::FileTime(event.time),
        null(16),
        Value::U32(event.process_id),
        Value::U32(event.thread_id),
        Value::U64(record_id),
        Value::U8(event.version),
        event.user.clone().unwrap_or(Value::Null),
        Value::Null,
    ];
    if is_classic(event) {
        values.extend(std::iter::repeat_n(Value::Null, 5));
    } else {
        values.push(Value::Text(event.provider.name.clone()));
        values.push(event.provider.guid.as_deref().map_or(Value::Null, guid));
        values.push(Value::Text(event.channel.clone()));
    }
    let mut values: Vec<Slot> = values.into_iter().map(Slot::Value).collect();
    values.push(match payload_instance(event, made) {
        None => Slot::Value(Value::Null),
        Some(instance) => Slot::Embedded { instance, fragment_header: !windows10 },
    });
    let mut key = Fingerprint::new();
    key.add(&[is_classic(event) as u8, (event.layout == Layout::ManifestWindows7) as u8]);
    key.add(event.computer.as_bytes());
    if is_classic(event) {
        for part in [Some(&event.provider.name), event.provider.guid.as_ref(), event.provider.source.as_ref()]
        {
            key.add(&[part.is_some() as u8]);
            key.add(part.map_or(b"", |p| p.as_bytes()));
        }
        key.add(event.channel.as_bytes());
    }
    let definition = define(made, key.guid(), || Node::Element(event_tree(event)));
    Instance { definition, values }
}

fn define(made: &mut TemplateCache, guid: [u8; 16], root: impl FnOnce() -> Node) -> Rc<Definition> {
    made.entry(guid).or_insert_with(|| Rc::new(Definition { guid, root: root() })).clone()
}

/// The `Event` element of a template: literals for a classic source, values for a manifest provider.
fn event_tree(event: &Event) -> Element {
    let classic = is_classic(event);
    // Sources without a manifest, such as NETLOGON and EventLog, have fewer System elements.
    let plain = classic && event.provider.guid.is_none();
    let provider = Element::new("Provider");
    let provider = if classic {
        let mut provider = provider.attribute("Name", text(event.provider.name.clone()));
        if let Some(guid) = &event.provider.guid {
            provider = provider.attribute("Guid", text(guid.clone()));
        }
        if let Some(source) = &event.provider.source {
            provider = provider.attribute("EventSourceName", text(source.clone()));
        }
        provider
    } else {
        provider.attribute("Name", optional(14, TEXT)).attribute("Guid", optional(15, GUID))
    };
    let leaf = |name: &'static str, index: u16, kind: u8| {
        Element::new(name).depends_on(index).leaf(optional(index, kind))
    };
    let mut system = Element::new("System")
        .child(provider)
        .child(leaf("EventID", 3, U16).attribute("Qualifiers", optional(4, U16)));
    if !plain {
        system = system.child(leaf("Version", 11, U8));
    }
    system = system.child(leaf("Level", 0, U8)).child(leaf("Task", 2, U16));
    if !plain {
        system = system.child(leaf("Opcode", 1, U8));
    }
    system = system
        .child(leaf("Keywords", 5, HEX64))
        .child(Element::new("TimeCreated").attribute("SystemTime", optional(6, FILETIME)))
        .child(leaf("EventRecordID", 10, U64));
    if !plain {
        let related = if classic { 18 } else { 13 };
        system = system
            .child(
                Element::new("Correlation")
                    .attribute("ActivityID", optional(7, GUID))
                    .attribute("RelatedActivityID", optional(related, GUID)),
            )
            .child(
                Element::new("Execution")
                    .attribute("ProcessID", optional(8, U32))
                    .attribute("ThreadID", optional(9, U32)),
            );
    }
    let channel =
        if classic { Element::new("Channel").text(event.channel.clone()) } else { leaf("Channel", 16, TEXT) };
    system = system
        .child(channel)
        .child(Element::new("Computer").text(event.computer.clone()))
        .child(Element::new("Security").attribute("UserID", optional(12, SID)));
    let payload = if classic { 19 } else { 17 };
    Element::new("Event")
        .depends_on(payload)
        .attribute("xmlns", text(EVENT_NAMESPACE))
        .child(system)
        .leaf(optional(payload, BINXML))
}

/// The GUID that Windows gives the definition of unnamed `Data`, the same in every log.
const STRINGS: [u8; 16] =
    [0x01, 0x46, 0xd3, 0xec, 0x25, 0x02, 0x67, 0x3e, 0xb6, 0x39, 0xd7, 0x7b, 0x70, 0x28, 0x1c, 0xe9];

fn payload_instance(event: &Event, made: &mut TemplateCache) -> Option<Instance> {
    let mut key = Fingerprint::new();
    let (definition, values) = match &event.payload {
        Payload::None => return None,
        Payload::Strings { strings, binary } => {
            let definition = define(made, STRINGS, || {
                Node::Element(
                    Element::new("EventData")
                        .child(Element::new("Data").depends_on(0).leaf(optional(0, TEXTS)))
                        .child(Element::new("Binary").depends_on(2).leaf(optional(2, BINARY))),
                )
            });
            let texts = if strings.is_empty() { Value::Null } else { Value::Texts(strings.clone()) };
            let (length, bytes) = match binary {
                None => (0, Value::Null),
                Some(bytes) => (bytes.len() as u32, Value::Binary(bytes.clone())),
            };
            return Some(Instance {
                definition,
                values: [texts, Value::U32(length), bytes].into_iter().map(Slot::Value).collect(),
            });
        }
        Payload::Named { values, binary } => {
            key.add(&[1, binary.is_some() as u8]);
            key.add_names(values);
            let count = values.len() as u16;
            let definition = define(made, key.guid(), || {
                let data = (0..count).zip(values).map(|(i, (name, value))| {
                    Element::new("Data").attribute("Name", text(name.clone())).leaf(normal(i, value.kind()))
                });
                let mut root = Element::new("EventData").children(data);
                if binary.is_some() {
                    // `__binLength` comes first and is not shown.
                    root = root.child(Element::new("Binary").leaf(normal(count + 1, BINARY)));
                }
                Node::Element(root)
            });
            let mut slots: Vec<Value> = values.iter().map(|(_, v)| v.clone()).collect();
            if let Some(bytes) = binary {
                slots.push(Value::U32(bytes.len() as u32));
                slots.push(Value::Binary(bytes.clone()));
            }
            (definition, slots)
        }
        Payload::UserData { element, namespace, values } => {
            key.add(&[2]);
            key.add(element.as_bytes());
            key.add(namespace.as_bytes());
            key.add_names(values);
            let definition = define(made, key.guid(), || {
                let fields = (0u16..)
                    .zip(values)
                    .map(|(i, (name, value))| Element::new(name.clone()).leaf(normal(i, value.kind())));
                Node::Element(
                    Element::new("UserData").child(
                        Element::new(element.clone())
                            .attribute("xmlns:auto-ns2", text(EVENTS_NAMESPACE))
                            .attribute("xmlns", text(namespace.clone()))
                            .children(fields),
                    ),
                )
            });
            (definition, values.iter().map(|(_, v)| v.clone()).collect())
        }
    };
    let terminated = event.layout == Layout::Manifest;
    let slot = |value: Value| match value {
        Value::Text(_) if terminated => Slot::Terminated(value),
        value => Slot::Value(value),
    };
    Some(Instance { definition, values: values.into_iter().map(slot).collect() })
}

/// Makes the tree of an event as inline text, with its System values and `RenderingInfo`.
///
/// System and EventData follow a record of a real collector (MSExchange, 2021). `RenderingInfo` follows the event schema,
/// because no real record with it was found.
fn inline(event: &Event, record_id: u64) -> Element {
    let attribute = |element: Element, name: &'static str, value: Option<Text>| match value {
        Some(value) => element.attribute(name, text(value)),
        None => element,
    };
    let leaf = |name: &'static str, value: Text| Element::new(name).text(value);
    let owned = |value: &Option<String>| value.clone().map(Text::from);
    let mut provider = Element::new("Provider").attribute("Name", text(event.provider.name.clone()));
    provider = attribute(provider, "Guid", owned(&event.provider.guid));
    provider = attribute(provider, "EventSourceName", owned(&event.provider.source));
    let id = attribute(Element::new("EventID"), "Qualifiers", event.qualifiers.map(|q| q.to_string().into()));
    let plain = event.provider.guid.is_none();
    let mut system = Element::new("System").child(provider).child(id.text(event.event_id.to_string()));
    if !plain {
        system = system.child(leaf("Version", event.version.to_string().into()));
    }
    system = system.child(leaf("Level", event.level.to_string().into()));
    system = system.child(leaf("Task", event.task.to_string().into()));
    if !plain {
        system = system.child(leaf("Opcode", event.opcode.to_string().into()));
    }
    system = system
        .child(leaf("Keywords", format!("{:#x}", event.keywords).into()))
        .child(Element::new("TimeCreated").attribute("SystemTime", text(system_time(event.time))))
        .child(leaf("EventRecordID", record_id.to_string().into()));
    if !plain {
        system = system.child(Element::new("Correlation")).child(
            Element::new("Execution")
                .attribute("ProcessID", text(event.process_id.to_string()))
                .attribute("ThreadID", text(event.thread_id.to_string())),
        );
    }
    let user = event.user.as_ref().map(|u| Text::from(u.text()));
    system = system
        .child(leaf("Channel", event.channel.clone().into()))
        .child(leaf("Computer", event.computer.clone().into()))
        .child(attribute(Element::new("Security"), "UserID", user));
    let mut root = Element::new("Event").attribute("xmlns", text(EVENT_NAMESPACE)).child(system);
    let binary_leaf = |bytes: &Vec<u8>| Element::new("Binary").text(hex(bytes));
    match &event.payload {
        Payload::None => {}
        Payload::Named { values, binary } => {
            let data = values.iter().map(|(name, value)| {
                Element::new("Data").attribute("Name", text(name.clone())).text(value.text())
            });
            root =
                root.child(Element::new("EventData").children(data).children(binary.iter().map(binary_leaf)));
        }
        Payload::Strings { strings, binary } => {
            let data = strings.iter().map(|s| Element::new("Data").text(s.clone()));
            root =
                root.child(Element::new("EventData").children(data).children(binary.iter().map(binary_leaf)));
        }
        Payload::UserData { element, namespace, values } => {
            let fields = values.iter().map(|(name, value)| Element::new(name.clone()).text(value.text()));
            root = root.child(Element::new("UserData").child(
                Element::new(element.clone()).attribute("xmlns", text(namespace.clone())).children(fields),
            ));
        }
    }
    if let Some(rendering) = &event.rendering {
        root = root.child(
            Element::new("RenderingInfo")
                .attribute("Culture", text(rendering.culture.clone()))
                .child(leaf("Message", rendering.message.clone().into()))
                .child(leaf("Level", rendering.level.clone().into()))
                .child(leaf("Task", "".into()))
                .child(leaf("Opcode", "Info".into()))
                .child(leaf("Channel", event.channel.clone().into()))
                .child(leaf("Provider", event.provider.name.clone().into()))
                .child(Element::new("Keywords").child(leaf("Keyword", "Classic".into()))),
        );
    }
    root
}

/// Makes the GUID of a definition from its distinguishing parts, by FNV-1a with 128 bits. How Windows makes it is unknown.
/// Readers need it to be stable and unique within a chunk.
struct Fingerprint(u128);

impl Fingerprint {
    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    fn add_names(&mut self, values: &[(String, Value)]) {
        for (name, value) in values {
            self.add(&[value.kind()]);
            self.add(name.as_bytes());
        }
    }

    fn guid(&self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}
