//! What every format hands its rows to: entries become accounts, problems are counted, completeness is
//! judged.

use std::sync::Arc;

use jiff::Timestamp;

use super::SpnList;
use super::account::{self, Account, ObjectClass};
use super::completeness::{Completeness, Evidence, Shown};
use super::directory::{self, DistinguishedName};
use super::known_domains::KnownDomains;
use super::spn_list::SpnListBuilder;
use crate::inventory::text::{column_key, split_by, trimmed};
use crate::inventory::times::{self, When};
use crate::inventory::{InventoryFile, MAX_PROBLEMS, Source};

/// Longest value taken; AD's own limit for a servicePrincipalName is 1,024 characters less a few.
const MAX_VALUE: usize = 64 * 1024;
/// SPNs taken from one file: ten times the largest forest known to us, and 800 MB.
const MAX_ROWS: u64 = 10_000_000;

/// Of a file that ends within a line.
pub(super) const CUT_OFF: &str = "the file ends within this line, which may be cut off and is passed over; \
    export it again, or end the line where it is whole";

/// Attributes that are taken along, under the names exports give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    AccountName,
    DistinguishedName,
    /// The domain's name itself, where a format has it.
    Domain,
    ServicePrincipalName,
    DnsHostName,
    AdditionalDnsHostName,
    PasswordLastSet,
    WhenChanged,
    UserAccountControl,
    EncryptionTypes,
    ObjectClass,
    PrimaryGroup,
    OperatingSystem,
    WhenCreated,
    Enabled,
    /// SharpHound's own, each true or false.
    IsDomainController,
    IsReadOnlyDc,
    IsManagedService,
    IsGroupManagedService,
    IsDeleted,
    /// Not the directory's: when the list was made, as this program's collection writes it.
    Collected,
}

impl Attribute {
    /// By the name in LDAP, in the ActiveDirectory module or in SharpHound, in any case.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, attribute)| *attribute)
    }

    /// By a table's column, as [`column_key`] makes it.
    pub fn of_column(key: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| column_key(known) == key).map(|(_, attribute)| *attribute)
    }
}

const NAMES: &[(&str, Attribute)] = &[
    ("servicePrincipalName", Attribute::ServicePrincipalName),
    ("servicePrincipalNames", Attribute::ServicePrincipalName),
    ("sAMAccountName", Attribute::AccountName),
    ("distinguishedName", Attribute::DistinguishedName),
    ("dn", Attribute::DistinguishedName),
    ("domain", Attribute::Domain),
    ("dNSHostName", Attribute::DnsHostName),
    ("msDS-AdditionalDnsHostName", Attribute::AdditionalDnsHostName),
    ("pwdLastSet", Attribute::PasswordLastSet),
    ("PasswordLastSet", Attribute::PasswordLastSet),
    ("whenChanged", Attribute::WhenChanged),
    // The ActiveDirectory module's names of both.
    ("Modified", Attribute::WhenChanged),
    ("whenCreated", Attribute::WhenCreated),
    ("Created", Attribute::WhenCreated),
    ("userAccountControl", Attribute::UserAccountControl),
    ("msDS-SupportedEncryptionTypes", Attribute::EncryptionTypes),
    ("KerberosEncryptionType", Attribute::EncryptionTypes),
    ("supportedencryptiontypes", Attribute::EncryptionTypes),
    ("objectClass", Attribute::ObjectClass),
    ("primaryGroupID", Attribute::PrimaryGroup),
    ("operatingSystem", Attribute::OperatingSystem),
    ("Enabled", Attribute::Enabled),
    ("isdc", Attribute::IsDomainController),
    ("isreadonlydc", Attribute::IsReadOnlyDc),
    ("msa", Attribute::IsManagedService),
    ("gmsa", Attribute::IsGroupManagedService),
    ("isDeleted", Attribute::IsDeleted),
    ("collected", Attribute::Collected),
];

/// One directory object while it is read.
#[derive(Debug, Default)]
pub(super) struct Entry {
    account: Account,
    spns: SpnListBuilder,
    shown: Shown,
    line: u64,
    deleted: bool,
    collected: Option<Timestamp>,
}

impl Entry {
    pub fn new(line: u64, to: &mut Collector) -> Self {
        Self { line, spns: std::mem::take(&mut to.spare), ..Self::default() }
    }

    /// Where it begins in the file.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The account has more SPNs than the file shows.
    pub fn is_partial(&mut self) {
        self.account.spns_are_partial = true;
    }

