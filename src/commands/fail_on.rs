//! `--fail-on`: conditions that set the exit status to 1.

use std::str::FromStr;

use super::audit::finding::AuditFinding;
use crate::diagnosis::Cause;
use crate::report::{Problem, Row};
use crate::suggest::did_you_mean;

/// A condition on a report or an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// An incident that the earlier report did not have as present.
    New,
    /// A problem none of whose incidents was present in the earlier report.
    NewProblem,
    /// An incident that is not resolved.
    Any,
    /// One of this cause.
    Cause(Cause),
}

impl FailOn {
    pub fn is_in(self, rows: &[&Row], problems: &[&Problem]) -> bool {
        match self {
            Self::New => rows.iter().any(|r| r.status.is_new()),
            Self::NewProblem => problems.iter().any(|p| p.status.is_new()),
            Self::Any => rows.iter().any(|r| r.status.is_present()),
            Self::Cause(cause) => rows.iter().any(|r| r.cause == cause && r.status.is_present()),
        }
    }

    /// The same for an audit, where each finding is a problem of its own.
    pub fn is_in_audit(self, findings: &[AuditFinding]) -> bool {
        findings.iter().any(|finding| match self {
            Self::New | Self::NewProblem => finding.status.is_new(),
            Self::Any => finding.status.is_present(),
            Self::Cause(cause) => finding.kind.cause() == cause && finding.status.is_present(),
        })
    }

    /// Every way to write one, for help and completions.
    pub fn names() -> Vec<&'static str> {
        ["new", "new-problem", "any"].into_iter().chain(Cause::ALL.map(Cause::name)).collect()
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
