//! `krbtriage audit`: what can hurt before it does. Addresses that several hosts own, names that lead to the wrong host,
//! SPNs and accounts that stand twice. Needs no log.

mod accounts;
mod addresses;
mod allowed;
mod earlier;
mod view;

use std::io;
use std::path::PathBuf;

use super::paths::protect_inputs;
use crate::files::describe_read_error;
use crate::findings::{Cause, Kind, fix};
use crate::inventory::accounts::HostAliases;
use crate::inventory::{self, InventoryFile};
use crate::output::{Output, OutputError, write_terminal};
use crate::report::row::LIST_SEPARATOR;
use crate::report::{Paper, Status};
use crate::text::escape::escape_cell;

pub use earlier::EarlierError;

/// What an audit is asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    pub interfaces: Vec<PathBuf>,
    /// DNS records, kept apart on the command line; they are recognised by content like the others.
    pub dns: Vec<PathBuf>,
    pub spns: Vec<PathBuf>,
    pub host: Option<String>,
    pub host_aliases: HostAliases,
    /// Addresses and networks that are shared on purpose, one a line.
    pub allow: Option<PathBuf>,
    /// An earlier audit.
    pub baseline: Option<PathBuf>,
    pub fail_on: Option<FailOn>,
    pub output: Output,
    /// Set for a person to read, instead of as CSV.
    pub view: Option<Paper>,
}

impl Config {
    /// Does a person see the audit itself, so that nothing of it need be said again?
    pub fn is_viewed(&self) -> bool {
        self.output == Output::Stdout && self.view.is_some()
    }
}

/// What gives the exit status 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    New,
    Any,
}

/// Kinds of findings that no incident has; `docs/audit.md` explains them.
pub const AUDIT_KINDS: [&str; 3] =
    ["host-alias-collision", "name-leads-elsewhere", "renamed-or-duplicate-host"];

/// What mends a finding of such a kind, in safe order.
pub fn steps_of(kind: &str) -> Vec<String> {
    let steps = match kind {
        "host-alias-collision" => fix(Cause::DuplicateSpn, Kind::Misplaced),
        "name-leads-elsewhere" => fix(Cause::WrongHost, Kind::StaleDns),
        kind => return addresses::fix_of(kind, 2),
    };
    steps.iter().map(|s| (*s).to_owned()).collect()
}

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--allow {}: {}", path.display(), describe_read_error(path, source))]
    Allow { path: PathBuf, source: io::Error },
    #[error("--allow {}: line {line}: \"{text}\" is neither an address nor a network; write one such as 192.0.2.0/24 a line", path.display())]
    Allowed { path: PathBuf, line: usize, text: String },
    #[error(transparent)]
    Earlier(#[from] EarlierError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// The command line asks for something impossible, whatever the inputs hold.
    pub fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_wrong_use())
    }
}

/// The audit's columns, in their order; published in `docs/audit.md`.
pub const COLUMNS: [&str; 11] = [
    "finding_id",
    "status",
    "kind",
    "what",
    "owners",
    "owner_count",
    "adapters",
    "vendor",
    "hurts",
    "evidence",
    "fix",
];

/// Names shown in one cell: Excel cuts a cell at 32,767 characters, and an address of 20,000 hosts is one finding.
const MAX_SHOWN: usize = 100;
/// Pieces of evidence in one finding.
const MAX_EVIDENCE: usize = 6;

/// One thing that can hurt. Texts are raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// `a` and 12 hexadecimal digits, the same in every run.
    pub id: String,
    pub status: Status,
    pub kind: &'static str,
    /// The address, SPN or name.
    pub what: String,
    /// Hosts or accounts, in order; of very many only some.
    pub owners: Vec<String>,
    pub owner_count: usize,
    /// What the address is on, each once.
    pub adapters: Vec<String>,
    pub vendor: String,
    pub hurts: String,
    pub evidence: Vec<String>,
    pub fix: Vec<String>,
}

/// What an audit found.
#[derive(Debug)]
pub struct Outcome {
    pub risks: Vec<Row>,
    pub inventories: Vec<InventoryFile>,
    /// Shared addresses that `--allow` passes.
    pub allowed: usize,
    pub written: Option<PathBuf>,
    /// What `--fail-on` asks for is there.
    pub found: bool,
    /// With an earlier audit.
    pub compared: bool,
}

