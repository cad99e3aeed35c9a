use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::paths::inputs;
use super::screen;
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
    ", as you like. It comes without warranty. Licences of the libraries in it: THIRD-PARTY.txt of the release."
);

/// Finds out why Windows logs Kerberos event 4 (KRB_AP_ERR_MODIFIED).
#[derive(Debug, Parser)]
#[command(
    name = "krbtriage",
    version,
    long_version = LONG_VERSION,
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
    Triage(Box<Triage>),
    Inventory(Inventory),
    Audit(Audit),
    Explain(Explain),
    Extract(Extract),
    CollectScript(CollectScript),
    /// Print the manual: a page for the program and one for each command (roff).
    #[command(before_help = "Examples:
  krbtriage man > krbtriage.1
  krbtriage man | man -l -")]
    Man,
    Completions(Completions),
}

impl Command {
    /// How often `-v` was given; 0 for commands without it.
    pub fn verbosity(&self) -> u8 {
        match self {
            Self::Triage(args) => args.terminal.say.verbosity(),
            Self::Extract(args) => args.terminal.say.verbosity(),
            Self::Inventory(args) => args.terminal.verbosity(),
            Self::Audit(args) => args.terminal.verbosity(),
            Self::Explain(_) | Self::CollectScript(_) | Self::Man | Self::Completions(_) => 0,
        }
    }
}

/// Read exported logs and write a report: what is wrong, how sure that is, what proves it, what to do.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  One log, the report on the screen:
    krbtriage triage System.evtx
  All logs of a folder, with addresses and SPNs, so that causes can be proved:
    krbtriage triage -i addresses.csv -s spns.csv -o report.csv exported-logs
  The same as a page for a browser beside it:
    krbtriage triage -i addresses.csv -s spns.csv -o report.csv -o report.html exported-logs
  Every night, exit status 1 when there is a new problem:
    krbtriage triage --state krbtriage.json --fail-on new-problem -o report.csv exported-logs
  What happened in the last week:
    krbtriage triage --since 7d -i inventories -o report.csv exported-logs")]
#[command(
    after_help = "Exit status: 0 the report is complete, whatever it says; 1 it holds what --fail-on asks for; 2 wrong use; 3 the report was written, \
but some input could not be read; 4 no report."
)]
pub struct Triage {
    /// Exported logs (.evtx, event XML, copied text, .zip, .gz, .zst), what `extract --for-triage` wrote of some, and folders
    /// of them.
    #[arg(value_name = "LOGS", required_unless_present = "files_from")]
    logs: Vec<PathBuf>,

    /// A file with more LOGS, a name a line or ended with NUL; - is standard input.
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,

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

    /// Write the report here instead of to standard output; may be given again. The extension decides the format: .csv,
    /// .json, .jsonl, .html (a page for a browser), .txt.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// The format of standard output, and of an --output whose extension says none: csv, json, jsonl, html, text. Without
    /// it, a terminal gets text and everything else CSV.
    #[arg(long, value_name = "FORMAT", value_parser = format_named)]
    format: Option<Format>,

    /// Write a row per problem here (CSV): what one repair ends.
    #[arg(long, value_name = "FILE")]
    problems: Option<PathBuf>,

    /// Write every event with its incident here, as evidence (.csv or .jsonl).
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,

    /// Compare with an earlier report (.csv, .json or .jsonl): what is new, ongoing, resolved, reopened.
    #[arg(long, value_name = "FILE", conflicts_with = "state")]
    baseline: Option<PathBuf>,

    /// Remember here what was told, so that the next run tells each event once and knows what is new.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// With --state: an incident is resolved when its client's log has gone on for so long without an event of it.
    #[arg(long, value_name = "SPAN", default_value = "1d", requires = "state", value_parser = time::span)]
    resolved_after: SignedDuration,

    /// Exit with 1 if the report holds this: new, new-problem, any, or a cause; may be given again.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Only events from this time on: a date, a time with its offset, or a span such as 7d.
    #[arg(long, value_name = "TIME", value_parser = |t: &str| time::moment(t, End::Since, Timestamp::now()))]
    since: Option<Timestamp>,

    /// Only events up to this time.
    #[arg(long, value_name = "TIME", value_parser = |t: &str| time::moment(t, End::Until, Timestamp::now()))]
    until: Option<Timestamp>,

    /// Use other events up to this long before and after an incident. Events about adapters, addresses and names count at
    /// any time.
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = time::span)]
    window: SignedDuration,

    /// Read records in slack space too; they are marked in the evidence.
    #[arg(long)]
    recover: bool,

    /// Write what was read of each file here, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Use N threads; without it, one per core.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub terminal: Terminal,
}

/// What is said on the terminal by commands that take long enough for a bar.
#[derive(Debug, Args, Clone, Copy)]
pub struct Terminal {
    /// Show no progress bar.
    #[arg(long)]
    pub no_progress: bool,

    #[command(flatten)]
    pub say: Say,
}

