//! "Collect next": what confirms the findings that are not confirmed.

use super::cards::Check;
use super::text::shown_in;
use crate::report::Report;
use crate::report::collect_next::collect_next;
use crate::report::numbers::counted;

/// Names that the requests of one sort are about.
const MAX_SUBJECTS: usize = 20;

/// Requests of one sort.
pub(super) struct Ask {
    pub title: &'static str,
    pub incidents: String,
    /// The names, where there are several.
    pub subjects: String,
    /// The example is one of several.
    pub is_example: bool,
    pub example: Check,
}

pub(super) fn all(report: &Report<'_>) -> Vec<Ask> {
    let present = report.rows.iter().filter(|row| row.status.is_present());
    collect_next(present)
        .into_iter()
        .map(|group| Ask {
            title: group.title,
            incidents: counted(group.incidents as u64, "incident"),
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
    let shown: Vec<String> = names.iter().take(MAX_SUBJECTS).map(|name| shown_in(name, 100)).collect();
    match names.len().saturating_sub(MAX_SUBJECTS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
