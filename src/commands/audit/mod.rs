//! `krbtriage audit`: finds causes of incidents in advance. Addresses that several hosts own, names that
//! resolve to the wrong host, SPNs and account names that exist twice. It needs no log.

mod accounts;
mod addresses;
mod earlier;
pub mod finding;
mod page;
mod view;

use std::io;
use std::path::PathBuf;

use super::fail_on::{Alarm, FailOn};
use super::paths::protect_inputs;
use crate::commands::allow_list::{AllowError, AllowList};
use crate::inventory::accounts::HostAliases;
use crate::inventory::{self, InventoryFile};
use crate::output::{Output, OutputError, write_terminal};
use crate::report::saved::SavedError;
use crate::report::{CsvWriter, TextLayout};
use crate::zone::Zone;
use earlier::EarlierAudit;

pub use finding::{AuditFinding, AuditKind, COLUMNS};

/// Options of an audit.
#[derive(Debug, Clone)]
pub struct Config {
    pub interfaces: Vec<PathBuf>,
    /// DNS records. They have their own option and are recognised by content like the others.
    pub dns: Vec<PathBuf>,
    pub spns: Vec<PathBuf>,
    pub host: Option<String>,
    pub host_aliases: HostAliases,
    /// The zone of times that name none.
    pub zone: Zone,
    /// Addresses and networks that are shared on purpose, one per line.
    pub allow: Option<PathBuf>,
    /// An earlier audit.
    pub baseline: Option<PathBuf>,
    pub fail_on: Vec<FailOn>,
    pub output: Output,
    pub format: AuditFormat,
    /// The title of the page.
    pub title: Option<String>,
}

/// How an audit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFormat {
    /// A row per finding.
    Csv,
    /// Text for a person.
    Text(TextLayout),
    /// A page for a browser.
    Html,
}

impl Config {
    /// Is the audit itself shown on the terminal? Then the summary need not repeat it.
    pub fn is_viewed(&self) -> bool {
        self.output == Output::Stdout && matches!(self.format, AuditFormat::Text(_))
    }
}

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Allow(#[from] AllowError),
    #[error("--baseline {0}, or leave --baseline out to start anew")]
    Baseline(#[from] SavedError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// Does the command line itself ask for something impossible, whatever the inputs contain?
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

/// The result of an audit.
#[derive(Debug)]
pub struct Outcome {
    pub findings: Vec<AuditFinding>,
    pub inventories: Vec<InventoryFile>,
    /// Shared addresses left out because of `--allow`.
    pub allowed: usize,
    pub written: Option<PathBuf>,
    /// The conditions of `--fail-on` that hold.
    pub alarms: Vec<Alarm>,
    /// Was there an earlier audit?
    pub compared: bool,
}

impl Outcome {
    pub fn is_complete(&self) -> bool {
        self.inventories.iter().all(|f| f.read_errors.is_empty())
    }
}

/// Reads the inventories and writes the findings.
pub fn run(config: &Config) -> Result<Outcome, Error> {
    config.output.check()?;
    // The earlier audit may be replaced: a schedule reads and writes one file.
    let inputs = [&config.interfaces, &config.dns, &config.spns].into_iter().flatten().chain(&config.allow);
    let protected = protect_inputs(config.output.path(), inputs.map(PathBuf::as_path))?;
    let allow = AllowList::read(config.allow.as_deref())?;
    let earlier =
        config.baseline.as_deref().map(|path| EarlierAudit::read(path, &config.output)).transpose()?;
    let paths = [config.interfaces.as_slice(), config.dns.as_slice()].concat();
    let options = inventory::addresses::LoadOptions { host: config.host.clone() };
    let interfaces = inventory::addresses::load(&paths, &options);
    let accounts = inventory::accounts::load_in_zone(&config.spns, &config.zone);
    let hosts = inventory::build_hosts::hosts(&interfaces, &accounts).build();

    let (mut findings, allowed) = addresses::shared(&hosts, &allow);
    findings.extend(addresses::names(&interfaces, &hosts));
    findings.extend(accounts::findings(&accounts, &config.host_aliases));
    let compared = earlier.is_some();
    if let Some(earlier) = earlier {
        let now = earlier::Now { hosts: &hosts, interfaces: &interfaces, accounts: &accounts, allow: &allow };
        findings = earlier.compare(findings, &now);
    }
    let alarms = config.fail_on.iter().filter_map(|what| what.alarm_of_audit(&findings)).collect();
    let inventories = [interfaces.files, accounts.files].concat();
    let mut outcome = Outcome { findings, inventories, allowed, written: None, alarms, compared };
    let read = view::Read { zone: &config.zone, allowed, compared, complete: outcome.is_complete() };
    outcome.written = match config.format {
        AuditFormat::Csv => config.output.write(&protected, |out| write(&outcome.findings, out))?,
        AuditFormat::Html => config.output.write(&protected, |out| {
            page::write(&outcome.findings, read, &outcome.inventories, config.title.as_deref(), out)
        })?,
        AuditFormat::Text(layout) => {
            let text = view::view(&outcome.findings, read, layout);
            match config.output {
                Output::Stdout => write_terminal(&text).map(|_| None)?,
                Output::File(_) => config.output.write(&protected, |out| out.write_all(text.as_bytes()))?,
            }
        }
    };
    Ok(outcome)
}

fn write(findings: &[AuditFinding], out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = CsvWriter::with_header(out, &COLUMNS)?;
    findings.iter().try_for_each(|finding| csv.row(finding.cells()))?;
    csv.finish().map(drop)
}
