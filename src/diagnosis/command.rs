//! Commands that an administrator copies, and the names in them.
//!
//! An administrator copies these lines into an elevated PowerShell. `Server` of event 4 is text that
//! the responder chose (nobody authenticates a KRB-ERROR: RFC 4120 5.9.1), so two rules hold:
//!
//! - A command connects only to hosts, and changes only accounts, that an inventory, an account list or
//!   the `Computer` of a given log has ([`IncidentName::is_known`], [`AccountFacts::listed`]). What the client itself
//!   asked for may be looked up in DNS or the directory, and is never a destination.
//! - A name holds only characters that PowerShell, cmd and POSIX shells leave alone. An account, which
//!   may hold a blank and ends with `$`, is in single quotes.
//!
//! Any other name becomes a placeholder such as `<responder>`, which no shell runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::subject::{AccountFacts, IncidentName};
use crate::names::Spn;

/// Longest DNS name (RFC 1035 2.3.4).
const MAX_HOST: usize = 253;
/// Longest sAMAccountName of any object is 256 (MS-ADA3 2.222).
const MAX_ACCOUNT: usize = 256;
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
    /// The account that should own it.
    Account,
    Spn,
    Domain,
}

impl NameRole {
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

/// What commands may do with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum AllowedUse {
    /// Shown in sentences only.
    Sentence,
    /// The argument of a query to DNS or the directory.
    Query,
    /// The host a command connects to, or the account it changes.
    Command,
}

/// A name for sentences, and for the commands that may use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    /// As a command writes it, quoted where needed; as in the log where no command may have it.
    text: Arc<str>,
    role: NameRole,
    allowed: AllowedUse,
    /// The text is an account's name in single quotes.
    is_quoted: bool,
}

impl Name {
    /// No name is given: commands have the role's placeholder.
    pub(crate) fn absent(role: NameRole) -> Self {
        Self::new("", role, AllowedUse::Sentence)
    }

    fn new(text: impl Into<Arc<str>>, role: NameRole, allowed: AllowedUse) -> Self {
        Self { text: text.into(), role, allowed, is_quoted: false }
    }

    /// A host to connect to, if it is known.
    pub(crate) fn host(named: &IncidentName, role: NameRole) -> Self {
        let may_connect = named.is_known && is_host(&named.text);
        Self::new(
            Arc::clone(&named.text),
            role,
            if may_connect { AllowedUse::Command } else { AllowedUse::Sentence },
        )
    }

    /// The host that the client asked for: to connect to if it is known, else to look up.
    pub(crate) fn target(named: &IncidentName) -> Self {
        let name = Self::host(named, NameRole::Target);
        match name.allowed {
            AllowedUse::Sentence if is_host(&named.text) => Self { allowed: AllowedUse::Query, ..name },
            _ => name,
        }
    }

    /// An account by its sAMAccountName, to change if a list has it.
    pub(crate) fn account(facts: &AccountFacts, role: NameRole) -> Self {
        match facts.listed && is_account(&facts.name) {
            true => {
                Self { is_quoted: true, ..Self::new(format!("'{}'", facts.name), role, AllowedUse::Command) }
            }
            false => Self::new(&*facts.name, role, AllowedUse::Sentence),
        }
    }

    /// The text of `Server`, if no list has such an account.
    pub(crate) fn unverified(text: &str, role: NameRole) -> Self {
        Self::new(text, role, AllowedUse::Sentence)
    }

    /// The SPN that the client asked for, without its realm.
    pub(crate) fn spn(spn: &Spn) -> Self {
        let bare = Spn { realm: None, ..spn.clone() }.to_string();
        let allowed = if is_spn(&bare) { AllowedUse::Command } else { AllowedUse::Sentence };
        Self::new(bare, NameRole::Spn, allowed)
    }

    /// A DNS domain; `known` if a listed account or a known host is in it.
    pub(crate) fn domain(text: &str, known: bool) -> Self {
        let allowed = if known && is_host(text) { AllowedUse::Command } else { AllowedUse::Sentence };
        Self::new(text, NameRole::Domain, allowed)
    }

    /// For a sentence: the name, or the role in words where no name is given.
    pub(crate) fn in_sentence(&self) -> &str {
        if self.is_absent() { self.role.words() } else { self.unquoted() }
    }

    fn unquoted(&self) -> &str {
        match self.is_quoted {
            true => self.text.trim_matches('\''),
            false => &self.text,
        }
    }

