//! The description of an event to be written.

use super::value::Value;

/// The provider of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    pub name: String,
    /// With braces, in the case of the log.
    pub guid: Option<String>,
    /// The name of a classic source that a manifest took over: `Kerberos`, `KDC`, `DCOM`.
    pub source: Option<String>,
}

impl Provider {
    /// A classic source with a manifest, or (without `source`) a manifest provider.
    pub fn new(name: &str, guid: &str, source: Option<&str>) -> Self {
        Self { name: name.into(), guid: Some(guid.into()), source: source.map(str::to_owned) }
    }

    /// A classic source without a manifest, such as NETLOGON.
    pub fn plain(name: &str) -> Self {
        Self { name: name.into(), guid: None, source: None }
    }
}

/// How the record is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// 20 substitutions; provider, channel and computer are literals of the template definition.
    Classic,
    /// 18 substitutions; the provider is value 14, its GUID 15, the channel 16, the computer a literal.
    /// This is the form of Windows 10 and Server 2016: no fragment header before the event's part, strings with a NUL, null
    /// values with stale bytes.
    Manifest,
    /// [`Layout::Manifest`] in the form of Windows 7: a fragment header, no NUL, null values of size 0.
    ManifestWindows7,
    /// No template. Everything is inline text, as in the forwarded events of a collector.
    Forwarded,
}

/// The data of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// Neither `<EventData>` nor `<UserData>`.
    None,
    /// `<Data Name="..">`, and for a classic source with a manifest the `<Binary>` after them.
    Named { values: Vec<(String, Value)>, binary: Option<Vec<u8>> },
    /// `<Data>` without names: the insertion strings of a classic event, one array of type 0x81.
    Strings { strings: Vec<String>, binary: Option<Vec<u8>> },
    /// `<UserData><element xmlns="namespace"><field>..`
    UserData { element: String, namespace: String, values: Vec<(String, Value)> },
}

/// `<RenderingInfo>`, which a source computer adds before it forwards an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendering {
    /// Culture of the machine that rendered, such as `en-US`.
    pub culture: String,
    pub message: String,
    pub level: String,
}

/// An event to be written. Times are FILETIMEs, 100 ns since 1601 (see [`filetime`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub layout: Layout,
    pub provider: Provider,
    pub event_id: u16,
    pub qualifiers: Option<u16>,
    pub version: u8,
    pub level: u8,
    pub task: u16,
    pub opcode: u8,
    pub keywords: u64,
    /// `TimeCreated`.
    pub time: u64,
    /// The time in the record header, if it differs from `time`.
    pub written: Option<u64>,
    /// `EventRecordID`. Without it the writer uses one more than the last.
    pub record_id: Option<u64>,
    pub process_id: u32,
    pub thread_id: u32,
    /// `Security/@UserID`.
    pub user: Option<Value>,
    pub channel: String,
    pub computer: String,
    pub payload: Payload,
    /// Only [`Layout::Forwarded`] writes it.
    pub rendering: Option<Rendering>,
}

impl Event {
    /// An error of a classic source in the System log.
    pub fn classic(provider: Provider, event_id: u16) -> Self {
        Self {
            layout: Layout::Classic,
            provider,
            event_id,
            qualifiers: Some(0),
            version: 0,
            level: 2,
            task: 0,
            opcode: 0,
            keywords: 0x0080_0000_0000_0000,
            time: filetime("2026-10-06T12:00:00Z"),
            written: None,
            record_id: None,
            process_id: 0,
            thread_id: 0,
            user: None,
            channel: "System".into(),
            computer: String::new(),
            payload: Payload::None,
            rendering: None,
        }
    }

    /// A warning of a manifest provider in the System log.
    pub fn manifest(provider: Provider, event_id: u16) -> Self {
        Self {
            layout: Layout::Manifest,
            qualifiers: None,
            level: 3,
            keywords: 0x8000_0000_0000_0000,
            process_id: 1068,
            thread_id: 1532,
            ..Self::classic(provider, event_id)
        }
    }

    pub fn computer(mut self, name: &str) -> Self {
        self.computer = name.into();
        self
    }

    pub fn channel(mut self, name: &str) -> Self {
        self.channel = name.into();
        self
    }

    /// Sets `TimeCreated` from an RFC 3339 time.
    pub fn at(mut self, time: &str) -> Self {
        self.time = filetime(time);
        self
    }

    pub fn record_id(mut self, id: u64) -> Self {
        self.record_id = Some(id);
        self
    }

    pub fn qualifiers(mut self, qualifiers: u16) -> Self {
        self.qualifiers = Some(qualifiers);
        self
    }

    pub fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Forwards the event: a collector stores it, and an English source computer rendered the message.
    pub fn forwarded(mut self, message: &str) -> Self {
        self.layout = Layout::Forwarded;
        self.rendering = Some(Rendering {
            culture: "en-US".into(),
            message: message.into(),
            level: match self.level {
                2 => "Error",
                3 => "Warning",
                _ => "Information",
            }
            .into(),
        });
        self
    }

    /// Sets the `<Data Name="..">` values.
    pub fn named<N: Into<String>, V: Into<Value>>(
        mut self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values = values.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        self.payload = Payload::Named { values, binary: None };
        self
    }

    /// Sets the `<Data>` values without names.
    pub fn strings<S: Into<String>>(mut self, strings: impl IntoIterator<Item = S>) -> Self {
        let strings = strings.into_iter().map(Into::into).collect();
        self.payload = Payload::Strings { strings, binary: None };
        self
    }

    /// Sets the `<Binary>` after the data. Call it after [`named`](Self::named) or [`strings`](Self::strings).
    pub fn binary(mut self, bytes: &[u8]) -> Self {
        match &mut self.payload {
            Payload::Named { binary, .. } | Payload::Strings { binary, .. } => *binary = Some(bytes.to_vec()),
            other => panic!("{other:?} has no Binary"),
        }
        self
    }

    pub fn user_data<N: Into<String>, V: Into<Value>>(
        mut self,
        element: &str,
        namespace: &str,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.payload = Payload::UserData {
            element: element.into(),
            namespace: namespace.into(),
            values: values.into_iter().map(|(n, v)| (n.into(), v.into())).collect(),
        };
        self
    }
}

/// FILETIME of 1970-01-01.
const UNIX_EPOCH: i128 = 116_444_736_000_000_000;

/// Converts an RFC 3339 time to a FILETIME.
pub fn filetime(time: &str) -> u64 {
    let time: jiff::Timestamp = time.parse().expect("an RFC 3339 time");
    u64::try_from(time.as_nanosecond() / 100 + UNIX_EPOCH).expect("a time after 1601")
}

/// Formats a FILETIME as `TimeCreated/@SystemTime`, with nine digits and `Z`.
pub fn system_time(filetime: u64) -> String {
    let time =
        jiff::Timestamp::from_nanosecond((i128::from(filetime) - UNIX_EPOCH) * 100).expect("a time in range");
    format!("{time:.9}")
}
