//! Options of `krbtriage here`.

use std::path::PathBuf;

use clap::Args;

use super::triage::ReportOptions;
use super::wrong_use::WrongUse;
use crate::commands;
use crate::live::{Machine, MachineError, live_logs};
use crate::probe::Options;

/// Find the cause of Kerberos event 4 on this machine, from its live logs (Windows).
///
/// Reads the System log and its companions, the adapters and the hosts file of this machine, and resolves the targets that event 4
/// names. Run it in an elevated prompt on the client: the machine that made the failing connection.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Read this machine and print the report:
    krbtriage here
  Ask the targets which addresses they offer, which proves a shared address:
    krbtriage here --probe
  Write a page for a browser as well:
    krbtriage here --probe -o report.html

Exit status: see `krbtriage triage --help`.")]
pub(in crate::cli) struct Here {
    /// Ask the targets which addresses they offer to DCOM clients.
    ///
    /// Opens one connection to TCP port 135 of each host that this machine failed to reach and that its own domain, an inventory or an
    /// account list knows; at most 50. `krbtriage probe --help` says what is sent. Without this option `here` sends only the queries by
    /// which Windows resolves the targets' names.
    #[arg(long, help_heading = "Input")]
    probe: bool,

    /// Use the machine that FILE describes instead of this one (tests).
    #[arg(long, value_name = "FILE", hide = true)]
    machine: Option<PathBuf>,

    #[command(flatten)]
    pub options: ReportOptions,
}

impl Here {
    pub(in crate::cli) fn into_config(self) -> Result<commands::triage::Config, HereError> {
        let machine = match &self.machine {
            Some(path) => Machine::from_file(path)?,
            None => Machine::this()?,
        };
        let (logs, notes) = live_logs(&machine.logs)?;
        let network = machine.network.clone();
        Ok(commands::triage::Config {
            logs,
            notes,
            probe: self.probe.then(|| Options { network, ..Options::default() }),
            machine: Some(machine),
            ..self.options.into_config()?
        })
    }
}

/// Why the options and this machine give no configuration.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum HereError {
    #[error(transparent)]
    Machine(#[from] MachineError),
    #[error(transparent)]
    Logs(#[from] crate::live::LogError),
    #[error(transparent)]
    Options(#[from] WrongUse),
}

impl HereError {
    /// Reports whether the command line itself is wrong. If not, the logs of this machine cannot be read.
    pub(in crate::cli) fn is_wrong_use(&self) -> bool {
        !matches!(self, Self::Logs(_))
    }
}
