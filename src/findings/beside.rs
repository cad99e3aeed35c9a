//! Events near an incident: how each is quoted, what it says, and those that no proof used. Whoever reads a finding sees all
//! that the logs told of its hosts at that time.

use super::Cause;
use super::case::{Case, Shape};
use super::signals::{NearSignal, timeless};
use crate::events::{Role, Signal, SignalKind};
use crate::names::HostName;

/// Quoted beside what proves a verdict; a storm of them must not fill a cell.
const MAX: usize = 6;

/// An event as evidence: time, computer, provider and ID, values, and what it says.
pub(super) fn quote(near: &NearSignal<'_>) -> String {
    let signal = &near.recorded.signal;
    let mut text = format!("{}: {} {} on {}", near.at, signal.provider, signal.event_id, signal.computer);
    if !signal.values.is_empty() {
        text.push_str(&format!(" ({})", signal.values));
    }
    if near.recorded.occurrences.events > 1 {
        text.push_str(&format!(", {} times in all", near.recorded.occurrences.events));
    }
    format!("{text}: {}", says(signal))
}

/// Events near the incident that `told` does not quote yet.
pub(super) fn beside(case: &Case<'_>, cause: Cause, told: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut more = 0;
    for near in case.signals().filter(|near| concerns(case, cause, near)) {
        let quoted = quote(&near);
        if told.iter().any(|line| line.contains(&quoted)) {
            continue;
        }
        match out.len() < MAX {
            true if timeless(near.recorded.signal.kind) => out.push(format!("also in the logs: {quoted}")),
            true => out.push(format!("near that time: {quoted}")),
            false => more += 1,
        }
    }
    if more > 0 {
        out.push(format!("and {more} other events near that time"));
    }
    out
}

/// Does it tell anything about this verdict? What hosts own is told by the lines of their addresses.
fn concerns(case: &Case<'_>, cause: Cause, near: &NearSignal<'_>) -> bool {
    let signal = &near.recorded.signal;
    match signal.kind {
        SignalKind::OwnAddresses | SignalKind::SelfAssigned => false,
        SignalKind::UsbNicInstalled | SignalKind::DcomSuppressed => case.shape == Shape::ClientAnswered,
        SignalKind::Restarted => cause == Cause::PasswordMismatch,
        // A former name matters where the event still has it.
        SignalKind::Renamed => {
            let former = signal.name(Role::Computer).and_then(HostName::parse);
            former.is_some_and(|former| {
                [&case.answerer_host, &case.target_host].into_iter().flatten().any(|h| h.same_label(&former))
            })
        }
        _ => true,
    }
}

/// ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST (winerror.h): another account has the SPN.
pub(super) fn is_taken(signal: &Signal) -> bool {
    signal.kind == SignalKind::WinRmSpnRefused && signal.error == Some(8647)
}

/// What an event of this kind says, whoever logs it.
fn says(signal: &Signal) -> &'static str {
    match signal.kind {
        SignalKind::DuplicateName => "the KDC found the name on more than one account",
        SignalKind::NotRegistered => "the KDC found no account with this SPN",
        SignalKind::NoSuitableKey => "the account has no key of the encryption type that was asked for",
        SignalKind::LacksStrongKeys => "the account has no strong keys, until its password is set again",
        SignalKind::WeakCipherUsed => "the KDC issued a ticket with a cipher that it will refuse",
        SignalKind::WeakCipherRefused => "the KDC refused a cipher, and issued no ticket",
        SignalKind::WeakCipherAllowed => "the domain's default encryption types have a weak one",
        SignalKind::CorruptKeys => "the account's keys are corrupt, until its password is set again",
        SignalKind::TrustKeyVersionUnknown => "the KDC lacked the key version of a trust",
        SignalKind::PacNotValid => "the KDC found a ticket whose rights are not signed as they must be",
        SignalKind::AccountLookupFailed => "the account database failed a request of the KDC",
        SignalKind::MachineSidNotUnique => "two machines have one SID",
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
        SignalKind::UsnRollback => "a domain controller was restored in a way that replication does not know",
        SignalKind::SnapshotApplied => "the virtual machine of the domain controller was cloned or set back",
        SignalKind::SpnNotUnique => "the directory refused the SPN, because another account has it",
        SignalKind::ControllerSpnMissing => "the replication SPN of a domain controller is not registered",
        SignalKind::AccountChanged => "the account was changed",
        SignalKind::PasswordReset => "the account's password was reset",
        SignalKind::PasswordRejected => "its domain does not accept its password",
        SignalKind::SessionRefused => "the domain controller did not accept the computer's password",
        SignalKind::NoMachineAccount => "the domain has no account for the computer",
        SignalKind::NoLogonServer => "it reached no domain controller, which says nothing of keys",
        SignalKind::OwnNamesRefused => {
            "it could not write its own SPNs or DNS name, often because another account has them"
        }
        SignalKind::TwoAccounts => "the domain controller has more than one account of this name",
        SignalKind::NotALocalName => {
            "a program asked its own machine for a name that is not the machine's: it had reached itself"
        }
        SignalKind::AuthenticationFailed => failure(&signal.values),
        SignalKind::DcomFailed => "DCOM to it failed",
        SignalKind::DcomSuppressed => {
            "repeated DCOM events are not logged, so there were more than are counted"
        }
        SignalKind::WinRmSpnRefused if is_taken(signal) => {
            "the SPNs could not be created: another account has them"
        }
        SignalKind::WinRmSpnRefused => "the SPNs could not be created",
        SignalKind::ServiceLogonFailed => "the service could not log on",
        SignalKind::PolicyLogonFailed => "the computer's own logon failed when it read its policy",
        SignalKind::Restarted if signal.event_id == 6008 => "it had gone down unexpectedly",
        SignalKind::Restarted => "it started, as it does after a snapshot was put back",
        SignalKind::Renamed => "the computer got another name",
        SignalKind::PacRefused => "the rights in a ticket could not be checked, mostly because of a trust",
        SignalKind::OwnAddresses => "it registered these addresses",
        SignalKind::UsbNicInstalled => "a USB network adapter was installed",
        SignalKind::SelfAssigned => "an adapter gave itself an address",
        SignalKind::AddressConflict => "another machine has its address",
    }
}

/// LsaSrv 40960 by its code (ntstatus.h).
fn failure(values: &str) -> &'static str {
    let values = values.to_ascii_lowercase();
    let codes = [
        ("0xc000006d", "the logon was refused: a wrong name, password or key"),
        ("0xc000005e", "no domain controller was reached, which says nothing of keys"),
        ("0xc0000133", "the clocks differ too much, which is another trouble"),
        ("0xc0000234", "the account is locked, which is another trouble"),
    ];
    codes
        .into_iter()
        .find(|(code, _)| values.contains(code))
        .map_or("the authentication failed", |(_, says)| says)
}
