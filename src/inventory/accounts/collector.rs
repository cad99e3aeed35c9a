//! Collects the accounts and errors of one file.

use std::sync::Arc;

use jiff::Timestamp;

use super::account::Account;
use super::completeness::{Completeness, CompletenessEvidence, MarkerSpns};
use super::domain_names::DomainNames;
use super::spn_list::{SpnList, SpnListBuilder};
use crate::inventory::{InventoryFile, MAX_READ_ERRORS, Source};
use crate::records::text::date::{DateOrder, DateReading};
use crate::zone::Zone;

/// Maximum number of SPNs, and of accounts, read from one file. That is ten times the largest known forest, and takes 800
/// MB.
const MAX_ROWS: u64 = 10_000_000;

/// Longest line that is read, in bytes. That is ten times a joined list of 1,500 SPNs, the longest line of an ordinary
/// export.
pub(super) const MAX_LINE: usize = 1 << 20;

/// The error of a file that ends within a line: `HOST/srv1` may be the start of `HOST/srv10`.
pub(super) const CUT_OFF: &str = "the file ends within this line, which may be cut off and is skipped; \
    export it again, or end the line where it is whole";

/// The accounts of one file.
#[derive(Debug)]
pub(super) struct FileContents {
    pub accounts: Vec<Account>,
    pub file: InventoryFile,
    /// Domains whose SPNs are all in the file.
    pub complete_domains: Vec<Arc<str>>,
}

/// Collects the accounts and errors of one file.
#[derive(Debug, Default)]
pub(super) struct AccountCollector {
    file: InventoryFile,
    accounts: Vec<Account>,
    /// Number of errors that are not kept.
    unreported: u64,
    /// An SPN or account of the file could not be read.
    has_losses: bool,
    /// Is [`MAX_ROWS`] reached?
    is_full: bool,
    /// The completeness of the file, as far as its format shows it.
    pub completeness: Completeness,
    evidence: CompletenessEvidence,
    pub domains: DomainNames,
    /// The zone of times that have none.
    zone: Zone,
    /// The order of day and month that the dates of the file have shown.
    order: DateOrder,
    /// The emptied builder of the last entry, whose memory is reused.
    builder: SpnListBuilder,
}

impl AccountCollector {
    pub(super) fn new(file: InventoryFile) -> Self {
        Self { file, ..Self::default() }
    }

    /// Sets the zone of times that have none.
    pub(super) fn with_zone(mut self, zone: &Zone) -> Self {
        self.zone = zone.clone();
        self
    }

    /// Parses a time without a zone, as `Export-Csv` writes it. `None` if it is not a time, or if two numbers may be the day
    /// and no earlier date of the file shows the order.
    pub(super) fn local_time(&mut self, text: &str) -> Option<Timestamp> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (time, reading) = self.order.read(&text, &self.zone)?;
        if reading != DateReading::Local {
            return None;
        }
        if self.file.notes.is_empty() {
            self.file.notes.push(format!(
                "times without a zone were read as {}; --timezone names another zone",
                self.zone
            ));
        }
        Some(time)
    }

    pub(super) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.file.read_errors.is_empty()
    }

    pub(super) fn account_mut(&mut self, index: usize) -> Option<&mut Account> {
        self.accounts.get_mut(index)
    }

    pub(super) fn spare_builder(&mut self) -> SpnListBuilder {
        std::mem::take(&mut self.builder)
    }

    pub(super) fn keep_builder(&mut self, builder: SpnListBuilder) {
        self.builder = builder;
    }

    /// Adds an account and returns its index; `None` if there is no room. `source` is its line, and when it was collected.
    pub(super) fn push(
        &mut self,
        mut account: Account,
        source: (u64, Option<Timestamp>),
        markers: MarkerSpns,
    ) -> Option<usize> {
        let (line, collected) = source;
        account.source = Some(Source { file: Arc::clone(&self.file.path), line, collected });
        self.evidence.add(&account, markers);
        self.has_room().then(|| {
            self.file.rows += account.spns.len() as u64;
            self.accounts.push(account);
            self.accounts.len() - 1
        })
    }

    /// Adds SPNs to an account added earlier.
    pub(super) fn add_spns(&mut self, index: usize, spns: SpnList, markers: MarkerSpns) {
        if !spns.is_empty()
            && self.has_room()
            && let Some(account) = self.accounts.get_mut(index)
        {
            self.file.rows += spns.len() as u64;
            account.spns.append(spns);
            self.evidence.add(account, markers);
        }
    }

    fn has_room(&mut self) -> bool {
        let full = self.file.rows > MAX_ROWS || self.accounts.len() as u64 > MAX_ROWS;
        if full && !std::mem::replace(&mut self.is_full, true) {
            self.report_loss(
                0,
                format!(
                    "the file holds more than {MAX_ROWS} SPNs or accounts; the rest is skipped, split it"
                ),
            );
        }
        !full
    }

    /// Drops all accounts, because the export lost their SPNs.
    pub(super) fn discard(&mut self) {
        self.accounts.clear();
        self.file.rows = 0;
    }

    /// Reports an error by which no account and no SPN is lost. Line 0 means the whole file.
    pub(super) fn report(&mut self, line: u64, what: impl std::fmt::Display) {
        if self.file.read_errors.len() < MAX_READ_ERRORS - 1 {
            self.file.read_errors.push(match line {
                0 => what.to_string(),
                line => format!("line {line}: {what}"),
            });
        } else {
            self.unreported += 1;
        }
    }

    /// Reports an error by which an account or SPN is lost. The file then no longer proves that an SPN is absent.
    pub(super) fn report_loss(&mut self, line: u64, what: impl std::fmt::Display) {
        self.has_losses = true;
        self.report(line, what);
    }

    /// Notes that an account or SPN is lost, like [`report_loss`](Self::report_loss), without a report.
    pub(super) fn note_loss(&mut self) {
        self.has_losses = true;
    }

    pub(super) fn finish(mut self, kind: &'static str) -> FileContents {
        if self.unreported > 0 {
            self.file.read_errors.push(format!("{} more problems of this file", self.unreported));
        }
        let complete_domains = match self.has_losses {
            true => Vec::new(),
            false => self.evidence.complete(&self.completeness, &self.accounts),
        };
        self.file.kind = kind;
        self.file.hosts = self.accounts.len() as u64;
        FileContents { accounts: self.accounts, file: self.file, complete_domains }
    }
}

/// Quotes text from a file in a message: short and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const MAX_CHARACTERS: usize = 80;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