    /// Takes one value. What cannot be understood is a problem of `line`, and is left out.
    pub fn set(&mut self, attribute: Attribute, value: &str, line: u64, to: &mut Collector) {
        let value = trimmed(value);
        if value.is_empty() {
            return;
        }
        if value.len() > MAX_VALUE {
            to.lost(line, format!("a value of {} bytes is passed over", value.len()));
            return;
        }
        let (is_true, is_false) = (value.eq_ignore_ascii_case("true"), value.eq_ignore_ascii_case("false"));
        match attribute {
            Attribute::AccountName => self.account.name = value.into(),
            // LDIF has it twice: as `dn` and as an attribute.
            Attribute::DistinguishedName if self.account.distinguished_name.as_deref() == Some(value) => {}
            Attribute::DistinguishedName => match to.domains.of(value) {
                Some((domain, deleted)) => {
                    self.deleted |= deleted;
                    self.account.domain = domain;
                    self.account.distinguished_name = Some(value.into());
                }
                None => to.lost(line, format!("{} is no distinguished name of a domain", quoted(value))),
            },
            Attribute::Domain => {
                if self.account.distinguished_name.is_none() {
                    self.account.domain = to.domains.named(value);
                }
            }
            Attribute::ServicePrincipalName => self.add_spn(value, line, to),
            Attribute::DnsHostName => self.account.dns_host_name = Some(value.into()),
            Attribute::AdditionalDnsHostName => {
                self.account.additional_dns_host_names.push(value.into());
            }
            Attribute::PasswordLastSet => {
                if let Some(time) = self.time(value, line, to) {
                    self.account.password_last_set = Some(time);
                }
            }
            Attribute::WhenChanged => {
                if let Some(time) = self.time(value, line, to) {
                    self.account.when_changed = Some(time);
                }
            }
            Attribute::WhenCreated => {
                if let Some(time) = self.time(value, line, to) {
                    self.account.when_created = Some(time);
                }
            }
            Attribute::Collected => self.collected = self.time(value, line, to),
            Attribute::UserAccountControl => match directory::flags(value) {
                Some(bits) => self.account.user_account_control = Some(bits),
                None => to.problem(line, format!("{} is no userAccountControl number", quoted(value))),
            },
            // SharpHound writes `Not defined`: unknown, and no problem.
            Attribute::EncryptionTypes => {
                if let Some(bits) = directory::encryption_types(value) {
                    let known = self.account.supported_encryption_types.unwrap_or(0);
                    self.account.supported_encryption_types = Some(known | bits);
                }
            }
            // Given from the most general to the most specific, or the last alone.
            Attribute::ObjectClass => {
                self.account.object_class = self.account.object_class.max(ObjectClass::named(value));
            }
            Attribute::PrimaryGroup => self.account.primary_group_id = value.parse().ok(),
            Attribute::OperatingSystem => self.account.operating_system = Some(value.into()),
            Attribute::Enabled => {
                self.account.enabled = is_true.then_some(true).or(is_false.then_some(false));
            }
            Attribute::IsDomainController if is_true => {
                self.account.primary_group_id.get_or_insert(account::DOMAIN_CONTROLLERS);
            }
            Attribute::IsReadOnlyDc if is_true => {
                self.account.primary_group_id = Some(account::READ_ONLY_DOMAIN_CONTROLLERS);
            }
            Attribute::IsManagedService if is_true => {
                self.account.object_class = self.account.object_class.max(Some(ObjectClass::ManagedService));
            }
            Attribute::IsGroupManagedService if is_true => {
                self.account.object_class =
                    self.account.object_class.max(Some(ObjectClass::GroupManagedService));
            }
            Attribute::IsDomainController
            | Attribute::IsReadOnlyDc
            | Attribute::IsManagedService
            | Attribute::IsGroupManagedService => {}
            Attribute::IsDeleted => self.deleted |= is_true,
        }
    }

    /// SPNs of a cell or a text into which a list was flattened.
    pub fn set_flattened(&mut self, attribute: Attribute, value: &str, line: u64, to: &mut Collector) {
        match attribute {
            _ if value.is_empty() => {}
            Attribute::ServicePrincipalName => {
                for spn in flattened(value, |separator| joins_spns(value, separator)) {
                    self.set(attribute, spn, line, to);
                }
            }
            Attribute::ObjectClass => {
                for class in value.split([';', ',', '|', ' ']) {
                    self.set(attribute, class, line, to);
                }
            }
            Attribute::AdditionalDnsHostName => {
                let joins = |separator| memchr::memchr(separator, value.as_bytes()).is_some();
                for host in flattened(value, joins) {
                    self.set(attribute, host, line, to);
                }
            }
            _ => self.set(attribute, value, line, to),
        }
    }

