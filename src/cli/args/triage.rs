//! Options of `krbtriage triage`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};
use jiff::{SignedDuration, Timestamp};

use super::format::{csv_file, format_named, text_file};
use super::terminal_options::TerminalOptions;
use super::wrong_use::WrongUse;
use super::zone_option::ZoneOption;
use crate::cli::paths::expand_wildcards;
use crate::cli::terminal;
use crate::cli::time::{self, Moment, PeriodEnd};
use crate::commands;
use crate::commands::fail_on::FailOn;
use crate::commands::triage::Outputs;
use crate::incidents::Period;
use crate::inventory::accounts::HostAliases;
use crate::output::Output;
use crate::probe::Options;
use crate::report::EventFormat;
use crate::report::Format;
use crate::report::Target;
use crate::report::format::UnknownFormat;
use crate::scan::ScanOptions;

/// Find the cause of each Kerberos event 4 in exported logs.
///
/// The report shows the cause, its proof and its fix. Read the log of the client: the machine that made the failing
/// connection and logged event 4. Address inventories and SPN lists prove a cause. Without them the report lists what to check
/// next.
#[derive(Debug, Args)]
#[command(override_usage = "krbtriage triage [OPTIONS] <PATHS>...")]
#[command(after_help = "`krbtriage triage --help` explains each option, with examples and the exit status.")]
#[command(after_long_help = "Examples:
  Read one log and print the report:
    krbtriage triage System.evtx
  Read whatever lies in a folder: logs, pasted events, ipconfig output, SPN lists:
    krbtriage triage .
  Read an event that was copied to the clipboard (PowerShell):
    Get-Clipboard | krbtriage triage -
  Read all logs of a folder, and prove causes with addresses and SPNs:
    krbtriage triage -i addresses.csv -s spns.txt -o report.csv exported-logs
  Write a page for a browser as well:
    krbtriage triage -i addresses.csv -s spns.txt -o report.csv -o report.html exported-logs
  Run every night, and exit with 1 for a new problem:
    krbtriage triage --state krbtriage.json --fail-on new-problem -o report.csv exported-logs
  Read the events of the last week:
    krbtriage triage --since 7d -i inventories -o report.csv exported-logs

Exit status:
  0  The report is complete, whatever it says.
  1  The report holds what --fail-on asks for.
  2  The command line is wrong.
  3  The report is written, but some input could not be read.
  4  No report is written.")]
pub(in crate::cli) struct Triage {
    /// Files and folders: logs, and the inventories and SPN lists beside them (- for stdin).
    ///
    /// Logs are .evtx, event XML, event text copied from Event Viewer, exports of other tools, archives of them, and files that
    /// `extract --for-triage` wrote. Files are recognised by content.
    #[arg(value_name = "PATHS", required_unless_present_any = ["files_from", "interfaces", "spns"])]
    logs: Vec<PathBuf>,

    /// Use only the logs in PATHS, and skip the address inventories and SPN lists there.
    #[arg(long, help_heading = "Input")]
    logs_only: bool,

    /// Read log paths from FILE, separated by newline or NUL (- for stdin).
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    files_from: Option<PathBuf>,

    /// Host name for inventory rows without one [default: taken from the file name].
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    host: Option<String>,

    /// Ask the targets which addresses they offer to DCOM clients.
    ///
    /// Opens one connection to TCP port 135 of each host that a client failed to reach and that an inventory or an account list has,
    /// or whose domain it has; at most 50. `krbtriage probe --help` says what is sent.
    #[arg(long, help_heading = "Input")]
    probe: bool,

    #[command(flatten)]
    pub options: ReportOptions,
}

