use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::paths::expand_wildcards;
use super::terminal;
use super::time::{self, End};
use crate::commands;
use crate::commands::fail_on::FailOn;
use crate::commands::triage::Outputs;
use crate::incidents::Period;
use crate::inventory::accounts::HostAliases;
use crate::output::Output;
use crate::report::format::UnknownFormat;
use crate::report::{EventFormat, Format, Paper, Target};
use crate::scan::ScanOptions;

/// What `--version` says; `-V` has the first line.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nLicence: ",
    env!("CARGO_PKG_LICENSE"),
    ", at your option. No warranty. THIRD-PARTY.txt of a release lists the licences of all libraries."
);

/// Find out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).
///
/// krbtriage reads exported event logs, address inventories and SPN lists on any machine. It reports the cause of each event 4,
/// what proves it, and how to fix it. It changes nothing and sends nothing.
#[derive(Debug, Parser)]
#[command(
    name = "krbtriage",
    version,
    long_version = LONG_VERSION,
    arg_required_else_help = true,
    after_help = "`krbtriage COMMAND -h` lists the options of a command, `krbtriage COMMAND --help` explains them with examples.",
    after_long_help = "Examples:
  Read the log of the client, the machine that reports event 4:
    krbtriage triage System.evtx
  Prove the causes with addresses and SPNs:
    krbtriage triage -i addresses.csv -s spns.txt exported-logs
  Explain a cause:
    krbtriage explain loopback-shared-ip

`krbtriage COMMAND --help` explains a command with examples. The documentation is in docs/."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Triage(Box<Triage>),
    Inventory(Inventory),
    Audit(Audit),
    Explain(Explain),
    Extract(Extract),
    CollectScript(CollectScript),
    /// Print the manual (roff).
    #[command(after_long_help = "Examples:
  krbtriage man > krbtriage.1
  krbtriage man | man -l -")]
    Man,
    Completions(Completions),
}

impl Command {
    /// How often `-v` was given; 0 for commands without it.
    pub(super) fn verbosity(&self) -> u8 {
        match self {
            Self::Triage(args) => args.terminal.say.verbosity(),
            Self::Extract(args) => args.terminal.say.verbosity(),
            Self::Inventory(args) => args.terminal.verbosity(),
            Self::Audit(args) => args.terminal.verbosity(),
            Self::Explain(_) | Self::CollectScript(_) | Self::Man | Self::Completions(_) => 0,
        }
    }
}

/// Find the cause of each Kerberos event 4 in exported logs.
///
/// The report shows the cause, its proof and its fix. Read the log of the client: the machine that made the failing connection and logged event 4. Address inventories and SPN
/// lists prove a cause. Without them the report lists what to check next.
#[derive(Debug, Args)]
#[command(override_usage = "krbtriage triage [OPTIONS] <LOGS>...")]
#[command(after_help = "`krbtriage triage --help` explains each option, with examples and the exit status.")]
#[command(after_long_help = "Examples:
  Read one log and print the report:
    krbtriage triage System.evtx
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
pub(super) struct Triage {
    /// Exported logs, or folders of them.
    ///
    /// .evtx, event XML, event text copied from Event Viewer, .zip, .gz, .zst, and files that `extract --for-triage` wrote.
    /// Files are recognised by content.
    #[arg(value_name = "LOGS", required_unless_present = "files_from")]
    logs: Vec<PathBuf>,

    /// Read log paths from FILE, separated by newline or NUL (- for stdin).
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    files_from: Option<PathBuf>,

    /// Address inventory: which host owns which address (repeatable).
    ///
    /// A file or a folder: ipconfig /all, Get-NetIPAddress, DNS and DHCP exports, captures and more, recognised by content.
    #[arg(short, long, value_name = "FILE", help_heading = "Input")]
    interfaces: Vec<PathBuf>,

    /// Host name for inventory rows without one [default: taken from the file name].
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    host: Option<String>,

    /// SPN list: accounts and their SPNs (repeatable).
    ///
    /// A file or a folder: setspn, Get-AD*, ldifde, csvde, SharpHound, recognised by content.
    #[arg(short, long, value_name = "FILE", help_heading = "Input")]
    spns: Vec<PathBuf>,

    /// Service classes that HOST/ covers, if the forest changed sPNMappings.
    ///
    /// Written as in the directory: host=alerter,appmgmt,...
    #[arg(long, value_name = "LIST", help_heading = "Input", value_parser = |t: &str| HostAliases::parse(t).map_err(|e| e.to_string()))]
    spn_mappings: Option<HostAliases>,

    /// Write the report to FILE (repeatable).
    ///
    /// The extension selects the format: .csv, .json, .jsonl, .html (a page for a browser) or .txt. Without this option the
    /// report goes to standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Vec<PathBuf>,