    fn add_spn(&mut self, value: &str, line: u64, to: &mut Collector) {
        if memchr::memchr(b'/', value.as_bytes()).is_none() {
            to.lost(line, format!("{} is no SPN: it has no `/`", quoted(value)));
        } else if !self.spns.push(value) {
            to.lost(line, format!("{} is no SPN: it has a line break", quoted(value)));
        } else {
            self.shown.see(value);
        }
    }

    fn time(&self, value: &str, line: u64, to: &mut Collector) -> Option<Timestamp> {
        let when = times::time(value);
        if when == When::Unclear {
            to.problem(
                line,
                format!(
                    "the time {} names no zone or is in the order of some culture; export times in UTC (ToString('o'))",
                    quoted(value)
                ),
            );
        }
        when.at()
    }

    /// Ends the entry. Objects that are no accounts (groups, containers, the domain) and deleted ones
    /// are passed over.
    pub fn finish(mut self, to: &mut Collector) {
        self.account.spns = self.spns.take();
        to.spare = self.spns;
        if self.deleted {
            return;
        }
        let account = &mut self.account;
        if account.name.is_empty()
            && let Some(name) = account.distinguished_name.as_deref().and_then(DistinguishedName::first_name)
        {
            account.name = name.as_ref().into();
            account.name_is_cn = true;
        }
        let is_account = !account.spns.is_empty()
            || account.user_account_control.is_some()
            || account.object_class.is_some()
            || account.name.ends_with('$');
        if !is_account {
            return;
        }
        if account.name.is_empty() {
            to.lost(
                self.line,
                "SPNs without an account: neither sAMAccountName nor a distinguished name".to_owned(),
            );
            return;
        }
        to.push(self.account, (self.line, self.collected), self.shown);
    }
}

/// Takes the accounts of one file, or of a part of it.
#[derive(Debug)]
pub(super) struct Collector {
    file: Arc<str>,
    accounts: Vec<Account>,
    rows: u64,
    problems: Vec<Problem>,
    /// Problems beyond [`MAX_PROBLEMS`].
    more_problems: u64,
    /// An SPN or account of the file could not be read.
    lost: bool,
    /// [`MAX_ROWS`] are reached.
    full: bool,
    /// What the format found out about itself.
    pub completeness: Completeness,
    evidence: Evidence,
    pub domains: KnownDomains,
    /// Room for the SPNs of the next entry.
    spare: SpnListBuilder,
}

/// What is wrong, as it is told, and the line, for the order.
#[derive(Debug)]
pub(super) struct Problem {
    pub line: u64,
    pub what: String,
}

impl Problem {
    pub fn of_line(line: u64, what: &str) -> Self {
        Self { line, what: format!("line {line}: {what}") }
    }
}

impl Collector {
    pub fn new(file: Arc<str>) -> Self {
        Self {
            file,
            accounts: Vec::new(),
            rows: 0,
            problems: Vec::new(),
            more_problems: 0,
            lost: false,
            full: false,
            completeness: Completeness::default(),
            evidence: Evidence::default(),
            domains: KnownDomains::default(),
            spare: SpnListBuilder::default(),
        }
    }

    pub fn file(&self) -> Arc<str> {
        Arc::clone(&self.file)
    }

    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The account that more was found of.
    pub fn account_mut(&mut self, index: usize) -> Option<&mut Account> {
        self.accounts.get_mut(index)
    }

    /// The line, and when the list was made, are the account's source.
    pub fn push(&mut self, mut account: Account, (line, collected): (u64, Option<Timestamp>), shown: Shown) {
        account.source = Some(Source { file: Arc::clone(&self.file), line, collected });
        self.evidence.add(&account, shown);
        self.take(account);
    }

    fn take(&mut self, account: Account) {
        if self.is_full() {
            self.refuse_more();
            return;
        }
        self.rows += account.spns.len() as u64;
        self.accounts.push(account);
    }

    /// Adds SPNs to an account that was taken before.
    pub fn add_spns(&mut self, index: usize, spns: &SpnList, shown: Shown) {
        if spns.is_empty() {
            return;
        }
        if self.is_full() {
            self.refuse_more();
        } else if let Some(account) = self.accounts.get_mut(index) {
            self.rows += spns.len() as u64;
            account.spns.append(spns);
            self.evidence.add(account, shown);
        }
    }