/// Options that `triage` and `here` share.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportOptions {
    /// Address inventory: which host owns which address (repeatable).
    ///
    /// A file or a folder: ipconfig /all, Get-NetIPAddress, DNS and DHCP exports, captures and more, recognised by content.
    #[arg(short, long, value_name = "FILE", help_heading = "Input", num_args = 1..)]
    interfaces: Vec<PathBuf>,

    /// SPN list: accounts and their SPNs (repeatable).
    ///
    /// A file or a folder: setspn, Get-AD*, ldifde, csvde, SharpHound, recognised by content.
    #[arg(short, long, value_name = "FILE", help_heading = "Input", num_args = 1..)]
    spns: Vec<PathBuf>,

    /// Service classes that HOST/ covers, if the forest changed sPNMappings.
    ///
    /// Written as in the directory: host=alerter,appmgmt,...
    #[arg(long, value_name = "LIST", help_heading = "Input", value_parser = |t: &str| HostAliases::parse(t).map_err(|e| e.to_string()))]
    spn_mappings: Option<HostAliases>,

    /// Write the report to FILE (repeatable).
    ///
    /// The extension selects the format: .csv, .json, .jsonl, .html (a page for a browser), .xlsx (Excel) or .txt. Without this
    /// option the report goes to standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Vec<PathBuf>,

    /// Report format: csv, json, jsonl, html, xlsx or text.
    ///
    /// Applies to standard output, and to an --output without a known extension. The default is text on a terminal and CSV
    /// elsewhere.
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = format_named)]
    format: Option<Format>,

    /// Title of the page (.html), for example the ticket or the site.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    title: Option<String>,

    /// Write one row per problem to FILE (.csv).
    ///
    /// A problem is a group of incidents that one fix ends.
    #[arg(long, value_name = "FILE", help_heading = "Output", value_parser = PathBufValueParser::new().try_map(csv_file))]
    problems: Option<PathBuf>,

    /// Write new and reopened problems to FILE as text, for a mail, a chat or a ticket.
    ///
    /// FILE is empty when nothing is new. Needs --state or --baseline.
    #[arg(long, value_name = "FILE", help_heading = "Output", requires = "earlier", value_parser = PathBufValueParser::new().try_map(text_file))]
    new: Option<PathBuf>,

    /// Write every counted event and its incident to FILE (.csv or .jsonl).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    events: Option<PathBuf>,

    /// Compare with an earlier report (.csv, .json or .jsonl).
    ///
    /// Each incident becomes new, ongoing, resolved or reopened.
    #[arg(long, value_name = "FILE", help_heading = "Compare", conflicts_with = "state", group = "earlier")]
    baseline: Option<PathBuf>,

    /// Keep state between runs: report each event once and flag what is new.
    ///
    /// The run reads FILE if it exists, and replaces it at the end.
    #[arg(long, value_name = "FILE", help_heading = "Compare", group = "earlier")]
    state: Option<PathBuf>,

    /// With --state: resolve an incident after SPAN without an event.
    ///
    /// The client's log must cover that time.
    #[arg(long, value_name = "SPAN", help_heading = "Compare", default_value = "1d", requires = "state", value_parser = time::span)]
    resolved_after: SignedDuration,

    /// Exit with 1 on: new, new-problem, any, or a cause (repeatable).
    #[arg(long, value_name = "WHAT", help_heading = "Compare", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Mute problems that FILE lists: `PROBLEM_ID LAST_DAY REASON`, one per line.
    ///
    /// A muted problem is in the report and counted. It does not set the exit status, and --new leaves it out.
    #[arg(long, value_name = "FILE", help_heading = "Compare")]
    allow: Option<PathBuf>,

    /// Ignore events before TIME.
    ///
    /// A date, a time, or a span before now such as 7d. A time without an offset is of --timezone.
    #[arg(long, value_name = "TIME", help_heading = "Filter", value_parser = |t: &str| Moment::parse(t, Timestamp::now()))]
    since: Option<Moment>,

    /// Ignore events after TIME.
    #[arg(long, value_name = "TIME", help_heading = "Filter", value_parser = |t: &str| Moment::parse(t, Timestamp::now()))]
    until: Option<Moment>,

    /// Use other events up to SPAN before and after an incident.
    ///
    /// Events about adapters, addresses and names count at any time.
    #[arg(long, value_name = "SPAN", help_heading = "Filter", default_value = "10m", value_parser = time::span)]
    window: SignedDuration,

    /// Also read deleted records in slack space; the evidence marks them.
    #[arg(long, help_heading = "Filter")]
    recover: bool,

    /// Write one JSON line per input to FILE: counts and read errors.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    summary: Option<PathBuf>,

    /// Use N threads [default: one per core].
    #[arg(long, value_name = "N", help_heading = "Behaviour")]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    zone: ZoneOption,

    #[command(flatten)]
    pub terminal: TerminalOptions,
}

impl Triage {
    pub(in crate::cli) fn into_config(self) -> Result<commands::triage::Config, WrongUse> {
        Ok(commands::triage::Config {
            logs: expand_wildcards(self.logs),
            logs_only: self.logs_only,
            files_from: self.files_from,
            host: self.host,
            probe: self.probe.then(Options::default),
            ..self.options.into_config()?
        })
    }
}

impl ReportOptions {
    pub(in crate::cli) fn into_config(self) -> Result<commands::triage::Config, WrongUse> {
        let zone = self.zone.zone();
        let since = self.since.map(|moment| moment.timestamp(PeriodEnd::Since, &zone)).transpose()?;
        let until = self.until.map(|moment| moment.timestamp(PeriodEnd::Until, &zone)).transpose()?;
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            return Err(WrongUse::EmptyPeriod { since, until });
        }
        // The layout depends on --color, which is applied after all options are parsed.
        let format = self.format.map(|format| match format {
            Format::Text(_) => Format::Text(terminal::layout()),
            other => other,
        });
        let file = |path: PathBuf| -> Result<Target, UnknownFormat> {
            let output = Output::from_arg(path);
            let format = match output.path() {
                Some(path) => Format::from_path(path, format)?,
                None => format.unwrap_or_default(),
            };
            Ok(Target { output, format })
        };
        let mut reports = self.output.into_iter().map(file).collect::<Result<Vec<_>, _>>()?;
        let events = match self.events.map(Output::from_arg) {
            Some(output) => {
                let format = EventFormat::from_path(output.path())?;
                Some((output, format))
            }
            None => None,
        };
        let [problems, summary, new] =
            [self.problems, self.summary, self.new].map(|path| path.map(Output::from_arg));
        let sides =
            problems.iter().chain(&summary).chain(&new).chain(events.as_ref().map(|(output, _)| output));
        let is_stdout_taken = sides.into_iter().any(|output| *output == Output::Stdout);
        if reports.is_empty() && !is_stdout_taken {
            let format = match format {
                None if terminal::is_terminal() => Format::Text(terminal::layout()),
                format => format.unwrap_or_default(),
            };
            reports.push(Target { output: Output::Stdout, format });
        }
        let outputs = Outputs { reports, problems, new, events, summary };
        Ok(commands::triage::Config {
            interfaces: expand_wildcards(self.interfaces),
            spns: expand_wildcards(self.spns),
            host_aliases: self.spn_mappings.unwrap_or_default(),
            outputs,
            title: self.title,
            baseline: self.baseline,
            state: self.state,
            resolved_after: self.resolved_after,
            fail_on: self.fail_on,
            allow: self.allow,
            period: Period { since, until },
            window: self.window,
            scan: ScanOptions {
                threads: self.threads.map_or(0, NonZeroUsize::get),
                recover: self.recover,
                zone,
            },
            ..commands::triage::Config::default()
        })
    }
}
