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
use crate::report::saved_file::SavedError;
use crate::scan::ScanOptions;
use crate::state::StateError;

/// Options of a triage run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log files, folders and extractions.
    pub logs: Vec<PathBuf>,
    /// A file with more paths for `logs`.
    pub files_from: Option<PathBuf>,
    /// Address inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// Skip the inventories and account lists among `logs`.
    pub logs_only: bool,
    /// Host of inventory rows without a host name. The file name gives the host by default.
    pub host: Option<String>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Service classes that `HOST/` covers.
    pub host_aliases: accounts::HostAliases,
    pub outputs: Outputs,
    /// Title of the page.
    pub title: Option<String>,
    /// An earlier report to compare with.
    pub baseline: Option<PathBuf>,
    /// The state file. It is read first, and replaced after all other outputs.
    pub state: Option<PathBuf>,
    /// The time for which a client's log must continue, with a state, without events of an incident to resolve the incident.
    pub resolved_after: SignedDuration,
    /// Conditions that raise an alarm.
    pub fail_on: Vec<FailOn>,
    /// A list of accepted problems, which raise no alarm.
    pub allow: Option<PathBuf>,
    /// Events outside this period are ignored.
    pub period: Period,
    /// Longest time between an incident's events and another event that counts for it.
    pub window: SignedDuration,
    pub scan: ScanOptions,
    /// The machine that wrote the logs of `here`.
    pub machine: Option<Machine>,
    /// Options for probing the targets; `None` if they are not probed.
    pub probe: Option<probe::Options>,
    /// Notes for the user from before the run.
    pub notes: Vec<String>,
}

impl Default for Config {
    /// Has the defaults of the command line, without inputs and outputs.
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
    /// Reports whether the command line itself is wrong, so that it fails with any input.
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
