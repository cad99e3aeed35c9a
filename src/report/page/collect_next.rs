//! The section "Collect next": requests whose answers confirm findings.

use super::cards::Check;
use super::text::sanitize_to;
use crate::report::Report;
use crate::report::collect_next::collect_next;
use crate::report::numbers::pluralize;

/// Maximum number of hosts, accounts or SPNs that a group of requests lists.
const MAX_SUBJECTS: usize = 20;

/// Requests for one kind of data.
pub(super) struct CollectNextItem {
    pub title: &'static str,
    /// Number of incidents with such a request.
    pub incidents: String,
    /// The hosts, accounts or SPNs that the requests are about; empty if there is only one.
    pub subjects: String,
    /// Whether `example` is one of several requests.
    pub is_example: bool,
    pub example: Check,
}

/// Groups the requests of all present incidents.
pub(super) fn all(report: &Report<'_>) -> Vec<CollectNextItem> {
    let present = report.rows.iter().filter(|row| row.status.is_present());
    collect_next(present)
        .into_iter()
        .map(|group| CollectNextItem {
            title: group.title,
            incidents: pluralize(group.incidents as u64, "incident"),
            subjects: subjects(&group.subjects),
            is_example: group.subjects.len() > 1,
            example: Check::new(group.example),
        })
        .collect()
}

fn subjects(names: &[String]) -> String {
    if names.len() < 2 {
        return String::new();
    }
    let shown: Vec<String> = names.iter().take(MAX_SUBJECTS).map(|name| sanitize_to(name, 100)).collect();
    match names.len().saturating_sub(MAX_SUBJECTS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
