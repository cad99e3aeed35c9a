//! The steps of a fix, made when they are written: those of a hundred thousand rows would take a gigabyte.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::item::StepItem;
use crate::diagnosis::{RemedyInput, fix_steps};

/// The fix of an incident.
#[derive(Debug, Clone)]
pub struct Fix(Source);

#[derive(Debug, Clone)]
enum Source {
    /// Of this run: what the steps are made of.
    Diagnosed(Arc<RemedyInput>),
    /// Of a report that was read.
    Read(Arc<[StepItem]>),
}

impl Fix {
    /// No steps without an input: the diagnosis of the incident failed.
    pub(crate) fn new(input: Option<Arc<RemedyInput>>) -> Self {
        Self(input.map_or_else(|| Source::Read([].into()), Source::Diagnosed))
    }

    /// The steps in safe order.
    pub fn steps(&self) -> Cow<'_, [StepItem]> {
        match &self.0 {
            Source::Diagnosed(input) => fix_steps(input).into_iter().map(StepItem::new).collect(),
            Source::Read(items) => Cow::Borrowed(items),
        }
    }
}

impl FromIterator<StepItem> for Fix {
    fn from_iter<I: IntoIterator<Item = StepItem>>(items: I) -> Self {
        Self(Source::Read(items.into_iter().collect()))
    }
}

impl PartialEq for Fix {
    fn eq(&self, other: &Self) -> bool {
        self.steps() == other.steps()
    }
}

impl Eq for Fix {}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.steps().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|items: Vec<StepItem>| items.into_iter().collect())
    }
}
