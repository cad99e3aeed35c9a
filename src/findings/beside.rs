//! Events near an incident: how each is quoted, what it says, and those that no proof used. Whoever reads a finding sees all
//! that the logs told of its hosts at that time.

use super::Cause;
use super::case::{Case, Shape};
use super::clues::{NearClue, timeless};
use crate::events::{Clue, ClueKind};
use crate::names::HostName;

/// Quoted beside what proves a verdict; a storm of them must not fill a cell.
const MAX: usize = 6;

/// An event as evidence: time, computer, provider and ID, values, and what it says.
pub(super) fn quote(near: &NearClue<'_>) -> String {
    let clue = &near.seen.clue;
    let mut text = format!("{}: {} {} on {}", near.at, clue.provider, clue.event_id, clue.computer);
    if !clue.values.is_empty() {
        text.push_str(&format!(" ({})", clue.values));
    }
    if near.seen.seen.events > 1 {
        text.push_str(&format!(", {} times in all", near.seen.seen.events));
    }
    format!("{text}: {}", says(clue))
}

/// Events near the incident that `told` does not quote yet.
pub(super) fn beside(case: &Case<'_>, cause: Cause, told: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut more = 0;
    for near in case.clues().filter(|near| concerns(case, cause, near)) {
        let quoted = quote(&near);
        if told.iter().any(|line| line.contains(&quoted)) {
            continue;
        }
        match out.len() < MAX {
            true if timeless(near.seen.clue.kind) => out.push(format!("also in the logs: {quoted}")),
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
fn concerns(case: &Case<'_>, cause: Cause, near: &NearClue<'_>) -> bool {
    let clue = &near.seen.clue;
    match clue.kind {
        ClueKind::OwnAddresses | ClueKind::SelfAssigned => false,
        ClueKind::UsbNicInstalled | ClueKind::DcomSuppressed => case.shape == Shape::ClientAnswered,
        ClueKind::Restarted => cause == Cause::PasswordMismatch,
        // A former name matters where the event still has it.
        ClueKind::Renamed => {
            let former = clue.subjects.first().and_then(|name| HostName::parse(name));
            former.is_some_and(|former| {
                [&case.answerer_host, &case.target_host].into_iter().flatten().any(|h| h.same_label(&former))
            })
        }
        _ => true,
    }
}

/// ERROR_DS_SPN_VALUE_NOT_UNIQUE_IN_FOREST (winerror.h): another account has the SPN.
pub(super) fn is_taken(clue: &Clue) -> bool {
    let values = clue.values.to_ascii_lowercase();
    clue.kind == ClueKind::WinRmSpnRefused && (values.contains("8647") || values.contains("0x21c7"))
}

/// What an event of this kind says, whoever logs it.
fn says(clue: &Clue) -> &'static str {
    match clue.kind {
        ClueKind::DuplicateName => "the KDC found the name on more than one account",
        ClueKind::NotRegistered => "the KDC found no account with this SPN",
        ClueKind::NoSuitableKey => "the account has no key of the encryption type that was asked for",
        ClueKind::LacksStrongKeys => "the account has no strong keys, until its password is set again",
        ClueKind::PasswordRejected => "its domain does not accept its password",
        ClueKind::SessionRefused => "the domain controller did not accept the computer's password",
        ClueKind::NoMachineAccount => "the domain has no account for the computer",
        ClueKind::NoLogonServer => "it reached no domain controller, which says nothing of keys",
        ClueKind::OwnNamesRefused => {
            "it could not write its own SPNs or DNS name, often because another account has them"
        }
        ClueKind::TwoAccounts => "the domain controller has more than one account of this name",
        ClueKind::NotALocalName => {
            "a program asked its own machine for a name that is not the machine's: it had reached itself"
        }
        ClueKind::AuthenticationFailed => failure(&clue.values),
        ClueKind::DcomFailed => "DCOM to it failed",
        ClueKind::DcomSuppressed => {
            "repeated DCOM events are not logged, so there were more than are counted"
        }
        ClueKind::WinRmSpnRefused if is_taken(clue) => {
            "the SPNs could not be created: another account has them"
        }
        ClueKind::WinRmSpnRefused => "the SPNs could not be created",
        ClueKind::ServiceLogonFailed => "the service could not log on",
        ClueKind::PolicyLogonFailed => "the computer's own logon failed when it read its policy",
        ClueKind::Restarted if clue.event_id == 6008 => "it had gone down unexpectedly",
        ClueKind::Restarted => "it started, as it does after a snapshot was put back",
        ClueKind::Renamed => "the computer got another name",
        ClueKind::PacRefused => "the rights in a ticket could not be checked, mostly because of a trust",
        ClueKind::OwnAddresses => "it registered these addresses",
        ClueKind::UsbNicInstalled => "a USB network adapter was installed",
        ClueKind::SelfAssigned => "an adapter gave itself an address",
        ClueKind::AddressConflict => "another machine has its address",
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
