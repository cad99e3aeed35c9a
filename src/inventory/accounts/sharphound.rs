//! SharpHound's `computers.json` and `users.json`: `{"data": [{"Properties": {..}, ..}], "meta": {..}}`, the
//! attributes in lower case and times in seconds since 1970 (SharpHoundCommon at 276237fe).
//!
//! What the absence of an SPN means: nothing. Computers and users stand in separate files, so no file shows
//! what [`Completeness::Evident`](super::completeness::Completeness) asks for.

use std::borrow::Cow;
use std::fs::File;

use serde::Deserialize;

use super::collect::{Attribute, Collector, Entry};
use super::completeness::Completeness;
use super::json::{Attributes, Texts, set_all};
use super::objects::{Layout, Object, Objects, read_objects};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;
use crate::inventory::times::unix_seconds;

pub(super) const FORMAT: Format = Format { name: "SharpHound", recognise, read, may_be_empty: false };

fn recognise(head: &str) -> bool {
    let text = head.trim_start();
    let start: String = text.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let list = ["{\"data\":[", "{\"meta\":{", "{\"computers\":[", "{\"users\":["];
    list.iter().any(|list| start.starts_with(list))
        && (text.contains("\"Properties\"") || text.contains("\"meta\""))
}

#[derive(Deserialize)]
struct Node<'j> {
    #[serde(rename = "Properties", borrow)]
    properties: Option<Attributes<'j>>,
    /// In the recycle bin, where it keeps its SPNs.
    #[serde(rename = "IsDeleted", default)]
    is_deleted: Option<bool>,
    /// Ends in the primaryGroupID.
    #[serde(rename = "PrimaryGroupSID", borrow, default)]
    primary_group: Option<Cow<'j, str>>,
}

fn read(text: &mut TextStream<File>, block: usize, to: &mut Collector) -> Result<(), ReadError> {
    to.completeness = Completeness::Part;
    read_objects::<Nodes>(text, Layout::Wrapped, block, to).map(|_| ())
}

#[derive(Default)]
struct Nodes;

impl Objects for Nodes {
    fn object(&mut self, object: &Object, to: &mut Collector) -> Result<(), ReadError> {
        match serde_json::from_str::<Node>(object.text) {
            Ok(Node { is_deleted: Some(true), .. }) => {}
            Ok(Node { properties: Some(properties), primary_group, .. }) => {
                take(properties, primary_group.as_deref(), object.line, to);
            }
            Ok(_) => {}
            Err(error) => to.lost(object.line, format!("an object is no JSON: {error}")),
        }
        Ok(())
    }

    fn join(&mut self, _: Self) {}
}

fn take(properties: Attributes, primary_group: Option<&str>, line: u64, to: &mut Collector) {
    let Attributes { mut attributes, name } = properties;
    let mut is_computer = false;
    for (attribute, Texts { texts, .. }) in &mut attributes {
        match attribute {
            Attribute::PasswordLastSet | Attribute::WhenCreated => {
                let seconds = texts.first().and_then(|text| text.parse().ok());
                let time = seconds.and_then(|seconds| unix_seconds(seconds).at());
                *texts = time.map(|time| time.to_string().into()).into_iter().collect();
            }
            Attribute::AccountName => is_computer |= texts.iter().any(|name| name.ends_with('$')),
            _ => {}
        }
    }
    let mut entry = Entry::new(line, to);
    set_all(&mut entry, &attributes, line, to);
    // A computer's name is its DNS name in upper case; a user's is `NAME@DOMAIN`.
    for name in name.iter().flat_map(|name| &name.texts).filter(|name| is_computer && name.contains('.')) {
        entry.set(Attribute::DnsHostName, name, line, to);
    }
    if let Some((_, group)) = primary_group.and_then(|sid| sid.rsplit_once('-')) {
        entry.set(Attribute::PrimaryGroup, group, line, to);
    }
    entry.finish(to);
}
