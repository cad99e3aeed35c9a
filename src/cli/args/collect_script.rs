//! Options of `krbtriage collect-script`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::paths::expand_wildcards;
use crate::commands;
use crate::output::Output;

/// Print a PowerShell script that collects what triage needs.
///
/// It exports accounts with SPNs, DNS records, addresses, settings and events. Read the script before you run it. Get-Help
/// lists its parameters and the rights that each part needs. The developers parsed it and never ran it on Windows.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Two hosts, and the accounts and DNS records of the forest:
    krbtriage collect-script srv1.alpha.example.com srv2.beta.example.com -o collect.ps1
  All hosts of a list, and the logs of the domain controllers:
    krbtriage collect-script --hosts servers.txt -o collect.ps1
  Only what a report asks for, from hosts that an inventory has:
    krbtriage collect-script --report report.csv -i addresses.csv -s spns.csv -o collect.ps1

Exit status:
  0  The script is written.
  2  The command line is wrong.
  3  The script is written. Its comments list the names that it leaves out.
  4  No script is written.")]
pub(in crate::cli) struct CollectScript {
    /// Hosts to collect from.
    ///
    /// With --report: hosts that you trust although no list has them.
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,

    /// Read host names from FILE, one per line (repeatable).
    #[arg(long = "hosts", value_name = "FILE", help_heading = "Input")]
    lists: Vec<PathBuf>,

    /// Collect only what a report asks for in its column `missing`.
    ///
    /// FILE is .csv, .json or .jsonl. The script visits the report's clients, and hosts that a list has. A responder chooses
    /// the name that it reports, so its name alone is not a destination.
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    report: Option<PathBuf>,

    /// With --report: address inventory of hosts to trust (repeatable).
    #[arg(short, long, value_name = "FILE", help_heading = "Input", requires = "report")]
    interfaces: Vec<PathBuf>,

    /// With --report: SPN list of computers to trust (repeatable).
    #[arg(short, long, value_name = "FILE", help_heading = "Input", requires = "report")]
    spns: Vec<PathBuf>,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

impl CollectScript {
    pub(in crate::cli) fn into_config(self) -> commands::collect_script::Config {
        commands::collect_script::Config {
            hosts: self.hosts,
            lists: self.lists,
            report: self.report,
            interfaces: expand_wildcards(self.interfaces),
            spns: expand_wildcards(self.spns),
            output: Output::from_option(self.output),
        }
    }
}
