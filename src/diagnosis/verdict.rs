//! The vocabulary of a verdict: cause, kind, confidence. Every format writes and reads them by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a ticket could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The client reached itself through an address that it and the target both own.
    LoopbackSharedIp,
    /// The SPN is on another account than the one that answered.
    DuplicateSpn,
    /// One account has two keys.
    PasswordMismatch,
    /// The connection reached another machine than the target.
    WrongHost,
    /// The input does not show the cause.
    Undetermined,
}

/// How far the evidence goes, from [`Confidence::Possible`] to [`Confidence::Confirmed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Confidence {
    /// Something has to be collected first.
    Possible = 1,
    /// The evidence fits this cause, and a rival is not excluded.
    Likely = 2,
    /// The evidence fits this cause and no other realistic one.
    Confirmed = 3,
}

/// The cause in more detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A management controller's network card on USB, which has one address on every server of the vendor.
    BmcUsbNic,
    /// A switch inside the host: Hyper-V, VMware, VirtualBox, Docker, WSL.
    VirtualSwitch,
    /// An address that several hosts share on purpose. Also a kind of [`Cause::WrongHost`].
    ClusterOrNlbAddress,
    /// An address of two hosts on an adapter of no special kind.
    OtherSharedAddress,
    /// Loopback by the names; the addresses that would show it are unknown.
    AddressesUnknown,
    /// The SPN is on another account than the one the service runs under.
    Misplaced,
    /// The SPN is on two or more accounts.
    Duplicate,
    /// Two computers in two domains have one name.
    SameNameTwoDomains,
    /// HTTP: the SPN is on the service account, and Windows itself answered with the machine's key.
    KernelMode,
    /// Two services of one class run on one host under two accounts, and share the SPN.
    TwoServices,
    /// Several nodes serve one name, and the node that answered lacks the key of the shared account.
    SharedName,
    /// A server took over the name of another one, whose account still owns the SPN.
    NameTakenOver,
    /// The SPN is on an account that is disabled or no longer used.
    LeftoverAccount,
    /// The computer's password differs from the one in the directory.
    MachineAccount,
    /// A service uses an old password of its account.
    ServiceAccount,
    /// The host lacks the current password of a managed service account.
    ManagedServiceAccount,
    /// The cluster's stored password of a cluster name (CNO, VCO) is not the directory's.
    ClusterNameAccount,
    /// The key of a trust, or the signatures of a ticket that came through it.
    Trust,
    /// A keytab, or what takes its place on a system other than Windows, is out of date.
    Keytab,
    /// The key of a storage account differs from the password of its account in the directory.
    AzureFiles,
    /// Entra ID has another key of AZUREADSSOACC than the directory.
    EntraSeamlessSso,
    /// The host or keytab has no key of the ticket's encryption type.
    EncryptionType,
    /// The ticket is older than the key or registration.
    StaleTicket,
    /// Another host answered by an address that it and the target both own.
    SharedAddress,
    /// The target is a cluster's name or an alias, and resolves to the host that answered.
    ClusterOrAlias,
    /// The name resolves to an address that belongs to another host.
    StaleDns,
    /// A name is missing, or belongs to nothing known.
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

    /// Half a sentence for somebody who meets the cause for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LoopbackSharedIp => "the client reached itself through an address that both own",
            Self::DuplicateSpn => "the SPN is on another account than the one that answered",
            Self::PasswordMismatch => {
                "one account has two keys: a password, an encryption type, an old ticket"
            }
            Self::WrongHost => "the connection reached another machine than the target",
            Self::Undetermined => "the input does not show the cause; each incident lists what to collect",
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

    /// The next lower confidence; `possible` is the lowest.
    #[must_use]
    pub fn lower(self) -> Self {
        match self {
            Self::Confirmed => Self::Likely,
            Self::Likely | Self::Possible => Self::Possible,
        }
    }
}

impl Kind {
    pub const ALL: [Self; 27] = [
        Self::BmcUsbNic,
        Self::VirtualSwitch,
        Self::ClusterOrNlbAddress,
        Self::OtherSharedAddress,
        Self::AddressesUnknown,
        Self::Misplaced,
        Self::Duplicate,
        Self::SameNameTwoDomains,
        Self::KernelMode,
        Self::TwoServices,
        Self::SharedName,
        Self::NameTakenOver,
        Self::LeftoverAccount,
        Self::MachineAccount,
        Self::ServiceAccount,
        Self::ManagedServiceAccount,
        Self::ClusterNameAccount,
        Self::Trust,
        Self::Keytab,
        Self::AzureFiles,
        Self::EntraSeamlessSso,
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
            Self::KernelMode => "kernel-mode",
            Self::TwoServices => "two-services",
            Self::SharedName => "shared-name",
            Self::NameTakenOver => "name-taken-over",
            Self::LeftoverAccount => "leftover-account",
            Self::MachineAccount => "machine-account",
            Self::ServiceAccount => "service-account",
            Self::ManagedServiceAccount => "managed-service-account",
            Self::ClusterNameAccount => "cluster-name-account",
            Self::Trust => "trust",
            Self::Keytab => "keytab",
            Self::AzureFiles => "azure-files",
            Self::EntraSeamlessSso => "entra-seamless-sso",
            Self::EncryptionType => "encryption-type",
            Self::StaleTicket => "stale-ticket",
            Self::SharedAddress => "shared-address",
            Self::ClusterOrAlias => "cluster-or-alias",
            Self::StaleDns => "stale-dns",
            Self::NotEnoughData => "not-enough-data",
        }
    }

    /// The cause that it details. An address shared on purpose also occurs with [`Cause::WrongHost`].
    pub fn cause(self) -> Cause {
        match self {
            Self::BmcUsbNic
            | Self::VirtualSwitch
            | Self::ClusterOrNlbAddress
            | Self::OtherSharedAddress
            | Self::AddressesUnknown => Cause::LoopbackSharedIp,
            Self::Misplaced
            | Self::Duplicate
            | Self::SameNameTwoDomains
            | Self::KernelMode
            | Self::TwoServices
            | Self::SharedName
            | Self::NameTakenOver
            | Self::LeftoverAccount => Cause::DuplicateSpn,
            Self::MachineAccount
            | Self::ServiceAccount
            | Self::ManagedServiceAccount
            | Self::ClusterNameAccount
            | Self::Trust
            | Self::Keytab
            | Self::AzureFiles
            | Self::EntraSeamlessSso
            | Self::EncryptionType
            | Self::StaleTicket => Cause::PasswordMismatch,
            Self::SharedAddress | Self::ClusterOrAlias | Self::StaleDns => Cause::WrongHost,
            Self::NotEnoughData => Cause::Undetermined,
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
