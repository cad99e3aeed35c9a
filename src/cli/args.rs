use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::time::{self, End};
use crate::commands;
use crate::incidents::Period;
use crate::inventory::accounts::HostAliases;
use crate::report::Output;
use crate::scan::ScanOptions;

/// Finds out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).
#[derive(Debug, Parser)]
#[command(
    name = "krbtriage",
    version,
    about,
    arg_required_else_help = true,
    before_help = "Examples:
  krbtriage triage System.evtx
  krbtriage triage -i addresses.csv -s spns.csv -o report.csv exported-logs
  krbtriage inventory ipconfig-outputs -o addresses.csv",
    after_help = "`krbtriage COMMAND --help` tells more, with examples. Documentation: docs/ beside the program's source."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Triage(Triage),
    Inventory(Inventory),
}

/// Read exported logs and write a report: what is wrong, how sure that is, what proves it, what to do.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  One log, the report on the screen:
    krbtriage triage System.evtx
  All logs of a folder, with addresses and SPNs, so that causes can be proved:
    krbtriage triage -i addresses.csv -s spns.csv -o report.csv exported-logs
  What happened in the last week:
    krbtriage triage --since 7d -i inventories -o report.csv exported-logs")]
#[command(
    after_help = "Exit status: 0 the report is complete, whatever it says; 2 wrong use; 3 the report was written, \
but some input could not be read; 4 no report."
)]
pub struct Triage {
    /// Exported logs (.evtx, event XML, copied text, .zip, .gz) and folders of them.
    #[arg(value_name = "LOGS", required = true)]
    logs: Vec<PathBuf>,

    /// Which host owns which address: a file or folder; may be given again.
    #[arg(short, long, value_name = "FILE")]
    interfaces: Vec<PathBuf>,

    /// The host of inventory rows that name none (without it, the file's name tells).
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Accounts and their SPNs: a file or folder; may be given again.
    #[arg(short, long, value_name = "FILE")]
    spns: Vec<PathBuf>,

    /// Classes that HOST/ stands for, as sPNMappings has them (host=alerter,appmgmt,...), where the forest's differ.
    #[arg(long, value_name = "LIST", value_parser = |t: &str| HostAliases::parse(t).map_err(|e| e.to_string()))]
    spn_mappings: Option<HostAliases>,

    /// Write the report here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only events from this time on: a date, a time with its offset, or a span such as 7d.
    #[arg(long, value_name = "TIME", value_parser = |t: &str| time::moment(t, End::Since, Timestamp::now()))]
    since: Option<Timestamp>,

    /// Only events up to this time.
    #[arg(long, value_name = "TIME", value_parser = |t: &str| time::moment(t, End::Until, Timestamp::now()))]
    until: Option<Timestamp>,

    /// How far another event may lie from an incident to count for it.
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = time::span)]
    window: SignedDuration,

    /// Read records in slack space too; they are marked in the evidence.
    #[arg(long)]
    recover: bool,

    /// Write what was read of each file here, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Worker threads; one per core when not given.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,

    #[command(flatten)]
    pub terminal: Terminal,
}

/// What is said on the terminal.
#[derive(Debug, Args, Clone, Copy)]
pub struct Terminal {
    /// Show no progress bar.
    #[arg(long)]
    pub no_progress: bool,

    /// Say nothing but errors.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say what was read of each file.
    #[arg(short, long)]
    pub verbose: bool,
}

impl Triage {
    pub fn into_config(self) -> commands::triage::Config {
        commands::triage::Config {
            logs: self.logs,
            interfaces: self.interfaces,
            host: self.host,
            spns: self.spns,
            host_aliases: self.spn_mappings.unwrap_or_default(),
            output: self.output.map_or(Output::Stdout, Output::File),
            summary: self.summary,
            period: Period { since: self.since, until: self.until },
            window: self.window,
            scan: ScanOptions { threads: self.threads, recover: self.recover },
        }
    }
}

/// Write what was understood of interface inventories as the project's CSV.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  krbtriage inventory ipconfig-outputs -o addresses.csv
  krbtriage inventory addresses.csv more.json | more")]
pub struct Inventory {
    /// Inventory files and folders.
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,

    /// The host of rows that name none (without it, the file's name tells).
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Write here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Inventory {
    pub fn into_config(self) -> commands::inventory::Config {
        commands::inventory::Config { files: self.files, host: self.host, output: self.output }
    }
}
