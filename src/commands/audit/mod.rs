//! `krbtriage audit` finds causes of incidents in advance, without any log: addresses that several hosts own, names that
//! resolve to the wrong host, and SPNs and account names that exist twice.
//!
//! `finding` has the type of a result. `addresses` and `accounts` make the findings, `earlier_audit` compares them with an earlier
//! audit, and `view` and `page` write them.

mod accounts;
mod addresses;
mod earlier_audit;
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
use crate::report::saved_file::SavedError;
use crate::report::{CsvWriter, TextLayout};
use crate::zone::Zone;
use earlier_audit::{CurrentInputs, EarlierAudit};
use view::AuditContext;

pub use finding::{AuditFinding, AuditKind, COLUMNS};

/// Options of an audit.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address inventories: files and folders.
    pub interfaces: Vec<PathBuf>,
    /// More address inventories. The command line has an option of its own for DNS records.
    pub dns: Vec<PathBuf>,
    /// Account and SPN lists: files and folders.
    pub spns: Vec<PathBuf>,
    /// Host of inventory rows without a host name. The file name gives the host by default.
    pub host: Option<String>,
    /// Service classes that `HOST/` covers.
    pub host_aliases: HostAliases,
    /// Zone of times without an offset, and of the times that are shown.
    pub zone: Zone,
    /// A list of addresses and networks that are shared on purpose.
    pub allow: Option<PathBuf>,
    /// An earlier audit (CSV) to compare with.
    pub baseline: Option<PathBuf>,
    /// Conditions that raise an alarm.
    pub fail_on: Vec<FailOn>,
    pub output: Output,
    pub format: AuditFormat,
    /// Title of the page.
    pub title: Option<String>,
}

/// Output format of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFormat {
    /// CSV with a row for each finding.
    Csv,
    /// Text for a person.
    Text(TextLayout),
    /// A page for a browser.
    Html,
}

impl Config {
    /// Reports whether a person reads the audit itself on standard output, so that a summary need not repeat it.
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
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

/// The result of an audit.
#[derive(Debug)]
pub struct Outcome {
    pub findings: Vec<AuditFinding>,
    /// Every inventory and account list that was read.
    pub inventories: Vec<InventoryFile>,
    /// Number of shared addresses left out because of `--allow`.
    pub allowed: usize,
    /// The file written; `None` for standard output.
    pub written: Option<PathBuf>,
    /// The conditions of `fail_on` that hold.
    pub alarms: Vec<Alarm>,
    /// Whether the findings were compared with an earlier audit.
    pub compared: bool,
}

impl Outcome {
    /// Reports whether all inputs could be read.
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
        let current =
            CurrentInputs { hosts: &hosts, interfaces: &interfaces, accounts: &accounts, allow: &allow };
        findings = earlier.compare(findings, &current);
    }
    let alarms = config.fail_on.iter().filter_map(|what| what.alarm_of_audit(&findings)).collect();
    let inventories = [interfaces.files, accounts.files].concat();
    let mut outcome = Outcome { findings, inventories, allowed, written: None, alarms, compared };
    let context = AuditContext { zone: &config.zone, allowed, compared, complete: outcome.is_complete() };
    outcome.written = match config.format {
        AuditFormat::Csv => config.output.write(&protected, |out| write_csv(&outcome.findings, out))?,
        AuditFormat::Html => config.output.write(&protected, |out| {
            page::write(&outcome.findings, context, &outcome.inventories, config.title.as_deref(), out)
        })?,
        AuditFormat::Text(layout) => {
            let text = view::view(&outcome.findings, context, layout);
            match config.output {
                Output::Stdout => write_terminal(&text).map(|_| None)?,
                Output::File(_) => config.output.write(&protected, |out| out.write_all(text.as_bytes()))?,
            }
        }
    };
    Ok(outcome)
}

fn write_csv(findings: &[AuditFinding], out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = CsvWriter::with_header(out, &COLUMNS)?;
    findings.iter().try_for_each(|finding| csv.row(finding.cells()))?;
    csv.finish().map(drop)
}