    /// Report format: csv, json, jsonl, html or text.
    ///
    /// Applies to standard output, and to an --output without a known extension. The default is text on a terminal and CSV
    /// elsewhere.
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = format_named)]
    format: Option<Format>,

    /// Write one row per problem to FILE (.csv).
    ///
    /// A problem is a group of incidents that one fix ends.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    problems: Option<PathBuf>,

    /// Write every counted event and its incident to FILE (.csv or .jsonl).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    events: Option<PathBuf>,

    /// Compare with an earlier report (.csv, .json or .jsonl).
    ///
    /// Each incident becomes new, ongoing, resolved or reopened.
    #[arg(long, value_name = "FILE", help_heading = "Compare", conflicts_with = "state")]
    baseline: Option<PathBuf>,

    /// Keep state between runs: report each event once and flag what is new.
    ///
    /// The run reads FILE if it exists, and replaces it last of all.
    #[arg(long, value_name = "FILE", help_heading = "Compare")]
    state: Option<PathBuf>,

    /// With --state: resolve an incident after SPAN without an event.
    ///
    /// The client's log must cover that time.
    #[arg(long, value_name = "SPAN", help_heading = "Compare", default_value = "1d", requires = "state", value_parser = time::span)]
    resolved_after: SignedDuration,

    /// Exit with 1 on: new, new-problem, any, or a cause (repeatable).
    #[arg(long, value_name = "WHAT", help_heading = "Compare", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Ignore events before TIME.
    ///
    /// A date, a time with its offset, or a span before now such as 7d. A time without an offset is UTC.
    #[arg(long, value_name = "TIME", help_heading = "Filter", value_parser = |t: &str| time::moment(t, End::Since, Timestamp::now()))]
    since: Option<Timestamp>,

    /// Ignore events after TIME.
    #[arg(long, value_name = "TIME", help_heading = "Filter", value_parser = |t: &str| time::moment(t, End::Until, Timestamp::now()))]
    until: Option<Timestamp>,

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
    pub terminal: Terminal,
}

/// Terminal options of commands with a progress bar.
#[derive(Debug, Args, Clone, Copy)]
pub(super) struct Terminal {
    /// Hide the progress bar.
    #[arg(long, help_heading = "Behaviour")]
    pub no_progress: bool,

    #[command(flatten)]
    pub say: Say,
}

/// How much a command writes to standard error.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Say {
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
    pub(super) fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// How often `-v` was given.
    pub(super) fn verbosity(self) -> u8 {
        self.verbose
    }

    /// Standard error is a terminal, or the user asked for more.
    pub(super) fn is_talkative(self) -> bool {
        self.is_verbose() || (!self.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr()))
    }
}

/// Options that are valid alone but not together.
#[derive(Debug, thiserror::Error)]
pub(super) enum WrongUse {
    /// An output whose name does not select a format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    #[error("--since {since} is later than --until {until}. Exchange the two.")]
    NoTime { since: Timestamp, until: Timestamp },
}

impl Triage {
    pub(super) fn into_config(self) -> Result<commands::triage::Config, WrongUse> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since > until
        {
            return Err(WrongUse::NoTime { since, until });
        }
        let file = |path: PathBuf| -> Result<Target, UnknownFormat> {
            let output = Output::from_arg(path);
            let format = match output.path() {
                Some(path) => Format::of(path, self.format)?,
                None => self.format.unwrap_or_default(),
            };
            Ok(Target { output, format })
        };
        let mut reports = self.output.into_iter().map(file).collect::<Result<Vec<_>, _>>()?;
        let events = match self.events.map(Output::from_arg) {
            Some(output) => {
                let format = EventFormat::of(output.path())?;
                Some((output, format))
            }
            None => None,
        };
        let [problems, summary] = [self.problems, self.summary].map(|path| path.map(Output::from_arg));
        let sides = problems.iter().chain(&summary).chain(events.as_ref().map(|(output, _)| output));
        let is_stdout_taken = sides.into_iter().any(|output| *output == Output::Stdout);
        if reports.is_empty() && !is_stdout_taken {
            let format = match self.format {
                None if terminal::is_terminal() => Format::Text(terminal::paper()),
                format => format.unwrap_or_default(),
            };
            reports.push(Target { output: Output::Stdout, format });
        }
        let outputs = Outputs { reports, problems, events, summary };
        Ok(commands::triage::Config {
            logs: expand_wildcards(self.logs),
            files_from: self.files_from,
            interfaces: expand_wildcards(self.interfaces),
            host: self.host,
            spns: expand_wildcards(self.spns),
            host_aliases: self.spn_mappings.unwrap_or_default(),
            outputs,
            baseline: self.baseline,
            state: self.state,
            resolved_after: self.resolved_after,
            fail_on: self.fail_on,
            period: Period { since: self.since, until: self.until },
            window: self.window,
            scan: ScanOptions { threads: self.threads.map_or(0, NonZeroUsize::get), recover: self.recover },
        })
    }
}