/// One row, as written: a risk of now, or one of the earlier audit that is gone.
pub type Row = [String; 11];

impl Outcome {
    pub fn is_complete(&self) -> bool {
        self.inventories.iter().all(|f| f.problems.is_empty())
    }
}

/// Reads the inventories and writes what can hurt.
pub fn run(config: &Config) -> Result<Outcome, Error> {
    config.output.check()?;
    // The earlier audit may be replaced: a schedule reads and writes one file.
    let inputs = [&config.interfaces, &config.dns, &config.spns].into_iter().flatten().chain(&config.allow);
    let protected = protect_inputs(config.output.path(), inputs.map(PathBuf::as_path))?;
    let allow = allowed::Allowed::read(config.allow.as_deref())?;
    let earlier = config.baseline.as_deref().map(|path| earlier::read(path, &config.output)).transpose()?;
    let paths = [config.interfaces.as_slice(), config.dns.as_slice()].concat();
    let options = inventory::addresses::LoadOptions { host: config.host.clone() };
    let interfaces = inventory::addresses::load(&paths, &options);
    let accounts = inventory::accounts::load(&config.spns);
    let mut hosts = inventory::build_hosts::hosts(&interfaces, &accounts);
    hosts.settle();

    let (mut risks, allowed) = addresses::shared(&hosts, &allow);
    risks.extend(addresses::names(&interfaces, &hosts));
    risks.extend(accounts::risks(&accounts, &config.host_aliases));
    let mut rows: Vec<Row> = Vec::new();
    for risk in &mut risks {
        risk.status = earlier.as_ref().map_or(Status::New, |e| e.status(&risk.id));
        rows.push(row(risk));
    }
    if let Some(earlier) = &earlier {
        let now = earlier::Now { hosts: &hosts, interfaces: &interfaces, accounts: &accounts, allow: &allow };
        rows.extend(earlier.not_found(&risks, &now));
    }
    let found = match config.fail_on {
        Some(FailOn::Any) => !risks.is_empty(),
        Some(FailOn::New) => risks.iter().any(|r| r.status.is_new()),
        None => false,
    };
    let inventories = [interfaces.files, accounts.files].concat();
    let compared = earlier.is_some();
    let mut outcome = Outcome { risks: rows, inventories, allowed, written: None, found, compared };
    outcome.written = match config.view {
        None => config.output.write(&protected, |out| write(&outcome.risks, out))?,
        Some(paper) => {
            let read = view::Read { allowed, compared, complete: outcome.is_complete() };
            let text = view::view(&outcome.risks, read, paper);
            match config.output {
                Output::Stdout => write_terminal(&text).map(|_| None)?,
                Output::File(_) => config.output.write(&protected, |out| out.write_all(text.as_bytes()))?,
            }
        }
    };
    Ok(outcome)
}

fn row(risk: &Risk) -> Row {
    let list = |items: &[String]| {
        items.iter().map(|i| i.replace(LIST_SEPARATOR, ";")).collect::<Vec<_>>().join(LIST_SEPARATOR)
    };
    let some_of = |items: &[String], count: usize| {
        let mut shown: Vec<String> = items.iter().take(MAX_SHOWN).cloned().collect();
        if count > shown.len() {
            shown.push(format!("and {} more", count - shown.len()));
        }
        list(&shown)
    };
    [
        risk.id.clone(),
        risk.status.name().to_owned(),
        risk.kind.to_owned(),
        risk.what.clone(),
        some_of(&risk.owners, risk.owner_count),
        risk.owner_count.to_string(),
        some_of(&risk.adapters, risk.adapters.len()),
        risk.vendor.clone(),
        risk.hurts.clone(),
        list(&risk.evidence),
        list(&risk.fix),
    ]
}

fn write(rows: &[Row], out: &mut dyn io::Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS).map_err(crate::report::table::io_error)?;
    for row in rows {
        csv.write_record(row.iter().map(|c| escape_cell(c).into_owned()))
            .map_err(crate::report::table::io_error)?;
    }
    csv.flush()
}
