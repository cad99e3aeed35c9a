//! Decides what one script collects from which hosts.
//!
//! A name becomes code only if it has no other characters than letters, digits, `.`, `-` and `_`. A host that only a responder
//! named is not visited, because a responder chooses the name that it reports (`docs/causes.md`).

use std::collections::{BTreeMap, BTreeSet};

use super::listed_hosts::ListedHosts;
use crate::diagnosis::Collectable;
use crate::report::Row;

/// Data to collect, and the hosts to visit. Hosts are keyed by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Task {
    /// Hosts to export events from.
    pub logs: BTreeMap<String, String>,
    /// Hosts to read addresses and settings of.
    pub addresses: BTreeMap<String, String>,
    /// Export the events of all domain controllers.
    pub controllers: bool,
    /// Export the accounts with their SPNs.
    pub accounts: bool,
    /// Export the DNS records.
    pub dns: bool,
    /// Names to resolve, each with the client on which it is resolved.
    pub resolve: BTreeSet<(String, String)>,
    /// Texts that are not host names.
    pub refused: BTreeSet<String>,
    /// Host names that no list has.
    pub unlisted: BTreeSet<String>,
    /// Items of `missing` that only a person can answer.
    pub for_people: BTreeSet<String>,
}

impl Task {
    /// Makes a task that collects everything from these hosts. `controllers` adds the events of all domain controllers.
    pub(super) fn of_hosts(hosts: &[String], controllers: bool) -> Self {
        let mut task = Self { controllers, accounts: true, dns: true, ..Self::default() };
        for host in hosts {
            if let Some(host) = task.name(host) {
                task.logs.insert(host.to_lowercase(), host.clone());
                task.addresses.insert(host.to_lowercase(), host);
            }
        }
        task
    }

    /// Makes a task that collects what the column `missing` of these rows asks for.
    pub(super) fn of_report(rows: &[Row], listed: &ListedHosts) -> Self {
        let mut task = Self::default();
        for row in rows {
            task.add_missing(row, listed);
        }
        task
    }

    /// Returns the name if it is safe in code and as the name of a file. Refuses it if not.
    fn name(&mut self, name: &str) -> Option<String> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = !name.is_empty()
            && name.len() <= 255
            && name.chars().all(is_safe)
            // Excludes options, `.` and `..`.
            && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            self.refused.insert(name.to_owned());
            return None;
        }
        Some(name.to_owned())
    }

    /// Returns the name of a host if it may be visited.
    fn destination(&mut self, name: &str, listed: &ListedHosts) -> Option<String> {
        let name = self.name(name)?;
        if !listed.has(&name) {
            self.unlisted.insert(name);
            return None;
        }
        Some(name)
    }

    fn add_missing(&mut self, row: &Row, listed: &ListedHosts) {
        for text in &row.collect {
            // An incident that may be over needs only the log that shows whether it is.
            match text.parse::<Collectable>() {
                Ok(Collectable::SystemLog(host)) => self.add(Collectable::SystemLog(host), listed),
                Ok(collect) if row.status.is_present() => self.add(collect, listed),
                Ok(_) | Err(_) => {}
            }
        }
        if row.status.is_present() {
            let for_people = row.missing.iter().filter(|item| item.is_for_people());
            self.for_people.extend(for_people.map(|item| item.text().into_owned()));
        }
    }

    fn add(&mut self, request: Collectable, listed: &ListedHosts) {
        match request {
            Collectable::Addresses(host) => {
                if let Some(host) = self.destination(&host, listed) {
                    self.addresses.insert(host.to_lowercase(), host);
                }
            }
            Collectable::SystemLog(host) => {
                if let Some(host) = self.destination(&host, listed) {
                    self.logs.insert(host.to_lowercase(), host);
                }
            }
            Collectable::ControllerLogs => self.controllers = true,
            Collectable::Accounts => self.accounts = true,
            Collectable::Resolution { name, client } => {
                // The host is not visited, so it need not be listed itself.
                let Some(name) = self.name(&name) else { return };
                if !listed.may_resolve(&name) {
                    self.unlisted.insert(name);
                } else if let Some(client) = self.destination(&client, listed) {
                    self.dns = true;
                    self.resolve.insert((name.to_lowercase(), client.to_lowercase()));
                }
            }
            // The script does not collect these.
            Collectable::HostState(_) | Collectable::Tickets(_) => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }

    /// Returns the parts of the script that the task needs, in the order in which they run.
    pub(super) fn parts(&self) -> Vec<&'static str> {
        let hosts = !self.addresses.is_empty();
        [
            ("Accounts", self.accounts),
            ("Dns", self.dns),
            ("Addresses", hosts),
            ("Settings", hosts),
            ("Names", hosts || !self.resolve.is_empty()),
            ("Logs", !self.logs.is_empty()),
            ("ControllerLogs", self.controllers),
        ]
        .into_iter()
        .filter_map(|(part, needed)| needed.then_some(part))
        .collect()
    }
}
