//! Options of `krbtriage probe`.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::terminal_options::TerminalOptions;
use crate::cli::{terminal, time};
use crate::commands;
use crate::live::{self, Machine, MachineError};
use crate::output::Output;
use crate::probe::{Network, Options};

/// Ask hosts which addresses they offer to DCOM and WMI clients.
///
/// Opens one connection to TCP port 135 of each host and calls ServerAlive2, as Windows does before it chooses an address. The
/// call needs no credentials and sends none. The answers are an address inventory for `triage -i` and `audit`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  krbtriage probe srv2.beta.example.com
  krbtriage probe --hosts-from servers.txt -o addresses.csv
  krbtriage triage -i addresses.csv System.evtx

Exit status:
  0  Every host answered.
  2  The command line is wrong.
  3  The answers are written, but some host did not answer.
  4  Nothing is written.")]
pub(in crate::cli) struct Probe {
    /// Host names or addresses.
    #[arg(value_name = "HOST", required_unless_present = "hosts_from")]
    hosts: Vec<String>,

    /// Read hosts from FILE, one per line (- for stdin).
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    hosts_from: Option<PathBuf>,

    /// Connect to this TCP port.
    #[arg(long, value_name = "PORT", default_value = "135", help_heading = "Behaviour")]
    port: NonZeroU16,

    /// Give up a host after SPAN.
    #[arg(long, value_name = "SPAN", default_value = "5s", value_parser = time::span, help_heading = "Behaviour")]
    timeout: SignedDuration,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,

    /// Use the machine that FILE describes instead of this one (tests).
    #[arg(long, value_name = "FILE", hide = true)]
    machine: Option<PathBuf>,

    #[command(flatten)]
    pub terminal: TerminalOptions,
}

impl Probe {
    pub(in crate::cli) fn into_config(self) -> Result<commands::probe::Config, MachineError> {
        let timeout = Duration::try_from(self.timeout).unwrap_or_default();
        let (adapters, network) = match &self.machine {
            Some(path) => Machine::from_file(path).map(|machine| (machine.adapters, machine.network))?,
            None => (live::adapters(), Network::default()),
        };
        Ok(commands::probe::Config {
            hosts: self.hosts,
            hosts_from: self.hosts_from,
            options: Options {
                port: self.port.get(),
                timeout: timeout.max(Duration::from_millis(1)),
                network,
            },
            view: (self.output.is_none() && terminal::is_terminal()).then(terminal::layout),
            output: Output::from_option(self.output),
            adapters,
            every_failure: self.terminal.verbosity.is_verbose(),
        })
    }
}
