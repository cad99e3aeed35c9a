//! Options of a triage run, and the errors that stop it.

use std::path::PathBuf;

use jiff::SignedDuration;

use super::outputs::Outputs;
use crate::commands::allow_list::AllowError;
use crate::commands::fail_on::FailOn;
use crate::files::list::ListError;
use crate::incidents::Period;
use crate::inventory::accounts;
use crate::live::Machine;
use crate::output::OutputError;
use crate::probe;
use crate::report::saved::SavedError;
use crate::scan::ScanOptions;
use crate::state::StateError;

/// Options of a triage run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files, folders and extractions.
    pub logs: Vec<PathBuf>,
    /// A file with more names for `logs`.
    pub files_from: Option<PathBuf>,
    /// Interface inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// Read only the logs of `logs`, and skip the inventories and account lists there.
    pub logs_only: bool,
    /// The host of inventory rows without a host name.
    pub host: Option<String>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Service classes that `HOST/` covers.
    pub host_aliases: accounts::HostAliases,
    pub outputs: Outputs,
    /// The title of the page.
    pub title: Option<String>,
    /// An earlier report to compare with.
    pub baseline: Option<PathBuf>,
    /// The state file. It is read first, and replaced when all other outputs have succeeded.
    pub state: Option<PathBuf>,
    /// With a state: how long a client's log must continue without an incident's events before the incident
    /// is resolved.
    pub resolved_after: SignedDuration,
    pub fail_on: Vec<FailOn>,
    /// A list of problems that are known and raise no alarm.
    pub allow: Option<PathBuf>,
    pub period: Period,
    /// Longest time between an incident's events and another event that counts for it.
    pub window: SignedDuration,
    pub scan: ScanOptions,
    /// The current state of the machine that wrote the logs: for `here`.
    pub machine: Option<Machine>,
    /// How the targets are probed, if they are.
    pub probe: Option<probe::Options>,
    /// Problems that the caller already found.
    pub notes: Vec<String>,
}

impl Default for Config {
    /// No inputs and no outputs, with the defaults of the command line.
    fn default() -> Self {
        Self {
            logs: Vec::new(),
            files_from: None,
            interfaces: Vec::new(),
            logs_only: false,
            host: None,
            spns: Vec::new(),
            host_aliases: accounts::HostAliases::default(),
            outputs: Outputs::default(),
            title: None,
            baseline: None,
            state: None,
            resolved_after: SignedDuration::from_hours(24),
            fail_on: Vec::new(),
            allow: None,
            period: Period::default(),
            window: SignedDuration::from_mins(10),
            scan: ScanOptions::default(),
            machine: None,
            probe: None,
            notes: Vec::new(),
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", no_logs(.0))]
    NoLogs(Vec<String>),
    #[error("standard input cannot be read: {0}; save it to a file and pass that")]
    Stdin(std::io::Error),
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
    /// Does the command line itself ask for something impossible, whatever the inputs contain?
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
        text.push_str("; pass .evtx files or folders of them (wevtutil epl System System.evtx exports one)");
    }
    text
}
