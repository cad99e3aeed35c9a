//! The project's own CSV: `account`, `domain`, `spn`, and where known `dns_host_name`,
//! `password_last_set` and `collected` (when this was so). One row per SPN; rows of one account need not stand together.
//!
//! What the absence of an SPN means: nothing, unless the rows show a full dump
//! ([`Completeness::Evident`](super::collect::Completeness)). A person may have written down only the SPNs
//! of interest.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use jiff::Timestamp;

use super::blocks::for_each_row;
use super::collect::{Collector, quoted};
use super::directory::{When, time_or_utc};
use super::{Account, Format, ReadError, SpnList};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Row, Table};

pub(super) const FORMAT: Format = Format { name: "krbtriage CSV", recognise, read, may_be_empty: false };

struct Columns {
    account: Option<usize>,
    domain: Option<usize>,
    spn: Option<usize>,
    dns_host_name: Option<usize>,
    password_last_set: Option<usize>,
    collected: Option<usize>,
}

impl Columns {
    fn of(table: &Table) -> Self {
        Self {
            account: table.column(&["account"]),
            domain: table.column(&["domain"]),
            spn: table.column(&["spn"]),
            dns_host_name: table.column(&["dns_host_name"]),
            password_last_set: table.column(&["password_last_set"]),
            collected: table.column(&["collected"]),
        }
    }
}

fn recognise(head: &str) -> bool {
    Table::open(head).is_some_and(|table| {
        let columns = Columns::of(&table);
        columns.account.is_some() && columns.domain.is_some() && columns.spn.is_some()
    })
}

fn read(text: &mut TextStream<File>, to: &mut Collector) -> Result<(), ReadError> {
    let mut rows = Rows::default();
    for_each_row(text, to, Columns::of, |columns, row, line, to| {
        rows.take(columns, row, line, to);
        Ok(())
    })
}

/// Finds the account a row belongs to.
#[derive(Default)]
struct Rows {
    /// Name and domain in lower case -> index in the collector.
    known: HashMap<(String, String), usize>,
    /// The row before, as written: rows of one account mostly stand together.
    last: Option<(String, String, usize)>,
    password_last_set: TimeColumn,
    collected: TimeColumn,
}

/// Every row of an account repeats its times.
#[derive(Default)]
struct TimeColumn {
    last: Option<(String, Option<Timestamp>)>,
}

impl Rows {
    fn take(&mut self, columns: &Columns, row: &Row, line: u64, to: &mut Collector) {
        let (mut name, mut domain) = (row.get(columns.account), row.get(columns.domain));
        if let Some((before, after)) = name.split_once('\\') {
            // `ALPHA\srv1$`: no sAMAccountName has a backslash.
            name = after;
            if domain.is_empty() {
                domain = before;
            }
        }
        let spn = row.get(columns.spn);
        if name.is_empty() {
            to.lost(line, "the account is empty; every row needs one".to_owned());
            return;
        }
        let may_be_spn = spn.is_empty() || (spn.contains('/') && SpnList::may_hold(spn));
        if !may_be_spn {
            to.lost(line, format!("{} is no SPN: it has no `/`, or a line break", quoted(spn)));
            return;
        }
        let collected = self.collected.time("collected", row.get(columns.collected), line, to);
        let index = self.index_of(name, domain, (line, collected), to);
        let time =
            self.password_last_set.time("password_last_set", row.get(columns.password_last_set), line, to);
        let host = row.get(columns.dns_host_name);
        let Some(account) = to.account_mut(index) else {
            return;
        };
        let mut differing = Vec::new();
        if let Some(time) = time {
            if account.password_last_set.is_some_and(|known| known != time) {
                differing.push("password_last_set");
            }
            account.password_last_set.get_or_insert(time);
        }
        if collected.is_some() && account.source.as_ref().is_some_and(|s| s.collected != collected) {
            differing.push("collected");
        }
        if !host.is_empty() {
            let known = account.dns_host_name.get_or_insert_with(|| host.into());
            if !known.eq_ignore_ascii_case(host) {
                differing.push("dns_host_name");
            }
        }
        if !spn.is_empty() {
            to.add_spn(index, spn);
        }
        for column in differing {
            to.problem(
                line,
                format!("{column} differs from an earlier row of {}, which is kept", quoted(name)),
            );
        }
    }

    fn index_of(
        &mut self,
        name: &str,
        domain: &str,
        (line, collected): (u64, Option<Timestamp>),
        to: &mut Collector,
    ) -> usize {
        if let Some((last_name, last_domain, index)) = &self.last
            && last_name == name
            && last_domain == domain
        {
            return *index;
        }
        let key = (name.to_lowercase(), domain.to_lowercase());
        let index = match self.known.get(&key) {
            Some(index) => *index,
            None => {
                let index = to.accounts();
                let account =
                    Account { name: Arc::from(name), domain: to.intern(domain), ..Account::default() };
                to.push(account, line, collected);
                self.known.insert(key, index);
                index
            }
        };
        self.last = Some((name.to_owned(), domain.to_owned(), index));
        index
    }
}

impl TimeColumn {
    fn time(&mut self, column: &str, text: &str, line: u64, to: &mut Collector) -> Option<Timestamp> {
        if text.is_empty() {
            return None;
        }
        if let Some((last, time)) = &self.last
            && last == text
        {
            return *time;
        }
        let when = time_or_utc(text);
        if when == When::Unclear {
            to.problem(
                line,
                format!("{column} {} is no time; write it as 2026-11-23T22:57:50Z", quoted(text)),
            );
            return None;
        }
        self.last = Some((text.to_owned(), when.at()));
        when.at()
    }
}
