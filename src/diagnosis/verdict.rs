//! Cause, kind and confidence of a verdict. Every format writes and reads them by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The reason why a ticket could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The client reached itself through an address that it and the target both own.
    LoopbackSharedIp,
    /// The SPN is on another account than the one that answered.
    DuplicateSpn,
    /// The responder has another key than the directory has for its account.
    PasswordMismatch,
    /// The connection reached another machine than the target.
    WrongHost,
    /// The input does not show the cause.
    Undetermined,
}

/// The strength of the evidence for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Confidence {
    /// Data is missing, and other causes fit as well.
    Possible = 1,
    /// The evidence supports this cause, but does not exclude every other one.
    Likely = 2,
    /// The evidence supports this cause and excludes every other realistic one.
    Confirmed = 3,
}

/// A cause in more detail. The order puts the most specific kind of adapter first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The shared address is on the USB network card of a management controller. It is the same on every server of a vendor.
    BmcUsbNic,
    /// The shared address is on a switch inside the host: Hyper-V, VMware, VirtualBox, Docker, WSL.
    VirtualSwitch,
    /// Several hosts share the address on purpose. Also a kind of [`Cause::WrongHost`].
    ClusterOrNlbAddress,
    /// The shared address is on an adapter of no special kind.
    OtherSharedAddress,
    /// The names show that the client reached itself. The addresses that would show how are unknown.
    AddressesUnknown,
    /// The SPN is on another account than the one that the service runs under.
    Misplaced,
    /// The SPN is on two or more accounts.
    Duplicate,
    /// Two computers in two domains have one name.
    SameNameTwoDomains,
    /// An HTTP SPN is on the service account, and Windows itself answered with the machine's key.
    KernelMode,
    /// Two services of one class run on one host under two accounts, and share the SPN.
    TwoServices,
    /// Several nodes serve one name, and the node that answered lacks the key of the shared account.
    SharedName,
    /// A server took over the name of another server, whose account still owns the SPN.
    NameTakenOver,
    /// The SPN is on an account that is disabled or no longer used.
    LeftoverAccount,
    /// The computer's password differs from the one in the directory.
    MachineAccount,
    /// A service uses an old password of its account.
    ServiceAccount,
    /// The host lacks the current password of a managed service account.
    ManagedServiceAccount,
    /// The cluster has another password of a cluster name (CNO, VCO) than the directory.
    ClusterNameAccount,
    /// The key of a trust differs between its sides, or the PAC of a ticket through the trust was refused.
    Trust,
    /// The keytab of a system other than Windows is out of date.
    Keytab,
    /// The key of a storage account differs from the password of its account in the directory.
    AzureFiles,
    /// Entra ID has another key of AZUREADSSOACC than the directory.
    EntraSeamlessSso,
    /// The host or keytab has no key of the ticket's encryption type.
    EncryptionType,
    /// The ticket is older than the current key or the registration of the SPN.
    StaleTicket,
    /// Another host answered by an address that it and the target both own.
    SharedAddress,
    /// The target is a cluster's name or an alias, and resolves to the host that answered.
    ClusterOrAlias,
    /// The name resolves to an address that belongs to another host.
    StaleDns,
    /// The input does not show the cause.
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

    /// The identifier in reports.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The label for people.
    pub fn label(self) -> &'static str {
        self.row().1
    }

    /// The second half of a sentence for a reader who does not know the cause.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    /// Identifier, label and meaning.
    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::LoopbackSharedIp => (
                "loopback-shared-ip",
                "Client reached itself",
                "the client reached itself through an address that both own",
            ),
            Self::DuplicateSpn => (
                "duplicate-spn",
                "SPN or name on another account",
                "the SPN is on another account than the one that answered",
            ),
            Self::PasswordMismatch => (
                "password-mismatch",
                "Different keys",
                "one account has two keys: a password, an encryption type, an old ticket",
            ),
            Self::WrongHost => (
                "wrong-host",
                "Wrong host answered",
                "the connection reached another machine than the target",
            ),
            Self::Undetermined => (
                "undetermined",
                "Not enough data",
                "the input does not show the cause; each incident lists what to collect",
            ),
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

    /// The identifier in reports.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The cause that it details. [`ClusterOrNlbAddress`](Self::ClusterOrNlbAddress) also occurs with [`Cause::WrongHost`].
    pub fn cause(self) -> Cause {
        self.row().1
    }

    /// The label for people.
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// Identifier, cause and label.
    #[rustfmt::skip]
    fn row(self) -> (&'static str, Cause, &'static str) {
        use Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, Undetermined, WrongHost};
        match self {
            Self::BmcUsbNic => ("bmc-usb-nic", LoopbackSharedIp, "Management card with a shared address"),
            Self::VirtualSwitch => ("virtual-switch", LoopbackSharedIp, "Virtual switch with a shared address"),
            Self::ClusterOrNlbAddress => ("cluster-or-nlb-address", LoopbackSharedIp, "Cluster or load balancer address"),
            Self::OtherSharedAddress => ("other-shared-address", LoopbackSharedIp, "Shared address"),
            Self::AddressesUnknown => ("addresses-unknown", LoopbackSharedIp, "Client reached itself, address unknown"),
            Self::Misplaced => ("misplaced", DuplicateSpn, "SPN on the wrong account"),
            Self::Duplicate => ("duplicate", DuplicateSpn, "Duplicate SPN"),
            Self::SameNameTwoDomains => ("same-name-two-domains", DuplicateSpn, "Same computer name in two domains"),
            Self::KernelMode => ("kernel-mode", DuplicateSpn, "IIS kernel-mode authentication"),
            Self::TwoServices => ("two-services", DuplicateSpn, "Two services behind one SPN"),
            Self::SharedName => ("shared-name", DuplicateSpn, "One name for several hosts"),
            Self::NameTakenOver => ("name-taken-over", DuplicateSpn, "Name taken over by another server"),
            Self::LeftoverAccount => ("leftover-account", DuplicateSpn, "SPN on a leftover account"),
            Self::MachineAccount => ("machine-account", PasswordMismatch, "Machine password out of sync"),
            Self::ServiceAccount => ("service-account", PasswordMismatch, "Service runs with an old password"),
            Self::ManagedServiceAccount => ("managed-service-account", PasswordMismatch, "Managed service account password missing"),
            Self::ClusterNameAccount => ("cluster-name-account", PasswordMismatch, "Cluster name password out of sync"),
            Self::Trust => ("trust", PasswordMismatch, "Trust key out of sync"),
            Self::Keytab => ("keytab", PasswordMismatch, "Outdated keytab"),
            Self::AzureFiles => ("azure-files", PasswordMismatch, "Storage account key out of sync"),
            Self::EntraSeamlessSso => ("entra-seamless-sso", PasswordMismatch, "Entra seamless SSO key out of sync"),
            Self::EncryptionType => ("encryption-type", PasswordMismatch, "Encryption type without a key"),
            Self::StaleTicket => ("stale-ticket", PasswordMismatch, "Outdated ticket"),
            Self::SharedAddress => ("shared-address", WrongHost, "Another host with the same address answered"),
            Self::ClusterOrAlias => ("cluster-or-alias", WrongHost, "Cluster name or alias"),
            Self::StaleDns => ("stale-dns", WrongHost, "Outdated DNS record"),
            Self::NotEnoughData => ("not-enough-data", Undetermined, "Not enough data"),
        }
    }
}

/// A text that is not the name of a cause, kind or confidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is no {what}; it is one of {known}")]
pub struct UnknownName {
    pub name: String,
    pub what: &'static str,
    pub known: String,
}

/// Implements `Display`, `FromStr` and serde by name.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_label_of_its_own_that_is_no_identifier() {
        let mut labels: Vec<_> = Kind::ALL.map(Kind::label).to_vec();
        for (kind, label) in Kind::ALL.into_iter().zip(&labels) {
            assert_ne!(kind.name(), *label);
            assert!(label.starts_with(char::is_uppercase) && !label.ends_with('.'), "{label}");
        }
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Kind::ALL.len());
    }
}
