//! What was found, as data: each fact knows its names, addresses and where it stands. Text is made from it once.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::{Cause, Kind};
use crate::inventory::Source;
use crate::inventory::accounts::Account;
use crate::inventory::addresses::OwnedAddress;

/// What an item of evidence does for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceRole {
    /// It supports the verdict.
    For,
    /// It speaks against the verdict.
    Against,
    /// It says why another cause was not chosen.
    Excludes,
    /// A cause that fits as well and is not excluded.
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

/// One item of evidence.
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

/// How an item begins in a list of texts that speaks against the verdict.
pub(crate) const AGAINST: &str = "against it: ";

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.role == EvidenceRole::Against {
            f.write_str(AGAINST)?;
        }
        self.fact.fmt(f)
    }
}

/// How an event of a log relates to the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It decides, or contradicts.
    Decisive,
    /// Logged near the events, and of no weight for the verdict.
    Near,
    /// It shows what a host has or is, whenever it was logged.
    Timeless,
}

/// An event of a log, quoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotedEvent {
    pub at: Timestamp,
    pub computer: Box<str>,
    pub provider: &'static str,
    pub event_id: u16,
    /// Its values, without those that change with every event.
    pub values: Box<str>,
    /// How many such events there are.
    pub count: u64,
    pub says: &'static str,
}

impl fmt::Display for QuotedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {} on {}", self.at, self.provider, self.event_id, self.computer)?;
        if !self.values.is_empty() {
            write!(f, " ({})", self.values)?;
        }
        if self.count > 1 {
            write!(f, ", {} times in all", self.count)?;
        }
        write!(f, ": {}", self.says)
    }
}

/// An account as evidence shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountName {
    pub account: Box<str>,
    /// DNS domain; empty where unknown.
    pub domain: Box<str>,
    #[serde(serialize_with = "as_text")]
    pub source: Option<Source>,
}

