//! Collects the machines that wrote the logs and the events that show related trouble, for a report without incidents.

use jiff::Timestamp;

use crate::events::SignalKind;
use crate::incidents::RecordedSignal;

/// Events of one kind that show related trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Provider and event ID: `NETLOGON 3210`.
    pub event: String,
    pub meaning: &'static str,
    /// Computers that logged it, sorted.
    pub computers: Vec<String>,
    /// Number of events.
    pub events: u64,
    /// Time of the last event.
    pub last: Timestamp,
}

/// Machines and related events in the logs, apart from event 4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Computers that logged an event that triage reads, sorted.
    pub computers: Vec<String>,
    /// The latest trouble first.
    pub trouble: Vec<Trouble>,
}

impl Surroundings {
    pub fn new(signals: &[RecordedSignal]) -> Self {
        let mut surroundings = Self::default();
        for RecordedSignal { signal, occurrences } in signals {
            let computer = signal.computer.to_string();
            let Some(meaning) = trouble_meaning(signal.kind) else {
                surroundings.computers.push(computer);
                continue;
            };
            let event = format!("{} {}", signal.provider, signal.event_id);
            match surroundings.trouble.iter_mut().find(|trouble| trouble.event == event) {
                Some(trouble) => {
                    trouble.events += occurrences.events;
                    trouble.last = trouble.last.max(occurrences.last);
                    trouble.computers.push(computer.clone());
                }
                None => surroundings.trouble.push(Trouble {
                    event,
                    meaning,
                    computers: vec![computer.clone()],
                    events: occurrences.events,
                    last: occurrences.last,
                }),
            }
            surroundings.computers.push(computer);
        }
        let trouble = surroundings.trouble.iter_mut().map(|trouble| &mut trouble.computers);
        for names in trouble.chain([&mut surroundings.computers]) {
            names.sort_by_key(|name| name.to_lowercase());
            names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        }
        surroundings.trouble.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.event.cmp(&b.event)));
        surroundings
    }
}

/// Explains an event that shows trouble with keys, names or addresses. `None` for a routine event.
fn trouble_meaning(kind: SignalKind) -> Option<&'static str> {
    Some(match kind {
        SignalKind::PasswordRejected => "a domain controller refused the password of this machine",
        SignalKind::SessionRefused => "a computer failed to authenticate to this domain controller",
        SignalKind::NoMachineAccount => "the domain has no account for a computer",
        SignalKind::TwoAccounts => "two accounts have the same name",
        SignalKind::DuplicateName | SignalKind::SpnNotUnique => "an SPN is on more than one account",
        SignalKind::SqlSpnRefused => "SQL Server could not register its SPN",
        SignalKind::NoSuitableKey => "an account has no key of the requested encryption type",
        SignalKind::CorruptKeys => "the keys of an account are corrupt",
        SignalKind::WeakCipherRefused => "the KDC refused a ticket with a weak cipher",
        SignalKind::NotALocalName => "a program reached its own machine under another name",
        SignalKind::MachineSidNotUnique => "two machines have one SID",
        SignalKind::AuthenticationFailed => "authentication to a server failed",
        SignalKind::DcomFailed => "DCOM to another host failed",
        SignalKind::ServiceLogonFailed => "a service could not log on",
        SignalKind::PoolLogonFailed => "an application pool could not start under its account",
        SignalKind::ManagedPasswordNotFetched => {
            "the password of a managed service account could not be fetched"
        }
        SignalKind::ClusterAccountFailed => "the account of a cluster name could not be updated",
        SignalKind::UsnRollback => "a domain controller was restored in a way that replication does not know",
        SignalKind::PolicyLogonFailed => "a logon failed while policy was read",
        SignalKind::PacRefused => "a client's authorization data could not be validated",
        SignalKind::AddressConflict => "another machine has an address of this one",
        _ => return None,
    })
}