    /// For the beginning of a sentence.
    pub(crate) fn at_start(&self) -> String {
        let text = self.in_sentence();
        match text.strip_prefix("the ") {
            Some(rest) if self.is_absent() => format!("The {rest}"),
            _ => text.to_owned(),
        }
    }

    /// For a sentence that sends somebody to a name which only the responder gave.
    pub(crate) fn with_origin(&self) -> Cow<'_, str> {
        match self.role == NameRole::Responder && self.allowed == AllowedUse::Sentence && !self.is_absent() {
            true => format!("{} (reported by the responder, in no list)", self.text).into(),
            false => self.in_sentence().into(),
        }
    }

    /// For a query: the name or the placeholder.
    pub(crate) fn in_query(&self) -> &str {
        match (self.allowed, self.role) {
            (AllowedUse::Sentence, role) => role.placeholder(),
            (_, NameRole::Spn | NameRole::Domain) => &self.text,
            _ => self.text.trim_end_matches('.'),
        }
    }

    /// For a command that connects to the host or changes the account: the name or the placeholder.
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

    /// The first label of a host for a query, such as the `Name` of a computer.
    pub(crate) fn label(&self) -> &str {
        match self.allowed {
            AllowedUse::Sentence => self.in_query(),
            _ => self.in_query().split('.').next().unwrap_or(self.in_query()),
        }
    }

    /// The label as a computer's sAMAccountName has it, without `$`: cut to 15 characters (MS-NBTE 2.2.1).
    pub(crate) fn netbios_label(&self) -> &str {
        match self.allowed {
            AllowedUse::Sentence => self.in_query(),
            // The characters of a host are ASCII.
            _ => self.label().get(..15).unwrap_or(self.label()),
        }
    }

    /// The DNS domain of a full host name.
    pub(crate) fn dns_suffix(&self) -> Option<&str> {
        match self.allowed {
            AllowedUse::Sentence => None,
            _ => self.in_query().split_once('.').map(|(_, domain)| domain),
        }
    }

    /// An account's name inside an LDAP filter in single quotes, or the placeholder.
    pub(crate) fn in_filter(&self) -> &str {
        if self.is_quoted { self.unquoted() } else { self.in_query() }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.in_sentence())
    }
}

/// Letters, digits, `.`, `-` and `_`: nothing that a shell reads, no option, no path.
pub(crate) fn is_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &[u8]| {
        label.first().is_some_and(|first| first.is_ascii_alphanumeric() || *first == b'_')
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= MAX_HOST && text.as_bytes().split(|byte| *byte == b'.').all(label)
}

/// A sAMAccountName that is inert in single quotes and in an LDAP filter: `$` only at its end.
pub(crate) fn is_account(text: &str) -> bool {
    let name = text.strip_suffix('$').unwrap_or(text);
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    text.len() <= MAX_ACCOUNT
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !name.ends_with(' ')
        && name.chars().all(inner)
}

/// An SPN whose parts, between `/` and `:`, have host characters only.
fn is_spn(text: &str) -> bool {
    text.len() <= MAX_SPN && text.split(['/', ':']).all(is_host)
}

/// One line for an elevated Windows PowerShell 5.1, and where to run it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) struct Command {
    /// The machine to run it on, for people; without one any management host will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<String>,
    pub(crate) line: Cow<'static, str>,
}

impl Command {
    /// To run on any management host.
    pub(crate) fn new(line: impl Into<Cow<'static, str>>) -> Self {
        Self { on: None, line: line.into() }
    }

    /// To run on this host.
    pub(crate) fn on(host: &Name, line: impl Into<Cow<'static, str>>) -> Self {
        Self::at(host.with_origin(), line)
    }

    /// To run at a place in words, such as `the DNS server`.
    pub(crate) fn at(place: impl Into<String>, line: impl Into<Cow<'static, str>>) -> Self {
        Self { on: Some(place.into()), line: line.into() }
    }
}

/// Commands as a sentence's end: `on srv1: ..., ...`. The place is given once for commands that share
/// it. Lists of a report separate their items with `; `, so no text has that.
pub(crate) fn sentence(commands: &[Command]) -> impl fmt::Display {
    Sentence { commands, on: "on" }
}

/// The same as a sentence of its own.
pub(crate) fn whole_sentence(commands: &[Command]) -> impl fmt::Display {
    Sentence { commands, on: "On" }
}

struct Sentence<'c> {
    commands: &'c [Command],
    /// The first word, where a place follows it.
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
