//! Options of several commands: what they write to standard error.

use clap::Args;

/// Terminal options of commands with a progress bar.
#[derive(Debug, Args, Clone, Copy)]
pub(in crate::cli) struct Terminal {
    /// Hide the progress bar.
    #[arg(long, help_heading = "Behaviour")]
    pub no_progress: bool,

    #[command(flatten)]
    pub say: Say,
}

/// How much a command writes to standard error.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct Say {
    /// Print errors only.
    #[arg(short, long, help_heading = "Behaviour", conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print what each file held; -vv logs decisions, -vvv all details.
    ///
    /// The environment variable KRBTRIAGE_LOG=FILTER sets the log filter without this option.
    #[arg(short, long, help_heading = "Behaviour", action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Say {
    pub(in crate::cli) fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// How often `-v` was given.
    pub(in crate::cli) fn verbosity(self) -> u8 {
        self.verbose
    }

    /// Standard error is a terminal, or the user asked for more.
    pub(in crate::cli) fn is_talkative(self) -> bool {
        self.is_verbose() || (!self.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr()))
    }
}
