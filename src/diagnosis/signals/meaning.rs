//! The meaning of each kind of signal, as the second half of a sentence.

use super::near::{Concern, NearSignal, is_spn_taken};
use crate::diagnosis::evidence::{Fact, QuotedEvent, Relation};
use crate::events::SignalKind;

impl NearSignal<'_> {
    /// Quotes the signal for evidence.
    pub(crate) fn quote(&self) -> QuotedEvent {
        let signal = &self.recorded.signal;
        QuotedEvent {
            at: self.at,
            computer: signal.computer.clone(),
            provider: signal.provider,
            event_id: signal.event_id,
            values: signal.values.clone(),
            count: self.recorded.occurrences.events,
            says: meaning(self),
        }
    }

    pub(crate) fn as_fact(&self, relation: Relation) -> Fact {
        Fact::Event { relation, event: self.quote() }
    }
}

/// The meaning of the signal, whichever machine logged it.
fn meaning(near: &NearSignal<'_>) -> &'static str {
    let signal = &near.recorded.signal;
    match signal.kind {
        SignalKind::DuplicateName => "the KDC found the name on more than one account",
        SignalKind::NotRegistered => "the KDC found no account with this SPN",
        SignalKind::NoSuitableKey => {
            "the KDC refused a ticket, because the account has no key of the encryption type that was asked for"
        }
        SignalKind::LacksStrongKeys => "the account has no strong keys until its password is set again",
        SignalKind::PasswordRejected if near.concern == Concern::Trust => {
            "another domain refused the password of a trust, which is not the computer's own"
        }
        SignalKind::PasswordRejected => "its domain does not accept its password",
        SignalKind::SessionRefused if near.concern == Concern::Trust => {
            "the account is a trust account (trusted domain), and not the computer's own"
        }
        SignalKind::SessionRefused if near.is_routine => {
            "logged at a routine password change, whose time the account list has (KB810977)"
        }
        SignalKind::SessionRefused if signal.event_id == 5722 => {
            "the domain controller refused a session of the computer; it is also logged at a routine password change (KB810977)"
        }
        SignalKind::SessionRefused => "the domain controller refused a session of the computer",
        SignalKind::NoMachineAccount if near.concern == Concern::Trust => {
            "the account of a trust was not found, and not the computer's own"
        }
        SignalKind::NoMachineAccount if signal.event_id == 5723 => {
            "the domain controller found no account for the computer: on a read-only one the account is not cacheable, and a \
             single event may be transient"
        }
        SignalKind::NoMachineAccount => "the domain has no account for the computer",
        SignalKind::NoLogonServer => "it reached no domain controller, which says nothing of keys",
        SignalKind::OwnNamesRefused => {
            "it could not write its own SPNs or DNS name, often because another account has them"
        }
        SignalKind::TwoAccounts => "the domain controller has more than one account of this name",
        SignalKind::NotALocalName => {
            "a program on this machine authenticated to itself under another host's name: the connection looped back"
        }
        SignalKind::AuthenticationFailed => failure_meaning(signal.error),
        SignalKind::DcomFailed => "DCOM to it failed",
        SignalKind::DcomSuppressed => {
            "repeated DCOM events are not logged, so there were more than are counted"
        }
        SignalKind::WinRmSpnRefused if is_spn_taken(signal) => {
            "the SPNs could not be created: another account has them"
        }
        SignalKind::WinRmSpnRefused => "the SPNs could not be created",
        SignalKind::ServiceLogonFailed => "the service could not log on",
        SignalKind::PolicyLogonFailed if signal.user_id.is_none() => {
            "a logon failed when policy was read: the computer's or that of a user, which the event does not show"
        }
        SignalKind::PolicyLogonFailed => "the computer's own logon failed when it read its policy",
        SignalKind::Restarted if signal.event_id == 6008 => "it had gone down unexpectedly",
        SignalKind::Restarted => "it started, as it does after a snapshot was put back",
        SignalKind::Renamed => "the computer got another name",
        SignalKind::PacRefused => "the rights in a ticket could not be checked, mostly because of a trust",
        SignalKind::OwnAddresses => "it registered these addresses",
        SignalKind::UsbNicInstalled => "a USB network adapter was installed",
        SignalKind::SelfAssigned => "an adapter gave itself an address",
        SignalKind::AddressConflict => "another machine has its address",
        SignalKind::WeakCipherUsed => "the KDC issued a ticket with a cipher that it will refuse (RC4)",
        SignalKind::WeakCipherRefused => "the KDC refused a cipher (RC4) and issued no ticket",
        SignalKind::WeakCipherAllowed => "the domain's default encryption types have a weak one",
        SignalKind::CorruptKeys => "the account's keys are corrupt until its password is set again",
        SignalKind::TrustKeyVersionUnknown => "the KDC lacked the key version of a trust",
        SignalKind::PacNotValid => "the KDC found a ticket whose rights are not signed as they must be",
        SignalKind::AccountLookupFailed => "the account database failed a request of the KDC",
        SignalKind::MachineSidNotUnique => {
            "two machines have one SID (cloned without Sysprep), and updates since August 2025 refuse that"
        }
        SignalKind::DowngradeDenied => "authentication was denied, because it would have fallen back to NTLM",
        SignalKind::PoolLogonFailed => "the identity of an application pool was refused",
        SignalKind::SqlSpnRefused if signal.error == Some(8647) => {
            "SQL Server could not register its SPN, because another account has it"
        }
        SignalKind::SqlSpnRefused => "SQL Server could not register its SPN",
        SignalKind::ManagedPasswordNotFetched => {
            "the password of a managed service account could not be fetched"
        }
        SignalKind::ClusterAccountFailed => "the computer object of a cluster name could not be updated",
        SignalKind::ClusterNoController => "the cluster name reached no writable domain controller",
        SignalKind::ClusterNotInDns => "the cluster name could not be registered in DNS",
        SignalKind::ClusterNameFailed => "the cluster name failed",
        SignalKind::UsnRollback => {
            "a domain controller was restored in a way that replication does not know (USN rollback)"
        }
        SignalKind::SnapshotApplied => "the virtual machine of the domain controller was cloned or set back",
        SignalKind::SpnNotUnique => "the directory refused the SPN, because another account has it",
        SignalKind::ControllerSpnMissing => "the replication SPN of a domain controller is not registered",
        SignalKind::AccountChanged => "the account was changed",
        SignalKind::PasswordReset => "the account's password was reset",
    }
}

/// The meaning of LsaSrv 40960 with this NTSTATUS (ntstatus.h).
fn failure_meaning(code: Option<u32>) -> &'static str {
    match code {
        Some(0xC000_006D) => "the logon was refused: a wrong name, password or key",
        Some(0xC000_005E) => "no domain controller was reached, which says nothing of keys",
        Some(0xC000_0133) => "the clocks differ too much, which is another trouble",
        Some(0xC000_0234) => "the account is locked, which is another trouble",
        _ => "the authentication failed",
    }
}
