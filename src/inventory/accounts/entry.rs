//! Builds one directory object from attributes and their values.

use jiff::Timestamp;

use super::account::{self, Account, ObjectClass};
use super::collector::{AccountCollector, quoted};
use super::completeness::MarkerSpns;
use super::ldap_values::{self, DistinguishedName};
use super::spn_list::SpnListBuilder;
use crate::inventory::times::{self, ExportTime};
use crate::text::delimited::column_key;
use crate::text::{split_by, trimmed};

/// Longest value that is read, in bytes. AD's own limit for a servicePrincipalName is just under 1,024 characters.
const MAX_VALUE: usize = 64 * 1024;

/// Characters that no sAMAccountName may have (MS-SAMR 3.1.1.6), but that lines of other texts have.
const NOT_IN_ACCOUNT_NAMES: [char; 5] = [':', '=', ',', '"', '/'];

/// Attributes that are read, under the names that exports use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    AccountName,
    DistinguishedName,
    /// The name of the domain, which some formats have next to or in place of the DN.
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
    /// An attribute of SharpHound, true or false, like the three below.
    IsDomainController,
    IsReadOnlyDc,
    IsManagedService,
    IsGroupManagedService,
    IsDeleted,
    /// When the list was made. This is not an attribute of the directory. The collection commands of this program write it.
    Collected,
}

impl Attribute {
    /// Finds an attribute by its name in LDAP, the ActiveDirectory module or SharpHound, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, attribute)| *attribute)
    }

    /// Finds an attribute by a table's column, as [`column_key`] writes it.
    pub(super) fn of_column(key: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| column_key(known) == key).map(|(_, attribute)| *attribute)
    }
}

/// The names of attributes in LDAP, the ActiveDirectory module and SharpHound.
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

impl Attribute {
    /// Can it have several values?
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::ServicePrincipalName | Self::AdditionalDnsHostName | Self::ObjectClass)
    }
}

/// A directory object that is being read.
#[derive(Debug, Default)]
pub(super) struct Entry {
    account: Account,
    spns: SpnListBuilder,
    markers: MarkerSpns,
    line: u64,
    /// Is it deleted, or do two of its values contradict each other?
    skipped: bool,
    collected: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(line: u64, to: &mut AccountCollector) -> Self {
        Self { line, spns: to.spare_builder(), ..Self::default() }
    }

    /// The line on which the entry begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Does its sAMAccountName end in `$`?
    pub(super) fn is_computer(&self) -> bool {
        self.account.name.ends_with('$')
    }

    /// Notes that the account may have more SPNs than the file shows.
    pub(super) fn mark_partial(&mut self) {
        self.account.spns_are_partial = true;
    }

    /// Adds one value. A value that cannot be parsed is reported at `line` and left out.
    pub(super) fn set(&mut self, attribute: Attribute, value: &str, line: u64, to: &mut AccountCollector) {
        let value = trimmed(value);
        if value.is_empty() {
            return;
        }
        if value.len() > MAX_VALUE {
            to.report_loss(line, format!("a value of {} bytes is skipped", value.len()));
            return;
        }
        let (is_true, is_false) = (value.eq_ignore_ascii_case("true"), value.eq_ignore_ascii_case("false"));
        match attribute {
            Attribute::AccountName if value.contains(NOT_IN_ACCOUNT_NAMES) => {
                to.report_loss(line, format!("{} is not an account name", quoted(value)));
            }
            Attribute::AccountName => {
                let earlier = std::mem::replace(&mut self.account.name, value.into());
                self.check_same("sAMAccountName", &earlier, line, value, to);
            }
            // LDIF has it both as `dn` and as an attribute.
            Attribute::DistinguishedName if self.account.distinguished_name.as_deref() == Some(value) => {}
            Attribute::DistinguishedName => match to.domains.of_dn(value) {
                Some((domain, deleted)) => {
                    let earlier = self.account.distinguished_name.replace(value.into()).unwrap_or_default();
                    self.check_same("distinguishedName", &earlier, line, value, to);
                    self.skipped |= deleted;
                    self.account.domain = domain;
                }
                None => to.report_loss(
                    line,
                    format!("{} is not the distinguished name of a domain", quoted(value)),
                ),
            },
            Attribute::Domain => {
                if self.account.distinguished_name.is_none() {
                    self.account.domain = to.domains.intern(value);
                }
            }
            Attribute::ServicePrincipalName => self.add_spn(value, line, to),
            Attribute::DnsHostName => {
                let earlier = self.account.dns_host_name.replace(value.into()).unwrap_or_default();
                self.check_same("dNSHostName", &earlier, line, value, to);
            }
            Attribute::AdditionalDnsHostName => {
                self.account.additional_dns_host_names.push(value.into());
            }
            Attribute::PasswordLastSet => {
                set_time("pwdLastSet", &mut self.account.password_last_set, value, line, to);
            }
            Attribute::WhenChanged => {
                set_time("whenChanged", &mut self.account.when_changed, value, line, to);
            }
            Attribute::WhenCreated => {
                set_time("whenCreated", &mut self.account.when_created, value, line, to);
            }
            Attribute::Collected => set_time("collected", &mut self.collected, value, line, to),
            Attribute::UserAccountControl => match ldap_values::flags(value) {
                Some(bits) => self.account.user_account_control = Some(bits),
                None => to.report(line, format!("{} is not a userAccountControl number", quoted(value))),
            },
            // SharpHound writes `Not defined` for unknown. That is not a problem.
            Attribute::EncryptionTypes => {
                if let Some(bits) = ldap_values::encryption_types(value) {
                    let known = self.account.supported_encryption_types.unwrap_or(0);
                    self.account.supported_encryption_types = Some(known | bits);
                }
            }
            // Exports list classes from general to specific, or give only the last.
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
            Attribute::IsDeleted => self.skipped |= is_true,
        }
    }

