//! Evidence as data: each fact has its names, its addresses and its source.
//!
//! [`quoted`] has the events that evidence quotes, [`caveat`] the facts against a verdict with their sentences, this file
//! all other facts, and [`sentences`] theirs.

mod caveat;
mod quoted;
mod sentences;

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::{Cause, Kind};
use crate::inventory::Source;
use crate::inventory::accounts::Account;
use crate::inventory::addresses::OwnedAddress;

pub(super) use caveat::Caveat;
pub(super) use quoted::QuotedEvent;

/// Maximum number of addresses or accounts in one fact, so that a cluster of hundreds does not fill a cell.
pub(super) const MAX_ADDRESSES: usize = 4;

/// The role of an item of evidence in a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceRole {
    /// The fact supports the verdict.
    For,
    /// The fact contradicts the verdict.
    Against,
    /// The fact excludes another cause.
    Excludes,
    /// The fact is about another cause that also fits.
    Rival,
}

impl EvidenceRole {
    pub const ALL: [Self; 4] = [Self::For, Self::Against, Self::Excludes, Self::Rival];

    pub fn name(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
            Self::Excludes => "excludes",
            Self::Rival => "rival",
        }
    }
}

/// A fact with its role in a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub role: EvidenceRole,
    pub fact: Fact,
}

impl Evidence {
    pub(super) fn supports(fact: Fact) -> Self {
        Self { role: EvidenceRole::For, fact }
    }

    pub(super) fn against(fact: Fact) -> Self {
        Self { role: EvidenceRole::Against, fact }
    }
}

/// Start of the text of an item that speaks against the verdict.
pub(crate) const AGAINST_PREFIX: &str = "against it: ";

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.role == EvidenceRole::Against {
            f.write_str(AGAINST_PREFIX)?;
        }
        self.fact.fmt(f)
    }
}

/// The relation of a quoted event to the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The event is part of the proof.
    Decisive,
    /// The event was logged near the incident and has no weight in the verdict.
    Near,
    /// The event shows a property of a host, whenever it was logged.
    Timeless,
}

/// An account in evidence, with the source that lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountName {
    pub account: Box<str>,
    /// DNS domain; empty if it is unknown.
    pub domain: Box<str>,
    pub source: Option<Source>,
}

impl AccountName {
    pub(super) fn from_account(account: &Account) -> Self {
        Self {
            account: (*account.name).into(),
            domain: (*account.domain).into(),
            source: account.source.clone(),
        }
    }

    fn place(&self) -> String {
        self.source.as_ref().map_or_else(|| "account list".to_owned(), ToString::to_string)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.domain.is_empty() {
            true => f.write_str(&self.account),
            false => write!(f, "{} of {}", self.account, self.domain),
        }
    }
}

