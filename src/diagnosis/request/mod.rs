//! Requests for data: the question, the commands that answer it, and how to read the answer.
//!
//! This file defines the type. [`text`] has the words of each request, [`commands`] its commands, and [`collect`] the data that
//! a script can collect for it.

mod collect;
mod commands;
mod text;

pub(crate) use text::title_of;

use std::fmt;
use std::net::IpAddr;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

pub(crate) use collect::{Collectable, is_for_people};
pub(super) use commands::{
    CHECK_STORAGE_ACCOUNT, CLUSTER_EVENTS, ENCRYPTION_POLICY, HOSTS_FILE, LIST_KEYTAB, LIST_POOLS,
    LIST_SERVICES, MANAGED_PASSWORD_EVENTS, NEWEST_EVENT, STORAGE_MODULE, WINDOWS_AUTHENTICATION,
    account_query, appcmd, find_rollback, on_every_controller, spn_query, test_managed_account, two_domains,
    verify_trust,
};
pub(super) use text::join_names_with_and;

use super::command::{Name, clause, sentence};

/// Data that a diagnosis lacks, with the names that its commands need.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Request {
    /// The addresses of a host.
    Addresses {
        host: Name,
    },
    /// The addresses that a name resolves to on the client, by DNS and by its hosts file.
    Resolution {
        name: Name,
        client: Name,
    },
    /// Is a name meant to resolve to the host that answered?
    MeantName {
        name: Name,
        responder: Name,
    },
    /// The shared address that the client uses, of several.
    SharedConnection {
        client: Name,
        target: Name,
    },
    AddressOwner {
        address: IpAddr,
    },
    SpnOwner {
        spn: Name,
    },
    /// The System logs of a host and of its domain controllers, which show its secure channel.
    HostLog {
        host: Name,
    },
    /// The System logs of the domain controllers, which show what the KDC logs about the SPN.
    ControllerLogs {
        spn: Name,
    },
    /// The current log of the client.
    ClientLog {
        client: Name,
        reason: LogReason,
    },
    /// The date of a service account's password, and whether its service can log on.
    ServiceLogon {
        account: Name,
        host: Name,
    },
    /// The account that a service runs under.
    ServiceIdentity {
        host: Name,
        name: Name,
    },
    /// Does IIS decrypt with the key of the pool's account or with that of the machine?
    KernelMode {
        host: Name,
    },
    EncryptionTypes {
        account: Name,
        host: Name,
    },
    /// The class of an account whose name ends in `$`.
    AccountClass {
        account: Name,
    },
    /// The object that has a name of no known host.
    Machine {
        name: Name,
    },
    ClusterNodes {
        name: Name,
        host: Name,
    },
    /// May a host fetch the password of a managed service account?
    ManagedAccount {
        account: Name,
        host: Name,
    },
    /// The cluster's events and the account of one of its names.
    ClusterAccount {
        account: Name,
        host: Name,
    },
    /// The domains in which a computer of one name exists.
    Namesakes {
        host: Name,
        domains: Vec<Name>,
    },
    /// Do two machines use the same computer account?
    Twins {
        host: Name,
    },
    /// Two names that are equal in their first 15 characters.
    CutName {
        names: Vec<Name>,
    },
    /// The domain controller with this DSA GUID.
    DirectoryServer {
        guid: String,
        forest: Name,
    },
    /// The tickets of the client, and the target if the event does not name one.
    Tickets {
        client: Name,
    },
    /// The program on the client that asked for the target.
    Program {
        client: Name,
        target: Name,
    },
    Trust {
        domains: Vec<Name>,
    },
    /// The account as each domain controller has it.
    Replication {
        account: Name,
    },
    UsnRollback {
        host: Name,
    },
    StorageKeys {
        account: Name,
    },
    EntraKey {
        account: Name,
    },
    /// The key version in a keytab and in the directory.
    KeyVersion {
        account: Name,
        spn: Name,
    },
    /// Exports of these inventories from the time of the events.
    NewerInventory {
        files: Vec<String>,
    },
}

/// The reason to ask for the client's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LogReason {
    /// The logs have no later event of an incident of an earlier report, and do not show that it ended.
    Silent,
    /// The inventories are newer than the events. Events of the same day would fit them.
    Outdated,
}

impl Request {
    /// The identifier in reports.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Addresses { .. } => "addresses",
            Self::Resolution { .. } => "resolution",
            Self::MeantName { .. } => "meant-name",
            Self::SharedConnection { .. } => "shared-connection",
            Self::AddressOwner { .. } => "address-owner",
            Self::SpnOwner { .. } => "spn-owner",
            Self::HostLog { .. } => "host-log",
            Self::ControllerLogs { .. } => "controller-logs",
            Self::ClientLog { reason: LogReason::Silent, .. } => "silent-client-log",
            Self::ClientLog { .. } => "client-log",
            Self::ServiceLogon { .. } => "service-logon",
            Self::ServiceIdentity { .. } => "service-identity",
            Self::KernelMode { .. } => "kernel-mode",
            Self::EncryptionTypes { .. } => "encryption-types",
            Self::AccountClass { .. } => "account-class",
            Self::Machine { .. } => "machine",
            Self::ClusterNodes { .. } => "cluster-nodes",
            Self::ManagedAccount { .. } => "managed-account",
            Self::ClusterAccount { .. } => "cluster-account",
            Self::Namesakes { .. } => "namesakes",
            Self::Twins { .. } => "twins",
            Self::CutName { .. } => "cut-name",
            Self::DirectoryServer { .. } => "directory-server",
            Self::Tickets { .. } => "tickets",
            Self::Program { .. } => "program",
            Self::Trust { .. } => "trust",
            Self::Replication { .. } => "replication",
            Self::UsnRollback { .. } => "usn-rollback",
            Self::StorageKeys { .. } => "storage-keys",
            Self::EntraKey { .. } => "entra-key",
            Self::KeyVersion { .. } => "key-version",
            Self::NewerInventory { .. } => "newer-inventory",
        }
    }
}

impl Request {
    /// The question with its commands.
    pub(crate) fn brief(&self) -> String {
        let commands = self.commands();
        match commands.is_empty() {
            true => self.question(),
            false => format!("{} {}", self.question(), sentence(&commands)),
        }
    }
}

/// Formats the question, the commands and how to read the answer.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.question())?;
        let commands = self.commands();
        if !commands.is_empty() {
            write!(f, " {}", sentence(&commands))?;
            let fallback = self.fallback();
            if !fallback.is_empty() {
                write!(f, ". Without the tools for that: {}", clause(&fallback))?;
            }
            f.write_str(".")?;
        }
        for text in [self.how_to_read(), self.hand_over()].into_iter().filter(|t| !t.is_empty()) {
            write!(f, " {text}")?;
        }
        Ok(())
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Request", 8)?;
        out.serialize_field("request", self.code())?;
        out.serialize_field("title", self.title())?;
        out.serialize_field("subject", &self.subject())?;
        out.serialize_field("question", &self.question())?;
        out.serialize_field("commands", &self.commands())?;
        out.serialize_field("fallback", &self.fallback())?;
        let how = [self.how_to_read(), self.hand_over()];
        out.serialize_field("reading", &how.iter().filter(|t| !t.is_empty()).collect::<Vec<_>>())?;
        let collect: Vec<String> = self.collectables().iter().map(ToString::to_string).collect();
        out.serialize_field("collect", &collect)?;
        out.end()
    }
}
