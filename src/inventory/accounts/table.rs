//! The project's own CSV: `account`, `domain`, `spn`, and where known `dns_host_name`,
//! `password_last_set` and `collected` (when this was so). One row per SPN; rows of one account need not stand together.
//!
//! What the absence of an SPN means: nothing, unless the rows show a full dump
//! ([`Completeness::Evident`](super::completeness::Completeness)). A person may have written down only the SPNs
//! of interest.

use std::fs::File;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use jiff::Timestamp;

use super::collect::{Collector, Problem, quoted};
use super::completeness::Shown;
use super::rows::{Rows, read_rows};
use super::spn_list::SpnListBuilder;
use super::{Account, Format, ReadError, SpnList};
use crate::inventory::stream::TextStream;
use crate::inventory::text::{Header, Row, Table};
use crate::inventory::times::{When, no_time, time_or_utc};

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
    fn of(header: &Header) -> Self {
        Self {
            account: header.column(&["account"]),
            domain: header.column(&["domain"]),
            spn: header.column(&["spn"]),
            dns_host_name: header.column(&["dns_host_name"]),
            password_last_set: header.column(&["password_last_set"]),
            collected: header.column(&["collected"]),
        }
    }
}

fn recognise(head: &str) -> bool {
    Table::open(head).is_some_and(|table| {
        let columns = Columns::of(table.header());
        columns.account.is_some() && columns.domain.is_some() && columns.spn.is_some()
    })
}

fn read(text: &mut TextStream<File>, block: usize, to: &mut Collector) -> Result<(), ReadError> {
    read_rows::<Runs>(text, block, to).map(|_| ())
}

/// Rows of one account that stand together.
struct Run {
    /// As its first row has it.
    account: Account,
    line: u64,
    shown: Shown,
    /// [`key_of`] name and domain.
    key: u64,
    /// Where its claims begin.
    claims: usize,
    /// All its rows say the same of the account.
    agrees: bool,
}

/// What one row says of its account, as an index from 1; 0 is nothing.
struct Claim {
    line: u64,
    host: u32,
    password: u32,
    collected: u32,
}

/// The times of a column that are claimed; a text that equals the one before stands once.
#[derive(Default)]
struct TimeColumn {
    times: Vec<Timestamp>,
    last: String,
}

/// Gathers the runs of a part of the file, and joined to others finds the account that each belongs to.
#[derive(Default)]
struct Runs {
    runs: Vec<Run>,
    spns: SpnListBuilder,
    claims: Vec<Claim>,
    /// What is claimed; a text that equals the one before stands once.
    hosts: Vec<Arc<str>>,
    password_last_set: TimeColumn,
    collected: TimeColumn,
    lower: String,
    /// The accounts of the file: their key, and where they stand.
    known: HashTable<(u64, usize)>,
}

impl Rows for Runs {
    type Columns = Columns;

    fn columns(header: &Header) -> Columns {
        Columns::of(header)
    }

    fn row(&mut self, columns: &Columns, row: &Row, to: &mut Collector) -> Result<(), ReadError> {
        let line = row.line;
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
            return Ok(());
        }
        let may_be_spn = spn.is_empty() || (spn.contains('/') && SpnList::may_hold(spn));
        if !may_be_spn {
            to.lost(line, format!("{} is no SPN: it has no `/`, or a line break", quoted(spn)));
            return Ok(());
        }
        if self.runs.last().is_none_or(|run| *run.account.name != *name || *run.account.domain != *domain) {
            self.begin(name, domain, line, to);
        }
        let collected = self.collected.time("collected", row.get(columns.collected), line, to);
        let password =
            self.password_last_set.time("password_last_set", row.get(columns.password_last_set), line, to);
        let host = match row.get(columns.dns_host_name) {
            "" => 0,
            text => self.host(text),
        };
        self.claims.push(Claim { line, host, password, collected });
        let Some(run) = self.runs.last_mut() else { return Ok(()) };
        if !spn.is_empty() {
            run.shown.see(spn);
            self.spns.push(spn);
        }
        let first = self.claims.get(run.claims);
        run.agrees &= first.is_some_and(|first| {
            (first.host, first.password, first.collected) == (host, password, collected)
        });
        Ok(())
    }

    fn join(&mut self, mut next: Self, part: &mut Collector, to: &mut Collector) {
        next.end();
        let mut problems = Vec::new();
        let mut runs = std::mem::take(&mut next.runs).into_iter().peekable();
        while let Some(run) = runs.next() {
            let until = runs.peek().map_or(next.claims.len(), |after| after.claims);
            let claims = next.claims.get(run.claims..until).unwrap_or_default();
            let index = match self.index_of(&run, to) {
                Some(index) => {
                    to.add_spns(index, &run.account.spns, run.shown);
                    index
                }
                None => {
                    let (key, agrees, index) = (run.key, run.agrees, to.accounts().len());
                    let collected =
                        claims.first().and_then(|first| of(&next.collected.times, first.collected));
                    to.push(run.account, (run.line, collected.copied()), run.shown);
                    self.known.insert_unique(key, (key, index), |(key, _)| *key);
                    if agrees {
                        continue;
                    }
                    index
                }
            };
            if let Some(account) = to.account_mut(index) {
                claims.iter().for_each(|claim| next.judge(claim, account, &mut problems));
            }
        }
        to.append(part, problems);
    }
}

