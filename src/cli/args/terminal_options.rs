//! Options of several commands about what they print to standard error.

use std::io::IsTerminal;

use clap::Args;

/// Terminal options of commands with a progress bar.
#[derive(Debug, Args, Clone, Copy)]
pub(in crate::cli) struct TerminalOptions {
    /// Hide the progress bar.
    #[arg(long, help_heading = "Behaviour")]
    no_progress: bool,

    #[command(flatten)]
    pub verbosity: Verbosity,
}

impl TerminalOptions {
    pub(in crate::cli) fn has_progress(self) -> bool {
        !self.no_progress && !self.verbosity.quiet
    }
}

/// Options about how much a command prints to standard error.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct Verbosity {
    /// Print errors only.
    #[arg(short, long, help_heading = "Behaviour", conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print what each file held; -vv logs decisions, -vvv all details.
    ///
    /// The environment variable KRBTRIAGE_LOG=FILTER sets the log filter without this option.
    #[arg(short, long, help_heading = "Behaviour", action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Verbosity {
    pub(in crate::cli) fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// Returns how often `-v` was passed.
    pub(in crate::cli) fn level(self) -> u8 {
        self.verbose
    }

    /// Reports whether a summary is printed: on a terminal, and everywhere with `-v`.
    pub(in crate::cli) fn shows_summary(self) -> bool {
        self.is_verbose() || (!self.quiet && std::io::stderr().is_terminal())
    }
}