    /// Reports a second, different value of an attribute that identifies the account, and skips the object. It is unknown
    /// which of the values is right.
    fn check_same(
        &mut self,
        attribute: &str,
        earlier: &str,
        line: u64,
        value: &str,
        to: &mut AccountCollector,
    ) {
        if !earlier.is_empty() && !earlier.eq_ignore_ascii_case(value) && !self.skipped {
            self.skipped = true;
            to.report_loss(
                line,
                format!("{attribute} is {} and {}; the object is skipped", quoted(earlier), quoted(value)),
            );
        }
    }

    /// Adds the values of an attribute whose list an export joined to one text. A single value is added unchanged.
    pub(super) fn set_flattened(
        &mut self,
        attribute: Attribute,
        value: &str,
        line: u64,
        to: &mut AccountCollector,
    ) {
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

    fn add_spn(&mut self, value: &str, line: u64, to: &mut AccountCollector) {
        if memchr::memchr(b'/', value.as_bytes()).is_none() {
            to.report_loss(line, format!("{} is not an SPN: it has no `/`", quoted(value)));
        } else if value.contains("  ") {
            // A line of another text was folded into the value.
            to.report_loss(line, format!("{} is not an SPN: it has several blanks in a row", quoted(value)));
        } else if !self.spns.push(value) {
            to.report_loss(line, format!("{} is not an SPN: it has a line break", quoted(value)));
        } else {
            self.markers.add(value);
        }
    }

    /// Adds the account to the collector. Skips deleted objects and those that are not accounts (groups, containers, the
    /// domain).
    pub(super) fn finish(mut self, to: &mut AccountCollector) {
        self.account.spns = self.spns.finish_list();
        to.keep_builder(self.spns);
        if self.skipped {
            return;
        }
        let account = &mut self.account;
        if account.name.is_empty()
            && let Some(name) = account.distinguished_name.as_deref().and_then(DistinguishedName::first_name)
        {
            account.name = name.as_ref().into();
            account.name_is_cn = true;
        }
        // `CN=RID Manager$,CN=System` is not an account: only a sAMAccountName marks an account by its `$`.
        let is_account = !account.spns.is_empty()
            || account.user_account_control.is_some()
            || account.object_class.is_some()
            || (account.name.ends_with('$') && !account.name_is_cn);
        if !is_account {
            return;
        }
        if account.name.is_empty() {
            to.report_loss(
                self.line,
                "SPNs without an account: neither sAMAccountName nor a distinguished name".to_owned(),
            );
            return;
        }
        to.push(self.account, (self.line, self.collected), self.markers);
    }
}

/// Sets a time from one of the names of its attribute. A contradiction to the earlier `time` is reported, and the earlier
/// one is kept. A time without a zone counts only if there is no other.
fn set_time(name: &str, time: &mut Option<Timestamp>, value: &str, line: u64, to: &mut AccountCollector) {
    let when = times::time(value);
    if when == ExportTime::Unclear {
        if time.is_none() {
            *time = to.local_time(value);
            if time.is_none() {
                to.report(
                    line,
                    format!(
                        "the time {} can be read in two ways, or is not a time; export times in UTC (ToString('o'))",
                        quoted(value)
                    ),
                );
            }
        }
        return;
    }
    // The names differ in precision (100 ns, 1 ms, 1 s). In a wrong zone, a time without a zone is some quarters of an hour
    // off.
    let differs = |a: Timestamp, b: Timestamp| a.duration_since(b).as_secs_f64().round() % 900.0 != 0.0;
    match (*time, when.at()) {
        (Some(earlier), Some(new)) if differs(earlier, new) => {
            to.report(line, format!("{name} is {earlier:.0} and {new:.0}; the first is used"));
        }
        (earlier, new) => *time = new.or(earlier),
    }
}

/// Splits a list that an export joined to one text, at the first separator for which `joins` is true. An SPN may itself
/// contain a comma (in a DN) or a blank.
fn flattened(text: &str, joins: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    // No text contains NUL, so without a separator the whole text is one part.
    let separator = *b"\n;|, ".iter().find(|separator| joins(**separator)).unwrap_or(&0);
    split_by(text, separator).map(trimmed).filter(|part| !part.is_empty())
}

/// Does this separator join SPNs, so that each part has a `/`?
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