impl Runs {
    fn begin(&mut self, name: &str, domain: &str, line: u64, to: &mut Collector) {
        self.end();
        let account = Account { name: name.into(), domain: to.domains.named(domain), ..Account::default() };
        let key = self.key_of(name, domain);
        let claims = self.claims.len();
        self.runs.push(Run { account, line, shown: Shown::default(), key, claims, agrees: true });
    }

    /// Ends the last run.
    fn end(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.account.spns = self.spns.take();
            if run.agrees
                && let Some(Claim { host, password, .. }) = self.claims.get(run.claims)
            {
                run.account.dns_host_name = of(&self.hosts, *host).cloned();
                run.account.password_last_set = of(&self.password_last_set.times, *password).copied();
            }
        }
    }

    fn host(&mut self, text: &str) -> u32 {
        if self.hosts.last().is_none_or(|last| **last != *text) {
            self.hosts.push(text.into());
        }
        index(&self.hosts)
    }

    /// What a row says against rows before it.
    fn judge(&self, claim: &Claim, account: &mut Account, problems: &mut Vec<Problem>) {
        let mut differs = |column| {
            let name = quoted(&account.name);
            let what = format!("{column} differs from an earlier row of {name}, which is kept");
            problems.push(Problem::of_line(claim.line, &what));
        };
        if let Some(time) = of(&self.password_last_set.times, claim.password)
            && *account.password_last_set.get_or_insert(*time) != *time
        {
            differs("password_last_set");
        }
        if let Some(time) = of(&self.collected.times, claim.collected)
            && account.source.as_ref().is_some_and(|source| source.collected != Some(*time))
        {
            differs("collected");
        }
        if let Some(host) = of(&self.hosts, claim.host) {
            let known = account.dns_host_name.get_or_insert_with(|| Arc::clone(host));
            if !known.eq_ignore_ascii_case(host) {
                differs("dns_host_name");
            }
        }
    }

    fn index_of(&self, run: &Run, to: &Collector) -> Option<usize> {
        let same = |(key, index): &(u64, usize)| {
            *key == run.key
                && to.accounts().get(*index).is_some_and(|known| {
                    is_same(&known.name, &run.account.name) && is_same(&known.domain, &run.account.domain)
                })
        };
        self.known.find(run.key, same).map(|(_, index)| *index)
    }

    /// A hash of both, in any case.
    fn key_of(&mut self, name: &str, domain: &str) -> u64 {
        let mut hasher = HASH.build_hasher();
        for text in [name, domain] {
            self.lower.clear();
            match text.is_ascii() {
                true => self.lower.push_str(text),
                false => self.lower.push_str(&text.to_lowercase()),
            }
            self.lower.make_ascii_lowercase();
            self.lower.hash(&mut hasher);
        }
        hasher.finish()
    }
}

impl TimeColumn {
    fn time(&mut self, column: &str, text: &str, line: u64, to: &mut Collector) -> u32 {
        if text.is_empty() {
            return 0;
        }
        // Every row of an account repeats its times.
        if self.last != text {
            let when = time_or_utc(text);
            if when == When::Unclear {
                to.problem(line, no_time(column, &quoted(text)));
            }
            let Some(time) = when.at() else { return 0 };
            self.times.push(time);
            self.last.clear();
            self.last.push_str(text);
        }
        index(&self.times)
    }
}

/// One for all parts of a file, so that their keys can be compared, and for each process another: no file can be
/// made for it.
static HASH: LazyLock<RandomState> = LazyLock::new(RandomState::default);

fn is_same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// What a [`Claim`] names.
fn of<T>(claimed: &[T], index: u32) -> Option<&T> {
    claimed.get((index as usize).checked_sub(1)?)
}

/// Of the last.
fn index<T>(claimed: &[T]) -> u32 {
    u32::try_from(claimed.len()).unwrap_or(0)
}
