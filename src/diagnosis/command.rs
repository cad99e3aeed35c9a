//! Commands that an administrator copies, and the names in them.
//!
//! The lines are copied into an elevated PowerShell. The responder itself chose the text of `Server` in event 4, and a
//! KRB-ERROR is not authenticated (RFC 4120 5.9.1). So two rules apply:
//!
//! - A command connects only to hosts, and changes only accounts, that an inventory, an account list or
//!   the `Computer` of a log has ([`IncidentName::is_known`], [`AccountFacts::listed`]). A command may look up the name
//!   that the client asked for in DNS or the directory, but never connects to it.
//! - A name has only characters without a meaning in PowerShell, cmd and POSIX shells. An account name, which
//!   may have blanks and end with `$`, is in single quotes.
//!
//! Any other name becomes a placeholder such as `<responder>`, which no shell runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::remedy_input::{AccountFacts, IncidentName};
use crate::names::Spn;

/// Longest DNS name (RFC 1035 2.3.4).
const MAX_HOST: usize = 253;
/// Longest sAMAccountName of any object (MS-ADA3 2.222).
const MAX_ACCOUNT: usize = 256;
/// Longest SPN in a command. Real ones are much shorter.
const MAX_SPN: usize = 512;

/// Role of a name in the incident. It selects the placeholder, and the words if there is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum NameRole {
    Client,
    Responder,
    Target,
    Host,
    Controller,
    /// The account that owns the SPN.
    Owner,
    /// The account that answered, which should own the SPN.
    Account,
    Spn,
    Domain,
}

impl NameRole {
    /// Replaces the name in commands.
    pub(crate) fn placeholder(self) -> &'static str {
        match self {
            Self::Client => "<client>",
            Self::Responder => "<responder>",
            Self::Target => "<target host>",
            Self::Host => "<host>",
            Self::Controller => "<other DC>",
            Self::Owner => "<owner of the SPN>",
            Self::Account => "<account>",
            Self::Spn => "<SPN>",
            Self::Domain => "<domain>",
        }
    }

    /// Replaces the name in sentences.
    fn words(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::Responder => "the responder",
            Self::Target => "the target host",
            Self::Host => "the host",
            Self::Controller => "another domain controller",
            Self::Owner => "the present owner",
            Self::Account => "the account that answered",
            Self::Spn => "the SPN",
            Self::Domain => "the domain",
        }
    }
}

/// The texts in which a name may appear. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum AllowedUse {
    /// Sentences only.
    Sentence,
    /// Queries to DNS or the directory.
    Query,
    /// Commands that connect to the host or change the account.
    Command,
}

/// A name for sentences, and for the commands that may use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The name as a command writes it, or as logged if no command may have it.
    text: Arc<str>,
    role: NameRole,
    allowed: AllowedUse,
    /// The text is an account name in single quotes.
    is_quoted: bool,
}

impl Name {
    /// No name. Commands have the placeholder of the role.
    pub(crate) fn absent(role: NameRole) -> Self {
        Self::new("", role, AllowedUse::Sentence)
    }

    fn new(text: impl Into<Arc<str>>, role: NameRole, allowed: AllowedUse) -> Self {
        Self { text: text.into(), role, allowed, is_quoted: false }
    }

    /// A host. Commands may connect to it if it is known.
    pub(crate) fn host(named: &IncidentName, role: NameRole) -> Self {
        let may_connect = named.is_known && is_safe_host(&named.text);
        Self::new(
            Arc::clone(&named.text),
            role,
            if may_connect { AllowedUse::Command } else { AllowedUse::Sentence },
        )
    }

    /// The host that the client asked for. Commands may connect to it if it is known, and may always look it up.
    pub(crate) fn target(named: &IncidentName) -> Self {
        let name = Self::host(named, NameRole::Target);
        match name.allowed {
            AllowedUse::Sentence if is_safe_host(&named.text) => Self { allowed: AllowedUse::Query, ..name },
            _ => name,
        }
    }

    /// An account by its sAMAccountName. Commands may change it if a list has it.
    pub(crate) fn account(facts: &AccountFacts, role: NameRole) -> Self {
        match facts.listed && is_safe_account(&facts.name) {
            true => {
                Self { is_quoted: true, ..Self::new(format!("'{}'", facts.name), role, AllowedUse::Command) }
            }
            false => Self::new(&*facts.name, role, AllowedUse::Sentence),
        }
    }

    /// A text from the event that no inventory or list confirms. No command may have it.
    pub(crate) fn unverified(text: &str, role: NameRole) -> Self {
        Self::new(text, role, AllowedUse::Sentence)
    }

    /// The SPN that the client asked for, without its realm.
    pub(crate) fn spn(spn: &Spn) -> Self {
        let bare = Spn { realm: None, ..spn.clone() }.to_string();
        let allowed = if is_safe_spn(&bare) { AllowedUse::Command } else { AllowedUse::Sentence };
        Self::new(bare, NameRole::Spn, allowed)
    }

    /// A DNS domain. Commands may use it if `known`: a listed account or a known host is in it.
    pub(crate) fn domain(text: &str, known: bool) -> Self {
        let allowed = if known && is_safe_host(text) { AllowedUse::Command } else { AllowedUse::Sentence };
        Self::new(text, NameRole::Domain, allowed)
    }

    /// The name for a sentence, or the role in words if there is no name.
    pub(crate) fn in_sentence(&self) -> &str {
        if self.is_absent() { self.role.words() } else { self.unquoted() }
    }

    fn unquoted(&self) -> &str {
        match self.is_quoted {
            true => self.text.trim_matches('\''),
            false => &self.text,
        }
    }

