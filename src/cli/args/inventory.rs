//! Options of `krbtriage inventory`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::format::csv_file;
use super::terminal_options::Verbosity;
use crate::cli::paths::expand_wildcards;
use crate::commands;
use crate::output::Output;

/// Convert address inventories to one CSV file.
///
/// The output shows which host owns which address, as triage reads it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  krbtriage inventory ipconfig-outputs -o addresses.csv
  krbtriage inventory addresses.csv more.json | more")]
pub(in crate::cli) struct Inventory {
    /// Inventory files or folders.
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,

    /// Host name for rows without one [default: taken from the file name].
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output", value_parser = PathBufValueParser::new().try_map(csv_file))]
    output: Option<PathBuf>,

    #[command(flatten)]
    pub verbosity: Verbosity,
}

impl Inventory {
    pub(in crate::cli) fn into_config(self) -> commands::inventory::Config {
        commands::inventory::Config {
            files: expand_wildcards(self.files),
            host: self.host,
            output: Output::from_option(self.output),
        }
    }
}
