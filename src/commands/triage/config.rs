//! What a triage run is asked for, and why it may fail.

use std::path::PathBuf;

use jiff::SignedDuration;

use super::outputs::Outputs;
use crate::commands::allow_list::AllowError;
use crate::commands::fail_on::FailOn;
use crate::files::list::ListError;
use crate::incidents::Period;
use crate::inventory::accounts;
use crate::output::OutputError;
use crate::report::saved::SavedError;
use crate::scan::ScanOptions;
use crate::state::StateError;

/// What a triage run is asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files and folders, and what was extracted of some.
    pub logs: Vec<PathBuf>,
    /// A file with more names for `logs`.
    pub files_from: Option<PathBuf>,
    /// Interface inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// The host of inventory rows that name none.
    pub host: Option<String>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Service classes that `HOST/` stands for.
    pub host_aliases: accounts::HostAliases,
    pub outputs: Outputs,
    /// An earlier report to compare with.
    pub baseline: Option<PathBuf>,
    /// What is remembered from run to run; it is read, and replaced when all else has succeeded.
    pub state: Option<PathBuf>,
    /// With a state: how long a client's log must have gone on without an incident's events for it to be resolved.
    pub resolved_after: SignedDuration,
    pub fail_on: Vec<FailOn>,
    /// A list of problems that are known and raise no alarm.
    pub allow: Option<PathBuf>,
    pub period: Period,
    /// How far another event may lie from an incident's events to count for it.
    pub window: SignedDuration,
    pub scan: ScanOptions,
}

impl Default for Config {
    /// Nothing to read and nothing to write, with the values that the command line has without options.
    fn default() -> Self {
        Self {
            logs: Vec::new(),
            files_from: None,
            interfaces: Vec::new(),
            host: None,
            spns: Vec::new(),
            host_aliases: accounts::HostAliases::default(),
            outputs: Outputs::default(),
            baseline: None,
            state: None,
            resolved_after: SignedDuration::from_hours(24),
            fail_on: Vec::new(),
            allow: None,
            period: Period::default(),
            window: SignedDuration::from_mins(10),
            scan: ScanOptions::default(),
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", no_logs(.0))]
    NoLogs(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("--baseline {0}, or leave --baseline out to begin anew")]
    Baseline(#[from] SavedError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Allow(#[from] AllowError),
}

impl Error {
    /// The command line asks for something impossible, whatever the inputs hold.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

fn no_logs(reasons: &[String]) -> String {
    let mut text = String::from("no log could be read, so there is no report");
    for reason in reasons {
        text.push_str(&format!("\n  {reason}"));
    }
    if reasons.is_empty() {
        text.push_str(
            "; name .evtx files, or folders that hold some (wevtutil epl System System.evtx makes one)",
        );
    }
    text
}
