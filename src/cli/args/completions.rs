//! Options of `krbtriage completions`.

use clap::Args;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  krbtriage completions bash > /etc/bash_completion.d/krbtriage
  krbtriage completions powershell >> $PROFILE")]
pub(in crate::cli) struct Completions {
    /// bash, zsh, fish, powershell or elvish.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