fn format_named(name: &str) -> Result<Format, String> {
    let all = || Format::ALL.map(Format::name).join(", ");
    Format::ALL
        .into_iter()
        .find(|f| f.name() == name)
        .map(|f| if let Format::Text(_) = f { Format::Text(terminal::paper()) } else { f })
        .ok_or_else(|| format!("\"{name}\" is not a valid format; write one of {}", all()))
}

/// Convert address inventories to one CSV file.
///
/// The output shows which host owns which address, as triage reads it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  krbtriage inventory ipconfig-outputs -o addresses.csv
  krbtriage inventory addresses.csv more.json | more")]
pub(super) struct Inventory {
    /// Inventory files or folders.
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,

    /// Host name for rows without one [default: taken from the file name].
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pub terminal: Say,
}

impl Inventory {
    pub(super) fn into_config(self) -> commands::inventory::Config {
        commands::inventory::Config {
            files: expand_wildcards(self.files),
            host: self.host,
            output: Output::from_option(self.output),
        }
    }
}

/// Explain a cause: how it is detected, what proves it, and how to fix it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  List all causes and kinds:
    krbtriage explain
  Explain one kind:
    krbtriage explain misplaced
  Explain one incident of a report:
    krbtriage explain --incident i963b2fe1d1d6 samples/report.csv")]
pub(super) struct Explain {
    /// A cause or a kind; with --incident, the report [default: list all].
    #[arg(value_name = "CAUSE|KIND|REPORT")]
    pub topic: Option<std::path::PathBuf>,

    /// Explain the incident ID of a report.
    #[arg(long, value_name = "ID", requires = "topic")]
    pub incident: Option<String>,
}

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
pub(super) struct CollectScript {
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
    pub(super) fn into_config(self) -> commands::collect_script::Config {
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
  Alert when a firmware update enables a management adapter again:
    krbtriage audit -i addresses.csv --baseline last.csv --fail-on new -o audit.csv

Exit status:
  0  The audit is complete.
  1  The audit holds what --fail-on asks for.
  2  The command line is wrong.
  3  The audit is written, but some input could not be read.
  4  No audit is written.")]
pub(super) struct Audit {
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

    /// Output format: csv or text.
    ///
    /// The default is text on a terminal and for a file that ends in .txt, and CSV elsewhere.
    #[arg(long, value_name = "FORMAT", help_heading = "Output", value_parser = ["csv", "text"])]
    format: Option<String>,

    /// Write to FILE instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pub terminal: Say,
}

impl Audit {
    pub(super) fn into_config(self) -> commands::audit::Config {
        let view = match (self.format.as_deref(), &self.output) {
            (Some("text"), None) => Some(terminal::paper()),
            (None, None) if terminal::is_terminal() => Some(terminal::paper()),
            (Some("text"), Some(_)) => Some(Paper::PLAIN),
            (None, Some(path)) if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt")) => {
                Some(Paper::PLAIN)
            }
            _ => None,
        };
        commands::audit::Config {
            interfaces: expand_wildcards(self.interfaces),
            dns: expand_wildcards(self.dns),
            spns: expand_wildcards(self.spns),
            host: self.host,
            host_aliases: self.spn_mappings.unwrap_or_default(),
            allow: self.allow,
            baseline: self.baseline,
            fail_on: self.fail_on,
            output: Output::from_option(self.output),
            view,
        }
    }
}

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
pub(super) struct Extract {
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
    #[arg(long = "event-id", value_name = "N", help_heading = "Filter")]
    event_ids: Vec<u16>,

    /// Output format: csv or jsonl.
    #[arg(long, value_name = "FORMAT", help_heading = "Output", default_value = "csv", value_parser = ["csv", "jsonl"])]
    format: String,

    /// Write to FILE instead of standard output; .zst compresses.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
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
    pub terminal: Terminal,
}

impl Extract {
    pub(super) fn into_config(self) -> commands::extract::Config {
        use commands::extract::Format;
        let named_zst = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zst"));
        commands::extract::Config {
            logs: expand_wildcards(self.logs),
            files_from: self.files_from,
            display_name: self.display_name,
            providers: self.providers,
            event_ids: self.event_ids,
            format: match &*self.format {
                _ if self.for_triage => Format::ForTriage,
                "jsonl" => Format::JsonLines,
                _ => Format::Csv,
            },
            compress: self.compress || self.output.as_ref().is_some_and(named_zst),
            output: Output::from_option(self.output),
            scan: ScanOptions { threads: self.threads.map_or(0, NonZeroUsize::get), recover: self.recover },
        }
    }
}

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  krbtriage completions bash > /etc/bash_completion.d/krbtriage
  krbtriage completions powershell >> $PROFILE")]
pub(super) struct Completions {
    /// bash, zsh, fish, powershell or elvish.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
