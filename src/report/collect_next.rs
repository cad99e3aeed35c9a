//! "Collect next": the requests of all present incidents, grouped by the data that answers them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Row;
use super::item::RequestItem;

/// Requests of one sort.
pub(crate) struct CollectNext<'r> {
    pub title: &'static str,
    /// The first request of the sort.
    pub example: &'r RequestItem,
    /// The names that the requests are about, each once.
    pub subjects: Vec<String>,
    pub incidents: usize,
}

/// The sorts that settle most incidents first.
pub(crate) fn collect_next<'r>(present: impl Iterator<Item = &'r Row>) -> Vec<CollectNext<'r>> {
    let mut by_title: BTreeMap<&str, (CollectNext<'_>, BTreeSet<String>)> = BTreeMap::new();
    for row in present {
        let mut of_row = BTreeSet::new();
        for item in &row.missing {
            let title = item.title();
            let (group, subjects) = by_title.entry(title).or_insert_with(|| {
                (CollectNext { title, example: item, subjects: Vec::new(), incidents: 0 }, BTreeSet::new())
            });
            subjects.extend(Some(item.subject()).filter(|subject| !subject.is_empty()));
            if of_row.insert(title) {
                group.incidents += 1;
            }
        }
    }
    let finish = |(group, subjects): (CollectNext<'r>, BTreeSet<String>)| CollectNext {
        subjects: subjects.into_iter().collect(),
        ..group
    };
    let mut groups: Vec<_> = by_title.into_values().map(finish).collect();
    groups.sort_by_key(|group| Reverse(group.incidents));
    groups
}