/// What any command says on standard error.
#[derive(Debug, Clone, Copy, Args)]
pub struct Say {
    /// Say nothing but errors.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Show what was read of each file, also to a script. -vv logs each decision and its reason, -vvv every detail;
    /// KRBTRIAGE_LOG=FILTER logs without it.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Say {
    pub fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// How often `-v` was given.
    pub fn verbosity(self) -> u8 {
        self.verbose
    }

    /// A person reads along, or asked for it.
    pub fn is_talkative(self) -> bool {
        self.is_verbose() || (!self.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr()))
    }
}

/// Options that parse each by itself, but make no sense together.
#[derive(Debug, thiserror::Error)]
pub enum WrongUse {
    /// An output whose name does not tell its format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    #[error(
        "--since {since} is later than --until {until}, so there is no time between them; exchange the two"
    )]
    NoTime { since: Timestamp, until: Timestamp },
}

impl Triage {
    pub fn into_config(self) -> Result<commands::triage::Config, WrongUse> {
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
                None if screen::is_terminal() => Format::Text(screen::paper()),
                format => format.unwrap_or_default(),
            };
            reports.push(Target { output: Output::Stdout, format });
        }
        let outputs = Outputs { reports, problems, events, summary };
        Ok(commands::triage::Config {
            logs: inputs(self.logs),
            files_from: self.files_from,
            interfaces: inputs(self.interfaces),
            host: self.host,
            spns: inputs(self.spns),
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
        .map(|f| if let Format::Text(_) = f { Format::Text(screen::paper()) } else { f })
        .ok_or_else(|| format!("\"{name}\" is no format; write one of {}", all()))
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

    #[command(flatten)]
    pub terminal: Say,
}

impl Inventory {
    pub fn into_config(self) -> commands::inventory::Config {
        commands::inventory::Config {
            files: inputs(self.files),
            host: self.host,
            output: Output::from_option(self.output),
        }
    }
}

/// Tell what a cause or kind is, how it is recognised and proved, and how to mend it.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  krbtriage explain
  krbtriage explain misplaced
  krbtriage explain --incident i963b2fe1d1d6 samples/report.csv")]
pub struct Explain {
    /// A cause or kind; without one, all are listed. With --incident: the report.
    #[arg(value_name = "CAUSE|KIND|REPORT")]
    pub topic: Option<std::path::PathBuf>,

    /// Tell the story of this incident of a report.
    #[arg(long, value_name = "ID", requires = "topic")]
    pub incident: Option<String>,
}

/// Print a PowerShell script that exports what triage needs: accounts with SPNs, DNS records, addresses, settings, events.
///
/// Read the script before you run it; Get-Help lists its parameters and the rights that each part needs. The developers
/// parsed it and never ran it on Windows.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  Two hosts, and the accounts and DNS records of the forest:
    krbtriage collect-script srv1.alpha.example.com srv2.beta.example.com -o collect.ps1
  All hosts of a list, and the logs of the domain controllers:
    krbtriage collect-script --hosts servers.txt -o collect.ps1
  Only what a report asks for, from hosts that an inventory has:
    krbtriage collect-script --report report.csv -i addresses.csv -s spns.csv -o collect.ps1")]
#[command(
    after_help = "Exit status: 0 the script is written; 2 wrong use; 3 the script is written, and comments in it list names \
that it leaves out; 4 no script."
)]
pub struct CollectScript {
    /// Hosts to collect from. With --report: hosts that you trust although no list has them.
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,

    /// A file with one host per line; may be given again.
    #[arg(long = "hosts", value_name = "FILE")]
    lists: Vec<PathBuf>,

    /// A report (.csv, .json or .jsonl): collect only what its `missing` asks for, from its clients and from hosts that a
    /// list has. A responder chooses the name that it reports, so its name alone is not a destination.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Address inventories whose hosts a report may ask about: a file or folder; may be given again.
    #[arg(short, long, value_name = "FILE", requires = "report")]
    interfaces: Vec<PathBuf>,

    /// Account lists whose computers a report may ask about: a file or folder; may be given again.
    #[arg(short, long, value_name = "FILE", requires = "report")]
    spns: Vec<PathBuf>,

    /// Write here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl CollectScript {
    pub fn into_config(self) -> commands::collect_script::Config {
        commands::collect_script::Config {
            hosts: self.hosts,
            lists: self.lists,
            report: self.report,
            interfaces: inputs(self.interfaces),
            spns: inputs(self.spns),
            output: Output::from_option(self.output),
        }
    }
}

/// Find what can hurt before it does: addresses several hosts own, names that lead elsewhere, SPNs that stand twice.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  krbtriage audit -i addresses.csv -o audit.csv
  krbtriage audit -i inventories --dns dns-records.csv --spns spns.txt
  What came back since last time (firmware updates switch adapters on again):
    krbtriage audit -i addresses.csv --baseline last.csv --fail-on new -o audit.csv")]
