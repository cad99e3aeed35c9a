//! The data that `collect-script` can collect for a request, and its text in a report.

use std::fmt;
use std::str::FromStr;

use super::Request;
use crate::diagnosis::command::{Name, is_safe_host};

/// Data that `collect-script` can collect.
///
/// A report has it as a text such as `addresses=srv2`, `resolve=srv2@srv1` or `accounts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Collectable {
    Addresses(String),
    SystemLog(String),
    ControllerLogs,
    /// All accounts with their SPNs, dates and encryption types.
    Accounts,
    Resolution {
        name: String,
        client: String,
    },
    /// Services, application pools, encryption policy and secure channel of a host.
    HostState(String),
    /// The tickets of LocalSystem and NetworkService on a host.
    Tickets(String),
}

/// A text that is not the text of a [`Collectable`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not something a script can collect")]
pub(crate) struct NotCollectable(String);

impl fmt::Display for Collectable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(host) => write!(f, "addresses={host}"),
            Self::SystemLog(host) => write!(f, "log={host}"),
            Self::ControllerLogs => f.write_str("controller-logs"),
            Self::Accounts => f.write_str("accounts"),
            Self::Resolution { name, client } => write!(f, "resolve={name}@{client}"),
            Self::HostState(host) => write!(f, "state={host}"),
            Self::Tickets(host) => write!(f, "tickets={host}"),
        }
    }
}

impl FromStr for Collectable {
    type Err = NotCollectable;

    fn from_str(text: &str) -> Result<Self, NotCollectable> {
        let host = |name: &str| is_safe_host(name).then(|| name.to_owned());
        let parsed = match text.split_once('=') {
            None if text == "controller-logs" => Some(Self::ControllerLogs),
            None if text == "accounts" => Some(Self::Accounts),
            Some(("addresses", name)) => host(name).map(Self::Addresses),
            Some(("log", name)) => host(name).map(Self::SystemLog),
            Some(("state", name)) => host(name).map(Self::HostState),
            Some(("tickets", name)) => host(name).map(Self::Tickets),
            Some(("resolve", pair)) => pair.split_once('@').and_then(|(name, client)| {
                Some(Self::Resolution { name: host(name)?, client: host(client)? })
            }),
            _ => None,
        };
        parsed.ok_or_else(|| NotCollectable(text.to_owned()))
    }
}

/// Identifiers of the requests that only a person can answer.
const FOR_PEOPLE: [&str; 10] = [
    "meant-name",
    "shared-connection",
    "address-owner",
    "cluster-nodes",
    "managed-account",
    "directory-server",
    "program",
    "usn-rollback",
    "storage-keys",
    "newer-inventory",
];

/// Can only a person answer the request with this identifier?
pub(crate) fn is_for_people(code: &str) -> bool {
    FOR_PEOPLE.contains(&code)
}

impl Request {
    /// The data that `collect-script` can collect for it. Hosts that no input has are left out.
    pub(crate) fn collectables(&self) -> Vec<Collectable> {
        let host = |name: &Name| name.is_known().then(|| name.in_command().to_owned());
        let mut out = Vec::new();
        match self {
            Self::Addresses { host: name } => out.extend(host(name).map(Collectable::Addresses)),
            Self::Resolution { name, client } => {
                if let (Some(client), true) = (host(client), is_safe_host(name.in_query())) {
                    out.push(Collectable::Resolution { name: name.in_query().to_owned(), client });
                }
            }
            Self::HostLog { host: name } => {
                out.extend(host(name).map(Collectable::SystemLog));
                out.extend(host(name).map(Collectable::HostState));
                out.push(Collectable::ControllerLogs);
            }
            Self::ControllerLogs { .. } | Self::Trust { .. } => out.push(Collectable::ControllerLogs),
            Self::ClientLog { client, .. } => out.extend(host(client).map(Collectable::SystemLog)),
            Self::ServiceLogon { host: name, .. } | Self::ClusterAccount { host: name, .. } => {
                out.push(Collectable::Accounts);
                out.extend(host(name).map(Collectable::SystemLog));
            }
            Self::EncryptionTypes { host: name, .. } => {
                out.push(Collectable::Accounts);
                out.extend(host(name).map(Collectable::HostState));
            }
            Self::ServiceIdentity { host: name, .. } | Self::KernelMode { host: name } => {
                out.extend(host(name).map(Collectable::HostState));
            }
            Self::Tickets { client } => out.extend(host(client).map(Collectable::Tickets)),
            Self::SpnOwner { .. }
            | Self::AccountClass { .. }
            | Self::Machine { .. }
            | Self::Namesakes { .. }
            | Self::Twins { .. }
            | Self::CutName { .. }
            | Self::Replication { .. }
            | Self::EntraKey { .. }
            | Self::KeyVersion { .. } => out.push(Collectable::Accounts),
            Self::MeantName { .. }
            | Self::SharedConnection { .. }
            | Self::AddressOwner { .. }
            | Self::ClusterNodes { .. }
            | Self::ManagedAccount { .. }
            | Self::DirectoryServer { .. }
            | Self::Program { .. }
            | Self::UsnRollback { .. }
            | Self::StorageKeys { .. }
            | Self::NewerInventory { .. } => {}
        }
        out
    }
}
