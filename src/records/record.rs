//! The record that every reader produces.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text;

/// A text of a record. Up to 24 bytes, enough for most names and values, are stored inline. A record with ten texts then needs
/// two allocations instead of ten, and allocations are most of the cost of decoding.
pub type Text = compact_str::CompactString;

/// An event as a log stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The fields except ID and time. Records with equal content may share it, because a log repeats events.
    pub content: Arc<Content>,
    /// `System/EventRecordID`; 0 if the input has none, as copied text.
    pub record_id: u64,
    /// `System/TimeCreated/@SystemTime`, not the time in the record header.
    pub time: Timestamp,
    /// The part of the log in which the record was found.
    pub origin: RecordOrigin,
}

/// The fields of a record except its time and ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// `System/Provider/@Name`. If it is empty, `@EventSourceName`.
    pub provider: Text,
    /// `System/EventID` without its qualifiers.
    pub event_id: u16,
    /// `System/Version`; 0 for a classic event, or if the log has none.
    pub version: u8,
    /// `System/Level`: 0 log always, 1 critical, 2 error, 3 warning, 4 information, 5 verbose.
    pub level: u8,
    /// `System/Channel`, empty if the log has none.
    pub channel: Text,
    /// `System/Computer`: the machine that logged the event. May be empty.
    pub computer: Text,
    /// `System/Security/@UserID`: SID of the account for which the event was logged. Empty if the log has none.
    pub user_id: Text,
    /// `EventData` or `UserData` values in document order.
    pub data: Vec<Datum>,
}

/// Makes the fields of the content accessible on the record, as in `record.computer`.
impl Deref for Record {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

/// The child element of `Event` that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    System,
    EventData,
    /// `UserData`, or an element in its place (`ProcessingErrorData`, `DebugData`).
    UserData,
    /// `RenderingInfo`, a second `System`, or an unknown element.
    Ignored,
}

#[cfg(test)]
impl Record {
    /// Makes an event 4 of `computer` without values, which a test may change.
    pub(crate) fn event_4(computer: &str) -> Self {
        let content = Content {
            provider: "Microsoft-Windows-Security-Kerberos".into(),
            event_id: 4,
            version: 0,
            level: 2,
            channel: "System".into(),
            computer: computer.into(),
            user_id: Text::default(),
            data: Vec::new(),
        };
        Self {
            content: content.into(),
            record_id: 7,
            time: Timestamp::UNIX_EPOCH,
            origin: RecordOrigin::Live,
        }
    }

    /// Changes the content of the record.
    pub(crate) fn with_content(mut self, change: impl FnOnce(&mut Content)) -> Self {
        change(Arc::make_mut(&mut self.content));
        self
    }
}

/// A value of `EventData` or `UserData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum {
    /// `Data/@Name`, or the element's name in `UserData` and for `Binary`; `None` for an unnamed `Data`.
    pub name: Option<Text>,
    /// The value as text. `Binary` is upper-case hexadecimal without separators.
    pub value: Text,
}

/// The part of a log in which a record was found. The evidence quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordOrigin {
    /// The live part of a chunk, or an XML or text file.
    #[default]
    Live,
    /// Slack space, which is read with `--recover`.
    Slack,
}

/// Longest value that is kept, in bytes of UTF-8. A value in an .evtx file has at most 65,535 bytes of UTF-16, so only a crafted
/// template or XML gives a longer one.
pub const MAX_VALUE: usize = 128 << 10;

impl Content {
    /// Number of bytes of all texts.
    pub fn text_len(&self) -> usize {
        let values = self.data.iter().map(|d| d.value.len() + d.name.as_ref().map_or(0, Text::len));
        self.provider.len() + self.channel.len() + self.computer.len() + values.sum::<usize>()
    }

    /// A copy with every text truncated to `max` bytes. `None` if all are short enough. Binary values are not
    /// truncated.
    pub fn truncated(&self, max: usize) -> Option<Self> {
        let is_long = |text: &Text| text.len() > max;
        let is_name =
            |datum: &Datum| !datum.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case("binary"));
        let names = [&self.provider, &self.channel, &self.computer, &self.user_id];
        let is_short = !names.into_iter().any(is_long)
            && !self.data.iter().any(|datum| is_long(&datum.value) && is_name(datum));
        if is_short {
            return None;
        }
        let mut short = self.clone();
        let names = [&mut short.provider, &mut short.channel, &mut short.computer, &mut short.user_id];
        let values = short.data.iter_mut().filter(|datum| is_name(datum)).map(|datum| &mut datum.value);
        for text in names.into_iter().chain(values) {
            if let Some(cut) = text::cut(text, max) {
                *text = cut.into();
            }
        }
        Some(short)
    }

    /// The value with a name, compared without ASCII case: event 4 has `Targetname`, event 3 `TargetName`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.data
            .iter()
            .find(|d| d.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)))
            .map(|d| &*d.value)
    }

    /// The values without a name in order, which are the insertion strings `%1`, `%2` and so on of a classic event.
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        self.data.iter().filter(|d| d.name.is_none()).map(|d| &*d.value)
    }
}