    /// The same for the start of a sentence.
    pub(crate) fn at_start(&self) -> String {
        let text = self.in_sentence();
        match text.strip_prefix("the ") {
            Some(rest) if self.is_absent() => format!("The {rest}"),
            _ => text.to_owned(),
        }
    }

    /// The name for a sentence that sends the reader to the host or account. If only the responder reports the name, the text
    /// says so.
    pub(crate) fn with_origin(&self) -> Cow<'_, str> {
        match self.role == NameRole::Responder && self.allowed == AllowedUse::Sentence && !self.is_absent() {
            true => format!("{} (reported by the responder, in no list)", self.text).into(),
            false => self.in_sentence().into(),
        }
    }

    /// The name for a query, or its placeholder.
    pub(crate) fn in_query(&self) -> &str {
        match (self.allowed, self.role) {
            (AllowedUse::Sentence, role) => role.placeholder(),
            (_, NameRole::Spn | NameRole::Domain) => &self.text,
            _ => self.text.trim_end_matches('.'),
        }
    }

    /// The name for a command that connects to the host or changes the account, or its placeholder.
    pub(crate) fn in_command(&self) -> &str {
        if self.is_known() { self.in_query() } else { self.role.placeholder() }
    }

    /// May a command connect to it or change it?
    pub(crate) fn is_known(&self) -> bool {
        self.allowed == AllowedUse::Command
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.text.is_empty()
    }

    /// The first label of the host for a query, or its placeholder.
    pub(crate) fn label(&self) -> &str {
        match self.allowed {
            AllowedUse::Sentence => self.in_query(),
            _ => self.in_query().split('.').next().unwrap_or(self.in_query()),
        }
    }

    /// The sAMAccountName of the computer without `$`, for a query: the label, truncated to 15 characters (MS-NBTE 2.2.1).
    pub(crate) fn netbios_label(&self) -> &str {
        match self.allowed {
            AllowedUse::Sentence => self.in_query(),
            // A host that a query may have is ASCII.
            _ => self.label().get(..15).unwrap_or(self.label()),
        }
    }

    /// The DNS domain of the host, if the name is a full one that a query may have.
    pub(crate) fn dns_suffix(&self) -> Option<&str> {
        match self.allowed {
            AllowedUse::Sentence => None,
            _ => self.in_query().split_once('.').map(|(_, domain)| domain),
        }
    }

    /// The account name for an LDAP filter, which is itself in single quotes, or its placeholder.
    pub(crate) fn in_filter(&self) -> &str {
        if self.is_quoted { self.unquoted() } else { self.in_query() }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.in_sentence())
    }
}

/// Can a command have this host name? It has letters, digits, `.`, `-` and `_`, and is no option and no path.
pub(crate) fn is_safe_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &[u8]| {
        label.first().is_some_and(|first| first.is_ascii_alphanumeric() || *first == b'_')
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= MAX_HOST && text.as_bytes().split(|byte| *byte == b'.').all(label)
}

/// Can a command have this sAMAccountName? It has no character with a meaning in single quotes or in an LDAP filter, and `$`
/// only at its end.
pub(crate) fn is_safe_account(text: &str) -> bool {
    let name = text.strip_suffix('$').unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    text.len() <= MAX_ACCOUNT
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !name.ends_with(' ')
        && name.chars().all(inner)
}

/// Can a command have this SPN? Each part between `/` and `:` has the characters of a host name.
fn is_safe_spn(text: &str) -> bool {
    text.len() <= MAX_SPN && text.split(['/', ':']).all(is_safe_host)
}

/// A line for an elevated Windows PowerShell 5.1, and the place to run it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) struct Command {
    /// The machine to run it on, in words. Without one, any management host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<String>,
    pub(crate) line: Cow<'static, str>,
}

impl Command {
    /// A command for any management host.
    pub(crate) fn new(line: impl Into<Cow<'static, str>>) -> Self {
        Self { on: None, line: line.into() }
    }

    /// A command for this host.
    pub(crate) fn on(host: &Name, line: impl Into<Cow<'static, str>>) -> Self {
        Self::at(host.with_origin(), line)
    }

    /// A command for a place in words, such as `the DNS server`.
    pub(crate) fn at(place: impl Into<String>, line: impl Into<Cow<'static, str>>) -> Self {
        Self { on: Some(place.into()), line: line.into() }
    }
}

/// Formats commands as the end of a sentence: `on srv1: ..., ...`. Commands at one place name it once.
///
/// No text contains `; `, which separates the items of a list in a report.
pub(crate) fn clause(commands: &[Command]) -> impl fmt::Display {
    Sentence { commands, on: "on" }
}

/// Formats commands as a whole sentence.
pub(crate) fn sentence(commands: &[Command]) -> impl fmt::Display {
    Sentence { commands, on: "On" }
}

/// Displays commands as a sentence or as its end.
struct Sentence<'c> {
    commands: &'c [Command],
    /// The first word, if a place follows it.
    on: &'static str,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = None;
        let mut on = self.on;
        for (i, command) in self.commands.iter().enumerate() {
            let here = command.on.as_deref();
            if i > 0 {
                f.write_str(", ")?;
            }
            match here {
                Some(here) if Some(here) != place => f.write_fmt(format_args!("{on} {here}: "))?,
                None if place.is_some() => f.write_str("on any host: ")?,
                _ => {}
            }
            place = here;
            on = "on";
            f.write_fmt(format_args!("`{}`", command.line))?;
        }
        Ok(())
    }
}