/// A fact that an inventory, a log or the event itself shows. JSON reports have the names of the variants and fields
/// (`docs/schema`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// A host owns an address.
    Owns {
        host: Box<str>,
        address: IpAddr,
        adapter: Option<Box<str>>,
        at: Option<Timestamp>,
        source: Source,
    },
    /// Several hosts of the inventories own an address.
    Owners {
        address: IpAddr,
        owners: usize,
        hosts: usize,
    },
    Lacks {
        host: Box<str>,
        address: IpAddr,
        owner: Box<str>,
    },
    /// A name resolves to an address.
    Resolves {
        name: Box<str>,
        address: IpAddr,
        owner: Option<Box<str>>,
        source: Source,
    },
    /// An address was leased to the host, or the host registered it in DNS.
    Leased {
        host: Box<str>,
        address: IpAddr,
        source: Source,
    },
    /// An inventory has two names for one host.
    OtherName {
        name: Box<str>,
        host: Box<str>,
        place: Box<str>,
    },
    /// A CNAME resolves a name to a host.
    Alias {
        name: Box<str>,
        host: Box<str>,
        source: Source,
    },
    /// The account lists have no computer of this name.
    NoComputer {
        name: Box<str>,
    },
    NothingCommon {
        client: Box<str>,
        of_client: Vec<IpAddr>,
        target: Box<str>,
        of_target: Vec<IpAddr>,
    },
    /// An account owns the SPN.
    Registered {
        spn: Box<str>,
        via_host: bool,
        #[serde(flatten)]
        account: AccountName,
    },
    MoreOwners {
        count: usize,
    },
    /// The KDC of the client's domain finds this owner first.
    KdcFinds {
        client: Box<str>,
        #[serde(flatten)]
        account: AccountName,
    },
    /// A domain has two owners of the SPN, so its KDC issues no ticket.
    NoTicket {
        spn: Box<str>,
        domain: Box<str>,
    },
    PasswordSet {
        account: Box<str>,
        at: Timestamp,
    },
    /// The account was changed, and may have got the SPN then.
    Changed {
        account: Box<str>,
        at: Timestamp,
    },
    Disabled {
        #[serde(flatten)]
        account: AccountName,
    },
    /// The account's password is so old that the account is probably unused.
    Unused {
        set: Timestamp,
        #[serde(flatten)]
        account: AccountName,
    },
    OperatingSystem {
        system: Box<str>,
        #[serde(flatten)]
        account: AccountName,
    },
    EncryptionTypes {
        types: u32,
        #[serde(flatten)]
        account: AccountName,
    },
    /// The account is of this class.
    AccountClass {
        class: &'static str,
        #[serde(flatten)]
        account: AccountName,
    },
    /// The responder's name ends in `$`, and no list has it.
    UnlistedAccount {
        account: Box<str>,
    },
    ReachedTarget {
        responder: Box<str>,
        target: Box<str>,
    },
    ReachedItself {
        responder: Box<str>,
        target: Box<str>,
    },
    TwoMachines {
        responder: Box<str>,
        target: Box<str>,
    },
    ServiceName {
        responder: Box<str>,
        target: Box<str>,
    },
    NoHost {
        responder: Box<str>,
    },
    /// The responder's name has 15 characters, with which several names begin.
    CutName {
        responder: Box<str>,
        names: Vec<Box<str>>,
    },
    OneShortName {
        responder: Box<str>,
        target: Box<str>,
        realms: Vec<String>,
    },
    Exists {
        name: Box<str>,
        domain: Box<str>,
        place: Box<str>,
    },
    ClusterName {
        spn: Box<str>,
        #[serde(flatten)]
        account: AccountName,
    },
    ClusterNode {
        responder: Box<str>,
        shows: &'static str,
        domain: Box<str>,
        place: Box<str>,
    },
    NoClusterNode {
        responder: Box<str>,
    },
    OwnName {
        name: Box<str>,
        address: IpAddr,
        host: Box<str>,
        source: Source,
    },
    BareName {
        name: Box<str>,
    },
    ServiceClass {
        class: Box<str>,
    },
    AccountTarget {
        target: Box<str>,
    },
    ClassesFail {
        count: usize,
        host: Box<str>,
    },
    /// A ticket from before the change may still be in use.
    WithinTicketLifetime {
        hours: i64,
    },
    Event {
        relation: Relation,
        #[serde(flatten)]
        event: QuotedEvent,
    },
    MoreEvents {
        count: usize,
    },
    FromSlack {
        count: i64,
    },
    MissingName {
        what: &'static str,
    },
    UnknownTarget {
        target: Box<str>,
    },
    RealmTarget {
        target: Box<str>,
    },
    DomainTarget {
        target: Box<str>,
    },
    CloudService {
        target: Box<str>,
        service: &'static str,
    },
    DirectoryServer {
        guid: Box<str>,
        responder: Box<str>,
    },
    /// The responder may be another machine than its name suggests.
    PerhapsAnother {
        responder: Box<str>,
    },
    /// The verdict assumes that this file is from the time of the events.
    Assumed {
        file: Box<str>,
    },
    /// A reason why the confidence is lower.
    Caveat {
        #[serde(flatten)]
        caveat: Caveat,
    },
    /// A cause was not chosen, for this reason.
    NotChosen {
        cause: Cause,
        why: Box<str>,
    },
    /// A rival is not excluded.
    Rival {
        cause: Cause,
        rival: Kind,
        story: &'static str,
    },
    /// Evidence excludes a rival.
    RivalExcluded {
        cause: Cause,
        rival: Kind,
        story: &'static str,
        by: &'static str,
    },
}

impl Fact {
    pub(super) fn owns(row: &OwnedAddress) -> Self {
        Self::Owns {
            host: (*row.host).into(),
            address: row.address,
            adapter: row.description.as_deref().or(row.interface.as_deref()).map(Into::into),
            at: row.logged_at,
            source: row.source.clone(),
        }
    }
}