#[command(
    after_help = "Exit status: 0 the audit is complete; 1 it holds what --fail-on asks for; 2 wrong use; 3 some \
input could not be read; 4 no audit."
)]
pub struct Audit {
    /// Which host owns which address: files or folders.
    #[arg(short, long, value_name = "FILE", num_args = 1.., required_unless_present = "spns")]
    interfaces: Vec<PathBuf>,

    /// DNS records: what names resolve to.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    dns: Vec<PathBuf>,

    /// Accounts and their SPNs: files or folders.
    #[arg(short, long, value_name = "FILE", num_args = 1..)]
    spns: Vec<PathBuf>,

    /// The host of inventory rows that name none (without it, the file's name tells).
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// Classes that HOST/ stands for, as sPNMappings has them, where the forest's differ.
    #[arg(long, value_name = "LIST", value_parser = |t: &str| HostAliases::parse(t).map_err(|e| e.to_string()))]
    spn_mappings: Option<HostAliases>,

    /// Addresses and networks that are shared on purpose (NLB, clusters, anycast), one a line.
    #[arg(long, value_name = "FILE")]
    allow: Option<PathBuf>,

    /// An earlier audit: tells what is new, ongoing, gone, and what came back.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Exit with 1 if the audit holds this: new, any, or a cause; may be given again.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// The format: csv, or text for reading. Without it a terminal gets text, and so does a file that ends in .txt;
    /// everything else gets CSV.
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "text"])]
    format: Option<String>,

    /// Write here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pub terminal: Say,
}

impl Audit {
    pub fn into_config(self) -> commands::audit::Config {
        let view = match (self.format.as_deref(), &self.output) {
            (Some("text"), None) => Some(screen::paper()),
            (None, None) if screen::is_terminal() => Some(screen::paper()),
            (Some("text"), Some(_)) => Some(Paper::PLAIN),
            (None, Some(path)) if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt")) => {
                Some(Paper::PLAIN)
            }
            _ => None,
        };
        commands::audit::Config {
            interfaces: inputs(self.interfaces),
            dns: inputs(self.dns),
            spns: inputs(self.spns),
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

/// Write the events themselves, one a line, with all their values; or all that a triage needs, to be judged elsewhere.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  Kerberos event 4, and its twin event 3 with 0x29:
    krbtriage extract System.evtx
  Any other events:
    krbtriage extract --provider NETLOGON --event-id 5722 --event-id 3210 exported-logs
    krbtriage extract --event-id 7045 --format jsonl exported-logs -o services.jsonl
  All that triage needs of the logs, in a hundredth of their size; on many machines, and the triage on one:
    krbtriage extract --for-triage -o SRV1.jsonl.zst C:\\logs
    krbtriage triage -i addresses.csv -o report.csv collected
  Of more files than a command line holds:
    find /srv/logs -name '*.evtx' -print0 | krbtriage extract --for-triage --files-from - -o events.jsonl.zst")]
#[command(
    after_help = "Exit status: 0 all of it was written; 2 wrong use; 3 it was written, but some input could not be read (with \
--for-triage the file says so too); 4 nothing was written."
)]
pub struct Extract {
    /// Exported logs, what `extract --for-triage` wrote of some, and folders of them.
    #[arg(value_name = "LOGS", required_unless_present = "files_from")]
    logs: Vec<PathBuf>,

    /// A file with more LOGS, a name a line or ended with NUL; - is standard input.
    #[arg(long, value_name = "FILE")]
    files_from: Option<PathBuf>,

    /// Write all that a triage needs, for `krbtriage triage` to read instead of the logs.
    #[arg(long, conflicts_with_all = ["providers", "event_ids", "format"])]
    for_triage: bool,

    /// What the one log is called in the report, where it has another name now (a copy, a download).
    #[arg(long = "as", value_name = "NAME")]
    called: Option<String>,

    /// Events of this provider; may be given again.
    #[arg(long = "provider", value_name = "NAME")]
    providers: Vec<String>,

    /// Events with this ID; may be given again.
    #[arg(long = "event-id", value_name = "N")]
    event_ids: Vec<u16>,

    /// csv or jsonl.
    #[arg(long, value_name = "FORMAT", default_value = "csv", value_parser = ["csv", "jsonl"])]
    format: String,

    /// Write here instead of to standard output. A name that ends with .zst is compressed.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Compress what is written (Zstandard), whatever its name.
    #[arg(long)]
    compress: bool,

    /// Read records in slack space too.
    #[arg(long)]
    recover: bool,

    /// Use N threads; without it, one per core.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub terminal: Terminal,
}

impl Extract {
    pub fn into_config(self) -> commands::extract::Config {
        use commands::extract::Format;
        let named_zst = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zst"));
        commands::extract::Config {
            logs: inputs(self.logs),
            files_from: self.files_from,
            called: self.called,
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
#[command(before_help = "Examples:
  krbtriage completions bash > /etc/bash_completion.d/krbtriage
  krbtriage completions powershell >> $PROFILE")]
pub struct Completions {
    /// bash, zsh, fish, powershell or elvish.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
