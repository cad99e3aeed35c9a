//! Options of `krbtriage extract`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::format::{csv_or_lines_file, is_json_lines};
use super::terminal_options::TerminalOptions;
use super::zone_option::ZoneOption;
use crate::cli::paths::expand_wildcards;
use crate::commands;
use crate::output::Output;
use crate::scan::ScanOptions;

/// Export events, one per line; or export all that triage needs.
///
/// With --for-triage, the export replaces the logs: run triage on it later, on another machine.
#[derive(Debug, Args)]
#[command(override_usage = "krbtriage extract [OPTIONS] <LOGS>...")]
#[command(after_help = "`krbtriage extract --help` explains each option, with examples and the exit status.")]
#[command(after_long_help = "Examples:
  Export Kerberos event 4, and its twin: event 3 with error 0x29:
    krbtriage extract System.evtx
  Export other events:
    krbtriage extract --provider NETLOGON --event-id 5722 --event-id 3210 exported-logs
    krbtriage extract --event-id 7045 --format jsonl exported-logs -o services.jsonl
  Export what triage needs on each machine (a hundredth of the size), and triage all on one:
    krbtriage extract --for-triage -o SRV1.jsonl.zst C:\\logs
    krbtriage triage -i addresses.csv -o report.csv collected
  Read more files than fit on a command line:
    find /srv/logs -name '*.evtx' -print0 | krbtriage extract --for-triage --files-from - -o events.jsonl.zst

Exit status:
  0  All events are written.
  2  The command line is wrong.
  3  The events are written, but some input could not be read. With --for-triage, the file says so too.
  4  Nothing is written.")]
pub(in crate::cli) struct Extract {
    /// Exported logs, files that `extract --for-triage` wrote, or folders of them.
    #[arg(value_name = "LOGS", required_unless_present = "files_from")]
    logs: Vec<PathBuf>,

    /// Read log paths from FILE, separated by newline or NUL (- for stdin).
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    files_from: Option<PathBuf>,

    /// Export all that `krbtriage triage` needs, to read instead of the logs.
    #[arg(long, help_heading = "Filter", conflicts_with_all = ["providers", "event_ids", "format"])]
    for_triage: bool,

    /// Name the log NAME in the report; give exactly one log.
    ///
    /// For a copy or a download whose file name differs from the log's.
    #[arg(long = "as", value_name = "NAME", help_heading = "Input")]
    display_name: Option<String>,

    /// Export events of this provider (repeatable).
    #[arg(long = "provider", value_name = "NAME", help_heading = "Filter")]
    providers: Vec<String>,

    /// Export events with this ID (repeatable).
    #[arg(long = "event-id", value_name = "N", help_heading = "Filter", value_parser = event_id)]
    event_ids: Vec<u16>,

    /// Output format: csv or jsonl [default: from the name of the output, else csv].
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = ["csv", "jsonl"])]
    format: Option<String>,

    /// Write to FILE instead of standard output; .zst compresses.
    #[arg(short, long, value_name = "FILE", help_heading = "Output", value_parser = PathBufValueParser::new().try_map(csv_or_lines_file))]
    output: Option<PathBuf>,

    /// Compress the output (Zstandard), whatever its name.
    #[arg(long, help_heading = "Output")]
    compress: bool,

    /// Also read deleted records in slack space.
    #[arg(long, help_heading = "Filter")]
    recover: bool,

    /// Use N threads [default: one per core].
    #[arg(long, value_name = "N", help_heading = "Behaviour")]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    zone: ZoneOption,

    #[command(flatten)]
    pub terminal: TerminalOptions,
}

impl Extract {
    pub(in crate::cli) fn into_config(self) -> commands::extract::Config {
        use commands::extract::Format;
        let named_zst = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zst"));
        commands::extract::Config {
            logs: expand_wildcards(self.logs),
            files_from: self.files_from,
            display_name: self.display_name,
            providers: self.providers,
            event_ids: self.event_ids,
            format: match self.format.as_deref() {
                _ if self.for_triage => Format::ForTriage,
                Some("jsonl") => Format::JsonLines,
                None if self.output.as_deref().is_some_and(is_json_lines) => Format::JsonLines,
                _ => Format::Csv,
            },
            compress: self.compress || self.output.as_ref().is_some_and(named_zst),
            output: Output::from_option(self.output),
            scan: ScanOptions {
                threads: self.threads.map_or(0, NonZeroUsize::get),
                recover: self.recover,
                zone: self.zone.zone(),
            },
        }
    }
}

fn event_id(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| format!("\"{text}\" is not a valid event ID; write a number from 0 to {}", u16::MAX))
}
