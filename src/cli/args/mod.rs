//! Arguments of the program, with one file for each command.

mod audit;
mod collect_script;
mod completions;
mod explain;
mod extract;
mod format;
mod here;
mod inventory;
mod probe;
mod terminal_options;
mod triage;
mod wrong_use;
mod zone_option;

use clap::{ColorChoice, Parser, Subcommand};

pub(super) use audit::Audit;
pub(super) use collect_script::CollectScript;
pub(super) use completions::Completions;
pub(super) use explain::Explain;
pub(super) use extract::Extract;
pub(super) use here::Here;
pub(super) use inventory::Inventory;
pub(super) use probe::Probe;
pub(super) use terminal_options::{TerminalOptions, Verbosity};
pub(super) use triage::Triage;

/// Output of `--version`; `-V` prints the first line.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nLicence: ",
    env!("CARGO_PKG_LICENSE"),
    ", at your option. No warranty. THIRD-PARTY.txt of a release lists the licences of all libraries."
);

/// Find out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).
///
/// krbtriage reads event logs, address inventories and SPN lists on any machine. It reports the cause of each event 4,
/// what proves it, and how to fix it. It changes nothing. Only `here`, `probe` and --probe use the network.
#[derive(Debug, Parser)]
#[command(
    name = "krbtriage",
    version,
    long_version = LONG_VERSION,
    after_help = "`krbtriage COMMAND -h` lists the options of a command, `krbtriage COMMAND --help` explains them with examples.",
    after_long_help = "Examples:
  On the Windows machine that reports event 4, in an elevated prompt:
    krbtriage here --probe
  Read the log of the client, the machine that reports event 4:
    krbtriage triage System.evtx
  Prove the causes with addresses and SPNs:
    krbtriage triage -i addresses.csv -s spns.txt exported-logs
  Explain an error code or a cause:
    krbtriage explain 0x80070721

`krbtriage COMMAND --help` explains a command with examples. The documentation is in docs/."
)]
pub(in crate::cli) struct Cli {
    /// Colour text: auto, always or never.
    ///
    /// Auto colours on a terminal. It follows NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM=dumb.
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Behaviour"
    )]
    pub color: ColorChoice,

    /// The command. Without one the program prints a start screen.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Here(Box<Here>),
    Triage(Box<Triage>),
    Inventory(Inventory),
    Audit(Audit),
    Probe(Probe),
    Explain(Explain),
    Extract(Extract),
    CollectScript(CollectScript),
    /// Print the manual (roff).
    #[command(after_long_help = "Examples:
  krbtriage man > krbtriage.1
  krbtriage man | man -l -")]
    Man,
    Completions(Completions),
}

impl Command {
    /// Returns how often `-v` was passed; 0 for a command without it.
    pub(in crate::cli) fn verbosity_level(&self) -> u8 {
        let verbosity = match self {
            Self::Here(args) => args.options.terminal.verbosity,
            Self::Triage(args) => args.options.terminal.verbosity,
            Self::Extract(args) => args.terminal.verbosity,
            Self::Probe(args) => args.terminal.verbosity,
            Self::Inventory(args) => args.verbosity,
            Self::Audit(args) => args.verbosity,
            Self::Explain(_) | Self::CollectScript(_) | Self::Man | Self::Completions(_) => return 0,
        };
        verbosity.level()
    }
}
