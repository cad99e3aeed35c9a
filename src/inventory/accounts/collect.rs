//! What every format hands its rows to: entries become accounts, problems are counted, completeness is
//! judged.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::directory::{self, DistinguishedName, When};
use super::spn_list::SpnListBuilder;
use super::{Account, SpnList};
use crate::inventory::text::column_key;
use crate::inventory::{InventoryFile, MAX_PROBLEMS, Source};

/// Longest value taken; AD's own limit for a servicePrincipalName is 1,024 characters less a few.
const MAX_VALUE: usize = 64 * 1024;
/// SPNs taken from one file: ten times the largest forest known to us, and 800 MB.
const MAX_ROWS: u64 = 10_000_000;
/// The service class of directory replication: every domain controller has one (MS-DRSR 2.2.3.2).
const REPLICATION_CLASS: &str = "E3514235-4B06-11D1-AB04-00C04FC2DCD2/";

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
    ("Modified", Attribute::WhenChanged),
    ("userAccountControl", Attribute::UserAccountControl),
    ("msDS-SupportedEncryptionTypes", Attribute::EncryptionTypes),
    ("KerberosEncryptionType", Attribute::EncryptionTypes),
    ("supportedencryptiontypes", Attribute::EncryptionTypes),
    ("isDeleted", Attribute::IsDeleted),
    ("collected", Attribute::Collected),
];

/// What the absence of an SPN in a file means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Completeness {
    /// Nothing: the file holds a part, or lost some.
    Part,
    /// A domain counts as complete when the file shows what only a full dump shows: krbtgt's
    /// `kadmin/changepw` and a domain controller's replication SPN. An export of computers lacks the
    /// first, one of users the second, one of some SPN or organizational unit lacks one or both.
    #[default]
    Evident,
    /// As `Evident`, and the file says itself that it is all of this domain.
    Declared(String),
}

/// One directory object while it is read.
#[derive(Debug, Default)]
pub(super) struct Entry {
    account: Account,
    spns: SpnListBuilder,
    line: u64,
    deleted: bool,
    collected: Option<Timestamp>,
}

impl Entry {
    pub fn new(line: u64, to: &mut Collector) -> Self {
        Self { line, spns: std::mem::take(&mut to.spare), ..Self::default() }
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
        match attribute {
            Attribute::AccountName => self.account.name = value.into(),
            // LDIF has it twice: as `dn` and as an attribute.
            Attribute::DistinguishedName if self.account.distinguished_name.as_deref() == Some(value) => {}
            Attribute::DistinguishedName => {
                let mut domain = std::mem::take(&mut to.domain);
                match DistinguishedName::domain_of(value, &mut domain) {
                    Some(deleted) => {
                        self.deleted |= deleted;
                        self.account.domain = to.intern(&domain);
                        self.account.distinguished_name = Some(value.into());
                    }
                    None => to.lost(line, format!("{} is no distinguished name of a domain", quoted(value))),
                }
                to.domain = domain;
            }
            Attribute::Domain => {
                if self.account.distinguished_name.is_none() {
                    self.account.domain = to.intern(value);
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
            Attribute::IsDeleted => self.deleted |= value.eq_ignore_ascii_case("true"),
        }
    }

    /// SPNs of a cell or a text into which a list was flattened.
    pub fn set_flattened(&mut self, attribute: Attribute, value: &str, line: u64, to: &mut Collector) {
        match attribute {
            Attribute::ServicePrincipalName => {
                for spn in flattened(value, |part| memchr::memchr(b'/', part.as_bytes()).is_some()) {
                    self.set(attribute, spn, line, to);
                }
            }
            Attribute::AdditionalDnsHostName => {
                for host in flattened(value, |part| !part.is_empty()) {
                    self.set(attribute, host, line, to);
                }
            }
            _ => self.set(attribute, value, line, to),
        }
    }

    fn add_spn(&mut self, value: &str, line: u64, to: &mut Collector) {
        if memchr::memchr(b'/', value.as_bytes()).is_none() {
            to.lost(line, format!("{} is no SPN: it has no `/`", quoted(value)));
        } else if !SpnList::may_hold(value) {
            to.lost(line, format!("{} is no SPN: it has a line break", quoted(value)));
        } else {
            self.spns.push(value);
        }
    }

    fn time(&self, value: &str, line: u64, to: &mut Collector) -> Option<Timestamp> {
        let when = directory::time(value);
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
        let is_account =
            !account.spns.is_empty() || account.user_account_control.is_some() || account.name.ends_with('$');
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
        to.push(self.account, self.line, self.collected);
    }
}

/// Takes the accounts of one file.
#[derive(Debug)]
pub(super) struct Collector {
    file: Arc<str>,
    accounts: Vec<Account>,
    rows: u64,
    problems: Vec<String>,
    /// Problems beyond [`MAX_PROBLEMS`].
    more_problems: u64,
    /// An SPN or account of the file could not be read.
    lost: bool,
    /// [`MAX_ROWS`] are reached.
    full: bool,
    /// What the format found out about itself.
    pub completeness: Completeness,
    names: HashMap<Box<str>, Arc<str>>,
    last_name: Arc<str>,
    /// Room for the domain of the next entry.
    domain: String,
    /// SPNs that [`add_spn`](Self::add_spn) took for the account of this index.
    gathered: Option<usize>,
    /// Room for the SPNs of the next entry, or those gathered.
    spare: SpnListBuilder,
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
            names: HashMap::new(),
            last_name: Arc::default(),
            domain: String::new(),
            spare: SpnListBuilder::default(),
            gathered: None,
        }
    }

    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The account a later row adds to.
    pub fn account_mut(&mut self, index: usize) -> Option<&mut Account> {
        self.accounts.get_mut(index)
    }

