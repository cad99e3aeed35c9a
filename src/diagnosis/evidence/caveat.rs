//! Caveats: evidence against a verdict, or from another time than the events.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::quoted::QuotedEvent;
use crate::inventory::Source;

/// Evidence against a verdict, or from another time than the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "caveat", rename_all = "kebab-case")]
pub enum Caveat {
    ResolvesElsewhere {
        name: Box<str>,
        address: IpAddr,
        owner: Box<str>,
        source: Source,
    },
    ResolvesToNothing {
        name: Box<str>,
        address: IpAddr,
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
    /// NETLOGON 3210 on what may be a domain controller, with a domain that may be another one.
    PerhapsTrust {
        host: Box<str>,
    },
    /// The password was set again between the refusal and the events.
    PasswordReplaced {
        account: Box<str>,
        at: Timestamp,
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
            Self::PerhapsTrust { host } => write!(
                f,
                "the domain of that event may be another one than that of {host}: a domain controller also logs 3210 when the \
                 password of a trust is refused"
            ),
            Self::PasswordReplaced { account, at } => write!(
                f,
                "the password of {account} was set at {at}, between that event and the events 4: another password was refused"
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
                    "the last of these events is from {last}, and the log of {client} continues to {to} without one, while \
                     {file} "
                )?;
                match at {
                    Some(at) => write!(f, "is from {at}")?,
                    None => f.write_str("has no known date")?,
                }
                f.write_str(": somebody may have changed in between what it shows")
            }
            Self::NotShownToGoOn { client, to, file, at } => write!(
                f,
                "{file} is from {at}, and the log of {client} ends {to}: nothing shows that the trouble still went on when it \
                 was collected"
            ),
            Self::UndatedFile { client, to, file, copied } => write!(
                f,
                "the date of {file} is unknown (the log of {client} ends {to}, and its file is from {copied}, so the files lost \
                 their dates), and names and addresses change by themselves"
            ),
            Self::OldList { file, newest } => write!(
                f,
                "the newest change in {file} is from {newest}: the list may be older than the events"
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
