//! Makes the steps of a fix when they are written. Those of a hundred thousand rows would take a gigabyte of memory.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::item::StepItem;
use crate::diagnosis::{RemedyInput, fix_steps};

/// Steps that fix an incident.
#[derive(Debug, Clone)]
pub struct Fix(StepSource);

#[derive(Debug, Clone)]
enum StepSource {
    /// Input of [`fix_steps`], from the diagnosis of this run.
    Diagnosis(Arc<RemedyInput>),
    /// Steps of an earlier report.
    Report(Arc<[StepItem]>),
}

impl Fix {
    /// Makes the fix of a diagnosis. A diagnosis that failed has no input, and its fix has no steps.
    pub(crate) fn new(input: Option<Arc<RemedyInput>>) -> Self {
        Self(input.map_or_else(|| StepSource::Report([].into()), StepSource::Diagnosis))
    }

    /// Returns the steps in a safe order.
    pub fn steps(&self) -> Cow<'_, [StepItem]> {
        match &self.0 {
            StepSource::Diagnosis(input) => fix_steps(input).into_iter().map(StepItem::new).collect(),
            StepSource::Report(items) => Cow::Borrowed(items),
        }
    }
}

impl FromIterator<StepItem> for Fix {
    fn from_iter<I: IntoIterator<Item = StepItem>>(items: I) -> Self {
        Self(StepSource::Report(items.into_iter().collect()))
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
