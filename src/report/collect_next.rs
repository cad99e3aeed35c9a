//! Groups the requests of all present incidents by the data that answers them, for the section "Collect next".

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Row;
use super::item::RequestItem;

/// Requests for one kind of data.
pub(crate) struct RequestGroup<'r> {
    pub title: &'static str,
    /// The first request of the group.
    pub example: &'r RequestItem,
    /// The hosts, accounts or SPNs that the requests are about, each once.
    pub subjects: Vec<String>,
    /// Number of incidents with such a request.
    pub incidents: usize,
}

/// Returns the groups. Those of most incidents come first.
pub(crate) fn collect_next<'r>(present: impl Iterator<Item = &'r Row>) -> Vec<RequestGroup<'r>> {
    let mut by_title: BTreeMap<&str, (RequestGroup<'_>, BTreeSet<String>)> = BTreeMap::new();
    for row in present {
        let mut row_titles = BTreeSet::new();
        for item in &row.missing {
            let title = item.title();
            let (group, subjects) = by_title.entry(title).or_insert_with(|| {
                (RequestGroup { title, example: item, subjects: Vec::new(), incidents: 0 }, BTreeSet::new())
            });
            subjects.extend(Some(item.subject()).filter(|subject| !subject.is_empty()));
            if row_titles.insert(title) {
                group.incidents += 1;
            }
        }
    }
    let finish = |(group, subjects): (RequestGroup<'r>, BTreeSet<String>)| RequestGroup {
        subjects: subjects.into_iter().collect(),
        ..group
    };
    let mut groups: Vec<_> = by_title.into_values().map(finish).collect();
    groups.sort_by_key(|group| Reverse(group.incidents));
    groups
}
