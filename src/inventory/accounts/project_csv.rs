//! Reads the project's own CSV. Its columns are `account`, `domain`, `spn`, and optionally `dns_host_name`, `password_last_set` and
//! `collected` (when the list was made). It has one row per SPN. The rows of one account need not be adjacent.
//!
//! A missing SPN means nothing, unless the rows show a full dump
//! ([`Completeness::Evident`](super::completeness::Completeness)): a person may have written down only some
//! SPNs.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use jiff::Timestamp;

use super::account::Account;
use super::collector::{AccountCollector, quoted};
use super::completeness::MarkerSpns;
use super::format::{Format, ReadError, Text};
use super::rows::each_row;
use super::spn_list::{SpnList, SpnListBuilder};
use crate::inventory::times::{ExportTime, invalid_time, time_or_utc};
use crate::text::delimited::{Header, Row};
use crate::text::escape::unescape_cell;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format = Format { name: "krbtriage CSV", recognise, read, may_be_empty: false };

/// Positions of the columns.
struct Columns {
    account: Option<usize>,
    domain: Option<usize>,
    spn: Option<usize>,
    dns_host_name: Option<usize>,
    password_last_set: Option<usize>,
    collected: Option<usize>,
}

impl Columns {
    fn find(finder: &mut ColumnFinder<'_>) -> Self {
        Self {
            account: finder.find(&["account"]),
            domain: finder.find(&["domain"]),
            spn: finder.find(&["spn"]),
            dns_host_name: finder.find(&["dns_host_name"]),
            password_last_set: finder.find(&["password_last_set"]),
            collected: finder.find(&["collected"]),
        }
    }
}

fn recognise(head: &str) -> bool {
    Header::parse(head).is_some_and(|header| {
        ["account", "domain", "spn"].iter().all(|name| header.column(&[name]).is_some())
    })
}

fn read(text: Text<'_>, to: &mut AccountCollector) -> Result<(), ReadError> {
    let mut rows = Rows::default();
    let result = each_row(text, to, Columns::find, |columns, row, to| {
        rows.row(columns, row, to);
        Ok(())
    });
    rows.end_account(to);
    result
}

/// The rows as read so far.
#[derive(Default)]
struct Rows {
    /// Index of each account in the collector, by name and domain in lower case.
    indexes: HashMap<(Box<str>, Box<str>), usize, RandomState>,
    /// The account of the last row, as written.
    name: String,
    domain: String,
    /// Index of the account; `None` if the collector has no room for it.
    index: Option<usize>,
    /// Its SPNs in adjacent rows.
    spns: SpnListBuilder,
    markers: MarkerSpns,
    password_last_set: TimeCell,
    collected: TimeCell,
}

impl Rows {
    fn row(&mut self, columns: &Columns, row: &Row<'_>, to: &mut AccountCollector) {
        let line = row.line;
        let cells = [columns.account, columns.domain, columns.spn, columns.dns_host_name];
        let [account, domain, spn, host] = cells.map(|column| unescape_cell(row.get(column)));
        let (mut name, mut domain) = (&*account, &*domain);
        if let Some((before, after)) = name.split_once('\\') {
            // `ALPHA\srv1$`: no sAMAccountName has a backslash.
            name = after;
            if domain.is_empty() {
                domain = before;
            }
        }
        if name.is_empty() {
            return to.report_loss(line, "the account is empty; every row needs one");
        }
        let may_be_spn = spn.is_empty() || (spn.contains('/') && SpnList::may_hold(&spn));
        if !may_be_spn {
            return to.report_loss(
                line,
                format!("{} is not an SPN: it has no `/`, or a line break", quoted(&spn)),
            );
        }
        let password =
            self.password_last_set.read("password_last_set", row.get(columns.password_last_set), line, to);
        let collected = self.collected.read("collected", row.get(columns.collected), line, to);
        if name != self.name || domain != self.domain {
            self.begin_account(name, domain, (line, collected), to);
        }
        if let Some(known) = self.index.and_then(|index| to.account_mut(index)) {
            let differs = differences(known, &host, password, collected);
            let name = known.name.clone();
            for column in differs {
                to.report(
                    line,
                    format!("{column} differs from an earlier row of {}, which is kept", quoted(&name)),
                );
            }
        }
        if !spn.is_empty() {
            self.markers.add(&spn);
            self.spns.push(&spn);
        }
    }

    fn begin_account(
        &mut self,
        name: &str,
        domain: &str,
        source: (u64, Option<Timestamp>),
        to: &mut AccountCollector,
    ) {
        self.end_account(to);
        name.clone_into(&mut self.name);
        domain.clone_into(&mut self.domain);
        let key = (name.to_lowercase().into(), domain.to_lowercase().into());
        self.index = self.indexes.get(&key).copied().or_else(|| {
            let account =
                Account { name: name.into(), domain: to.domains.intern(domain), ..Account::default() };
            let index = to.push(account, source, MarkerSpns::default())?;
            self.indexes.insert(key, index);
            Some(index)
        });
    }

    fn end_account(&mut self, to: &mut AccountCollector) {
        let (spns, markers) = (self.spns.finish_list(), std::mem::take(&mut self.markers));
        if let Some(index) = self.index {
            to.add_spns(index, spns, markers);
        }
    }
}

/// Completes an account with the values of a row. Returns the columns whose value differs from that of an earlier row, which is
/// kept.
fn differences(
    known: &mut Account,
    host: &str,
    password: Option<Timestamp>,
    collected: Option<Timestamp>,
) -> Vec<&'static str> {
    let mut columns = Vec::new();
    if password.is_some_and(|time| *known.password_last_set.get_or_insert(time) != time) {
        columns.push("password_last_set");
    }
    let differs = |time| known.source.as_ref().is_some_and(|source| source.collected != Some(time));
    if collected.is_some_and(differs) {
        columns.push("collected");
    }
    if !host.is_empty() && !known.dns_host_name.get_or_insert_with(|| host.into()).eq_ignore_ascii_case(host)
    {
        columns.push("dns_host_name");
    }
    columns
}

/// Parses a column of times. Every row of an account repeats its times, so the last one is kept.
#[derive(Default)]
struct TimeCell {
    text: String,
    time: Option<Timestamp>,
}

impl TimeCell {
    fn read(&mut self, column: &str, text: &str, line: u64, to: &mut AccountCollector) -> Option<Timestamp> {
        if text.is_empty() {
            return None;
        }
        if self.text != text {
            let when = time_or_utc(text);
            if when == ExportTime::Unclear {
                to.report(line, invalid_time(column, &quoted(text)));
                return None;
            }
            text.clone_into(&mut self.text);
            self.time = when.at();
        }
        self.time
    }
}
