//! Options of `krbtriage audit`.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::format::audit_file;
use super::terminal_options::Verbosity;
use super::zone_option::ZoneOption;
use crate::cli::paths::expand_wildcards;
use crate::cli::terminal;
use crate::commands;
use crate::commands::audit::AuditFormat;
use crate::commands::fail_on::FailOn;
use crate::inventory::accounts::HostAliases;
use crate::output::Output;
use crate::report::TextLayout;

/// Find risks before they cause errors, without any log.
///
/// Reports shared addresses, names that resolve to the wrong host, and duplicate SPNs.
#[derive(Debug, Args)]
#[command(after_help = "`krbtriage audit --help` explains each option, with examples and the exit status.")]
#[command(after_long_help = "Examples:
  Check addresses:
    krbtriage audit -i addresses.csv -o audit.csv
  Check addresses, DNS and SPNs:
    krbtriage audit -i inventories --dns dns-records.csv --spns spns.txt
  Write a page for a browser, with every shared address of the estate:
    krbtriage audit -i inventories --dns dns-records.csv --spns spns.txt -o audit.html
  Alert when a firmware update enables a management adapter again:
    krbtriage audit -i addresses.csv --baseline last.csv --fail-on new -o audit.csv

Exit status:
  0  The audit is complete.
  1  The audit holds what --fail-on asks for.
  2  The command line is wrong.
  3  The audit is written, but some input could not be read.
  4  No audit is written.")]
pub(in crate::cli) struct Audit {
    /// Address inventories: which host owns which address.
    #[arg(short, long, value_name = "FILE", help_heading = "Input", num_args = 1.., required_unless_present = "spns")]
    interfaces: Vec<PathBuf>,

    /// DNS records: which address a name resolves to.
    #[arg(long, value_name = "FILE", help_heading = "Input", num_args = 1..)]
    dns: Vec<PathBuf>,

    /// SPN lists: accounts and their SPNs.
    #[arg(short, long, value_name = "FILE", help_heading = "Input", num_args = 1..)]
    spns: Vec<PathBuf>,

    /// Host name for inventory rows without one [default: taken from the file name].
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    host: Option<String>,

    /// Service classes that HOST/ covers, if the forest changed sPNMappings.
    #[arg(long, value_name = "LIST", help_heading = "Input", value_parser = |t: &str| HostAliases::parse(t).map_err(|e| e.to_string()))]
    spn_mappings: Option<HostAliases>,

    /// Ignore addresses and networks that FILE lists, one per line.
    ///
    /// For addresses that are shared on purpose: NLB, clusters, anycast.
    #[arg(long, value_name = "FILE", help_heading = "Filter")]
    allow: Option<PathBuf>,

    /// Compare with an earlier audit (.csv).
    ///
    /// Each finding becomes new, ongoing, resolved or reopened.
    #[arg(long, value_name = "FILE", help_heading = "Compare")]
    baseline: Option<PathBuf>,

    /// Exit with 1 on: new, any, or a cause (repeatable).
    #[arg(long, value_name = "WHAT", help_heading = "Compare", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Output format: csv, html or text.
    ///
    /// The default is text on a terminal. The extension of the output selects text (.txt) or a page for a browser (.html); all
    /// else is CSV.
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = ["csv", "html", "text"])]
    format: Option<String>,

    /// Title of the page (.html), for example the site or the date.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    title: Option<String>,

    /// Write to FILE (.csv, .html or .txt) instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output", value_parser = PathBufValueParser::new().try_map(audit_file))]
    output: Option<PathBuf>,

    #[command(flatten)]
    zone: ZoneOption,

    #[command(flatten)]
    pub verbosity: Verbosity,
}

impl Audit {
    pub(in crate::cli) fn into_config(self) -> commands::audit::Config {
        let ending =
            self.output.as_deref().and_then(Path::extension).unwrap_or_default().to_ascii_lowercase();
        let format = match (self.format.as_deref(), &self.output) {
            (Some("text"), None) => AuditFormat::Text(terminal::layout()),
            (None, None) if terminal::is_terminal() => AuditFormat::Text(terminal::layout()),
            (Some("text"), Some(_)) => AuditFormat::Text(TextLayout::PLAIN),
            (None, Some(_)) if ending == "txt" => AuditFormat::Text(TextLayout::PLAIN),
            (Some("html"), _) => AuditFormat::Html,
            (None, Some(_)) if ending == "html" || ending == "htm" => AuditFormat::Html,
            _ => AuditFormat::Csv,
        };
        commands::audit::Config {
            interfaces: expand_wildcards(self.interfaces),
            dns: expand_wildcards(self.dns),
            spns: expand_wildcards(self.spns),
            host: self.host,
            host_aliases: self.spn_mappings.unwrap_or_default(),
            zone: self.zone.zone(),
            allow: self.allow,
            baseline: self.baseline,
            fail_on: self.fail_on,
            output: Output::from_option(self.output),
            format,
            title: self.title,
        }
    }
}