impl AccountName {
    pub(super) fn of(account: &Account) -> Self {
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

#[allow(clippy::ref_option, reason = "serde's signature")]
fn as_text<S: serde::Serializer>(source: &Option<Source>, serializer: S) -> Result<S::Ok, S::Error> {
    match source {
        Some(source) => serializer.collect_str(source),
        None => serializer.serialize_none(),
    }
}

fn source_text<S: serde::Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(source)
}

/// One fact. The names of the variants and fields are published in JSON (`docs/schema`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// A host owns an address.
    Owns {
        host: Box<str>,
        address: IpAddr,
        adapter: Option<Box<str>>,
        at: Option<Timestamp>,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    /// How many hosts of the inventories own an address.
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
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    /// An address was leased to, or registered by, the host itself.
    Leased {
        host: Box<str>,
        address: IpAddr,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    /// Two names are one host, as an inventory has it.
    OtherName {
        name: Box<str>,
        host: Box<str>,
        place: Box<str>,
    },
    /// A CNAME.
    Alias {
        name: Box<str>,
        host: Box<str>,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    /// A name that belongs to no computer of the lists.
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
    /// The KDC that was asked finds this owner first.
    KdcFinds {
        client: Box<str>,
        #[serde(flatten)]
        account: AccountName,
    },
    /// Two owners in one domain: its KDC issues no ticket.
    NoTicket {
        spn: Box<str>,
        domain: Box<str>,
    },
    PasswordSet {
        account: Box<str>,
        at: Timestamp,
    },
    /// The account changed, perhaps by getting the SPN.
    Changed {
        account: Box<str>,
        at: Timestamp,
    },
    Disabled {
        #[serde(flatten)]
        account: AccountName,
    },
    /// The account's password is so old that nobody uses it.
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
    /// objectClass, or what else shows the class of the account.
    AccountClass {
        class: &'static str,
        #[serde(flatten)]
        account: AccountName,
    },
    /// The name ends in `$`, and no list has it.
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
    /// The responder's name has 15 characters, which begin several names.
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
        #[serde(serialize_with = "source_text")]
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
    /// The ticket was made before a change, and is still alive.
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
    /// A verdict without caveats assumes that this file is of the time of the events.
    Assumed {
        file: Box<str>,
    },
    /// What keeps a verdict from being confirmed, or lowers it.
    Caveat {
        #[serde(flatten)]
        caveat: Caveat,
    },
    /// Why a cause was not chosen.
    NotChosen {
        cause: Cause,
        why: Box<str>,
    },
    /// Another cause that explains the events as well.
    Rival {
        cause: Cause,
        rival: Kind,
        story: &'static str,
    },
    /// A rival, and what excludes it.
    RivalExcluded {
        cause: Cause,
        rival: Kind,
        story: &'static str,
        by: &'static str,
    },
}

/// What speaks against a verdict, or is of another time than the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "caveat", rename_all = "kebab-case")]
pub enum Caveat {
    ResolvesElsewhere {
        name: Box<str>,
        address: IpAddr,
        owner: Box<str>,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    ResolvesToNothing {
        name: Box<str>,
        address: IpAddr,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    /// One export has the address, and another export of the host lacks it.
    AddressDisputed {
        file: Box<str>,
        host: Box<str>,
        address: IpAddr,
    },
    OwnerDisputed {
        account: Box<str>,
        place: Box<str>,
    },
    RegisteredNowhere {
        target: Box<str>,
    },
    ClientOwnsIt {
        client: Box<str>,
        address: IpAddr,
        #[serde(serialize_with = "source_text")]
        source: Source,
    },
    NotRegistered {
        event: QuotedEvent,
    },
    /// The key of the target is broken as well.
    KeyRefused {
        what: &'static str,
        event: QuotedEvent,
    },
    NameTrouble {
        event: QuotedEvent,
    },
    /// The controller that reports it is of another domain than the one that made the ticket.
    OtherController,
    /// A NETLOGON event that names no domain.
    NoDomain {
        host: Box<str>,
    },
    OnlyOwner {
        responder: Box<str>,
    },
    CollectedBefore {
        file: Box<str>,
        at: Timestamp,
        collected: bool,
    },
    WentOn {
        client: Box<str>,
        last: Timestamp,
        to: Timestamp,
        file: Box<str>,
        at: Option<Timestamp>,
    },
    NotShownToGoOn {
        client: Box<str>,
        to: Timestamp,
        file: Box<str>,
        at: Timestamp,
    },
    UndatedFile {
        client: Box<str>,
        to: Timestamp,
        file: Box<str>,
        copied: Timestamp,
    },
    OldList {
        file: Box<str>,
        newest: Timestamp,
    },
    ChangedSince {
        account: Box<str>,
        at: Timestamp,
    },
    InstalledSince {
        host: Box<str>,
        at: Timestamp,
    },
    /// Rows of one file without dates: both were true once, perhaps not at one time.
    UndatedRows {
        file: Box<str>,
        address: IpAddr,
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

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owns { host, address, adapter, at, source } => {
                write!(f, "{host} owns {address}")?;
                if let Some(adapter) = adapter {
                    write!(f, " on {adapter}")?;
                }
                match at {
                    Some(at) => write!(f, " ({source} at {at})"),
                    None => write!(f, " ({source})"),
                }
            }
            Self::Owners { address, owners, hosts } if owners == hosts => {
                write!(f, "{owners} of {hosts} hosts own {address}, all whose addresses are known")
            }
            Self::Owners { address, owners, hosts } => write!(f, "{owners} of {hosts} hosts own {address}"),
            Self::Lacks { host, address, owner } => write!(f, "{host} does not own {address}, {owner} does"),
            Self::Resolves { name, address, owner, source } => {
                write!(f, "{name} resolves to {address} ({source})")?;
                match owner {
                    Some(owner) => write!(f, ", which {owner} owns"),
                    None => Ok(()),
                }
            }
            Self::Leased { host, address, source } => {
                write!(f, "{address} is leased or registered dynamically by {host} ({source})")
            }
            Self::OtherName { name, host, place } => write!(f, "{name} is another name of {host} ({place})"),
            Self::Alias { name, host, source } => {
                write!(f, "{name} is an alias of {host} in DNS ({source}): a CNAME is made on purpose")
            }
            Self::NoComputer { name } => write!(f, "{name} is the name of no computer in the lists"),
            Self::NothingCommon { client, of_client, target, of_target } => write!(
                f,
                "no address in common: {client} owns {}, {target} owns {}",
                Addresses(of_client),
                Addresses(of_target)
            ),
            Self::Registered { spn, via_host: false, account } => {
                write!(f, "{spn} is registered on {account} ({})", account.place())
            }
            Self::Registered { spn, via_host: true, account } => write!(
                f,
                "{spn} itself is registered nowhere, and its HOST form is on {account} ({})",
                account.place()
            ),
            Self::MoreOwners { count } => write!(f, "and {count} more accounts"),
            Self::KdcFinds { client, account } => {
                write!(f, "the KDC of {client}'s domain finds {account} first")
            }
            Self::NoTicket { spn, domain } => write!(
                f,
                "a KDC that finds two owners of {spn} in {domain} issues no ticket and logs event 11: the ticket was made \
                 before or after this list, or by another domain's KDC"
            ),
            Self::PasswordSet { account, at } => write!(f, "the password of {account} was last set {at}"),
            Self::Changed { account, at } => {
                write!(f, "{account} was changed {at} (whenChanged): the SPN may have come then")
            }
            Self::Disabled { account } => write!(f, "{account} is disabled ({})", account.place()),
            Self::Unused { set, account } => {
                write!(
                    f,
                    "the password of {account} is of {set} ({}): the account is probably unused",
                    account.place()
                )
            }
            Self::OperatingSystem { system, account } => {
                write!(f, "{account} runs {system} ({})", account.place())
            }
            Self::EncryptionTypes { types, account } => write!(
                f,
                "msDS-SupportedEncryptionTypes of {account} is {types} ({}, {})",
                EncryptionTypes(*types),
                account.place()
            ),
            Self::AccountClass { class, account } => write!(f, "{account} is {class} ({})", account.place()),
            Self::UnlistedAccount { account } => write!(
                f,
                "no list has {account}: a name that ends in $ may be a computer, a managed service account (gMSA), a cluster \
                 name or an appliance"
            ),
            Self::ReachedTarget { responder, target } => {
                write!(f, "{responder} answered for {target}: the connection reached the target")
            }
            Self::ReachedItself { responder, target } => write!(
                f,
                "{responder} answered, the client's own account, and {target} is another host: the client reached itself"
            ),
            Self::TwoMachines { responder, target } => {
                write!(f, "{responder} answered for {target}: two machines by their names")
            }
            Self::ServiceName { responder, target } => write!(
                f,
                "{responder} answered for {target}: an SPN as the responder's name shows no account, and is typical of a keytab \
                 (Java, Linux, NAS)"
            ),
            Self::NoHost { responder } => write!(f, "{responder} answered, an account that is no host"),
            Self::CutName { responder, names } => write!(
                f,
                "{responder} has 15 characters, the length at which NetBIOS names are cut: it may be any of {}",
                names.join(", ")
            ),
            Self::OneShortName { responder, target, realms } => write!(
                f,
                "{responder} and {target} have one short name, and the realms are {}",
                realms.join(" and ")
            ),
            Self::Exists { name, domain, place } => write!(f, "{name} exists in {domain} ({place})"),
            Self::ClusterName { spn, account } => {
                write!(f, "{account} is a cluster's virtual computer: it owns {spn} ({})", account.place())
            }
            Self::ClusterNode { responder, shows, domain, place } => {
                write!(
                    f,
                    "{responder} has the {shows} of a cluster node ({place}), and {domain} has one cluster"
                )
            }
            Self::NoClusterNode { responder } => write!(
                f,
                "{responder} has no MSServerClusterMgmtAPI SPN, as the nodes of that cluster have: it is none of them"
            ),
            Self::OwnName { name, address, host, source } => write!(
                f,
                "{name} resolves to {address} ({source}), the address of {host} itself: a cluster's name has one of its own"
            ),
            Self::BareName { name } => write!(
                f,
                "{name} has no service class, and no inventory has a host of that name: cluster resources are addressed so"
            ),
            Self::ServiceClass { class } => {
                write!(f, "{class} services often run under an account of their own")
            }
            Self::AccountTarget { target } => {
                write!(f, "the target {target} is the account itself, so no SPN is involved")
            }
            Self::ClassesFail { count, host } => {
                write!(f, "{count} service classes fail for {host}: they share the account's key")
            }
            Self::WithinTicketLifetime { hours } => write!(
                f,
                "all events lie within {hours} hours after that: tickets made before the change live no longer"
            ),
            Self::Event { relation: Relation::Decisive, event } => event.fmt(f),
            Self::Event { relation: Relation::Near, event } => write!(f, "near that time: {event}"),
            Self::Event { relation: Relation::Timeless, event } => write!(f, "also in the logs: {event}"),
            Self::MoreEvents { count } => write!(f, "and {count} other events near that time"),
            Self::FromSlack { count } => write!(f, "{count} of the events were read from slack space"),
            Self::MissingName { what } => write!(f, "the event does not name {what}"),
            Self::UnknownTarget { target } => write!(f, "{target} names no host that an inventory knows"),
            Self::RealmTarget { target } => write!(
                f,
                "{target} names a realm and no host: the keys of a trust, or the signatures in a ticket (PAC)"
            ),
            Self::DomainTarget { target } => write!(
                f,
                "{target} is the domain's own name: any domain controller answers for it, and its DNS records must stay"
            ),
            Self::CloudService { target, service } => {
                write!(f, "{target} is {service}, and its account answered")
            }
            Self::DirectoryServer { guid, responder } => write!(
                f,
                "{guid} is the GUID of a domain controller's directory service: replication asked for {responder}'s key"
            ),
            Self::PerhapsAnother { responder } => write!(
                f,
                "{responder} may be another machine than the name suggests: the event does not show its domain"
            ),
            Self::Assumed { file } => write!(
                f,
                "nothing shows when {file} was collected; it is assumed to be from the time of the events (a column \
                 collected shows it)"
            ),
            Self::Caveat { caveat } => caveat.fmt(f),
            Self::NotChosen { cause, why } => write!(f, "not {cause}: {why}"),
            Self::Rival { cause, story, .. } => write!(f, "{cause} fits as well: {story}"),
            Self::RivalExcluded { cause, story, by, .. } => {
                write!(f, "not {cause}: {story} is excluded by {by}")
            }
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResolvesElsewhere { name, address, owner, source } => write!(
                f,
                "{name} resolves to {address}, which {owner} alone owns ({source}): the client may have followed the name"
            ),
            Self::ResolvesToNothing { name, address, source } => write!(
                f,
                "{name} resolves to {address} ({source}), which no list has on {name}: one of them may be outdated"
            ),
            Self::AddressDisputed { file, host, address } => write!(
                f,
                "{file} lists other addresses of {host} and not {address}: one of the inventories may be outdated"
            ),
            Self::OwnerDisputed { account, place } => write!(
                f,
                "the account lists disagree whether {account} has the SPN ({place} says so): one of them may be outdated"
            ),
            Self::RegisteredNowhere { target } => write!(
                f,
                "no account in the lists has {target}, and yet there was a ticket for it: the lists may be outdated"
            ),
            Self::ClientOwnsIt { client, address, source } => write!(
                f,
                "{client} itself owns {address} ({source}), and would have reached itself through it"
            ),
            Self::NotRegistered { event } => write!(f, "the directory had no owner of the SPN: {event}"),
            Self::KeyRefused { what, event } => {
                write!(f, "the password of the {what} itself is refused too: {event}")
            }
            Self::NameTrouble { event } => write!(f, "the directory reports trouble with the name too: {event}"),
            Self::OtherController => f.write_str(
                "the domain controller that reports it is of another domain than the one that made the ticket",
            ),
            Self::NoDomain { host } => write!(
                f,
                "that event names no domain: it may be about another machine of the name {host}"
            ),
            Self::OnlyOwner { responder } => write!(
                f,
                "the account lists have the SPN on {responder} alone: another owner may have been removed since"
            ),
            Self::CollectedBefore { file, at, collected } => {
                let was = if *collected { "collected" } else { "written" };
                write!(f, "{file} was {was} {at}, before the first of these events, and may have changed since")
            }
            Self::WentOn { client, last, to, file, at } => {
                write!(
                    f,
                    "the last of these events is of {last}, and the log of {client} continues to {to} without one, while \
                     {file} "
                )?;
                match at {
                    Some(at) => write!(f, "is of {at}")?,
                    None => f.write_str("has no known date")?,
                }
                f.write_str(": somebody may have changed in between what it shows")
            }
            Self::NotShownToGoOn { client, to, file, at } => write!(
                f,
                "{file} is of {at}, and the log of {client} ends {to}: nothing shows that the trouble still went on when it \
                 was collected"
            ),
            Self::UndatedFile { client, to, file, copied } => write!(
                f,
                "the date of {file} is unknown (the log of {client} ends {to}, and its file is of {copied}, so the files lost \
                 their dates), and names and addresses change by themselves"
            ),
            Self::OldList { file, newest } => write!(
                f,
                "the newest change in {file} is of {newest}: the list may be older than the events"
            ),
            Self::ChangedSince { account, at } => write!(
                f,
                "{account} was changed {at}, after the last of these events (whenChanged): the SPN may have been registered \
                 there since"
            ),
            Self::InstalledSince { host, at } => write!(
                f,
                "{host} installed a USB network adapter at {at}, after the last of these events: it may not have had it before"
            ),
            Self::UndatedRows { file, address } => write!(
                f,
                "{file} has no date for either owner of {address}: a list that accumulates keeps hosts that had the address \
                 earlier, so it may have moved from one to the other (DHCP lease)"
            ),
        }
    }
}

/// Addresses shown in one fact; a cluster of hundreds must not fill a cell.
pub(super) const MAX_ADDRESSES: usize = 4;

struct Addresses<'a>(&'a [IpAddr]);

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().take(MAX_ADDRESSES).map(ToString::to_string).collect();
        f.write_str(&shown.join(", "))?;
        match self.0.len().checked_sub(MAX_ADDRESSES) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

/// The names of a bit field of encryption types (MS-KILE 2.2.7).
struct EncryptionTypes(u32);

impl fmt::Display for EncryptionTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u32, &str); 4] = [(0x3, "DES"), (0x4, "RC4"), (0x8, "AES128"), (0x10, "AES256")];
        let names: Vec<&str> =
            NAMES.iter().filter(|(bits, _)| self.0 & bits != 0).map(|(_, name)| *name).collect();
        match names.is_empty() {
            true => f.write_str("the domain controller's default"),
            false => f.write_str(&names.join(", ")),
        }
    }
}
