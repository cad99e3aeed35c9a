//! `krbtriage explain`: its options.

use clap::Args;

/// Explain a cause: how it is detected, what proves it, and how to fix it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  List all causes and kinds:
    krbtriage explain
  Explain one kind:
    krbtriage explain misplaced
  Explain one incident of a report:
    krbtriage explain --incident i963b2fe1d1d6 samples/report.csv")]
pub(in crate::cli) struct Explain {
    /// A cause or a kind; with --incident, the report [default: list all].
    #[arg(value_name = "CAUSE|KIND|REPORT")]
    pub topic: Option<std::path::PathBuf>,

    /// Explain the incident ID of a report.
    #[arg(long, value_name = "ID", requires = "topic")]
    pub incident: Option<String>,
}
