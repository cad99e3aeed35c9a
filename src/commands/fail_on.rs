//! Conditions of `--fail-on`, which set the exit status to 1.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::audit::finding::AuditFinding;
use crate::diagnosis::Cause;
use crate::report::problem::sort_by_urgency;
use crate::report::{Problem, Row};
use crate::suggest::did_you_mean;

/// Condition on a report or an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// An incident is new or reopened.
    New,
    /// A problem is new or reopened: none of its incidents was present in the earlier report.
    NewProblem,
    /// An incident is not resolved.
    Any,
    /// An incident with this cause is not resolved.
    Cause(Cause),
}

/// A condition that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub condition: FailOn,
    /// The problems or findings that fulfil the condition, the most urgent first: `TITLE: CONFIDENCE` or `WHAT: KIND`.
    pub what: Vec<String>,
}

impl FailOn {
    /// Returns the alarm of a report, or `None` if the condition does not hold.
    pub fn alarm(self, rows: &[&Row], problems: &[&Problem]) -> Option<Alarm> {
        let mut found: Vec<&Problem> = match self {
            Self::New => with_row(problems, rows, |row| row.status.is_new()),
            Self::NewProblem => problems.iter().copied().filter(|p| p.status.is_new()).collect(),
            Self::Any => with_row(problems, rows, |row| row.status.is_present()),
            Self::Cause(cause) => {
                with_row(problems, rows, |row| row.cause == cause && row.status.is_present())
            }
        };
        sort_by_urgency(&mut found, true);
        let what = found.iter().map(|problem| format!("{}: {}", problem.heading(), problem.confidence));
        let what: Vec<String> = what.collect();
        (!what.is_empty()).then_some(Alarm { condition: self, what })
    }

    /// Returns the alarm of an audit, where each finding is a problem of its own.
    pub fn alarm_of_audit(self, findings: &[AuditFinding]) -> Option<Alarm> {
        let found = findings.iter().filter(|finding| match self {
            Self::New | Self::NewProblem => finding.status.is_new(),
            Self::Any => finding.status.is_present(),
            Self::Cause(cause) => finding.kind.cause() == cause && finding.status.is_present(),
        });
        let what: Vec<String> =
            found.map(|finding| format!("{}: {}", finding.what, finding.kind.name())).collect();
        (!what.is_empty()).then_some(Alarm { condition: self, what })
    }

    /// Returns all valid texts of a condition.
    pub fn names() -> Vec<&'static str> {
        ["new", "new-problem", "any"].into_iter().chain(Cause::ALL.map(Cause::name)).collect()
    }
}

/// Returns the problems that have a wanted row.
fn with_row<'a>(
    problems: &[&'a Problem],
    rows: &[&Row],
    is_wanted: impl Fn(&Row) -> bool,
) -> Vec<&'a Problem> {
    let ids: HashSet<&str> =
        rows.iter().filter(|row| is_wanted(row)).map(|row| row.problem_id.as_str()).collect();
    problems.iter().copied().filter(|problem| ids.contains(problem.problem_id.as_str())).collect()
}

/// Formats a condition as on the command line.
impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::NewProblem => "new-problem",
            Self::Any => "any",
            Self::Cause(cause) => cause.name(),
        })
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "new" => Ok(Self::New),
            "new-problem" => Ok(Self::NewProblem),
            "any" => Ok(Self::Any),
            cause => cause.parse().map(Self::Cause).map_err(|_| {
                let like = did_you_mean(text, Self::names());
                format!(
                    "\"{text}\" is not a condition to fail on{like}; write one of {}",
                    Self::names().join(", ")
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_and_others_are_told_what_there_is() {
        for name in FailOn::names() {
            assert!(name.parse::<FailOn>().is_ok(), "{name}");
        }
        assert_eq!("wrong-host".parse(), Ok(FailOn::Cause(Cause::WrongHost)));
        assert!("News".parse::<FailOn>().unwrap_err().contains("new-problem"));
        assert!("duplicate-spm".parse::<FailOn>().unwrap_err().contains("did you mean duplicate-spn?"));
    }
}
