//! Findings: what is wrong in each incident, how sure that is, what proves it, and what to do.
//!
//! One idea carries it (`docs/causes.md`): whose key encrypted the ticket, who answered, who was meant.
//! [`case`] answers the three questions from the names and inventories, [`rules`] decides in one table,
//! [`story`] tells it, [`problems`] groups what one repair ends.

mod advice;
mod age;
mod beside;
mod case;
mod conflicts;
mod evidence;
mod ownership;
mod patterns;
mod problems;
mod proofs;
mod rules;
mod signals;
mod story;
mod topics;

pub use advice::fix;
pub use advice::{Wanted, is_silence, silence, wanted};
pub use age::{FileDates, LogDates};
pub use case::{Case, Knowledge, Shape};
pub use evidence::Evidence;
pub use problems::{RowNames, order, problem_named};
pub use rules::{RULES, Rule, table};
pub use topics::{Topic, topic};

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::incidents::Incident;

/// Why a ticket could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The client reached itself by an address that it and the target both own.
    LoopbackSharedIp,
    /// The directory points at an account that is not the one that answered.
    DuplicateSpn,
    /// One account, two keys.
    PasswordMismatch,
    /// The connection reached a machine that was not meant.
    WrongHost,
    Undetermined,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    Possible,
    Likely,
    /// An inventory or another event proves it.
    Confirmed,
}

/// The cause in more detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    BmcUsbNic,
    VirtualSwitch,
    ClusterOrNlbAddress,
    OtherSharedAddress,
    /// Loopback by its shape; the addresses that would show it are not known.
    AddressesUnknown,
    Misplaced,
    Duplicate,
    SameNameTwoDomains,
    MachineAccount,
    ServiceAccount,
    EncryptionType,
    StaleTicket,
    /// Another host answered by an address that it and the target both own.
    SharedAddress,
    ClusterOrAlias,
    StaleDns,
    NotEnoughData,
}

impl Cause {
    pub const ALL: [Self; 5] = [
        Self::LoopbackSharedIp,
        Self::DuplicateSpn,
        Self::PasswordMismatch,
        Self::WrongHost,
        Self::Undetermined,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::LoopbackSharedIp => "loopback-shared-ip",
            Self::DuplicateSpn => "duplicate-spn",
            Self::PasswordMismatch => "password-mismatch",
            Self::WrongHost => "wrong-host",
            Self::Undetermined => "undetermined",
        }
    }

    /// What it is, in half a sentence, for somebody who meets it for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LoopbackSharedIp => {
                "the client reached itself, by an address that it and the target both own"
            }
            Self::DuplicateSpn => "the directory points at another account than the one that answered",
            Self::PasswordMismatch => "one account, two keys: a password, an encryption type, an old ticket",
            Self::WrongHost => "the connection reached a machine that was not meant",
            Self::Undetermined => "what was read does not tell; each incident says what to collect",
        }
    }
}

impl Confidence {
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Likely, Self::Possible];

    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }

    /// One step less sure.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::Confirmed => Self::Likely,
            Self::Likely | Self::Possible => Self::Possible,
        }
    }
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::BmcUsbNic,
        Self::VirtualSwitch,
        Self::ClusterOrNlbAddress,
        Self::OtherSharedAddress,
        Self::AddressesUnknown,
        Self::Misplaced,
        Self::Duplicate,
        Self::SameNameTwoDomains,
        Self::MachineAccount,
        Self::ServiceAccount,
        Self::EncryptionType,
        Self::StaleTicket,
        Self::SharedAddress,
        Self::ClusterOrAlias,
        Self::StaleDns,
        Self::NotEnoughData,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::BmcUsbNic => "bmc-usb-nic",
            Self::VirtualSwitch => "virtual-switch",
            Self::ClusterOrNlbAddress => "cluster-or-nlb-address",
            Self::OtherSharedAddress => "other-shared-address",
            Self::AddressesUnknown => "addresses-unknown",
            Self::Misplaced => "misplaced",
            Self::Duplicate => "duplicate",
            Self::SameNameTwoDomains => "same-name-two-domains",
            Self::MachineAccount => "machine-account",
            Self::ServiceAccount => "service-account",
            Self::EncryptionType => "encryption-type",
            Self::StaleTicket => "stale-ticket",
            Self::SharedAddress => "shared-address",
            Self::ClusterOrAlias => "cluster-or-alias",
            Self::StaleDns => "stale-dns",
            Self::NotEnoughData => "not-enough-data",
        }
    }
}

/// A name that is none of a list's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is no {what}; it is one of {known}")]
pub struct UnknownName {
    pub name: String,
    pub what: &'static str,
    pub known: String,
}

/// These are written and read by their names, in every format.
macro_rules! by_name {
    ($($type:ty => $what:literal),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL.into_iter().find(|one| one.name() == name).ok_or_else(|| UnknownName {
                    name: name.to_owned(),
                    what: $what,
                    known: Self::ALL.map(Self::name).join(", "),
                })
            }
        }

        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
by_name!(Cause => "cause", Confidence => "confidence", Kind => "kind");

/// What was found out about one incident. Texts hold names as the log has them; whoever writes them guards them.
#[derive(Debug, Clone)]
pub struct Finding {
    pub incident: Incident,
    pub incident_id: String,
    pub problem_id: String,
    /// The thing to repair, as a person would name it (`address 169.254.95.120`, `SPN HTTP/portal...`).
    pub problem: String,
    /// The row of [`RULES`] that decided: its shape and what it asks for.
    pub row: (Shape, &'static str),
    pub cause: Cause,
    pub kind: Kind,
    pub confidence: Confidence,
    pub service_class: String,
    pub target_host: String,
    pub shared_addresses: Vec<IpAddr>,
    pub explanation: String,
    /// What proves it, what speaks against it, and the other causes and why they were not chosen.
    pub evidence: Vec<String>,
    /// What would settle it, each with the command that collects it.
    pub missing: Vec<String>,
    /// Steps in safe order.
    pub fix: Vec<String>,
}

/// Decides every incident, and orders the findings by problem, the one that hurts most clients first.
pub fn diagnose(incidents: Vec<Incident>, knowledge: &Knowledge<'_>) -> Vec<Finding> {
    use rayon::prelude::*;
    let patterns = patterns::Patterns::of(&incidents, knowledge);
    let mut findings: Vec<Finding> = incidents
        .into_par_iter()
        .map(|incident| {
            let case = Case::new(&incident, knowledge, &patterns);
            let verdict = rules::decide(&case);
            story::tell(&case, verdict)
        })
        .collect();
    order(&mut findings);
    findings
}