    pub fn push(&mut self, mut account: Account, line: u64, collected: Option<Timestamp>) {
        if self.rows > MAX_ROWS || self.accounts.len() as u64 > MAX_ROWS {
            self.refuse_more();
            return;
        }
        account.source = Some(Source { file: Arc::clone(&self.file), line, collected });
        self.rows += account.spns.len() as u64;
        self.accounts.push(account);
    }

    /// Adds an SPN to an account that was pushed before. Those of one account mostly come together; they are joined
    /// to its list at once.
    pub fn add_spn(&mut self, index: usize, spn: &str) {
        if self.rows > MAX_ROWS {
            self.refuse_more();
            return;
        }
        if self.gathered != Some(index) {
            self.join_gathered();
            self.gathered = Some(index);
        }
        self.spare.push(spn);
        self.rows += 1;
    }

    fn join_gathered(&mut self) {
        if let Some(account) = self.gathered.take().and_then(|index| self.accounts.get_mut(index)) {
            let more = self.spare.take();
            account.spns = match account.spns.is_empty() {
                true => more,
                false => account.spns.iter().chain(&more).collect(),
            };
        }
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

    /// One shared copy of a text that many accounts have (a domain).
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if *self.last_name != *text {
            self.last_name = match self.names.get(text) {
                Some(known) => Arc::clone(known),
                None => {
                    let name: Arc<str> = text.into();
                    self.names.insert(text.into(), Arc::clone(&name));
                    name
                }
            };
        }
        Arc::clone(&self.last_name)
    }

    /// Something about a line that costs no account and no SPN.
    pub fn problem(&mut self, line: u64, what: String) {
        self.file_problem(match line {
            0 => what,
            line => format!("line {line}: {what}"),
        });
    }

    /// Something about the file.
    pub fn file_problem(&mut self, what: String) {
        if self.problems.len() < MAX_PROBLEMS - 1 {
            self.problems.push(what);
        } else {
            self.more_problems += 1;
        }
    }

    /// A line whose account or SPN is lost: the file proves no absence any more.
    pub fn lost(&mut self, line: u64, what: String) {
        self.lost = true;
        self.problem(line, what);
    }

    /// The accounts, the line of the summary, and the domains of which every SPN is in the file.
    pub fn finish(mut self, kind: &'static str) -> (Vec<Account>, InventoryFile, Vec<Arc<str>>) {
        self.join_gathered();
        if self.more_problems > 0 {
            self.problems.push(format!("{} more problems of this file", self.more_problems));
        }
        let complete =
            if self.lost { Vec::new() } else { complete_domains(&self.completeness, &self.accounts) };
        let file = InventoryFile {
            path: self.file,
            kind,
            rows: self.rows,
            hosts: self.accounts.len() as u64,
            problems: self.problems,
        };
        (self.accounts, file, complete)
    }
}

/// [`str::trim`], which decodes characters, only where there may be blanks.
fn trimmed(text: &str) -> &str {
    let visible = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    match visible(text.as_bytes().first()) && visible(text.as_bytes().last()) {
        true => text,
        false => text.trim(),
    }
}

/// The parts of a list that was joined into one text, by whichever separator leaves only parts that are
/// `whole`: an SPN may itself hold a comma (in a DN) or a blank.
pub(super) fn flattened(text: &str, whole: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    let parts =
        |separator: u8| text.split(char::from(separator)).map(trimmed).filter(|part| !part.is_empty());
    let separator = *b"\n;|, "
        .iter()
        .find(|s| memchr::memchr(**s, text.as_bytes()).is_some() && parts(**s).all(&whole))
        // NUL: the whole is one part.
        .unwrap_or(&0);
    parts(separator)
}

/// Text from a file inside a message: short, and no control character in it.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

fn complete_domains(completeness: &Completeness, accounts: &[Account]) -> Vec<Arc<str>> {
    if *completeness == Completeness::Part {
        return Vec::new();
    }
    // Domain -> (krbtgt seen, domain controller seen, declared), in the order of the file.
    let mut seen: HashMap<String, (Arc<str>, bool, bool)> = HashMap::new();
    for account in accounts {
        let full = |spn: &str| {
            spn.get(..REPLICATION_CLASS.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(REPLICATION_CLASS))
        };
        let krbtgt = account.name.eq_ignore_ascii_case("krbtgt")
            && account.spns.iter().any(|spn| spn.eq_ignore_ascii_case("kadmin/changepw"));
        let controller = account.spns.iter().any(full);
        if (krbtgt || controller) && !account.domain.is_empty() {
            let of = seen
                .entry(account.domain.to_lowercase())
                .or_insert_with(|| (Arc::clone(&account.domain), false, false));
            of.1 |= krbtgt;
            of.2 |= controller;
        }
    }
    let mut complete: Vec<Arc<str>> = seen
        .into_values()
        .filter(|(_, krbtgt, controller)| *krbtgt && *controller)
        .map(|(domain, ..)| domain)
        .collect();
    if let Completeness::Declared(domain) = completeness {
        let of_domain = |d: &Arc<str>| d.to_lowercase() == domain.to_lowercase();
        if !complete.iter().any(of_domain) {
            let first = accounts.iter().map(|a| &a.domain).find(|d| of_domain(d));
            complete.extend(first.cloned());
        }
    }
    complete.sort();
    complete
}
