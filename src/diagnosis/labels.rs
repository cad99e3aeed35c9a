//! Labels for people: the one table of words for the identifiers of causes and kinds. CSV and JSON keep the identifiers.

use super::verdict::{Cause, Kind};

impl Cause {
    /// Label for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::LoopbackSharedIp => "Client reached itself",
            Self::DuplicateSpn => "SPN or name on another account",
            Self::PasswordMismatch => "Different keys",
            Self::WrongHost => "Wrong host answered",
            Self::Undetermined => "Not enough data",
        }
    }
}

impl Kind {
    /// Label for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::BmcUsbNic => "Management card with a shared address",
            Self::VirtualSwitch => "Virtual switch with a shared address",
            Self::ClusterOrNlbAddress => "Cluster or load balancer address",
            Self::OtherSharedAddress => "Shared address",
            Self::AddressesUnknown => "Client reached itself, address unknown",
            Self::Misplaced => "SPN on the wrong account",
            Self::Duplicate => "Duplicate SPN",
            Self::SameNameTwoDomains => "Same computer name in two domains",
            Self::KernelMode => "IIS kernel-mode authentication",
            Self::TwoServices => "Two services behind one SPN",
            Self::SharedName => "One name for several hosts",
            Self::NameTakenOver => "Name taken over by another server",
            Self::LeftoverAccount => "SPN on a leftover account",
            Self::MachineAccount => "Machine password out of sync",
            Self::ServiceAccount => "Service runs with an old password",
            Self::ManagedServiceAccount => "Managed service account password missing",
            Self::ClusterNameAccount => "Cluster name password out of sync",
            Self::Trust => "Trust key out of sync",
            Self::Keytab => "Outdated keytab",
            Self::AzureFiles => "Storage account key out of sync",
            Self::EntraSeamlessSso => "Entra seamless SSO key out of sync",
            Self::EncryptionType => "Encryption type without a key",
            Self::StaleTicket => "Outdated ticket",
            Self::SharedAddress => "Another host with the same address answered",
            Self::ClusterOrAlias => "Cluster name or alias",
            Self::StaleDns => "Outdated DNS record",
            Self::NotEnoughData => "Not enough data",
        }
    }
}

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