    /// Takes over what was found behind this in the file. `problems` are more of the same lines, in their order.
    /// The part is empty then, and can be used again.
    pub fn append(&mut self, part: &mut Self, problems: Vec<Problem>) {
        if self.rows + part.rows <= MAX_ROWS {
            self.rows += part.rows;
            self.accounts.append(&mut part.accounts);
        } else {
            part.accounts.drain(..).for_each(|account| self.take(account));
        }
        part.rows = 0;
        self.evidence.join(std::mem::take(&mut part.evidence));
        self.lost |= std::mem::take(&mut part.lost);
        self.full |= std::mem::take(&mut part.full);
        let mut more = problems.into_iter().peekable();
        for problem in part.problems.drain(..) {
            while let Some(before) = more.next_if(|more| more.line < problem.line) {
                self.add_problem(before);
            }
            self.add_problem(problem);
        }
        more.for_each(|problem| self.add_problem(problem));
        self.more_problems += std::mem::take(&mut part.more_problems);
    }

    fn is_full(&self) -> bool {
        self.rows > MAX_ROWS || self.accounts.len() as u64 > MAX_ROWS
    }

    fn refuse_more(&mut self) {
        if !std::mem::replace(&mut self.full, true) {
            self.lost(
                0,
                format!(
                    "the file holds more than {MAX_ROWS} SPNs or accounts; the rest is passed over, split it"
                ),
            );
        }
    }

    /// The file lost its data on the way; what was taken from it is no use.
    pub fn discard(&mut self) {
        self.accounts.clear();
        self.rows = 0;
    }

    /// Something about a line that costs no account and no SPN.
    pub fn problem(&mut self, line: u64, what: String) {
        self.add_problem(match line {
            0 => Problem { line, what },
            line => Problem::of_line(line, &what),
        });
    }

    /// Something about the file.
    pub fn file_problem(&mut self, what: String) {
        self.problem(0, what);
    }

    fn add_problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS - 1 {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }

    /// A line whose account or SPN is lost: the file proves no absence any more.
    pub fn lost(&mut self, line: u64, what: String) {
        self.lost = true;
        self.problem(line, what);
    }

    /// [`lost`](Self::lost), told later.
    pub fn loses(&mut self) {
        self.lost = true;
    }

    /// [`lost`](Self::lost), in words that name the line themselves.
    pub fn lost_as_told(&mut self, line: u64, what: String) {
        self.lost = true;
        self.add_problem(Problem { line, what });
    }

    /// The accounts, the line of the summary, and the domains of which every SPN is in the file.
    pub fn finish(self, kind: &'static str) -> (Vec<Account>, InventoryFile, Vec<Arc<str>>) {
        let mut problems: Vec<String> = self.problems.into_iter().map(|problem| problem.what).collect();
        if self.more_problems > 0 {
            problems.push(format!("{} more problems of this file", self.more_problems));
        }
        let complete = match self.lost {
            true => Vec::new(),
            false => self.evidence.complete(&self.completeness, &self.accounts),
        };
        let file = InventoryFile {
            path: self.file,
            kind,
            rows: self.rows,
            hosts: self.accounts.len() as u64,
            problems,
        };
        (self.accounts, file, complete)
    }
}

/// The parts of a list that was joined into one text, by the first separator that `joins` them: an SPN may itself
/// hold a comma (in a DN) or a blank.
fn flattened(text: &str, joins: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    // NUL: the whole is one part.
    let separator = *b"\n;|, ".iter().find(|separator| joins(**separator)).unwrap_or(&0);
    split_by(text, separator).map(trimmed).filter(|part| !part.is_empty())
}

/// Does the separator leave only parts with a `/`?
fn joins_spns(text: &str, separator: u8) -> bool {
    let bytes = text.as_bytes();
    let is_blank = |from, to| trimmed(text.get(from..to).unwrap_or_default()).is_empty();
    let (mut from, mut slash) = (0, false);
    for at in memchr::memchr2_iter(separator, b'/', bytes) {
        if bytes.get(at) == Some(&b'/') {
            slash = true;
        } else if slash || is_blank(from, at) {
            (from, slash) = (at + 1, false);
        } else {
            return false;
        }
    }
    from > 0 && (slash || is_blank(from, text.len()))
}

/// Text from a file inside a message: short, and no control character in it.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
