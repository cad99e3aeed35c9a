//! Options of `krbtriage explain`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::zone_option::ZoneOption;

/// Explain an error code, a message or a cause, or an incident of a report.
///
/// A code may be decimal, hexadecimal or negative: 0x80070721, 1825, -2147023071. A message may be pasted as it is.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Explain an error code:
    krbtriage explain 0x80070721
  Explain an event:
    krbtriage explain event 4
  List all causes and kinds:
    krbtriage explain
  Explain one kind:
    krbtriage explain misplaced
  Explain one incident or problem of a report:
    krbtriage explain i963b2fe1d1d6 samples/report.csv
  Show which rows of the decision table were tried for an incident:
    krbtriage explain i963b2fe1d1d6 --why samples/logs samples/interfaces.csv samples/spns.csv")]
#[command(group(ArgGroup::new("source").args(["words", "why"]).multiple(true)))]
pub(in crate::cli) struct Explain {
    /// A code, a message, an event, a cause or a kind; or an ID and its report [default: list all causes].
    #[arg(value_name = "SYMPTOM|CAUSE|ID REPORT", allow_negative_numbers = true)]
    pub words: Vec<std::ffi::OsString>,

    /// Explain the incident or problem ID of a report.
    #[arg(long, value_name = "ID", requires = "source")]
    pub incident: Option<String>,

    /// Show which rows of the decision table were tried for the incident.
    ///
    /// PATHS are the inputs of its report: logs, address inventories and SPN lists. They are triaged again with default options.
    /// The report itself need not be given.
    #[arg(long, value_name = "PATHS", num_args = 0..)]
    pub why: Option<Vec<PathBuf>>,

    #[command(flatten)]
    pub zone: ZoneOption,
}
